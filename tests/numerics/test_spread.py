"""The size of noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clapless.numerics.spread import MEDIAN_OF_NORMAL, noise_std


@given(arrays(np.float32, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32)))
def test_it_is_the_median_size_over_that_of_normal_noise(values):
    before = values.copy()
    expected = float(np.median(np.abs(values.astype(np.float64)))) / MEDIAN_OF_NORMAL
    assert noise_std(values) == pytest.approx(expected, rel=1e-6)
    assert np.array_equal(values, before)


def test_it_is_the_standard_deviation_of_normal_noise_with_peaks_in_it():
    values = np.random.default_rng(0).standard_normal(100_001) * 3.0
    values[::1000] = 1e6
    assert noise_std(values) == pytest.approx(3.0, rel=0.02)
