"""How a camera turned between two pictures, in three bands of rows, out of points that moved.

Conventions
-----------
Camera axes: x to the right, y down, z ahead. A camera that turns by the small rotation vector
``w`` (rad) sees a point at ``(x, y)`` (tangents of its angles) move by

    dx = wx * x * y - wy * (1 + x^2) + wz * y + zoom * x
    dy = wx * (1 + y^2) - wy * x * y - wz * x + zoom * y

The angle of view is not known: `FIELD_DEG` is assumed. A wrong one scales turning about x and y
alike, and leaves that about z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.shake_track import BANDS, Moves

Doubles = NDArray[np.float64]

FIELD_DEG = 75.0
"""Assumed angle of view across the width: cameras have 50 to 120."""

FOCAL = 0.5 / np.tan(np.radians(FIELD_DEG) / 2)
"""Focal length in widths of the picture."""

FEWEST = 8
"""A band with fewer points says nothing."""

ROUNDS, BAND_ROUNDS = 4, 2
"""Rounds of the robust fit of the whole picture, and of each band."""

TUKEY = 4.0
"""Points farther off than this many deviations are left out."""

LEAST_DEVIATION = 1e-4
"""Deviation of a point's move, as a tangent, below which the tracker is not believed: a thirtieth
of a pixel."""


MOST_DEVIATION = 0.015
"""Typical deviation of points, as a tangent, from which on no turning explains them: 3 pixels. One
picture does not follow from the other (a cut), or nothing in it holds still."""


@dataclass(frozen=True, slots=True)
class BandTurns:
    """How bands of rows turned between pictures.

    Parameters
    ----------
    turns
        Rotation vectors in rad, float64, shape (n, BANDS, 3).
    rows
        Mean row of the points they were had from, 0 in the middle, -0.5 at the top and 0.5 at the
        bottom of the picture, shape (n, BANDS).
    points
        How many points, shape (n, BANDS); 0 where a band says nothing.
    """

    turns: Doubles
    rows: Doubles
    points: NDArray[np.int64]


def band_turns(moved: Sequence[Moves], *, height: float) -> BandTurns:
    """Return how each band turned, for many pairs of pictures at once.

    Parameters
    ----------
    moved
        One per pair of pictures.
    height
        Of the picture, in units of its width.
    """
    count = len(moved)
    most = max((move.middles.shape[0] for move in moved), default=0)
    if not count or not most:
        shape = (count, BANDS)
        return BandTurns(np.zeros((*shape, 3)), np.zeros(shape), np.zeros(shape, np.int64))
    middles, moves = np.zeros((count, most, 2)), np.zeros((count, most, 2))
    known = np.zeros((count, most))
    for number, move in enumerate(moved):
        size = move.middles.shape[0]
        middles[number, :size] = move.middles / FOCAL
        moves[number, :size] = move.moves / FOCAL
        known[number, :size] = 1.0
    model = _model(middles)
    rows = middles[..., 1] * FOCAL / height
    # Rows are read one after the other: while the turning changes, those at top and bottom turn
    # otherwise than the middle. Without this the fastest moments would be left out as outliers.
    sheared = np.concatenate([model, model[..., :3] * rows[..., None, None]], axis=-1)
    _, weights, deviation = _robust(sheared, moves, known, ROUNDS, None)
    band_of = np.clip(((rows + 0.5) * BANDS).astype(int), 0, BANDS - 1)
    turns = np.zeros((count, BANDS, 3))
    centres = np.zeros((count, BANDS))
    points = np.zeros((count, BANDS), np.int64)
    for band in range(BANDS):
        # What the whole picture's turning does not explain by far is something that moves.
        own = known * (band_of == band) * (weights > 0.1)
        fitted, share, _ = _robust(model, moves, own, BAND_ROUNDS, deviation)
        size = (share > 0.1).sum(axis=1)
        good = (size >= FEWEST) & (deviation < MOST_DEVIATION)
        turns[good, band] = fitted[good, :3]
        total = np.maximum(share.sum(axis=1), 1e-9)
        centres[:, band] = (share * rows).sum(axis=1) / total
        points[:, band] = np.where(good, size, 0)
    return BandTurns(turns, centres, points)


def _model(middles: Doubles) -> Doubles:
    """Return what each of (wx, wy, wz, zoom) does to each point, shape (n, points, 2, 4)."""
    x, y = middles[..., 0], middles[..., 1]
    across = np.stack([x * y, -(1 + x * x), y, x], axis=-1)
    down = np.stack([1 + y * y, -x * y, -x, y], axis=-1)
    return np.stack([across, down], axis=-2)


def _robust(
    model: Doubles, moves: Doubles, known: Doubles, rounds: int, deviation: Doubles | None
) -> tuple[Doubles, Doubles, Doubles]:
    """Return solutions (n, columns), weights of the points (n, points) and deviations (n,)."""
    weights = known
    count = known.shape[0]
    solution = np.zeros((count, model.shape[-1]))
    spread = np.zeros(count) if deviation is None else deviation
    for _ in range(rounds):
        weighted = model * weights[..., None, None]
        normal = np.einsum("npij,npik->njk", weighted, model, optimize=True)
        normal += 1e-7 * np.eye(model.shape[-1])
        right = np.einsum("npij,npi->nj", weighted, moves, optimize=True)
        solution = np.linalg.solve(normal, right[..., None])[..., 0]
        left = moves - np.einsum("npij,nj->npi", model, solution, optimize=True)
        off = np.hypot(left[..., 0], left[..., 1])
        if deviation is None:
            hidden = np.where(known > 0, off, np.nan)
            with np.errstate(all="ignore"):
                spread = _median(hidden) / 1.1774
        limit = TUKEY * np.maximum(spread, LEAST_DEVIATION)
        weights = known * np.clip(1 - (off / limit[:, None]) ** 2, 0.0, None) ** 2
    return solution, weights, spread


def _median(values: Doubles) -> Doubles:
    """Return the median of each row without its NaNs; 0 for a row of NaNs alone."""
    ordered = np.sort(values, axis=1)
    size = np.isfinite(values).sum(axis=1)
    middle = np.maximum(size - 1, 0) // 2
    picked = ordered[np.arange(values.shape[0]), middle]
    return np.where(size > 0, picked, 0.0)
