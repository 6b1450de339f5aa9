"""Two runs of one route: which place of the one is which place of the other.

A monotone path through the table of all pairs of places (dynamic time warping), free to start and
end anywhere on the reference. Places that are far apart or headed otherwise cost more, up to a
cap, so that a detour pays a fixed price and the path goes on behind it. The path may leave out a
stretch of the reference (a detour of the reference, a lap more) for a fixed price too.

References
----------
Sakoe and Chiba (1978), "Dynamic programming algorithm optimization for spoken word recognition":
the monotone path. The weights were measured on real tracks against perturbed copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from clapless.numerics.routes import Route

Floats = NDArray[np.float64]

SIGMA_M = 6.0
"""Distance of two receivers on one path: two errors of some 4 m each."""

HEADING_SHARE = 0.5
"""1 - cos of the difference in heading is divided by this: a right angle costs 2."""

MOST_PLACE_COST = 8.0
"""A place farther than 4 SIGMA_M costs no more than this, however it is headed: else the path would
wait for the end of a detour where the reference is headed alike, not where the detour ends."""

STEP_COST = 0.3
"""For each step that differs from one place to one place."""

JUMP_COST = 30.0
"""For leaving out a stretch of the reference: as much as four places nowhere near."""

MOST_CELLS = 30_000_000
"""Cells of the table (one byte each); longer routes are stepped wider."""

BESIDE_SIGMAS = 3.0
"""Places farther off wait for the end of a detour; they are not smoothed with the others."""

REFINE_M = 12.0
"""The nearest place on the path's tangent is at most this far from the path's own."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RoutePath:
    """Where each place of the new run lies on the reference.

    Parameters
    ----------
    along_ref_m
        Distance along the reference, shape (n,), never falling.
    single_m
        The same of each place by itself, not smoothed and free to fall, shape (n,).
    apart_m
        Distance between the two places, shape (n,).
    turned
        1 - cos of the difference in heading, shape (n,): 0 the same way, 2 the other way.
    cost
        Mean cost of a place; well under 1 for one route, over 2 for different ones.
    shared_cost
        The same of the places that the two can share at most: as many as the shorter of the runs
        has. A run that goes on where the other ends, or rides a lap more, has as little of it.
    jumps
        Places of the new run before which the reference leaves out a stretch, rising.
    """

    along_ref_m: Floats
    single_m: Floats
    apart_m: Floats
    turned: Floats
    cost: float
    shared_cost: float
    jumps: tuple[int, ...]


def route_path(ref: Route, new: Route, *, sigma_m: float = SIGMA_M) -> RoutePath:
    """Return the cheapest monotone path of a new run along a reference.

    Parameters
    ----------
    ref, new
        Both at the same step of distance, in one plane.
    sigma_m
        Distance that two runs of one path usually are apart.

    Raises
    ------
    ValueError
        The table would be too large: step the routes wider.
    """
    rows, columns = len(new.places_m), len(ref.places_m)
    if rows * columns > MOST_CELLS:
        raise ValueError(f"{rows} by {columns} places are too many to compare")
    cosine, sine = np.cos(ref.heading_rad), np.sin(ref.heading_rad)
    moves = np.zeros((rows, columns), np.int8)
    sources = np.zeros(rows, np.int64)
    total = np.zeros(columns, np.float32)
    for row in range(rows):
        cost = _costs(ref, new, row, cosine, sine, sigma_m)
        if row == 0:
            total = cost
            continue
        options = np.full((5, columns), np.inf, np.float32)
        options[0] = total + STEP_COST
        options[1, 1:] = total[:-1]
        options[2, 2:] = total[:-2] + STEP_COST
        options[3, 3:] = total[:-3] + 2 * STEP_COST
        # A jump comes from the cheapest place so far; only one column can be that for all.
        best = int(np.argmin(total))
        sources[row] = best
        options[4, best + 4 :] = total[best] + JUMP_COST
        chosen = np.argmin(options, axis=0)
        moves[row] = chosen
        total = cost + options[chosen, np.arange(columns)]
    return _traced(ref, new, moves, sources, total, sigma_m)


