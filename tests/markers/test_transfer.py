"""Markers carried from clip to clip, clip to group and back: same frame, nothing lost."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.errors import UsageError
from clapless.markers.transfer import Host, carry, host_of
from clapless.model import Clip, Group, Marker, MediaFile, Placement, Session, Unplaced
from clapless.timing import Segment, TimeMap

FRAME_S = 1001 / 30000


def clip(name: str, duration_s: int = 100) -> Clip:
    return Clip(
        id=name,
        name=name,
        files=(MediaFile(path=Path(f"{name}.mov")),),
        duration_s=Fraction(duration_s),
        frame_rate=Fraction(30000, 1001),
    )


def marker(time_s: float, **more: object) -> Marker:
    return Marker(id="m1", name="x", clip="a", time_s=time_s, **more)  # type: ignore[arg-type]


def placement(name: str, **more: object) -> Placement:
    return Placement(clip=name, **{"offset_s": 0.0, **more})  # type: ignore[arg-type]


BENT = TimeMap(
    (Segment(((0.0, 10.0), (20.0, 25.0), (40.0, 60.0))), Segment(((50.0, 80.0), (90.0, 130.0))))
)


def hosts(**more: object) -> tuple[Host, Host]:
    return (
        Host(group="g1", placement=placement("a"), clip=clip("a", 200)),
        Host(group="g1", placement=placement("b", **more), clip=clip("b")),
    )


@given(
    time_s=st.floats(0, 60),
    offset_s=st.floats(-30, 0),
    drift_ppm=st.floats(-200, 200),
    speed=st.sampled_from([Fraction(1), Fraction(1001, 1000), Fraction(24, 25)]),
)
def test_there_and_back_is_the_same_frame(
    time_s: float, offset_s: float, drift_ppm: float, speed: Fraction
) -> None:
    a, b = hosts(offset_s=offset_s, drift_ppm=drift_ppm, speed=speed)
    (there,) = carry([marker(time_s, duration_s=2.0)], source=a, target=b)
    (back,) = carry([there.marker], source=b, target=a)
    assert abs(back.marker.time_s - time_s) < 1e-9
    assert abs(back.marker.duration_s - 2.0) < 1e-9
    assert there.group_s == pytest.approx(time_s)


@given(st.floats(0, 90).filter(lambda t: not 39.9 < t < 50.1))
def test_a_bent_placement_goes_there_and_back_too(t_b_s: float) -> None:
    a, b = hosts(time_map=BENT)
    (there,) = carry([marker(t_b_s)], source=b, target=a)
    (back,) = carry([there.marker], source=a, target=b)
    assert abs(back.marker.time_s - t_b_s) < 1e-9
    assert not there.note


@st.composite
def maps(draw: st.DrawFn) -> TimeMap:
    """Return maps of one to three bent segments, at half to double pace, with gaps between."""
    t, g = draw(st.floats(0, 5)), draw(st.floats(-20, 20))
    segments = []
    for _ in range(draw(st.integers(1, 3))):
        knots = [(t, g)]
        for _ in range(draw(st.integers(1, 6))):
            step = draw(st.floats(0.1, 8))
            t, g = t + step, g + step * draw(st.floats(0.5, 2))
            knots.append((t, g))
        segments.append(Segment(tuple(knots), tuple(0.1 for _ in knots)))
        t, g = t + draw(st.floats(0, 3)), g + draw(st.floats(0, 3))
    return TimeMap(tuple(segments))


@given(whole=maps(), share=st.floats(0, 1), piece=st.integers(0, 2))
def test_every_frame_of_every_map_comes_back_as_itself(
    whole: TimeMap, share: float, piece: int
) -> None:
    rate = Fraction(30000, 1001)
    knots = whole.segments[piece % len(whole.segments)].knots
    time_s = knots[0][0] + share * (knots[-1][0] - knots[0][0])
    frame = math.ceil(time_s * rate)
    at_s = float(frame / rate)
    if not (knots[0][0] < at_s < knots[-1][0] and at_s < 200):
        return
    b = Host(group="g1", placement=placement("b", time_map=whole), clip=clip("b", 200))
    (there,) = carry([marker(at_s)], source=b, target=Host(group="g1"))
    (back,) = carry([there.marker], source=Host(group="g1"), target=b)
    assert round(Fraction(back.marker.time_s) * rate) == frame
    assert not there.note
    assert not back.note
    assert there.std_s == pytest.approx(0.1)


def test_the_error_bar_of_a_carried_marker_is_that_of_the_map_there() -> None:
    whole = TimeMap((Segment(((0.0, 0.0), (10.0, 12.0), (20.0, 20.0)), (0.1, 0.5, 0.3)),))
    _, b = hosts(time_map=whole, offset_std_s=9.0)
    (carried,) = carry([marker(6.0)], source=Host(group="g1"), target=b)
    assert carried.marker.time_s == pytest.approx(5.0)
    assert carried.std_s == pytest.approx(0.3)


def test_a_gap_puts_a_marker_at_its_nearer_end_to_be_reviewed() -> None:
    a, b = hosts(time_map=BENT)
    early, late = carry([marker(63.0), marker(77.0)], source=a, target=b)
    assert (early.marker.time_s, late.marker.time_s) == (40.0, 50.0)
    for one in (early, late):
        assert one.marker.needs_review
        assert one.note == "3.00 s in a gap of the alignment"
        assert one.marker.confidence <= 0.5


def test_what_lies_outside_the_target_is_kept_at_its_end_and_said() -> None:
    a, b = hosts(offset_s=50.0)
    before, after = carry([marker(30.0), marker(170.0)], source=a, target=b)
    assert (before.marker.time_s, after.marker.time_s) == (0.0, 100.0)
    assert before.note == "20.00 s before the start of b"
    assert after.note == "20.00 s after the end of b"
    assert before.marker.needs_review
    assert after.marker.needs_review


def test_low_confidence_is_flagged_and_the_threshold_is_the_users() -> None:
    a, b = hosts(confidence=0.7)
    (sure,) = carry([marker(10.0)], source=a, target=b, threshold=0.6)
    (unsure,) = carry([marker(10.0)], source=a, target=b, threshold=0.8)
    assert not sure.marker.needs_review
    assert unsure.marker.needs_review
    assert unsure.note == "only 70 % sure"


def test_clip_to_group_and_back() -> None:
    _, b = hosts(offset_s=12.5)
    group = Host(group="g1")
    (there,) = carry([marker(10.0)], source=b, target=group)
    assert (there.marker.group, there.marker.clip, there.marker.time_s) == ("g1", None, 22.5)
    (back,) = carry([there.marker], source=group, target=b)
    assert (back.marker.clip, back.marker.time_s) == ("b", 10.0)


def test_groups_and_unplaced_clips_are_refused() -> None:
    session = Session(
        clips=(clip("a"), clip("b")),
        groups=(Group(id="g1", reference="a", placements=(placement("a"),)),),
        unplaced=(Unplaced(clip="b", code="no_match", reason="no sound in common"),),
    )
    a, b = hosts()
    with pytest.raises(UsageError, match="different groups"):
        carry([marker(1.0)], source=a, target=Host(group="g2"))
    with pytest.raises(UsageError, match="b is not synced"):
        host_of(session, "b", clip="b")
    with pytest.raises(UsageError, match="no clip or group called 'g9'"):
        host_of(session, "g9")
    assert host_of(session, "a", clip="a").placement == placement("a")
    assert b.confidence == 1.0
