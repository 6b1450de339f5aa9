"""What the coarse search looks at: how loud each band is, 62.5 times a second.

Conventions
-----------
Sound is int16 at `RATE_HZ`. Frame i covers samples ``i * HOP`` to ``i * HOP + FRAME``. Loudness is
kept in half decibels as uint8 while the file is read, and at the end turned into changes: how far a
band departs from its own last and next few tenths of a second, against what is usual there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter1d

RATE_HZ = 16000
"""Sound is analysed at this rate: speech, claps and music have what is needed below 7 kHz."""

HOP = 256
"""Samples from frame to frame, 16 ms."""

FRAME = 512
"""Samples in a frame, 32 ms."""

BANDS = 12
"""Bands, evenly spaced by ear between `LOWEST_HZ` and `HIGHEST_HZ`."""

LOWEST_HZ = 150.0
"""Below lie wind, hum and handling."""

HIGHEST_HZ = 6500.0
"""Above, codecs at low rates keep little."""

FRAME_RATE_HZ = RATE_HZ / HOP

FLOOR_POWER = 1000.0
"""Power added to each band before the logarithm, in int16 units: some ten times the rounding noise,
so that digital silence and a dithered one look alike."""

AT_ONCE = 512
"""Frames worked on at once."""

STEP_DB = 0.5
"""Resolution of stored loudness."""

FAST_FRAMES = 3
"""Smoothing in time, 48 ms: what a reverberant second microphone still shares."""

SLOW_FRAMES = 25
"""Changes slower than this, 0.4 s, are level and colour of the microphone, no moments."""

NORMAL_FRAMES = 625
"""Changes are measured against what is usual within this, 10 s."""

QUIET_DB = 0.7
"""Added to what is usual, so that the flicker of steady noise is not blown up."""

CLIP_STD = 3.0
"""No single frame counts for more than this many times the usual."""

INT8_STEPS = 40.0
"""Stored steps per usual change."""

Bytes = NDArray[np.uint8]


def _mel(frequency_hz: float) -> float:
    return float(2595.0 * np.log10(1.0 + frequency_hz / 700.0))


def _band_weights() -> NDArray[np.float32]:
    # Folding a frame of 512 onto 256 samples keeps every second bin, 62.5 Hz apart.
    centres = np.arange(HOP // 2 + 1) * RATE_HZ / HOP
    mels = np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2)
    edges = 700.0 * (10.0 ** (mels / 2595.0) - 1.0)
    weights = np.zeros((len(centres), BANDS), np.float32)
    for band in range(BANDS):
        low, middle, high = edges[band : band + 3]
        rise, fall = (centres - low) / (middle - low), (high - centres) / (high - middle)
        weights[:, band] = np.maximum(0.0, np.minimum(rise, fall))
    return weights


_WEIGHTS = _band_weights()
_WINDOW = np.hanning(FRAME + 1)[:FRAME].astype(np.float32)


def loudness(samples: NDArray[np.int16]) -> Bytes:
    """Return the loudness of each band in each frame.

    Parameters
    ----------
    samples
        One channel, int16, shape (n,) with n >= `FRAME`.

    Returns
    -------
    numpy.ndarray
        uint8 in steps of `STEP_DB`, shape (frames, BANDS), frames = (n - FRAME) // HOP + 1.
    """
    frames = (len(samples) - FRAME) // HOP + 1
    out = np.empty((frames, BANDS), np.uint8)
    # Half a megabyte at a time: it stays in the processor's cache, and no memory is asked for anew.
    for first in range(0, frames, AT_ONCE):
        last = min(first + AT_ONCE, frames)
        out[first:last] = _loudness(samples[first * HOP : (last + 1) * HOP])
    return out


def _loudness(samples: NDArray[np.int16]) -> Bytes:
    plain = samples.astype(np.float32).reshape(-1, HOP)
    folded = plain[:-1] * _WINDOW[:HOP]
    folded += plain[1:] * _WINDOW[HOP:]
    spectrum = fft.rfft(folded, axis=1)
    power = spectrum.real**2
    power += spectrum.imag**2
    level = np.log10(power @ _WEIGHTS + np.float32(FLOOR_POWER))
    steps = (level - np.float32(np.log10(FLOOR_POWER))) * np.float32(10.0 / STEP_DB)
    return np.asarray(np.clip(np.rint(steps), 0, 255), np.uint8)


def changes(levels: Bytes) -> NDArray[np.int8]:
    """Return how each band changes, for correlation.

    Parameters
    ----------
    levels
        From `loudness`, shape (frames, bands).

    Returns
    -------
    numpy.ndarray
        int8, shape (bands, frames), `INT8_STEPS` to one usual change, zero in digital silence.
    """
    frames, bands = levels.shape
    out = np.zeros((bands, frames), np.int8)
    if frames == 0:
        return out
    for band in range(bands):
        out[band] = _changes_of_band(levels[:, band])
    return out


def _changes_of_band(levels: Bytes) -> NDArray[np.int8]:
    row = levels.astype(np.float32) * np.float32(STEP_DB)
    departure = uniform_filter1d(row, FAST_FRAMES, mode="nearest")
    departure -= uniform_filter1d(row, SLOW_FRAMES, mode="nearest")
    usual = uniform_filter1d(departure * departure, NORMAL_FRAMES, mode="nearest")
    departure /= np.sqrt(np.maximum(usual, 0)) + np.float32(QUIET_DB)
    np.clip(departure, -CLIP_STD, CLIP_STD, out=departure)
    return np.rint(departure * np.float32(INT8_STEPS)).astype(np.int8)


def liveliness_db(levels: Bytes, *, block_frames: int = 250) -> float:
    """Return how lively a channel is, as speech and music are and hum, hiss and timecode are not.

    It is the swing of the loudness of all bands together: noise swings each band by itself, so
    that the mean over bands is steady, and the level of the channel does not count.

    Parameters
    ----------
    levels
        From `loudness`, shape (frames, bands).
    block_frames
        The swing is measured in blocks of 4 s, capped at 6 dB each and averaged, so that a few
        knocks on a dead track do not win.
    """
    frames = len(levels)
    if frames < SLOW_FRAMES:
        return 0.0
    mean = levels.mean(axis=1, dtype=np.float32) * np.float32(STEP_DB)
    swing = uniform_filter1d(mean, FAST_FRAMES, mode="nearest")
    swing -= uniform_filter1d(mean, SLOW_FRAMES, mode="nearest")
    count = max(1, frames // block_frames)
    blocks = np.array_split(swing, count)
    return float(np.mean([min(6.0, float(np.std(block))) for block in blocks]))
