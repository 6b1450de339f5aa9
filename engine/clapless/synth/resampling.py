"""The value of sound between its samples, exact in time.

The engine has an interpolator of its own. This one shares nothing with it, so that no error of the
one can hide in the other.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from clapless.synth.noise import Samples

_TAPS, _ORDER = 32, 7
_CUTOFF = 0.93
"""Edge of the interpolator's band as a share of half the event's rate."""
_CHUNK = 1 << 16

REACH = _TAPS // 2
"""Samples on either side that a value depends on."""


def resample_at(samples: Samples, positions: NDArray[np.float64]) -> Samples:
    """Return the value of a band-limited signal between its samples.

    Windowed sinc of 32 taps, exact in phase: it is symmetric, so a delay is met to better than a
    hundredth of a microsecond at 16 kHz. The band ends at 0.93 of half the rate.

    Parameters
    ----------
    samples
        float32, shape (n,); zero outside.
    positions
        float64, shape (m,), in samples, rising or not.

    Returns
    -------
    values
        float32, shape (m,).
    """
    if positions.size == 0:
        return np.zeros(0, np.float32)
    # Only what is asked for is copied: callers take a long sound piece by piece.
    begin = max(0, int(positions.min()) - _TAPS)
    end = max(begin, min(samples.size, int(positions.max()) + _TAPS))
    padded = np.pad(samples[begin:end], REACH + 1)
    views = np.lib.stride_tricks.sliding_window_view(padded, _TAPS)
    out = np.zeros(positions.size, np.float32)
    table = _interpolator()
    for first in range(0, positions.size, _CHUNK):
        at = positions[first : first + _CHUNK]
        left = np.floor(at).astype(np.int64)
        inside = (left >= -1) & (left < samples.size)
        rows = views[np.where(inside, left + 2 - begin, 0)]
        u = (at - left - 0.5).astype(np.float32)
        terms = rows @ table
        value = terms[:, _ORDER]
        for k in range(_ORDER - 1, -1, -1):
            value = value * u + terms[:, k]
        out[first : first + at.size] = np.where(inside, value, np.float32(0))
    return out


def _kernel(x: NDArray[np.float64]) -> NDArray[np.float64]:
    half = _TAPS / 2
    window = np.i0(8.0 * np.sqrt(np.maximum(0.0, 1 - (x / half) ** 2))) / np.i0(8.0)
    return np.where(np.abs(x) < half, _CUTOFF * np.sinc(_CUTOFF * x) * window, 0.0)


@cache
def _interpolator() -> Samples:
    """Kernel taps as polynomials of the position between two samples, shape (taps, order + 1)."""
    u = np.cos(np.pi * (np.arange(64) + 0.5) / 64) / 2
    taps = np.arange(_TAPS) - (REACH - 1)
    values = _kernel(taps[None, :] - (u[:, None] + 0.5))
    powers = np.vander(u, _ORDER + 1, increasing=True)
    table: Samples = np.linalg.lstsq(powers, values, rcond=None)[0].T.astype(np.float32)
    return table
