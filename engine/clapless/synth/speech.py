"""Speech-like sound: voices with pitch, syllables, formants, consonants, phrases and pauses.

It is made as the source and filter of a vocal tract: a train of glottal pulses and breath noise,
shaped frame by frame by resonances that glide from consonant to vowel. Syllables come from a small
stock per language, so that they recur as in real talk, but every token differs in length, pitch and
reach of its vowel: nothing repeats exactly and nothing is periodic for long.

References
----------
Formants of vowels: Peterson and Barney (1952), means of men; other voices are scaled versions.
About 4 to 5 syllables a second and pauses of 0.2 to 1.5 s are the habit of conversation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clapless.synth.noise import Samples, unit_power

Floats = NDArray[np.float64]

VOWELS_HZ = np.array(
    [
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (440, 1020, 2240),
        (300, 870, 2240),
        (640, 1190, 2390),
        (490, 1350, 1690),
    ],
    dtype=np.float64,
)
"""First three formants of ten vowels."""

_LOCI_HZ = np.array([(250, 900, 2200), (250, 1750, 2600), (250, 2300, 2500), (350, 1300, 2400)])
"""Where formants point to at lip, gum, palate and throat consonants."""

_BANDWIDTHS_HZ = np.array([70.0, 100.0, 140.0, 220.0, 300.0])
_HOP_S, _FRAME_HOPS = 0.008, 4
_CHUNK_FRAMES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One speaker.

    Parameters
    ----------
    pitch_hz
        Mean pitch.
    tract
        Formants relative to those of a man: about 1.15 for women, 1.3 for children.
    breath
        Share of breath noise in vowels.
    pace
        Syllables per second within a phrase.
    tilt_db
        Fall of the voice's spectrum per octave above 500 Hz, negative.
    """

    pitch_hz: float
    tract: float
    breath: float
    pace: float
    tilt_db: float


def voice(rng: np.random.Generator) -> Voice:
    """Draw a speaker."""
    woman = rng.random() < 0.5
    return Voice(
        pitch_hz=float(rng.normal(205, 22) if woman else rng.normal(118, 16)),
        tract=float(rng.normal(1.15 if woman else 1.0, 0.04)),
        breath=float(rng.uniform(0.02, 0.12)),
        pace=float(rng.uniform(4.0, 6.0)),
        tilt_db=float(rng.uniform(-9.0, -5.0)),
    )


@dataclass(frozen=True, slots=True)
class _Syllables:
    """Tokens in order: arrays of shape (n,), times in seconds."""

    start_s: Floats
    length_s: Floats
    onset_s: Floats
    speaker: NDArray[np.int64]
    vowel: NDArray[np.int64]
    glide: NDArray[np.int64]
    consonant: NDArray[np.int64]
    accent: Floats
    phrase_s: Floats


def speech(
    rng: np.random.Generator,
    n: int,
    rate_hz: int,
    *,
    voices: tuple[Voice, ...] | None = None,
    talkativeness: float = 1.0,
) -> Samples:
    """Return people taking turns to talk.

    Parameters
    ----------
    rng
        Source of the words.
    n
        Samples.
    rate_hz
        Samples per second, at least 8000.
    voices
        Speakers; two to four are drawn where None.
    talkativeness
        2 halves the pauses, 0.5 doubles them.

    Returns
    -------
    samples
        float32, shape (n,), mean power 1 (pauses included).
    """
    if voices is None:
        voices = tuple(voice(rng) for _ in range(int(rng.integers(2, 5))))
    tokens = _tokens(rng, n / rate_hz, voices, talkativeness)
    hop = int(_HOP_S * rate_hz)
    frames = n // hop + 2 * _FRAME_HOPS
    hop_s = hop / rate_hz
    # Centres of the frames; the first frames lie before the sound that is asked for.
    frame_s: Floats = (np.arange(frames, dtype=np.float64) - _FRAME_HOPS / 2) * hop_s
    voiced, hiss = _amplitudes(rng, tokens, frame_s)
    speaker = _held(tokens.start_s, tokens.speaker, frame_s)
    length = (frames + _FRAME_HOPS) * hop
    pulses = _pulses(rng, tokens, voices, length, rate_hz, offset_s=_FRAME_HOPS * hop_s)
    breath = rng.standard_normal(length, dtype=np.float32)
    tracks = _formants(rng, tokens, voices, frame_s)
    colour = _hiss_colours(rng, tokens, frame_s)
    out = _shape(
        pulses,
        breath,
        rate_hz,
        hop,
        formants_hz=tracks,
        voiced=voiced,
        hiss=hiss,
        hiss_hz=colour,
        tilt_db=np.array([v.tilt_db for v in voices])[speaker],
        breathiness=np.array([v.breath for v in voices])[speaker],
    )
    start = _FRAME_HOPS * hop
    return unit_power(out[start : start + n])


