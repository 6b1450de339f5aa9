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
from clapless_otio.exact import exact_s
from clapless_otio.options import ExportOptions
from clapless_otio.sources import playable_files
from clapless_resolve.connect import Connection
from clapless_resolve.marking import OURS, custom_data, put_marker
from clapless_resolve.plan import TimelineMark, path_key
from clapless_resolve.played import played_clips
from clapless_resolve.protocols import PoolItem, constant
from clapless_resolve.reading import PoolClip, all_clips
from clapless_resolve.remote import ask_each

BY_HAND = (
    "In the Media Pool, right-click its timeline and choose Convert Timelines to Multicam Clips."
)
"""What a person does where no script can: one menu entry."""

INSTANT = OURS + "instant"
UNFINISHED = OURS + "unfinished-multicam:"
MADE = OURS + "multicam:"
TIMECODE = OURS + "timecode:"
"""On a clip whose timecode was written; the run, whose it was and what the timecode was follow."""

MOST_INSTANTS = 2000
"""Instants looked at for the one that lies best on the frames of all clips."""

LENGTH_FRAMES = 2
"""How far the length of a multicam clip may be off: every angle is on whole frames."""

ZERO_S = Fraction(3600)
"""Timecode of a group's first frame where timecodes are written: there is room before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Angle:
    """A clip of a group: it begins at `start_s` of the group's time, exactly."""

    clip: PoolClip
    name: str
    start_s: Fraction

    @property
    def end_s(self) -> Fraction:
        """Where it ends."""
        return self.start_s + self.clip.frames / self.clip.rate


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


def finish(connection: Connection, run: str) -> list[str]:
    """Say that the multicam clips of a run are finished; return a sentence where that fails."""
    sign = f"{run}:{connection.who}"
    told = []
    for item in _signed(connection, UNFINISHED + sign):
        if not (
            item.AddMarker(1, "Cream", "Made by Clapless", "", 1, MADE + sign)
            and item.DeleteMarkerByCustomData(UNFINISHED + sign)
        ):
            told.append(
                f"The markers of {item.GetName()} could not be changed: the next run may remove it."
            )
    return told


def remove_unfinished(connection: Connection) -> list[str]:
    """Delete what this user's stopped runs left, and put timecodes back; return what fails."""
    finished = {run for item in _signed(connection, MADE) for run in _runs(item, MADE)}
    told = [
        f"The start timecode of {item.GetName()} could not be put back."
        for item in _signed(connection, TIMECODE)
        if not _runs(item, TIMECODE) <= finished
        and any(c.split(":")[3:4] == [connection.who] for c in _of(item) if c.startswith(TIMECODE))
        and restore_timecode(item) is False
    ]
    found = _signed(connection, UNFINISHED)
    mine = [item for item in found if any(_is_mine(connection, c) for c in _of(item))]
    return [*told, *_delete(connection, mine)]


def remove_run(connection: Connection, run: str) -> list[str]:
    """Delete the multicam clips of a run and put back the timecodes it wrote; return what fails."""
    told = []
    for item in _signed(connection, f"{TIMECODE}{run}:"):
        if not restore_timecode(item):
            told.append(f"The start timecode of {item.GetName()} could not be put back.")
    made = [*_signed(connection, f"{UNFINISHED}{run}:"), *_signed(connection, f"{MADE}{run}:")]
    return [*told, *_delete(connection, made)]


def _delete(connection: Connection, items: list[PoolItem]) -> list[str]:
    if items and not connection.pool.DeleteClips(items):
        return ["A multicam clip of a stopped run could not be deleted: delete it by hand."]
    return []


def _runs(item: PoolItem, beginning: str) -> set[str]:
    found = [custom for custom in _of(item) if custom.startswith(beginning)]
    return {custom.removeprefix(beginning).partition(":")[0] for custom in found}


def _is_mine(connection: Connection, custom: str) -> bool:
    return custom.startswith(UNFINISHED) and custom.endswith(f":{connection.who}")


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
    angles = _angles(session, group, clips, options)
    if isinstance(angles, str):
        return angles
    rate = options.rate or next((a.clip.rate for a in angles if a.clip.picture), Fraction(25))
    instant = _instant(angles)
    if instant is None:
        return _by_timecode(connection, angles, title, run, rate, made)
    if any(marker for angle in angles for marker in angle.clip.markers if not _is_ours(marker)):
        by_timecode = _by_timecode(connection, angles, title, run, rate, made)
        return by_timecode and f"markers of yours are on its clips, and {by_timecode}"
    return _by_marker(connection, angles, instant, title, run, rate, made)


def _is_ours(marker: object) -> bool:
    return str(getattr(marker, "custom", "")).startswith(OURS)


