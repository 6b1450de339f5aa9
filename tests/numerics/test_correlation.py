"""Correlation of feature rows: lags, silence, steady beats."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clapless.numerics.correlation import (
    correlation_z,
    find_peaks,
    robust_scale,
    transform,
    transform_size,
)


def best_lag(a, b):
    size = transform_size(a.shape[1], b.shape[1])
    z = correlation_z(
        transform(a, size), transform(b, size), a.shape[1], b.shape[1], size, floor=50
    )
    return find_peaks(z, b.shape[1], count=3, apart=10)


@given(st.integers(-150, 350), st.integers(0, 1000))
def test_the_lag_is_where_b_starts_on_the_axis_of_a(lag, seed):
    rng = np.random.default_rng(seed)
    event = rng.standard_normal((4, 1200)).astype(np.float32)
    a, b = event[:, 200:800], event[:, 200 + lag : 200 + lag + 450]
    peaks = best_lag(a, b)
    assert peaks[0].lag == lag
    assert peaks[0].z > 8


def test_unrelated_rows_have_no_peak_that_stands_out():
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal((4, 2000)).astype(np.float32) for _ in range(2))
    assert all(peak.z < 6.5 for peak in best_lag(a, b))


def test_silence_has_no_peaks():
    assert best_lag(np.zeros((3, 400), np.int8), np.zeros((3, 300), np.int8)) == []


def test_a_steady_beat_does_not_hide_the_one_lag_where_all_agrees():
    rng = np.random.default_rng(2)
    beat = 3.0 * np.tile(np.eye(1, 31, dtype=np.float32), (4, 60))
    event = beat + 0.7 * rng.standard_normal((4, 1860)).astype(np.float32)
    noise = [0.7 * rng.standard_normal((4, n)).astype(np.float32) for n in (1200, 900)]
    a, b = event[:, :1200] + noise[0], event[:, 900:1800] + noise[1]
    assert best_lag(a, b)[0].lag == 900


def test_a_short_overlap_at_the_edge_is_found():
    rng = np.random.default_rng(3)
    event = rng.standard_normal((6, 4000)).astype(np.float32)
    a, b = event[:, :2000], event[:, 1850:]
    assert best_lag(a, b)[0].lag == 1850


def test_peaks_keep_their_distance_and_come_best_first():
    z = np.random.default_rng(4).standard_normal(1000).astype(np.float32)
    z[[100, 104, 600]] = 20, 30, 25
    lags = [(peak.lag, round(peak.z)) for peak in find_peaks(z, 1, count=2, apart=10)]
    assert [lag for lag, _ in lags] == [104.0, 600.0]
    assert lags[0][1] > lags[1][1] > 15


def test_the_scale_does_not_mind_outliers():
    values = np.concatenate([np.random.default_rng(0).standard_normal(5000), np.full(200, 1e4)])
    median, scale = robust_scale(values.astype(np.float32))
    assert abs(median) < 0.1
    assert 0.9 < scale < 1.2
