from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.timing import (
    STANDARD_RATES,
    Timecode,
    may_drop,
    nominal_rate,
    round_half_up,
    snap_rate,
)
from tests.strategies import rates

DROP_RATES = [rate for rate in STANDARD_RATES if may_drop(rate)]

COUNTINGS = [(rate, False) for rate in STANDARD_RATES] + [(rate, True) for rate in DROP_RATES]


def day_of_frames(rate: Fraction, drop_frame: bool) -> int:
    """How many labels there are before 00:00:00:00 comes again."""
    nominal = nominal_rate(rate)
    dropped = nominal // 15 * (1440 - 144) if drop_frame else 0
    return 24 * 3600 * nominal - dropped


countings = st.sampled_from(COUNTINGS)


@given(counting=countings, data=st.data())
def test_every_frame_of_a_day_comes_back_from_its_label(counting, data):
    rate, drop_frame = counting
    frame = data.draw(st.integers(0, day_of_frames(rate, drop_frame) - 1))
    label = Timecode(frame, rate, drop_frame)
    assert Timecode.parse(str(label), rate) == label


@pytest.mark.parametrize(("rate", "drop_frame"), COUNTINGS)
def test_labels_rise_by_one_frame_over_the_edges_of_minutes_and_hours(rate, drop_frame):
    nominal = nominal_rate(rate)
    day = day_of_frames(rate, drop_frame)
    seen = []
    for minute in [*range(12), 59, 60, 61, 599, 600, 601, 1438, 1439]:
        about = minute * 60 * day // (24 * 3600)
        for frame in range(max(0, about - 3), min(day, about + 2 * nominal // 15 + 3)):
            label = str(Timecode(frame, rate, drop_frame))
            assert Timecode.parse(label, rate).frame == frame
            seen.append((frame, label))
    labels = [label for _, label in sorted(set(seen))]
    assert labels == sorted(labels)
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("rate", DROP_RATES)
def test_drop_frame_leaves_numbers_out_of_nine_minutes_in_ten(rate):
    nominal = nominal_rate(rate)
    dropped = nominal // 15
    digits = 3 if nominal > 100 else 2
    for minute in range(1, 60):
        label = f"00:{minute:02d}:00;{0:0{digits}d}"
        if minute % 10:
            with pytest.raises(ValueError, match="leaves out"):
                Timecode.parse(label, rate)
            label = f"00:{minute:02d}:00;{dropped:0{digits}d}"
        assert str(Timecode.parse(label, rate)) == label


@pytest.mark.parametrize("rate", DROP_RATES)
def test_drop_frame_keeps_up_with_the_clock_for_a_day(rate):
    for hour in range(24):
        label = Timecode.parse(f"{hour:02d}:00:00;{'000' if rate > 100 else '00'}", rate)
        # ST 12-1: drop-frame time loses about 86.4 ms a day.
        assert abs(label.seconds - hour * 3600) < Fraction(9, 100)


@given(rate=rates, frame=st.integers(-(10**9), 10**9))
def test_the_time_of_a_frame_is_that_frame_again(rate, frame):
    assert Timecode.at(frame / rate, rate).frame == frame
    assert Timecode(frame, rate).seconds * rate == frame


@given(
    rate=rates, frame=st.integers(0, 10**7), off=st.fractions(Fraction(-49, 100), Fraction(1, 2))
)
def test_the_nearest_frame_is_taken_and_halves_go_up(rate, frame, off):
    wanted = frame + 1 if off == Fraction(1, 2) else frame
    assert Timecode.at((frame + off) / rate, rate).frame == wanted


@given(value=st.fractions(-1000, 1000))
def test_rounding_is_never_off_by_more_than_a_half(value):
    assert -Fraction(1, 2) < round_half_up(value) - value <= Fraction(1, 2)


@pytest.mark.parametrize(
    "text",
    ["", "1:2:3:4", "00:00:00", "00:60:00:00", "00:00:60:00", "00:00:00:25", "a", "٠٠:00:00:00"],
)
def test_what_is_no_timecode_is_refused(text):
    with pytest.raises(ValueError, match="is no timecode"):
        Timecode.parse(text, Fraction(25))


def test_a_drop_flag_at_a_rate_without_drop_counting_is_left_aside():
    assert Timecode.parse("01:00:00;00", Fraction(25)).drop_frame is False
    with pytest.raises(ValueError, match="not defined at 25"):
        Timecode(0, Fraction(25), drop_frame=True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (Fraction(2997, 100), Fraction(30000, 1001)),
        (24.0, Fraction(24)),
        (25.001, Fraction(25)),
    ],
)
def test_rates_as_files_state_them_become_exact(written, meant):
    assert snap_rate(written) == meant


@given(rate=rates)
def test_exact_rates_stay(rate):
    assert snap_rate(rate) == rate
    assert snap_rate(float(rate)) == rate


@pytest.mark.parametrize("rate", [0, -25.0, Fraction(-1)])
def test_a_rate_must_be_positive(rate):
    with pytest.raises(ValueError, match="must be positive"):
        snap_rate(rate)
