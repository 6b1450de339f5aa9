from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from clapless.model import (
    CHECK_CONFIDENCE,
    SYNCED_CONFIDENCE,
    Clip,
    Group,
    Marker,
    MediaFile,
    Placement,
    Session,
)
from clapless.timing import Segment, TimeMap
from tests.strategies import placements, sessions, times_s


@given(placement=placements(bent=False), t_s=times_s)
def test_group_time_leads_back_to_clip_time(placement: Placement, t_s: float):
    back_s = placement.to_clip(placement.to_group(t_s))
    assert back_s == pytest.approx(t_s, abs=1e-6 + 1e-12 * abs(placement.offset_s))


@given(placement=placements(bent=False), t_s=times_s)
def test_uncertainty_is_smallest_at_the_pivot_and_the_same_on_both_sides(placement, t_s):
    apart_s = abs(t_s - placement.pivot_s)
    there = placement.std_s(placement.pivot_s + apart_s)
    assert placement.std_s(placement.pivot_s) == placement.offset_std_s
    assert there >= placement.offset_std_s
    assert placement.std_s(placement.pivot_s - apart_s) == pytest.approx(there)


def test_a_time_map_counts_and_the_line_answers_where_it_is_silent():
    bent = TimeMap(
        (Segment(((0.0, 100.0), (10.0, 110.0))), Segment(((20.0, 130.0), (30.0, 140.0))))
    )
    placement = Placement(clip="c2", offset_s=50.0, time_map=bent)
    assert placement.to_group(5.0) == 105.0
    assert placement.to_clip(135.0) == 25.0
    assert placement.to_group(15.0) == 65.0
    assert placement.to_clip(120.0) == 70.0


@given(session=sessions())
@settings(max_examples=30)
def test_every_placed_clip_is_found_in_its_group(session: Session):
    for group in session.groups:
        for placement in group.placements:
            assert session.placement(placement.clip) == (group, placement)
    for one in session.unplaced:
        assert session.placement(one.clip) is None
    for clip in session.clips:
        assert session.clip(clip.id) is clip


def test_an_unknown_clip_is_a_key_error():
    with pytest.raises(KeyError, match="c7"):
        Session().clip("c7")


def test_a_clip_is_where_its_main_file_is():
    files = (MediaFile(path=Path("a.mp4")), MediaFile(path=Path("b.mp4"), role="chapter"))
    assert Clip(id="c1", name="a", files=files).path == Path("a.mp4")


@pytest.mark.parametrize("hosts", [{}, {"clip": "c1", "group": "g1"}])
def test_a_marker_has_exactly_one_host(hosts):
    with pytest.raises(ValueError, match="either a clip or a group"):
        Marker(id="m1", name="x", time_s=0.0, **hosts)


def test_what_is_found_cannot_be_changed_by_accident():
    group = Group(id="g1", reference="c1", placements=())
    with pytest.raises(AttributeError):
        group.reference = "c2"  # type: ignore[misc]


def test_the_thresholds_are_those_of_the_design():
    assert (SYNCED_CONFIDENCE, CHECK_CONFIDENCE) == (0.9, 0.5)
