"""Which pairs of many clips are worth a closer look, at a fraction of the cost of looking.

Every clip is cut into pieces of two minutes with few bands and half the frames; all pieces are
correlated with all others in batches. Where two clips share more than some seconds one of their
pieces' correlations stands out. It ranks, it proves nothing and excludes nothing near it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clapless.numerics.correlation import WHITENING, WHITENING_FLOOR
from clapless.numerics.spread import noise_std
from clapless.signals.audio.feature import AudioFeature

ALL_PAIRS = 12
"""Up to so many clips every pair is worth trying."""

PIECE_FRAMES = 8192
"""Frames of a piece, 131 s."""

MERGED_BANDS = 3
MERGED_FRAMES = 2
"""Neighbouring bands and frames that are added up."""

LEAST_FRAMES = 96
"""Overlaps of fewer merged frames, 3 s, are held down."""

STANDING_OUT = 6.5
"""Pairs whose correlation reaches this many robust standard deviations are kept; the highest of
eight thousand lags of clips with nothing in common reaches 4 to 6."""

PARTNERS = 6
"""Each clip keeps its best partners whatever they reach."""

BATCH = 256
"""Pieces correlated with one piece at once."""

Spectra = NDArray[np.complex64]


def worthwhile_pairs(features: Mapping[str, AudioFeature]) -> list[tuple[str, str]]:
    """Return pairs of clip ids worth trying, the most promising first.

    Parameters
    ----------
    features
        By clip id.
    """
    names = list(features)
    if len(names) <= ALL_PAIRS:
        return list(combinations(names, 2))
    scores = pair_scores(list(features.values()))
    order = np.argsort(-scores, axis=1, kind="stable")[:, :PARTNERS]
    keep = scores >= STANDING_OUT
    keep[np.arange(len(names))[:, None], order] = True
    keep |= keep.T
    first, second = np.nonzero(np.triu(keep, 1))
    ranked = np.argsort(-scores[first, second], kind="stable")
    return [(names[first[i]], names[second[i]]) for i in ranked]


def pair_scores(features: list[AudioFeature]) -> NDArray[np.float32]:
    """Return how far the best piece of each pair stands out, shape (clips, clips), symmetric."""
    rows: list[NDArray[np.float32]] = []
    owners: list[int] = []
    for number, feature in enumerate(features):
        pieces = _pieces(feature)
        rows += pieces
        owners += [number] * len(pieces)
    scores = np.zeros((len(features), len(features)), np.float32)
    if not rows:
        return scores
    longest = max(piece.shape[1] for piece in rows)
    size = int(fft.next_fast_len(2 * longest, real=True))
    spectra = np.stack([_spectrum(piece, size) for piece in rows])
    lengths = np.array([piece.shape[1] for piece in rows])
    owner = np.array(owners, np.int64)
    for index in range(len(rows) - 1):
        for start in range(index + 1, len(rows), BATCH):
            part = np.arange(start, min(start + BATCH, len(rows)))
            part = part[owner[part] != owner[index]]
            if len(part) == 0:
                continue
            heights = _heights(spectra, lengths, index, part, size)
            np.maximum.at(scores, (np.full(len(part), owner[index]), owner[part]), heights)
    return np.maximum(scores, scores.T)


def _pieces(feature: AudioFeature) -> list[NDArray[np.float32]]:
    changes = feature.changes
    bands = changes.shape[0] // MERGED_BANDS
    merged = changes.reshape(bands, MERGED_BANDS, -1).sum(axis=1, dtype=np.int16)
    whole = merged.shape[1] // MERGED_FRAMES * MERGED_FRAMES
    halved = merged[:, :whole].reshape(bands, -1, MERGED_FRAMES).sum(axis=2, dtype=np.int16)
    count = max(1, round(halved.shape[1] / (PIECE_FRAMES / MERGED_FRAMES)))
    return [piece.astype(np.float32) for piece in np.array_split(halved, count, axis=1)]


def _spectrum(piece: NDArray[np.float32], size: int) -> Spectra:
    spectrum = np.asarray(fft.rfft(piece, size, axis=1), np.complex64)
    power = (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
    mean = float(power.mean())
    if mean <= 0.0:
        return spectrum
    power += np.float32(WHITENING_FLOOR * mean)
    spectrum *= (power / power.mean()) ** np.float32(-WHITENING / 2.0)
    # Unit energy per frame, so that lags of all pieces are on one scale.
    spectrum /= np.float32(np.sqrt(np.mean(piece**2)))
    return spectrum


def _heights(
    spectra: Spectra,
    lengths: NDArray[np.int64],
    index: int,
    part: NDArray[np.int64],
    size: int,
) -> NDArray[np.float32]:
    """Return the highest lag of one piece against others, in robust standard deviations."""
    # Turned round in time: lag 0 comes last, and the pieces are not conjugated one by one.
    product = np.einsum("bf,pbf->pf", np.conj(spectra[index]), spectra[part])
    curves = fft.irfft(product, size, axis=1)
    out = np.zeros(len(part), np.float32)
    long_a = int(lengths[index])
    for row, other in enumerate(part):
        long_b = int(lengths[other])
        curve = np.concatenate([curves[row, size - (long_a - 1) :], curves[row, :long_b]])
        curve *= _even(long_a, long_b)
        spread = noise_std(curve[::7])
        out[row] = curve.max() / spread if spread > 0 else 0.0
    return out


@lru_cache(maxsize=64)
def _even(long_a: int, long_b: int) -> NDArray[np.float32]:
    """Return what brings the sums over all overlaps of two pieces to one scale."""
    lags = np.arange(-(long_a - 1), long_b)
    overlap = np.minimum(long_b, lags + long_a) - np.maximum(0, lags)
    return np.asarray(1.0 / np.sqrt(overlap + LEAST_FRAMES), np.float32)
