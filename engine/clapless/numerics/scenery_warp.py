"""From placed pictures to a smooth way on the reference, in runs without a break.

Over their ways (`clapless.numerics.scenery_way`) two runs of one route are nearly the same: a line
of slope about one, which bends slowly. So single places are smoothed along it, and those that lie
off it are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from clapless.numerics.scenery_place import SURE_INLIERS, Placed
from clapless.numerics.scenery_smooth import smoothed
from clapless.numerics.scenery_way import Way

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SURE_SHARE = 0.3
"""A picture must share this much of what pictures of these two runs share where they share most:
about a fork far things are in common and near ones are not."""

MEDIAN_OF = 9
"""Places are held against the median of as many about them."""

OFF_STEPS = 3.0
"""A place farther off than so many steps of the usual riding is wrong."""

JUMP_STEPS = 8.0
"""Where the median itself jumps by so many steps, something was left out."""

HOLE_STEPS = 12.0
"""No more steps without a sure place within a run."""

LEAST_PLACES = 10
"""Fewer sure places are no run."""

STEEP_OVER = 8
"""Places over which one way's growth is held against the other's."""

EDGE_PICTURES = 4
"""A run that begins or ends so near the recording's first or last picture reaches it."""

STD_FACTOR = 3.2
"""Errors of neighbours are alike, since they lie beside the same pictures: what the scatter says of
the curve is this much too small. With this and `LEAST_STD` 95 of 100 errors of three made rides lie
within two standard deviations (seeds 11 to 14), 94 to 96 of each."""

LEAST_STD = 0.1
"""And it is not below this, in steps: what stands where is the same for many pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A stretch of the new run on the reference.

    Parameters
    ----------
    index
        Its pictures (all that move, from its first sure one to its last), int64, shape (n,).
    at
        Way of the reference at each, rising, shape (n,).
    std
        Standard deviation of `at`, shape (n,).
    sure
        Share of its pictures that are sure by themselves.
    """

    index: Ints
    at: Floats
    std: Floats
    sure: float


def runs_of(ref: Way, new: Way, placed: Placed) -> list[Run]:
    """Return the runs, in rising order of both ways."""
    if not len(placed.index):
        return []
    usual_inliers = float(np.percentile(placed.inliers, 75))
    sure = placed.inliers >= max(SURE_INLIERS, SURE_SHARE * usual_inliers)
    index, at, std = placed.index[sure], placed.at[sure], placed.std[sure]
    if len(index) < LEAST_PLACES:
        return []
    gone = new.gone[index]
    step = ref.usual
    steep = _steepness(gone, at)
    lead = at - steep * gone
    runs: list[Run] = []
    for piece in _pieces(lead, gone, step, steep):
        middle = median_filter(lead[piece], size=MEDIAN_OF, mode="nearest")
        kept = piece[np.abs(lead[piece] - middle) < OFF_STEPS * step]
        if len(kept) < LEAST_PLACES:
            continue
        for part in np.split(
            kept, np.flatnonzero(np.diff(gone[kept]) * steep > HOLE_STEPS * step) + 1
        ):
            if len(part) < LEAST_PLACES:
                continue
            run = _run(new, index[part], at[part], std[part], (steep, step))
            if not runs or run.at[0] >= runs[-1].at[-1]:
                runs.append(run)
            elif len(run.index) > len(runs[-1].index):
                runs[-1] = run
    return runs


def _steepness(gone: Floats, at: Floats) -> float:
    """Return by how much the reference's way grows for the new run's: pictures differ in detail."""
    reach = min(STEEP_OVER, len(gone) - 1)
    along, risen = gone[reach:] - gone[:-reach], at[reach:] - at[:-reach]
    # Over a gap the one grows and the other does not.
    whole = (along > 0) & (along < 1.7 * np.median(along))
    ratio = risen[whole] / along[whole]
    return float(np.clip(np.median(ratio), 0.4, 2.5)) if len(ratio) else 1.0


def _pieces(lead: Floats, gone: Floats, step: float, steep: float) -> list[Ints]:
    """Return indices of the places between jumps."""
    calm = median_filter(lead, size=MEDIAN_OF, mode="nearest")
    jumps = np.abs(np.diff(calm)) > JUMP_STEPS * step
    # The median jumps where the half of its window does; the place itself says where exactly.
    cuts: list[int] = []
    for cut in np.flatnonzero(jumps).tolist():
        low, high = max(0, cut - 3), min(len(lead) - 1, cut + 4)
        cuts.append(low + int(np.argmax(np.abs(np.diff(lead[low : high + 1])))) + 1)
    holes = np.flatnonzero(np.diff(gone) * steep > HOLE_STEPS * step) + 1
    edges = sorted({*cuts, *holes.tolist()})
    return [piece for piece in np.split(np.arange(len(lead)), edges) if len(piece)]


def _run(new: Way, index: Ints, at: Floats, std: Floats, scales: tuple[float, float]) -> Run:
    steep, step = scales
    first, last = np.searchsorted(new.moving, (index[0], index[-1])).tolist()
    if first <= EDGE_PICTURES:
        first = 0
    if len(new.moving) - 1 - last <= EDGE_PICTURES:
        last = len(new.moving) - 1
    whole = new.moving[first : last + 1]
    known = np.searchsorted(whole, index)
    gone = steep * new.gone[whole]
    lead, error = smoothed(gone, known, at - gone[known], std, step=step)
    rising = np.maximum.accumulate(lead + gone)
    whole_error = np.hypot(error * STD_FACTOR, LEAST_STD * step)
    return Run(whole, rising, whole_error, len(index) / len(whole))
