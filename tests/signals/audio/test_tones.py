"""Tones that never change prove nothing and are left out; notes and strokes stay."""

from __future__ import annotations

import numpy as np
import pytest

from clapless.model import Match, Refusal
from clapless.numerics.gcc import block_spectra
from clapless.signals.audio import match_arrays
from clapless.signals.audio.tones import steady_tones, without_tones
from clapless.signals.audio.windows import PLAN
from clapless.synth.noise import pink_noise
from clapless.synth.sound import RATE_HZ, Kind, make_event, make_negative, make_pair


def powers(sound: np.ndarray) -> list[np.ndarray]:
    starts = np.arange(0, len(sound) - PLAN.size, PLAN.size)
    spectra = block_spectra(starts, sound.astype(np.float32), PLAN)
    return list(spectra.real**2 + spectra.imag**2)


@pytest.mark.parametrize("seed", [41034, 41066])
def test_hum_matches_no_other_hum(seed: int) -> None:
    pair = make_negative(seed, "hum", a_s=90.0, b_s=60.0, snr_db=24.0)
    assert isinstance(match_arrays(pair.a, pair.b, pair.rate_hz), Refusal)


def test_hum_is_seen_in_noise_at_its_harmonics_alone() -> None:
    rng = np.random.default_rng(3)
    n = 20 * RATE_HZ
    t = np.arange(n) / RATE_HZ
    tones = sum(np.sin(2 * np.pi * 50 * k * t + k) for k in range(1, 11))
    found = steady_tones(powers(0.1 * tones + 0.1 * pink_noise(rng, n, RATE_HZ)))
    heard_hz = PLAN.frequencies_hz[found]
    assert all(np.abs(heard_hz - harmonic).min() < 1.0 for harmonic in range(200, 501, 50))
    assert np.abs(heard_hz - 50 * np.rint(heard_hz / 50)).max() < 6.0
    assert heard_hz.max() < 506.0


@pytest.mark.parametrize("kind", ["speech", "music", "drum_machine", "noise", "babble"])
def test_what_varies_holds_next_to_no_steady_tone(kind: Kind) -> None:
    sound = make_event(np.random.default_rng(5), kind, 30.0)
    # A bass that plays one note in most windows is one; it fills a few bins.
    assert steady_tones(powers(sound)).mean() < 0.03


def test_too_few_windows_tell_nothing() -> None:
    assert without_tones([]) is None


def test_talk_over_loud_hum_is_placed() -> None:
    pair = make_pair(7, kind="speech", overlap_s=30.0, a_s=60.0, b_s=30.0, snr_db=3.0, noise="hum")
    assert pair.truth is not None
    match = match_arrays(pair.a, pair.b, pair.rate_hz)
    assert isinstance(match, Match)
    assert max(map(abs, pair.truth.errors_s(match))) < 0.001