def babble(rng: np.random.Generator, n: int, rate_hz: int, *, talkers: int = 6) -> Samples:
    """Return several conversations at once, each at its own level."""
    out = np.zeros(n, np.float32)
    for _ in range(talkers):
        level = np.float32(rng.lognormal(0.0, 0.35))
        out += level * speech(rng, n, rate_hz, voices=(voice(rng),), talkativeness=1.5)
    return unit_power(out)


def _tokens(
    rng: np.random.Generator, duration_s: float, voices: tuple[Voice, ...], talkativeness: float
) -> _Syllables:
    count = int((duration_s + 4.0) * 6.5) + 8
    # A stock of syllables per conversation, used by rank as words are (Zipf).
    stock = 60
    weights = 1.0 / np.arange(1, stock + 1)
    kind = rng.choice(stock, count, p=weights / weights.sum())
    vowel_of = rng.integers(0, len(VOWELS_HZ), stock)
    glide_of = np.where(rng.random(stock) < 0.3, rng.integers(0, len(VOWELS_HZ), stock), vowel_of)
    consonant_of = rng.integers(0, 10, stock)
    ends_phrase = rng.random(count) < 1.0 / 7.0
    turn = np.cumsum(ends_phrase & (rng.random(count) < 0.35))
    turns = rng.integers(0, len(voices), int(turn[-1]) + 1)
    speaker = turns[np.concatenate(([0], turn[:-1]))]
    pace = np.array([v.pace for v in voices])[speaker]
    length_s = np.clip(rng.lognormal(0.0, 0.3, count) / pace, 0.08, 0.6)
    length_s[ends_phrase] *= 1.4
    pause_s = np.where(ends_phrase, 0.12 + rng.exponential(0.45, count), 0.0) / talkativeness
    step_s = length_s + np.concatenate(([0.0], pause_s[:-1]))
    end_s = np.cumsum(step_s) - 2.0 * rng.random()
    start_s = end_s - length_s
    first_of_phrase = np.concatenate(([True], ends_phrase[:-1]))
    phrase_start_s = np.maximum.accumulate(np.where(first_of_phrase, start_s, -np.inf))
    return _Syllables(
        start_s=start_s,
        length_s=length_s,
        onset_s=length_s * rng.uniform(0.15, 0.4, count),
        speaker=speaker,
        vowel=vowel_of[kind],
        glide=glide_of[kind],
        consonant=consonant_of[kind],
        accent=rng.normal(0.0, 1.0, count) + 1.2 * (rng.random(count) < 0.3),
        phrase_s=start_s - phrase_start_s,
    )


def _held(start_s: Floats, values: NDArray[np.int64], at_s: Floats) -> NDArray[np.int64]:
    """Value of the token that began last, at each time."""
    token = np.clip(np.searchsorted(start_s, at_s, "right") - 1, 0, values.size - 1)
    return values[token]


def _curve(at_s: Floats, knots_s: Floats, values: Floats) -> Floats:
    """Straight lines through knots of shape (tokens, k), flattened in order of time."""
    return np.interp(at_s, np.maximum.accumulate(knots_s.ravel()), values.ravel())


