"""Lines through delays of which some are nonsense.

Conventions
-----------
A line is ``value + slope * (time - pivot)``; times and values are in seconds, so slopes are pure
numbers (1e-6 is one part per million). Value and slope of a fit are uncorrelated at its pivot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Doubles = NDArray[np.float64]

TUKEY = 4.685
"""Tuning constant of Tukey's biweight: 95 % efficiency where errors are normal."""

POLISH_SHARE = 0.95
"""A fitted line may lose this share of the votes of the pair of peaks it began with: chance adds a
peak or two to any line."""

LEAST_LEVER = 0.1
"""Two delays define a slope only if they are this share of the whole span apart."""


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted line and how sure it is.

    Parameters
    ----------
    value, slope, pivot
        ``value + slope * (time - pivot)``.
    value_std, slope_std
        Standard errors, uncorrelated at `pivot`.
    scatter
        Robust standard deviation of one value about the line.
    """

    value: float
    slope: float
    pivot: float
    value_std: float = 0.0
    slope_std: float = 0.0
    scatter: float = 0.0

    def at(self, time: float | Doubles) -> float | Doubles:
        """Return the line's value."""
        return self.value + self.slope * (time - self.pivot)


@dataclass(frozen=True, slots=True)
class Vote:
    """The line that most windows agree on.

    Parameters
    ----------
    line
        Through the agreeing peaks.
    chosen
        For each window the index of its agreeing peak, -1 where it has none, shape (n,).
    score
        Sum of the weights of the agreeing peaks.
    """

    line: Line
    chosen: NDArray[np.int64]
    score: float


def vote_line(
    times: Doubles,
    values: Doubles,
    weights: Doubles,
    *,
    tolerance: float,
    max_slope: float,
    sign: NDArray[np.int64] | None = None,
) -> Vote | None:
    """Return the line within whose tolerance the heaviest peaks of most windows lie.

    Every pair of peaks of two windows is tried, so the answer does not depend on chance.

    Parameters
    ----------
    times
        One per window, shape (n,).
    values, weights
        Peaks of each window, shape (n, peaks); a weight of 0 marks a missing one.
    tolerance
        Half width of the strip, in the unit of the values.
    max_slope
        Lines steeper than this are not considered.
    sign
        Polarity of each peak, +1 or -1, shape (n, peaks): only peaks of one polarity agree.

    Returns
    -------
    Vote or None
        None where no peak has weight.
    """
    n, per = values.shape
    flat_t = np.repeat(times, per)
    flat_v, flat_w = values.ravel(), weights.ravel()
    flat_s = np.ones(n * per, np.int64) if sign is None else sign.ravel()
    live = np.flatnonzero(flat_w > 0)
    if len(live) == 0:
        return None
    best: tuple[float, float, float, float, int] | None = None
    span = float(times.max() - times.min())
    for first in live:
        same = flat_s == flat_s[first]
        gap = flat_t - flat_t[first]
        usable = live[(gap[live] > LEAST_LEVER * span) & same[live]] if span > 0 else live[:0]
        slopes = (flat_v[usable] - flat_v[first]) / gap[usable] if len(usable) else np.zeros(0)
        slopes = np.concatenate([[0.0], slopes[np.abs(slopes) <= max_slope]])
        off = flat_v[None, :] - flat_v[first] - slopes[:, None] * gap[None, :]
        inside = (np.abs(off) <= tolerance) & same[None, :]
        gained = np.where(inside, flat_w[None, :], 0.0).reshape(len(slopes), n, per)
        scores = gained.max(axis=2).sum(axis=1)
        top = int(np.argmax(scores))
        if best is None or scores[top] > best[0] + 1e-12:
            best = (float(scores[top]), flat_v[first], slopes[top], flat_t[first], flat_s[first])
    assert best is not None
    score, value, slope, pivot, polarity = best
    return _polish(
        times,
        values,
        weights,
        flat_s.reshape(n, per) == polarity,
        tolerance,
        max_slope,
        Line(float(value), float(slope), float(pivot)),
        score,
    )


def _polish(
    times: Doubles,
    values: Doubles,
    weights: Doubles,
    allowed: NDArray[np.bool_],
    tolerance: float,
    max_slope: float,
    line: Line,
    score: float,
) -> Vote:
    chosen = _choose(times, values, weights, allowed, tolerance, line)
    for _ in range(5):
        use = chosen >= 0
        picked = values[use, chosen[use]]
        weight = weights[use, chosen[use]]
        fitted = _plain_fit(times[use], picked, weight, max_slope)
        again = _choose(times, values, weights, allowed, tolerance, fitted)
        gained = float(weights[again >= 0, again[again >= 0]].sum())
        if gained < POLISH_SHARE * score:
            break
        line, score = fitted, gained
        if np.array_equal(again, chosen):
            break
        chosen = again
    return Vote(line, _choose(times, values, weights, allowed, tolerance, line), score)


