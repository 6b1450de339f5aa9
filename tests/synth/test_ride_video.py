"""Drawn rides: what the truth says, and that two runs see one place alike."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clapless.synth.ride_video import (
    RideCamera,
    RideRun,
    passage,
    ride_frames,
    ride_places,
    same_place_s,
    write_ride,
)
from clapless.synth.ride_world import Leg, road

RUN = RideRun(
    seed=1,
    legs=(Leg(1, 0, 200),),
    duration_s=12.0,
    stops=((5.0, 3.0),),
    camera=RideCamera(width=320, height=180, noise=0.0, jitter_deg=0.0),
)


def test_a_stop_is_a_stretch_of_time_at_one_place() -> None:
    truth = passage(RUN)
    at_m = truth.at(6.5)
    begin_s, end_s = truth.when(at_m) or (0.0, 0.0)
    assert begin_s == pytest.approx(5.0, abs=1.0)
    assert end_s == pytest.approx(8.0, abs=1.0)
    assert np.all(np.diff(truth.along_m) >= 0)


def test_when_is_the_inverse_of_at() -> None:
    truth = passage(RUN)
    for time_s in (0.4, 2.0, 4.0, 10.0):
        low_s, high_s = truth.when(truth.at(time_s)) or (0.0, 0.0)
        assert low_s == pytest.approx(time_s, abs=1e-3)
        assert high_s == pytest.approx(time_s, abs=0.011)


def test_a_longer_world_begins_like_a_shorter_one() -> None:
    short, long = road((Leg(2, 0, 300),)), road((Leg(2, 0, 900),))
    assert np.array_equal(short.ground[0], long.ground[0][:, : short.ground[0].shape[1]])
    assert [b.along_m for b in short.boards] == [b.along_m for b in long.boards if b.along_m < 300]


def test_a_road_knows_its_laps_and_the_way_back() -> None:
    way = road((Leg(1, 0, 100), Leg(1, 20, 100), Leg(1, 100, 0)))
    assert way.passes(1, 50.0, 1) == [50.0, 130.0]
    assert way.passes(1, 50.0, -1) == [230.0]
    assert way.place(230.0) == (1, 50.0, -1)


def test_the_way_back_shows_the_other_side() -> None:
    there, back = road((Leg(1, 0, 100),)), road((Leg(1, 100, 0),))
    assert np.array_equal(there.left[0], back.right[0][:, ::-1])
    assert np.array_equal(there.ground[0], back.ground[0][::-1, ::-1])


def test_two_runs_see_one_place_alike() -> None:
    other = replace(RUN, seed=2, start_m=6.0, stops=())
    ref, new = passage(RUN), passage(other)
    ((low_s, _),) = same_place_s(ref, new, 2.0)
    (one,) = ride_frames(RUN, ref, times_s=np.array([low_s]))
    (two,) = ride_frames(other, new, times_s=np.array([2.0]))
    (far,) = ride_frames(other, new, times_s=np.array([6.0]))

    def alike(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.corrcoef(a[60:120, 100:220].ravel(), b[60:120, 100:220].ravel())[0, 1])

    assert alike(one, two) > alike(one, far)


def test_a_written_ride_has_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "ride.mp4"
    write_ride(path, replace(RUN, duration_s=2.0, frame_rate=Fraction(30000, 1001), stops=()))
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 59
    assert (frames[0].width, frames[0].height) == (320, 180)


def test_a_road_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="the road is 50 m long"):
        passage(replace(RUN, legs=(Leg(1, 0, 50),)))


def test_a_detour_leaves_the_course_and_joins_it_again() -> None:
    legs = (Leg(1, 0, 30), Leg(9, 0, 40), Leg(1, 60, 260))
    run = replace(RUN, legs=legs, duration_s=20.0)
    truth = passage(run)
    places = ride_places(run, truth).places_m
    steps = np.hypot(*np.diff(places, axis=0).T)
    assert steps.max() < 2.0
    plain = replace(RUN, duration_s=20.0)
    straight = ride_places(plain, passage(plain)).places_m
    away = np.min(np.hypot(*(places[:, None] - straight[None]).transpose(2, 0, 1)), axis=1)
    assert away.max() > 10.0
