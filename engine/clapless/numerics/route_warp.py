"""From the places that two runs share to a map of their times.

Conventions
-----------
``t_ref = f(t_new)``, both in the runs' own seconds; strictly rising within a stretch. A detour, a
lap more and a stop of one run only lie between two stretches: there the map has no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_closing,
    binary_dilation,
    binary_opening,
    gaussian_filter1d,
    median_filter,
)
from scipy.spatial import cKDTree

from clapless.numerics.route_path import SIGMA_M, RoutePath, route_path
from clapless.numerics.routes import Route

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_SIGMA_M = 20.0
"""Runs that are farther apart than three of this are not on one path (boats tack apart)."""

OFF_SIGMAS = 3.0
"""A place farther off than this is off the route."""

OFF_TURNED = 1.0
"""A place headed farther away than a right angle is off the route."""

OFF_PLACES = 7
"""Shorter excursions are noise and are bridged: 20 m at 3 m a place."""

OFF_MARGIN = 3
"""So many places at either end of a detour are given up too, 10 m: there two ways are still as near
to each other as receivers are, and which is gone is open."""

STOP_LEAST_S = 3.0
"""Shorter differences are riding slower, not a stop."""

STOP_RATIO = 5.0
"""A stop takes this many times longer than the way around it."""

PARTED = 2.5
"""Runs that are apart by more than so many deviations across the way are parting."""

KNOT_TOLERANCE_S = 0.05
"""Knots are left out where the line between their neighbours is this close."""

LEAST_RISE = 1e-3
"""A knot that gains less time on the reference than this share of the new run's is left out."""

Break = Literal["detour", "lap", "stop", "again"]
"""Off the route; the reference goes on alone; one of them stands still; known places once more."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stretch:
    """One unbroken part of the map.

    Parameters
    ----------
    t_new_s, t_ref_s
        Knots, strictly rising, shape (n,).
    std_s
        Standard deviation of `t_ref_s`, shape (n,).
    """

    t_new_s: Floats
    t_ref_s: Floats
    std_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Where the map has no answer, in the new run's time."""

    kind: Break
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RouteWarp:
    """The map of one run's time to another's.

    Parameters
    ----------
    stretches
        In rising order of both times; empty where nothing is shared.
    gaps
        Between and beside them.
    path
        Where each place of the new run lies.
    sigma_m
        Distance the two runs are usually apart, which the path was found with.
    cross_m
        Robust standard deviation of the distance across the way: what two receivers differ by.
    on_route
        Share of the new run's places that lie on the reference.
    together_m
        Length of the longest way on the reference that the new run goes without leaving it.
    singles_s
        Times of the new run and of the reference at each place on the route by itself, before
        smoothing; shape (m, 2).
    """

    stretches: tuple[Stretch, ...]
    gaps: tuple[Gap, ...]
    path: RoutePath
    sigma_m: float
    cross_m: float
    on_route: float
    together_m: float
    singles_s: Floats


def warp_routes(ref: Route, new: Route) -> RouteWarp:
    """Return the time map of two timed runs of one route.

    The path is found twice: first as close as two good receivers are, then as close as these two
    runs turned out to be.
    """
    first = route_path(ref, new)
    # Detours and laps more say nothing of how far apart two receivers are.
    beside = (first.turned < OFF_TURNED) & (first.apart_m <= OFF_SIGMAS * MOST_SIGMA_M)
    near = first.apart_m[beside]
    typical = float(np.median(near)) if len(near) else SIGMA_M
    sigma_m = float(np.clip(typical * 1.2, SIGMA_M, MOST_SIGMA_M))
    path = first if sigma_m == SIGMA_M else route_path(ref, new, sigma_m=sigma_m)
    off = _off_route(path, sigma_m)
    cross_m = _cross_m(ref, new, path, ~off)
    t_ref = np.interp(path.along_ref_m, ref.along_m, ref.times_s)
    stops = _one_sided_stops(ref, new, path, t_ref)
    broken = off | stops
    cut = np.zeros(len(off), bool)
    cut[list(path.jumps)] = True
    std_s = _along_m(path, cross_m) / _speeds(ref, path)
    stretches: list[Stretch] = []
    for begin, end in _runs(~broken, cut):
        held = _stretch(new.times_s[begin:end], t_ref[begin:end], std_s[begin:end])
        if held is not None and _follows(stretches, held):
            stretches.append(held)
    return RouteWarp(
        stretches=tuple(stretches),
        gaps=_gaps(stretches, new.times_s, off, stops, _known(ref, new, sigma_m)),
        path=path,
        sigma_m=sigma_m,
        cross_m=cross_m,
        on_route=float(np.mean(~off)),
        together_m=max(
            (float(np.ptp(path.along_ref_m[begin:end])) for begin, end in _runs(~off, cut)),
            default=0.0,
        ),
        singles_s=np.stack(
            [new.times_s, np.interp(path.single_m, ref.along_m, ref.times_s)], axis=-1
        )[~broken],
    )


