"""New sound files for an export: recorders at a corrected clock, beside the session."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from clapless.errors import ExportError, MediaError, printable_name, reason_of
from clapless.render import correct_wav
from clapless_otio.cut import Media, Sound
from clapless_otio.files import file_name, file_url, url_path

Progress = Callable[[str, float], None]
"""Called with a file's name and the share of it that is done."""


class SoundFolder:
    """Writes each file at each speed once.

    Parameters
    ----------
    folder
        Where new files go; it is made when the first one is.
    progress
        Told how far each is.
    """

    def __init__(self, folder: Path, progress: Progress | None = None) -> None:
        self.folder = folder
        self.progress = progress
        self.written: dict[tuple[str, Fraction], Media | None] = {}

    def __call__(self, media: Media, speed: Fraction) -> Media | None:
        """Return the corrected file, None where the source cannot be read.

        Raises
        ------
        ExportError
            The folder cannot be written.
        """
        key = (media.url, speed)
        if key not in self.written:
            self.written[key] = self._correct(media, speed)
        return self.written[key]

    def _correct(self, media: Media, speed: Fraction) -> Media | None:
        source = Path(url_path(media.url))
        if not media.sound or not source.is_file():
            return None
        ppm = float((speed - 1) * 10**6)
        mark = hashlib.sha256(f"{media.url}\n{speed}".encode("utf-8", "replace")).hexdigest()[:6]
        name = f"{file_name(source.stem)[:80]} {ppm:+.2f}ppm {mark}.wav"
        target = self.folder / name
        length_s = float(media.duration_s) or 1.0

        def told(done_s: float) -> None:
            if self.progress is not None:
                self.progress(media.name, min(1.0, done_s / length_s))

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            correct_wav(source, target, speed=speed, progress=told)
        except MediaError:
            return None
        except OSError as error:
            reason = reason_of(error)
            raise ExportError(f"{printable_name(target)} cannot be written: {reason}.") from error
        names = tuple(name for stream in media.sound for name in stream.names)
        together = Sound(
            channels=media.channels,
            sample_rate_hz=media.sound[0].sample_rate_hz,
            names=names if len(names) == media.channels else (),
        )
        return replace(
            media,
            sound=(together,),
            name=target.stem,
            url=file_url(target.resolve()),
            duration_s=media.duration_s / speed,
        )
