"""Samples are counted through rounding and jitter, and moved only by real holes."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from clapless.media.grid import GridCounter, grid_limit

RATE_HZ = 48000


@given(
    frame=st.sampled_from([576, 960, 1024, 1152, 1536, 2048]),
    rate_hz=st.sampled_from([32000, 44100, 48000, 96000]),
    start=st.integers(0, 10**6),
    time_base=st.sampled_from([Fraction(1, 1000), Fraction(1, 90000), Fraction(1, 14112000)]),
    count=st.integers(1, 300),
)
def test_rounded_timestamps_never_move_the_count(
    frame: int, rate_hz: int, start: int, time_base: Fraction, count: int
) -> None:
    counter = GridCounter(time_base, rate_hz)
    for number in range(count):
        pts = start + round(Fraction(number * frame, rate_hz) / time_base)
        assert counter.place(pts, frame) == number * frame
    assert counter.position == count * frame
    assert counter.holes == 0


@given(wander=st.lists(st.floats(-0.003, 0.003), min_size=2, max_size=50))
def test_the_clock_of_a_phone_may_wander(wander: list[float]) -> None:
    counter = GridCounter(Fraction(1, RATE_HZ), RATE_HZ)
    for number, late_s in enumerate(wander):
        index = counter.place(number * 1024 + round(late_s * RATE_HZ), 1024)
        assert index == number * 1024


@given(lost=st.integers(1, 500))
def test_lost_packets_are_a_hole_of_their_length(lost: int) -> None:
    counter = GridCounter(Fraction(1, 90000), RATE_HZ)
    step = 1920
    assert counter.place(0, 1024) == 0
    assert counter.place(step * (1 + lost), 1024) == 1024 * (1 + lost)
    assert counter.place(step * (2 + lost), 1024) == 1024 * (2 + lost)
    assert counter.holes == 1


def test_packets_that_come_again_overlap() -> None:
    counter = GridCounter(Fraction(1, RATE_HZ), RATE_HZ)
    assert [counter.place(pts, 1024) for pts in (0, 1024, 1024, 2048)] == [0, 1024, 1024, 2048]
    assert counter.position == 3072


def test_packets_without_time_follow_each_other() -> None:
    counter = GridCounter(Fraction(1, RATE_HZ), RATE_HZ)
    assert [counter.place(pts, 1000) for pts in (None, None, 2000, None)] == [0, 1000, 2000, 3000]


def test_one_damaged_timestamp_moves_nothing() -> None:
    counter = GridCounter(Fraction(1, RATE_HZ), RATE_HZ)
    times = [0, 1024, 10**12, 3072, -200_000, 5120]
    assert [counter.place(pts, 1024) for pts in times] == [n * 1024 for n in range(6)]
    assert counter.holes == 0


def test_a_new_count_goes_on_where_the_old_one_ended() -> None:
    counter = GridCounter(Fraction(1, RATE_HZ), RATE_HZ)
    times = [500_000, 501_024, 0, 1024, 2048, 3072 + 4096]
    places = [counter.place(pts, 1024) for pts in times]
    assert places == [0, 1024, 2048, 3072, 4096, 5120 + 4096]


def test_a_hole_beyond_the_end_is_damage() -> None:
    limit = grid_limit(10.0, RATE_HZ)
    counter = GridCounter(Fraction(1, RATE_HZ), RATE_HZ, limit=limit)
    assert counter.place(0, 1024) == 0
    assert counter.place(30 * RATE_HZ, 1024) == 1024
    assert counter.place(2048, 1024) == 2048
