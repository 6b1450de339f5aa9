"""How well two runs of one route are aligned by their satellites alone.

A made ride is copied with another speed, stops and receivers' noise; truth is exact. With --track a
real GPX or FIT file is the ride that is copied.

    .venv/bin/python tests/benchmarks/route_gps.py [--track ../shared/data/gps_tracks/...gpx]

With --files both runs are written as GPX files by receivers that lag by 0.1 to 0.3 s, and aligned
as `clapless align` does it.

With --pair two real files are aligned instead: how far apart their boats or riders were at times
that the map calls one, against the nearest point that the other track has at all.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from clapless.media.tracks import read_tracks
from clapless.numerics.route_warp import RouteWarp, warp_routes
from clapless.numerics.routes import by_distance, project
from clapless.pipeline.routes import AlignResult, align
from clapless.pipeline.routes.line import sampled
from clapless.synth.ride import Ride
from clapless.synth.tracks import gpx_text

Floats = NDArray[np.float64]

UTC_S = 1.78e9

STOPS = 3
SLOW_S = 20.0


def made(seed: int) -> tuple[Floats, Floats]:
    """Return times and places at 1 Hz of a winding ride of some 3.5 km."""
    rng = np.random.default_rng(seed)
    heading = np.cumsum(gaussian_filter1d(rng.standard_normal(900), 8) * 0.5)
    speed = 4.0 * np.exp(gaussian_filter1d(rng.standard_normal(900), 25) * 2)
    steps = speed[:, None] * np.stack([np.sin(heading), np.cos(heading)], axis=-1)
    return np.arange(900.0), np.cumsum(steps, axis=0)


def copy(
    times_s: Floats, places_m: Floats, *, noise_m: float, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Return times, places and the true time of the ride at each of a copy's seconds."""
    rng = np.random.default_rng(seed)
    fine = np.arange(times_s[0], times_s[-1], 0.2)
    pace = np.exp(gaussian_filter1d(rng.standard_normal(len(fine)), 100) * 8)
    own = np.concatenate([[0.0], np.cumsum(0.2 / pace)[:-1]])
    for index in rng.integers(200, len(fine) - 200, STOPS):
        own[index:] += rng.uniform(5, 60)
    seconds = np.arange(0.0, own[-1])
    true = np.interp(seconds, own, fine)
    places = at(times_s, places_m, true)
    slow = gaussian_filter1d(rng.standard_normal(places.shape), SLOW_S, axis=0)
    noisy = places + noise_m * slow / slow.std() + 0.4 * rng.standard_normal(places.shape)
    return seconds, noisy, true


def at(times_s: Floats, places_m: Floats, when_s: Floats) -> Floats:
    """Return places at some times, shape (n, 2)."""
    return np.stack([np.interp(when_s, times_s, places_m[:, axis]) for axis in (0, 1)], axis=-1)


def answers(warp: RouteWarp, seconds: Floats) -> tuple[Floats, Floats]:
    """Return mapped times and their deviations, NaN in gaps."""
    got, std = np.full(len(seconds), np.nan), np.full(len(seconds), np.nan)
    for held in warp.stretches:
        inside = (seconds >= held.t_new_s[0]) & (seconds <= held.t_new_s[-1])
        got[inside] = np.interp(seconds[inside], held.t_new_s, held.t_ref_s)
        std[inside] = np.interp(seconds[inside], held.t_new_s, held.std_s)
    return got, std


def from_files(
    way: tuple[Floats, Floats], *, noise_m: float, seed: int, folder: Path
) -> tuple[Floats, Floats, AlignResult]:
    """Write a ride and a copy of it as GPX files and align those.

    Returns
    -------
    seconds, true_s
        Seconds of the copy, and the ride's true time at each; shape (n,).
    result
        Of `clapless.pipeline.routes.align`.
    """
    times_s, places_m = way
    seconds, noisy, true_s = copy(times_s, places_m, noise_m=noise_m, seed=seed)
    lags_s = np.random.default_rng((seed, 1)).uniform(0.1, 0.3, 2)
    paths = []
    for name, own_s, places, lag_s in (
        ("ride", times_s, places_m, lags_s[0]),
        ("copy", seconds, noisy, lags_s[1]),
    ):
        lat, lon = Ride(places, UTC_S).degrees(at(own_s, places, own_s - lag_s))
        points = zip((UTC_S + own_s - own_s[0]).tolist(), lat.tolist(), lon.tolist(), strict=True)
        paths.append(folder / f"{name} {seed}.gpx")
        paths[-1].write_text(gpx_text(points), "utf-8")
    return seconds, true_s - times_s[0], align(*paths)


