"""How well one clip's movement fits another's, at every lag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clapless.numerics.picture_match import LEAST_SAMPLES, Curve, Peak, correlate, peak_of, summed
from clapless.signals.picture.feature import PictureFeature

FASTEST_S = 1 / 30
"""Finest step of the grid: faster frames are averaged."""

LEAST_S = 2.3
"""Less in common proves nothing, however many frames it has: movements take their time, so fast
frames are no more of them. As long as the least number of samples of real cameras of 6 frames per
second, on which all figures were measured."""

APART_S, COARSE_STEP_S = 0.25, 0.1
"""Lags closer than the first are one place; grids coarser than the second tell them by steps."""

LIGHT_CHANGE = 0.01
"""Standard deviation of the logarithm of the brightness from which on light counts as a cue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two clips at every lag.

    Parameters
    ----------
    curve
        Scores by lag; a lag of 0 puts b's time 0 on `zero_s` of a's clock.
    step_s
        Of the grid.
    zero_s
        Offset that lag 0 means.
    """

    curve: Curve
    step_s: float
    zero_s: float

    def offset_s(self, lag: float) -> float:
        """Return the offset of b on a's clock at a lag."""
        return self.zero_s + lag * self.step_s


def steps_apart(step_s: float) -> int:
    """Return the steps within which two lags mean one place: a quarter of a second, two at least.

    >>> steps_apart(0.04), steps_apart(1 / 6)
    (6, 2)
    """
    return max(2, round(APART_S / step_s)) if step_s < COARSE_STEP_S else 2


def grid_step_s(features: list[PictureFeature]) -> float:
    """Return the step of the common grid: the slowest clip's interval."""
    return max(FASTEST_S, *(feature.interval_s for feature in features))


def compare(a: PictureFeature, b: PictureFeature, step_s: float) -> Compared | None:
    """Return the scores of all lags, None where too little is in common at any."""
    start_a, start_b = float(a.times_s[0]), float(b.times_s[0])
    cues_a, cues_b = a.cues(step_s, start_a), b.cues(step_s, start_b)
    least = max(LEAST_SAMPLES, round(LEAST_S / step_s))
    curves = []
    for name, cue in cues_a.items():
        other = cues_b[name]
        if name == "light" and min(_deviation(cue.values), _deviation(other.values)) < LIGHT_CHANGE:
            continue
        curve = correlate(cue, other, least=least)
        if curve.lags.size:
            curves.append(curve)
    if not curves:
        return None
    curve = summed(curves, [0] * len(curves))
    return Compared(curve=curve, step_s=step_s, zero_s=start_a - start_b)


def _deviation(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    """Return a deviation that single steps do not make."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def best_of(compared: Compared) -> Peak | None:
    """Return the best place."""
    return peak_of(compared.curve, apart=steps_apart(compared.step_s))
