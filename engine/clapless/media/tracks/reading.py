"""Any file of positions."""

from __future__ import annotations

from pathlib import Path

from clapless.errors import MediaError, NotMediaError
from clapless.media.tracks.fit import read_fit
from clapless.media.tracks.gpx import read_gpx
from clapless.media.tracks.model import TrackFile

TRACK_SUFFIXES = frozenset([".gpx", ".fit"])
"""Suffixes of files with positions."""


def read_tracks(path: Path | str) -> TrackFile:
    """Return the tracks of a GPX or FIT file, told apart by what is in it.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    NotMediaError
        It is neither.
    DamagedMediaError
        It holds no position that can be read.
    MediaError
        It cannot be opened.
    """
    file = Path(path).absolute()
    try:
        with file.open("rb") as opened:
            head = opened.read(512)
        if head[8:12] == b".FIT" or file.suffix.lower() == ".fit":
            return read_fit(file)
        if b"<" in head or file.suffix.lower() == ".gpx":
            return read_gpx(file)
    except OSError as error:
        raise MediaError(file, f"cannot be read ({error.strerror or error})") from error
    raise NotMediaError(file, "is neither GPX nor FIT")
