"""How good a map between two runs is, and whether it passes its gates."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.route_warp import RouteWarp
from clapless.pipeline.routes.line import line_of
from clapless.pipeline.routes.options import Gates
from clapless.timing import TimeMap

Floats = NDArray[np.float64]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """One threshold, and what was reached."""

    name: str
    reached: float
    wanted: float
    passed: bool


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


def verdicts(quality: MapQuality, gates: Gates) -> tuple[GateVerdict, ...]:
    """Return what each gate says that the evidence has something to say to."""
    held: list[GateVerdict] = []
    if quality.on_route is not None:
        held.append(
            GateVerdict(
                name="share of the new run on the route",
                reached=quality.on_route,
                wanted=gates.least_on_route,
                passed=quality.on_route >= gates.least_on_route,
            )
        )
    if quality.apart_p50_m is not None:
        held.append(
            GateVerdict(
                name="median distance between the runs, m",
                reached=quality.apart_p50_m,
                wanted=gates.most_apart_m,
                passed=quality.apart_p50_m <= gates.most_apart_m,
            )
        )
    held.append(
        GateVerdict(
            name="uncertainty of nine in ten knots, s",
            reached=quality.std_p90_s,
            wanted=gates.most_p90_s,
            passed=quality.std_p90_s <= gates.most_p90_s,
        )
    )
    return tuple(held)
