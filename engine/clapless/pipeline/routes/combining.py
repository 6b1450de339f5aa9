"""Several kinds of evidence on one map: weighted where they agree, told apart where they do not.

The surest map that most others agree with is the base. Where another one agrees with it the two
are weighted by their variances, fading in and out over `FADE_S`; where the base has no answer the
other one's stands.
A map that does not agree is left out as a whole and said to disagree: nothing is averaged over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from clapless.model import Disagreement
from clapless.numerics.route_warp import Gap
from clapless.pipeline.routes.evidence import Evidence
from clapless.pipeline.routes.line import sampled
from clapless.timing import Segment, TimeMap

Floats = NDArray[np.float64]

GRID_S = 0.25
"""Maps are compared this often."""

MOST_SIGMAS = 3.0
"""Answers that are farther apart than this do not agree."""

ALLOWED_S = 0.05
"""What is allowed besides: latencies that no deviation holds."""

LEAST_AGREEING = 0.9
"""Share of the common time at which two maps must agree."""

LEAST_COMMON_S = 5.0
"""With less in common two maps cannot be compared."""

FADE_S = 3.0

LEAST_FILL_S = 2.0
"""Shorter pieces of another map are not put into a gap: its edges are not the same."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Combined:
    """One map of several.

    Parameters
    ----------
    time_map
        The map.
    signals
        Names of what it was made of, the surest first.
    confidence
        That it is the true one.
    gaps
        Where it has no answer.
    disagreements
        Of evidence that was left out.
    """

    time_map: TimeMap
    signals: tuple[str, ...]
    confidence: float
    gaps: tuple[Gap, ...]
    disagreements: tuple[Disagreement, ...]


def combine(evidence: Sequence[Evidence]) -> Combined:
    """Return one map of one or more."""
    ordered = sorted(evidence, key=_unsure)
    base = max(ordered, key=lambda one: (one.sure, _agreeing(one, ordered)))
    others = [one for one in ordered if one is not base]
    time_map, confidence, gaps = base.time_map, base.confidence, base.gaps
    signals = [base.signal]
    disagreements: list[Disagreement] = []
    for other in others:
        apart = _apart(time_map, other.time_map)
        left_out = _why_left_out(apart, base.signal, other.signal)
        if left_out is not None:
            disagreements.append(left_out)
            continue
        time_map = _filled(_weighted(time_map, other.time_map, apart), other.time_map)
        gaps = _still_open(gaps, time_map)
        # Two that go by different things and agree are wrong together more rarely than either.
        confidence = min(0.99, 1.0 - (1.0 - confidence) * (1.0 - other.confidence))
        signals.append(other.signal)
    return Combined(
        time_map=time_map,
        signals=tuple(signals),
        confidence=confidence,
        gaps=gaps,
        disagreements=tuple(disagreements),
    )


def _agreeing(one: Evidence, all_kinds: Sequence[Evidence]) -> int:
    """Return how many others say the same: two kinds that agree are surer than a finer third."""
    return sum(
        _why_left_out(_apart(one.time_map, other.time_map), one.signal, other.signal) is None
        for other in all_kinds
        if other is not one
    )


def _unsure(one: Evidence) -> tuple[bool, float]:
    return not one.sure, float(np.median(one.time_map.longest.std_s))


@dataclass(frozen=True, slots=True, eq=False)
class _Apart:
    """Two maps side by side on a grid of the new run's time."""

    times_s: Floats
    off_s: Floats
    agree: NDArray[np.bool_]

    @property
    def common(self) -> NDArray[np.bool_]:
        return np.isfinite(self.off_s)


def _apart(one: TimeMap, two: TimeMap) -> _Apart:
    ends = [knot[0] for m in (one, two) for s in m.segments for knot in (s.knots[0], s.knots[-1])]
    times_s = np.arange(min(ends), max(ends) + GRID_S, GRID_S)
    (got_1, std_1), (got_2, std_2) = sampled(one, times_s), sampled(two, times_s)
    off_s = got_2 - got_1
    with np.errstate(invalid="ignore"):
        agree = np.abs(off_s) <= MOST_SIGMAS * np.hypot(std_1, std_2) + ALLOWED_S
    return _Apart(times_s, off_s, agree)