def _costs(
    ref: Route, new: Route, row: int, cosine: Floats, sine: Floats, sigma_m: float
) -> NDArray[np.float32]:
    away = ref.places_m - new.places_m[row]
    near = (away**2).sum(axis=1) / (2 * sigma_m**2)
    heading = new.heading_rad[row]
    turned = 1.0 - (np.cos(heading) * cosine + np.sin(heading) * sine)
    return np.asarray(np.minimum(near + turned / HEADING_SHARE, MOST_PLACE_COST), np.float32)


def _traced(
    ref: Route,
    new: Route,
    moves: NDArray[np.int8],
    sources: NDArray[np.int64],
    total: NDArray[np.float32],
    sigma_m: float,
) -> RoutePath:
    rows = len(moves)
    column = int(np.argmin(total))
    cost = float(total[column]) / rows
    path = np.empty(rows, np.int64)
    jumps: list[int] = []
    for row in range(rows - 1, -1, -1):
        path[row] = column
        if row == 0:
            break
        move = int(moves[row, column])
        if move == 4:
            jumps.append(row)
            column = int(sources[row])
        else:
            column -= move
    jumps.reverse()
    single = _beside(ref, new, path)
    beside = np.hypot(*(new.places_m - _at(ref, single)).T) <= BESIDE_SIGMAS * sigma_m
    along = _smoothed(ref, new, single, {*jumps, *(np.flatnonzero(np.diff(beside)) + 1).tolist()})
    places = _at(ref, along)
    apart = np.hypot(*(new.places_m - places).T)
    turned = 1.0 - np.cos(new.heading_rad - ref.heading_rad[path])
    return RoutePath(
        along_ref_m=along,
        single_m=single,
        apart_m=np.asarray(apart),
        turned=np.asarray(turned),
        cost=cost,
        shared_cost=_shared_cost(ref, new, path, sigma_m),
        jumps=tuple(jumps),
    )


def _shared_cost(ref: Route, new: Route, path: NDArray[np.int64], sigma_m: float) -> float:
    away = ref.places_m[path] - new.places_m
    near = (away**2).sum(axis=1) / (2 * sigma_m**2)
    turned = 1.0 - np.cos(new.heading_rad - ref.heading_rad[path])
    costs = np.sort(np.minimum(near + turned / HEADING_SHARE, MOST_PLACE_COST))
    return float(costs[: len(ref.places_m)].mean())


def _beside(ref: Route, new: Route, path: NDArray[np.int64]) -> Floats:
    """Move each place along the reference's tangent to where the new run really is beside it."""
    heading = ref.heading_rad[path]
    tangent = np.stack([np.sin(heading), np.cos(heading)], axis=-1)
    ahead = ((new.places_m - ref.places_m[path]) * tangent).sum(axis=1)
    return np.asarray(ref.along_m[path] + np.clip(ahead, -REFINE_M, REFINE_M), np.float64)


def _smoothed(ref: Route, new: Route, along: Floats, breaks: set[int]) -> Floats:
    """Return places along the reference, smoothed between jumps and the ends of detours."""
    smooth = np.empty_like(along)
    edges = sorted({0, *breaks, len(along)})
    for begin, end in pairwise(edges):
        gone = new.along_m[begin:end]
        lead = gaussian_filter1d(along[begin:end] - gone, 3.0, mode="nearest")
        smooth[begin:end] = lead + gone
    rising = np.maximum.accumulate(np.clip(smooth, ref.along_m[0], ref.along_m[-1]))
    return np.asarray(rising, np.float64)


def _at(ref: Route, along_m: Floats) -> Floats:
    return np.stack(
        [np.interp(along_m, ref.along_m, ref.places_m[:, axis]) for axis in (0, 1)], axis=-1
    )


def backwards(route: Route) -> Route:
    """Return the way as one who goes it from its end to its start."""
    length = route.along_m[-1]
    return Route(
        along_m=length - route.along_m[::-1],
        places_m=route.places_m[::-1],
        heading_rad=route.heading_rad[::-1] + np.pi,
        times_s=-route.times_s[::-1],
    )