def _amplitudes(
    rng: np.random.Generator, tokens: _Syllables, frame_s: Floats
) -> tuple[Floats, Floats]:
    """Levels of voice and of consonant noise per frame."""
    s, d, c = tokens.start_s, tokens.length_s, tokens.onset_s
    level = 10 ** ((2.0 * tokens.accent - 2.5 * tokens.phrase_s + rng.normal(0, 1.5, s.size)) / 20)
    voiced_onset = np.where(tokens.consonant >= 6, 0.35, 0.0)  # nasals and liquids hum along
    zero = np.zeros_like(s)
    knots = np.stack([s, s + 0.3 * c, s + 0.9 * c, s + c + 0.025, s + 0.75 * d, s + d], axis=1)
    voiced = np.stack(
        [zero, voiced_onset * level, voiced_onset * level, level, 0.8 * level, 0.05 * level], axis=1
    )
    loud = level * rng.uniform(0.4, 1.0, s.size)
    fricative = np.isin(tokens.consonant, (0, 1, 2))
    plosive = np.isin(tokens.consonant, (3, 4, 5))
    body = np.where(fricative, 0.8 * loud, 0.0)
    burst = np.where(plosive, 1.6 * loud, np.where(fricative, 0.8 * loud, 0.0))
    hiss_knots = np.stack([s, s + 0.15 * c, s + 0.85 * c - 0.004, s + 0.95 * c, s + c + 0.02], 1)
    hiss = np.stack([zero, body, body, burst, zero], axis=1)
    return _curve(frame_s, knots, voiced), _curve(frame_s, hiss_knots, hiss)


def _pulses(
    rng: np.random.Generator,
    tokens: _Syllables,
    voices: tuple[Voice, ...],
    length: int,
    rate_hz: int,
    *,
    offset_s: float,
) -> Samples:
    """Glottal pulses, one per period, placed between samples, with jitter and shimmer."""
    pitch = np.array([v.pitch_hz for v in voices])[tokens.speaker]
    semitones = 1.6 * tokens.accent - 2.5 * np.minimum(tokens.phrase_s, 2.5) + 2.0
    peak_hz = pitch * 2 ** (semitones / 12)
    s, d = tokens.start_s, tokens.length_s
    ends = rng.normal(0.94, 0.05, s.size)
    knots = np.stack([s, s + 0.45 * d, s + 0.98 * d], axis=1)
    values = np.stack([peak_hz * 0.97, peak_hz, peak_hz * ends], axis=1)
    coarse_s = np.arange(0.0, length / rate_hz + 0.01, 0.005) - offset_s
    pitch_hz = _curve(coarse_s, knots, values)
    phase = np.concatenate(([0.0], np.cumsum(pitch_hz * 0.005)))
    count = int(phase[-1])
    at_s = np.interp(
        np.arange(1, count) + rng.normal(0, 0.008, count - 1), phase, np.arange(phase.size) * 0.005
    )
    at = at_s * rate_hz
    left = at.astype(np.int64)
    keep = (left >= 0) & (left + 1 < length)
    left, part = left[keep], (at - left)[keep]
    # Equal energy per second whatever the pitch.
    size = rng.lognormal(0.0, 0.06, left.size) * np.sqrt(rate_hz / 120.0)
    out = np.bincount(left, size * (1 - part), length) + np.bincount(left + 1, size * part, length)
    return out[:length].astype(np.float32)


