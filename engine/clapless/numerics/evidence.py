"""How much agreement proves.

References
----------
The binomial tail is taken through the regularised incomplete beta function, in logarithms, so that
very small chances keep their size.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

LEAST_LOG10 = -300.0
"""Chances below 1e-300 are all the same."""


def log10_binomial_tail(hits: float, trials: float, chance: float) -> float:
    """Return log10 of the chance of at least so many hits.

    Parameters
    ----------
    hits, trials
        May be fractions of a hit (windows that overlap count in part); 0 <= hits <= trials.
    chance
        Of one trial, 0 < chance < 1.

    Examples
    --------
    >>> round(log10_binomial_tail(2, 2, 0.1), 6)
    -2.0
    >>> log10_binomial_tail(0, 5, 0.1)
    0.0
    """
    if hits <= 0:
        return 0.0
    if hits > trials:
        raise ValueError(f"there cannot be {hits} hits in {trials} trials")
    tail = float(special.betainc(hits, trials - hits + 1.0, chance))
    if tail > 1e-290:
        return math.log10(tail)
    # The leading term rules where the tail is far out.
    leading = (
        special.gammaln(trials + 1.0)
        - special.gammaln(hits + 1.0)
        - special.gammaln(trials - hits + 1.0)
        + hits * math.log(chance)
        + (trials - hits) * math.log1p(-chance)
    )
    return max(LEAST_LOG10, float(leading) / math.log(10.0))


def logistic(score: float) -> float:
    """Return 1 / (1 + exp(-score)).

    >>> logistic(0.0)
    0.5
    """
    if score >= 0:
        return 1.0 / (1.0 + math.exp(-min(score, 700.0)))
    grown = math.exp(max(score, -700.0))
    return grown / (1.0 + grown)


def fit_logistic(
    statistics: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    right: np.ndarray[tuple[int], np.dtype[np.bool_]],
    *,
    ridge: float = 1e-2,
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Fit the weights of a logistic score by Newton's method.

    Parameters
    ----------
    statistics
        float64, shape (n, k), of comparable size.
    right
        bool, shape (n,).
    ridge
        Pull of the weights towards zero (not of the constant), so that what separates perfectly
        still gets finite weights.

    Returns
    -------
    numpy.ndarray
        float64, shape (k + 1,): the constant, then one weight per statistic.
    """
    n, k = statistics.shape
    design = np.concatenate([np.ones((n, 1)), statistics], axis=1)
    pull = np.full(k + 1, ridge)
    pull[0] = 0.0
    weights = np.zeros(k + 1)
    for _ in range(100):
        chance = special.expit(design @ weights)
        gradient = design.T @ (right - chance) - pull * weights
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(pull + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights
