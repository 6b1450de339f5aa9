"""How much agreement proves.

References
----------
The binomial tail is taken through the regularised incomplete beta function, in logarithms, so that
very small chances keep their size.
"""

from __future__ import annotations

import math

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
