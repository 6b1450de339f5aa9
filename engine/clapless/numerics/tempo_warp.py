"""Time warping of one piece of music played twice, at tempos from half to double.

References
----------
Mueller (2015), "Fundamentals of Music Processing", sections 3.2 and 7.3 (subsequence warping).
Smith and Waterman (1981), "Identification of common molecular subsequences".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

STEPS = ((1, 1), (1, 2), (2, 1))
"""(reference, new) frames gone at once: a slope from a half to two."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Local:
    """The best shared stretch of two recordings.

    Parameters
    ----------
    score
        Sum of likeness along it.
    ref, new
        Frames of its path, rising, shape (n,).
    """

    score: float
    ref: Ints
    new: Ints


def best_local(likeness: Floats) -> Local:
    """Return the path that gathers most likeness; it begins and ends where it likes.

    Parameters
    ----------
    likeness
        Shape (reference frames, new frames); below 0 where chance would be.

    Returns
    -------
    Local
        Its score is 0 and its path empty where nothing is alike.
    """
    rows, columns = likeness.shape
    score = np.zeros((rows + 2, columns + 2), np.float32)
    came = np.full((rows, columns), -1, np.int8)
    for row in range(rows):
        here = likeness[row]
        # A step of two frames gathers what both would have: paths of any slope compare.
        options = np.stack(
            [
                score[row + 1, 1:-1] + here,
                score[row + 1, :-2] + 1.5 * here,
                score[row, 1:-1] + 1.5 * here,
            ]
        )
        best = options.argmax(axis=0)
        reached = np.take_along_axis(options, best[None], 0)[0]
        alive = reached > 0
        score[row + 2, 2:] = np.where(alive, reached, 0.0)
        came[row] = np.where(alive, best, -1)
    flat = int(score.argmax())
    row, column = flat // (columns + 2) - 2, flat % (columns + 2) - 2
    top = float(score.flat[flat])
    ref: list[int] = []
    new: list[int] = []
    while row >= 0 and column >= 0 and came[row, column] >= 0:
        ref.append(row)
        new.append(column)
        down, right = STEPS[came[row, column]]
        row, column = row - down, column - right
    return Local(score=top, ref=np.array(ref[::-1], np.int64), new=np.array(new[::-1], np.int64))


def masked(likeness: Floats, path: Local, *, within: int, value: float) -> Floats:
    """Return the likeness with what lies near a path made unlike.

    Parameters
    ----------
    likeness
        Shape (reference frames, new frames).
    path
        The path.
    within
        Frames of the reference on either side.
    value
        What stands there instead, below 0.
    """
    out = likeness.copy()
    new = np.arange(path.new[0], path.new[-1] + 1)
    middle = np.rint(np.interp(new, path.new, path.ref)).astype(np.int64)
    for column, row in zip(new, middle, strict=True):
        out[max(0, row - within) : row + within + 1, column] = value
    return out


def banded(cost: Floats, *, straight: float) -> Ints:
    """Return the cheapest way through a band, one offset per frame of the new run.

    Parameters
    ----------
    cost
        Shape (new frames, offsets): cost of lying at each offset from a given line.
    straight
        Cost of one offset's change from a frame to the next.

    Returns
    -------
    offsets
        Index per frame; it changes by at most one from a frame to the next. Shape (new frames,).
    """
    rows, width = cost.shape
    total = np.asarray(cost[0], np.float64)
    came = np.zeros((rows, width), np.int8)
    for row in range(1, rows):
        padded = np.concatenate([[np.inf], total, [np.inf]])
        options = np.stack([padded[1:-1], padded[:-2] + straight, padded[2:] + straight])
        best = options.argmin(axis=0)
        came[row] = np.array([0, -1, 1], np.int8)[best]
        total = np.take_along_axis(options, best[None], 0)[0] + cost[row]
    way = np.empty(rows, np.int64)
    way[-1] = int(total.argmin())
    for row in range(rows - 1, 0, -1):
        way[row - 1] = way[row] + came[row, way[row]]
    return way
