"""Chances and the logistic score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from clapless.numerics.evidence import log10_binomial_tail, logistic


@given(st.integers(1, 30), st.integers(0, 30), st.floats(0.01, 0.5))
def test_whole_numbers_give_the_binomial_tail(hits, more, chance):
    expected = np.log10(binom.sf(hits - 1, hits + more, chance))
    assert log10_binomial_tail(hits, hits + more, chance) == pytest.approx(expected, abs=1e-6)


def test_tiny_chances_keep_their_size():
    assert log10_binomial_tail(400, 400, 0.01) == -300.0
    assert log10_binomial_tail(148, 150, 0.01) < -280


def test_more_hits_than_trials_are_refused():
    with pytest.raises(ValueError, match="5 hits in 4"):
        log10_binomial_tail(5, 4, 0.1)


@given(st.floats(-800, 800))
def test_the_logistic_is_a_chance_and_mirrors(score):
    assert 0.0 <= logistic(score) <= 1.0
    assert logistic(score) + logistic(-score) == pytest.approx(1.0)
