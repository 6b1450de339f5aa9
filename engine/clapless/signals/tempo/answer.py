"""From two features to a match with a time map, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clapless.model import Match, Refusal
from clapless.numerics.tempo_curve import Curve, refine
from clapless.numerics.tempo_features import FRAME_S, note_shapes
from clapless.numerics.tempo_warp import Local, best_local, masked
from clapless.signals.tempo.extractor import SIGNAL
from clapless.signals.tempo.feature import TempoFeature
from clapless.timing import Segment, TimeMap

STEP = 10
"""Frames that are compared as one in the coarse search: 0.2 s."""

MOST_CELLS = 9_000_000
"""Long recordings are compared in greater steps, so that the search stays under 100 MB."""

CHANCE = 0.35
"""Likeness of notes that two unrelated pieces reach along a path that is free to bend."""

LEAST_SCORE_S = 8.0
"""Likeness above chance, gathered along a path, in seconds."""

LEAST_OVER_CHANCE = 2.0
"""The best path gathers this many times what it gathers with one of the two turned round."""

LEAST_MEAN = 0.26
"""Mean likeness above chance along a path: takes of made songs reach 0.31 to 0.51, other songs in
the same key 0.08 to 0.22 (seeds under 100)."""

MOST_SECOND = 0.8
"""A second path elsewhere that gathers this share of the best leaves the place open."""

ELSEWHERE_S = 1.5
"""Paths nearer to each other than this are one."""

EDGE_S = 2.0
"""How far about a path by notes the rests about the music are looked at."""

CONFIDENCE = 0.96
"""Of a map whose path passes all thresholds twice over."""


@dataclass(frozen=True, slots=True, eq=False)
class _Coarse:
    """Likeness of every two steps; by rests too, and with one of the two turned round."""

    likeness: NDArray[np.float32]
    with_rests: NDArray[np.float32]
    turned: NDArray[np.float32]
    step: int

    @property
    def step_s(self) -> float:
        return self.step * FRAME_S


def answer(a: TempoFeature, b: TempoFeature) -> Match | Refusal:
    """Return the time map of b's take on a's clock, or why there is none."""
    coarse = _coarse(a, b)
    best = best_local(coarse.likeness)
    by_chance = best_local(coarse.turned).score
    if not _proven(best, by_chance, coarse):
        return _refuse(a, b, "other_piece", "the two do not play one piece of music")
    second = best_local(
        masked(coarse.likeness, best, within=round(ELSEWHERE_S / coarse.step_s), value=-1.0)
    )
    if second.score > MOST_SECOND * best.score:
        return _refuse(
            a, b, "ambiguous", "the piece repeats itself, and more than one place fits as well"
        )
    paths = _all_paths(coarse, best, by_chance)
    segments: list[Segment] = []
    singles: list[list[float]] = []
    for path in paths:
        bounded = _with_rests(path, coarse)
        curve = refine(
            bounded, step=coarse.step, ref=(a.notes, a.strokes), new=(b.notes, b.strokes)
        )
        if curve is not None:
            segments += _segments(curve, a, b, after=segments[-1] if segments else None)
            singles += (np.array([b.origin_s, a.origin_s]) + FRAME_S * curve.singles).tolist()
    if not segments:
        return _refuse(a, b, "other_piece", "the two do not play one piece of music")
    found = _match(a, b, TimeMap(tuple(segments)), best, second, by_chance, coarse)
    return replace(found, details={**found.details, "singles_s": singles})


def _coarse(a: TempoFeature, b: TempoFeature) -> _Coarse:
    step = max(STEP, int(np.ceil(np.sqrt(len(a) * len(b) / MOST_CELLS))))
    one, two = (note_shapes(f.notes, smooth=5 * step, silence_rests=True)[::step] for f in (a, b))
    whole = [note_shapes(f.notes, smooth=5 * step)[::step] for f in (a, b)]
    return _Coarse(
        one @ two.T - CHANCE, whole[0] @ whole[1].T - CHANCE, one @ two[::-1].T - CHANCE, step
    )


def _with_rests(path: Local, coarse: _Coarse) -> Local:
    """Return the path by notes and rests, no longer than that by notes alone.

    Where music begins and ends is told by the rest about it, which by itself proves nothing.
    """
    edge = round(EDGE_S / coarse.step_s)
    first = max(0, path.ref[0] - edge), max(0, path.new[0] - edge)
    box = coarse.with_rests[first[0] : path.ref[-1] + edge + 1, first[1] : path.new[-1] + edge + 1]
    found = best_local(box)
    ref, new = found.ref + first[0], found.new + first[1]
    inside = (new >= path.new[0]) & (new <= path.new[-1])
    if inside.sum() < 2:
        return path
    off = np.interp(new[inside], path.new, path.ref) - ref[inside]
    if np.median(np.abs(off)) * coarse.step_s > ELSEWHERE_S:
        return path
    return Local(score=path.score, ref=ref[inside], new=new[inside])


def _proven(path: Local, by_chance: float, coarse: _Coarse) -> bool:
    if len(path.new) < 2:
        return False
    steps = (path.new[-1] - path.new[0] + path.ref[-1] - path.ref[0]) / 2 + 1
    return bool(
        path.score * coarse.step_s >= LEAST_SCORE_S
        and path.score >= LEAST_OVER_CHANCE * by_chance
        and path.score >= LEAST_MEAN * steps
    )


def _all_paths(coarse: _Coarse, best: Local, by_chance: float) -> list[Local]:
    """Return the best path, and those before and after it that are as sure."""
    before = coarse.likeness[: best.ref[0], : best.new[0]]
    after = coarse.likeness[best.ref[-1] + 1 :, best.new[-1] + 1 :]
    paths = [best]
    if min(before.shape) > 1:
        early = best_local(before)
        if _proven(early, by_chance, coarse):
            paths.insert(0, early)
    if min(after.shape) > 1:
        late = best_local(after)
        if _proven(late, by_chance, coarse):
            moved = Local(
                score=late.score,
                ref=late.ref + best.ref[-1] + 1,
                new=late.new + best.new[-1] + 1,
            )
            paths.append(moved)
    return paths


def _segments(
    curve: Curve, a: TempoFeature, b: TempoFeature, *, after: Segment | None
) -> list[Segment]:
    new_s = b.origin_s + FRAME_S * curve.new
    ref_s = a.origin_s + FRAME_S * curve.ref
    duration_s = float(b.clip.duration_s) or np.inf
    held = (new_s >= 0) & (new_s <= duration_s) & (ref_s >= 0)
    if after is not None:
        held &= (new_s >= after.knots[-1][0]) & (ref_s > after.knots[-1][1])
    for start_s, end_s in b.left_out_s:
        held &= (new_s < start_s) | (new_s > end_s)
    # What was left out parts the map.
    part = np.concatenate([[0], np.cumsum(np.diff(held.astype(int)) != 0)])
    segments = []
    for number in np.unique(part[held]):
        chosen = (part == number) & held
        if chosen.sum() >= 2:
            knots = tuple(zip(new_s[chosen].tolist(), ref_s[chosen].tolist(), strict=True))
            segments.append(Segment(knots, tuple(curve.std_s[chosen].tolist())))
    return segments


def _match(
    a: TempoFeature,
    b: TempoFeature,
    time_map: TimeMap,
    best: Local,
    second: Local,
    by_chance: float,
    coarse: _Coarse,
) -> Match:
    knots = np.array(time_map.longest.knots)
    even = np.linspace(knots[0, 0], knots[-1, 0], 200)
    values = np.interp(even, knots[:, 0], knots[:, 1])
    slope, offset_s = np.polyfit(even, values, 1)
    # The line is as unsure as the map, and as far as the map is from it.
    off_s = float(np.std(values - slope * even - offset_s))
    line_std_s = float(np.hypot(np.median(time_map.longest.std_s), off_s))
    plain = min(
        best.score * coarse.step_s / LEAST_SCORE_S,
        best.score / max(by_chance, 1e-9) / LEAST_OVER_CHANCE,
        MOST_SECOND * best.score / max(second.score, 1e-9),
    )
    return Match(
        a=a.clip.id,
        b=b.clip.id,
        signal=SIGNAL,
        offset_s=float(offset_s),
        drift_ppm=float((1.0 / slope - 1.0) * 1e6),
        offset_std_s=line_std_s,
        drift_std_ppm=2e6 * line_std_s / float(knots[-1, 0] - knots[0, 0]),
        pivot_s=float(knots[[0, -1], 0].mean()),
        confidence=float(min(CONFIDENCE, 0.8 + 0.8 * (plain - 1.0))),
        spans_s=tuple((s.knots[0][0], s.knots[-1][0]) for s in time_map.segments),
        time_map=time_map,
        details={
            "score_s": best.score * coarse.step_s,
            "over_chance": best.score / max(by_chance, 1e-9),
            "second": second.score / best.score,
        },
    )


def _refuse(a: TempoFeature, b: TempoFeature, code: str, reason: str) -> Refusal:
    return Refusal(a=a.clip.id, b=b.clip.id, signal=SIGNAL, code=code, reason=reason)
