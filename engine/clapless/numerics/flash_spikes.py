"""Frames that may be lit by a flash, found while the frames pass by."""

from __future__ import annotations

import heapq
from collections import deque
from itertools import count

import numpy as np

from clapless.numerics.flashes import (
    LEAST_LEVELS,
    SEGMENT_ROWS,
    Doubles,
    Floats,
    LitFrame,
    scaled,
    smoothed,
    spike_profile,
)

MOST_KEPT = 1500
"""Lit frames that are kept at most, the strongest: 6 MB at 1080 rows."""

NOISE_FRAMES = 60
"""Frames whose noise counts as the present one."""


class SpikeFinder:
    """Takes the rows of one frame after the other and keeps those that stand out.

    Parameters
    ----------
    parity
        Field of interlaced pictures that it is fed with.
    """

    def __init__(self, parity: int = 0) -> None:
        self._parity = parity
        self._tables: deque[tuple[float, Floats, Doubles]] = deque(maxlen=3)
        self._noise: deque[float] = deque(maxlen=NOISE_FRAMES)
        self._all_noise: list[float] = []
        self._kept: list[tuple[float, int, LitFrame]] = []
        self._order = count()
        self.dropped = 0

    def gap(self) -> None:
        """Say that the next frame does not follow the last one."""
        self._tables.clear()

    def add(self, time_s: float, rows: Floats) -> None:
        """Take a frame.

        Parameters
        ----------
        time_s
            Its time.
        rows
            Brightness of the parts of its rows, shape (rows, parts).
        """
        if self._tables and self._tables[-1][1].shape != rows.shape:
            self._tables.clear()
        self._tables.append((time_s, rows, smoothed(rows.mean(axis=1))))
        if len(self._tables) < 3:
            return
        (_, before, low), (at_s, at, mid), (_, after, high) = self._tables
        level = float(np.median(np.abs(mid - (low + high) / 2)[::8])) * 1.4826
        noise = float(np.median(self._noise)) if self._noise else level
        self._noise.append(level)
        self._all_noise.append(level)
        spike = mid - np.maximum(low, high)
        lit = spike > max(LEAST_LEVELS, 3.0 * noise)
        if np.count_nonzero(lit) < scaled(SEGMENT_ROWS, spike.size, 2):
            return
        profile = spike_profile(before, at, after)
        strength = float(np.percentile(smoothed(profile), 95))
        frame = LitFrame(at_s, profile, strength, self._parity)
        entry = (strength, next(self._order), frame)
        if len(self._kept) < MOST_KEPT:
            heapq.heappush(self._kept, entry)
        else:
            self.dropped += 1
            heapq.heappushpop(self._kept, entry)

    @property
    def noise(self) -> float:
        """Standard deviation of a smoothed profile of a frame without flash."""
        return float(np.median(self._all_noise)) if self._all_noise else 0.0

    def frames(self) -> list[LitFrame]:
        """Return what was kept, in rising time."""
        return sorted((entry[2] for entry in self._kept), key=lambda frame: frame.time_s)
