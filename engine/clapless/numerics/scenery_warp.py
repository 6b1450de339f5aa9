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

WIDTH_STEPS = 3.0
"""Standard deviation of the weights that smooth along the way, in steps."""

STD_FACTOR = 1.4
"""Errors of neighbours are alike (they lie beside the same pictures): what the scatter says of the
smoothed place is this much too small, measured on made rides."""


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
            run = _run(new, index[part], at[part], std[part], steep, step)
            if not runs or run.at[0] >= runs[-1].at[-1]:
                runs.append(run)
            elif len(run.index) > len(runs[-1].index):
                runs[-1] = run
    return runs


def _steepness(gone: Floats, at: Floats) -> float:
    """Return by how much the reference's way grows for the new run's: pictures differ in detail."""
    reach = min(20, len(gone) - 1)
    along = gone[reach:] - gone[:-reach]
    ratio = (at[reach:] - at[:-reach])[along > 0] / along[along > 0]
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


def _run(new: Way, index: Ints, at: Floats, std: Floats, steep: float, step: float) -> Run:
    whole = new.moving[(new.moving >= index[0]) & (new.moving <= index[-1])]
    gone, known = new.gone[whole], new.gone[index]
    width = WIDTH_STEPS * step / steep
    lead = at - steep * known
    smooth, error = _smoothed(gone, known, lead, std, width)
    rising = np.maximum.accumulate(smooth + steep * gone)
    return Run(whole, rising, error, len(index) / len(whole))


def _smoothed(
    gone: Floats, known: Floats, lead: Floats, std: Floats, width: float
) -> tuple[Floats, Floats]:
    """Return local lines through the places, and their standard deviations (Cleveland 1979)."""
    scale = np.ones(len(known))
    value = np.empty(len(gone))
    error = np.empty(len(gone))
    at_known = lead
    for last in (False, False, True):
        where = gone if last else known
        value, error = np.empty(len(where)), np.empty(len(where))
        spread = 1.4826 * float(np.median(np.abs(lead - at_known))) if at_known is not lead else 0.0
        for number, place in enumerate(where):
            low, high = np.searchsorted(known, (place - 4 * width, place + 4 * width))
            low, high = _at_least(low, high, len(known), 5)
            part = slice(low, high)
            away = known[part] - place
            weight = np.exp(-0.5 * (away / width) ** 2) * scale[part] / std[part] ** 2
            weight = np.maximum(weight, 1e-12)
            value[number], error[number] = _line_at(away, lead[part], weight, std[part])
        if not last:
            at_known = value
            left = np.abs(lead - at_known) / std
            usual = 1.4826 * float(np.median(left)) + 1e-9
            scale = np.clip(1 - (left / (4 * usual)) ** 2, 0.0, 1.0) ** 2 + 1e-6
            inflate = max(usual, 0.3)
    del spread
    return value, error * inflate * STD_FACTOR


def _at_least(low: int, high: int, count: int, least: int) -> tuple[int, int]:
    """Return a span of at least so many, as far as there are so many."""
    while high - low < min(least, count):
        low, high = max(0, low - 1), min(count, high + 1)
    return int(low), int(high)


def _line_at(away: Floats, lead: Floats, weight: Floats, std: Floats) -> tuple[float, float]:
    """Return the value at zero of the weighted line, and its error by the places' own errors."""
    total = weight.sum()
    middle = float((weight * away).sum() / total)
    spread = float((weight * (away - middle) ** 2).sum() / total)
    tilt = -middle * (away - middle) / spread if spread > 1e-12 else np.zeros(len(away))
    shares = weight / total * (1 + tilt)
    return float((shares * lead).sum()), float(np.sqrt(((shares * std) ** 2).sum()))
