"""Where an item lands in FCPXML: offset on the grid, start in the clip's local time, time map.

A retimed clip's local time is the source's own timecode divided by the speed: Final Cut's exports
scale the whole media about zero, and clips, markers and windows then count on that output axis. A
map over only the visible part leaves black tails in Resolve.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from fractions import Fraction

from clapless_otio.cut import Item, Media, Sequence
from clapless_otio.exact import frames_down, frames_round, frames_up
from clapless_otio.fcpxml.values import fine, fine_down, fine_up, writable

STEADY = Fraction(1)
"""The speed that needs no time map."""


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
        Local time of source time 0.
    """

    item: Item
    offset_s: Fraction
    start_s: Fraction
    duration_s: Fraction
    points: tuple[tuple[Fraction, Fraction], ...]
    origin_s: Fraction

    @property
    def end_s(self) -> Fraction:
        """Where it ends on the sequence."""
        return self.offset_s + self.duration_s

    def local_s(self, source_s: Fraction) -> Fraction:
        """Return the local time of a source time."""
        if not self.points:
            return self.origin_s + source_s
        (t0, v0), (t1, v1) = self.points[0], self.points[-1]
        return t0 + (self.value_s(source_s) - v0) * (t1 - t0) / (v1 - v0)

    def value_s(self, source_s: Fraction) -> Fraction:
        """Return the source's timecode, in seconds, at a source time."""
        return self.points[0][1] + source_s if self.points else self.origin_s + source_s


def source_span(item: Item) -> tuple[Fraction, Fraction]:
    """Return timecode of the source's first frame and the source's length, in seconds."""
    if isinstance(item.source, Media):
        known = item.source.duration_s or item.source_start_s + item.duration_s * item.speed
        return writable(item.source.start_s), writable(known)
    if isinstance(item.source, Sequence):
        return item.source.start_s, item.source.duration_s
    return Fraction(0), item.source_start_s + item.duration_s * item.speed


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
    tc_s, length_s = source_span(item)
    picture = item.picture
    source_end_s = item.source_start_s + item.duration_s * item.speed
    if length_s:
        source_end_s = min(source_end_s, length_s)
    if picture:
        offset_s = frames_round(item.start_s, rate) / rate
        source_s = max(item.source_at(offset_s), Fraction(0))
        if item.speed == STEADY and isinstance(item.source, Media) and item.source.rate:
            source_s = frames_round(source_s, item.source.rate) / item.source.rate
    elif on_grid:
        offset_s = frames_up(item.start_s, rate) / rate
        source_s = item.source_at(offset_s)
    else:
        offset_s = fine(item.start_s)
        source_s = max(item.source_at(offset_s), Fraction(0))
    left_s = (source_end_s - source_s) / item.speed
    whole = picture or on_grid
    duration_s = frames_down(left_s, rate) / rate if whole else fine_down(left_s)
    if duration_s <= 0:
        return None
    if item.speed == STEADY:
        start_s = tc_s + source_s
        return Window(
            item=item,
            offset_s=offset_s,
            start_s=writable(start_s) if picture else fine(start_s),
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
        origin_s=points[0][0],
    )
    start_s = min(fine(placed.local_s(source_s)), points[-1][0] - duration_s)
    return replace(placed, start_s=max(start_s, points[0][0]))


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
