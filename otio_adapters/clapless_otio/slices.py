"""Clock drift as frame slips: a clip cut into pieces at its normal speed, each nearly in sync.

Each piece is as long as its error stays within half a frame, then the source slips by what puts
the next piece on the other side of that half frame. Cuts lie on frames, so the half frame is held
to the drift of one frame (8 microseconds at 200 ppm and 25 frames per second).
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from clapless_otio.cut import Item, Media
from clapless_otio.exact import frames_down, frames_round, frames_up

Grid = Literal["source", "timeline"]
"""Which frames pieces begin on in the source: its own, or the timeline's (formats that count
sources in frames of the timeline)."""

MOST_PIECES = 100_000
"""More than any drift gives; a guard against rates that cannot be."""


def sliced(item: Item, rate: Fraction, *, grid: Grid = "source") -> list[Item]:
    """Return the pieces of a drifting item, on the frame grid of the timeline.

    Parameters
    ----------
    item
        A clip at its true speed, `trade` being the part that is kept.
    rate
        Frames per second of the timeline.
    grid
        Where pieces may begin in the source.
    """
    trade = item.trade
    if trade is None or trade == item.speed:
        return [item]
    own = item.source.rate if isinstance(item.source, Media) and item.source.rate else rate
    step_hz = own if grid == "source" and item.picture else rate / trade
    # Half a frame of whichever clock is coarser: no finer placement exists.
    half_s = max(1 / rate, 1 / (step_hz * item.speed)) / 2
    drift = (item.speed - trade) / item.speed
    end_source_s = item.source_start_s + item.duration_s * item.speed
    at = frames_round(item.start_s, rate) if item.picture else frames_up(item.start_s, rate)
    last = frames_down(item.end_s + half_s, rate)
    source_s = _first(item, at / rate, step_hz)
    pieces: list[Item] = []
    while at < last and len(pieces) < MOST_PIECES:
        # Error: how much later than it should the source plays; it shrinks by `drift` a second.
        error_s = (source_s - item.source_at(at / rate)) / item.speed
        room_s = (error_s + half_s) / drift if drift > 0 else (error_s - half_s) / drift
        there = min(last - at, frames_down((end_source_s - source_s) / trade, rate))
        length = min(max(1, math.floor(room_s * rate)), there)
        if length <= 0:
            break
        pieces.append(
            replace(
                item,
                start_s=at / rate,
                duration_s=length / rate,
                source_start_s=source_s,
                speed=trade,
                marks=(),
            )
        )
        if length == there:
            break
        at += length
        slack_s = half_s * item.speed + abs(item.speed - trade) / rate
        source_s = _next(item, at / rate, slack_s, step_hz, ahead=drift > 0)
    return _with_marks(item, pieces)


def _first(item: Item, at_s: Fraction, step_hz: Fraction) -> Fraction:
    ideal_s = max(item.source_at(at_s), Fraction(0))
    if not item.picture:
        return ideal_s
    return frames_round(ideal_s, step_hz) / step_hz


def _next(
    item: Item, at_s: Fraction, slack_s: Fraction, step_hz: Fraction, *, ahead: bool
) -> Fraction:
    """Return where the next piece begins in the source: as far off as its error may be."""
    ideal_s = item.source_at(at_s)
    if not item.picture:
        # Sound has no frames: it may slip to any sample.
        return ideal_s + (slack_s if ahead else -slack_s)
    if ahead:
        return Fraction(math.floor((ideal_s + slack_s) * step_hz)) / step_hz
    return Fraction(math.ceil((ideal_s - slack_s) * step_hz)) / step_hz


def _with_marks(item: Item, pieces: list[Item]) -> list[Item]:
    """Return the pieces with each mark on the one that plays it, else on the nearest."""
    found = list(pieces)
    for mark in item.marks:
        if not found:
            break

        def distance(n: int, time_s: Fraction = mark.time_s) -> Fraction:
            piece = found[n]
            end_s = piece.source_start_s + piece.duration_s * piece.speed
            return max(piece.source_start_s - time_s, time_s - end_s, Fraction(0))

        n = min(range(len(found)), key=distance)
        found[n] = replace(found[n], marks=(*found[n].marks, mark))
    return found
