"""Thresholds that a map must pass, and what each says."""

from __future__ import annotations

from dataclasses import dataclass

from clapless.pipeline.routes.options import Gates
from clapless.pipeline.routes.quality import MapQuality

NAMES = {
    "least_on_route": ("on_route", "share of the new run on the route"),
    "most_apart_m": ("apart_p50_m", "median distance between the runs, m"),
    "least_coverage": ("coverage", "share of the new run's time that is answered"),
    "least_inliers": ("inliers", "points in common of the usual picture"),
    "least_inlier_share": ("inlier_share", "share of single places on the map"),
    "most_mae_s": ("residual_mae_s", "residual, mean, s"),
    "most_p50_s": ("residual_p50_s", "residual, P50, s"),
    "most_p90_s": ("residual_p90_s", "residual, P90, s"),
    "most_p95_s": ("residual_p95_s", "residual, P95, s"),
    "most_unsure_s": ("std_p90_s", "uncertainty, P90, s"),
    "most_ppm": ("drift_ppm", "pace apart from the reference's, ppm"),
}
"""Each gate of `Gates`: the figure of `MapQuality` that it looks at, and how people call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateVerdict:
    """One threshold, and what was reached.

    Parameters
    ----------
    gate
        Name of the field of `Gates`.
    name
        For people, with its unit.
    reached, wanted
        The figure and its threshold.
    passed
        Whether it is kept.
    """

    gate: str
    name: str
    reached: float
    wanted: float
    passed: bool

    @property
    def at_most(self) -> bool:
        """Whether less is better."""
        return self.gate.startswith("most")


def verdicts(quality: MapQuality, gates: Gates) -> tuple[GateVerdict, ...]:
    """Return what each gate says that the evidence has something to say to."""
    held: list[GateVerdict] = []
    for gate, (figure, name) in NAMES.items():
        reached: float | None = getattr(quality, figure)
        wanted: float | None = getattr(gates, gate)
        if reached is None or wanted is None:
            continue
        size = abs(reached)
        passed = size <= wanted if gate.startswith("most") else size >= wanted
        held.append(GateVerdict(gate=gate, name=name, reached=size, wanted=wanted, passed=passed))
    return tuple(held)
