"""Dailies: one synced clip per camera clip, with only its stretch of the recorder.

Inside such a clip the camera's own clock counts: it plays untouched from its first frame, at its
own timecode, and the recorder's sound lies where it belongs on that clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from clapless_otio.cut import Item, Media, Project, Sequence, Track
from clapless_otio.exact import editing_rate
from clapless_otio.files import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """One camera clip and the recorder's items on its clock."""

    name: str
    camera: Item
    sound: tuple[Item, ...]


def dailies(project: Project) -> list[Daily]:
    """Return a daily for every synced camera clip that a recorder covers some of.

    Clips to be checked are left out: a merged clip hides that it may be wrong.
    """
    found: list[Daily] = []
    names: set[str] = set()
    for sequence in project.sequences:
        items = [i for i in sequence.items() if i.enabled and i.metadata.get("group")]
        recorders = [i for i in items if i.sound and not i.picture and not i.check]
        for camera in items:
            if not camera.picture or camera.check or not isinstance(camera.source, Media):
                continue
            group = camera.metadata.get("group")
            own = [r for r in recorders if r.metadata.get("group") == group]
            stretches = [s for r in own if (s := _stretch(camera, r)) is not None]
            if stretches:
                name = _unused(_name(camera), names)
                base = replace(
                    camera,
                    name=name,
                    start_s=Fraction(0),
                    duration_s=camera.duration_s * camera.speed,
                    speed=Fraction(1),
                    trade=Fraction(1),
                    role="",
                )
                found.append(Daily(name=name, camera=base, sound=tuple(stretches)))
    return found


def _name(camera: Item) -> str:
    """Return scene and take where they are known, else the clip's own name."""
    source = camera.source
    if isinstance(source, Media) and source.scene and source.take:
        return one_line(f"{source.scene}-{source.take}")
    return one_line(camera.name) or "clip"


def _unused(name: str, names: set[str]) -> str:
    number, found = 1, name
    while found.lower() in names:
        number += 1
        found = f"{name} {number}"
    names.add(found.lower())
    return found


def _stretch(camera: Item, recorder: Item) -> Item | None:
    """Return what a recorder's item plays while the camera runs, on the camera's clock."""
    start_s = max(camera.start_s, recorder.start_s)
    end_s = min(camera.end_s, recorder.end_s)
    if end_s <= start_s:
        return None
    trade = None
    if recorder.trade is not None:
        trade = recorder.trade / (camera.trade or 1)
    return replace(
        recorder,
        start_s=(start_s - camera.start_s) * camera.speed,
        duration_s=(end_s - start_s) * camera.speed,
        source_start_s=recorder.source_at(start_s),
        speed=recorder.speed / camera.speed,
        trade=trade,
        marks=(),
    )


def daily_sequence(daily: Daily, *, scratch: bool) -> Sequence:
    """Return a daily as a sequence that begins at the camera's timecode.

    Parameters
    ----------
    daily
        The clip.
    scratch
        Whether the camera's own sound stays linked to its picture; else it lies beside it,
        switched off.
    """
    camera = daily.camera
    source = camera.source
    if not isinstance(source, Media):
        raise TypeError(f"{daily.name!r} plays no file")
    rate = editing_rate(source.rate or Fraction(25))
    picture = camera if scratch else replace(camera, sound=False)
    tracks = [Track(name=source.bin or "Camera", kind="video", items=(picture,), spine=scratch)]
    for number, item in enumerate(daily.sound, 1):
        name = item.source.bin if isinstance(item.source, Media) else ""
        tracks.append(Track(name=name or f"Recorder {number}", kind="audio", items=(item,)))
    if not scratch and camera.sound:
        silent = replace(camera, picture=False, enabled=False, marks=())
        tracks.append(Track(name="Scratch", kind="audio", items=(silent,)))
    return Sequence(
        name=daily.name,
        rate=rate,
        start_s=source.start_s + camera.source_start_s,
        drop_frame=source.drop_frame and source.rate == rate,
        width=source.width or 1920,
        height=source.height or 1080,
        tracks=tuple(tracks),
        shape="sync" if scratch else "timeline",
    )


def daily_project(project: Project, *, scratch: bool) -> Project:
    """Return a project with a sequence for each daily; see `daily_sequence`."""
    sequences = tuple(daily_sequence(daily, scratch=scratch) for daily in dailies(project))
    return replace(project, sequences=sequences, loose=(), metadata={})


def as_sync_clips(project: Project) -> Project:
    """Return a project whose sequences are synchronised clips in an event."""
    clips = tuple(
        Item(
            name=sequence.name,
            start_s=Fraction(0),
            duration_s=sequence.tracks[0].items[0].duration_s,
            source=sequence,
            metadata={"scratch_off": True, "event": project.name},
        )
        for sequence in project.sequences
    )
    return replace(project, sequences=(), loose=clips)
