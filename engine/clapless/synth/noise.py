"""Sounds without words or notes: coloured noise, hum, wind, rooms, click loops.

Conventions
-----------
Every function takes a `numpy.random.Generator`, a length in samples and a rate, and returns float32
of shape (n,) with a mean power near 1 unless it says otherwise. The same generator state gives the
same sound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

Samples = NDArray[np.float32]

_BLOCK = 1 << 18
"""Samples shaped in one FFT."""


def unit_power(samples: Samples) -> Samples:
    """Return the samples scaled to a mean power of 1; silence stays silence."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    if power == 0.0:
        return samples
    return (samples / np.float32(np.sqrt(power))).astype(np.float32, copy=False)


def shaped_noise(
    rng: np.random.Generator,
    n: int,
    rate_hz: int,
    *,
    corners_hz: tuple[float, ...],
    levels_db: tuple[float, ...],
) -> Samples:
    """Return Gaussian noise whose spectrum runs through given levels.

    Parameters
    ----------
    rng
        Source of randomness.
    n
        Samples.
    rate_hz
        Samples per second.
    corners_hz, levels_db
        Levels of the amplitude spectrum, straight lines over the logarithm of frequency.
    """
    out = np.empty(n, np.float32)
    done = 0
    # Blocks overlap by a quarter and are joined at equal power, so no block has a seam or repeats.
    overlap = _BLOCK // 4
    gains = _gains(_BLOCK, rate_hz, corners_hz, levels_db)
    ramp = np.sin(np.linspace(0.0, np.pi / 2, overlap, dtype=np.float32))
    tail: Samples | None = None
    while done < n:
        white = rng.standard_normal(_BLOCK, dtype=np.float32)
        block = fft.irfft(fft.rfft(white) * gains, _BLOCK).astype(np.float32, copy=False)
        if tail is not None:
            block[:overlap] = block[:overlap] * ramp + tail * ramp[::-1]
        tail = block[-overlap:].copy()
        take = min(_BLOCK - overlap, n - done)
        out[done : done + take] = block[:take]
        done += take
    return unit_power(out)


def _gains(
    size: int, rate_hz: int, corners_hz: tuple[float, ...], levels_db: tuple[float, ...]
) -> Samples:
    bins_hz = np.maximum(fft.rfftfreq(size, 1.0 / rate_hz), 1.0)
    level_db = np.interp(np.log(bins_hz), np.log(corners_hz), levels_db)
    return np.power(10.0, level_db / 20.0).astype(np.float32)


def white_noise(rng: np.random.Generator, n: int) -> Samples:
    """Return white Gaussian noise."""
    return rng.standard_normal(n, dtype=np.float32)


def pink_noise(rng: np.random.Generator, n: int, rate_hz: int) -> Samples:
    """Return noise that falls 3 dB an octave from 20 Hz on."""
    octaves = np.log2(rate_hz / 2 / 20.0)
    return shaped_noise(
        rng,
        n,
        rate_hz,
        corners_hz=(2.0, 20.0, rate_hz / 2),
        levels_db=(-30.0, 0.0, -3.0103 * octaves),
    )


def slow_curve(
    rng: np.random.Generator, n: int, rate_hz: int, *, step_s: float, spread: float
) -> Samples:
    """Return a smooth random curve around 0, drawn every `step_s` with deviation `spread`."""
    knots = int(n / rate_hz / step_s) + 4
    values = rng.standard_normal(knots) * spread
    at = np.arange(n, dtype=np.float64) / rate_hz / step_s + 1.0
    left = at.astype(np.int64)
    u = (at - left).astype(np.float32)
    v = values.astype(np.float32)
    p0, p1, p2, p3 = v[left - 1], v[left], v[left + 1], v[np.minimum(left + 2, knots - 1)]
    curve = p1 + 0.5 * u * (
        p2 - p0 + u * (2 * p0 - 5 * p1 + 4 * p2 - p3 + u * (3 * (p1 - p2) + p3 - p0))
    )
    return curve.astype(np.float32, copy=False)


def wind(rng: np.random.Generator, n: int, rate_hz: int) -> Samples:
    """Return wind in a microphone: low noise in gusts.

    Turbulence arises at the capsule: no two microphones share it.
    """
    gusts = np.exp(slow_curve(rng, n, rate_hz, step_s=0.8, spread=0.9))
    noise = shaped_noise(
        rng,
        n,
        rate_hz,
        corners_hz=(5.0, 40.0, 120.0, 500.0, rate_hz / 2),
        levels_db=(-10.0, 0.0, -4.0, -30.0, -55.0),
    )
    return unit_power(noise * gusts)


