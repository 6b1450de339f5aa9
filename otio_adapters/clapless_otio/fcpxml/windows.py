"""Where an item lands in FCPXML: offset on the grid, start in the clip's local time, time map.

A retimed clip's local time is the source's own timecode divided by the speed: Final Cut's exports
scale the whole media about zero, and clips, markers and windows then count on that output axis. A
map over only the visible part leaves black tails in Resolve.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from fractions import Fraction

from clapless_otio.cut import Item, Media
from clapless_otio.exact import frames_down, frames_round, frames_up
from clapless_otio.fcpxml.kept import KEY, children_of, parsed
from clapless_otio.fcpxml.values import fine, fine_down, fine_up, writable

STEADY = Fraction(1)
"""The speed that needs no time map."""

Points = tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One clip as FCPXML states it, in seconds.

    Parameters
    ----------
    offset_s
        On its sequence, 0 at the sequence's first frame.
    start_s
        The clip's local time at `offset_s`.
    duration_s
        Length on the sequence.
    points
        Pairs (local time, source timecode) of the time map; empty without one.
    origin_s
        The source's timecode at its first frame.
    as_read
        Whether it stands as an FCPXML document had it, with that document's time map.
    """

    item: Item
    offset_s: Fraction
    start_s: Fraction
    duration_s: Fraction
    points: Points
    origin_s: Fraction
    as_read: bool = False

    @property
    def end_s(self) -> Fraction:
        """Where it ends on the sequence."""
        return self.offset_s + self.duration_s

    def local_s(self, source_s: Fraction) -> Fraction:
        """Return the local time of a source time; past the map's ends along its last line."""
        value_s = self.origin_s + source_s
        if len(self.points) < 2:
            return value_s
        lines = list(zip(self.points, self.points[1:], strict=False))
        inside = [
            (one, two)
            for one, two in lines
            if min(one[1], two[1]) <= value_s <= max(one[1], two[1])
        ]
        rising = self.points[-1][1] >= self.points[0][1]
        before = value_s < self.points[0][1] if rising else value_s > self.points[0][1]
        (t0, v0), (t1, v1) = inside[0] if inside else lines[0 if before else -1]
        return t0 if v1 == v0 else t0 + (value_s - v0) * (t1 - t0) / (v1 - v0)


def source_span(item: Item) -> tuple[Fraction, Fraction]:
    """Return timecode of the source's first frame and the source's length, in seconds."""
    played_s = item.source_start_s + item.duration_s * item.speed
    if isinstance(item.source, Media):
        return writable(item.source.start_s), writable(max(item.source.duration_s, played_s))
    if item.source is not None:
        return item.source.start_s, max(item.source.duration_s, played_s)
    return Fraction(0), played_s


def window(item: Item, rate: Fraction, *, on_grid: bool) -> Window | None:
    """Return an item's window, or None where less than one frame of it would be left.

    Parameters
    ----------
    item
        What to place.
    rate
        Frames per second of the sequence.
    on_grid
        Whether it must begin and end on frames. Pictures always do; sound may lie freely as a
        connected clip, and begins inside its file to make up for the grid within an angle.
    """
    if (as_read := _as_read(item)) is not None:
        return as_read
    if item.points or item.speed <= 0:
        return _ramp(item, rate)
    tc_s, length_s = source_span(item)
    source_end_s = item.source_start_s + item.duration_s * item.speed
    offset_s, source_s = _head(item, rate, on_grid=on_grid)
    left_s = (source_end_s - source_s) / item.speed
    whole = item.picture or on_grid
    duration_s = frames_down(left_s, rate) / rate if whole else fine_down(left_s)
    if duration_s <= 0:
        return None
    if item.speed == STEADY:
        start_s = tc_s + source_s
        return Window(
            item=item,
            offset_s=offset_s,
            start_s=writable(start_s) if item.picture else fine(start_s),
            duration_s=duration_s,
            points=(),
            origin_s=tc_s,
        )
    points = (
        (fine_down(tc_s / item.speed), tc_s),
        (fine_up((tc_s + length_s) / item.speed), writable(tc_s + length_s)),
    )
    placed = Window(
        item=item,
        offset_s=offset_s,
        start_s=Fraction(0),
        duration_s=duration_s,
        points=points,
        origin_s=tc_s,
    )
    start_s = min(fine(placed.local_s(source_s)), points[-1][0] - duration_s)
    return replace(placed, start_s=max(start_s, points[0][0]))


