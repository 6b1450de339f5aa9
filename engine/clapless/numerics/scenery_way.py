"""How far one run has come, by how its own pictures grow: a way without metres.

From picture to picture what is ahead grows by some hundredths, the more the faster the rider goes
and not at all while he stands. Summed up, the logarithms are a measure of the way that two runs of
one route share, whatever their speeds; stops vanish from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from clapless.numerics.scenery_pairs import zoom_between
from clapless.numerics.scenery_points import Points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

STILL_SHARE = 0.2
"""A picture that grows by less than this share of the usual stands: at rest 0.000 to 0.006 remain
of a usual 0.06 to 0.08, with a dark picture and a shaking camera too."""

STOP_STEPS = 3
"""So many steps without growth are a stop."""

LEAST_GROWTH = 1e-4
"""The way rises by at least this from picture to picture, so that it can be inverted."""

LEAST_INLIERS = 15
"""With fewer points in common the growth is taken from the steps about it."""


@dataclass(frozen=True, slots=True)
class Halt:
    """A stop: indices of the last picture before it and of the first one after it."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """The way of one run.

    Parameters
    ----------
    times_s
        Of its pictures, shape (n,).
    gone
        Way up to each picture, strictly rising, shape (n,); a stop is next to nothing.
    halts
        Its stops, in order.
    moving
        Indices of pictures that are not inside a stop (its first and last are among them).
    """

    times_s: Floats
    gone: Floats
    halts: tuple[Halt, ...]
    moving: Ints

    @property
    def usual(self) -> float:
        """Usual growth from picture to picture while it moves."""
        steps = np.diff(self.gone)
        going = steps > LEAST_GROWTH * 2
        return float(np.median(steps[going])) if going.any() else 1.0


def way_of(times_s: Floats, points: Callable[[int], Points], *, size: tuple[int, int]) -> Way:
    """Return the way of a run.

    Parameters
    ----------
    times_s
        Of its pictures, shape (n,).
    points
        Returns the points of a picture by its index.
    size
        Width and height of the pictures, in pixels.
    """
    count = len(times_s)
    growth = np.full(count - 1, np.nan)
    before = points(0)
    for index in range(count - 1):
        after = points(index + 1)
        zoom = zoom_between(before, after, size=size)
        if zoom is not None and zoom.inliers >= LEAST_INLIERS:
            growth[index] = zoom.log_zoom
        before = after
    return _summed(times_s, growth)


def _summed(times_s: Floats, growth: Floats) -> Way:
    known = np.isfinite(growth)
    index = np.arange(len(growth))
    if not known.any():
        growth = np.full(len(growth), 0.05)
    elif not known.all():
        growth = np.interp(index, index[known], growth[known])
    rates = growth / np.maximum(np.diff(times_s), 1e-3)
    calm = median_filter(rates, size=3, mode="nearest")
    going = calm[calm > max(np.percentile(calm, 50) * 0.5, 0.0)]
    usual = float(np.median(going)) if len(going) else 0.0
    still = np.abs(calm) < STILL_SHARE * max(usual, 1e-6)
    halts = tuple(Halt(a, b) for a, b in _runs(still) if b - a >= STOP_STEPS)
    inside = np.zeros(len(growth), np.bool_)
    moving = np.ones(len(times_s), np.bool_)
    for halt in halts:
        inside[halt.first : halt.last] = True
        moving[halt.first + 1 : halt.last] = False
    steps = np.where(inside, LEAST_GROWTH, np.maximum(growth, LEAST_GROWTH))
    gone = np.concatenate([[0.0], np.cumsum(steps)])
    return Way(times_s, gone, halts, np.flatnonzero(moving))


def _runs(flags: Bools) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
