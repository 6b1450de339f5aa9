"""Music-like sound: a band of drums, bass, chords and a tune, played by people or by a machine.

A `Song` is the composition: tempo, key, chords, rhythm and tune of its sections. `music` performs
it. Players vary: every note has its own moment, force, tuning and phase, the tempo wanders, the
tune is ornamented, so the same section heard twice is never the same sound. A machine repeats a
section to the sample. In between stands a band with a drum machine: its strokes are the same
samples each time, on a strict grid, under a performance that varies; a whitened correlation of two
bars is 0.4 to 0.55 of that of a bar with itself, by the drums alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clapless.synth.noise import Samples, add_at, unit_power

Performance = Literal["players", "drum_machine", "machine"]

_SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
_BEATS_PER_BAR = 4
_BARS_PER_SECTION = 4
_CYCLE = 2048
"""Points of a tabulated period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Four bars: a chord per bar, a rhythm per bar, tune notes per eighth (-1 is a rest)."""

    chords: NDArray[np.int64]
    kick: NDArray[np.bool_]
    snare: NDArray[np.bool_]
    tune: NDArray[np.int64]
    strum: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A composition.

    Parameters
    ----------
    beat_s
        Length of a beat in seconds.
    key_hz
        Pitch of the lowest tonic.
    sections
        Verse, chorus and bridge.
    form
        Order of the sections by index; it is gone through again when it ends.
    steepness
        Overtone k of bass, chords and tune has level ``k ** -steepness``, shape (3,).
    stroke, breath
        Noise of the stroke and of the held tone against its level, shape (3,).
    """

    beat_s: float
    key_hz: float
    sections: tuple[Section, ...]
    form: tuple[int, ...]
    steepness: NDArray[np.float64]
    stroke: NDArray[np.float64]
    breath: NDArray[np.float64]


def song(rng: np.random.Generator) -> Song:
    """Compose a song."""
    eighths = 2 * _BEATS_PER_BAR * _BARS_PER_SECTION
    sections = []
    for _ in range(3):
        kick_bar = rng.random(8) < np.array([0.95, 0.1, 0.2, 0.3, 0.8, 0.2, 0.2, 0.2])
        snare_bar = np.array([False, False, True, False, False, False, True, False])
        steps = np.cumsum(rng.integers(-2, 3, eighths)) % 10 + 7
        sections.append(
            Section(
                chords=rng.choice([0, 3, 4, 5, 1], _BARS_PER_SECTION),
                kick=np.tile(kick_bar, _BARS_PER_SECTION),
                snare=np.tile(snare_bar, _BARS_PER_SECTION),
                tune=np.where(rng.random(eighths) < 0.45, -1, steps),
                strum=np.tile(rng.random(8) < 0.5, _BARS_PER_SECTION),
            )
        )
    return Song(
        beat_s=60.0 / float(rng.uniform(75, 150)),
        key_hz=float(55.0 * 2 ** rng.uniform(0.0, 1.0)),
        sections=tuple(sections),
        form=(0, 0, 1, 0, 1, 2, 1),
        steepness=rng.uniform(0.8, 1.6, 3),
        stroke=rng.uniform(0.1, 0.6, 3),
        breath=rng.uniform(0.01, 0.06, 3),
    )