def _off_route(path: RoutePath, sigma_m: float) -> Bools:
    off = (path.apart_m > OFF_SIGMAS * sigma_m) | (path.turned > OFF_TURNED)
    whole = np.ones(OFF_PLACES, bool)
    padded = np.pad(off, OFF_PLACES, mode="edge")
    steady = binary_closing(binary_opening(padded, whole), whole)
    about = binary_dilation(steady, np.ones(2 * OFF_MARGIN + 1, bool))
    return np.asarray(about[OFF_PLACES:-OFF_PLACES], np.bool_)


def _cross_m(ref: Route, new: Route, path: RoutePath, on: Bools) -> float:
    if on.sum() < 3:
        return float("inf")
    heading = np.interp(path.along_ref_m, ref.along_m, np.unwrap(ref.heading_rad))
    places = np.stack(
        [np.interp(path.along_ref_m, ref.along_m, ref.places_m[:, axis]) for axis in (0, 1)],
        axis=-1,
    )
    across = np.stack([np.cos(heading), -np.sin(heading)], axis=-1)
    side = ((new.places_m - places) * across).sum(axis=1)[on]
    return max(0.5, 1.4826 * float(np.median(np.abs(side))))


def _along_m(path: RoutePath, cross_m: float) -> Floats:
    """Return how far each place may be off along the way, in metres.

    As far as across it; and where the runs part, as on the first metres of a detour, by what they
    are farther apart than receivers are.
    """
    apart = gaussian_filter1d(path.apart_m, 1.0, mode="nearest")
    return np.asarray(np.hypot(cross_m, np.maximum(apart - PARTED * cross_m, 0.0)))


def _one_sided_stops(ref: Route, new: Route, path: RoutePath, t_ref: Floats) -> Bools:
    """Return the places at which one run stood and the other went on."""
    stood_new = _stood(np.diff(new.times_s))
    ref_stood = _stood(np.diff(ref.times_s))
    # A stop of the reference lies at places of its own; bring it onto the new run's.
    begin = np.interp(path.along_ref_m[:-1], ref.along_m, np.arange(len(ref.along_m)))
    end = np.interp(path.along_ref_m[1:], ref.along_m, np.arange(len(ref.along_m)))
    counted = np.concatenate([[0.0], np.cumsum(ref_stood)])
    passed = np.interp(end, np.arange(len(counted)), counted) - np.interp(
        begin, np.arange(len(counted)), counted
    )
    stood_ref = passed > 0.2
    wide = np.ones(5, bool)
    near_new = np.convolve(stood_new, wide, "same") > 0
    near_ref = np.convolve(stood_ref, wide, "same") > 0
    alone = (stood_new & ~near_ref) | (stood_ref & ~near_new)
    # Standing together for unlike times is a stop of one run for the rest.
    both = near_new & near_ref
    longer = np.abs(np.diff(new.times_s) - np.diff(t_ref)) > STOP_LEAST_S
    alone |= both & longer & (stood_new | stood_ref)
    places = np.zeros(len(new.times_s), bool)
    places[1:-1] = alone[:-1] & alone[1:]
    single = alone.copy()
    places[:-1] |= single
    return places


