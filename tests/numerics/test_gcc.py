"""Delays between blocks: sign, polarity, silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.numerics.gcc import (
    BlockPlan,
    block_spectra,
    delay_curve,
    parabola,
    shift_phases,
    stack,
    whiten,
)

PLAN = BlockPlan(16000, size=4096)
STARTS = np.array([0, 2048, 4096])


def curve(a, b, corrections_s=(0.0, 0.0, 0.0)):
    spectra = [block_spectra(STARTS, x.astype(np.float32), PLAN) for x in (a, b)]
    stacked = stack(spectra[0], spectra[1], np.array(corrections_s), PLAN)
    return delay_curve(whiten(stacked), PLAN, 0.05)


def noise(seed=0, n=12000):
    return np.random.default_rng(seed).standard_normal(n)


@given(st.integers(-300, 300))
def test_a_delay_is_positive_where_the_first_is_later(delay):
    event = noise()
    a, b = event[400 - delay : 9000 - delay], event[400:9000]
    found_s, height = curve(a, b).peaks(1, 0.001)[0]
    assert found_s == pytest.approx(delay / 16000, abs=2e-5)
    assert height > 10


def test_inverted_polarity_gives_a_negative_height():
    event = noise()
    found_s, height = curve(-event, event).peaks(1, 0.001)[0]
    assert abs(found_s) < 1e-5
    assert height < -10


def test_blocks_read_too_early_are_corrected():
    event = noise()
    found_s, _ = curve(event[100:], event[140:], (40 / 16000,) * 3).peaks(1, 0.001)[0]
    assert abs(found_s) < 1e-5


def test_a_loud_moment_does_not_decide():
    event = noise()
    a, b = event.copy(), event.copy()
    # A thousand times louder, and 20 ms apart, in the last of three blocks.
    a[6200:8000] = 1000 * noise(1, 1800)
    b[6520:8000] = a[6200:7680]
    found_s, _ = curve(a, b).peaks(1, 0.001)[0]
    assert abs(found_s) < 1e-4


def test_silent_blocks_are_zero_and_left_out():
    silent = block_spectra(STARTS, np.zeros(9000, np.float32), PLAN)
    assert not silent.any()
    loud = block_spectra(STARTS, noise().astype(np.float32), PLAN)
    assert stack(silent, loud, np.zeros(3), PLAN).blocks == 0
    assert stack(loud, loud, np.zeros(3), PLAN).blocks == 3


def test_blocks_have_unit_power_in_the_band():
    spectra = block_spectra(STARTS, noise().astype(np.float32) * 0.01, PLAN)
    assert np.allclose(np.mean(np.abs(spectra) ** 2, axis=1), 1.0, rtol=1e-4)


@given(st.floats(-0.01, 0.01))
def test_shifting_phases_is_multiplying_exponentials(delay_s):
    expected = np.exp(-2j * np.pi * PLAN.frequencies_hz.astype(np.float64) * delay_s)
    assert np.allclose(shift_phases(np.array([delay_s]), PLAN)[0], expected, atol=1e-4)


@given(st.floats(-0.45, 0.45))
def test_a_parabola_is_found_again(vertex):
    at = np.arange(5) - 2.0
    assert parabola(1.0 - (at - vertex) ** 2, 2) == pytest.approx(vertex, abs=1e-9)