def _angles(
    session: Session, group: Group, clips: Mapping[str, PoolClip], options: ExportOptions
) -> list[Angle] | str:
    """Return the clips of a group, or why they make no multicam clip."""
    angles = []
    for placement in group.placements:
        if placement.status == "check" and not options.include_check:
            continue
        clip = session.clip(placement.clip)
        files = playable_files(clip)
        if len(files) > 1:
            return f"{clip.name} has several files"
        found = clips.get(path_key(str(clip.path)))
        if found is None:
            return f"{clip.name} is not in the Media Pool"
        if placement.speed != 1 or placement.time_map is not None:
            return f"{clip.name} does not play at its normal speed"
        slip_s = abs(placement.drift_ppm) * 1e-6 * float(clip.duration_s)
        if slip_s * float(found.rate) >= 1:
            return f"the clock of {clip.name} drifts by {slip_s * float(found.rate):.1f} frames"
        # Its error from drift is shared by head and tail.
        middle_s = float(clip.duration_s) / 2
        start_s = exact_s(placement.to_group(middle_s) - middle_s)
        angles.append(Angle(clip=found, name=clip.name, start_s=start_s))
    return angles if len(angles) > 1 else "fewer than two of its clips are synced"


def _instant(angles: Sequence[Angle]) -> Fraction | None:
    """Return the group time that lies best on frames of all clips; None where none is shared."""
    first = max(angle.start_s for angle in angles)
    last = min(angle.end_s - 1 / angle.clip.rate for angle in angles)
    if last < first:
        return None
    base = max(angles, key=lambda angle: angle.clip.rate)
    begin = -int(-(first - base.start_s) * base.clip.rate // 1)
    end = int((last - base.start_s) * base.clip.rate // 1)
    step = max(1, (end - begin) // MOST_INSTANTS)
    times = [base.start_s + frame / base.clip.rate for frame in range(begin, end + 1, step)]
    return min(times or [first], key=lambda time_s: _spread_s(angles, time_s))


def _spread_s(angles: Iterable[Angle], time_s: Fraction) -> Fraction:
    """Return how far apart the frames nearest to an instant are."""
    off = [(time_s - a.start_s) - _frame(a, time_s) / a.clip.rate for a in angles]
    return max(off) - min(off)


def _frame(angle: Angle, time_s: Fraction) -> int:
    return round_half_up((time_s - angle.start_s) * angle.clip.rate)


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
            frame = min(max(0, _frame(angle, instant_s)), angle.clip.frames - 1)
            said = angle.clip.item.AddMarker(frame, "Cream", "Instant", "", 1, INSTANT)
            there = (angle.clip.item.GetMarkers() or {}).get(frame, {})
            if not said or there.get("customData") != INSTANT:
                return f"no marker could be put on {angle.name}"
        return _create(connection, angles, mode, title, run, rate, made)
    finally:
        for angle in angles:
            if INSTANT in _of(angle.clip.item):
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
    if _agree(angles):
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
            if not _write_timecode(clip, wanted, f"{run}:{connection.who}"):
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


def _agree(angles: Sequence[Angle]) -> bool:
    """Return whether the clips' timecodes lie as the clips do, to half a frame."""
    zeros = []
    for angle in angles:
        clip = angle.clip
        try:
            label = Timecode.parse(clip.start_timecode, clip.rate, drop_frame=clip.drop_frame)
        except ValueError:
            return False
        zeros.append(label.seconds - angle.start_s)
    slowest = min(angle.clip.rate for angle in angles)
    return max(zeros) - min(zeros) <= 1 / (2 * slowest)


def _write_timecode(clip: PoolClip, wanted: str, sign: str) -> bool:
    """Write a timecode, after noting on the clip what it was: a killed run is found by that."""
    before = clip.start_timecode
    note = TimelineMark(
        frame=0, duration=1, color="Cream", name="Timecode written", note=f"It was {before}."
    )
    if not put_marker(clip.item, note, f"{TIMECODE}{sign}:{before}"):
        return False
    clip.item.SetClipProperty("Start TC", wanted)
    return _reads(clip.item, wanted)


def _put_back(angles: Iterable[Angle]) -> int:
    """Put back the timecodes that were written; return how many cannot be."""
    return sum(restore_timecode(angle.clip.item) is False for angle in angles)


def _reads(item: PoolItem, wanted: str) -> bool:
    said = str((item.GetClipProperty() or {}).get("Start TC", ""))
    # The separator is no proof of drop frame.
    return said.replace(";", ":") == wanted.replace(";", ":")


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


def _of(item: PoolItem) -> list[str]:
    return custom_data(item.GetMarkers())


def _signed(connection: Connection, beginning: str) -> list[PoolItem]:
    items = list(all_clips(connection.pool))
    rows = ask_each(items, (("GetMarkers",),))
    return [
        item
        for item, (markers,) in zip(items, rows, strict=True)
        if any(custom.startswith(beginning) for custom in custom_data(markers))
    ]


def restore_timecode(item: PoolItem) -> bool | None:
    """Put back a clip's timecode that was written; None where none was, False where it fails."""
    written = [custom for custom in _of(item) if custom.startswith(TIMECODE)]
    if not written:
        return None
    before = written[0].removeprefix(TIMECODE).split(":", 2)[2]
    item.SetClipProperty("Start TC", before)
    return _reads(item, before) and all(bool(item.DeleteMarkerByCustomData(c)) for c in written)