def hum(
    rng: np.random.Generator, n: int, rate_hz: int, *, mains_hz: float | None = None
) -> Samples:
    """Return mains hum with harmonics; the frequency wanders by millihertz, as grids do."""
    base_hz = mains_hz or float(rng.choice([50.0, 60.0]))
    wander = slow_curve(rng, n, rate_hz, step_s=20.0, spread=0.01)
    phase = 2 * np.pi * np.cumsum((base_hz + wander) / rate_hz, dtype=np.float64)
    out = np.zeros(n, np.float32)
    for harmonic in range(1, 11):
        level = 10 ** (-rng.uniform(0.2, 0.6) * (harmonic - 1) / 2) * (1.0 if harmonic % 2 else 0.4)
        out += np.float32(level) * np.sin(harmonic * phase + rng.uniform(0, 2 * np.pi)).astype(
            np.float32
        )
    return unit_power(out)


def add_at(out: Samples, start: int, piece: Samples) -> None:
    """Add a piece into an array in place, cut where it sticks out at either end."""
    first = max(0, -start)
    last = min(piece.size, out.size - start)
    if last > first:
        out[start + first : start + last] += piece[first:last]


def room_ambience(rng: np.random.Generator, n: int, rate_hz: int) -> Samples:
    """Return a room in use: air conditioning, hum, and now and then a step, clink, rustle or door.

    The incidental sounds come about once in two seconds, of random colour, length and level.
    """
    steady = shaped_noise(
        rng,
        n,
        rate_hz,
        corners_hz=(20.0, 80.0, 400.0, 2000.0, rate_hz / 2),
        levels_db=(-3.0, 0.0, -14.0, -26.0, -38.0),
    )
    out = steady * np.exp(slow_curve(rng, n, rate_hz, step_s=5.0, spread=0.15))
    out += np.float32(0.3) * hum(rng, n, rate_hz)
    count = rng.poisson(n / rate_hz / 2.0)
    for start in np.sort(rng.integers(0, max(n, 1), count)):
        add_at(out, int(start), incident(rng, rate_hz) * np.float32(rng.lognormal(0.3, 0.7)))
    return unit_power(out)


def incident(rng: np.random.Generator, rate_hz: int) -> Samples:
    """Return one short sound: a thing struck (ringing modes) or rubbed (a burst of noise)."""
    length = int(rate_hz * rng.uniform(0.05, 0.6))
    t = np.arange(length, dtype=np.float32) / rate_hz
    if rng.random() < 0.5:
        modes_hz = rng.uniform(200.0, 0.42 * rate_hz, rng.integers(2, 8))
        decays = rng.uniform(10.0, 90.0, modes_hz.size)
        levels = rng.uniform(0.2, 1.0, modes_hz.size)
        phases = rng.uniform(0, 2 * np.pi, modes_hz.size)
        tones = np.sin(2 * np.pi * modes_hz[:, None] * t + phases[:, None])
        ringing: Samples = np.sum(
            levels[:, None] * np.exp(-decays[:, None] * t) * tones, axis=0, dtype=np.float32
        )
        return ringing
    low_hz = rng.uniform(100.0, 2000.0)
    band = signal.butter(
        2,
        (low_hz, min(low_hz * rng.uniform(2.0, 6.0), 0.45 * rate_hz)),
        "band",
        fs=rate_hz,
        output="sos",
    )
    shape = np.sin(np.pi * np.linspace(0, 1, length)) ** rng.uniform(0.3, 3.0)
    return unit_power(
        (signal.sosfilt(band, rng.standard_normal(length)) * shape).astype(np.float32)
    )


def click_loop(rng: np.random.Generator, n: int, rate_hz: int) -> Samples:
    """Return a metronome or machine: one pattern of clicks that repeats to the sample."""
    beat = int(rate_hz * rng.uniform(0.25, 0.8))
    beats = int(rng.integers(1, 5))
    pattern = np.zeros(beat * beats, np.float32)
    sounds = [incident(rng, rate_hz)[: rate_hz // 20] for _ in range(2)]
    for k in range(beats):
        add_at(pattern, k * beat, sounds[0 if k == 0 else 1])
    return unit_power(np.resize(pattern, n))
