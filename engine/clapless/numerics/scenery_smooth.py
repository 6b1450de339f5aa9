"""One curve through places that scatter: a slow wandering seen through errors of unlike size.

The wandering is a random walk along the way; how fast it wanders is taken from the places
themselves by their likelihood, so that good pictures are followed closely and bad ones are bridged.
Errors are as large as the scatter about them says, and single wrong places weigh little.

References
----------
Rauch, Tung and Striebel (1965): the smoother. Lange, Little and Taylor (1989): Student's t as
weights that are fitted again and again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WANDERS = (0.02, 0.05, 0.1, 0.2)
"""Standard deviations of the wandering from step to step that are tried, in steps."""

FREEDOM = 4.0
"""Degrees of freedom of Student's t."""

ABOUT = 5.0
"""Standard deviation, in places, of the weights with which scatter is taken from about a place."""

LEAST_SCATTER = 0.5
"""Of what the places' own errors say, in any case."""

ROUNDS = 4
"""Of weights and scatter."""


def smoothed(
    along: Floats, known: Ints, values: Floats, std: Floats, *, step: float
) -> tuple[Floats, Floats]:
    """Return a curve and its standard deviation.

    Parameters
    ----------
    along
        Where the curve is wanted, rising, shape (n,).
    known
        Indices into `along` at which there are values, rising, shape (m,).
    values, std
        The values and the errors they state, shape (m,).
    step
        Unit of the way in which the wandering is stated, and of the values.

    Returns
    -------
    curve, error
        Shape (n,).
    """
    lapse = np.maximum(np.diff(along), 1e-9) / step
    scatter, weight = np.ones(len(known)), np.ones(len(known))
    wander = WANDERS[1] * step
    curve = error = np.zeros(len(along))
    for _ in range(ROUNDS):
        seen = np.full(len(along), np.nan)
        noise = np.full(len(along), np.inf)
        seen[known] = values
        noise[known] = (std * scatter) ** 2 / weight
        wander = max(
            (_likelihood(lapse, seen, noise, share * step), share * step) for share in WANDERS
        )[1]
        curve, error = _curve(lapse, seen, noise, wander)
        left = np.abs(values - curve[known]) / std
        # A mean of the absolute errors with wild ones held down, as a standard deviation.
        held = np.minimum(left, 4 * np.median(left) + 1e-9)
        scatter = 1.25 * gaussian_filter1d(held, ABOUT, mode="nearest")
        scatter = np.maximum(scatter, LEAST_SCATTER)
        weight = (FREEDOM + 1) / (FREEDOM + (left / scatter) ** 2)
    return curve, error


def _filtered(
    lapse: Floats, seen: Floats, noise: Floats, wander: float
) -> tuple[list[float], list[float], float]:
    """Return the filter's states and variances, and the log-likelihood of what was seen."""
    first = int(np.flatnonzero(np.isfinite(seen))[0])
    state, spread = float(seen[first]), float(noise[first]) * 4
    states, spreads, total = [], [], 0.0
    steps = [0.0, *(wander**2 * lapse).tolist()]
    for step, value, error in zip(steps, seen.tolist(), noise.tolist(), strict=True):
        spread += step
        if value == value:
            off, whole = value - state, spread + error
            total -= 0.5 * (off * off / whole + np.log(whole))
            gain = spread / whole
            state += gain * off
            spread *= 1 - gain
        states.append(state)
        spreads.append(spread)
    return states, spreads, total


def _likelihood(lapse: Floats, seen: Floats, noise: Floats, wander: float) -> float:
    return _filtered(lapse, seen, noise, wander)[2]


def _curve(lapse: Floats, seen: Floats, noise: Floats, wander: float) -> tuple[Floats, Floats]:
    states, spreads, _ = _filtered(lapse, seen, noise, wander)
    for index in range(len(states) - 2, -1, -1):
        ahead = spreads[index] + wander**2 * float(lapse[index])
        gain = spreads[index] / ahead
        states[index] += gain * (states[index + 1] - states[index])
        spreads[index] += gain**2 * (spreads[index + 1] - ahead)
    return np.array(states), np.sqrt(np.array(spreads))
