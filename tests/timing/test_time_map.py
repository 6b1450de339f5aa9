from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.timing import Segment, TimeMap
from tests.strategies import time_maps


def tolerance(*times_s: float) -> float:
    """Rounding of double seconds at the size of these times, with room for slopes up to 2000."""
    return 1e-8 + 1e-11 * max(map(abs, times_s))


@given(time_map=time_maps(), data=st.data())
def test_inside_a_segment_the_inverse_leads_back(time_map: TimeMap, data):
    segment = data.draw(st.sampled_from(time_map.segments))
    start_s, end_s = segment.knots[0][0], segment.knots[-1][0]
    t_s = start_s + data.draw(st.floats(0.01, 0.99)) * (end_s - start_s)
    group_s = time_map.to_group(t_s)
    assert group_s is not None
    back_s = time_map.to_clip(group_s)
    assert back_s == pytest.approx(t_s, abs=tolerance(t_s, group_s) * 2000)
    assert time_map.inverse().to_group(group_s) == back_s


@given(time_map=time_maps())
def test_the_inverse_of_the_inverse_is_the_map(time_map: TimeMap):
    assert time_map.inverse().inverse() == time_map


@given(time_map=time_maps())
def test_knots_are_answered_exactly(time_map: TimeMap):
    for segment in time_map.segments:
        for clip_s, group_s in segment.knots[1:-1]:
            assert time_map.to_group(clip_s) == pytest.approx(group_s, abs=tolerance(group_s))


@given(time_map=time_maps(), data=st.data())
def test_time_never_runs_backwards(time_map: TimeMap, data):
    first_s, last_s = time_map.segments[0].knots[0][0], time_map.segments[-1].knots[-1][0]
    share = st.floats(0.0, 1.0)
    times_s = sorted(first_s + data.draw(share) * (last_s - first_s) for _ in range(5))
    mapped = [m for m in map(time_map.to_group, times_s) if m is not None]
    assert all(a <= b + tolerance(a, b) for a, b in pairwise(mapped))


@given(time_map=time_maps())
def test_outside_there_is_no_answer(time_map: TimeMap):
    assert time_map.to_group(time_map.segments[0].knots[0][0] - 1.0) is None
    assert time_map.to_group(time_map.segments[-1].knots[-1][0] + 1.0) is None
    assert time_map.to_clip(time_map.segments[0].knots[0][1] - 1.0) is None


def test_in_a_gap_there_is_no_answer():
    gap = TimeMap((Segment(((0.0, 0.0), (1.0, 1.0))), Segment(((2.0, 5.0), (3.0, 6.0)))))
    assert gap.to_group(1.5) is None
    assert gap.to_clip(3.0) is None


def test_at_a_jump_the_later_segment_answers():
    jump = TimeMap((Segment(((0.0, 0.0), (1.0, 1.0))), Segment(((1.0, 5.0), (2.0, 6.0)))))
    assert jump.to_group(1.0) == 5.0
    assert jump.to_clip(1.0) == 1.0


@pytest.mark.parametrize(
    ("knots", "words"),
    [
        ((), "two knots"),
        (((0.0, 0.0),), "two knots"),
        (((0.0, 0.0), (0.0, 1.0)), "must rise"),
        (((0.0, 0.0), (1.0, 0.0)), "must rise"),
        (((0.0, 0.0), (1.0, -1.0)), "must rise"),
        (((0.0, 0.0), (float("nan"), 1.0)), "must rise"),
    ],
)
def test_segments_rise(knots, words):
    with pytest.raises(ValueError, match=words):
        Segment(knots)


def test_segments_follow_each_other():
    one, two = Segment(((0.0, 0.0), (2.0, 2.0))), Segment(((1.0, 3.0), (3.0, 5.0)))
    with pytest.raises(ValueError, match="follow each other"):
        TimeMap((one, two))
    with pytest.raises(ValueError, match="needs a segment"):
        TimeMap(())
    with pytest.raises(ValueError, match="one std_s per knot"):
        Segment(((0.0, 0.0), (1.0, 1.0)), (0.1,))
