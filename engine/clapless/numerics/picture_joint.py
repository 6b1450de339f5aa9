"""Several clips laid over each other at once: the positions at which all pairs agree best.

Conventions
-----------
Positions are in steps of one grid. The curve of a pair (i, j) has its score for ``position[j] -
position[i]`` at that lag.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clapless.numerics.picture_match import Curve, summed

STARTS_PER_PAIR = 4
"""Best lags of each pair that a search starts from."""

ROUNDS = 3
"""How often every clip is moved to where the others want it."""


def against_others(
    curves: Mapping[tuple[int, int], Curve], clip: int, positions: Mapping[int, int]
) -> Curve | None:
    """Return the scores of all positions of a clip beside others that have theirs.

    Returns
    -------
    Curve or None
        Its lags are positions; None where no pair with the others can be compared.
    """
    parts: list[Curve] = []
    shifts: list[int] = []
    for other, position in positions.items():
        if other == clip:
            continue
        if (other, clip) in curves:
            parts.append(curves[other, clip])
        elif (clip, other) in curves:
            parts.append(turned(curves[clip, other]))
        else:
            continue
        shifts.append(position)
    return summed(parts, shifts) if parts else None


def turned(curve: Curve) -> Curve:
    """Return the curve of a pair seen from its other side."""
    return Curve(lags=-curve.lags[::-1], scores=curve.scores[::-1], samples=curve.samples[::-1])


def solve_jointly(curves: Mapping[tuple[int, int], Curve], clips: list[int]) -> dict[int, int]:
    """Return the positions at which the sum of all pairs' scores is largest.

    Parameters
    ----------
    curves
        Of the pairs that can be compared.
    clips
        All of them; one that cannot be compared stays out.

    Returns
    -------
    dict
        Clip -> position; the first clip lies at 0.
    """
    best: tuple[float, dict[int, int]] = (-np.inf, {})
    seen: set[tuple[tuple[int, int], ...]] = set()
    for (i, j), curve in curves.items():
        for index in np.argsort(curve.scores)[-STARTS_PER_PAIR:].tolist():
            positions = _grown(curves, clips, {i: 0, j: int(curve.lags[index])})
            for _ in range(ROUNDS):
                before = dict(positions)
                for clip in list(positions)[1:]:
                    rest = {c: p for c, p in positions.items() if c != clip}
                    scores = against_others(curves, clip, rest)
                    if scores is not None:
                        positions[clip] = int(scores.lags[np.argmax(scores.scores)])
                if positions == before:
                    break
            zero = positions[min(positions)]
            placed = {c: p - zero for c, p in positions.items()}
            key = tuple(sorted(placed.items()))
            if key in seen:
                continue
            seen.add(key)
            value = _total(curves, placed)
            if value > best[0]:
                best = (value, placed)
    return best[1]


def _grown(
    curves: Mapping[tuple[int, int], Curve], clips: list[int], start: dict[int, int]
) -> dict[int, int]:
    positions = dict(start)
    while True:
        found: tuple[float, int, int] | None = None
        for clip in clips:
            if clip in positions:
                continue
            scores = against_others(curves, clip, positions)
            if scores is None:
                continue
            top = int(np.argmax(scores.scores))
            if found is None or scores.scores[top] > found[0]:
                found = (float(scores.scores[top]), clip, int(scores.lags[top]))
        if found is None:
            return positions
        positions[found[1]] = found[2]


def _total(curves: Mapping[tuple[int, int], Curve], positions: Mapping[int, int]) -> float:
    total = 0.0
    for (i, j), curve in curves.items():
        if i not in positions or j not in positions:
            continue
        index = positions[j] - positions[i] - int(curve.lags[0])
        middle = float(np.median(curve.scores))
        inside = 0 <= index < curve.scores.size
        total += max(float(curve.scores[index]) - middle, -2.0) if inside else -1.0
    return total
