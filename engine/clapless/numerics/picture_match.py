"""Where one moving picture lies in another: correlation over all lags with missing samples.

Conventions
-----------
Both clips are put on one even grid. Samples may be missing (weight 0): the difference into a
keyframe is the encoder's own, and stretches are left out. `lag` is in steps: sample i of b lies
beside sample ``i + lag`` of a. A score is Fisher's z of the agreement times the root of the number
of samples, so that scores of cues, and of pairs, add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

Doubles = NDArray[np.float64]

LEAST_SAMPLES = 14
"""Fewer samples in common prove nothing."""

HIGH_PASS_S = 0.7
HIGH_PASS_STEPS = 4.0
"""Slow changes are taken off by a Gaussian of this standard deviation, the longer of the two: what
all clips do slowly agrees everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One kind of evidence on a grid: values, float64, shape (channels, n), and weights, (n,)."""

    values: Doubles
    weights: Doubles
    signed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Scores over all lags.

    Parameters
    ----------
    lags
        int64, shape (m,), rising by one.
    scores
        float64, shape (m,).
    samples
        In common at each lag, float64, shape (m,).
    """

    lags: NDArray[np.int64]
    scores: Doubles
    samples: Doubles


def on_grid(
    times_s: Doubles, values: Doubles, valid: NDArray[np.bool_], *, step_s: float, origin_s: float
) -> tuple[Doubles, Doubles]:
    """Return values and weights on an even grid.

    Parameters
    ----------
    times_s
        Rising, shape (n,).
    values
        Shape (n, channels).
    valid
        Which samples there are, shape (n,).
    step_s, origin_s
        Of the grid.

    Returns
    -------
    values
        Shape (channels, m).
    weights
        0 to 1, shape (m,).
    """
    count = int(np.floor((times_s[-1] - origin_s) / step_s)) + 1
    grid_s = origin_s + np.arange(count) * step_s
    right = np.clip(np.searchsorted(times_s, grid_s), 1, max(times_s.size - 1, 1))
    left = right - 1
    right = np.minimum(right, times_s.size - 1)
    gap_s = np.maximum(times_s[right] - times_s[left], 1e-9)
    share = np.clip((grid_s - times_s[left]) / gap_s, 0.0, 1.0)
    near = gap_s < 2.5 * max(step_s, float(np.median(np.diff(times_s))) if times_s.size > 1 else 0)
    known = valid.astype(np.float64)
    low, high = (1 - share) * known[left] * near, share * known[right] * near
    weights = low + high
    mixed = values[left] * low[:, None] + values[right] * high[:, None]
    result = mixed / np.maximum(weights, 1e-9)[:, None]
    return result.T.copy(), np.where(weights > 0.5, weights, 0.0)


def high_passed(values: Doubles, weights: Doubles, *, step_s: float) -> Doubles:
    """Return values without their slow part; missing samples do not count."""
    sigma = max(HIGH_PASS_STEPS, HIGH_PASS_S / step_s)
    total = ndimage.gaussian_filter1d(weights, sigma, mode="constant")
    slow = ndimage.gaussian_filter1d(values * weights, sigma, axis=-1, mode="constant")
    return np.where(weights > 0, values - slow / np.maximum(total, 1e-6), 0.0)


