"""Two movements of one body: place, rotation, drift, and when there is no answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

from clapless.numerics.motion import Place, search
from clapless.numerics.motion_fit import Alignment, refine
from clapless.numerics.movement import (
    RATE_HZ,
    Movement,
    Prepared,
    evidence_of,
    independent_share,
    on_grid,
    prepare,
)
from clapless.numerics.rotations import angle_between_deg

Doubles = NDArray[np.float64]

FINE_HZ = 1000.0
NOISE = 0.002


def hand_held(seconds: float, seed: int) -> Doubles:
    """Return an angular rate of a hand, in rad/s, 1000 times a second, shape (n, 3)."""
    rng = np.random.default_rng(seed)
    count = int(seconds * FINE_HZ)
    slow = butter(2, [0.2, 4.0], "bandpass", fs=FINE_HZ, output="sos")
    fast = butter(2, [4.0, 12.0], "bandpass", fs=FINE_HZ, output="sos")
    values = sosfiltfilt(slow, rng.standard_normal((count, 3)), axis=0)
    values /= values.std()
    tremor = sosfiltfilt(fast, rng.standard_normal((count, 3)), axis=0)
    return np.asarray(0.5 * values + 0.08 * tremor / tremor.std(), np.float64)


def recorded(
    movement: Doubles,
    start_s: float,
    end_s: float,
    *,
    rate_hz: float = 200.0,
    drift_ppm: float = 0.0,
    turn: Doubles | None = None,
    noise: float = 0.007,
    seed: int = 0,
) -> Movement:
    """Return what a sensor records of a stretch of movement, from its own time 0."""
    rng = np.random.default_rng((seed, 5))
    rate = 1 + drift_ppm * 1e-6
    own_s = np.arange(0.0, (end_s - start_s) * rate, 1 / rate_hz)
    true_s = start_s + own_s / rate
    fine_s = np.arange(movement.shape[0]) / FINE_HZ
    values = np.stack([np.interp(true_s, fine_s, axis) for axis in movement.T], axis=1)
    values = values + noise * rng.standard_normal(values.shape) + 0.01 * rng.standard_normal(3)
    return on_grid(own_s, values if turn is None else values @ turn.T)


def ready(movement: Movement) -> Prepared:
    return prepare(movement, noise=NOISE)


def best(a: Prepared, b: Prepared) -> Alignment:
    found = [r for place in search(a, b) if (r := refine(a, b, place)) is not None]
    return max(found, key=lambda alignment: alignment.evidence)


@pytest.mark.parametrize(("rate_hz", "drift_ppm"), [(200.0, 0.0), (198.6, 60.0), (397.3, -45.0)])
def test_place_drift_and_rotation_of_a_minute(rate_hz: float, drift_ppm: float) -> None:
    movement = hand_held(80.0, 1)
    turn = Rotation.random(random_state=3).as_matrix()
    a = ready(recorded(movement, 0.0, 75.0, seed=1))
    b = ready(
        recorded(movement, 12.345, 80.0, rate_hz=rate_hz, drift_ppm=drift_ppm, turn=turn, seed=2)
    )
    found = best(a, b)
    middle_s = sum(found.span_s) / 2
    truth_s = 12.345 + middle_s / (1 + drift_ppm * 1e-6) - middle_s
    error_s = float(found.line.at(middle_s)) - truth_s
    assert abs(error_s) < 1e-4
    assert abs(error_s) < 4 * found.line.value_std
    assert abs(-found.line.slope * 1e6 - drift_ppm) < max(4e6 * found.line.slope_std, 1.0)
    # The rotation takes b's axes to a's.
    assert angle_between_deg(found.rotation, turn.T) < 0.5
    assert found.gain == pytest.approx(1.0, abs=0.01)
    assert found.agreeing > 0.9


def test_errors_are_as_large_as_they_say() -> None:
    ratios = []
    for seed in range(16):
        movement = hand_held(30.0, seed)
        a = ready(recorded(movement, 0.0, 25.0, seed=2 * seed, noise=0.02))
        b = ready(recorded(movement, 5.0, 30.0, seed=2 * seed + 1, noise=0.02))
        found = best(a, b)
        ratios.append((float(found.line.at(found.line.pivot)) - 5.0) / found.line.value_std)
    assert 0.4 < np.sqrt(np.mean(np.square(ratios))) < 1.6


@settings(max_examples=8)
@given(st.floats(-30, 30), st.floats(-30, 30), st.integers(0, 100))
def test_shifting_the_clocks_shifts_the_answer(shift_a: float, shift_b: float, seed: int) -> None:
    movement = hand_held(16.0, seed)
    one, two = recorded(movement, 0.0, 13.0, seed=1), recorded(movement, 4.0, 16.0, seed=2)

    def answer(a_s: float, b_s: float) -> float:
        a = Movement(start_s=one.start_s + a_s, values=one.values)
        b = Movement(start_s=two.start_s + b_s, values=two.values)
        line = best(ready(a), ready(b)).line
        return float(line.at(b_s))

    assert answer(shift_a, shift_b) == pytest.approx(answer(0, 0) + shift_a - shift_b, abs=1e-6)


def test_a_long_recording_that_drifts_is_found_in_pieces() -> None:
    movement = hand_held(900.0, 4)
    a = ready(recorded(movement, 0.0, 900.0, seed=1))
    b = ready(recorded(movement, 130.0, 860.0, drift_ppm=80.0, seed=2))
    places = search(a, b)
    assert places[0].slope * 1e6 == pytest.approx(-80, abs=15)
    found = refine(a, b, places[0], slope_prior_std=1e-4)
    assert found is not None
    end_s = 700.0
    assert float(found.line.at(end_s)) == pytest.approx(130.0 - 80e-6 * end_s, abs=1e-4)


def test_gaps_carry_no_weight() -> None:
    movement = hand_held(30.0, 5)
    one, two = recorded(movement, 0.0, 25.0, seed=1), recorded(movement, 5.0, 30.0, seed=2)
    values = two.values.copy()
    values[1000:1800] = np.nan
    found = best(ready(one), ready(Movement(start_s=0.0, values=values)))
    assert float(found.line.at(10.0)) == pytest.approx(5.0, abs=5e-4)


def test_other_movements_have_little_evidence() -> None:
    a = ready(recorded(hand_held(40.0, 6), 0.0, 40.0))
    b = ready(recorded(hand_held(40.0, 7), 0.0, 40.0))
    refined = [refine(a, b, place) for place in search(a, b)]
    assert max((r.evidence for r in refined if r is not None), default=0.0) < 8


def test_steady_shaking_has_little_evidence_however_long() -> None:
    t = np.arange(0, 60, 1 / FINE_HZ)[:, None]
    shaking = np.sin(2 * np.pi * 3.0 * t + np.array([0.0, 1.0, 2.0])) * [1.0, 0.6, 0.3]
    a = ready(recorded(shaking, 0.0, 50.0, seed=1))
    b = ready(recorded(shaking, 7.3, 60.0, seed=2))
    places = search(a, b)
    assert places[0].agreement > 0.7
    assert places[0].evidence < 12
    assert places[1].agreement > 0.9 * places[0].agreement


def test_evidence_counts_what_is_independent() -> None:
    rng = np.random.default_rng(8)
    white = rng.standard_normal((2000, 3)).astype(np.float32)
    slow = sosfiltfilt(butter(2, 2.0, fs=RATE_HZ, output="sos"), white, axis=0).astype(np.float32)
    assert independent_share(white, white, RATE_HZ) > 0.5
    assert independent_share(slow, slow, RATE_HZ) < 0.05
    assert evidence_of(np.array([0.0, 0.9]), 100.0).tolist() == pytest.approx([0.0, 83.0], abs=0.1)


def test_a_grid_keeps_time_and_marks_gaps() -> None:
    times_s = np.delete(np.arange(0.0, 10.0, 1 / 397.3), slice(1000, 1300))
    values = np.sin(2 * np.pi * 3.0 * times_s[:, None] + np.array([0.0, 1.0, 2.0]))
    movement = on_grid(times_s + 2.5, values)
    grid_s = np.arange(movement.values.shape[0]) / movement.rate_hz
    truth = np.sin(2 * np.pi * 3.0 * grid_s[:, None] + np.array([0.0, 1.0, 2.0]))
    known = np.isfinite(movement.values).all(axis=1)
    gap_s = times_s[1000] - times_s[999]
    assert movement.start_s == 2.5
    assert (~known).sum() / movement.rate_hz == pytest.approx(gap_s, abs=0.02)
    middle = known & (grid_s > 0.3) & (grid_s < 9.7)
    # Next to the gap the filter sees the line across it.
    middle &= (np.abs(grid_s - times_s[999]) > 0.1) & (np.abs(grid_s - times_s[1000]) > 0.1)
    assert np.abs(movement.values - truth)[middle].max() < 0.01


def test_too_little_overlap_is_no_answer() -> None:
    movement = hand_held(20.0, 9)
    a = ready(recorded(movement, 0.0, 10.0))
    b = ready(recorded(movement, 5.0, 20.0))
    assert refine(a, b, Place(offset_s=9.5, evidence=0.0, agreement=0.0)) is None