def _formants(
    rng: np.random.Generator, tokens: _Syllables, voices: tuple[Voice, ...], frame_s: Floats
) -> Samples:
    """Resonances per frame, shape (frames, 5), in hertz."""
    s, d, c = tokens.start_s, tokens.length_s, tokens.onset_s
    tract = np.array([v.tract for v in voices])[tokens.speaker]
    tracks = np.empty((frame_s.size, 5), np.float32)
    knots = np.stack([s, s + 0.6 * c, s + c + 0.3 * (d - c), s + c + 0.7 * (d - c), s + d], axis=1)
    reach = rng.uniform(0.75, 1.0, s.size)
    for k in range(3):
        first = VOWELS_HZ[tokens.vowel, k]
        last = VOWELS_HZ[tokens.glide, k]
        neutral = (500.0, 1500.0, 2500.0)[k]
        first = (neutral + reach * (first - neutral)) * rng.normal(1.0, 0.04, s.size)
        last = (neutral + reach * (last - neutral)) * rng.normal(1.0, 0.04, s.size)
        locus = 0.5 * (_LOCI_HZ[tokens.consonant % 4, k] + first)
        values = tract[:, None] * np.stack([locus, locus, first, last, last], axis=1)
        tracks[:, k] = _curve(frame_s, knots, values)
    scale = tract[_held(tokens.start_s, np.arange(s.size), frame_s)]
    tracks[:, 3] = 3500.0 * scale
    tracks[:, 4] = 4500.0 * scale
    return tracks


def _hiss_colours(rng: np.random.Generator, tokens: _Syllables, frame_s: Floats) -> Floats:
    """Centre of the consonant noise per frame, in hertz."""
    centres = np.array([5800.0, 3200.0, 4500.0, 900.0, 3600.0, 1900.0, 500, 500, 500, 500])
    drawn = centres[tokens.consonant] * rng.normal(1.0, 0.08, tokens.start_s.size)
    return drawn[_held(tokens.start_s, np.arange(drawn.size), frame_s)]


def _shape(
    pulses: Samples,
    breath: Samples,
    rate_hz: int,
    hop: int,
    *,
    formants_hz: Samples,
    voiced: Floats,
    hiss: Floats,
    hiss_hz: Floats,
    tilt_db: Floats,
    breathiness: Floats,
) -> Samples:
    """Filter pulses and noise frame by frame (short-time Fourier, four frames over each sample)."""
    size = _FRAME_HOPS * hop
    window = np.sqrt(np.hanning(size + 1)[:-1] / 2).astype(np.float32)
    frames = formants_hz.shape[0]
    out = np.zeros((frames + _FRAME_HOPS) * hop, np.float32)
    bins_hz = fft.rfftfreq(size, 1.0 / rate_hz).astype(np.float32)
    octaves = np.log2(np.maximum(bins_hz, 500.0) / 500.0).astype(np.float32)
    floor = (bins_hz / np.sqrt(bins_hz**2 + 80.0**2)).astype(np.float32)
    views = [np.lib.stride_tricks.sliding_window_view(x, size)[::hop] for x in (pulses, breath)]
    for first in range(0, frames, _CHUNK_FRAMES):
        part = slice(first, min(first + _CHUNK_FRAMES, frames))
        tract = _tract(formants_hz[part], bins_hz)
        tract *= np.exp(np.float32(np.log(10) / 20) * tilt_db[part, None] * octaves)
        tract *= floor
        width = 0.35 * hiss_hz[part, None] + 400.0
        consonant = hiss[part, None] / (1 + ((bins_hz - hiss_hz[part, None]) / width) ** 2)
        glottal = fft.rfft(views[0][part] * window, axis=1) * voiced[part, None].astype(np.float32)
        rough = (voiced * breathiness)[part, None] * tract + 0.35 * consonant
        spectrum = glottal * tract + fft.rfft(views[1][part] * window, axis=1) * rough
        pieces = fft.irfft(spectrum, size, axis=1).astype(np.float32) * window
        rows = pieces.shape[0]
        for k in range(_FRAME_HOPS):
            begin = (first + k) * hop
            out[begin : begin + rows * hop] += pieces[:, k * hop : (k + 1) * hop].ravel()
    return out


def _tract(formants_hz: Samples, bins_hz: Samples) -> Samples:
    """Gain of the resonances, shape (frames, bins)."""
    gain = np.ones((formants_hz.shape[0], bins_hz.size), np.float32)
    square = bins_hz**2
    for k in range(formants_hz.shape[1]):
        centre = formants_hz[:, k : k + 1] ** 2
        width = (np.float32(_BANDWIDTHS_HZ[k]) * bins_hz) ** 2
        gain *= centre / np.sqrt((centre - square) ** 2 + width)
    return gain
