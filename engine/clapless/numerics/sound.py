"""Sound in memory, by sample index.

Conventions
-----------
A sound source here is anything with `rate_hz`, `origin_s`, `length` and ``window(first, count)``:
sample i lies at time ``origin_s + i / rate_hz``. What lies outside the recording is zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FULL_SCALE = 32768.0
"""int16 value of amplitude 1.0."""

SINC_HALF_TAPS = 16
"""Samples each side of an interpolated one; with the Kaiser window below -80 dB to 0.9 Nyquist."""

SINC_BETA = 8.0
"""Shape of the Kaiser window (a stopband of about -80 dB)."""

SINC_PHASES = 512
"""Tabulated positions between two samples, with linear interpolation between them."""


TWIN_SHARE = np.float32(1e-3)
"""Two channels are one where their difference has at most this share of the power, 30 dB less."""

TWIN_STEPS = 1.0
"""Nor does a difference of so many int16 steps count: dither."""


TWIN_LONG = 65536
"""Longer stretches are compared by some of their samples."""


class SampleSource(Protocol):
    """Sound of one channel by sample index."""

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        ...

    @property
    def origin_s(self) -> float:
        """Time of sample 0, in seconds."""
        ...

    @property
    def length(self) -> int:
        """Samples there are."""
        ...

    def window(self, first: int, count: int) -> Floats:
        """Return `count` samples from index `first`, shape (count,), full scale 1.0."""
        ...


@dataclass(frozen=True, eq=False)
class ArraySound:
    """Sound that is in memory already.

    Parameters
    ----------
    samples
        One channel, shape (n,): float with full scale 1.0, or int16.
    rate_hz
        Samples per second.
    origin_s
        Time of the first sample, in seconds.

    Examples
    --------
    >>> sound = ArraySound(np.ones(4, np.float32), 16000)
    >>> sound.window(2, 4).tolist()
    [1.0, 1.0, 0.0, 0.0]
    """

    samples: NDArray[np.float32] | NDArray[np.int16]
    rate_hz: int
    origin_s: float = 0.0

    def __post_init__(self) -> None:
        if self.samples.ndim != 1:
            raise ValueError(
                f"sound of one channel has one dimension, but got {self.samples.ndim} dimensions"
            )

    @classmethod
    def resampled(
        cls, samples: NDArray[np.generic], rate_hz: float, to_hz: int, *, origin_s: float = 0.0
    ) -> ArraySound:
        """Return the sound at another rate, from float samples or int16 at `rate_hz`.

        Raises
        ------
        ValueError
            The samples have more than one dimension.
        """
        plain = to_float(samples)
        if rate_hz != to_hz:
            plain = np.asarray(soxr.resample(plain, rate_hz, to_hz, quality="HQ"), np.float32)
        return cls(plain, to_hz, origin_s)

    @property
    def length(self) -> int:
        """Samples there are."""
        return len(self.samples)

    def window(self, first: int, count: int) -> Floats:
        """Return `count` samples from index `first`, zero outside the recording."""
        out = np.zeros(count, np.float32)
        start, stop = max(first, 0), min(first + count, self.length)
        if stop > start:
            out[start - first : stop - first] = to_float(self.samples[start:stop])
        return out


@dataclass(frozen=True, eq=False)
class StretchedSound:
    """Another sound with its clock divided by an exact speed.

    Sample i lies at ``origin_s + i / rate_hz`` of the new clock, which is the old time divided by
    `speed`: a recording that was labelled at the wrong rate sounds as it was again.

    Parameters
    ----------
    source
        The sound as labelled.
    speed
        Old seconds per new second, > 0.
    """

    source: SampleSource
    speed: Fraction

    @property
    def rate_hz(self) -> int:
        """Samples per second, the source's."""
        return self.source.rate_hz

    @property
    def origin_s(self) -> float:
        """New time of sample 0."""
        return self.source.origin_s / float(self.speed)

    @property
    def length(self) -> int:
        """Samples there are on the new clock."""
        return int(self.source.length / self.speed)

    def window(self, first: int, count: int) -> Floats:
        """Return `count` samples from index `first` of the new clock."""
        start = int(np.floor(first * float(self.speed))) - SINC_HALF_TAPS
        positions = np.arange(first, first + count, dtype=np.float64) * float(self.speed) - start
        samples = self.source.window(start, int(np.ceil(positions[-1])) + SINC_HALF_TAPS + 2)
        return interpolate(samples, positions, cutoff=min(1.0, 1.0 / float(self.speed)))