def _choose(
    times: Doubles,
    values: Doubles,
    weights: Doubles,
    allowed: NDArray[np.bool_],
    tolerance: float,
    line: Line,
) -> NDArray[np.int64]:
    expected = np.asarray(line.at(times))
    inside = (np.abs(values - expected[:, None]) <= tolerance) & (weights > 0) & allowed
    gained = np.where(inside, weights, -1.0)
    best = gained.argmax(axis=1)
    return np.where(gained[np.arange(len(times)), best] > 0, best, -1)


def _plain_fit(times: Doubles, values: Doubles, weights: Doubles, max_slope: float) -> Line:
    pivot = float(np.average(times, weights=weights))
    value = float(np.average(values, weights=weights))
    lever = float(np.sum(weights * (times - pivot) ** 2))
    slope = 0.0
    if len(times) > 2 and lever > 0:
        slope = float(np.sum(weights * (times - pivot) * (values - value)) / lever)
    return Line(value, float(np.clip(slope, -max_slope, max_slope)), pivot)


def fit_line(
    times: Doubles,
    values: Doubles,
    stds: Doubles,
    *,
    slope_prior: float = 0.0,
    slope_prior_std: float = np.inf,
    caution: float = 1.0,
) -> Line:
    """Fit a line with Tukey's weights and a belief about its slope.

    Parameters
    ----------
    times, values
        Shape (n,), n >= 1.
    stds
        Standard deviation of each value as far as it is known beforehand, shape (n,). Where the
        values scatter more than that, the errors of the line are widened accordingly.
    slope_prior, slope_prior_std
        What is believed of the slope, combined with what is measured as Bayes has it.
    caution
        Factor on the scatter of the values, for errors that are not quite independent.

    Returns
    -------
    Line
        At the pivot where value and slope are uncorrelated.

    Examples
    --------
    >>> t = np.arange(10.0)
    >>> v = 2.0 + 0.5 * t
    >>> v[3] = 40.0
    >>> line = fit_line(t, v, np.full(10, 0.01))
    >>> round(float(line.at(0.0)), 6), round(line.slope, 6)
    (2.0, 0.5)
    """
    n = len(times)
    base = 1.0 / np.maximum(stds, 1e-12) ** 2
    belief = 0.0 if np.isinf(slope_prior_std) else 1.0 / slope_prior_std**2
    line = _start(times, values, base, slope_prior, belief)
    inflation = 1.0
    for _ in range(30):
        residual = (values - np.asarray(line.at(times))) * np.sqrt(base)
        # Two parameters were taken from the data: small samples look tighter than they are.
        freedom = np.sqrt(n / max(n - 2, 1)) if n > 2 else 1.0
        scatter = float(1.4826 * np.median(np.abs(residual)) * freedom)
        inflation = max(1.0, scatter) * caution
        u = residual / (TUKEY * inflation / caution)
        robust = np.where(np.abs(u) < 1.0, (1.0 - u**2) ** 2, 0.0)
        weight = base * robust / inflation**2
        if weight.sum() <= 0:
            break
        fitted = _solve(times, values, weight, slope_prior, belief)
        moved = abs(fitted.value - np.asarray(line.at(fitted.pivot)))
        moved += abs(fitted.slope - line.slope) * (np.ptp(times) + 1e-12)
        line = fitted
        if moved < 1e-10:
            break
    typical = float(np.median(1.0 / np.sqrt(base)))
    return Line(
        line.value,
        line.slope,
        line.pivot,
        line.value_std,
        line.slope_std,
        inflation / caution * typical,
    )


def student_factor(freedom: int) -> float:
    """Return how much wider a 95 % interval is whose spread was estimated with so much freedom.

    It is 1 for a known spread. Less than one degree of freedom is taken as one.

    >>> [round(student_factor(n), 2) for n in (0, 1, 2, 5, 10, 1000)]
    [6.48, 6.48, 2.2, 1.31, 1.14, 1.0]
    """
    return float(special.stdtrit(max(freedom, 1), 0.975) / special.ndtri(0.975))


def _start(
    times: Doubles, values: Doubles, base: Doubles, slope_prior: float, belief: float
) -> Line:
    """Median of slopes and values (Theil and Sen), a start that outliers do not move."""
    n = len(times)
    if n < 3:
        return _solve(times, values, base, slope_prior, belief)
    i, j = np.triu_indices(n, 1)
    gap = times[j] - times[i]
    use = np.abs(gap) > LEAST_LEVER * np.ptp(times)
    slope = float(np.median((values[j] - values[i])[use] / gap[use])) if use.any() else slope_prior
    pivot = float(np.average(times, weights=base))
    value = float(np.median(values - slope * (times - pivot)))
    return Line(value, slope, pivot)


def _solve(
    times: Doubles, values: Doubles, weight: Doubles, slope_prior: float, belief: float
) -> Line:
    total = float(weight.sum())
    pivot = float((weight * times).sum() / total)
    value = float((weight * values).sum() / total)
    lever = float((weight * (times - pivot) ** 2).sum())
    moment = float((weight * (times - pivot) * (values - value)).sum())
    slope = (moment + belief * slope_prior) / (lever + belief) if lever + belief > 0 else 0.0
    slope_std = (lever + belief) ** -0.5 if lever + belief > 0 else np.inf
    return Line(value, float(slope), pivot, total**-0.5, float(slope_std))
