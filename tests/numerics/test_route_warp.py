"""The map between two runs of one route: exact on made routes, with stops, detours and laps."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from clapless.numerics.route_path import backwards, route_path
from clapless.numerics.route_warp import RouteWarp, warp_routes
from clapless.numerics.routes import Route, by_distance

Floats = NDArray[np.float64]

LENGTH_M = 1800.0


def wander(seed: int, length_m: float = LENGTH_M) -> Floats:
    """Return a winding way, shape (n, 2), a place every metre."""
    rng = np.random.default_rng(seed)
    heading = gaussian_filter1d(rng.standard_normal(int(length_m)), 25) * 12
    heading = np.cumsum(heading - heading.mean()) * 0.02 + 0.4
    return np.cumsum(np.stack([np.sin(heading), np.cos(heading)], axis=-1), axis=0)


def ride(
    way: Floats,
    *,
    speed_mps: float,
    seed: int,
    noise_m: float = 0.0,
    stops: tuple[tuple[int, int], ...] = (),
) -> tuple[Floats, Floats]:
    """Return times and places at 1 Hz of a ride; `stops` are (metres from the start, seconds)."""
    rng = np.random.default_rng(seed)
    along = np.arange(len(way), dtype=np.float64)
    pace = np.exp(gaussian_filter1d(rng.standard_normal(len(way)), 120) * 5) / speed_mps
    times = np.cumsum(pace)
    knots_s, knots_m = list(times), list(along)
    for at_m, lasts_s in sorted(stops, reverse=True):
        index = int(at_m)
        knots_s[index:] = [t + lasts_s for t in knots_s[index:]]
        knots_s.insert(index, knots_s[index] - lasts_s)
        knots_m.insert(index, knots_m[index])
    seconds = np.arange(knots_s[0], knots_s[-1])
    gone = np.interp(seconds, knots_s, knots_m)
    places = np.stack([np.interp(gone, along, way[:, axis]) for axis in (0, 1)], axis=-1)
    slow = gaussian_filter1d(rng.standard_normal(places.shape), 20, axis=0)
    places = (
        places + noise_m * slow / slow.std() + 0.1 * noise_m * rng.standard_normal(places.shape)
    )
    return seconds, places


def route(times_s: Floats, places_m: Floats) -> Route:
    found = by_distance(places_m, times_s=times_s)
    assert found is not None
    return found


def mapped(warp: RouteWarp, times_s: Floats) -> tuple[Floats, Floats]:
    """Return the mapped times and their deviations, NaN in gaps."""
    got, std = np.full(len(times_s), np.nan), np.full(len(times_s), np.nan)
    for stretch in warp.stretches:
        inside = (times_s >= stretch.t_new_s[0]) & (times_s <= stretch.t_new_s[-1])
        got[inside] = np.interp(times_s[inside], stretch.t_new_s, stretch.t_ref_s)
        std[inside] = np.interp(times_s[inside], stretch.t_new_s, stretch.std_s)
    return got, std


def truth(way: Floats, ref: tuple[Floats, Floats], places: Floats) -> Floats:
    """Return when the reference was where the (noiseless) new run is."""
    from scipy.spatial import cKDTree

    index = cKDTree(way).query(places)[1]
    ref_index = cKDTree(way).query(ref[1])[1]
    return np.asarray(np.interp(index, ref_index, ref[0]))


@pytest.mark.parametrize("noise_m", [0.0, 3.0])
def test_two_rides_at_other_speeds_are_mapped_in_place(noise_m: float) -> None:
    way = wander(1)
    ref = ride(way, speed_mps=5.0, seed=2)
    clean = ride(way, speed_mps=7.0, seed=3)
    noisy = ride(way, speed_mps=7.0, seed=3, noise_m=noise_m)
    warp = warp_routes(route(*ref), route(*noisy))
    got, std = mapped(warp, clean[0])
    error = np.abs(got - truth(way, ref, clean[1]))
    known = np.isfinite(got)
    assert known.mean() > 0.97
    assert np.median(error[known]) < 0.15 + 0.2 * noise_m
    assert np.percentile(error[known], 95) < 0.6 + 0.5 * noise_m
    assert (error[known] < 1.96 * std[known] + 0.3).mean() > 0.88
    assert warp.on_route == 1.0
    assert not warp.gaps


def test_the_map_rises_strictly_even_over_stops() -> None:
    way = wander(4)
    ref = ride(way, speed_mps=5.0, seed=5, noise_m=2.0, stops=((400, 25), (1200, 10)))
    new = ride(way, speed_mps=6.0, seed=6, noise_m=2.0, stops=((800, 40), (1200, 60)))
    warp = warp_routes(route(*ref), route(*new))
    t_new = np.concatenate([stretch.t_new_s for stretch in warp.stretches])
    t_ref = np.concatenate([stretch.t_ref_s for stretch in warp.stretches])
    for stretch in warp.stretches:
        assert (np.diff(stretch.t_new_s) > 0).all()
        assert (np.diff(stretch.t_ref_s) > 0).all()
        assert (stretch.std_s > 0).all()
    assert (np.diff(t_new) >= 0).all()
    assert (np.diff(t_ref) >= 0).all()


def test_a_stop_of_one_run_only_is_a_gap() -> None:
    way = wander(7)
    ref = ride(way, speed_mps=5.0, seed=8, stops=((500, 30),))
    new = ride(way, speed_mps=5.0, seed=9, stops=((1100, 20),))
    warp = warp_routes(route(*ref), route(*new))
    assert [gap.kind for gap in warp.gaps] == ["stop", "stop"]
    stood = warp.gaps[1]
    assert 18 < stood.end_s - stood.start_s < 32
    before, after = warp.stretches[0], warp.stretches[1]
    assert 28 < after.t_ref_s[0] - before.t_ref_s[-1] < 42


@pytest.mark.parametrize("who", ["ref", "new"])
def test_a_detour_is_a_gap_and_the_rest_stays_right(who: str) -> None:
    way = wander(10)
    loop = np.array([[120 * np.sin(a), 120 * (1 - np.cos(a))] for a in np.linspace(0, 6.28, 700)])
    heading = way[901] - way[900]
    turn = np.array([[heading[1], heading[0]], [-heading[0], heading[1]]])
    detoured = np.concatenate([way[:900], way[899] + loop @ turn.T, way[900:]])
    ref = ride(detoured if who == "ref" else way, speed_mps=5.0, seed=11)
    new = ride(detoured if who == "new" else way, speed_mps=6.0, seed=12)
    warp = warp_routes(route(*ref), route(*new))
    assert len(warp.stretches) == 2
    assert any(gap.kind in ("detour", "lap") for gap in warp.gaps)
    one, two = warp.stretches
    length_s = 700 / (5.0 if who == "ref" else 6.0)
    skipped = two.t_ref_s[0] - one.t_ref_s[-1] if who == "ref" else two.t_new_s[0] - one.t_new_s[-1]
    assert skipped > 0.6 * length_s
    got, _ = mapped(warp, new[0])
    wanted = truth(detoured if who == "ref" else way, ref, new[1])
    known = np.isfinite(got)
    assert np.median(np.abs(got - wanted)[known]) < 1.0


def test_out_and_back_keeps_the_two_ways_apart() -> None:
    out = wander(13, 900.0)
    way = np.concatenate([out, out[::-1]])
    ref = ride(way, speed_mps=5.0, seed=14)
    new = ride(way, speed_mps=7.0, seed=15, noise_m=1.0)
    warp = warp_routes(route(*ref), route(*new))
    got, _ = mapped(warp, np.array([40.0, new[0][-1] - 40.0]))
    assert got[0] < ref[0][-1] / 2 < got[1]


def test_a_run_the_other_way_costs_more_than_its_reverse() -> None:
    way = wander(16)
    ref = route(*ride(way, speed_mps=5.0, seed=17))
    back = route(*ride(way[::-1], speed_mps=6.0, seed=18))
    assert route_path(ref, back).cost > 3.0
    assert route_path(ref, backwards(back)).cost < 1.0


def test_another_route_is_far_from_every_place() -> None:
    ref = route(*ride(wander(19), speed_mps=5.0, seed=20))
    new = route(*ride(wander(21) + np.array([3000.0, 0.0]), speed_mps=5.0, seed=22))
    warp = warp_routes(ref, new)
    assert warp.path.cost > 5.0
    assert warp.on_route == 0.0
    assert not warp.stretches


@pytest.mark.real
def test_real_tracks_of_one_course_and_of_others(shared_data) -> None:
    from scipy.spatial import cKDTree

    from clapless.media.tracks import read_tracks
    from clapless.numerics.routes import project

    def load(name: str, origin: tuple[float, float] | None = None):
        track = read_tracks(shared_data / "gps_tracks" / name).tracks[0]
        origin = origin or (float(track.lat_deg[0]), float(track.lon_deg[0]))
        return origin, project(track.lat_deg, track.lon_deg, origin=origin), track.utc_s

    origin, one, one_s = load("regatta/track1.gpx")
    _, two, two_s = load("regatta/track2.gpx", origin)
    new = route(two_s, two)
    warp = warp_routes(route(one_s, one), new)
    nearest_m = np.median(cKDTree(one).query(new.places_m)[0])
    assert np.median(warp.path.apart_m) <= 1.3 * nearest_m
    assert warp.path.cost < 2.0
    assert warp.gaps

    origin, one, one_s = load("regatta/osm-demo-Alex.gpx")
    _, two, two_s = load("regatta/osm-demo-Yury.gpx", origin)
    wide = [by_distance(p, times_s=t, step_m=6.0) for p, t in ((one, one_s), (two, two_s))]
    assert wide[0] is not None
    assert wide[1] is not None
    assert warp_routes(wide[0], wide[1]).path.cost > 3.0