def nearness(ref: Path, new: Path) -> tuple[Floats, Floats, AlignResult]:
    """Return for each second the map answers how far its place lies off, and how far the nearest.

    Returns
    -------
    matched_m, nearest_m
        Shape (n,); empty where the runs are refused.
    result
        Of `clapless.pipeline.routes.align`.
    """
    result = align(ref, new)
    runs = [max(read_tracks(path).tracks, key=len) for path in (ref, new)]
    origin = (float(runs[0].lat_deg[0]), float(runs[0].lon_deg[0]))
    one, two = (project(held.lat_deg, held.lon_deg, origin=origin) for held in runs)
    ref_s, new_s = (held.utc_s - held.utc_s[0] for held in runs)
    if not result.session.groups:
        return np.zeros(0), np.zeros(0), result
    time_map = result.session.groups[0].placements[1].time_map
    assert time_map is not None
    seconds = np.arange(0.0, new_s[-1])
    got, _ = sampled(time_map, seconds)
    ok = np.isfinite(got)
    here = at(new_s, two, seconds[ok])
    matched_m = np.hypot(*(at(ref_s, one, got[ok]) - here).T)
    whole = at(ref_s, one, np.arange(0.0, ref_s[-1], 0.2))
    return matched_m, np.asarray(cKDTree(whole).query(here)[0], np.float64), result


def print_pair(ref: Path, new: Path) -> None:
    """Print the figures of a real pair."""
    matched_m, nearest_m, result = nearness(ref, new)
    print(f"{new.stem} on {ref.stem}: ", end="")
    if not len(matched_m):
        print(f"refused, {result.session.unplaced[0].reason}")
        return
    one, two = float(np.median(matched_m)), float(np.median(nearest_m))
    gaps = ", ".join(f"{gap.kind} {gap.start_s:.0f} to {gap.end_s:.0f} s" for gap in result.gaps)
    print(
        f"matched median {one:.1f} m, nearest {two:.1f} m, ratio {one / two:.2f}; no answer: {gaps}"
    )


def main() -> None:
    """Print a row per level of noise."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--track", type=Path, help="a real ride to copy")
    parser.add_argument("--pair", type=Path, nargs=2, help="two real rides to align")
    parser.add_argument("--files", action="store_true", help="write GPX files and align those")
    parser.add_argument("--seed", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=12)
    given = parser.parse_args()
    if given.pair:
        print_pair(*given.pair)
        return
    print(f"seeds {given.seed} to {given.seed + given.copies - 1}, {STOPS} stops in each copy")
    print("noise  place median  P95    time median  P95    95 % interval  time answered")
    for noise_m in (1.5, 3.0, 5.0):
        off_m, off_s, held, known = [], [], [], []
        for seed in range(given.seed, given.seed + given.copies):
            times_s, places_m = ride(given.track, seed)
            seconds, noisy, true = copy(times_s, places_m, noise_m=noise_m, seed=seed)
            if given.files:
                got, std = mapped_files((times_s, places_m), noise_m, seed)
                got = got + times_s[0]
            else:
                ref = by_distance(places_m, times_s=times_s)
                new = by_distance(noisy, times_s=seconds)
                assert ref is not None
                assert new is not None
                got, std = answers(warp_routes(ref, new), seconds)
            ok = np.isfinite(got)
            error_s = np.abs(got - true)[ok]
            apart = at(times_s, places_m, got[ok]) - at(times_s, places_m, true[ok])
            off_m += list(np.hypot(*apart.T))
            off_s += list(error_s)
            held += list(error_s < 1.96 * std[ok])
            known.append(ok.mean())
        place, time = np.percentile(off_m, [50, 95]), np.percentile(off_s, [50, 95])
        print(
            f"{noise_m:3.1f} m  {place[0]:9.2f} m  {place[1]:5.2f} m  {time[0]:8.2f} s  "
            f"{time[1]:5.2f} s  {np.mean(held):11.1%}  {np.mean(known):12.1%}"
        )


def mapped_files(way: tuple[Floats, Floats], noise_m: float, seed: int) -> tuple[Floats, Floats]:
    """Return times on the ride by its files, and their deviations, NaN in gaps."""
    with tempfile.TemporaryDirectory() as folder:
        seconds, _, result = from_files(way, noise_m=noise_m, seed=seed, folder=Path(folder))
    time_map = result.session.groups[0].placements[1].time_map
    assert time_map is not None
    return sampled(time_map, seconds)


def ride(track: Path | None, seed: int) -> tuple[Floats, Floats]:
    """Return a made ride, or the one of a file."""
    if track is None:
        return made(seed)
    held = max(read_tracks(track).tracks, key=len)
    origin = (float(held.lat_deg[0]), float(held.lon_deg[0]))
    return held.utc_s - held.utc_s[0], project(held.lat_deg, held.lon_deg, origin=origin)


if __name__ == "__main__":
    main()
