"""How good a map between two runs is, and whether it passes its gates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.route_warp import RouteWarp
from clapless.pipeline.routes.options import Gates
from clapless.timing import TimeMap

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapQuality:
    """Figures of a map.

    Parameters
    ----------
    places
        Places of the new run that were compared.
    on_route
        Share of them on the reference.
    apart_mae_m, apart_p50_m, apart_p90_m, apart_p95_m
        Distance of the two runs' places, on the route.
    std_p50_s, std_p90_s
        How unsure the knots are.
    coverage
        Share of the new run's duration that the map answers for.
    drift_ppm
        Of the line nearest to the longest stretch.
    cost
        Mean cost of the path.
    """

    places: int
    on_route: float
    apart_mae_m: float
    apart_p50_m: float
    apart_p90_m: float
    apart_p95_m: float
    std_p50_s: float
    std_p90_s: float
    coverage: float
    drift_ppm: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """One threshold, and what was reached."""

    name: str
    reached: float
    wanted: float
    passed: bool


def map_quality(
    warp: RouteWarp, time_map: TimeMap, *, duration_s: float, drift_ppm: float
) -> MapQuality:
    """Return the figures of a map made by `clapless.numerics.route_warp.warp_routes`."""
    apart = warp.path.apart_m
    near = apart[apart <= 3.0 * warp.sigma_m]
    near = near if len(near) else apart
    std = np.concatenate([segment.std_s for segment in time_map.segments])
    covered = sum(s.knots[-1][0] - s.knots[0][0] for s in time_map.segments)
    p50, p90, p95 = (float(value) for value in np.percentile(near, [50, 90, 95]))
    return MapQuality(
        places=len(apart),
        on_route=warp.on_route,
        apart_mae_m=float(np.mean(np.abs(near))),
        apart_p50_m=p50,
        apart_p90_m=p90,
        apart_p95_m=p95,
        std_p50_s=float(np.percentile(std, 50)),
        std_p90_s=float(np.percentile(std, 90)),
        coverage=min(1.0, covered / duration_s) if duration_s > 0 else 0.0,
        drift_ppm=drift_ppm,
        cost=warp.path.cost,
    )


def verdicts(quality: MapQuality, gates: Gates) -> tuple[GateVerdict, ...]:
    """Return what each gate says."""
    return (
        GateVerdict(
            name="share of the new run on the route",
            reached=quality.on_route,
            wanted=gates.least_on_route,
            passed=quality.on_route >= gates.least_on_route,
        ),
        GateVerdict(
            name="median distance between the runs, m",
            reached=quality.apart_p50_m,
            wanted=gates.most_apart_m,
            passed=quality.apart_p50_m <= gates.most_apart_m,
        ),
        GateVerdict(
            name="uncertainty of nine in ten knots, s",
            reached=quality.std_p90_s,
            wanted=gates.most_p90_s,
            passed=quality.std_p90_s <= gates.most_p90_s,
        ),
    )
