"""The place of a peak between the frames, and how it moves along the clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clapless.numerics.lines import fit_line
from clapless.numerics.picture_match import Cue, correlate, summed
from clapless.signals.picture.feature import PictureFeature
from clapless.signals.picture.pairs import Compared

WINDOW_S, WINDOW_SAMPLES = 20.0, 120
"""Windows in which the place is measured anew: this long, and of at least so many samples."""

REACH = 8
"""Steps to either side in which a window looks."""

SAMPLE_STD = 0.25
"""Error of one measured place, in frames: a median of 0.13 to 0.2 was measured on real cameras of 6
frames per second with 16 to 56 samples."""

ALONE_STD = 0.4
"""Error of a place that was measured once: the largest are those of few samples."""

SYSTEMATIC_S = 0.006
"""Half the readout of both cameras, which pictures do not tell: 17 +- 8 ms each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where b lies: ``t_a = offset_s + (1 + slope) * t_b``, with its error at `pivot_s`."""

    offset_s: float
    slope: float
    pivot_s: float
    value_std_s: float
    slope_std: float
    span_s: tuple[float, float]


def refine(
    a: PictureFeature,
    b: PictureFeature,
    compared: Compared,
    lag: float,
    *,
    slope_prior: float,
    slope_prior_std: float,
) -> Placed:
    """Measure a place anew in windows along b.

    Parameters
    ----------
    a, b
        The clips.
    compared
        Their scores.
    lag
        The place, in steps.
    slope_prior, slope_prior_std
        Belief about the drift, as the slope of a's time against b's.
    """
    step_s = compared.step_s
    start_a, start_b = float(a.times_s[0]), float(b.times_s[0])
    cues_a, cues_b = a.cues(step_s, start_a), b.cues(step_s, start_b)
    whole = round(lag)
    offset_s = compared.offset_s(lag)
    weights_a, weights_b = cues_a["energy"].weights, cues_b["energy"].weights
    first = max(0, -whole)
    last = min(weights_b.size, weights_a.size - whole)
    span_s = (start_b + first * step_s, start_b + max(last, first + 1) * step_s)
    used = first + np.flatnonzero(weights_b[first:last] > 0)
    if used.size:
        # A value of the grid stands for the half step on either side of it.
        low, high = (float(used[0]) - 0.5, float(used[-1]) + 0.5)
        span_s = (max(span_s[0], start_b + low * step_s), start_b + high * step_s)
    times_s, offsets_s, stds_s = [], [], []
    length = max(WINDOW_SAMPLES, round(WINDOW_S / step_s))
    for begin in range(first, last - length // 2, length):
        end = min(begin + length, last)
        known = weights_b[begin:end] > 0
        if known.sum() < min(WINDOW_SAMPLES, length) * 0.6:
            continue
        found = _window(cues_a, cues_b, begin, end, whole)
        if found is None:
            continue
        times_s.append(start_b + float(np.mean(np.flatnonzero(known) + begin)) * step_s)
        offsets_s.append(compared.offset_s(found))
        stds_s.append(SAMPLE_STD * step_s)
    if len(times_s) < 3:
        middle_s = (span_s[0] + span_s[1]) / 2
        return Placed(
            offset_s=offset_s - slope_prior * middle_s,
            slope=slope_prior,
            pivot_s=middle_s,
            value_std_s=float(np.hypot(ALONE_STD * step_s, SYSTEMATIC_S)),
            slope_std=slope_prior_std,
            span_s=span_s,
        )
    line = fit_line(
        np.array(times_s),
        np.array(offsets_s),
        np.array(stds_s),
        slope_prior=slope_prior,
        slope_prior_std=slope_prior_std,
    )
    return Placed(
        offset_s=float(line.value - line.slope * line.pivot),
        slope=float(line.slope),
        pivot_s=float(line.pivot),
        value_std_s=float(np.hypot(line.value_std, SYSTEMATIC_S)),
        slope_std=float(line.slope_std),
        span_s=span_s,
    )


def _window(
    cues_a: dict[str, Cue], cues_b: dict[str, Cue], begin: int, end: int, whole: int
) -> float | None:
    """Return the lag at which a stretch of b fits best near the known one."""
    low = max(0, begin + whole - REACH)
    curves = []
    for name in ("energy", "flow"):
        one, other = cues_a[name], cues_b[name]
        high = min(one.weights.size, end + whole + REACH)
        curve = correlate(_part(one, low, high), _part(other, begin, end), least=30)
        if curve.lags.size:
            curves.append(curve)
    if not curves:
        return None
    curve = summed(curves, [0] * len(curves))
    lags = curve.lags + low - begin
    near = np.flatnonzero(np.abs(lags - whole) <= REACH)
    if near.size < 3:
        return None
    top = int(near[np.argmax(curve.scores[near])])
    if not near[0] < top < near[-1] or curve.scores[top] < 3.0:
        return None
    left, mid, right = curve.scores[top - 1 : top + 2]
    bend = left - 2 * mid + right
    moved = (left - right) / (2 * bend) if bend < -1e-9 else 0.0
    return float(lags[top]) + float(np.clip(moved, -0.5, 0.5))


def _part(cue: Cue, first: int, stop: int) -> Cue:
    return Cue(values=cue.values[:, first:stop], weights=cue.weights[first:stop], signed=cue.signed)
