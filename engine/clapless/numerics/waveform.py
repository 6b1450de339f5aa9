"""Correlation of the samples themselves: dear, and far more telling than any summary of them.

A shared stretch of 5 s at 0 dB in rooms stands out here where loudness features see nothing, as
long as the clocks slip by less than a fraction of a millisecond within it.

Conventions
-----------
A lag is positive where b starts later than a, in seconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter1d

from clapless.numerics.spread import noise_std

Floats = NDArray[np.float32]

LOW_HZ, HIGH_HZ = 200.0, 3000.0
"""Band that is looked at: above it 50 ppm over 5 s already turn the phase."""

EVEN_S = 0.25
"""Loudness is evened out over this, so that no moment decides."""

WHITENING = 0.8
"""Exponent of the whitening; 0.5 to 1 were all but equal over speech, music and noise."""

WHITENING_HZ = 20.0
"""Whitening follows the spectrum smoothed over this."""

LEAST_OVERLAP_S = 1.5
"""Overlaps much shorter than this are held down."""


def wave_peaks(
    a: Floats, b: Floats, rate_hz: int, *, count: int, apart_s: float = 0.05
) -> list[tuple[float, float]]:
    """Return the lags at which two stretches of sound agree best.

    Parameters
    ----------
    a, b
        Samples of one channel each, shape (n,).
    rate_hz
        Samples per second of both.
    count
        At most this many lags.
    apart_s
        They are at least this far apart.

    Returns
    -------
    list of (lag_s, z)
        Best first; z is the height in robust standard deviations over all lags, of either polarity.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sound = rng.standard_normal(32000).astype(np.float32)
    >>> lag_s, z = wave_peaks(sound, sound[4000:], 8000, count=1)[0]
    >>> round(lag_s, 4), z > 50
    (0.5, True)
    """
    n_a, n_b = len(a), len(b)
    if min(n_a, n_b) == 0:
        return []
    # Only frequencies up to HIGH_HZ go back: a shorter transform does.
    step = max(1, int(rate_hz / (2.0 * HIGH_HZ)))
    short = int(fft.next_fast_len(-(-(n_a + n_b) // step), real=True))
    size = short * step
    cross = _spectrum(a, size, rate_hz) * np.conj(_spectrum(b, size, rate_hz))
    hertz = rate_hz / size
    cross[: int(LOW_HZ / hertz)] = 0.0
    cross[int(HIGH_HZ / hertz) :] = 0.0
    circular = fft.irfft(cross[: short // 2 + 1], short)
    long_a, long_b = -(-n_a // step), -(-n_b // step)
    heights = np.abs(np.concatenate([circular[short - (long_b - 1) :], circular[:long_a]]))
    lags = np.arange(-(long_b - 1), long_a)
    overlap = np.minimum(long_a, lags + long_b) - np.maximum(0, lags)
    short_rate = rate_hz / step
    heights /= np.sqrt(overlap + LEAST_OVERLAP_S * short_rate, dtype=np.float32)
    sample = heights[:: max(1, len(heights) // 200_000)]
    scale = noise_std(sample)
    if scale <= 0:
        return []
    return _highest(heights / np.float32(scale), lags, short_rate, count, apart_s)


def _spectrum(samples: Floats, size: int, rate_hz: int) -> NDArray[np.complex64]:
    width = max(1, round(EVEN_S * rate_hz))
    power = np.maximum(uniform_filter1d(samples * samples, width, mode="nearest"), 0.0)
    even = samples / np.sqrt(power + np.float32(1e-3 * power.mean() + 1e-12))
    spectrum = np.asarray(fft.rfft(even, size), np.complex64)
    density = spectrum.real**2 + spectrum.imag**2
    density = uniform_filter1d(density, max(1, round(WHITENING_HZ * size / rate_hz)))
    density += np.float32(1e-3 * density.mean() + 1e-20)
    spectrum *= density ** np.float32(-WHITENING / 2.0)
    return spectrum


def _highest(
    z: Floats, lags: NDArray[np.int64], rate_hz: float, count: int, apart_s: float
) -> list[tuple[float, float]]:
    apart = max(1, round(apart_s * rate_hz))
    stretches = -(-len(z) // apart)
    padded = np.zeros(stretches * apart, np.float32)
    padded[: len(z)] = z
    best = padded.reshape(stretches, apart).argmax(axis=1) + np.arange(stretches) * apart
    found: list[tuple[float, float]] = []
    for index in best[np.argsort(-padded[best], kind="stable")]:
        if len(found) == count or padded[index] <= 0:
            break
        lag_s = float(lags[index]) / rate_hz
        if all(abs(lag_s - other) >= apart_s for other, _ in found):
            found.append((lag_s, float(padded[index])))
    return found
