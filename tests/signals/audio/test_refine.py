"""Measured to microseconds though the clocks slip within a window; honest where windows are few."""

from __future__ import annotations

import numpy as np
import pytest

from clapless.model import Match
from clapless.numerics.sound import ArraySound
from clapless.signals.audio import match_arrays
from clapless.signals.audio.search import Course
from clapless.signals.audio.windows import listen
from clapless.synth.noise import white_noise
from clapless.synth.sound import RATE_HZ, Kind, make_pair


@pytest.mark.parametrize(("kind", "seed"), [("drum_machine", 61), ("ambience", 62)])
def test_a_fast_clock_does_no_harm_in_few_seconds(kind: Kind, seed: int) -> None:
    pair = make_pair(seed, kind=kind, overlap_s=6, a_s=30, b_s=20, snr_db=15, drift_ppm=90)
    match = match_arrays(pair.a, pair.b, pair.rate_hz)
    assert isinstance(match, Match)
    assert pair.truth is not None
    # A block of a second slips by 90 microseconds; the loud moments in it are anywhere.
    assert max(map(abs, pair.truth.errors_s(match))) < 5e-6


def test_few_windows_claim_little_of_a_clock() -> None:
    errors = []
    for seed in range(70, 76):
        pair = make_pair(seed, kind="speech", overlap_s=4, a_s=30, b_s=4, snr_db=5, drift_ppm=20)
        match = match_arrays(pair.a, pair.b, pair.rate_hz)
        if isinstance(match, Match):
            errors.append((match.drift_ppm - 20) / match.drift_std_ppm)
    assert len(errors) >= 3
    assert np.abs(errors).max() < 3.5


def test_stretched_windows_hear_one_clock() -> None:
    sound = white_noise(np.random.default_rng(2), 20 * RATE_HZ) * np.float32(0.1)
    fast = ArraySound.resampled(sound, RATE_HZ, RATE_HZ + 2)  # 125 ppm more samples a second
    plain, whole = ArraySound(sound, RATE_HZ), ArraySound(fast.samples, RATE_HZ)
    course = Course(0.0, RATE_HZ / (RATE_HZ + 2))
    alike = []
    for stretched in (False, True):
        (heard,) = listen(plain, whole, course, np.array([6.0]), 1, stretched=stretched)
        stack = heard.stack
        power = np.sqrt(stack.power_a.sum() * stack.power_b.sum())
        alike.append(abs(stack.cross.sum()) / power)
    assert alike[0] < 0.92
    assert alike[1] > 0.98
