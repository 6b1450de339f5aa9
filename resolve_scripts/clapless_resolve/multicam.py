"""Multicam clips, where this Resolve makes them and what it makes can be proven right.

Conventions
-----------
Resolve takes no offsets: it aligns the angles itself, by a marker or by timecode, in whole frames.
So a marker is put on every clip at one instant that all of them hold; or the clips' timecodes say
what the session says, or are written so. A multicam clip has no speeds. What it was asked for is
compared with the length of what it made; a clip that is not as long as the group is taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from clapless.model import Group, Session
from clapless.timing import Timecode, may_drop, round_half_up
from clapless_otio.options import ExportOptions
from clapless_resolve.connect import Connection
from clapless_resolve.marking import OURS
from clapless_resolve.multicam_angles import (
    Angle,
    angles_of,
    frame_at,
    shared_instant,
    timecodes_agree,
)
from clapless_resolve.multicam_signs import (
    UNFINISHED,
    customs,
    restore_timecode,
    write_timecode,
)
from clapless_resolve.played import played_clips
from clapless_resolve.protocols import PoolItem, constant
from clapless_resolve.reading import PoolClip

BY_HAND = (
    "In the Media Pool, right-click its timeline and choose Convert Timelines to Multicam Clips."
)
"""What a person does where no script can: one menu entry."""

INSTANT = OURS + "instant"
LENGTH_FRAMES = 2
"""How far the length of a multicam clip may be off: every angle is on whole frames."""

ZERO_S = Fraction(3600)
"""Timecode of a group's first frame where timecodes are written: there is room before it."""


@dataclass
class Made:
    """Names of multicam clips, and sentences: on those that were not made, and on what changed."""

    clips: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def make_multicams(
    connection: Connection,
    session: Session,
    clips: Mapping[str, PoolClip],
    *,
    name: str,
    run: str,
    options: ExportOptions,
) -> Made:
    """Make a multicam clip of each group in the open bin; they stay marked as unfinished.

    Parameters
    ----------
    clips
        The Media Pool's clips of the session's files, by `path_key`.
    """
    made = Made()
    groups = [group for group in session.groups if len(group.placements) > 1]
    for number, group in enumerate(groups, 1):
        title = f"{name} Multicam" + (f" {number}" if len(groups) > 1 else "")
        why = _make(connection, session, group, clips, title, run, options, made)
        if why:
            made.notices.append(f"{title} was not made: {why}. {BY_HAND}")
    return made


def _make(
    connection: Connection,
    session: Session,
    group: Group,
    clips: Mapping[str, PoolClip],
    title: str,
    run: str,
    options: ExportOptions,
    made: Made,
) -> str:
    """Make one; return why it cannot be, empty where it was."""
    if not connection.capabilities.multicam:
        return (
            f"Resolve {connection.capabilities.version} makes no multicam clips for scripts "
            "(21.1 does)"
        )
    angles = angles_of(session, group, clips, options)
    if isinstance(angles, str):
        return angles
    rate = options.rate or next((a.clip.rate for a in angles if a.clip.picture), Fraction(25))
    instant = shared_instant(angles)
    if instant is None:
        return _by_timecode(connection, angles, title, run, rate, made)
    if any(marker for angle in angles for marker in angle.clip.markers if not _is_ours(marker)):
        by_timecode = _by_timecode(connection, angles, title, run, rate, made)
        return by_timecode and f"markers of yours are on its clips, and {by_timecode}"
    return _by_marker(connection, angles, instant, title, run, rate, made)


def _is_ours(marker: object) -> bool:
    return str(getattr(marker, "custom", "")).startswith(OURS)


