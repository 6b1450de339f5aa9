from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.model import Match, inverse
from clapless.solve import solve
from clapless.solve.edges import Node, Pose
from clapless.solve.jumps import put_together
from clapless.solve.lines import Line
from clapless.timing import Segment, TimeMap
from tests.solve.worlds import World, place

JUMP_S = 0.4


def jump_match(a: str, b: str, offset_s: float, at_s: float, length_s: float) -> Match:
    """Return a match whose clip b dropped `JUMP_S` of samples at its clip time `at_s`."""
    return Match(
        a=a,
        b=b,
        signal="audio",
        offset_s=offset_s,
        offset_std_s=1e-4,
        drift_std_ppm=0.5,
        confidence=0.99,
        spans_s=((0.0, length_s),),
        time_map=TimeMap(
            (
                Segment(((0.0, offset_s), (at_s, offset_s + at_s)), (1e-4, 1e-4)),
                Segment(
                    (
                        (at_s, offset_s + at_s + JUMP_S),
                        (length_s, offset_s + length_s + JUMP_S),
                    ),
                    (1e-4, 1e-4),
                ),
            )
        ),
    )


def world() -> World:
    made = World()
    made.add("R", 0.0, 1000.0, device="R", audio=True)
    made.add("A", 100.0, 300.0, device="A")
    return made


def test_each_side_of_a_jump_is_placed():
    made = world()
    solution = solve(made.clips, [], [jump_match("R", "A", 100.0, 120.0, 300.0)], [])
    placed = place(solution, "A")
    assert solution.groups[0].reference == "R"
    assert placed.to_group(60.0) == pytest.approx(160.0, abs=1e-4)
    assert placed.to_group(200.0) == pytest.approx(300.0 + JUMP_S, abs=1e-4)
    assert placed.time_map is not None
    assert len(placed.time_map.segments) == 2
    assert placed.offset_s == pytest.approx(100.0 + JUMP_S, abs=1e-3)  # the longer stretch
    assert placed.confidence == pytest.approx(0.99)
    assert solution.matches[0].accepted


def test_the_match_may_be_given_from_the_other_side():
    made = world()
    turned = inverse(jump_match("R", "A", 100.0, 120.0, 300.0))
    placed = place(solve(made.clips, [], [turned], []), "A")
    assert placed.to_group(60.0) == pytest.approx(160.0, abs=1e-4)
    assert placed.to_group(200.0) == pytest.approx(300.0 + JUMP_S, abs=1e-4)


def test_a_clip_after_the_jump_is_not_carried_across_it_blindly():
    made = world()
    made.add("late", 310.0 + JUMP_S, 80.0)
    made.add("early", 110.0, 80.0)
    after = dataclasses.replace(made.measure("A", "late"), offset_s=210.0)
    before = made.measure("A", "early")
    solution = solve(made.clips, [], [jump_match("R", "A", 100.0, 120.0, 300.0), after, before], [])
    assert place(solution, "late").offset_s == pytest.approx(310.0 + JUMP_S, abs=1e-3)
    assert place(solution, "early").offset_s == pytest.approx(110.0, abs=1e-3)
    assert all(m.accepted for m in solution.matches)


def test_a_recorder_that_others_cross_in_two_ways_is_the_one_that_jumps():
    """R dropped samples: A and B see the same jump in it, and each other in one line."""
    made = World()
    made.add("R", 0.0, 1000.0, device="R", audio=True)
    made.add("A", 100.0, 300.0, device="A")
    made.add("B", 90.0, 290.0, device="B")
    # On R's clock what comes after its time 220 lies earlier by the jump: it lost samples.
    by_a = jump_match("A", "R", -100.0, 220.0, 1000.0)
    by_b = jump_match("B", "R", -90.0, 220.0, 1000.0)
    straight = made.measure("A", "B")
    solution = solve(made.clips, [], [inverse(by_a), by_b, straight], [])
    (group,) = solution.groups
    assert group.reference == "A"
    jumping = {p.clip for p in group.placements if p.time_map is not None}
    assert jumping == {"R"}
    assert place(solution, "B").offset_s == pytest.approx(-10.0, abs=1e-3)
    named = solve(made.clips, [], [inverse(by_a), by_b, straight], [], reference="R")
    assert named.groups[0].reference == "R"


def test_doubled_samples_give_a_map_that_still_rises():
    made = world()
    late = jump_match("R", "A", 100.0, 120.0, 300.0)
    back = Match(
        a="R",
        b="A",
        signal="audio",
        offset_s=100.0,
        offset_std_s=1e-4,
        drift_std_ppm=0.5,
        confidence=0.99,
        spans_s=late.spans_s,
        time_map=TimeMap(
            (
                Segment(((0.0, 100.0), (120.0, 220.0))),
                Segment(((120.5, 220.0), (300.0, 399.5))),
            )
        ),
    )
    placed = place(solve(made.clips, [], [back], []), "A")
    assert placed.to_group(200.0) == pytest.approx(299.5, abs=1e-3)
    assert placed.time_map is not None
    one, two = placed.time_map.segments
    assert two.knots[0][1] >= one.knots[-1][1]


@given(
    offset_s=st.floats(-1e5, 1e5),
    doubled_s=st.floats(-2.0, 200.0),
    drifts_ppm=st.tuples(st.floats(-300, 300), st.floats(-300, 300)),
    at_s=st.floats(0.5, 299.5),
)
def test_stretches_follow_each_other_whatever_was_dropped_or_doubled(
    offset_s: float, doubled_s: float, drifts_ppm: tuple[float, float], at_s: float
) -> None:
    edges_s = (0.0, at_s, 300.0)
    placed = [
        (
            Node(id=f"c{n}", clip="c", device=None, start_s=edges_s[n], end_s=edges_s[n + 1]),
            Line(Pose(offset_s - n * doubled_s, 1 + drift * 1e-6), drift, 0.1, 1e-4, at_s),
        )
        for n, drift in enumerate(drifts_ppm)
    ]
    made = put_together(placed)
    assert made is not None
    assert made.segments[0].knots[0][1] == pytest.approx(offset_s)