def _why_left_out(apart: _Apart, base: str, other: str) -> Disagreement | None:
    common = apart.common
    common_s = float(common.sum()) * GRID_S
    if common_s < LEAST_COMMON_S:
        reason = f"{other} and {base} have too little in common to be compared; {base} counts"
        return Disagreement(signal=other, difference_s=0.0, reason=reason)
    share = float(apart.agree[common].mean())
    if share >= LEAST_AGREEING:
        return None
    wrong_s = apart.times_s[common & ~apart.agree]
    reason = (
        f"{other} and {base} disagree for {(1 - share) * common_s:.0f} of {common_s:.0f} s, first "
        f"at {wrong_s[0]:.1f} s; {base} counts, which is surer"
    )
    return Disagreement(
        signal=other, difference_s=float(np.median(apart.off_s[common])), reason=reason
    )


def _weighted(base: TimeMap, other: TimeMap, apart: _Apart) -> TimeMap:
    padded = np.concatenate([[False], apart.common & apart.agree, [False]])
    far_s = np.asarray(distance_transform_edt(padded), np.float64)[1:-1] * GRID_S
    fade = np.minimum(far_s / FADE_S, 1.0)
    added = np.array([knot[0] for segment in other.segments for knot in segment.knots])
    segments: list[Segment] = []
    for segment in base.segments:
        own = np.array([knot[0] for knot in segment.knots])
        steps = np.arange(own[0], own[-1], FADE_S / 2)
        inner = np.concatenate([added, steps])
        times_s = np.union1d(own, inner[(inner > own[0]) & (inner < own[-1])])
        one = TimeMap((segment,))
        (got_1, std_1), (got_2, std_2) = sampled(one, times_s), sampled(other, times_s)
        known = np.isfinite(got_2)
        total = np.where(known, std_1**2 + std_2**2, 1.0)
        share = np.where(known & (total > 0), std_1**2 / total, 0.0)
        share = share * np.interp(times_s, apart.times_s, fade)
        got = got_1 + np.where(known, share * (got_2 - got_1), 0.0)
        std = np.hypot((1 - share) * std_1, np.where(known, share * std_2, 0.0))
        segments.append(_rising(times_s, got, std, segment, segments[-1] if segments else None))
    return TimeMap(tuple(segments), extra=base.extra)


def _rising(
    times_s: Floats, got: Floats, std: Floats, instead: Segment, before: Segment | None
) -> Segment:
    least = before.knots[-1][1] if before is not None else -np.inf
    kept: list[int] = []
    for index in range(len(times_s)):
        # Knots closer than this are rounding; a segment without slope has no inverse.
        if got[index] >= least and (
            not kept
            or (got[index] > got[kept[-1]] + 1e-6 and times_s[index] > times_s[kept[-1]] + 1e-6)
        ):
            kept.append(index)
    if len(kept) < 2:
        return instead
    return Segment(
        tuple((float(times_s[i]), float(got[i])) for i in kept),
        tuple(float(std[i]) for i in kept),
    )


def _filled(base: TimeMap, other: TimeMap) -> TimeMap:
    """Return the map with what the other one knows in its gaps."""
    segments = list(base.segments)
    # Before the first, between any two, after the last.
    bounds = [(-np.inf, -np.inf)]
    bounds += [knot for s in base.segments for knot in (s.knots[0], s.knots[-1])]
    bounds.append((np.inf, np.inf))
    fills: list[Segment] = []
    for low, high in zip(bounds[::2], bounds[1::2], strict=True):
        for segment in other.segments:
            held = [
                i
                for i, (new, ref) in enumerate(segment.knots)
                if low[0] <= new <= high[0] and low[1] <= ref <= high[1]
            ]
            if len(held) < 2 or segment.knots[held[-1]][0] - segment.knots[held[0]][0] < (
                LEAST_FILL_S
            ):
                continue
            fills.append(
                Segment(
                    tuple(segment.knots[i] for i in held),
                    tuple(segment.std_s[i] for i in held) if segment.std_s else (),
                )
            )
    return TimeMap(tuple(sorted([*segments, *fills], key=lambda s: s.knots[0])), extra=base.extra)


def _still_open(gaps: tuple[Gap, ...], time_map: TimeMap) -> tuple[Gap, ...]:
    """Return the gaps of which the map does not answer for half by now."""

    def answered(gap: Gap) -> bool:
        if gap.end_s - gap.start_s < GRID_S:
            return False
        got, _ = sampled(time_map, np.arange(gap.start_s, gap.end_s, GRID_S))
        return bool(np.isfinite(got).mean() > 0.5)

    return tuple(gap for gap in gaps if not answered(gap))
