"""Where decoded samples lie: a stream of sound on the integer grid of its own rate.

Conventions
-----------
Sample 0 is the first presented sample of the stream (after encoder delay and edit lists). Packets
that follow each other without a hole are counted, not timed: containers round their timestamps (to
milliseconds in Matroska, to 1/90000 s in transport streams) and phones let them wander. Only a hole
or an overlap between two neighbours that is larger than rounding can explain moves the count; a
jump that cannot be true (far back, or beyond the end of the file) is damage and moves nothing.
"""

from __future__ import annotations

from fractions import Fraction

HOLE_S = 0.008
"""Timestamps of neighbours may contradict the count by this much before it is a hole: more than
any container rounds, less than the shortest common frame of a lossy codec (10.7 ms)."""


LONGEST_HOLE_S = 3600.0
"""A jump ahead of more than this is a damaged timestamp or a new count."""

LONGEST_OVERLAP_S = 1.0
"""A jump back of more than this is a new count: no muxer repeats so much."""


class GridCounter:
    """Gives each decoded frame of one stream its place on the grid.

    Parameters
    ----------
    time_base
        Seconds per tick of the timestamps.
    rate_hz
        Samples per second.
    start
        Index of the first sample that will be placed.
    limit
        Samples that the stream can have at most, None where unknown; see `grid_limit`.
    """

    def __init__(
        self, time_base: Fraction, rate_hz: int, *, start: int = 0, limit: int | None = None
    ) -> None:
        self._samples_per_tick = float(time_base * rate_hz)
        self._rate_hz = rate_hz
        self._next_pts: float | None = None
        self._next_index = start
        self._count = 0
        self._ticks = 0.0
        self._slack_ticks = 0.0
        self._limit = limit
        self._doubted_pts: float | None = None
        self.position = start
        self.holes = 0

    def place(self, pts: int | None, count: int) -> int:
        """Return the index of the first of `count` samples presented at `pts`.

        It is where the samples before ended, unless there is a hole (greater) or an overlap (less).
        """
        # Called for every frame of every file: what depends on the length alone is kept.
        if count != self._count:
            self._count = count
            self._ticks = count / self._samples_per_tick
            slack = slack_samples(count, self._samples_per_tick, self._rate_hz)
            self._slack_ticks = slack / self._samples_per_tick
        index = self._next_index
        expected = self._next_pts
        if pts is None:
            if expected is not None:
                self._next_pts = expected + self._ticks
        else:
            if expected is not None:
                late = pts - expected
                if late > self._slack_ticks or late < -self._slack_ticks:
                    return self._place_late(pts, late, index, count)
            self._next_pts = pts + self._ticks
        end = self._next_index = index + count
        if end > self.position:
            self.position = end
        return index

    def _place_late(self, pts: int, late_ticks: float, index: int, count: int) -> int:
        """Place a frame whose timestamp contradicts the count: by the timestamp, if it can be true.

        A timestamp that cannot be true is passed over; a second one that follows it means that the
        file counts anew.
        """
        jump = round(late_ticks * self._samples_per_tick)
        doubted = self._doubted_pts
        if self.is_plausible(jump, index + count):
            index += jump
            self.holes += 1
            self._next_pts, self._doubted_pts = pts + self._ticks, None
        elif doubted is not None and abs(pts - doubted) <= self._slack_ticks:
            self._next_pts, self._doubted_pts = pts + self._ticks, None
        else:
            assert self._next_pts is not None
            self._next_pts += self._ticks
            self._doubted_pts = pts + self._ticks
        self._next_index = index + count
        self.position = max(self.position, self._next_index)
        return index

    def is_plausible(self, jump: int, end: int) -> bool:
        """Return whether a hole (an overlap, negative) before samples that end there can be."""
        if jump < 0:
            return -jump <= LONGEST_OVERLAP_S * self._rate_hz
        if jump > LONGEST_HOLE_S * self._rate_hz:
            return False
        return self._limit is None or end + jump <= self._limit


def grid_limit(stated_s: float, rate_hz: int) -> int | None:
    """Return how many samples a stream can have, by the length its container states (0: none)."""
    return int((stated_s * 1.1 + 10.0) * rate_hz) if stated_s > 0 else None


def slack_samples(count: int, samples_per_tick: float, rate_hz: int) -> float:
    """Return by how many samples a timestamp may contradict the count without being a hole.

    Parameters
    ----------
    count
        Samples of the frame.
    samples_per_tick
        Samples that pass in one tick of the timestamps.
    rate_hz
        Samples per second.
    """
    return max(1.5 * samples_per_tick, min(HOLE_S * rate_hz, count / 2))
