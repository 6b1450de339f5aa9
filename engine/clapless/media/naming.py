"""What file names say: chapters, numbering, tracks of one take, proxies.

Names only order the work. Whether files belong together is measured (see `clapless.media.seams`).

References
----------
GoPro, "Camera file naming convention"; Zoom's and Tascam's manuals (``_Tr1``, ``_LR``, ``S12``,
``D06``); Sony's XAVC folder layout (``Clip/C0001``, ``Sub/C0001S03``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterName:
    """A name that says which recording a file is a chapter of.

    Parameters
    ----------
    family
        The recording.
    number
        Place among its chapters, rising by 1.
    """

    family: str
    number: int


_GOPRO = re.compile(r"^G([HXS])(\d\d)(\d{4})$", re.IGNORECASE)
_GOPRO_FIRST = re.compile(r"^GOPR(\d{4})$", re.IGNORECASE)
_GOPRO_NEXT = re.compile(r"^GP(\d\d)(\d{4})$", re.IGNORECASE)
_INSTA360 = re.compile(r"^VID_(\d{8}_\d{6})_(\d\d)_(\d{3})$", re.IGNORECASE)


def chapter_name(path: Path) -> ChapterName | None:
    """Return which chapter of which recording a name says, None for other names.

    >>> chapter_name(Path("GX020123.MP4"))
    ChapterName(family='GX0123', number=2)
    >>> chapter_name(Path("GOPR0123.MP4")), chapter_name(Path("GP010123.MP4"))
    (ChapterName(family='GOPR0123', number=0), ChapterName(family='GOPR0123', number=1))
    """
    stem = path.stem
    if found := _GOPRO.match(stem):
        return ChapterName(family=f"G{found[1].upper()}{found[3]}", number=int(found[2]))
    if found := _GOPRO_FIRST.match(stem):
        return ChapterName(family=f"GOPR{found[1]}", number=0)
    if found := _GOPRO_NEXT.match(stem):
        return ChapterName(family=f"GOPR{found[2]}", number=int(found[1]))
    if found := _INSTA360.match(stem):
        return ChapterName(family=f"VID_{found[1]}_{found[2]}", number=int(found[3]))
    return None


def lens_name(path: Path) -> tuple[str, int] | None:
    """Return the recording and the lens of a file of a camera with two, None for other names.

    >>> lens_name(Path("VID_20260131_101500_10_001.insv"))
    ('20260131_101500_001', 10)
    """
    found = _INSTA360.match(path.stem)
    return (f"{found[1]}_{found[3]}", int(found[2])) if found else None


def p2_picture(path: Path) -> Path | None:
    """Return the picture's file that a sound file on a P2 card belongs to, None for others.

    >>> p2_picture(Path("CONTENTS/AUDIO/0001AB02.MXF")).as_posix()
    'CONTENTS/VIDEO/0001AB.MXF'
    """
    if path.parent.name.upper() != "AUDIO" or not re.search(r".\d\d$", path.stem):
        return None
    return path.parent.with_name("VIDEO") / f"{path.stem[:-2]}{path.suffix}"


_DJI = re.compile(r"^DJI_\d{14}_(\d{4})_(\w+)$", re.IGNORECASE)


def follows_by_number(one: Path, two: Path) -> bool:
    """Return whether the second name is the first with one number raised by 1.

    A first file without a number and a second one with a 1 or 2 follow each other too.

    >>> follows_by_number(Path("MVI_0041.MOV"), Path("MVI_0042.MOV"))
    True
    >>> follows_by_number(Path("take.wav"), Path("take_0002.wav"))
    True
    >>> follows_by_number(Path("A001_C001.mov"), Path("A002_C002.mov"))
    False
    """
    if one.parent != two.parent or one.suffix.lower() != two.suffix.lower():
        return False
    drone = _DJI.match(one.stem), _DJI.match(two.stem)
    if drone[0] and drone[1]:
        return drone[0][2] == drone[1][2] and int(drone[1][1]) == int(drone[0][1]) + 1
    parts_one, parts_two = re.split(r"(\d+)", one.stem), re.split(r"(\d+)", two.stem)
    if len(parts_one) != len(parts_two):
        return bool(re.fullmatch(re.escape(one.stem) + r"[ _-]\(?0*[12]\)?", two.stem))
    steps = []
    for place, (first, second) in enumerate(zip(parts_one, parts_two, strict=True)):
        if place % 2 == 0:
            if first.casefold() != second.casefold():
                return False
        elif int(first) != int(second):
            steps.append(int(second) - int(first))
    return steps == [1]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackName:
    """A name that says that a file holds some tracks of a take.

    Parameters
    ----------
    take
        The name without the mark.
    part
        The mark: ``Tr1``, ``LR``, ``S12``, ``BU``.
    backup
        Whether the mark means the same sound again (at a lower level).
    """

    take: str
    part: str
    backup: bool


_ZOOM = re.compile(
    r"^(?P<take>.+?)[ _-](?P<part>(?:Tr[0-9A-Z]{1,6}|LR|MS|MIX|MIC|BU|L|R)(?:_BU)?)"
    r"(?:[_-]\d{3,4})?$",
    re.IGNORECASE,
)
_TASCAM = re.compile(r"^(?P<take>.+?\d{3,})(?P<part>[SMDsmd]\d{0,2})$")


def track_name(path: Path) -> TrackName | None:
    """Return which tracks of which take a name says, None for other names.

    >>> track_name(Path("ZOOM0001_Tr1.WAV"))
    TrackName(take='ZOOM0001', part='Tr1', backup=False)
    >>> track_name(Path("ZOOM0001_LR-0002.WAV"))
    TrackName(take='ZOOM0001', part='LR', backup=False)
    >>> track_name(Path("TASCAM_0007D06.wav"))
    TrackName(take='TASCAM_0007', part='D06', backup=True)
    """
    if found := _ZOOM.match(path.stem):
        part = found["part"]
        return TrackName(take=found["take"], part=part, backup=part.upper().endswith("BU"))
    if found := _TASCAM.match(path.stem):
        part = found["part"]
        return TrackName(take=found["take"], part=part, backup=part.upper().startswith("D"))
    return None


_SONY_SUB = re.compile(r"^(.+)S\d\d$", re.IGNORECASE)
_LRV_GOPRO = re.compile(r"^GL(\d{6})$", re.IGNORECASE)
_LRV_INSTA360 = re.compile(r"^LRV_(\d{8}_\d{6})_\d\d_(\d{3})$", re.IGNORECASE)
_MARKED = re.compile(r"^(.+)[ _-]proxy$", re.IGNORECASE)


def proxy_of(path: Path) -> tuple[str, ...]:
    """Return the stems, in lower case, that the original of a proxy may bear; empty for others.

    >>> proxy_of(Path("100GOPRO/GL010042.LRV"))
    ('gx010042', 'gh010042', 'gs010042')
    >>> proxy_of(Path("M4ROOT/SUB/C0001S03.MP4"))
    ('c0001',)
    >>> proxy_of(Path("CLIP/C0001.MP4"))
    ()
    """
    stem, suffix, folder = path.stem, path.suffix.lower(), path.parent.name.lower()
    if found := _LRV_GOPRO.match(stem):
        return tuple(f"g{letter}{found[1]}" for letter in "xhs")
    if found := _LRV_INSTA360.match(stem):
        return (f"vid_{found[1]}_00_{found[2]}", f"vid_{found[1]}_10_{found[2]}")
    if suffix in (".lrv", ".lrf"):
        return (stem.lower(),)
    if folder == "sub":
        sony = _SONY_SUB.match(stem)
        return (sony[1].lower(),) if sony else ()
    if folder in ("proxy", "proxies"):
        marked = _MARKED.match(stem)
        return (marked[1].lower(), stem.lower()) if marked else (stem.lower(),)
    if found := _MARKED.match(stem):
        return (found[1].lower(),)
    return ()
