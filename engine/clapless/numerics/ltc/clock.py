"""The clock of linear timecode, followed through a chunk of sound, and its chips.

Conventions
-----------
A chip is half a bit. Everything is at the working rate: `Sound` keeps the spectrum of a chunk, from
which bands are taken without delay. Sample i of a band stands for the instant i / work_hz.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float64]

CHIP_RATES_HZ = (1800.0, 10200.0)
"""Chip rates from half speed of 23.976 (1918 Hz) to twice 30 (9600 Hz), with 6 % to spare."""

WORK_RATE_HZ = 40000.0
"""Sound is worked on at this rate at least: the square of what is below 8 kHz needs 32 kHz, and the
turns are timed better with some to spare."""

LOOK_RATE_HZ = 32000.0
"""Rate at least where it is only asked whether there is timecode."""

FADE_S = 0.5e-3
"""Both ends of a chunk are faded; bits there are not trusted."""

LINE_FACTOR = 6.0
"""The line at the chip rate stands out of the median of its neighbourhood by at least this; in
noise of 0.25 s the largest of all lines reaches about 4."""

MOST_LINES = 3
"""Lines that are tried."""

CLOCK_STEP_CHIPS = 20.0
"""Grid of the clock's phase, in chips."""

CLOCK_WINDOW = 9
"""Steps over which the phase is averaged (Hann): 180 chips, a little more than a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A chunk of sound as its spectrum.

    Parameters
    ----------
    spectrum
        Of the chunk, its ends faded.
    length
        Samples of the chunk at the working rate.
    work_hz
        The working rate.
    """

    spectrum: NDArray[np.complex128]
    length: int
    work_hz: float

    @classmethod
    def of(
        cls, samples: NDArray[np.float32], rate_hz: float, *, least_hz: float = WORK_RATE_HZ
    ) -> Sound:
        """Return the spectrum of a chunk, shape (n,), and what it is at the working rate."""
        count = len(samples)
        if rate_hz < least_hz:
            length = count * int(np.ceil(least_hz / rate_hz))
        else:
            length = round(count * min(1.0, 1.2 * least_hz / rate_hz))
        ends = min(count // 4, max(8, round(FADE_S * rate_hz)))
        window = np.ones(count)
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(ends) + 0.5) / ends)
        window[:ends] = ramp
        window[-ends:] = ramp[::-1]
        plain = np.asarray(samples, np.float64)
        spectrum = fft.rfft((plain - plain.mean()) * window)
        return cls(np.asarray(spectrum, np.complex128), length, length / count * rate_hz)

    def at_half_rate(self) -> Sound:
        """Return the same at half the working rate where it is high enough, to save time."""
        if self.length % 2 or self.work_hz < LOOK_RATE_HZ:
            return self
        return Sound(self.spectrum, self.length // 2, self.work_hz / 2.0)

    def band(self, low_hz: float, high_hz: float) -> Floats:
        """Return the sound between two frequencies, soft edges, no delay, shape (length,)."""
        step_hz = self.work_hz / self.length
        top = min(len(self.spectrum), int(1.25 * high_hz / step_hz) + 2)
        gain = _gain(low_hz, high_hz, step_hz, top)
        return np.asarray(fft.irfft(self.spectrum[:top] * gain, self.length), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Chips:
    """The chips of a chunk.

    Parameters
    ----------
    edges
        Their borders in samples at the working rate, shape (n + 1,).
    values
        The sound's integral over each, shape (n,).
    rate_hz
        Chips per second.
    sound
        The filtered sound they were taken from.
    """

    edges: Floats
    values: Floats
    rate_hz: float
    sound: Floats


@lru_cache(maxsize=16)
def _gain(low_hz: float, high_hz: float, step_hz: float, count: int) -> Floats:
    """Return the soft edges of a band at `count` frequencies."""
    freqs = np.arange(count) * step_hz
    rise = np.clip((freqs - 0.5 * low_hz) / (0.5 * low_hz), 0, 1)
    fall = np.clip((1.25 * high_hz - freqs) / (0.25 * high_hz), 0, 1)
    gain = np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2
    gain.flags.writeable = False
    return np.asarray(gain, np.float64)


def chip_rates(sound: Sound, *, hint_hz: float | None = None) -> Iterator[float]:
    """Yield chip rates to try, the most promising first."""
    if hint_hz is not None:
        yield hint_hz
    kept: list[float] = []
    # The square of what lies below 3600 Hz needs half the rate for its lines below 4500 Hz.
    for heard, band_hz, highest_hz in (
        (sound, 7500.0, CHIP_RATES_HZ[1]),
        (sound.at_half_rate(), 3600.0, 4500.0),
    ):
        for line_hz in _lines(heard, band_hz, highest_hz):
            # The bit rate shows as a line too, and so do sums of the two.
            for chip_hz in (line_hz, line_hz / 2, line_hz * 2):
                if CHIP_RATES_HZ[0] <= chip_hz <= CHIP_RATES_HZ[1] and all(
                    abs(chip_hz / other - 1) > 0.01 for other in kept
                ):
                    kept.append(chip_hz)
                    yield chip_hz


def _lines(sound: Sound, band_hz: float, highest_hz: float) -> list[float]:
    """Return the strongest spectral lines of the squared sound below `band_hz`."""
    square = sound.band(250.0, band_hz) ** 2
    lines = np.abs(fft.rfft((square - square.mean()) * _hann(sound.length)))
    step_hz = sound.work_hz / sound.length
    low = int(CHIP_RATES_HZ[0] / step_hz)
    region = lines[low : int(highest_hz / step_hz)]
    if len(region) < 16:
        return []
    height = region / (_floor(region, max(8, int(400 / step_hz))) + 1e-30)
    found: list[float] = []
    while len(found) < MOST_LINES:
        peak = int(np.argmax(height))
        if height[peak] < LINE_FACTOR:
            break
        found.append((low + peak) * step_hz)
        # The frames' own rhythm stands beside a line.
        reach = max(3, int(0.06 * found[-1] / step_hz))
        height[max(0, peak - reach) : peak + reach + 1] = 0
    return found


def _floor(region: Floats, block: int) -> Floats:
    """Return the median of the block around each line; the last block is as long as the others."""
    if len(region) <= block:
        return np.full(len(region), np.median(region))
    whole = len(region) // block * block
    middles = np.median(region[:whole].reshape(-1, block), axis=1)
    floor = np.repeat(middles, block)
    rest = np.full(len(region) - whole, np.median(region[-block:]))
    return np.concatenate([floor, rest])


@lru_cache(maxsize=8)
def _hann(length: int) -> Floats:
    window = np.hanning(length)
    window.flags.writeable = False
    return np.asarray(window, np.float64)


def _cycles(square: Floats, step: int, chip_cycles: float) -> Floats:
    """Return the clock's count of turns at the middle of each step, shape (steps,).

    Parameters
    ----------
    square
        The squared sound, a whole number of steps.
    step
        Samples in a step.
    chip_cycles
        Expected turns per sample.
    """
    index = np.arange(len(square), dtype=np.float64)
    centres = (np.arange(len(square) // step) + 0.5) * step
    straight = np.array([chip_cycles, 0.0])
    mixed = _mixed_evenly(square, step, chip_cycles)
    # A speed that changes blurs the line: a short look says how, and the reference bends with it.
    coarse = _follow(mixed, 3) + np.polyval(straight, centres)
    bend = np.asarray(np.polyfit(centres, coarse, min(3, len(centres) - 1)), np.float64)
    rates = np.polyval(np.polyder(bend), centres)
    if np.ptp(rates) > 0.3 / (step * CLOCK_WINDOW):
        bent = _mixed(square, step, np.asarray(np.polyval(bend, index), np.float64))
        if np.abs(_smooth(bent, CLOCK_WINDOW)).sum() > np.abs(_smooth(mixed, CLOCK_WINDOW)).sum():
            return _follow(bent, CLOCK_WINDOW) + np.polyval(bend, centres)
    return _follow(mixed, CLOCK_WINDOW) + np.polyval(straight, centres)


def _mixed_evenly(square: Floats, step: int, chip_cycles: float) -> NDArray[np.complex128]:
    """Return what `_mixed` gives for cycles that grow evenly from 0, without a turn per sample."""
    rows = square.reshape(-1, step)
    inside = rows @ np.exp(-2j * np.pi * chip_cycles * np.arange(step))
    return np.asarray(inside * np.exp(-2j * np.pi * chip_cycles * step * np.arange(len(rows))))


def _mixed(square: Floats, step: int, cycles: Floats) -> NDArray[np.complex128]:
    turned = square * np.exp(-2j * np.pi * cycles)
    return np.asarray(turned.reshape(-1, step).sum(axis=1))


def _smooth(mixed: NDArray[np.complex128], window: int) -> NDArray[np.complex128]:
    return np.convolve(mixed, np.hanning(window + 2)[1:-1], mode="same")


def _follow(mixed: NDArray[np.complex128], window: int) -> Floats:
    # The square dips at a turn: the line's phase there is half a cycle.
    return np.asarray(np.unwrap(np.angle(_smooth(mixed, window))) / (2 * np.pi) - 0.5)


def integrate(sound: Sound, chip_hz: float) -> Chips | None:
    """Follow the clock and integrate the sound between its ticks."""
    work_hz, length = sound.work_hz, sound.length
    filtered = sound.band(0.2 * chip_hz, min(1.1 * chip_hz, 0.48 * work_hz))
    square = filtered**2
    step = max(1, round(CLOCK_STEP_CHIPS * work_hz / chip_hz))
    steps = length // step
    if steps < CLOCK_WINDOW:
        return None
    centres = (np.arange(steps) + 0.5) * step
    cycles = _cycles(square[: steps * step], step, chip_hz / work_hz)
    if np.any(np.diff(cycles) <= 0):
        cycles = np.maximum.accumulate(cycles + np.arange(steps) * 1e-9)
    # The clock runs on at its own rate to both ends.
    head, tail = ((cycles[i + 1] - cycles[i]) / step for i in (0, -2))
    ends = cycles[0] - head * centres[0], cycles[-1] + tail * (length - centres[-1])
    cycles = np.concatenate([ends[:1], cycles, ends[1:]])
    centres = np.concatenate([[0.0], centres, [float(length)]])
    ticks = np.arange(np.ceil(cycles[0]), np.floor(cycles[-1]) + 1)
    if len(ticks) < 40:
        return None
    edges = np.interp(ticks, cycles, centres)
    total = np.concatenate([[0.0], np.cumsum(filtered)])
    # Sample i stands for the time i - 1/2 to i + 1/2.
    at = np.interp(edges + 0.5, np.arange(length + 1), total)
    rate_hz = (len(ticks) - 1) / (edges[-1] - edges[0]) * work_hz
    return Chips(edges=edges, values=np.diff(at), rate_hz=float(rate_hz), sound=filtered)
