"""Several maps on one: weighted where they agree, the surer where not, straight where enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from clapless.numerics.route_warp import Gap
from clapless.pipeline.routes.combining import combine
from clapless.pipeline.routes.evidence import Evidence
from clapless.pipeline.routes.line import line_of, sampled, straightened
from clapless.timing import Segment, TimeMap

Floats = NDArray[np.float64]


def bent(t: Floats) -> Floats:
    """A rider who slows down and catches up: 4 s to and fro."""
    return np.asarray(10.0 + 1.2 * t + 4.0 * np.sin(t / 15.0), np.float64)


def evidence(
    signal: str,
    *spans: tuple[float, float],
    std_s: float,
    off_s: float = 0.0,
    noise_s: float = 0.0,
    confidence: float = 0.93,
    gaps: tuple[Gap, ...] = (),
) -> Evidence:
    rng = np.random.default_rng(len(signal))
    segments = []
    for start_s, end_s in spans:
        t = np.arange(start_s, end_s + 0.5, 1.0)
        slow = np.convolve(rng.standard_normal(len(t) + 20), np.ones(21) / 21**0.5, "valid")
        ref = bent(t) + off_s + noise_s * slow
        segments.append(
            Segment(tuple(zip(t.tolist(), ref.tolist(), strict=True)), tuple([std_s] * len(t)))
        )
    return Evidence(
        signal=signal, time_map=TimeMap(tuple(segments)), confidence=confidence, gaps=gaps
    )


def test_maps_that_agree_are_weighted_by_their_variances() -> None:
    sure = evidence("scenery", (0, 200), std_s=0.1, off_s=0.05)
    rough = evidence("gps", (0, 200), std_s=0.3, off_s=-0.35)
    found = combine([rough, sure])
    assert found.signals == ("scenery", "gps")
    assert found.confidence > 0.98
    assert not found.disagreements
    middle = np.array([100.0])
    (got,), (std,) = sampled(found.time_map, middle)
    weighted = (0.05 / 0.01 - 0.35 / 0.09) / (1 / 0.01 + 1 / 0.09)
    assert got == pytest.approx(bent(middle)[0] + weighted, abs=0.02)
    assert std == pytest.approx((1 / 0.01 + 1 / 0.09) ** -0.5, rel=0.01)


def test_a_map_that_disagrees_is_left_out_and_told_never_averaged() -> None:
    sure = evidence("scenery", (0, 200), std_s=0.1)
    wrong = evidence("gps", (0, 200), std_s=0.3, off_s=8.0)
    found = combine([wrong, sure])
    assert found.signals == ("scenery",)
    assert found.time_map == sure.time_map
    (told,) = found.disagreements
    assert told.signal == "gps"
    assert told.difference_s == pytest.approx(8.0, abs=0.05)
    assert "disagree for 200 of 200 s, first at 0.0 s; scenery counts" in told.reason


def test_the_surer_answer_counts_before_the_finer_one() -> None:
    fine = evidence("scenery", (0, 200), std_s=0.05, off_s=9.0, confidence=0.6)
    found = combine([fine, evidence("gps", (0, 200), std_s=0.5)])
    assert found.signals == ("gps",)
    assert [one.signal for one in found.disagreements] == ["scenery"]


def test_what_one_does_not_know_the_other_answers() -> None:
    dark = Gap(kind="detour", start_s=60.0, end_s=120.0)
    sure = evidence("scenery", (0, 60), (120, 200), std_s=0.1, gaps=(dark,))
    found = combine([sure, evidence("gps", (0, 240), std_s=0.4)])
    times = np.array([90.0, 230.0])
    got, std = sampled(found.time_map, times)
    np.testing.assert_allclose(got, bent(times), atol=0.05)
    np.testing.assert_allclose(std, 0.4)
    assert found.gaps == ()
    still = Gap(kind="stop", start_s=60.0, end_s=120.0)
    both = [
        evidence(n, (0, 60), (120, 200), std_s=s, gaps=(still,)) for n, s in (("a", 1), ("b", 2))
    ]
    assert combine(both).gaps == (still,)


def test_maps_without_a_common_time_are_not_compared() -> None:
    found = combine(
        [evidence("scenery", (0, 60), std_s=0.1), evidence("gps", (80, 200), std_s=0.4)]
    )
    assert found.signals == ("scenery",)
    assert "too little in common" in found.disagreements[0].reason


@given(
    noise_s=st.floats(0.0, 0.4),
    off_s=st.floats(-0.5, 0.5),
    start_s=st.floats(0, 80),
    stop_s=st.floats(5, 60),
)
def test_a_combined_map_always_rises_and_its_inverse_is_exact(
    noise_s: float, off_s: float, start_s: float, stop_s: float
) -> None:
    one = evidence("scenery", (0, 100), (100 + stop_s, 220), std_s=0.15, noise_s=noise_s)
    two = evidence("gps", (start_s, 240), std_s=0.4, off_s=off_s, noise_s=noise_s / 2)
    whole = combine([one, two]).time_map
    for segment in whole.segments:
        assert (np.diff(np.array(segment.knots), axis=0) > 0).all()
        assert len(segment.std_s) == len(segment.knots)
        assert min(segment.std_s) > 0
    back = whole.inverse()
    for segment in whole.segments:
        for t in np.linspace(segment.knots[0][0], segment.knots[-1][0], 50)[1:-1]:
            there = whole.to_group(float(t))
            assert there is not None
            for again in (whole.to_clip(there), back.to_group(there)):
                assert again is not None
                assert again == pytest.approx(float(t), abs=1e-6)
                # A nearly flat piece magnifies rounding one way; back again it is nothing.
                assert whole.to_group(again) == pytest.approx(there, rel=1e-13, abs=1e-12)


def test_a_run_of_constant_pace_is_one_straight_line_with_its_drift() -> None:
    rng = np.random.default_rng(5)
    t = np.arange(0.0, 300.0)
    # 1000 ppm fast, with a receiver's wander of a tenth of a second.
    ref = 12.0 + t / 1.001 + np.convolve(rng.standard_normal(320), np.ones(21) / 200, "valid")
    knots = tuple(zip(t.tolist(), ref.tolist(), strict=True))
    line = straightened(TimeMap((Segment(knots, (0.3,) * 300),)))
    (segment,) = line.segments
    assert len(segment.knots) == 2
    assert (segment.knots[0][0], segment.knots[1][0]) == (0.0, 299.0)
    offset_s, drift_ppm = line_of(segment)
    assert offset_s == pytest.approx(12.0, abs=0.15)
    assert drift_ppm == pytest.approx(1000.0, abs=600.0)


def test_a_run_of_changing_pace_keeps_its_knots() -> None:
    whole = evidence("gps", (0, 200), std_s=0.5).time_map
    assert straightened(whole) == whole


def test_lines_do_not_run_into_each_other() -> None:
    wavy = tuple((float(t), t + 0.2 * np.sin(t)) for t in range(40))
    late = tuple((40.0 + t, wavy[-1][1] + 0.01 + t + 0.2 * np.sin(t + 4)) for t in range(40))
    late = tuple((a, b - late[0][1] + wavy[-1][1] + 0.001) for a, b in late)
    whole = straightened(TimeMap((Segment(wavy, (0.5,) * 40), Segment(late, (0.5,) * 40))))
    assert len(whole.segments) == 2


def test_the_interval_of_a_combined_map_holds_as_often_as_it_says() -> None:
    held, error_s = [], []
    times_s = np.arange(1.0, 199.0, 0.5)
    for seed in range(30):
        both = [noisy(seed, "scenery", std_s=0.08), noisy(seed + 500, "gps", std_s=0.1)]
        found = combine(both)
        assert len(found.signals) == 2
        got, std = sampled(straightened(found.time_map), times_s)
        off = np.abs(got - bent(times_s))
        held.append(np.mean(off < 1.96 * std))
        alone, _ = sampled(both[0].time_map, times_s)
        error_s.append(np.median(off) / np.median(np.abs(alone - bent(times_s))))
    assert 0.90 <= np.mean(held) <= 0.98
    assert np.mean(error_s) < 1.0


def noisy(seed: int, signal: str, *, std_s: float) -> Evidence:
    """Return evidence whose error wanders within its own deviation."""
    rng = np.random.default_rng(seed)
    t = np.arange(0.0, 200.5)
    slow = gaussian_filter1d(rng.standard_normal(len(t) + 200), 6.0)[100:-100]
    ref = np.maximum.accumulate(bent(t) + slow * std_s / 0.217) + 1e-6 * t
    knots = tuple(zip(t.tolist(), ref.tolist(), strict=True))
    whole = TimeMap((Segment(knots, (std_s,) * len(t)),))
    return Evidence(signal=signal, time_map=whole, confidence=0.93)


def test_three_kinds_are_one_map_and_the_one_that_disagrees_is_named() -> None:
    scenery = evidence("scenery", (0, 200), std_s=0.05)
    tempo = evidence("tempo", (20, 180), std_s=0.03, off_s=0.02)
    gps = evidence("gps", (0, 230), std_s=0.5, off_s=-0.3)
    found = combine([gps, tempo, scenery])
    assert found.signals == ("tempo", "scenery", "gps")
    assert not found.disagreements
    times_s = np.array([5.0, 100.0, 190.0, 225.0])
    got, std = sampled(found.time_map, times_s)
    np.testing.assert_allclose(got[:3], bent(times_s[:3]), atol=0.1)
    # Only satellites know the end.
    assert got[3] == pytest.approx(bent(times_s)[3] - 0.3, abs=0.01)
    assert std[3] == pytest.approx(0.5)
    # Two that agree count before a third, however fine that one is.
    late = combine([gps, evidence("tempo", (20, 180), std_s=0.03, off_s=5.0), scenery])
    assert late.signals == ("scenery", "gps")
    assert [one.signal for one in late.disagreements] == ["tempo"]
