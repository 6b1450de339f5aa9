"""Lines through delays: outliers, beliefs, honest errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.numerics.lines import fit_line, vote_line


@given(st.floats(-1, 1), st.floats(-1e-4, 1e-4), st.integers(0, 10000))
def test_a_third_of_nonsense_does_not_move_a_line(value, slope, seed):
    rng = np.random.default_rng(seed)
    t = np.sort(rng.uniform(0, 600, 30))
    v = value + slope * t + 1e-5 * rng.standard_normal(30)
    v[rng.choice(30, 10, replace=False)] += rng.uniform(0.002, 0.1, 10)
    line = fit_line(t, v, np.full(30, 1e-5))
    assert abs(line.at(300.0) - (value + slope * 300.0)) < 2e-5
    assert abs(line.slope - slope) < 2e-7


def test_errors_are_as_large_as_they_say():
    rng = np.random.default_rng(0)
    z_value, z_slope = [], []
    for _ in range(400):
        t = np.sort(rng.uniform(0, 100, 20))
        line = fit_line(t, 0.3 * t + rng.standard_normal(20), np.full(20, 1.0))
        z_value.append((line.value - 0.3 * line.pivot) / line.value_std)
        z_slope.append((line.slope - 0.3) / line.slope_std)
    assert 0.85 < np.std(z_value) < 1.2
    assert 0.85 < np.std(z_slope) < 1.2


def test_more_scatter_than_was_promised_widens_the_error():
    rng = np.random.default_rng(1)
    t = np.arange(40.0)
    line = fit_line(t, rng.standard_normal(40), np.full(40, 1e-3))
    assert 0.1 < line.value_std < 0.25
    assert 0.5 < line.scatter < 1.5


def test_a_belief_decides_where_the_data_cannot():
    t, v = np.array([0.0, 1.0]), np.array([0.0, 0.5])
    line = fit_line(t, v, np.ones(2), slope_prior=3e-6, slope_prior_std=1e-6)
    assert line.slope == pytest.approx(3e-6, rel=1e-3)
    assert line.slope_std == pytest.approx(1e-6, rel=1e-3)


def test_data_and_belief_weigh_by_their_variances():
    t, v = np.array([-1.0, 1.0]), np.array([-1.0, 1.0])
    line = fit_line(t, v, np.ones(2), slope_prior=0.0, slope_prior_std=2**-0.5)
    assert line.slope == pytest.approx(0.5, rel=0.03)
    assert line.slope_std == pytest.approx(0.5, rel=0.03)


def test_one_value_is_a_line_with_the_slope_believed():
    line = fit_line(np.array([5.0]), np.array([2.0]), np.array([0.1]), slope_prior_std=3e-5)
    assert (line.value, line.pivot, line.value_std) == pytest.approx((2.0, 5.0, 0.1))
    assert line.slope_std == pytest.approx(3e-5)


def test_the_vote_goes_to_the_line_of_most_windows():
    t = np.arange(10.0) * 10
    values = np.stack(
        [1e-3 + 2e-5 * t, np.linspace(-0.08, 0.09, 10) * (-1) ** np.arange(10)], axis=1
    )
    weights = np.stack([np.full(10, 2.0), np.full(10, 5.0)], axis=1)
    vote = vote_line(t, values, weights, tolerance=2e-4, max_slope=1e-4)
    assert vote is not None
    assert (vote.chosen == 0).all()
    assert vote.line.slope == pytest.approx(2e-5, abs=2e-6)


def test_peaks_of_unlike_polarity_do_not_agree():
    t = np.arange(6.0)
    values = np.zeros((6, 1))
    sign = np.array([[1], [1], [1], [1], [-1], [-1]])
    vote = vote_line(t, values, np.ones((6, 1)), tolerance=1e-3, max_slope=0.0, sign=sign)
    assert vote is not None
    assert vote.chosen.tolist() == [0, 0, 0, 0, -1, -1]


def test_steep_lines_are_not_considered():
    t = np.arange(8.0)
    vote = vote_line(t, t[:, None] * 1e-2, np.ones((8, 1)), tolerance=1e-3, max_slope=1e-4)
    assert vote is not None
    assert (vote.chosen >= 0).sum() == 1


def test_no_weight_is_no_vote():
    t = np.arange(3.0)
    assert vote_line(t, t[:, None], np.zeros((3, 1)), tolerance=1.0, max_slope=1.0) is None
