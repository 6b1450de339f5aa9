"""Which flashes of two cameras are the same, by the pattern of the intervals between them.

Conventions
-----------
``t_a = t_b + offset_s``, to within a tolerance and a drift. Chances are of series of flashes that
have nothing to do with each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

TOLERANCE_S = 0.045
"""How far two times of one flash may lie apart: each is known to exposure and readout together."""

MOST_DRIFT = 2e-4
"""Largest difference of two clocks, as a pure number."""

MOST_HYPOTHESES = 3000
"""Pairs of flashes that are tried as the same one, those first whose offset many share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One way to lay two series over each other.

    Parameters
    ----------
    pairs
        Indices (in a, in b) of flashes that are the same.
    offset_s
        Median of the time in a minus the time in b.
    log10_chance
        Of so many agreeing by chance, all offsets tried; at most 0 but for hopeless cases.
    """

    pairs: tuple[tuple[int, int], ...]
    offset_s: float
    log10_chance: float


def find_patterns(
    a_s: Doubles,
    b_s: Doubles,
    *,
    near_s: tuple[float, float] | None = None,
    tolerance_s: float = TOLERANCE_S,
) -> list[Pattern]:
    """Return the best ways to lay two series of flashes over each other, best first, at most 2.

    Parameters
    ----------
    a_s, b_s
        Times of the flashes of two cameras, float64, shapes (n,) and (m,).
    near_s
        Smallest and largest offset that is looked at.
    tolerance_s
        How far two times of one flash may lie apart.

    Examples
    --------
    >>> times = np.array([1.0, 4.3, 9.1, 11.8, 20.5])
    >>> best = find_patterns(times, times[1:] - 3.0)[0]
    >>> round(best.offset_s, 3), len(best.pairs)
    (3.0, 4)
    """
    if not a_s.size or not b_s.size:
        return []
    differences = (a_s[:, None] - b_s[None]).ravel()
    allowed = np.arange(differences.size)
    if near_s is not None:
        allowed = np.flatnonzero((differences >= near_s[0]) & (differences <= near_s[1]))
    if allowed.size > MOST_HYPOTHESES:
        ordered = np.sort(differences[allowed])
        reach = tolerance_s
        votes = np.searchsorted(ordered, differences[allowed] + reach) - np.searchsorted(
            ordered, differences[allowed] - reach
        )
        allowed = allowed[np.argsort(-votes, kind="stable")[:MOST_HYPOTHESES]]
    found: dict[tuple[tuple[int, int], ...], Pattern] = {}
    for index in allowed.tolist():
        i, j = divmod(index, b_s.size)
        pairs = _agreeing(a_s, b_s, i, j, tolerance_s)
        if pairs not in found:
            offset_s = float(np.median([a_s[one] - b_s[two] for one, two in pairs]))
            chance = _log10_chance(a_s, b_s, len(pairs), tolerance_s)
            found[pairs] = Pattern(pairs=pairs, offset_s=offset_s, log10_chance=chance)
    ranked = sorted(found.values(), key=lambda p: (p.log10_chance, -len(p.pairs), p.pairs))
    if not ranked:
        return []
    best = ranked[0]
    rivals = [p for p in ranked[1:] if abs(p.offset_s - best.offset_s) > 2.5 * tolerance_s]
    return [best, *rivals[:1]]


def _agreeing(
    a_s: Doubles, b_s: Doubles, i: int, j: int, tolerance_s: float
) -> tuple[tuple[int, int], ...]:
    """Return which flashes agree, one to one, where i and j are the same."""
    offset_s = a_s[i] - b_s[j]
    apart_s = np.abs(a_s[:, None] - b_s[None] - offset_s)
    limit_s = tolerance_s + MOST_DRIFT * np.abs(b_s - b_s[j])
    close = np.argwhere(apart_s < limit_s[None])
    order = np.argsort(apart_s[close[:, 0], close[:, 1]], kind="stable")
    used_a: set[int] = set()
    used_b: set[int] = set()
    pairs = []
    for one, two in close[order].tolist():
        if one not in used_a and two not in used_b:
            used_a.add(one)
            used_b.add(two)
            pairs.append((one, two))
    return tuple(sorted(pairs))


def _log10_chance(a_s: Doubles, b_s: Doubles, agreeing: int, tolerance_s: float) -> float:
    """Return log10 of how often chance does as well, by the Poisson law of chance meetings."""
    if agreeing < 1:
        return 0.0
    span_s = max(float(np.ptp(a_s)), float(np.ptp(b_s)), 1.0)
    trials = a_s.size * b_s.size
    expected = max(trials * 2 * tolerance_s / span_s, 1e-9)
    return (
        math.log(trials) + (agreeing - 1) * math.log(expected) - math.lgamma(agreeing)
    ) / math.log(10)
