"""Writing a file aside and renaming it, so that no reader ever finds half of it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

MEDIA_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("mp4", "mov", "m4v", "mkv", "webm", "avi", "mxf", "mts", "m2ts", "ts", "mpg", "mpeg"),
        *("wmv", "3gp", "insv", "360", "braw", "r3d", "crm", "dv", "flv", "mod", "tod", "vob"),
        *("m2t", "3g2", "osv", "amr", "tta"),
        *("wav", "bwf", "rf64", "bw64", "w64", "aif", "aiff", "aifc", "caf", "flac", "mp3", "m4a"),
        *("aac", "ogg", "oga", "opus", "wma", "ac3", "mka", "mp2", "wv"),
    )
)
"""Suffixes by which a file in a folder is taken for media, in lower case."""

PROXY_SUFFIXES = frozenset({".lrv", ".lrf"})
"""Suffixes of small pictures that cameras write beside a recording."""

ORIGINAL_SUFFIXES = MEDIA_SUFFIXES | PROXY_SUFFIXES | {".gpx", ".fit"}
"""What somebody recorded and cannot record again: no document takes the place of such a file."""


def write_aside(path: Path, data: bytes) -> None:
    """Write a whole file or nothing.

    The bytes go into a new file in the same folder, which then takes the name. A link is followed:
    the file it points to is replaced. An existing file's permissions stay. A recording, by its
    suffix, is never replaced.

    Raises
    ------
    OSError
        The folder or the disk does not take it, or a recording stands there; what stood at `path`
        still stands.
    """
    refuse_recordings(path)
    target = Path(os.path.realpath(path))
    aside = target.with_name(f".clapless-{secrets.token_hex(6)}.part")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o777)
        aside.replace(target)
    except BaseException:
        # Ctrl-C too: nothing half written stays behind.
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
        raise


class Drawing(Protocol):
    """What matplotlib calls a figure."""

    def savefig(self, fname: Any, **options: Any) -> None:
        """Draw it into a file."""
        ...


def draw_aside(figure: Drawing, path: Path, *, dpi: int) -> None:
    """Write a figure as a PNG file, whole or not at all.

    Raises
    ------
    OSError
        As `write_aside`.
    """
    drawn = BytesIO()
    figure.savefig(drawn, dpi=dpi, metadata={"Software": "Clapless"}, format="png")
    write_aside(path, drawn.getvalue())


def refuse_recordings(path: Path) -> None:
    """Refuse to write where a recording stands: the wrong file was picked, or an option mixed up.

    Raises
    ------
    FileExistsError
        A file stands there that is a recording by its name, or by the name it is a link to.
    """
    target = Path(os.path.realpath(path))
    if not target.exists():
        return
    if any(name.suffix.lower() in ORIGINAL_SUFFIXES for name in (path, target)):
        reason = "it is a recording, which is never written over; choose another name"
        raise FileExistsError(errno.EEXIST, reason, str(path))
