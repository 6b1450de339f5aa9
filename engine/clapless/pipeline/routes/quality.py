"""How good a map between two runs is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.route_warp import RouteWarp
from clapless.pipeline.routes.line import line_of, sampled
from clapless.timing import TimeMap

Floats = NDArray[np.float64]

INLIER_SIGMAS = 3.0
"""A single place farther from the map than so many of its deviations is none of it."""

INLIER_S = 0.1
"""What is allowed besides: single places are coarser than the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapQuality:
    """Figures of a map; those of one kind of evidence are None where it was not used.

    Parameters
    ----------
    coverage
        Share of the new run's duration that the map answers for.
    std_p50_s, std_p90_s, std_p95_s
        How unsure the knots are.
    drift_ppm
        Of the line nearest to the longest stretch.
    places
        Places of the new run that were compared by satellites.
    on_route
        Share of them on the reference.
    apart_mae_m, apart_p50_m, apart_p90_m, apart_p95_m
        Distance of the two runs' places, on the route.
    cost
        Mean cost of the path.
    inliers
        Points in common of the usual picture, by scenery.
    singles
        Places, pictures or moments of music that were found by themselves where the map answers.
    inlier_share
        Share of them that the map goes through, within what it is unsure of.
    residual_mae_s, residual_p50_s, residual_p90_s, residual_p95_s
        How far those lie from the map: mean and percentiles of the distance.
    """

    coverage: float
    std_p50_s: float
    std_p90_s: float
    std_p95_s: float
    drift_ppm: float
    places: int | None = None
    on_route: float | None = None
    apart_mae_m: float | None = None
    apart_p50_m: float | None = None
    apart_p90_m: float | None = None
    apart_p95_m: float | None = None
    cost: float | None = None
    inliers: float | None = None
    singles: int | None = None
    inlier_share: float | None = None
    residual_mae_s: float | None = None
    residual_p50_s: float | None = None
    residual_p90_s: float | None = None
    residual_p95_s: float | None = None


def map_quality(time_map: TimeMap, *, duration_s: float) -> MapQuality:
    """Return the figures that every map has."""
    std = np.concatenate([segment.std_s or [0.0] for segment in time_map.segments])
    covered = sum(s.knots[-1][0] - s.knots[0][0] for s in time_map.segments)
    p50, p90, p95 = (float(value) for value in np.percentile(std, [50, 90, 95]))
    return MapQuality(
        coverage=min(1.0, covered / duration_s) if duration_s > 0 else 0.0,
        std_p50_s=p50,
        std_p90_s=p90,
        std_p95_s=p95,
        drift_ppm=line_of(time_map.longest)[1],
    )


def with_places(quality: MapQuality, warp: RouteWarp) -> MapQuality:
    """Return the figures with those of `clapless.numerics.route_warp.warp_routes`."""
    apart = warp.path.apart_m
    near = apart[apart <= 3.0 * warp.sigma_m]
    near = near if len(near) else apart
    p50, p90, p95 = (float(value) for value in np.percentile(near, [50, 90, 95]))
    return replace(
        quality,
        places=len(apart),
        on_route=warp.on_route,
        apart_mae_m=float(np.mean(np.abs(near))),
        apart_p50_m=p50,
        apart_p90_m=p90,
        apart_p95_m=p95,
        cost=warp.path.cost,
    )


def with_residuals(
    quality: MapQuality, time_map: TimeMap, evidence: Iterable[tuple[TimeMap, Floats]]
) -> MapQuality:
    """Return the figures with those of single places beside the map.

    Parameters
    ----------
    quality
        The figures so far.
    time_map
        The map.
    evidence
        Of each kind its own map, and times of the new run and of the reference at single places,
        shape (n, 2); none leaves the figures as they are. How far a place may lie off is what the
        map and its own kind are unsure of.
    """
    off_s, allowed_s = [np.zeros(0)], [np.zeros(0)]
    for own, singles_s in evidence:
        got, std = sampled(time_map, singles_s[:, 0])
        known = np.isfinite(got)
        own_std = np.nan_to_num(sampled(own, singles_s[:, 0])[1])
        off_s.append(np.abs(singles_s[:, 1] - got)[known])
        allowed_s.append((INLIER_SIGMAS * np.maximum(std, own_std) + INLIER_S)[known])
    off = np.concatenate(off_s)
    if not len(off):
        return quality
    on = off <= np.concatenate(allowed_s)
    near = off[on] if on.any() else off
    p50, p90, p95 = (float(value) for value in np.percentile(near, [50, 90, 95]))
    return replace(
        quality,
        singles=len(off),
        inlier_share=float(on.mean()),
        residual_mae_s=float(near.mean()),
        residual_p50_s=p50,
        residual_p90_s=p90,
        residual_p95_s=p95,
    )