def _stood(steps_s: Floats) -> Bools:
    usual = median_filter(steps_s, size=min(len(steps_s), 31), mode="nearest")
    return np.asarray((steps_s > STOP_RATIO * usual) & (steps_s - usual > STOP_LEAST_S), np.bool_)


def _speeds(ref: Route, path: RoutePath) -> Floats:
    """Return the reference's speed at each place, in metres a second, never zero."""
    times = np.gradient(ref.times_s)
    steps = np.gradient(ref.along_m)
    usual = median_filter(steps / np.maximum(times, 1e-3), size=min(len(times), 15))
    return np.maximum(np.interp(path.along_ref_m, ref.along_m, usual), 0.2)


def _runs(good: Bools, cut: Bools) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    begin: int | None = None
    for index, is_good in enumerate(good):
        if begin is not None and (not is_good or cut[index]):
            runs.append((begin, index))
            begin = None
        if begin is None and is_good:
            begin = index
    if begin is not None:
        runs.append((begin, len(good)))
    return runs


def _stretch(t_new: Floats, t_ref: Floats, std_s: Floats) -> Stretch | None:
    kept = [0]
    for index in range(1, len(t_new)):
        gained = t_ref[index] - t_ref[kept[-1]]
        passed = t_new[index] - t_new[kept[-1]]
        if passed > 0 and gained > LEAST_RISE * passed:
            kept.append(index)
    if len(kept) < 2:
        return None
    new, ref, std = t_new[kept], t_ref[kept], std_s[kept]
    sparse = _thinned(new, ref)
    return Stretch(t_new_s=new[sparse], t_ref_s=ref[sparse], std_s=std[sparse])


def _thinned(x: Floats, y: Floats) -> NDArray[np.int64]:
    """Return the knots that matter (Douglas and Peucker 1973, along y)."""
    keep = {0, len(x) - 1}
    open_spans = [(0, len(x) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        slope = (y[last] - y[first]) / (x[last] - x[first])
        off = np.abs(y[inner] - y[first] - slope * (x[inner] - x[first]))
        worst = int(np.argmax(off))
        if off[worst] > KNOT_TOLERANCE_S:
            middle = first + 1 + worst
            keep.add(middle)
            open_spans += [(first, middle), (middle, last)]
    return np.array(sorted(keep), np.int64)


def _follows(stretches: list[Stretch], held: Stretch) -> bool:
    if not stretches:
        return True
    before = stretches[-1]
    return bool(held.t_new_s[0] >= before.t_new_s[-1] and held.t_ref_s[0] >= before.t_ref_s[-1])


def _known(ref: Route, new: Route, sigma_m: float) -> Bools:
    """Return which places the reference passes too, the same way, whenever that is."""
    near_m = OFF_SIGMAS * sigma_m
    # Two headings 60 degrees apart are as unlike as two places that far apart.
    one, two = (
        np.column_stack(
            [r.places_m, near_m * np.cos(r.heading_rad), near_m * np.sin(r.heading_rad)]
        )
        for r in (ref, new)
    )
    return np.asarray(cKDTree(one).query(two)[0] <= near_m, np.bool_)


def _gaps(
    stretches: list[Stretch], times_s: Floats, off: Bools, stops: Bools, known: Bools
) -> tuple[Gap, ...]:
    edges = [float(times_s[0])]
    for held in stretches:
        edges += [float(held.t_new_s[0]), float(held.t_new_s[-1])]
    edges.append(float(times_s[-1]))
    gaps: list[Gap] = []
    for number, (start_s, end_s) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        inner = 0 < number < len(stretches)
        within = (times_s >= start_s) & (times_s <= end_s)
        jumped = inner and (
            stretches[number].t_ref_s[0] - stretches[number - 1].t_ref_s[-1]
            > STOP_LEAST_S + 2 * (end_s - start_s)
        )
        if end_s - start_s < 1.0 and not jumped:
            continue
        kind: Break = "lap" if jumped else "detour"
        if not (off & within).any() and (stops & within).any():
            kind = "stop"
        elif (off & within).any():
            kind = "again" if known[off & within].mean() > 0.5 else "detour"
        gaps.append(Gap(kind=kind, start_s=start_s, end_s=end_s))
    return tuple(gaps)
