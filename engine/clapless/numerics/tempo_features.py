"""What stays of a piece of music at another tempo: which notes sound, and where strokes fall.

References
----------
Mueller (2015), "Fundamentals of Music Processing", chapter 3 (chroma, time warping).
Ewert, Mueller and Grosche (2009), "High resolution audio synchronization using chroma onset
features", ICASSP.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import uniform_filter1d

Floats = NDArray[np.float32]

RATE_HZ = 16000
"""Samples per second of the sound that is analysed."""

HOP = 320
"""Samples from one frame to the next: 50 frames a second."""

FRAME_S = HOP / RATE_HZ

NOTE_FRAME = 4096
"""Samples in which notes are told apart: 3.9 Hz, a semitone at 66 Hz."""

STROKE_FRAME = 512
"""Samples in which strokes are told apart: 32 ms."""

LOWEST_HZ, HIGHEST_HZ = 100.0, 2200.0
"""Where notes are looked for."""

NOTES = 12

STROKE_EDGES_HZ = (40.0, 160.0, 500.0, 1500.0, 4000.0, 7600.0)
"""Bands in which strokes are looked for: kick, body, voices, snare, cymbals."""

STROKES = len(STROKE_EDGES_HZ) - 1

FLOOR = 1e-4
"""Amplitude, of full scale 1, under which nothing is heard: -80 dB."""


USUAL_FRAMES = 1001
"""Frames over which a note that sounds all the time is one, 20 s."""

REST_FRAMES = 50
"""Where for a second no note stands out the music rests."""

LEAST_ABOVE = 0.1
"""Share of what differs from the usual that must be above it. Before and after the music only what
is usual in it lies below, and that is alike in all takes: without this 10 s of silence, noise or
speech on either side were taken for music (seeds 0 to 4)."""


def _note_matrix() -> Floats:
    hz = fft.rfftfreq(NOTE_FRAME, 1 / RATE_HZ)
    matrix = np.zeros((len(hz), NOTES), np.float32)
    heard = np.flatnonzero((hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ))
    note = 12 * np.log2(hz[heard] / 440.0)
    for pitch in range(NOTES):
        # A bin lies between two notes; it counts for both by its distance.
        off = (note - pitch + 6) % 12 - 6
        matrix[heard, pitch] = np.exp(-0.5 * (off / 0.35) ** 2)
    return matrix


def _stroke_matrix() -> Floats:
    hz = fft.rfftfreq(STROKE_FRAME, 1 / RATE_HZ)
    matrix = np.zeros((len(hz), STROKES), np.float32)
    for band in range(STROKES):
        inside = (hz >= STROKE_EDGES_HZ[band]) & (hz < STROKE_EDGES_HZ[band + 1])
        matrix[inside, band] = 1.0 / max(1, int(inside.sum()))
    return matrix


_NOTE_MATRIX, _STROKE_MATRIX = _note_matrix(), _stroke_matrix()
_NOTE_WINDOW = np.hanning(NOTE_FRAME).astype(np.float32)
_STROKE_WINDOW = np.hanning(STROKE_FRAME).astype(np.float32)


def frame_levels(samples: Floats) -> tuple[Floats, Floats]:
    """Return notes and strokes of whole frames of sound.

    Parameters
    ----------
    samples
        At `RATE_HZ`, full scale 1, shape (n,), n at least `NOTE_FRAME`. Frame k is centred at
        sample ``k * HOP + NOTE_FRAME / 2``.

    Returns
    -------
    notes
        Amplitude per pitch class, from A on, shape (frames, 12).
    strokes
        Log level per band, shape (frames, 5).
    """
    windows = np.lib.stride_tricks.sliding_window_view(samples, NOTE_FRAME)[::HOP]
    early = (NOTE_FRAME - STROKE_FRAME) // 2
    notes = np.empty((len(windows), NOTES), np.float32)
    strokes = np.empty((len(windows), STROKES), np.float32)
    for start in range(0, len(windows), 256):
        part = windows[start : start + 256]
        spectrum = np.abs(fft.rfft(part * _NOTE_WINDOW, axis=1)).astype(np.float32)
        notes[start : start + 256] = np.sqrt(spectrum / NOTE_FRAME) @ _NOTE_MATRIX
        middle = part[:, early : early + STROKE_FRAME] * _STROKE_WINDOW
        power = (np.abs(fft.rfft(middle, axis=1)) ** 2).astype(np.float32)
        strokes[start : start + 256] = np.log10(power @ _STROKE_MATRIX / STROKE_FRAME + FLOOR**2)
    return notes, strokes


def note_shapes(notes: Floats, *, smooth: int, silence_rests: bool = False) -> Floats:
    """Return which notes stand out, mean 0 and norm 1 per frame, shape (frames, 12).

    Parameters
    ----------
    notes
        Of `frame_levels`.
    smooth
        Frames that are joined.
    silence_rests
        Whether nothing stands out where the music rests for a second; within it rests tell time
        as well as notes do.
    """
    joined = uniform_filter1d(notes, smooth, axis=0, mode="nearest")
    # What sounds all the time (a hum, the key itself) tells no place.
    usual = uniform_filter1d(notes, USUAL_FRAMES, axis=0, mode="nearest")
    apart = joined - usual
    off = apart - apart.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(off, axis=1, keepdims=True)
    loud = np.linalg.norm(usual, axis=1, keepdims=True)
    shapes = np.asarray(off / np.maximum(norm, 0.02 * loud + 1e-6), np.float32)
    return np.where(_rests(apart), np.float32(0.0), shapes) if silence_rests else shapes


def _rests(apart: Floats) -> NDArray[np.bool_]:
    above, whole = (
        uniform_filter1d(np.linalg.norm(part, axis=1, keepdims=True), REST_FRAMES, axis=0)
        for part in (np.maximum(apart, 0.0), apart)
    )
    return np.asarray(above < LEAST_ABOVE * whole, np.bool_)


def stroke_shapes(strokes: Floats) -> Floats:
    """Return how strongly strokes fall in each band, fading over 0.2 s, shape (frames, 5).

    The mean square over a band's frames is 1.
    """
    rise = np.maximum(np.diff(strokes, axis=0, prepend=strokes[:1]), 0.0)
    rise = np.maximum(rise - uniform_filter1d(rise, 51, axis=0, mode="nearest"), 0.0)
    faded = rise.copy()
    for lag in range(1, 10):
        late = np.zeros_like(rise)
        late[lag:] = rise[:-lag] * np.sqrt(1.0 - lag / 10.0)
        faded = np.maximum(faded, late)
    scale = np.sqrt(np.mean(faded**2, axis=0, keepdims=True))
    return np.asarray(faded / np.maximum(scale, 1e-6), np.float32)
