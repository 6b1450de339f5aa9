"""Correlation of feature rows over every lag, judged by what chance would give.

Conventions
-----------
Features are rows of numbers in time, shape (bands, frames), about zero mean. A lag is positive
where b starts later: frame t of b meets frame ``t + lag`` of a.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Floats = NDArray[np.float32]
Spectra = NDArray[np.complex64]

MAD_TO_STD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


WHITENING = 0.8
"""Exponent of the whitening of rows; with 0 the synthetic bands of the tests were found in 1 of 36
draws at 5 to 30 s of overlap, with 0.8 in all; 1 loses quiet ambience."""

WHITENING_FLOOR = 0.03
"""Share of the mean power below which no frequency is lifted."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A lag that stands out.

    Parameters
    ----------
    lag
        In frames, b's start on a's axis.
    z
        Height over chance in robust standard deviations: it ranks, it proves nothing.
    """

    lag: float
    z: float


def transform_size(n_a: int, n_b: int) -> int:
    """Return a fast transform length at which two rows correlate without wrapping around."""
    return int(fft.next_fast_len(n_a + n_b - 1, real=True))


def transform(rows: NDArray[np.generic], size: int) -> Spectra:
    """Return the spectra of the rows and, last, of their energy, shape (bands + 1, size // 2 + 1).

    The rows are whitened together: what repeats steadily (the beat of music) would else correlate
    at every lag of its period, and drown the one where all the rest agrees too.

    Parameters
    ----------
    rows
        Features, shape (bands, n).
    size
        Transform length, see `transform_size`.
    """
    bands, frames = rows.shape
    spectra = np.empty((bands + 1, size // 2 + 1), np.complex64)
    energy = np.zeros(frames, np.float32)
    for index in range(bands):
        row = rows[index].astype(np.float32)
        spectra[index] = fft.rfft(row, size)
        energy += row * row
    power = np.zeros(size // 2 + 1, np.float32)
    for index in range(bands):
        power += spectra[index].real ** 2 + spectra[index].imag ** 2
    power += np.float32(WHITENING_FLOOR * power.mean() + 1e-12)
    spectra[:bands] *= (power / power.mean()) ** np.float32(-WHITENING / 2.0)
    spectra[bands] = fft.rfft(energy, size)
    return spectra


def correlation_z(
    spectra_a: Spectra, spectra_b: Spectra, n_a: int, n_b: int, size: int, *, floor: float
) -> Floats:
    """Return the correlation at every lag over what independent features would give.

    The variance of the sum at a lag is that of independent rows with the energies that meet there,
    so silent stretches and small overlaps count for what they are.

    Parameters
    ----------
    spectra_a, spectra_b
        From `transform` at the same size.
    n_a, n_b
        Frames of a and b.
    size
        Transform length.
    floor
        Variance added at every lag, in units of the mean product of energies of one frame: overlaps
        of fewer frames than this are held down.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_a + n_b - 1,), for lags -(n_b - 1) to n_a - 1, in standard deviations that
        still have to be scaled (`robust_scale`) since neighbouring frames are not independent.
    """
    bands = spectra_a.shape[0] - 1
    product = np.zeros(size // 2 + 1, np.complex64)
    for index in range(bands):
        product += spectra_a[index] * np.conj(spectra_b[index])
    total = _unwrap(fft.irfft(product, size), n_a, n_b)
    energy = _unwrap(fft.irfft(spectra_a[bands] * np.conj(spectra_b[bands]), size), n_a, n_b)
    mean_a = float(spectra_a[bands, 0].real) / max(n_a, 1)
    mean_b = float(spectra_b[bands, 0].real) / max(n_b, 1)
    least = np.float32(floor * mean_a * mean_b + 1e-12)
    variance = np.maximum(energy, 0) + least
    return np.asarray(total / np.sqrt(variance / np.float32(bands)), np.float32)


def _unwrap(circular: Floats, n_a: int, n_b: int) -> Floats:
    return np.concatenate([circular[len(circular) - (n_b - 1) :], circular[:n_a]])


def robust_scale(values: Floats) -> tuple[float, float]:
    """Return the median and the standard deviation that the median absolute deviation implies.

    >>> robust_scale(np.array([0, 1, 2, 3, 100], np.float32))
    (2.0, 1.4826)
    """
    sample = values[:: max(1, len(values) // 100_000)]
    median = float(np.median(sample))
    return median, MAD_TO_STD * float(np.median(np.abs(sample - median)))


def find_peaks(z: Floats, n_b: int, *, count: int, apart: int, least: float = 4.0) -> list[Peak]:
    """Return the highest lags, best first.

    Parameters
    ----------
    z
        From `correlation_z`, any scale.
    n_b
        Frames of b: index 0 is lag -(n_b - 1).
    count
        At most this many.
    apart
        Least distance between two, in frames.
    least
        Least height in robust standard deviations.
    """
    median, scale = robust_scale(z)
    if scale <= 0.0:
        return []
    height = (z - np.float32(median)) / np.float32(scale)
    found: list[Peak] = []
    # One maximum per stretch of `apart` frames is enough to look at.
    stretches = -(-len(height) // apart)
    padded = np.full(stretches * apart, -np.inf, np.float32)
    padded[: len(height)] = height
    table = padded.reshape(stretches, apart)
    best = table.argmax(axis=1) + np.arange(stretches) * apart
    for index in best[np.argsort(-padded[best], kind="stable")]:
        if padded[index] < least or len(found) == count:
            break
        if all(abs(index - (n_b - 1) - peak.lag) >= apart for peak in found):
            found.append(Peak(float(index - (n_b - 1)), float(padded[index])))
    return found
