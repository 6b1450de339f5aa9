"""Small still pictures that cameras write beside a recording: they go with it, and mean nothing.

References
----------
Canon's and GoPro's ``.THM`` of the recording's name; Sony's ``THMBNL/C0001T01.JPG``.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from clapless.model import Clip, MediaFile

_SONY = re.compile(r"^(.+)T\d\d$", re.IGNORECASE)


def thumbnail_of(path: Path) -> str:
    """Return the stem, in lower case, of the recording a still belongs to; empty for other files.

    >>> thumbnail_of(Path("100GOPRO/GX010042.THM"))
    'gx010042'
    >>> thumbnail_of(Path("M4ROOT/THMBNL/C0001T01.JPG"))
    'c0001'
    >>> thumbnail_of(Path("photo.jpg"))
    ''
    """
    if path.suffix.lower() == ".thm":
        return path.stem.lower()
    found = _SONY.match(path.stem)
    if path.parent.name.lower() == "thmbnl" and path.suffix.lower() == ".jpg" and found:
        return found[1].lower()
    return ""


def pair_thumbnails(
    clips: Sequence[Clip], skipped: Iterable[Path]
) -> tuple[list[Clip], list[Path]]:
    """Return the clips with their stills, and the files that are none of theirs.

    A still lies in the folder of its recording or in one beside that; it is noted as
    ``MediaFile.extra["thumbnail"]``, seen from the recording's folder.

    Parameters
    ----------
    clips
        Recordings.
    skipped
        Files that are no media.
    """
    stills: dict[str, list[Path]] = defaultdict(list)
    rest: list[Path] = []
    for path in skipped:
        stem = thumbnail_of(path)
        (stills[stem] if stem else rest).append(path)
    taken: set[Path] = set()

    def with_still(file: MediaFile) -> MediaFile:
        for still in stills.get(file.path.stem.lower(), ()):
            if file.role in ("main", "chapter") and _are_near(file.path, still):
                taken.add(still)
                name = Path(os.path.relpath(still, file.path.parent)).as_posix()
                return replace(file, extra={**file.extra, "thumbnail": name})
        return file

    paired = [replace(clip, files=tuple(map(with_still, clip.files))) for clip in clips]
    rest += [path for found in stills.values() for path in found if path not in taken]
    return paired, rest


def _are_near(file: Path, still: Path) -> bool:
    if still.suffix.lower() == ".thm":
        return file.parent == still.parent
    return file.parent.parent == still.parent.parent
