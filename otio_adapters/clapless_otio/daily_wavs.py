"""Dailies for Resolve: the recorder cut per camera clip, with the camera's timecode written in.

Resolve's auto sync by timecode is exact to the frame then, since the files say the same time.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from clapless.errors import ExportError, MediaError, printable_name, reason_of
from clapless.render import cut_wav
from clapless_otio.bundle import bundled_files
from clapless_otio.cut import Item, Media, Project
from clapless_otio.files import file_name, url_path
from clapless_otio.merged import Daily, dailies


def write_daily_wavs(project: Project, folder: Path) -> tuple[list[Path], list[str]]:
    """Write a WAV file per camera clip and recorder; return them, and what could not be.

    Raises
    ------
    ExportError
        The folder cannot be written.
    """
    written: list[Path] = []
    notices: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = reason_of(error)
        raise ExportError(f"{printable_name(folder)} cannot be written: {reason}.") from error
    recordings, _ = bundled_files(project)
    for daily in dailies(project):
        names: set[str] = set()
        for item in daily.sound:
            target = folder / _file_name(daily, item, names)
            problem = _write(daily, item, target, recordings.values())
            if problem:
                notices.append(problem)
            else:
                written.append(target)
    return written, notices


def _write(daily: Daily, item: Item, target: Path, recordings: Iterable[Path]) -> str:
    """Write one file; return why not, empty where it was."""
    camera, source = daily.camera.source, item.source
    if not isinstance(camera, Media) or not isinstance(source, Media):
        return f"{daily.name} has no file and was left out."
    path = Path(url_path(source.url))
    if not path.is_file():
        return f"{source.name} was not found: {daily.name} has no sound of it."
    if any(target.exists() and target.samefile(one) for one in recordings):
        raise ExportError(
            f"{printable_name(target)} is one of the recordings and is not written over: choose "
            "another folder for the dailies."
        )
    try:
        cut_wav(
            path,
            target,
            start_s=item.source_at(Fraction(0)),
            duration_s=daily.camera.duration_s,
            speed=item.speed,
            time_reference_s=camera.start_s + daily.camera.source_start_s,
        )
    except MediaError as error:
        return f"{error}: {daily.name} has no sound of it."
    except OSError as error:
        reason = reason_of(error)
        raise ExportError(f"{printable_name(target)} cannot be written: {reason}.") from error
    return ""


def _file_name(daily: Daily, item: Item, names: set[str]) -> str:
    name = file_name(daily.name)
    if len(daily.sound) > 1 and isinstance(item.source, Media):
        name = file_name(f"{daily.name} {item.source.bin or item.source.name}")
    number, found = 1, name
    while found.lower() in names:
        number += 1
        found = f"{name} {number}"
    names.add(found.lower())
    return f"{found}.wav"
