"""Delay to a small part of a sample, from the phase of stacked cross-spectra.

Conventions
-----------
As in `clapless.numerics.gcc`: a delay is positive where the first recording is later.

References
----------
E. J. Hannan, P. J. Thomson: Estimating group delay, 1973: frequencies weigh as
``c^2 / (1 - c^2)``, c being the coherence; the variance of a delay from n blocks is at least
``1 / (2 n sum (2 pi f)^2 c^2 / (1 - c^2))``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clapless.numerics.gcc import (
    BlockPlan,
    DelayCurve,
    Spectra,
    Stack,
    shift_phases,
    smooth_bins,
    turns,
)
from clapless.numerics.spread import noise_std

Floats = NDArray[np.float32]

SMOOTH_HZ = 30.0
"""Coherence is smoothed over this; reflections more than 10 ms apart do not survive it."""

MOST_COHERENT = 0.95
"""Coherence is never taken to be higher: windowing alone spoils it by as much."""

HANN_INDEPENDENCE = 0.9
"""Share of Hann blocks overlapping by half that count as independent."""

ECHO_SMOOTH_HZ = 1200.0
"""The power spectrum without ripples: echoes later than a millisecond ripple it faster."""

SETTLED_S = 1e-8
"""A step of Newton's method this small leaves an error far below a picosecond."""

UPSAMPLING = 4
"""Values of a stacked curve per sample."""


@dataclass(frozen=True, slots=True, eq=False)
class Phases:
    """A stacked cross-spectrum with what each frequency is worth.

    Parameters
    ----------
    unit
        Cross-spectrum over the root of both powers, complex64, shape (bins,).
    weight
        Worth of each frequency, float32, shape (bins,).
    blocks
        How many blocks went in.
    """

    unit: Spectra
    weight: Floats
    blocks: float


def add(stacks: list[Stack], delays_s: NDArray[np.float64], plan: BlockPlan) -> Stack:
    """Return one stack of many, each first moved earlier by its delay."""
    cross = np.stack([one.cross for one in stacks])
    if np.ptp(delays_s) > 0:
        cross = (cross * shift_phases(-delays_s, plan)).sum(axis=0)
    else:
        # Nearly always: they were heard along the course that is being measured.
        cross = cross.sum(axis=0) * shift_phases(-delays_s[:1], plan)[0]
    return Stack(
        cross=np.asarray(cross, np.complex64),
        power_a=np.sum([one.power_a for one in stacks], axis=0),
        power_b=np.sum([one.power_b for one in stacks], axis=0),
        blocks=sum(one.blocks for one in stacks),
    )


def unit_spectrum(stacked: Stack, plan: BlockPlan) -> Spectra:
    """Return the cross-spectrum over the root of both smoothed powers."""
    bins = max(3, round(SMOOTH_HZ * plan.size / plan.rate_hz))
    power = smooth_bins(stacked.power_a, bins) * smooth_bins(stacked.power_b, bins)
    return np.asarray(stacked.cross / np.sqrt(power + 1e-20), np.complex64)


def weigh_phases(stacked: Stack, plan: BlockPlan, *, aligned: bool) -> Phases:
    """Return what each frequency of a stack is worth.

    Parameters
    ----------
    stacked
        From `add`.
    plan
        The cut.
    aligned
        Whether the stack was moved to delay 0 already: coherence is then what neighbouring
        frequencies agree on in phase, else what they have in magnitude over chance.
    """
    bins = max(3, round(SMOOTH_HZ * plan.size / plan.rate_hz))
    unit = unit_spectrum(stacked, plan)
    blocks = max(1.0, stacked.blocks * HANN_INDEPENDENCE)
    if aligned:
        coherence = np.clip(smooth_bins(np.asarray(unit.real), 2 * bins), 0.0, MOST_COHERENT)
        coherence = np.where(coherence > 2.0 / np.sqrt(blocks * bins), coherence, 0.0)
        square = coherence**2
    else:
        raw = smooth_bins(np.abs(unit) ** 2, bins)
        square = np.clip(raw - 1.0 / blocks, 0.0, MOST_COHERENT**2)
    return Phases(unit, np.asarray(square / (1.0 - square), np.float32), blocks)


def stacked_curve(phases: Phases, plan: BlockPlan, reach_s: float) -> DelayCurve:
    """Return likeness against delay of a weighted stack, `UPSAMPLING` values per sample."""
    size = plan.size * UPSAMPLING
    whole = np.zeros(size // 2 + 1, np.complex64)
    magnitude = np.abs(phases.unit)
    level = np.sqrt(phases.weight / (1.0 + phases.weight))
    whole[plan.first_bin : plan.last_bin] = phases.unit / np.maximum(magnitude, 1e-9) * level
    circular = np.asarray(fft.irfft(whole, size), np.float32)
    reach = round(reach_s * plan.rate_hz * UPSAMPLING)
    heights = np.concatenate([circular[-reach:], circular[: reach + 1]])
    scale = noise_std(heights)
    return DelayCurve(
        np.asarray(heights / max(scale, 1e-30), np.float32), 1.0 / (plan.rate_hz * UPSAMPLING)
    )


def phase_delay(
    unit: Spectra, weight: Floats, start_s: float, plan: BlockPlan, *, most_s: float = 2e-4
) -> float:
    """Return the delay near `start_s` at which the weighted phases agree best, in seconds.

    Newton's method on the weighted sum of cosines; it goes at most `most_s` from the start.
    """
    turn = 2.0 * np.pi * plan.frequencies_hz.astype(np.float64)
    square = turn**2
    delay = start_s
    magnitude = np.maximum(np.abs(unit), 1e-9)
    worth = (weight * (unit / magnitude)).astype(np.complex128)
    least = 0.05 * np.abs(worth)
    for _ in range(12):
        moved = worth * turns(np.array([-delay]), plan)[0]
        slope = -float(turn @ moved.imag)
        bend = float(square @ np.maximum(moved.real, least))
        if bend <= 0:
            break
        step = float(np.clip(slope / bend, -5e-5, 5e-5))
        delay = float(np.clip(delay + step, start_s - most_s, start_s + most_s))
        if abs(step) < SETTLED_S:
            break
    return delay


def echo_strength(power: Floats, delay_s: float, plan: BlockPlan) -> float:
    """Return how much of an echo of itself at a delay a recording holds, about -0.1 to 0.5.

    An echo ripples the power spectrum with period one over its delay.

    Parameters
    ----------
    power
        Power spectrum added up over blocks, shape (bins,).
    delay_s
        Its sign does not matter.
    plan
        The cut.
    """
    smooth = smooth_bins(power, max(3, round(ECHO_SMOOTH_HZ * plan.size / plan.rate_hz)))
    ripple = power / (smooth + np.float32(1e-12)) - 1.0
    turn = 2.0 * np.pi * plan.frequencies_hz.astype(np.float64) * delay_s
    return float(np.mean(ripple * np.cos(turn)))


def delay_std_s(phases: Phases, plan: BlockPlan, blocks: float) -> float:
    """Return the least standard deviation of a delay from so many blocks, in seconds."""
    turn = 2.0 * np.pi * plan.frequencies_hz.astype(np.float64)
    worth = float((turn**2 * phases.weight).sum())
    return float((2.0 * max(blocks, 1e-3) * worth + 1e-9) ** -0.5)
