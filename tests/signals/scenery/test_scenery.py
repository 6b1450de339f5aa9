"""Scenery: maps of rides with exact truth, gaps, refusals, and the index on disk."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from clapless.media import probe, read_once
from clapless.model import Match, Refusal
from clapless.signals.scenery import SceneryFeature, ScenerySignal, scenery_gaps
from clapless.signals.scenery.extractor import SceneryExtractor
from clapless.synth.ride_video import RideCamera, RideRun, passage, write_ride
from clapless.synth.ride_world import Leg
from tests.signals.scenery.rides import errors_s, extracted, feature

WAY = (Leg(3, 0, 420),)
REF = RideRun(seed=21, legs=WAY, duration_s=34.0, start_m=20.0)
DARK = RideCamera(above_m=1.7, gain=0.3, gamma=1.7, dirt=12, jitter_deg=3.0, noise=4.0)


@cache
def reference() -> SceneryFeature:
    return feature("ref", REF)


def answered(run: RideRun) -> Match | Refusal:
    return ScenerySignal().match(reference(), feature("new", run))


def matched(run: RideRun) -> Match:
    answer = answered(run)
    assert isinstance(answer, Match), answer
    return answer


def off(match: Match, run: RideRun) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return errors_s(match, passage(REF), passage(run))


def test_another_speed_light_and_height_are_one_route() -> None:
    camera = RideCamera(above_m=1.6, gain=0.55, gamma=1.5, dirt=6, jitter_deg=2.0)
    run = RideRun(seed=22, legs=WAY, duration_s=18.0, start_m=40.0, speed_mps=6.5, camera=camera)
    match = matched(run)
    times, errors, stds = off(match, run)
    assert np.median(np.abs(errors)) <= 0.05
    assert np.percentile(np.abs(errors), 90) <= 0.2
    # The first and the last second are no worse than the rest.
    assert times[0] < 0.1
    assert times[-1] > run.duration_s - 0.2
    assert np.abs(errors[times < 1.0]).max() <= 0.3
    assert np.abs(errors[times > run.duration_s - 1.0]).max() <= 0.3
    assert np.mean(np.abs(errors) <= 2 * stds) >= 0.85
    assert not scenery_gaps(match)


def test_a_match_tells_what_gates_are_held_against() -> None:
    run = RideRun(seed=30, legs=WAY, duration_s=12.0, start_m=50.0)
    details = matched(run).details
    assert details["inliers"] > details["inliers_p10"] > 15  # type: ignore[operator]
    assert 0.9 <= details["coverage"] <= 1.0  # type: ignore[operator]
    singles = np.array(details["singles_s"])
    assert singles.shape[1] == 2
    assert len(singles) > 30


def test_riders_apart_are_no_farther_off_than_they_say() -> None:
    run = RideRun(seed=33, legs=WAY, duration_s=18.0, start_m=40.0, aside_m=1.7)
    _, errors, stds = off(matched(run), run)
    assert np.percentile(np.abs(errors), 90) <= 0.3
    assert np.mean(np.abs(errors) <= 2 * stds) >= 0.9


def test_the_index_is_plain_numbers_of_small_pictures() -> None:
    extractor = SceneryExtractor(reference().clip)
    assert extractor.frame_wish.width <= 960
    arrays = reference().to_arrays()
    assert {array.dtype.kind for array in arrays.values()} <= {"f", "i", "u"}


def test_a_dark_and_dirty_run_is_found() -> None:
    run = RideRun(seed=23, legs=WAY, duration_s=18.0, start_m=40.0, camera=DARK)
    _, errors, _ = off(matched(run), run)
    assert np.median(np.abs(errors)) <= 0.10
    assert np.percentile(np.abs(errors), 90) <= 0.30


def test_a_stop_of_one_run_is_a_gap() -> None:
    run = RideRun(seed=24, legs=WAY, duration_s=22.0, start_m=40.0, stops=((8.0, 6.0),))
    match = matched(run)
    (gap,) = scenery_gaps(match)
    assert gap.kind == "stop"
    assert gap.start_s == pytest.approx(8.0, abs=0.8)
    assert gap.end_s == pytest.approx(14.0, abs=0.8)
    assert match.time_map is not None
    before, after = match.time_map.segments
    assert after.knots[0][1] == pytest.approx(before.knots[-1][1], abs=0.3)


def test_a_detour_is_a_gap_and_the_map_goes_on_behind_it() -> None:
    legs = (Leg(3, 0, 110), Leg(4, 0, 60), Leg(3, 120, 420))
    run = RideRun(seed=25, legs=legs, duration_s=27.0, start_m=40.0)
    match = matched(run)
    (gap,) = scenery_gaps(match)
    truth = passage(run)
    off_s, on_s = truth.when(110.0), truth.when(170.0)
    assert off_s is not None
    assert on_s is not None
    assert gap.kind == "detour"
    # Before the ways part and join, half of what is seen lies behind the fork.
    assert off_s[0] - 5.0 <= gap.start_s <= off_s[0] + 1.0
    assert on_s[0] - 5.0 <= gap.end_s <= on_s[0] + 2.0
    times, errors, _ = off(match, run)
    assert np.percentile(np.abs(errors), 90) <= 0.2
    assert (times > on_s[0]).any()


def test_a_lap_more_is_a_gap_that_is_told_as_such() -> None:
    legs = (Leg(3, 30, 100), Leg(3, 30, 420))
    run = RideRun(seed=26, legs=legs, duration_s=26.0, start_m=10.0, speed_mps=6.0)
    match = matched(run)
    assert "again" in {gap.kind for gap in scenery_gaps(match)}


def test_the_other_way_is_refused_in_those_words() -> None:
    run = RideRun(seed=27, legs=(Leg(3, 400, 0),), duration_s=24.0, start_m=200.0)
    answer = answered(run)
    assert isinstance(answer, Refusal)
    assert answer.code == "reversed"
    assert answer.reason == "the second run goes the route the other way"


def test_a_ride_played_backwards_is_refused_in_those_words() -> None:
    new = feature("new", replace(REF, seed=28, duration_s=14.0, start_m=60.0))
    order = np.arange(len(new))[::-1]
    table, ground = (
        type(new.table).of([held.points(int(i)) for i in range(len(held))[::-1]])
        for held in (new.table, new.ground)
    )
    backwards = replace(
        new,
        times_s=new.times_s[-1] - new.times_s[order],
        table=table,
        ground=ground,
        ground_at=len(new) - 1 - new.ground_at[::-1],
    )
    answer = ScenerySignal().match(reference(), backwards)
    assert isinstance(answer, Refusal)
    assert answer.code == "reversed"


def test_another_place_is_refused() -> None:
    answer = answered(RideRun(seed=29, legs=(Leg(6, 0, 420),), duration_s=15.0))
    assert isinstance(answer, Refusal)
    assert answer.code == "other_route"


def test_a_short_clip_is_refused() -> None:
    found = extracted("short", replace(REF, duration_s=1.0))
    assert isinstance(found, Refusal)
    assert found.code == "too_short"


def test_a_file_is_looked_at_four_times_a_second(tmp_path: Path) -> None:
    run = replace(REF, duration_s=6.0)
    path = tmp_path / "ride.mp4"
    write_ride(path, run)
    clip = probe(path)
    extractor = SceneryExtractor(clip)
    read_once(clip, [extractor])
    found = extractor.finish()
    assert isinstance(found, SceneryFeature)
    assert len(found) == 24
    assert np.all(np.abs(found.times_s - np.arange(24) * 0.25) <= 0.04)
    assert found.size == (480, 270)
    in_memory = feature("ref", run)
    assert np.allclose(found.times_s, in_memory.times_s)
