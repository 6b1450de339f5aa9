"""A place of one movement in another, measured as finely as it can be: the fit.

Conventions
-----------
``t_a = t_b + line(t_b)`` in seconds, a line over b's time. In each window the delay that explains
most of what is left between a and the turned b is had to first order in closed form, with its
standard error; a robust line through the windows is the next place, until nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.lines import Line, fit_line
from clapless.numerics.motion import Place
from clapless.numerics.movement import (
    Doubles,
    Prepared,
    band_passed,
    evidence_of,
    independent_share,
    strength_of,
    whitened,
)
from clapless.numerics.rotations import best_rotation, rotation_strength

LEAST_GOOD = 0.2
"""Share of windows in which a and b must have anything to do with each other."""

LEAST_KNOWN = 0.25
"""Share of a window in which both must be known."""

CAPTURE_S = 0.05
"""Delays larger than this cannot be measured to first order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Where b lies on a's clock, measured as finely as it can be.

    Parameters
    ----------
    line
        Delay of a against b in seconds over b's time: ``t_a = t_b + line.at(t_b)``; standard
        errors hold at its pivot.
    rotation
        Takes b's axes to a's, shape (3, 3).
    gain
        Strength of a over b.
    agreement, evidence
        Of the whole overlap at this place, 0 to 1 and nats.
    span_s
        Where they overlap, in b's time.
    windows, agreeing
        How many windows were measured, and the share that lies on the line.
    """

    line: Line
    rotation: Doubles
    gain: float
    agreement: float
    evidence: float
    span_s: tuple[float, float]
    windows: int
    agreeing: float


def refine(
    a: Prepared,
    b: Prepared,
    place: Place,
    *,
    slope_prior: float = 0.0,
    slope_prior_std: float = 3e-5,
) -> Alignment | None:
    """Measure a place finely, or return None where too little overlaps there.

    Parameters
    ----------
    a, b
        As in `search`.
    place
        Right to within 20 ms over the overlap.
    slope_prior, slope_prior_std
        What is believed of the line's slope beforehand, pure numbers.
    """
    line = Line(place.offset_s, place.slope, place.pivot_s)
    rotation, gain = np.eye(3), 1.0
    for _ in range(6):
        overlap = _overlap(a, b, line)
        if overlap is None:
            return None
        rotation, gain, bias = _mounting(overlap)
        moved = _moved(overlap, rotation, gain, bias)
        times_s, delays_s, stds_s, good, known = _windows(overlap, moved)
        if good.sum() < LEAST_GOOD * known.sum() or not good.any():
            return None
        step = fit_line(
            times_s[good],
            np.asarray(line.at(times_s[good])) + delays_s[good],
            stds_s[good],
            slope_prior=slope_prior,
            slope_prior_std=slope_prior_std,
        )
        change = np.abs(np.asarray(step.at(times_s)) - np.asarray(line.at(times_s))).max()
        line = step
        if change < 1e-6:
            break
    overlap = _overlap(a, b, line)
    if overlap is None:
        return None
    rotation, gain, bias = _mounting(overlap)
    _, delays_s, stds_s, good, known = _windows(overlap, _moved(overlap, rotation, gain, bias))
    agreeing = good & (np.abs(delays_s) <= np.maximum(0.005, 4 * stds_s))
    agreement, evidence = _final_evidence(overlap)
    return Alignment(
        line=line,
        rotation=rotation,
        gain=gain,
        agreement=agreement,
        evidence=evidence,
        span_s=(float(overlap.times_s[0]), float(overlap.times_s[-1])),
        windows=int(known.sum()),
        agreeing=float(agreeing.sum() / max(int(known.sum()), 1)),
    )


@dataclass(slots=True)
class _Overlap:
    """What a and b have at the same moments: b's times, both movements, a's slope, weights."""

    times_s: Doubles
    a: Doubles
    b: Doubles
    slope: Doubles
    weight: Doubles
    rate_hz: float
    fastest_hz: float


def _overlap(a: Prepared, b: Prepared, line: Line) -> _Overlap | None:
    rate = b.rate_hz
    times_s = b.start_s + np.arange(b.raw.shape[0]) / rate
    inner_s = times_s + np.asarray(line.at(times_s)) - a.start_s
    inside = (inner_s >= 0) & (inner_s <= (a.raw.shape[0] - 1) / rate)
    if inside.sum() < rate:
        return None
    inner_s, times_s = inner_s[inside], times_s[inside]
    # Both are filtered after they were cut to what they share, so that the ends, where a filter
    # sees what is not there, are alike.
    band_a = band_passed(a.between(inner_s), rate, a.fastest_hz)
    band_b = band_passed(b.raw[inside], rate, a.fastest_hz)
    gap = b.missing[inside] | a.missing[np.rint(inner_s * rate).astype(int)]
    slope = np.gradient(band_a, 1.0 / rate, axis=0)
    strength = np.sqrt(strength_of(band_a, rate) * strength_of(band_b, rate))
    weight = np.where(gap, 0.0, 1.0 / (strength + max(a.floor, b.floor)))
    return _Overlap(
        times_s=times_s,
        a=band_a,
        b=band_b,
        slope=slope,
        weight=weight,
        rate_hz=rate,
        fastest_hz=a.fastest_hz,
    )


def _mounting(overlap: _Overlap) -> tuple[Doubles, float, Doubles]:
    """Return rotation, gain and bias that take b to a."""
    weight = overlap.weight[:, None] ** 2
    total = float(weight.sum())
    mean_a, mean_b = (weight * overlap.a).sum(0) / total, (weight * overlap.b).sum(0) / total
    x, y = overlap.a - mean_a, overlap.b - mean_b
    rotation = best_rotation((weight * x).T @ y)
    turned = y @ rotation.T
    gain = float((weight * x * turned).sum() / max(float((weight * turned**2).sum()), 1e-30))
    gain = float(np.clip(gain, 0.2, 5.0))
    return rotation, gain, mean_a - gain * rotation @ mean_b


def _moved(overlap: _Overlap, rotation: Doubles, gain: float, bias: Doubles) -> Doubles:
    return np.asarray(gain * overlap.b @ rotation.T + bias)


def _windows(
    overlap: _Overlap, moved: Doubles
) -> tuple[Doubles, Doubles, Doubles, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return middle, delay, its standard error and usefulness of each window, and where data is.

    A delay is what moves a's time so that a meets b: ``b(t) = a(t + delay)``, to first order.
    """
    n = overlap.times_s.size
    length_s = float(np.clip(n / overlap.rate_hz / 12, 1.0, 10.0))
    count = max(1, int(n / overlap.rate_hz / length_s))
    edges = np.linspace(0, n, count + 1).astype(int)[:-1]
    weight = overlap.weight[:, None] ** 2
    error = moved - overlap.a
    # One bias per window: what drifts slowly has no say in the delay.
    sizes = np.diff(np.append(edges, n))
    share = np.maximum(np.add.reduceat(weight, edges), 1e-30)
    error = error - np.repeat(np.add.reduceat(weight * error, edges) / share, sizes, axis=0)
    slope = overlap.slope
    slope = slope - np.repeat(np.add.reduceat(weight * slope, edges) / share, sizes, axis=0)
    power = np.add.reduceat((weight * slope**2).sum(axis=1), edges)
    match = np.add.reduceat((weight * slope * error).sum(axis=1), edges)
    left = np.add.reduceat((weight * error**2).sum(axis=1), edges)
    heard = np.add.reduceat((weight * overlap.a**2).sum(axis=1), edges)
    delays_s = match / np.maximum(power, 1e-30)
    rest = np.maximum(left - delays_s * match, 0.0)
    # Errors hang together over about the shortest period of the band.
    freedom = np.maximum(sizes / overlap.rate_hz * 2 * overlap.fastest_hz, 4.0)
    stds_s = np.sqrt(rest / np.maximum(power, 1e-30) / freedom)
    good = (rest < 0.75 * heard) & (power > 0) & (np.abs(delays_s) < CAPTURE_S)
    middles_s = overlap.times_s[np.minimum(edges + sizes // 2, n - 1)]
    # Windows in gaps, as of clips that are looked at in stretches, say nothing either way.
    known = np.add.reduceat((overlap.weight > 0).astype(float), edges) >= LEAST_KNOWN * sizes
    return middles_s, delays_s, np.maximum(stds_s, 1e-6), good & known, known


def _final_evidence(overlap: _Overlap) -> tuple[float, float]:
    x = (overlap.a * overlap.weight[:, None]).astype(np.float32)
    y = (overlap.b * overlap.weight[:, None]).astype(np.float32)
    x, y = whitened(x, y)
    cross = (x.astype(np.float64).T @ y.astype(np.float64))[:, :, None]
    energy = float((x.astype(np.float64) ** 2).sum() * (y.astype(np.float64) ** 2).sum())
    agreement = float(rotation_strength(cross)[0] / max(np.sqrt(energy), 1e-30))
    count = min(np.sqrt(energy), x.shape[0]) * independent_share(x, y, overlap.rate_hz)
    return agreement, float(evidence_of(np.array(agreement), count))
