"""The clips that the user selected, as facts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

from clapless.timing import Timecode, snap_rate
from clapless_resolve.connect import MODAL, Connection
from clapless_resolve.errors import ResolveError
from clapless_resolve.protocols import Folder, Markers, MediaPool, PoolItem, needed
from clapless_resolve.remote import ask_each

Origin = Literal["Media Pool selection", "current bin", "timeline selection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMarker:
    """A marker on a clip, in frames of `PoolClip.rate` from the clip's first frame."""

    frame: int
    duration: int
    color: str
    name: str
    note: str
    custom: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolClip:
    """A clip of the Media Pool.

    Parameters
    ----------
    rate
        Frames per second that Resolve counts its source in. Sound without a picture counts in the
        rate the project had when it was imported.
    frames
        Length at that rate.
    channels
        Of sound; 0 without.
    start_timecode, drop_frame
        Label of the first frame.
    """

    item: PoolItem = field(compare=False)
    id: str
    name: str
    path: str
    rate: Fraction
    frames: int
    picture: bool
    channels: int
    start_timecode: str = ""
    drop_frame: bool = False
    scene: str = ""
    camera: str = ""
    markers: tuple[PoolMarker, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Clips to be synced, where they were found, and sentences on those left out."""

    clips: tuple[PoolClip, ...]
    origin: Origin
    skipped: tuple[str, ...] = ()


def selected(
    connection: Connection, *, exists: Callable[[str], bool] = lambda path: Path(path).exists()
) -> Selection:
    """Return what is selected: in the Media Pool, else all of the current bin, else on a timeline.

    Raises
    ------
    ResolveError
        Nothing there can be synced; the message says what to select.
    """
    skipped: list[str] = []
    for origin, items in _offered(connection):
        clips: dict[str, PoolClip] = {}
        told: list[str] = []
        for clip in read_clips(items, exists=exists):
            if isinstance(clip, str):
                told.append(clip)
            else:
                clips[clip.id] = clip
        if clips:
            return Selection(clips=tuple(clips.values()), origin=origin, skipped=tuple(told))
        skipped += told
    raise ResolveError(
        "Nothing that can be synced is selected: select clips in the Media Pool, or open the bin "
        "they are in, and try again." + "".join(f" {one}" for one in skipped)
    )


def _offered(connection: Connection) -> Iterator[tuple[Origin, Sequence[PoolItem]]]:
    pool, can = connection.pool, connection.capabilities
    if can.pool_selection:
        yield "Media Pool selection", pool.GetSelectedClips() or []
    folder = pool.GetCurrentFolder()
    if folder:
        yield "current bin", folder.GetClipList() or []
    timeline = connection.project.GetCurrentTimeline()
    if can.timeline_selection and timeline:
        found = [one.GetMediaPoolItem() for one in timeline.GetSelectedClips() or []]
        yield "timeline selection", [one for one in found if one]


def read_clips(items: Sequence[PoolItem], *, exists: Callable[[str], bool]) -> list[PoolClip | str]:
    """Return clips' facts, or sentences why they cannot be synced."""
    rows = ask_each(items, (("GetClipProperty",),), (("GetUniqueId",),), (("GetMarkers",),))
    return [
        _clip(item, facts, identity, markers, exists)
        for item, (facts, identity, markers) in zip(items, rows, strict=True)
    ]


def read_clip(item: PoolItem, *, exists: Callable[[str], bool]) -> PoolClip | str:
    """Return a clip's facts, or a sentence why it cannot be synced."""
    return read_clips([item], exists=exists)[0]


def _clip(
    item: PoolItem,
    facts: Mapping[str, object] | None,
    identity: str | None,
    markers: Markers | None,
    exists: Callable[[str], bool],
) -> PoolClip | str:
    """Return a clip's facts, or a sentence.

    Its kind is told by codec, channels and frames: what Resolve calls it is in the user's language.
    """
    if not facts or not identity:
        return "A selected clip does not answer any more and was left out."
    name = _text(facts, "Clip Name") or item.GetName() or "A clip"
    path = _text(facts, "File Path")
    if not path:
        return f"{name} is no file (a timeline, compound or generated clip) and was left out."
    if not exists(path):
        return f"{name} is offline ({path} is not there) and was left out: relink it first."
    try:
        rate = snap_rate(float(_text(facts, "FPS")))
    except ValueError:
        return f"{name} has no frame rate and was left out: it may be a still."
    channels = _int(facts, "Audio Ch")
    picture = bool(_text(facts, "Video Codec"))
    frames = _int(facts, "Frames") or _length(_text(facts, "Duration"), rate)
    if picture and frames <= 1:
        return f"{name} is a still and was left out."
    if frames < 1 or not (picture or channels):
        return f"{name} has neither moving pictures nor sound and was left out."
    return PoolClip(
        item=item,
        id=identity,
        name=name,
        path=path,
        rate=rate,
        frames=frames,
        picture=picture,
        channels=channels,
        start_timecode=_text(facts, "Start TC"),
        # The separator is no proof of drop frame.
        drop_frame=_text(facts, "Drop frame") == "1",
        scene=_text(facts, "Scene"),
        camera=_text(facts, "Camera #"),
        markers=_markers(markers),
    )


def all_clips(pool: MediaPool) -> Iterator[PoolItem]:
    """Yield every clip of every bin.

    Raises
    ------
    ResolveError
        The Media Pool does not answer.
    """
    yield from _clips_in(needed(pool.GetRootFolder(), f"Resolve shows no bins. {MODAL}"))


def _clips_in(folder: Folder) -> Iterator[PoolItem]:
    yield from folder.GetClipList() or []
    for inner in folder.GetSubFolderList() or []:
        yield from _clips_in(inner)


def _markers(markers: Markers | None) -> tuple[PoolMarker, ...]:
    return tuple(
        PoolMarker(
            frame=int(frame),
            duration=max(1, int(float(str(one.get("duration") or 1)))),
            color=str(one.get("color") or ""),
            name=str(one.get("name") or ""),
            note=str(one.get("note") or ""),
            custom=str(one.get("customData") or ""),
        )
        for frame, one in sorted((markers or {}).items())
    )


def _text(facts: Mapping[str, object], key: str) -> str:
    value = facts.get(key)
    return "" if value is None else str(value).strip()


def _int(facts: Mapping[str, object], key: str) -> int:
    found = re.match(r"\d+", _text(facts, key))
    return int(found[0]) if found else 0


def _length(text: str, rate: Fraction) -> int:
    """Return the frames of a duration HH:MM:SS:FF, 0 where it is none."""
    try:
        return Timecode.parse(text, rate).frame
    except ValueError:
        return 0
