"""Two ways of one vehicle: by how much the clock of one differs from the other's.

Method
------
Velocity over ground is compared as a vector, so speed and heading both count, and place besides:
``misfit(lag)`` is the mean square difference of the two velocities over the mean of their squares,
over whatever is known of both at that lag (0: the same; about 1: nothing to do with each other).
Lags at which the two were not in one place are out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clapless.numerics.routes import EvenTrack

Floats = NDArray[np.float64]

RIVAL_S = 4.0
"""A second lag this far from the best one is a rival."""

INDEPENDENT_S = 2.0
"""Errors of a receiver's velocity are independent after this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementLag:
    """Where two ways agree best.

    Parameters
    ----------
    lag_s
        b's clock minus a's at one instant is ``-lag_s``: what b did at t, a did at t + lag_s.
    misfit
        Share of the movement that is not common, 0 to about 2.
    rival_misfit
        The same at the best lag elsewhere; infinite where there is none.
    apart_m
        Root mean square distance of the two ways at that lag.
    common_s
        How much of both is compared.
    moved_m
        How far they went in that time.
    std_s
        Standard deviation of the lag by the noise of the two receivers.
    """

    lag_s: float
    misfit: float
    rival_misfit: float
    apart_m: float
    common_s: float
    moved_m: float
    std_s: float


def movement_lag(
    a: EvenTrack,
    b: EvenTrack,
    *,
    least_common_s: float,
    widest_m: float,
    span_s: tuple[float, float] | None = None,
) -> MovementLag | None:
    """Return the lag at which two ways agree best, or None where they never meet.

    Parameters
    ----------
    a, b
        At the same rate, in metres about the same origin.
    least_common_s
        Shorter overlaps are not looked at.
    widest_m
        Root mean square distance beyond which they were not one vehicle.
    span_s
        Lags to look at; all by default.
    """
    if a.rate_hz != b.rate_hz:
        raise ValueError(f"ways must have one rate, but have {a.rate_hz} and {b.rate_hz} Hz")
    curves = _curves(a, b)
    lags_s = curves.steps / a.rate_hz + a.start_s - b.start_s
    looked = (curves.count >= least_common_s * a.rate_hz) & (curves.apart_m <= widest_m)
    if span_s is not None:
        looked &= (lags_s >= span_s[0]) & (lags_s <= span_s[1])
    if not looked.any():
        return None
    misfit = np.where(looked, curves.misfit, np.inf)
    best = int(np.argmin(misfit))
    away = np.abs(lags_s - lags_s[best]) > RIVAL_S
    rival = float(misfit[away].min()) if away.any() else float("inf")
    shift, bend = _vertex(curves.misfit, best)
    energy = curves.energy[best]
    # misfit ~ 2 noise / energy + (acceleration * lag)^2 / energy: its bend is the acceleration.
    acceleration_2 = max(0.5 * bend * energy * a.rate_hz**2, 1e-12)
    noise_2 = max(curves.misfit[best], 1e-6) * energy
    common_s = float(curves.count[best] / a.rate_hz)
    std_s = float(np.sqrt(noise_2 / acceleration_2 / max(common_s / INDEPENDENT_S, 1.0)))
    return MovementLag(
        lag_s=float(lags_s[best] + shift / a.rate_hz),
        misfit=float(curves.misfit[best]),
        rival_misfit=rival,
        apart_m=float(curves.apart_m[best]),
        common_s=common_s,
        moved_m=float(np.sqrt(energy) * common_s),
        std_s=std_s,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """By lag, in steps of the grid: what is known, how far apart, how alike."""

    steps: NDArray[np.int64]
    count: Floats
    apart_m: Floats
    misfit: Floats
    energy: Floats


def _curves(a: EvenTrack, b: EvenTrack) -> _Curves:
    known_a, known_b = (np.isfinite(one.velocity_mps[:, 0]) for one in (a, b))
    size = fft.next_fast_len(len(known_a) + len(known_b))
    middle = np.nanmean(a.places_m, axis=0) if known_a.any() else np.zeros(2)

    def of(values: Floats, known: NDArray[np.bool_]) -> NDArray[np.complex128]:
        return np.asarray(fft.fft(np.where(known, values, 0.0), size))

    def products(one: Floats, two: Floats) -> Floats:
        both = np.conj(of(two, known_b)) * of(one, known_a)
        return np.asarray(fft.ifft(both).real)

    ones_a, ones_b = np.ones(len(known_a)), np.ones(len(known_b))
    count = np.rint(products(ones_a, ones_b))
    held = np.maximum(count, 1.0)
    cross = np.zeros(size)
    energy = np.zeros(size)
    apart = np.zeros(size)
    for axis in (0, 1):
        v_a, v_b = a.velocity_mps[:, axis], b.velocity_mps[:, axis]
        p_a, p_b = a.places_m[:, axis] - middle[axis], b.places_m[:, axis] - middle[axis]
        cross += products(v_a, v_b)
        energy += 0.5 * (products(v_a**2, ones_b) + products(ones_a, v_b**2))
        apart += products(p_a**2, ones_b) + products(ones_a, p_b**2) - 2 * products(p_a, p_b)
    steps = np.arange(size)
    steps = np.where(steps < len(known_a), steps, steps - size)
    order = np.argsort(steps)
    energy_mean = np.maximum(energy / held, 1e-9)
    misfit = 2 * (energy_mean - cross / held) / energy_mean
    return _Curves(
        steps=steps[order],
        count=count[order],
        apart_m=np.sqrt(np.maximum(apart / held, 0.0))[order],
        misfit=np.maximum(misfit, 0.0)[order],
        energy=energy_mean[order],
    )


def _vertex(curve: Floats, best: int) -> tuple[float, float]:
    """Return where the parabola through three points has its foot, in steps, and its bend."""
    if not 0 < best < len(curve) - 1:
        return 0.0, 0.0
    left, middle, right = curve[best - 1 : best + 2]
    bend = float(left - 2 * middle + right)
    if bend <= 0:
        return 0.0, 0.0
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)), bend
