"""What an independent measurement leaves over, and what that says of a placement."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clapless.model import Match, Placement, Residual, Verification, clock_rate

MAX_MEDIAN_S = 0.015
"""A placement passes up to this median (polysync's figure, kept)."""

AGREE_S = 0.005
"""Windows farther than this from the line of the others heard something else."""

POINTS = 9
"""Where a signal tells of no windows its line is read at so many points."""

PARTS: tuple[Literal["head", "middle", "tail"], ...] = ("head", "middle", "tail")


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """Measured minus placed, window by window.

    Parameters
    ----------
    times_s
        Middles of the windows in the clip's time, shape (n,).
    off_s
        Group time measured minus placed, shape (n,).
    span_s
        Clip time that was measured at most: head, middle and tail are its thirds.
    drift_ppm
        Drift that the measurement found, against the group's clock.
    """

    times_s: NDArray[np.float64]
    off_s: NDArray[np.float64]
    span_s: tuple[float, float]
    drift_ppm: float

    @classmethod
    def of(
        cls, measured: Match, placed: Match, span_s: tuple[float, float], partner: Placement
    ) -> Residuals:
        """Return the residuals of a measurement.

        Parameters
        ----------
        measured, placed
            The clip on its partner's clock, by the new measurement and by the session.
        span_s
            What could be measured, in the clip's time.
        partner
            Where the partner lies.
        """
        windows = _windows(measured)
        if windows is None:
            start_s = min((s for s, _ in measured.spans_s), default=span_s[0])
            end_s = max((e for _, e in measured.spans_s), default=span_s[1])
            times = np.linspace(start_s, end_s, POINTS)
            own = np.zeros(POINTS)
        else:
            times, own = windows
        line = np.array([measured.to_a(t) - placed.to_a(t) for t in times])
        drift = (1.0 + partner.drift_ppm * 1e-6) * (1.0 + measured.drift_ppm * 1e-6) - 1.0
        group_s = (line + own) / clock_rate(partner.speed, partner.drift_ppm)
        return cls(times, group_s, span_s, drift * 1e6)

    @classmethod
    def joined(cls, parts: Sequence[Residuals]) -> Residuals:
        """Return the residuals of several stretches of one clip together."""
        longest = max(parts, key=lambda p: p.span_s[1] - p.span_s[0])
        return cls(
            np.concatenate([p.times_s for p in parts]),
            np.concatenate([p.off_s for p in parts]),
            (min(p.span_s[0] for p in parts), max(p.span_s[1] for p in parts)),
            longest.drift_ppm,
        )


def _windows(measured: Match) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return times and residuals of the windows that agree on the measured line."""
    found = []
    for key in ("window_t_s", "window_residual_s"):
        values = measured.details.get(key)
        if not isinstance(values, Sequence) or isinstance(values, str):
            return None
        found.append(np.array(values, dtype=np.float64))
    times, own = found
    agree = np.abs(own) <= AGREE_S
    return (times[agree], own[agree]) if agree.any() else None


def judge(residuals: Residuals, half_frame_s: float) -> Verification:
    """Return the answer: PASS within 15 ms all over and half a frame at head, middle and tail.

    Parameters
    ----------
    residuals
        What was measured.
    half_frame_s
        Of the clip, in seconds.
    """
    median_s, spread_s = _centre(residuals.off_s)
    parts = tuple(_parts(residuals))
    worst_s = max(abs(part.median_s) for part in parts)
    passed = abs(median_s) <= MAX_MEDIAN_S and worst_s <= half_frame_s
    answer = Verification(
        verdict="pass" if passed else "fail",
        median_s=median_s,
        spread_s=spread_s,
        windows=len(residuals.off_s),
        parts=parts,
    )
    if passed:
        return answer
    reasons = [f"it should start {abs(median_s) * 1e3:.1f} ms {_side(median_s)}"]
    runs_s = parts[-1].median_s - parts[0].median_s
    suggested = None
    if abs(runs_s) > half_frame_s:
        suggested = residuals.drift_ppm
        reasons.append(f"it runs {abs(runs_s) * 1e3:.1f} ms apart from head to tail")
    if abs(median_s) <= MAX_MEDIAN_S and suggested is None:
        part = max(parts, key=lambda p: abs(p.median_s))
        reasons = [f"its {part.part} is off by {part.median_s * 1e3:+.1f} ms"]
    elif suggested is not None and abs(median_s) <= half_frame_s:
        reasons = reasons[1:]
    return dataclasses.replace(answer, reason="; ".join(reasons), suggested_drift_ppm=suggested)


def _side(median_s: float) -> str:
    return "later" if median_s > 0.0 else "earlier"


def _centre(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return median and robust standard deviation."""
    median = float(np.median(values))
    return median, float(1.4826 * np.median(np.abs(values - median)))


def _parts(residuals: Residuals) -> list[Residual]:
    """Return the thirds that hold a window."""
    start_s, end_s = residuals.span_s
    third = np.clip((residuals.times_s - start_s) / max(end_s - start_s, 1e-9) * 3.0, 0.0, 2.999)
    found = []
    for number, part in enumerate(PARTS):
        values = residuals.off_s[third.astype(np.int64) == number]
        if values.size:
            median_s, spread_s = _centre(values)
            found.append(
                Residual(part=part, median_s=median_s, spread_s=spread_s, windows=len(values))
            )
    return found