def music(
    rng: np.random.Generator,
    n: int,
    rate_hz: int,
    *,
    piece: Song | None = None,
    performance: Performance = "players",
) -> Samples:
    """Perform a song from its beginning, again and again until the time is filled.

    Parameters
    ----------
    rng
        Source of the performance.
    n
        Samples.
    rate_hz
        Samples per second.
    piece
        What is played; composed from `rng` where None.
    performance
        Who plays, see the module's docstring.

    Returns
    -------
    samples
        float32, shape (n,), mean power 1.
    """
    piece = piece or song(rng)
    out = np.zeros(n, np.float32)
    kit = _kit(rng, rate_hz) if performance != "players" else None
    start = 0
    tapes: dict[int, Samples] = {}
    length = round(piece.beat_s * rate_hz) * _BEATS_PER_BAR * _BARS_PER_SECTION
    tempo = 1.0
    for turn in range(n // int(0.9 * length) + 2):
        which = piece.form[turn % len(piece.form)]
        section = piece.sections[which]
        if performance == "machine":
            if which not in tapes:
                tapes[which] = _perform(rng, piece, section, rate_hz, length, kit, human=False)
            add_at(out, start, tapes[which])
            start += length
        else:
            beats = length
            if performance == "players":
                tempo = 1.0 + 0.8 * (tempo - 1.0) + float(rng.normal(0.0, 0.006))
                beats = int(length / tempo)
            take = _perform(rng, piece, section, rate_hz, beats, kit, human=True)
            add_at(out, start, take)
            start += beats
        if start >= n:
            break
    return unit_power(out)


def _perform(
    rng: np.random.Generator,
    piece: Song,
    section: Section,
    rate_hz: int,
    length: int,
    kit: list[Samples] | None,
    *,
    human: bool,
) -> Samples:
    """One section; notes ring on for up to a second after its end."""
    eighths = section.kick.size
    step = length / eighths
    out = np.zeros(length + rate_hz, np.float32)
    jitter_s = 0.009 if human else 0.0

    def moment(eighth: int) -> int:
        early = rng.normal(0.0, jitter_s) if human else 0.0
        return max(0, round(eighth * step + early * rate_hz))

    for eighth in range(eighths):
        strokes = (section.kick[eighth], section.snare[eighth], True)
        for drum, played in enumerate(strokes):
            if not played or (human and rng.random() < 0.03):
                continue
            if kit is not None:
                add_at(out, round(eighth * step), kit[drum])
            else:
                force = np.float32(rng.lognormal(0.0, 0.2))
                add_at(out, moment(eighth), force * _drum(rng, drum, rate_hz))
    for start, degree, instrument, beats in _notes(rng, section, human=human):
        hold_s = min(beats * step * 2 / rate_hz, 2.0) * rng.uniform(0.7, 1.0)
        add_at(out, moment(start), _note(rng, piece, degree, instrument, hold_s, rate_hz, human))
    return out


def _notes(
    rng: np.random.Generator, section: Section, *, human: bool
) -> list[tuple[int, int, int, float]]:
    """Return the notes of a section as (eighth, scale degree, instrument, beats)."""
    notes: list[tuple[int, int, int, float]] = []
    for eighth, degree in enumerate(section.tune):
        bar, beat = divmod(eighth, 2 * _BEATS_PER_BAR)
        chord = int(section.chords[bar])
        if beat % 4 == 0 or (human and rng.random() < 0.1):
            notes.append((eighth, chord, 0, 2.0))
        if section.strum[eighth] != (human and rng.random() < 0.12):
            notes += [(eighth, chord + third + 7, 1, 1.0) for third in (0, 2, 4)]
        if degree >= 0 and not (human and rng.random() < 0.12):
            ornament = int(rng.integers(-1, 2)) if human and rng.random() < 0.15 else 0
            notes.append((eighth, int(degree) + 7 + ornament, 2, float(rng.choice([0.5, 1.0]))))
    return notes


def _note(
    rng: np.random.Generator,
    piece: Song,
    degree: int,
    instrument: int,
    hold_s: float,
    rate_hz: int,
    human: bool,
) -> Samples:
    """Return a plucked, struck or blown tone."""
    octave, step = divmod(degree, _SCALE.size)
    pitch_hz = piece.key_hz * 2 ** (octave + _SCALE[step] / 12)
    if human:
        pitch_hz *= 2 ** (rng.normal(0.0, 6.0) / 1200)
    t = np.arange(int(hold_s * rate_hz), dtype=np.float32) / rate_hz
    turns = np.float32(pitch_hz) * t
    if instrument == 2 and human:
        depth = rng.uniform(0.0, 0.06)
        turns += np.float32(depth) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * t)
    decay = np.float32((2.0, 3.5, 1.5)[instrument])
    level = (1.0, 0.5, 0.9)[instrument] * (rng.lognormal(0.0, 0.2) if human else 1.0)
    place = (turns * _CYCLE).astype(np.int32) % _CYCLE
    cycles = _cycles(rng, piece.steepness[instrument], int(0.44 * rate_hz // pitch_hz))
    # The brightness of the stroke dies away faster than the tone.
    out = cycles[0][place] * np.exp(-decay * t) + cycles[1][place] * np.exp(-3 * decay * t)
    noise = rng.standard_normal(t.size, dtype=np.float32)
    out += noise * (piece.stroke[instrument] * np.exp(-90 * t) + piece.breath[instrument])
    edge = min(int(0.006 * rate_hz), t.size // 2)
    ramp = np.linspace(0, 1, edge, dtype=np.float32)
    out[:edge] *= ramp
    out[t.size - edge :] *= ramp[::-1]
    return (np.float32(level) * out).astype(np.float32, copy=False)


def _cycles(rng: np.random.Generator, steepness: float, count: int) -> tuple[Samples, Samples]:
    """One period of the lower and of the upper overtones, each overtone at a phase of its own."""
    order = np.arange(1, max(2, min(count, 48)) + 1)
    levels = order**-steepness * np.exp(1j * rng.uniform(0, 2 * np.pi, order.size))
    spectra = np.zeros((2, _CYCLE // 2 + 1), np.complex128)
    spectra[0, order[:4]], spectra[1, order[4:]] = levels[:4], levels[4:]
    lower, upper = (fft.irfft(spectra, _CYCLE, axis=1) * _CYCLE / 2).astype(np.float32)
    return lower, upper


def _drum(rng: np.random.Generator, which: int, rate_hz: int) -> Samples:
    """One stroke of kick (0), snare (1) or hi-hat (2); its noise is new each time."""
    length = int(rate_hz * (0.25, 0.2, 0.06)[which])
    t = np.arange(length, dtype=np.float32) / rate_hz
    noise = rng.standard_normal(length, dtype=np.float32)
    if which == 0:
        sweep_hz = rng.normal(50, 2) + 90 * np.exp(-30 * t)
        body = np.sin(2 * np.pi * np.cumsum(sweep_hz) / rate_hz) * np.exp(-14 * t)
        return (2.2 * body + 0.3 * noise * np.exp(-200 * t)).astype(np.float32)
    if which == 1:
        ring = np.sin(2 * np.pi * rng.normal(190, 4) * t) * np.exp(-25 * t)
        return (0.9 * ring + 0.8 * noise * np.exp(-22 * t)).astype(np.float32)
    bright = np.diff(noise, prepend=np.float32(0))
    return (0.35 * bright * np.exp(-70 * t)).astype(np.float32)


def _kit(rng: np.random.Generator, rate_hz: int) -> list[Samples]:
    return [_drum(rng, which, rate_hz) for which in range(3)]
