"""Delays to a small part of a sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft

from clapless.numerics.gcc import BlockPlan, block_spectra, stack
from clapless.numerics.phase import (
    add,
    delay_std_s,
    phase_delay,
    stacked_curve,
    weigh_phases,
)

PLAN = BlockPlan(16000, size=8192)
STARTS = np.arange(6) * 4096


def delayed(samples, delay_s):
    turn = np.exp(-2j * np.pi * fft.rfftfreq(len(samples), 1 / 16000) * delay_s)
    return fft.irfft(fft.rfft(samples) * turn, len(samples))


def stacked(a, b):
    spectra = [block_spectra(STARTS, x.astype(np.float32), PLAN) for x in (a, b)]
    return stack(spectra[0], spectra[1], np.zeros(6), PLAN)


@settings(max_examples=20)
@given(st.floats(-1e-4, 1e-4), st.integers(0, 1000))
def test_a_delay_is_found_to_a_microsecond(delay_s, seed):
    rng = np.random.default_rng(seed)
    event = rng.standard_normal(40000)
    a = delayed(event, delay_s) + 0.3 * rng.standard_normal(40000)
    phases = weigh_phases(stacked(a, event), PLAN, aligned=False)
    assert abs(phase_delay(phases.unit, phases.weight, 0.0, PLAN) - delay_s) < 1e-6


def test_the_least_error_is_about_the_true_one():
    rng = np.random.default_rng(0)
    errors, said = [], []
    for _ in range(60):
        event = rng.standard_normal(40000)
        a, b = (event + rng.standard_normal(40000) for _ in range(2))
        phases = weigh_phases(stacked(a, b), PLAN, aligned=True)
        errors.append(phase_delay(phases.unit, phases.weight, 0.0, PLAN))
        said.append(delay_std_s(phases, PLAN, phases.blocks))
    assert 0.5 < np.std(errors) / np.median(said) < 2.0


def test_stacks_are_moved_before_they_are_added():
    event = np.random.default_rng(1).standard_normal(40000)
    parts = [stacked(delayed(event, d), event) for d in (0.0, 0.002)]
    whole = add(parts, np.array([0.0, 0.002]), PLAN)
    curve = stacked_curve(weigh_phases(whole, PLAN, aligned=False), PLAN, 0.01)
    (first_s, first), (_, second) = curve.peaks(2, 0.0005)
    assert first_s == pytest.approx(0.0, abs=1e-6)
    assert first > 3 * abs(second)


def test_unrelated_sound_has_no_weight_where_it_was_aligned():
    rng = np.random.default_rng(2)
    a, b = (rng.standard_normal(40000) for _ in range(2))
    phases = weigh_phases(stacked(a, b), PLAN, aligned=True)
    assert phases.weight.mean() < 0.05
