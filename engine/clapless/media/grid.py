"""Where decoded samples lie: a stream of sound on the integer grid of its own rate.

Conventions
-----------
Sample 0 is the first presented sample of the stream (after encoder delay and edit lists). Packets
that follow each other without a hole are counted, not timed: containers round their timestamps (to
milliseconds in Matroska, to 1/90000 s in transport streams) and phones let them wander. Only a hole
or an overlap between two neighbours that is larger than rounding can explain moves the count.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

HOLE_S = 0.008
"""Timestamps of neighbours may contradict the count by this much before it is a hole: more than
any container rounds, less than the shortest common frame of a lossy codec (10.7 ms)."""

ENTRY_EVERY_S = 0.25
"""Spacing of the entries of a `SoundIndex`."""


class GridCounter:
    """Gives each decoded frame of one stream its place on the grid.

    Parameters
    ----------
    time_base
        Seconds per tick of the timestamps.
    rate_hz
        Samples per second.
    """

    def __init__(self, time_base: Fraction, rate_hz: int) -> None:
        self._samples_per_tick = float(time_base * rate_hz)
        self._rate_hz = rate_hz
        self._tick_floor = 1.5 * self._samples_per_tick
        self._next_pts: float | None = None
        self.position = 0
        self.holes = 0

    def place(self, pts: int | None, count: int) -> int:
        """Return the index of the first of `count` samples presented at `pts`.

        It is `position` (the end of what came before) unless there is a hole (greater) or an
        overlap (less).
        """
        index = self.position
        if pts is not None:
            if self._next_pts is not None:
                jump = (pts - self._next_pts) * self._samples_per_tick
                tolerance = max(self._tick_floor, min(HOLE_S * self._rate_hz, count / 2))
                if abs(jump) > tolerance:
                    index += round(jump)
                    self.holes += 1
            self._next_pts = pts + count / self._samples_per_tick
        elif self._next_pts is not None:
            self._next_pts += count / self._samples_per_tick
        self.position = max(self.position, index + count)
        return index


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundIndex:
    """Which sample a packet begins with, every quarter of a second.

    Parameters
    ----------
    pts, pos
        Timestamp and byte position of a packet (-1 where the container has none), int64.
    sample
        Grid index of the first sample that decoding this packet gives, int64, rising.
    length
        Samples in the stream.
    """

    pts: NDArray[np.int64]
    pos: NDArray[np.int64]
    sample: NDArray[np.int64]
    length: int


class IndexBuilder:
    """Collects a `SoundIndex` while a stream is read from its beginning."""

    def __init__(self, rate_hz: int) -> None:
        self._spacing = int(ENTRY_EVERY_S * rate_hz)
        self._entries: list[tuple[int, int, int]] = []
        self._due = 0

    def note(self, pts: int | None, pos: int | None, sample: int) -> None:
        """Note the packet whose decoding begins at grid index `sample`."""
        if sample >= self._due and pts is not None:
            self._entries.append((pts, -1 if pos is None else pos, sample))
            self._due = sample + self._spacing

    def build(self, length: int) -> SoundIndex:
        """Return the index of a stream that turned out to have `length` samples."""
        table = np.array(self._entries, np.int64).reshape(-1, 3)
        return SoundIndex(pts=table[:, 0], pos=table[:, 1], sample=table[:, 2], length=length)


IndexKey = tuple[str, int, int, int]

_LIMIT = 4096
_known: OrderedDict[IndexKey, SoundIndex] = OrderedDict()
_lock = Lock()


def index_key(path: Path, stream: int) -> IndexKey:
    """Return what identifies a stream of a file as it is now."""
    status = path.stat()
    return (str(path), status.st_size, status.st_mtime_ns, stream)


def remember_index(key: IndexKey, index: SoundIndex) -> None:
    """Keep an index for the life of the process (the oldest go first; 72 KB an hour each)."""
    with _lock:
        _known[key] = index
        _known.move_to_end(key)
        while len(_known) > _LIMIT:
            _known.popitem(last=False)


def known_index(key: IndexKey) -> SoundIndex | None:
    """Return an index that a whole read has left behind."""
    with _lock:
        return _known.get(key)
