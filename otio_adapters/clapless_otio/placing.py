"""Where an item lands on whole frames of its sequence, and in ticks within its source.

Source frames are counted at the sequence's rate, after the speed: what Premiere and Resolve make of
other countings differs, and a whole file from 0 is the same in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, replace
from fractions import Fraction

from clapless.timing import round_half_up
from clapless_otio.cut import Item
from clapless_otio.exact import TICKS_HZ, frames_down, frames_round, frames_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Frames on the sequence and in the source, and ticks in the source."""

    item: Item
    start: int
    length: int
    source_in: int
    ticks_in: int
    ticks_out: int

    @property
    def end(self) -> int:
        """The frame after its last one."""
        return self.start + self.length


def place(item: Item, rate: Fraction, *, ticks: bool = True) -> Place | None:
    """Return where an item lands, None where less than a frame of it would be left.

    Pictures begin on the nearest frame. Sound alone begins on the next one and, in ticks, as far
    inside its file as that is late: so it keeps its place to the sample; without `ticks` it is
    placed as pictures are.
    """
    speed = item.speed if item.speed > 0 else Fraction(1)
    end_s = item.source_start_s + item.duration_s * speed
    if item.picture or not ticks:
        start = frames_round(item.start_s, rate)
        ideal_s = item.source_start_s + (start / rate - item.start_s) * speed
        source_in = max(0, frames_round(ideal_s / speed, rate))
        source_s = source_in / rate * speed
    else:
        start = frames_up(item.start_s, rate)
        source_s = item.source_start_s + (start / rate - item.start_s) * speed
        source_in = frames_round(source_s / speed, rate)
    length = frames_down((end_s - source_s) / speed, rate)
    if length <= 0:
        return None
    return Place(
        item=item,
        start=start,
        length=length,
        source_in=source_in,
        ticks_in=round_half_up(source_s * TICKS_HZ),
        ticks_out=round_half_up((source_s + length / rate * speed) * TICKS_HZ),
    )


def shortened(one: Place, end: int, rate: Fraction) -> Place:
    """Return a place that ends earlier."""
    speed = one.item.speed if one.item.speed > 0 else Fraction(1)
    length = end - one.start
    ticks = round_half_up(length / rate * speed * TICKS_HZ)
    return replace(one, length=length, ticks_out=one.ticks_in + ticks)


def track_places(
    items: Many[Item], rate: Fraction, *, ticks: bool = True
) -> tuple[list[Place], list[Item]]:
    """Return the places of one track without overlaps, and the items too short for one frame."""
    places: list[Place] = []
    lost: list[Item] = []
    for item in items:
        placed = place(item, rate, ticks=ticks)
        if placed is None:
            lost.append(item)
            continue
        while places and places[-1].end > placed.start:
            before = places.pop()
            if placed.start > before.start:
                places.append(shortened(before, placed.start, rate))
                break
            lost.append(before.item)
        places.append(placed)
    return places, lost
