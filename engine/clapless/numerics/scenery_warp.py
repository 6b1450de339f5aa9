"""From placed pictures to a smooth way on the reference, in runs without a break.

Over their ways (`clapless.numerics.scenery_way`) two runs of one route are nearly the same: a line
of slope about one, which bends slowly. So single places are smoothed along it, and those that lie
off it are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from clapless.numerics.scenery_place import SURE_INLIERS, Placed
from clapless.numerics.scenery_smooth import smoothed
from clapless.numerics.scenery_way import Way

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SURE_SHARE = 0.3
"""A picture must share this much of what pictures of these two runs share where they share most:
about a fork far things are in common and near ones are not."""

NEAR_SHARE, NEAR_OF, LEAST_NEAR = 0.3, 7, 4
"""And this share of the near things that they usually share, in the median of as many pictures:
before two ways join, all that is far ahead is in common for 25 m and nothing beside. Not asked
where so few are usual, as in the dark."""

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

STD_FACTOR, OWN_SHARE, OWN_OVER, LEAST_STD, APART_SHARE = 1.2, 0.4, 3.0, 0.03, 0.1
"""The error of a place on the curve is made of four: what the scatter says of the curve, times a
factor, since errors of neighbours are alike; a share of what the pictures about it (the mean with
weights that wide) state by themselves, which does not even out; a share of a step, in any case; and
a share of how far apart the two cameras are, which is the same all along. Of the errors of 54 made
rides (9 seeds of 1001 to 1011) 97 in 100 lie within two standard deviations, 94 of those in the
dark and 98 or 99 of those in the same light or of riders apart."""

END_SHARE, END_OVER = 0.5, 4.0
"""At the ends of a run, where places are on one side only, errors are larger by so much again; it
fades within so many pictures."""

JOIN_WAY, LEAST_FAR = 0.6, 3
"""Where so many pictures that share only what is far lie just before a run, two ways join: what is
near is in common from this much before the join on, and the run begins behind it."""


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
    usual_near = float(np.percentile(placed.near, 75))
    far = np.zeros(len(sure), np.bool_)
    if usual_near >= LEAST_NEAR:
        calm = median_filter(placed.near, size=NEAR_OF, mode="nearest")
        far = (placed.inliers >= SURE_INLIERS) & (calm < NEAR_SHARE * usual_near)
    index, at, std = placed.index[sure], placed.at[sure], placed.std[sure]
    if len(index) < LEAST_PLACES:
        return []
    gone = new.gone[index]
    step = ref.usual
    steep = _steepness(gone, at)
    lead = at - steep * gone
    apart = float(np.hypot(np.median(placed.aside[sure]), np.median(placed.up[sure])))
    runs: list[Run] = []
    for piece in _pieces(lead, gone, step, steep):
        middle = median_filter(lead[piece], size=MEDIAN_OF, mode="nearest")
        kept = piece[np.abs(lead[piece] - middle) < OFF_STEPS * step]
        if len(kept) < LEAST_PLACES:
            continue
        for part in np.split(
            kept, np.flatnonzero(np.diff(gone[kept]) * steep > HOLE_STEPS * step) + 1
        ):
            part = part[_joined(new, placed, far, index[part], steep, step) :]
            if len(part) < LEAST_PLACES:
                continue
            run = _run(new, index[part], at[part], std[part], (steep, step, apart))
            if not runs or run.at[0] >= runs[-1].at[-1]:
                runs.append(run)
            elif len(run.index) > len(runs[-1].index):
                runs[-1] = run
    return runs


def _joined(new: Way, placed: Placed, far: Bools, index: Ints, steep: float, step: float) -> int:
    """Return how many of a run's first places lie before two ways join, not on the reference."""
    if index[0] <= new.moving[min(EDGE_PICTURES, len(new.moving) - 1)]:
        return 0
    only_far = placed.index[far]
    leading = int(np.argmin(np.append(np.isin(index, only_far), False)))
    begin = min(leading, len(index) - 1)
    before = (new.gone[index[begin]] - new.gone[only_far]) * steep
    if np.sum((before > 0) & (before < HOLE_STEPS * step)) < LEAST_FAR:
        return 0
    reached = new.gone[index[begin]] + JOIN_WAY / steep
    return int(np.searchsorted(new.gone[index], reached, "right"))


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


def _run(new: Way, index: Ints, at: Floats, std: Floats, scales: tuple[float, float, float]) -> Run:
    steep, step, apart = scales
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
    own = np.interp(np.arange(len(whole)), known, gaussian_filter1d(std, OWN_OVER, mode="nearest"))
    whole_error = np.sqrt(
        (error * STD_FACTOR) ** 2
        + (own * OWN_SHARE) ** 2
        + (LEAST_STD * step) ** 2
        + (APART_SHARE * apart) ** 2
    )
    ends = np.minimum(np.arange(len(whole)), np.arange(len(whole))[::-1])
    whole_error *= 1.0 + END_SHARE * np.exp(-ends / END_OVER)
    return Run(whole, rising, whole_error, len(index) / len(whole))
