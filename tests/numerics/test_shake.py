"""Points that move become turning, turning is found in a known one: exactly, whatever is in it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from clapless.numerics.lines import Line
from clapless.numerics.movement import Movement, prepare
from clapless.numerics.rotations import small_rotation
from clapless.numerics.shake_evidence import energy_agreement
from clapless.numerics.shake_fit import ShakePairs, Turned, fit_shake
from clapless.numerics.shake_rotation import FOCAL, band_turns
from clapless.numerics.shake_track import WIDTH, Moves, PointTracker, find_points

Doubles = NDArray[np.float64]


def rates(seed: int, length_s: float = 40.0, rate_hz: float = 200.0) -> Movement:
    rng = np.random.default_rng(seed)
    sections = butter(2, [0.3, 6.0], "bandpass", fs=rate_hz, output="sos")
    values = sosfiltfilt(sections, rng.standard_normal((int(length_s * rate_hz), 3)), axis=0)
    return Movement(start_s=0.0, values=0.4 * values / values.std(), rate_hz=rate_hz)


def pairs_of(
    known: Turned,
    offset_s: float,
    *,
    readout_s: float = 0.016,
    slope: float = 0.0,
    length_s: float = 24.0,
    noise: float = 0.0,
    linear: Doubles | None = None,
    seed: int = 0,
) -> ShakePairs:
    """Return what a camera at 30 frames per second sees of a turning."""
    rng = np.random.default_rng(seed)
    first_s = np.arange(0.0, length_s, 1 / 30)
    last_s = first_s + 1 / 30
    rows = np.tile([-1 / 3, 0.0, 1 / 3], (first_s.size, 1))
    delay_s = offset_s + slope * first_s[:, None] + rows * readout_s
    turns = known.between(first_s[:, None] + delay_s, last_s[:, None] + delay_s) / 30
    turns = turns @ (np.eye(3) if linear is None else linear).T
    turns = turns + noise * rng.standard_normal(turns.shape)
    return ShakePairs(
        first_s=first_s, last_s=last_s, turns=turns, rows=rows, points=np.full(rows.shape, 40)
    )


@settings(max_examples=20)
@given(
    st.tuples(*[st.floats(-0.03, 0.03)] * 3),
    st.floats(-0.02, 0.02),
    st.integers(0, 10**6),
    st.floats(0.0, 0.25),
)
def test_a_turning_is_had_back_from_points(
    turn: tuple[float, float, float], zoom: float, seed: int, strays: float
) -> None:
    rng = np.random.default_rng(seed)
    begin = np.column_stack([rng.uniform(-0.5, 0.5, 150), rng.uniform(-0.28, 0.28, 150)])
    rays = np.column_stack([begin / FOCAL, np.ones(150)])
    # A camera that turns by w sees everything turn the other way.
    seen = rays @ small_rotation(np.array(turn))
    end = seen[:, :2] / seen[:, 2:] * FOCAL * (1 + zoom)
    stray = rng.random(150) < strays
    end[stray] += rng.normal(0, 0.05, (int(stray.sum()), 2))
    moves = Moves(((begin + end) / 2).astype(np.float32), (end - begin).astype(np.float32))
    found = band_turns([moves], height=0.5625)
    some = found.points[0] > 0
    assert some.any()
    assert found.turns[0][some] == pytest.approx(np.tile(turn, (int(some.sum()), 1)), abs=1.5e-3)


def test_bands_tell_rows_that_turn_otherwise() -> None:
    rng = np.random.default_rng(1)
    begin = np.column_stack([rng.uniform(-0.5, 0.5, 240), rng.uniform(-0.28, 0.28, 240)])
    # Yaw grows down the picture, as while it speeds up under a rolling shutter.
    yaw = 0.01 + 0.004 * begin[:, 1] / 0.5625
    x, y = begin[:, 0] / FOCAL, begin[:, 1] / FOCAL
    moved = np.column_stack([-yaw * (1 + x * x), -yaw * x * y]) * FOCAL
    found = band_turns([Moves(begin.astype(np.float32), moved.astype(np.float32))], height=0.5625)
    assert found.rows[0] == pytest.approx([-1 / 3, 0, 1 / 3], abs=0.04)
    assert found.turns[0, :, 1] == pytest.approx(0.01 + 0.004 * found.rows[0], abs=1e-4)


def test_without_points_nothing_is_known() -> None:
    none = np.zeros((0, 2), np.float32)
    found = band_turns([Moves(none, none)], height=0.5)
    assert found.points.tolist() == [[0, 0, 0]]
    assert band_turns([], height=0.5).turns.shape == (0, 3, 3)


def test_points_are_followed_and_renewed() -> None:
    rng = np.random.default_rng(2)
    scene = cv2.GaussianBlur(rng.standard_normal((300, 500)), (0, 0), 2.5)
    scene = np.clip(scene / scene.std() * 40 + 120, 0, 255).astype(np.uint8)
    tracker = PointTracker()
    assert tracker.add(scene[50:230, 50:370].copy()) is None
    for number in range(1, 12):
        moves = tracker.add(scene[50 + number : 230 + number, 50:370].copy())
        assert moves is not None
        assert np.median(moves.moves, axis=0) * WIDTH == pytest.approx([0.0, -1.0], abs=0.05)
        assert moves.moves.shape[0] > 60
    tracker.gap()
    assert tracker.add(scene[50:230, 50:370].copy()) is None


def test_a_wide_picture_tells_the_same_as_a_small_one() -> None:
    rng = np.random.default_rng(3)
    scene = cv2.GaussianBlur(rng.standard_normal((700, 1100)), (0, 0), 6)
    scene = np.clip(scene / scene.std() * 40 + 120, 0, 255).astype(np.uint8)
    found = []
    for size in ((960, 540), (320, 180)):
        tracker = PointTracker()
        tracker.add(cv2.resize(scene[40:580, 40:1000], size, interpolation=cv2.INTER_AREA))
        moves = tracker.add(cv2.resize(scene[46:586, 49:1009], size, interpolation=cv2.INTER_AREA))
        assert moves is not None
        found.append(np.median(moves.moves, axis=0))
    assert found[0] == pytest.approx([-9 / 960, -6 / 960], abs=2e-4)
    assert found[1] == pytest.approx(found[0], abs=1e-6)


def test_an_even_picture_has_no_points() -> None:
    assert find_points(np.full((180, 320), 90, np.uint8)).shape == (0, 2)


def test_integrated_rates_are_exact_between_any_times() -> None:
    times_s = np.arange(0.0, 10.0, 0.005)
    values = np.stack([np.sin(5 * times_s), np.cos(3 * times_s), 0 * times_s + 0.2], axis=1)
    known = Turned.of_movement(Movement(start_s=2.0, values=values, rate_hz=200.0))
    first_s, last_s = np.array([3.0, 4.4]), np.array([3.04, 4.433])
    mean = known.between(first_s, last_s)
    for row, begin, end in zip(mean, first_s - 2, last_s - 2, strict=True):
        true = [
            (np.cos(5 * begin) - np.cos(5 * end)) / 5,
            (np.sin(3 * end) - np.sin(3 * begin)) / 3,
        ]
        assert row == pytest.approx(
            [true[0] / (end - begin), true[1] / (end - begin), 0.2], abs=1e-6
        )
    assert known.known(np.array([1.9, 2.0, 11.9]), np.array([2.1, 2.1, 12.1])).tolist() == [
        False,
        True,
        False,
    ]


def test_gaps_are_not_bridged() -> None:
    movement = rates(4, 10.0)
    values = np.array(movement.values)
    values[800:900] = np.nan
    known = Turned.of_movement(Movement(start_s=0.0, values=values, rate_hz=200.0))
    first_s = np.array([3.0, 3.98, 4.2, 4.6])
    assert known.known(first_s, first_s + 0.04).tolist() == [True, False, False, True]
    pairs = pairs_of(Turned.of_movement(movement), 0.5, length_s=8.0)
    broken = pairs.only((pairs.first_s < 3.0) | (pairs.first_s > 4.0))
    there = Turned.of_pairs(broken)
    assert there.known(np.array([2.0, 2.95, 5.0]), np.array([2.5, 4.2, 5.5])).tolist() == [
        True,
        False,
        True,
    ]


@settings(max_examples=15)
@given(
    st.integers(0, 1000),
    st.floats(2.0, 10.0),
    st.floats(0.004, 0.030),
    st.booleans(),
    st.floats(-60e-6, 60e-6),
)
def test_delay_readout_and_drift_are_had_back(
    seed: int, offset_s: float, readout_s: float, from_below: bool, slope: float
) -> None:
    known = Turned.of_movement(rates(seed))
    signed_s = -readout_s if from_below else readout_s
    turn = small_rotation(np.random.default_rng(seed).normal(0, 2, 3))
    linear = np.diag([1.3, 1.3, 1.0]) @ turn
    pairs = pairs_of(
        known, offset_s, readout_s=signed_s, slope=slope, noise=2e-4, linear=linear, seed=seed
    )
    found = fit_shake(pairs, known, Line(offset_s + 0.009, 0.0, 12.0), slope_prior_std=1e-4)
    assert found is not None
    assert float(found.line.at(12.0)) == pytest.approx(offset_s + slope * 12, abs=3e-4)
    assert found.readout_s == pytest.approx(signed_s, abs=8e-4)
    assert found.line.slope == pytest.approx(slope, abs=max(4 * found.line.slope_std, 1e-5))
    assert found.agreement > 0.95
    assert found.linear == pytest.approx(linear, abs=0.05)


def test_a_given_readout_stays() -> None:
    known = Turned.of_movement(rates(5))
    pairs = pairs_of(known, 4.0, noise=2e-4)
    found = fit_shake(pairs, known, Line(4.0, 0.0, 0.0), readout_s=0.016)
    assert found is not None
    assert (found.readout_s, found.readout_std_s) == (0.016, 0.0)
    assert float(found.line.at(12.0)) == pytest.approx(4.0, abs=2e-4)


def test_the_claimed_errors_hold() -> None:
    known = Turned.of_movement(rates(6))
    errors = []
    for seed in range(12):
        pairs = pairs_of(known, 5.0, noise=2e-3, seed=seed)
        found = fit_shake(pairs, known, Line(5.0, 0.0, 12.0), slope_prior_std=1e-6)
        assert found is not None
        errors.append((float(found.line.at(12.0)) - 5.0) / found.line.value_std)
        assert abs(found.readout_s - 0.016) < 4 * found.readout_std_s
    assert np.sqrt(np.mean(np.square(errors))) < 1.5


def test_too_short_an_overlap_is_none() -> None:
    known = Turned.of_movement(rates(7, 8.0))
    pairs = pairs_of(known, 2.0, length_s=5.0)
    assert fit_shake(pairs, known, Line(7.5, 0.0, 0.0)) is None


def test_energy_agrees_at_the_right_place_only() -> None:
    movement = rates(8)
    a = prepare(movement, noise=0.01, fastest_hz=10.0)
    turn = small_rotation(np.array([0.3, -1.0, 2.0]))
    later = Movement(start_s=0.0, values=np.asarray(movement.values)[2000:5000] @ turn.T)
    b = prepare(later, noise=0.01, fastest_hz=10.0)
    assert energy_agreement(a, b, Line(10.0, 0.0, 0.0)) > 0.99
    assert energy_agreement(a, b, Line(13.0, 0.0, 0.0)) < 0.5
    assert energy_agreement(a, b, Line(39.5, 0.0, 0.0)) == 0.0