def to_float(samples: NDArray[np.generic]) -> Floats:
    """Return samples as float32 with full scale 1.0, from float or int16."""
    if samples.dtype == np.int16:
        return samples.astype(np.float32) / np.float32(FULL_SCALE)
    return samples.astype(np.float32)


def is_twin(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    """Return whether two channels hold the same sound at the same level, but for coding.

    Many cameras write one microphone to both channels; AAC then leaves them some 30 to 40 dB
    apart. Timecode or speech that only one of them has is louder than that.

    Parameters
    ----------
    one, other
        The same stretch of both, int16, shape (n,).

    Examples
    --------
    >>> sound = np.arange(-2000, 2000, dtype=np.int16)
    >>> is_twin(sound, sound + np.int16(1)), is_twin(sound, sound // 2)
    (True, False)
    """
    if np.array_equal(one, other):
        return True
    if len(one) > TWIN_LONG:
        # Of a long stretch every eighth sample tells as much.
        one, other = one[::8], other[::8]
    first = one.astype(np.float32)
    apart = first - other
    limit = TWIN_SHARE * np.dot(first, first) + np.float32(TWIN_STEPS**2 * len(first))
    return bool(np.dot(apart, apart) <= limit)


def interpolate(samples: Floats, positions: NDArray[np.float64], *, cutoff: float = 1.0) -> Floats:
    """Return the values between samples, by a windowed sinc.

    Parameters
    ----------
    samples
        Shape (n,).
    positions
        Where, in samples, shape (m,); outside the samples the sound is zero.
    cutoff
        Highest frequency kept, as a share of the Nyquist frequency; below 1 where the sound is read
        faster than it was recorded.

    Examples
    --------
    >>> wave = np.sin(2 * np.pi * 0.1 * np.arange(100)).astype(np.float32)
    >>> bool(abs(interpolate(wave, np.array([50.25]))[0] - np.sin(2 * np.pi * 5.025)) < 1e-3)
    True
    """
    reach = SINC_HALF_TAPS
    whole = np.floor(positions).astype(np.int64)
    share = positions - whole
    padded = np.concatenate([np.zeros(reach, np.float32), samples, np.zeros(reach + 1, np.float32)])
    table = _sinc_table(cutoff)
    place = share * SINC_PHASES
    row = place.astype(np.int64)
    blend = (place - row).astype(np.float32)
    start = np.clip(whole + 1, 0, len(padded) - 2 * reach)
    out = np.zeros(len(positions), np.float32)
    for tap in range(2 * reach):
        weight = table[row, tap] * (1 - blend) + table[row + 1, tap] * blend
        out += padded[start + tap] * weight
    out[(whole < -reach) | (whole >= len(samples) + reach)] = 0.0
    return out


def _sinc_table(cutoff: float) -> Floats:
    phases = np.arange(SINC_PHASES + 1)[:, None] / SINC_PHASES
    taps = np.arange(-SINC_HALF_TAPS + 1, SINC_HALF_TAPS + 1)[None, :]
    distance = taps - phases
    window = np.i0(SINC_BETA * np.sqrt(np.clip(1 - (distance / SINC_HALF_TAPS) ** 2, 0, 1)))
    table = cutoff * np.sinc(cutoff * distance) * window / np.i0(SINC_BETA)
    return np.asarray(table / table.sum(axis=1, keepdims=True), np.float32)
