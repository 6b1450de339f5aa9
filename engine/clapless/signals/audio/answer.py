"""Answers: a match with its error bar, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from clapless.model import Candidate, Match, Refusal
from clapless.signals.audio.claps import suggest_pins
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.judge import NOISE_HEIGHT, Verdict
from clapless.signals.audio.ranking import Finding
from clapless.signals.audio.refine import Refined
from clapless.signals.audio.search import Course

SHOWN = 3
"""Candidates of a refusal."""


def make_match(
    a: AudioFeature,
    b: AudioFeature,
    verdict: Verdict,
    refined: Refined,
    *,
    confidence: float,
    details: dict[str, object],
) -> Match:
    """Return the match that a refined verdict means."""
    course = refined.course
    windows = verdict.heard
    agreeing = [w for w, use in zip(windows, verdict.agreeing, strict=True) if use]
    return Match(
        a=a.clip.id,
        b=b.clip.id,
        signal="audio",
        offset_s=course.offset_s,
        drift_ppm=drift_ppm(course),
        speed=Fraction(1),
        offset_std_s=float(np.hypot(refined.line.value_std, refined.systematic_s)),
        drift_std_ppm=refined.line.slope_std * 1e6,
        pivot_s=refined.line.pivot,
        confidence=confidence,
        spans_s=merge_spans([w.span_s for w in agreeing]),
        details={
            "windows": len(windows),
            "windows_agreeing": len(agreeing),
            "log10_chance": verdict.log10_chance,
            "stack_z": verdict.stack_z,
            "clarity": verdict.clarity,
            "likeness": verdict.likeness,
            "polarity": verdict.polarity,
            "channel_a": f"{a.stream}:{a.channel}",
            "channel_b": f"{b.stream}:{b.channel}",
            "window_t_s": [w.time_s for w in windows],
            "window_residual_s": [
                verdict.along.to_a(w.time_s) + w.delays_s[0] - course.to_a(w.time_s)
                for w in windows
            ],
            "window_weight": [max(0.0, abs(w.heights[0]) - NOISE_HEIGHT) for w in windows],
            **details,
        },
    )


def make_refusal(
    a: AudioFeature, b: AudioFeature, code: str, reason: str, finding: Finding | None = None
) -> Refusal:
    """Return a refusal with the places that were considered and claps that might be one."""
    places: list[Verdict] = []
    if finding is not None and finding.verdict is not None:
        places = [finding.verdict, *finding.rivals]
    return Refusal(
        a=a.clip.id,
        b=b.clip.id,
        signal="audio",
        code=code,
        reason=reason,
        candidates=tuple(
            Candidate(
                a=a.clip.id,
                offset_s=one.course.offset_s,
                drift_ppm=drift_ppm(one.course),
                confidence=finding.confidence if finding and one is finding.verdict else 0.0,
                score=one.likeness,
            )
            for one in places[:SHOWN]
        ),
        suggested_pins=suggest_pins(a, b),
    )


def drift_ppm(course: Course) -> float:
    """Return how fast b's clock is, in parts per million, on a course."""
    return (1.0 / course.slope - 1.0) * 1e6


def merge_spans(spans: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return spans joined where they touch or overlap, in rising order.

    >>> merge_spans([(4.0, 6.0), (0.0, 2.0), (1.0, 3.0)])
    ((0.0, 3.0), (4.0, 6.0))
    """
    merged: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