def correlate(a: Cue, b: Cue, *, least: int = LEAST_SAMPLES) -> Curve:
    """Return the score of every lag at which enough samples are in common.

    Each channel is compared with its best partner in the other clip, weighted by how much it
    varies: views that overlap in part, that are mirrored or turned, still have regions in common.
    """
    n_a, n_b = a.weights.size, b.weights.size
    size = fft.next_fast_len(n_a + n_b, real=True)
    lags = np.arange(-(n_b - 1), n_a)

    def spectrum(rows: Doubles) -> NDArray[np.complex128]:
        return np.asarray(fft.rfft(rows, size, axis=-1))

    def meet(one: NDArray[np.complex128], other: NDArray[np.complex128]) -> Doubles:
        return np.asarray(fft.irfft(one * np.conj(other), size)[lags % size])

    weight_a, weight_b = spectrum(a.weights), spectrum(b.weights)
    first_a, first_b = spectrum(a.values * a.weights), spectrum(b.values * b.weights)
    second_a = spectrum(a.values**2 * a.weights)
    second_b = spectrum(b.values**2 * b.weights)
    samples = np.maximum(meet(weight_a, weight_b), 0.0)
    safe = np.maximum(samples, 1.0)
    means_a = [meet(row, weight_b) / safe for row in first_a]
    means_b = [meet(weight_a, row) / safe for row in first_b]
    spread_a = np.stack(
        [
            np.maximum(meet(second, weight_b) / safe - mean**2, 0)
            for second, mean in zip(second_a, means_a, strict=True)
        ]
    )
    spread_b = np.stack(
        [
            np.maximum(meet(weight_a, second) / safe - mean**2, 0)
            for second, mean in zip(second_b, means_b, strict=True)
        ]
    )
    std_a, std_b = np.sqrt(spread_a), np.sqrt(spread_b)
    floor_a = 1e-3 * float(std_a.max(initial=0.0)) + 1e-9
    floor_b = 1e-3 * float(std_b.max(initial=0.0)) + 1e-9
    best_a = np.full(std_a.shape, -1.0)
    best_b = np.full(std_b.shape, -1.0)
    for i in range(a.values.shape[0]):
        for j in range(b.values.shape[0]):
            shared = meet(first_a[i], first_b[j]) / safe - means_a[i] * means_b[j]
            agreement = shared / ((std_a[i] + floor_a) * (std_b[j] + floor_b))
            if a.signed:
                agreement = np.abs(agreement)
            np.maximum(best_a[i], agreement, out=best_a[i])
            np.maximum(best_b[j], agreement, out=best_b[j])
    agreed = (_weighted(best_a, std_a) + _weighted(best_b, std_b)) / 2
    scores = np.arctanh(np.clip(agreed, -0.999, 0.999)) * np.sqrt(np.maximum(samples - 3, 0))
    enough = samples >= least
    if not enough.any():
        return Curve(lags=lags[:0], scores=scores[:0], samples=samples[:0])
    bounds = np.flatnonzero(enough)
    kept = slice(int(bounds[0]), int(bounds[-1]) + 1)
    floor = float(np.median(scores[enough]))
    scores = np.where(enough, scores, floor)
    return Curve(lags=lags[kept], scores=scores[kept], samples=samples[kept])


def _weighted(best: Doubles, spread: Doubles) -> Doubles:
    total = spread.sum(axis=0)
    return np.asarray((best * spread).sum(axis=0) / np.maximum(total, 1e-12))


def summed(curves: list[Curve], shifts: list[int]) -> Curve:
    """Return the sum of curves, each moved by so many steps; missing lags count as its median."""
    low = min(int(c.lags[0]) + s for c, s in zip(curves, shifts, strict=True))
    high = max(int(c.lags[-1]) + s for c, s in zip(curves, shifts, strict=True))
    lags = np.arange(low, high + 1)
    scores, samples = np.zeros(lags.size), np.zeros(lags.size)
    for curve, shift in zip(curves, shifts, strict=True):
        at = int(curve.lags[0]) + shift - low
        inside = slice(at, at + curve.lags.size)
        scores[inside] += np.maximum(curve.scores - float(np.median(curve.scores)), -2.0)
        samples[inside] += curve.samples
    return Curve(lags=lags, scores=scores, samples=samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The best place of a curve.

    Parameters
    ----------
    lag
        In steps, between them too.
    score
        Its height.
    z
        Height over the middle of the curve in its own deviations.
    margin
        Height over the best other place, in the same.
    width
        Steps over which the score falls by one from the top: its error.
    rival
        Lag of the best other place.
    """

    lag: float
    score: float
    z: float
    margin: float
    width: float
    rival: float | None


def peak_of(curve: Curve, *, apart: int = 2) -> Peak | None:
    """Return the best place of a curve; None where there is no curve.

    Parameters
    ----------
    curve
        Scores.
    apart
        Places closer than this many steps are one.
    """
    if curve.lags.size < 2 * apart + 8:
        return None
    scores = curve.scores
    top = int(np.argmax(scores))
    far = np.abs(np.arange(scores.size) - top) > apart
    middle = float(np.median(scores[far]))
    deviation = 1.4826 * float(np.median(np.abs(scores[far] - middle))) + 0.15
    other = int(np.flatnonzero(far)[np.argmax(scores[far])])
    moved, width = 0.0, 1.0
    if 0 < top < scores.size - 1:
        bend = float(scores[top - 1] - 2 * scores[top] + scores[top + 1])
        if bend < -1e-9:
            moved = float(np.clip((scores[top - 1] - scores[top + 1]) / (2 * bend), -0.5, 0.5))
            width = float(np.clip(np.sqrt(2 / -bend), 0.02, 3.0))
    return Peak(
        lag=float(curve.lags[top]) + moved,
        score=float(scores[top]),
        z=(float(scores[top]) - middle) / deviation,
        margin=(float(scores[top]) - float(scores[other])) / deviation,
        width=width,
        rival=float(curve.lags[other]),
    )
