"""Scenery in numbers: words, paths, zoom, smoothing, times."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clapless.numerics.scenery_pairs import shared, zoom_between
from clapless.numerics.scenery_path import scenery_path
from clapless.numerics.scenery_place import Placed
from clapless.numerics.scenery_points import PointFinder, Points
from clapless.numerics.scenery_smooth import smoothed
from clapless.numerics.scenery_times import stretches_of
from clapless.numerics.scenery_warp import Run, runs_of
from clapless.numerics.scenery_way import Halt, Way
from clapless.numerics.scenery_words import bags, draw_words, nearest_words, weighted

SIZE = (480, 270)


def descriptors(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def test_points_are_found_again_in_a_quarter_of_the_light() -> None:
    rng = np.random.default_rng(5)
    coarse = rng.integers(40, 220, (27, 48)).astype(np.uint8)
    picture = np.asarray(cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
    dark = np.asarray(255 * 0.25 * (picture / 255.0) ** 1.5, np.uint8)
    finder = PointFinder()
    bright_points, dark_points = finder.find(picture), finder.find(dark)
    from_xy, to_xy = shared(bright_points, dark_points)
    again = np.abs(from_xy - to_xy).max(axis=1) < 2.0
    plain = cv2.ORB_create(400, scaleFactor=1.3, nlevels=5, fastThreshold=10)  # type: ignore[attr-defined]
    assert len(dark_points) > 1.3 * len(plain.detect(dark, None))
    assert again.sum() > 0.25 * len(bright_points) >= 100


def test_most_descriptors_find_their_nearest_word() -> None:
    words = descriptors(2000)
    noisy = words ^ np.packbits(np.random.default_rng(1).random((2000, 256)) < 0.08, axis=1)
    assert np.mean(nearest_words(noisy, words) == np.arange(2000)) > 0.9


def test_words_are_drawn_alike_each_time() -> None:
    assert np.array_equal(draw_words(descriptors(3000)), draw_words(descriptors(3000)))


def test_bags_count_words_by_picture() -> None:
    counted = bags(np.array([0, 0, 2, 1], np.int32), np.array([0, 3, 3, 4]), count=3)
    assert counted.tolist() == [[2, 0, 1], [0, 0, 0], [0, 1, 0]]


def route(places: list[int], seed: int) -> np.ndarray:
    """Bags of pictures of places: each has words of its own and those of its neighbours."""
    rng = np.random.default_rng(seed)
    rows = rng.poisson(0.05, (len(places), 2000)).astype(np.float32)
    for row, place in zip(rows, places, strict=True):
        if place >= 0:
            for near, count in ((0, 12), (1, 6), (2, 3), (-1, 6), (-2, 3)):
                base = (place + near) * 7 % 1993
                row[base : base + 7] += count * rng.random(7)
    return rows


def test_a_path_follows_speed_stops_and_a_detour() -> None:
    truth = [*range(20, 60), *[60] * 15, *range(60, 120, 2), *[-1] * 40, *range(150, 200)]
    ref, new = weighted(route(list(range(220)), 0), route(truth, 1))
    found = scenery_path(ref, new).places
    wanted = np.array(truth)
    on = wanted >= 0
    assert np.mean(np.abs(found[on] - wanted[on]) <= 2) > 0.95
    assert np.mean(found[~on] == -1) > 0.8


def test_a_path_through_nothing_is_none() -> None:
    ref, new = weighted(route(list(range(220)), 0), route([-1] * 100, 1))
    found = scenery_path(ref, new)
    assert np.all(found.places == -1)
    assert found.score == 0.0


def seen(
    depth_gone: float, aside: float, up: float, seed: int = 0, *, from_aside: float = 0.0
) -> tuple[Points, Points]:
    """Points of a lane from two places: farther on, aside, higher."""
    rng = np.random.default_rng(seed)
    count = 400
    side = rng.choice((-1.0, 1.0), count)
    wall = rng.random(count) < 0.6
    x = np.where(wall, side * 5.0, rng.uniform(-5, 5, count))
    y = np.where(wall, rng.uniform(-4, 1.2, count), 1.3)
    z = rng.uniform(5, 40, count)

    def picture(at: tuple[float, float, float]) -> np.ndarray:
        deep = z - at[2]
        return np.stack([240 + 317 * (x - at[0]) / deep, 135 + 317 * (y - at[1]) / deep], axis=1)

    one = picture((from_aside, 0, 0))
    two = picture((from_aside + aside, -up, depth_gone))
    inside = np.all((two > 0) & (two < SIZE) & (one > 0) & (one < SIZE), axis=1)
    bits = descriptors(count, seed)[inside]
    return Points(one[inside].astype(np.float32), bits), Points(
        two[inside].astype(np.float32), bits
    )


@pytest.mark.parametrize("aside", [0.0, 0.8])
@pytest.mark.parametrize("up", [0.0, 0.3])
def test_one_place_has_no_zoom_whatever_the_side_and_the_height(aside: float, up: float) -> None:
    zoom = zoom_between(*seen(0.0, aside, up), size=SIZE)
    assert zoom is not None
    # A metre is 0.06: this is half a metre at most.
    assert abs(zoom.log_zoom) < 0.03


@pytest.mark.parametrize("from_aside", [-1.2, 1.2])
def test_riders_beside_the_middle_have_no_zoom(from_aside: float) -> None:
    zoom = zoom_between(
        *seen(0.0, -1.6 * np.sign(from_aside), 0.0, from_aside=from_aside), size=SIZE
    )
    assert zoom is not None
    assert abs(zoom.log_zoom) < 0.03


def test_near_things_are_counted_apart() -> None:
    zoom = zoom_between(*seen(0.0, 0.0, 0.0), size=SIZE)
    assert zoom is not None
    assert 0 < zoom.near < zoom.inliers
    one, two = seen(0.0, 0.0, 0.0)
    ahead = np.abs(one.xy / np.array(SIZE) - 0.5).max(axis=1) < 0.3
    far = zoom_between(
        Points(one.xy[ahead], one.bits[ahead]), Points(two.xy[ahead], two.bits[ahead]), size=SIZE
    )
    assert far is not None
    assert far.near == 0


def test_farther_on_is_larger() -> None:
    zooms = [zoom_between(*seen(gone, 0.5, 0.2), size=SIZE) for gone in (-1.0, 0.0, 1.0)]
    values = [zoom.log_zoom for zoom in zooms if zoom is not None]
    assert len(values) == 3
    assert values[0] < values[1] - 0.02 < values[2] - 0.04


def test_different_things_have_no_zoom() -> None:
    one, _ = seen(0.0, 0.0, 0.0)
    other = Points(one.xy, descriptors(len(one), 99))
    assert zoom_between(one, other, size=SIZE) is None


@given(seed=st.integers(0, 10_000), wild=st.integers(0, 5))
@settings(max_examples=15, deadline=None)
def test_smoothing_bridges_wild_places_and_knows_its_error(seed: int, wild: int) -> None:
    rng = np.random.default_rng(seed)
    along = np.cumsum(rng.uniform(0.5, 1.5, 120))
    truth = np.cumsum(rng.normal(0, 0.02, 120))
    known = np.flatnonzero(rng.random(120) < 0.8)
    values = truth[known] + rng.normal(0, 0.2, len(known))
    values[rng.choice(len(known), wild, replace=False)] += 3.0
    curve, error = smoothed(along, known, values, np.full(len(known), 0.1), step=1.0)
    assert np.sqrt(np.mean((curve - truth) ** 2)) < 0.2
    assert np.all(error > 0)


def steady(count: int, halt: Halt | None = None) -> Way:
    """A way of one per second, with a stop."""
    steps = np.ones(count - 1)
    moving = np.ones(count, bool)
    if halt is not None:
        steps[halt.first : halt.last] = 1e-4
        moving[halt.first + 1 : halt.last] = False
    gone = np.concatenate([[0.0], np.cumsum(steps)])
    halts = () if halt is None else (halt,)
    return Way(np.arange(count, dtype=float), gone, halts, np.flatnonzero(moving))


def whole(ref: Way, new: Way) -> Run:
    at = np.minimum(new.gone[new.moving], ref.gone[-1])
    return Run(new.moving, at, np.full(len(at), 0.05), 1.0)


def mapped(ref: Way, new: Way):
    return stretches_of(
        ref, new, [whole(ref, new)], ref_end_s=ref.times_s[-1], new_end_s=new.times_s[-1]
    )


def placed(count: int, *, near: np.ndarray) -> Placed:
    index = np.arange(count)
    return Placed(
        index=index,
        at=index.astype(float),
        std=np.full(count, 0.1),
        inliers=np.full(count, 60),
        near=near,
        aside=np.zeros(count),
        up=np.zeros(count),
    )


def only(held: Placed, first: int) -> Placed:
    """What is left where the pictures before one are placed nowhere."""
    return Placed(
        index=held.index[first:],
        at=held.at[first:],
        std=held.std[first:],
        inliers=held.inliers[first:],
        near=held.near[first:],
        aside=held.aside[first:],
        up=held.up[first:],
    )


def test_before_two_ways_join_a_run_has_not_begun() -> None:
    near = np.where(np.arange(100) < 50, 0, 12)
    (run,) = runs_of(steady(100), steady(100), only(placed(100, near=near), 30))
    # Near things are in common a little sooner than the way is.
    assert (run.index[0], run.index[-1]) == (51, 99)


def test_within_a_run_near_things_may_be_missed() -> None:
    near = np.where((np.arange(100) > 40) & (np.arange(100) < 60), 0, 12)
    (run,) = runs_of(steady(100), steady(100), placed(100, near=near))
    assert len(run.index) == 100
    near = np.where(np.arange(100) < 20, 0, 12)
    (run,) = runs_of(steady(100), steady(100), placed(100, near=near))
    assert len(run.index) == 100


def test_near_things_are_not_asked_for_where_none_are_seen() -> None:
    (run,) = runs_of(steady(100), steady(100), placed(100, near=np.zeros(100, np.int64)))
    assert len(run.index) == 100


def test_scatter_widens_the_interval() -> None:
    rng = np.random.default_rng(3)
    exact = placed(100, near=np.full(100, 12))
    loose = replace(exact, at=exact.at + rng.normal(0, 0.4, 100))
    (calm,), (wild,) = (runs_of(steady(100), steady(100), held) for held in (exact, loose))
    assert np.median(wild.std) > 1.5 * np.median(calm.std)


def test_a_camera_at_another_height_widens_the_interval() -> None:
    exact = placed(100, near=np.full(100, 12))
    (level,) = runs_of(steady(100), steady(100), exact)
    (higher,) = runs_of(steady(100), steady(100), replace(exact, up=np.full(100, 1.5)))
    assert np.all(higher.std > level.std)


def test_without_stops_there_is_one_stretch() -> None:
    stretches, gaps = mapped(steady(60), steady(60))
    (held,) = stretches
    assert np.allclose(held.t_new_s, held.t_ref_s)
    assert gaps == ()


def test_a_stop_of_the_new_run_alone_parts_it() -> None:
    stretches, gaps = mapped(steady(60), steady(60, Halt(20, 30)))
    assert [(s.t_new_s[0], s.t_new_s[-1]) for s in stretches] == [(0, 20), (30, 59)]
    assert [(gap.kind, gap.start_s, gap.end_s) for gap in gaps] == [("stop", 20, 30)]


def test_a_stop_of_the_reference_alone_is_a_jump() -> None:
    stretches, gaps = mapped(steady(60, Halt(20, 30)), steady(50))
    assert len(stretches) == 2
    assert stretches[0].t_ref_s[-1] == pytest.approx(20, abs=0.1)
    assert stretches[1].t_ref_s[0] == pytest.approx(30, abs=0.1)
    assert [gap.kind for gap in gaps] == ["stop"]


def test_a_stop_of_both_for_as_long_is_none() -> None:
    stretches, gaps = mapped(steady(60, Halt(20, 30)), steady(60, Halt(20, 30)))
    (held,) = stretches
    assert np.interp(25.0, held.t_new_s, held.t_ref_s) == pytest.approx(25.0, abs=0.01)
    assert gaps == ()


def test_stops_two_steps_apart_are_not_one() -> None:
    stretches, gaps = mapped(steady(60, Halt(20, 30)), steady(60, Halt(22, 32)))
    assert len(stretches) == 3
    assert [gap.kind for gap in gaps] == ["stop", "stop"]
    # The reference stood first; then the new run did, where the other rode by.
    assert stretches[1].t_ref_s[0] == pytest.approx(30, abs=0.1)
    assert stretches[1].t_new_s[-1] == pytest.approx(22, abs=0.1)


def test_beside_a_stop_of_the_reference_its_side_is_in_question() -> None:
    (before, after), _ = mapped(steady(60, Halt(20, 30)), steady(50))
    assert before.std_s[-1] > 3.0
    assert after.std_s[0] > 3.0
    # A picture farther on, it is not.
    assert np.interp(before.t_new_s[-1] - 1.0, before.t_new_s, before.std_s) < 0.2
    assert np.interp(after.t_new_s[0] + 1.1, after.t_new_s, after.std_s) < 0.2


def test_within_a_stop_of_both_the_moment_is_in_question() -> None:
    (held,), _ = mapped(steady(60, Halt(20, 30)), steady(60, Halt(20, 30)))
    assert np.interp(25.0, held.t_new_s, held.std_s) >= 5.0
    assert np.interp(40.0, held.t_new_s, held.std_s) < 0.2


def test_a_stop_of_both_that_seems_passed_before_it_began_keeps_its_doubt() -> None:
    ref, new = steady(60, Halt(20, 30)), steady(60, Halt(20, 30))
    late = whole(ref, new)
    # The last places before the stop seem to lie on it, and a little beyond.
    at = late.at.copy()
    at[18:21] = ref.gone[20] + np.array([0.0, 0.1, 0.2])
    run = replace(late, at=np.maximum.accumulate(at))
    (held,), _ = stretches_of(ref, new, [run], ref_end_s=59.0, new_end_s=59.0)
    assert np.interp(21.0, held.t_new_s, held.std_s) >= 4.5


def test_maps_rise_strictly() -> None:
    for ref in (steady(60), steady(60, Halt(10, 12))):
        for new in (steady(60), steady(60, Halt(40, 42)), steady(60, Halt(9, 30))):
            for held in mapped(ref, new)[0]:
                assert np.all(np.diff(held.t_new_s) > 0)
                assert np.all(np.diff(held.t_ref_s) > 0)
