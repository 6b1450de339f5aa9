"""Which place of a reference each picture of a new run shows: a path, not picture by picture.

Each pair of pictures has a likeness; how far it stands out among all places of the reference is
what counts. The path rises through the table of pairs. It may leave the reference (a detour) and
come back farther on, and the reference may have gone on alone meanwhile (a detour or lap of its
own).

References
----------
Milford and Wyeth (2012), "SeqSLAM": sequences of weak likenesses are sure where single ones are
not.
Viterbi's algorithm over places and one state beside the route for each place it was left at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats32 = NDArray[np.float32]
Ints = NDArray[np.int64]

LOW, HIGH = -2.0, 8.0
"""Likenesses are held to these, in robust standard deviations of their row."""

STRANGE = 2.2
"""A picture must stand out by this much to be rather on the reference than beside it: the best of
many places stands out by three on any other route, but not picture after picture."""

STEP_COST = 0.15
"""For each place by which a step differs from one."""

MOST_STEPS = 5
"""Places of the reference from one picture to the next."""

LEAVE_COST = 12.0
"""For leaving the reference and coming back to it, each."""

MOST_CELLS = 30_000_000
"""Cells of the table (two bytes each); longer runs are looked at more coarsely."""


@dataclass(frozen=True, slots=True, eq=False)
class SceneryPath:
    """Where each picture of the new run lies.

    Parameters
    ----------
    places
        Index of the reference's picture, int64, shape (n,); -1 beside the route.
    score
        Mean by which the pictures on the route stand out above `STRANGE`; 0 where none is.
    """

    places: Ints
    score: float


def standing_out(likeness: Floats32) -> Floats32:
    """Return by how many robust standard deviations each place stands out in its row."""
    middle = np.median(likeness, axis=1, keepdims=True)
    apart = np.abs(likeness - middle)
    scale = 1.4826 * np.median(apart, axis=1, keepdims=True) + 1e-4
    return np.asarray(np.clip((likeness - middle) / scale, LOW, HIGH), np.float32)


def scenery_path(ref: Floats32, new: Floats32) -> SceneryPath:
    """Return the best path of a new run along a reference.

    Parameters
    ----------
    ref, new
        Bags of words of their pictures (`clapless.numerics.scenery_words.weighted`), float32, one
        row per picture; the same time or way from row to row in both.

    Raises
    ------
    ValueError
        The table would be too large: thin the pictures.
    """
    rows, columns = len(new), len(ref)
    if rows * columns > MOST_CELLS:
        raise ValueError(f"{rows} by {columns} pictures are too many to compare")
    on_moves = np.zeros((rows, columns), np.int8)
    off_stays = np.zeros((rows, columns), np.bool_)
    back = np.zeros((rows, columns), np.int32 if columns > 32767 else np.int16)
    on = np.zeros(columns, np.float32)
    off = np.zeros(columns, np.float32)
    index = np.arange(columns)
    for row in range(rows):
        if row % 256 == 0:
            table = standing_out(new[row : row + 256] @ ref.T) - np.float32(STRANGE)
        gain = table[row % 256]
        if row == 0:
            on, off = gain - 0.0, np.zeros(columns, np.float32)
            continue
        options = np.full((MOST_STEPS + 2, columns), -np.inf, np.float32)
        for step in range(MOST_STEPS + 1):
            options[step, step:] = on[: columns - step] - STEP_COST * abs(step - 1)
        best_off, from_off = _best_before(off)
        options[MOST_STEPS + 1] = best_off - LEAVE_COST
        chosen = np.argmax(options, axis=0)
        on_moves[row], back[row] = chosen, from_off
        stays = off >= on - LEAVE_COST
        off_stays[row] = stays
        off = np.where(stays, off, on - np.float32(LEAVE_COST))
        on = options[chosen, index] + gain
    return _traced(on, off, on_moves, off_stays, back)


def _best_before(values: Floats32) -> tuple[Floats32, NDArray[np.int64]]:
    """Return the largest value at or before each place, and where it is."""
    best = np.maximum.accumulate(values)
    fresh = np.concatenate([[True], values[1:] > best[:-1]])
    return best, np.maximum.accumulate(np.where(fresh, np.arange(len(values)), 0))


def _traced(
    on: Floats32,
    off: Floats32,
    on_moves: NDArray[np.int8],
    off_stays: NDArray[np.bool_],
    back: NDArray[np.int16] | NDArray[np.int32],
) -> SceneryPath:
    rows = len(on_moves)
    places = np.full(rows, -1, np.int64)
    is_on = float(on.max()) > float(off.max())
    column = int(np.argmax(on if is_on else off))
    total = float(max(on.max(), off.max()))
    for row in range(rows - 1, -1, -1):
        if is_on:
            places[row] = column
            move = int(on_moves[row, column])
            if row and move == MOST_STEPS + 1:
                is_on, column = False, int(back[row, column])
            elif row:
                column -= move
        elif row and not off_stays[row, column]:
            is_on = True
    count = int((places >= 0).sum())
    return SceneryPath(places, total / count if count else 0.0)
