"""Takes of one song, each at a tempo of its own, whose beats are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from clapless.synth.music import Song, _drum, _note, _notes
from clapless.synth.noise import Samples, add_at, unit_power

JITTER_S = 0.009
"""Players strike this much beside the beat, as in `clapless.synth.music`."""


def beats(
    rng: np.random.Generator,
    piece: Song,
    *,
    sections: int,
    ratio: float = 1.0,
    wander: float = 0.03,
    lead_s: float = 0.5,
) -> NDArray[np.float64]:
    """Return when each eighth of a take falls, and the end, in seconds, rising, shape (n + 1,).

    Parameters
    ----------
    rng
        Source of the tempo's wander.
    piece
        The song.
    sections
        How many sections of its form are played.
    ratio
        > 1: the take is faster than the song is written.
    wander
        Standard deviation of the tempo about its mean, as a share, over some four bars.
    lead_s
        Time before the first beat.
    """
    count = sections * piece.sections[0].kick.size
    slow = gaussian_filter1d(rng.standard_normal(count), 16.0, mode="wrap")
    tempo = ratio * np.exp(wander * slow / max(float(slow.std()), 1e-9))
    steps = piece.beat_s / 2 / tempo
    return np.asarray(lead_s + np.concatenate([[0.0], np.cumsum(steps)]), np.float64)


def perform_take(
    rng: np.random.Generator, piece: Song, eighths_s: NDArray[np.float64], rate_hz: int
) -> Samples:
    """Perform a song on a grid of eighths, by players.

    Parameters
    ----------
    rng
        Source of the performance.
    piece
        The song.
    eighths_s
        Of `beats`.
    rate_hz
        Samples per second.

    Returns
    -------
    samples
        float32, from time 0 to a second after the last beat, mean power 1.
    """
    out = np.zeros(int((eighths_s[-1] + 1.0) * rate_hz), np.float32)
    in_section = piece.sections[0].kick.size
    for turn in range((len(eighths_s) - 1) // in_section):
        section = piece.sections[piece.form[turn % len(piece.form)]]
        grid = eighths_s[turn * in_section : (turn + 1) * in_section + 1]

        def moment(eighth: int, grid: NDArray[np.float64] = grid) -> int:
            return max(0, round(float(grid[eighth] + rng.normal(0.0, JITTER_S)) * rate_hz))

        for eighth in range(in_section):
            for drum, played in enumerate((section.kick[eighth], section.snare[eighth], True)):
                if played and rng.random() >= 0.03:
                    force = np.float32(rng.lognormal(0.0, 0.2))
                    add_at(out, moment(eighth), force * _drum(rng, drum, rate_hz))
        step_s = float(np.mean(np.diff(grid)))
        for start, degree, instrument, length in _notes(rng, section, human=True):
            hold_s = min(length * step_s * 2, 2.0) * rng.uniform(0.7, 1.0)
            note = _note(rng, piece, degree, instrument, hold_s, rate_hz, True)
            add_at(out, moment(start), note)
    return unit_power(out)