def _by_marker(
    connection: Connection,
    angles: Sequence[Angle],
    instant_s: Fraction,
    title: str,
    run: str,
    rate: Fraction,
    made: Made,
) -> str:
    mode = constant(connection.resolve, "MULTICAM_ANGLE_SYNC_MARKER")
    try:
        for angle in angles:
            frame = min(max(0, frame_at(angle, instant_s)), angle.clip.frames - 1)
            said = angle.clip.item.AddMarker(frame, "Cream", "Instant", "", 1, INSTANT)
            there = (angle.clip.item.GetMarkers() or {}).get(frame, {})
            if not said or there.get("customData") != INSTANT:
                return f"no marker could be put on {angle.name}"
        return _create(connection, angles, mode, title, run, rate, made)
    finally:
        for angle in angles:
            if INSTANT in customs(angle.clip.item):
                angle.clip.item.DeleteMarkerByCustomData(INSTANT)


def _by_timecode(
    connection: Connection,
    angles: Sequence[Angle],
    title: str,
    run: str,
    rate: Fraction,
    made: Made,
) -> str:
    """Make one by timecodes that agree already, or that can be written and read back."""
    mode = constant(connection.resolve, "MULTICAM_ANGLE_SYNC_TIMECODE")
    if timecodes_agree(angles):
        return _create(connection, angles, mode, title, run, rate, made)
    ids = {angle.clip.id for angle in angles}
    if ids & played_clips(connection):
        return "its clips share no instant, and are on timelines, so that no timecode is written"
    zero_s = min(angle.start_s for angle in angles)
    try:
        why = ""
        for angle in angles:
            clip = angle.clip
            drop = clip.drop_frame and may_drop(clip.rate)
            wanted = str(Timecode.at(ZERO_S + angle.start_s - zero_s, clip.rate, drop_frame=drop))
            if not write_timecode(clip, wanted, f"{run}:{connection.who}"):
                why = f"its clips share no instant, and Resolve keeps no timecode for {angle.name}"
                break
        why = why or _create(connection, angles, mode, title, run, rate, made)
    except BaseException:
        _put_back(angles)
        raise
    if why:
        lost = _put_back(angles)
        return why + (f"; the timecodes of {lost} clips could not be put back" if lost else "")
    made.notices.append(
        f"{title}: the start timecodes of {len(angles)} clips were written, since its clips share "
        "no instant. Undoing puts them back (clapless resolve apply --remove)."
    )
    return ""


def _put_back(angles: Iterable[Angle]) -> int:
    """Put back the timecodes that were written; return how many cannot be."""
    return sum(restore_timecode(angle.clip.item) is False for angle in angles)


def _create(
    connection: Connection,
    angles: Sequence[Angle],
    mode: object,
    title: str,
    run: str,
    rate: Fraction,
    made: Made,
) -> str:
    if mode is None:
        return "this Resolve does not name its ways of syncing angles"
    options: dict[str, object] = {
        "name": title,
        "startTimecode": "01:00:00:00",
        "frameRate": float(rate),
        "angleSyncMode": mode,
        "useFullClipExtents": True,
        # The default moves the user's clips to another bin.
        "createBinForSourceClips": False,
    }
    items = connection.pool.CreateMulticamClip([a.clip.item for a in angles], options) or []
    items = [item for item in items if item is not None and item.GetUniqueId()]
    if not items:
        return "Resolve refused"
    whole_s = max(a.end_s for a in angles) - min(a.start_s for a in angles)
    wanted = round_half_up(whole_s * rate)
    lengths = [_frames(item) for item in items]
    sign = f"{UNFINISHED}{run}:{connection.who}"
    if len(items) == 1 and abs(lengths[0] - wanted) <= LENGTH_FRAMES:
        name = items[0].GetName() or title
        if items[0].AddMarker(0, "Cream", "Unfinished", "", 1, sign):
            made.clips.append(name)
            return ""
        why = "it cannot be marked as ours"
    else:
        shown = " and ".join(map(str, lengths))
        why = f"Resolve made {shown} frames of a group that is {wanted} frames long"
    if not connection.pool.DeleteClips(list(items)):
        why += f"; delete {items[0].GetName() or title} by hand"
    return why


def _frames(item: PoolItem) -> int:
    text = str((item.GetClipProperty() or {}).get("Frames", ""))
    return int(text) if text.isdigit() else 0
