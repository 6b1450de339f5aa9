"""Correlation of samples: short overlaps, noise, drift."""

from __future__ import annotations

import numpy as np
import pytest

from clapless.numerics.waveform import wave_peaks
from clapless.synth.events import make_event

RATE = 16000


@pytest.mark.parametrize("kind", ["speech", "music"])
def test_three_seconds_in_common_stand_out_at_0_db(kind):
    rng = np.random.default_rng(3)
    event = make_event(rng, kind, 40.0)
    a, b = event[: 20 * RATE], event[17 * RATE : 37 * RATE]
    a, b = (x + rng.standard_normal(len(x)).astype(np.float32) for x in (a, b))
    (lag_s, z), *_ = wave_peaks(a, b, RATE, count=2)
    assert lag_s == pytest.approx(17.0, abs=2e-4)
    assert z > 8


def test_unrelated_sound_does_not_stand_out():
    rng = np.random.default_rng(4)
    a, b = (rng.standard_normal(10 * RATE).astype(np.float32) for _ in range(2))
    assert wave_peaks(a, b, RATE, count=1)[0][1] < 6


def test_inverted_polarity_is_found():
    event = np.random.default_rng(5).standard_normal(6 * RATE).astype(np.float32)
    lag_s, z = wave_peaks(event, -event[RATE:], RATE, count=1)[0]
    assert lag_s == pytest.approx(1.0, abs=2e-4)
    assert z > 20


def test_lags_keep_their_distance():
    event = np.random.default_rng(6).standard_normal(4 * RATE).astype(np.float32)
    lags = [lag for lag, _ in wave_peaks(event, event, RATE, count=5, apart_s=0.1)]
    gaps = np.abs(np.subtract.outer(lags, lags))[np.triu_indices(5, 1)]
    assert gaps.min() >= 0.1 - 1e-9


def test_nothing_and_silence_have_no_lags():
    silence = np.zeros(RATE, np.float32)
    assert wave_peaks(silence, silence, RATE, count=3) == []
    assert wave_peaks(silence, silence[:0], RATE, count=3) == []
