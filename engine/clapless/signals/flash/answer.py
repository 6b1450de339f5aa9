"""A joint solution becomes an answer about one pair."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clapless.model import Match
from clapless.numerics.flash_solve import USED_WEIGHT, FlashSolution
from clapless.numerics.lines import student_factor
from clapless.signals.flash.feature import FlashFeature
from clapless.signals.flash.joint import Joined

FLOOR_S = 5e-5
"""Error that no fit sees: the shape of the flash over the rows."""

LEAST_FITTING = 0.4
"""Where fewer of a clip's edges fit, its rows are no clock (the exposure changes, the flashes are
no short ones): what is left is which frames were lit."""

FRAME_STD_S = 0.012
"""Error of an answer that knows the frames alone: an evenly spread 42 ms."""

ODD_DRIFT_PPM, ODD_CONFIDENCE = 150.0, 0.85
"""Clocks of two cameras that differ by more are rarer than two flashes taken for one: such an
answer is to be checked (one of 80 simulated series of 20 and 30 flashes, 50 ms off at its end)."""

PARAMETERS = 4
"""Offset, rate, readout and exposure: of each flash beyond so many the spread is known better. The
edges of one flash share their errors, so flashes are counted."""

SPAN_S = 0.5
"""What is said to be used around a flash."""


def answer(
    features: Mapping[str, FlashFeature],
    joined: Joined,
    solution: FlashSolution,
    a: str,
    b: str,
) -> Match:
    """Return where clip b lies on the clock of clip a."""
    names = [camera.name for camera in solution.cameras]
    i, j = names.index(a), names.index(b)
    pair = frozenset((a, b))
    rate_a, rate_b = 1 + solution.slope[i], 1 + solution.slope[j]
    offset_s = (solution.alpha_s[j] - solution.alpha_s[i]) / rate_a
    ratio = rate_b / rate_a
    to_offset = np.zeros(2 * len(names))
    to_offset[[2 * j, 2 * i, 2 * i + 1]] = 1 / rate_a, -1 / rate_a, -offset_s / rate_a
    to_ratio = np.zeros(2 * len(names))
    to_ratio[[2 * j + 1, 2 * i + 1]] = 1 / rate_a, -ratio / rate_a
    jacobian = np.stack([to_offset, to_ratio])
    covariance = jacobian @ solution.covariance @ jacobian.T
    slope_var = max(float(covariance[1, 1]), 1e-18)
    pivot_s = -float(covariance[0, 1]) / slope_var
    value_var = max(float(covariance[0, 0]) - pivot_s**2 * slope_var, 0.0)
    fitting = {name: _fitting(solution, names.index(name)) for name in (a, b)}
    coarse_s = 0.0 if min(fitting.values()) >= LEAST_FITTING else FRAME_STD_S
    common = sorted(
        joined.events[b][flash[b]].time_s for flash in joined.flashes if a in flash and b in flash
    )
    times_s = common or sorted(event.time_s for event in joined.events[b])
    drift_ppm = float((1 / ratio - 1) * 1e6)
    wider = student_factor(len(common) - PARAMETERS)
    confidence = joined.confidence[pair]
    if abs(drift_ppm) > ODD_DRIFT_PPM:
        confidence = min(confidence, ODD_CONFIDENCE)
    return Match(
        a=a,
        b=b,
        signal="flash",
        offset_s=float(offset_s),
        drift_ppm=drift_ppm,
        offset_std_s=float(np.sqrt(value_var * wider**2 + FLOOR_S**2 + coarse_s**2)),
        drift_std_ppm=float(np.sqrt(slope_var) * wider * 1e6),
        pivot_s=pivot_s,
        confidence=confidence,
        spans_s=tuple((t - SPAN_S, t + SPAN_S) for t in times_s),
        details={
            "flashes": len(common),
            "log10_chance": round(joined.log10_chance[pair], 2),
            "fitting": [round(fitting[a], 3), round(fitting[b], 3)],
            "readouts_ms": [_signed_ms(solution, i), _signed_ms(solution, j)],
            "readout_stds_ms": [round(float(solution.readout_std_s[k]) * 1e3, 4) for k in (i, j)],
            "exposures_ms": [round(float(solution.exposure_s[k]) * 1e3, 4) for k in (i, j)],
            "rows": [features[a].rows, features[b].rows],
            "edges_a": _edges(solution, i),
            "edges_b": _edges(solution, j),
        },
    )


def _signed_ms(solution: FlashSolution, camera: int) -> float:
    """Return the readout in ms, negative where the bottom row is read first."""
    readout_ms = float(solution.readout_s[camera]) * 1e3
    return round(-readout_ms if solution.cameras[camera].upside_down else readout_ms, 4)


def _fitting(solution: FlashSolution, camera: int) -> float:
    """Return the share of a camera's edges that fit; 1 where it has none."""
    mine = np.array([owner == camera for _, owner in solution.owners], bool)
    if not mine.any():
        return 1.0
    return float(np.mean(solution.weights[mine] > USED_WEIGHT))


def _edges(solution: FlashSolution, camera: int) -> list[list[float]]:
    """Return [clip time, row from the top (0 to 1), what is left over in ms, weight] per edge."""
    turned = bool(solution.cameras[camera].upside_down)
    table = []
    for number, (_, owner) in enumerate(solution.owners):
        if owner == camera:
            row = float(solution.edge_rows[number])
            table.append(
                [
                    round(float(solution.edge_times_s[number]), 6),
                    round(1 - row if turned else row, 5),
                    round(float(solution.residuals_s[number]) * 1e3, 4),
                    round(float(solution.weights[number]), 3),
                ]
            )
    return table
