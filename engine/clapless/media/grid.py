"""Where decoded samples lie: a stream of sound on the integer grid of its own rate.

Conventions
-----------
Sample 0 is the first presented sample of the stream (after encoder delay and edit lists). Packets
that follow each other without a hole are counted, not timed: containers round their timestamps (to
milliseconds in Matroska, to 1/90000 s in transport streams) and phones let them wander. Only a hole
or an overlap between two neighbours that is larger than rounding can explain moves the count.
"""

from __future__ import annotations

from fractions import Fraction

HOLE_S = 0.008
"""Timestamps of neighbours may contradict the count by this much before it is a hole: more than
any container rounds, less than the shortest common frame of a lossy codec (10.7 ms)."""


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
    """

    def __init__(self, time_base: Fraction, rate_hz: int, *, start: int = 0) -> None:
        self._samples_per_tick = float(time_base * rate_hz)
        self._rate_hz = rate_hz
        self._next_pts: float | None = None
        self._next_index = start
        self._count = 0
        self._ticks = 0.0
        self._slack_ticks = 0.0
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
                    index += round(late * self._samples_per_tick)
                    self.holes += 1
            self._next_pts = pts + self._ticks
        end = self._next_index = index + count
        if end > self.position:
            self.position = end
        return index


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