def _head(item: Item, rate: Fraction, *, on_grid: bool) -> tuple[Fraction, Fraction]:
    """Return where an item begins on the sequence, and which source time it begins with."""
    if item.picture:
        offset_s = frames_round(item.start_s, rate) / rate
        source_s = max(item.source_at(offset_s), Fraction(0))
        if item.speed == STEADY and item.source is not None and item.source.rate:
            source_s = frames_round(source_s, item.source.rate) / item.source.rate
        return offset_s, source_s
    if on_grid:
        offset_s = frames_up(item.start_s, rate) / rate
        return offset_s, item.source_at(offset_s)
    offset_s = fine(item.start_s)
    return offset_s, max(item.source_at(offset_s), Fraction(0))


def _as_read(item: Item) -> Window | None:
    """Return the window an FCPXML document gave the item, where it still agrees with it."""
    kept = item.metadata.get(KEY)
    if not isinstance(kept, Mapping):
        return None
    if str(kept.get("source_start")) != str(item.source_start_s):
        return None
    if str(kept.get("source_duration")) != str(item.duration_s):
        return None
    try:
        start_s = _time(kept.get("start"))
        points = _kept_points(kept)
    except (ValueError, ZeroDivisionError):
        return None
    origin_s = item.source.start_s if item.source is not None else start_s
    return Window(
        item=item,
        offset_s=item.start_s,
        start_s=start_s,
        duration_s=item.duration_s,
        points=points,
        origin_s=origin_s,
        as_read=True,
    )


def _kept_points(kept: Mapping[str, object]) -> Points:
    for text in children_of(kept):
        if text.startswith("<timeMap") and (element := parsed(text)) is not None:
            return tuple((_time(p.get("time")), _time(p.get("value"))) for p in element)
    return ()


def _time(text: object) -> Fraction:
    return Fraction(str(text or "0").removesuffix("s").replace("/1s", "") or "0")


def _ramp(item: Item, rate: Fraction) -> Window | None:
    """Return the window of a clip that changes speed, stands still or runs backwards."""
    tc_s, _ = source_span(item)
    offset_s = frames_round(item.start_s, rate) / rate
    duration_s = frames_down(item.duration_s, rate) / rate
    if duration_s <= 0:
        return None
    knots = item.points or (
        (Fraction(0), item.source_start_s),
        (item.duration_s, item.source_start_s + item.duration_s * item.speed),
    )
    base_s = fine(tc_s + item.source_start_s)
    points = [(fine(base_s + t), writable(tc_s + v)) for t, v in knots]
    last_s = base_s + duration_s
    if points[-1][0] < last_s:
        points[-1] = (last_s, points[-1][1])
    return Window(
        item=item,
        offset_s=offset_s,
        start_s=base_s,
        duration_s=duration_s,
        points=tuple(points),
        origin_s=tc_s,
    )


def track_windows(
    items: Many[Item], rate: Fraction, *, on_grid: bool
) -> tuple[list[Window], list[Item]]:
    """Return the windows of one track without overlaps, and the items too short for one frame."""
    windows: list[Window] = []
    lost: list[Item] = []
    for item in items:
        placed = window(item, rate, on_grid=on_grid)
        if placed is None:
            lost.append(item)
            continue
        while windows and windows[-1].end_s > placed.offset_s:
            before = windows.pop()
            if placed.offset_s > before.offset_s:
                windows.append(replace(before, duration_s=placed.offset_s - before.offset_s))
                break
            lost.append(before.item)
        windows.append(placed)
    return windows, lost
