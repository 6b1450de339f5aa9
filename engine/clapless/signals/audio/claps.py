"""Sharp onsets: what a clap, a slate or a knock looks like.

They prove nothing, but where sound refuses they are what a person would look for: they are offered
as pins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.model import Pin
from clapless.signals.audio.bands import FRAME, HOP, RATE_HZ, STEP_DB
from clapless.signals.audio.feature import AudioFeature

LEAST_RISE_DB = 15.0
"""All bands together must rise by this over the 80 ms before."""

BEFORE_FRAMES = 5
"""What the rise is measured against."""

APART_S = 0.5
"""Two claps are at least this far apart."""

PER_CHUNK = 3
"""Onsets kept of one chunk while reading."""

PER_CLIP = 24
"""Onsets kept of a clip."""

PAIRED_S = 0.005
"""Claps of two clips belong together where their offsets agree within this."""

PINS = 3
"""Pairs that are suggested."""

EDGE_SHARE = 0.3
"""A clap begins where its envelope first reaches this share of its peak."""


@dataclass(frozen=True, slots=True)
class Clap:
    """An onset: sample index in its stream, and the rise over all bands in dB."""

    sample: int
    rise_db: float


def find_claps(
    levels: NDArray[np.uint8], samples: NDArray[np.int16], first_sample: int
) -> list[Clap]:
    """Return the sharpest onsets of a stretch of sound, sharpest first.

    Parameters
    ----------
    levels
        Loudness of the stretch (`bands.loudness`), shape (frames, bands).
    samples
        The same stretch, int16.
    first_sample
        Index of its first sample in the stream.
    """
    if len(levels) <= BEFORE_FRAMES + 2:
        return []
    # The median band rises: a clap is broad, a sung onset is not.
    rows = levels.astype(np.int16)
    count = len(rows) - BEFORE_FRAMES - 1
    before = rows[:count].copy()
    for later in range(1, BEFORE_FRAMES):
        np.maximum(before, rows[later : later + count], out=before)
    rises = rows[BEFORE_FRAMES + 1 :] - before
    # Where the median reaches the least rise, half of the bands or more do.
    broad = np.count_nonzero(rises >= LEAST_RISE_DB / STEP_DB, axis=1) >= rises.shape[1] // 2
    rise = np.full(count, -np.inf)
    rise[broad] = np.median(rises[broad], axis=1) * STEP_DB
    found: list[Clap] = []
    for index in np.argsort(-rise, kind="stable"):
        if rise[index] < LEAST_RISE_DB or len(found) == PER_CHUNK:
            break
        frame = int(index) + BEFORE_FRAMES + 1
        sample = first_sample + _edge(samples, (frame - 1) * HOP)
        if all(abs(sample - clap.sample) > APART_S * RATE_HZ for clap in found):
            found.append(Clap(sample, float(rise[index])))
    return found


def _edge(samples: NDArray[np.int16], start: int) -> int:
    stretch = np.abs(samples[max(start, 0) : start + 2 * FRAME].astype(np.float32))
    return max(start, 0) + int(np.argmax(stretch >= EDGE_SHARE * stretch.max()))


def strongest(claps: list[Clap]) -> list[Clap]:
    """Return the strongest onsets of a clip, apart from each other, strongest first."""
    kept: list[Clap] = []
    for clap in sorted(claps, key=lambda clap: -clap.rise_db):
        if len(kept) == PER_CLIP:
            break
        if all(abs(clap.sample - other.sample) > APART_S * RATE_HZ for other in kept):
            kept.append(clap)
    return kept


def suggest_pins(a: AudioFeature, b: AudioFeature) -> tuple[Pin, ...]:
    """Return the pairs of claps that a person should look at first.

    Pairs whose offset other claps share come first, then the sharpest.
    """
    pairs: list[tuple[float, float, float]] = []
    for index_a, t_a in enumerate(a.claps_s):
        for index_b, t_b in enumerate(b.claps_s):
            sharp = float(min(a.clap_strength[index_a], b.clap_strength[index_b]))
            pairs.append((float(t_a), float(t_b), sharp))
    if not pairs:
        return ()
    offsets = np.array([t_a - t_b for t_a, t_b, _ in pairs])
    sharpness = np.array([sharp for _, _, sharp in pairs])
    shared = np.array([float(sharpness[np.abs(offsets - o) < PAIRED_S].sum()) for o in offsets])
    chosen: list[int] = []
    for index in np.lexsort((-sharpness, -shared)):
        if all(abs(offsets[index] - offsets[other]) > PAIRED_S for other in chosen):
            chosen.append(int(index))
        if len(chosen) == PINS:
            break
    return tuple(Pin(a=a.clip.id, a_s=pairs[i][0], b=b.clip.id, b_s=pairs[i][1]) for i in chosen)
