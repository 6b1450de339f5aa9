"""From two clips' sound to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from clapless.model import CHECK_CONFIDENCE, Candidate, Match, Refusal
from clapless.signals.audio.confidence import Evidence, confidence_of
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.judge import Verdict, judge
from clapless.signals.audio.refine import Refined, refine
from clapless.signals.audio.search import Course, Lead, find_leads
from clapless.signals.base import Prior, Spans

LEADS = 16
"""Offsets that are listened to."""

SAME_S = 0.02
"""Two answers closer than this are the same."""

TIE = 0.85
"""Another place this strong beside the best one is a tie."""

LEAST_DECADES = 4.0
"""Agreement less surprising than this is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """The best place for a pair and what speaks for it.

    Parameters
    ----------
    verdict
        Of the best place, None where nothing was heard at all.
    rivals
        Other places with agreement, best first.
    evidence
        For the best place.
    """

    verdict: Verdict | None
    rivals: tuple[Verdict, ...]
    evidence: Evidence | None

    @property
    def confidence(self) -> float:
        """Probability that the best place is the true one."""
        return confidence_of(self.evidence) if self.evidence else 0.0


def search(
    a: AudioFeature, b: AudioFeature, leads: Sequence[Lead], *, excluded_b_s: Spans = ()
) -> Finding:
    """Listen to leads and weigh the best against the rest."""
    verdicts: list[Verdict] = []
    for lead in leads:
        verdict = judge(a, b, lead, excluded_b_s=excluded_b_s)
        if verdict is not None:
            verdicts.append(verdict)
    verdicts.sort(key=lambda one: (-(one.log10_chance < -LEAST_DECADES), -one.strength))
    if not verdicts:
        return Finding(None, (), None)
    best = verdicts[0]
    rivals = tuple(one for one in verdicts[1:] if not _same(one, best))
    counted = [one.strength for one in rivals if one.log10_chance < -LEAST_DECADES / 2.0]
    evidence = Evidence(
        log10_chance=best.log10_chance,
        share=best.share,
        strength=best.strength,
        rival=max(counted, default=0.0) / max(best.strength, 1e-9),
        windows=best.effective,
    )
    return Finding(best, rivals, evidence)


def _same(one: Verdict, other: Verdict) -> bool:
    times = other.times_s
    middle = float(np.mean(times))
    return abs(one.course.to_a(middle) - other.course.to_a(middle)) < SAME_S


def match_pair(
    a: AudioFeature, b: AudioFeature, *, prior: Prior, exclude_spans: Spans = ()
) -> Match | Refusal:
    """Return where b lies on a's clock, or why that is not known."""
    leads = find_leads(a, b, count=LEADS)
    if prior.offset_s is not None:
        course = Course(prior.offset_s, 1.0 / (1.0 + prior.drift_ppm * 1e-6))
        leads = [Lead(course, 0.0), *([] if prior.hard else leads)]
    finding = search(a, b, leads, excluded_b_s=exclude_spans)
    if finding.verdict is None or finding.evidence is None:
        return _refuse(a, b, finding, "no_match", "no sound in common")
    if finding.evidence.log10_chance > -LEAST_DECADES:
        return _refuse(a, b, finding, "no_match", "no sound in common")
    if finding.evidence.rival > TIE:
        return _refuse(
            a, b, finding, "ambiguous", "the same sound occurs at several places that fit as well"
        )
    if finding.confidence < CHECK_CONFIDENCE:
        return _refuse(a, b, finding, "no_match", "too little sound in common to prove a place")
    refined = refine(
        a, b, finding.verdict, drift_ppm=prior.drift_ppm, drift_std_ppm=prior.drift_std_ppm
    )
    return _answer(a, b, finding, finding.verdict, refined, finding.evidence)


def _answer(
    a: AudioFeature,
    b: AudioFeature,
    finding: Finding,
    verdict: Verdict,
    refined: Refined,
    evidence: Evidence,
) -> Match:
    course = refined.course
    agreeing = [window for window, use in zip(verdict.heard, verdict.agreeing, strict=True) if use]
    spans = merge_spans(
        [(w.time_s - w.length_s / 2.0, w.time_s + w.length_s / 2.0) for w in agreeing]
    )
    return Match(
        a=a.clip.id,
        b=b.clip.id,
        signal="audio",
        offset_s=course.offset_s,
        drift_ppm=(1.0 / course.slope - 1.0) * 1e6,
        speed=Fraction(1),
        offset_std_s=float(np.hypot(refined.line.value_std, refined.systematic_s)),
        drift_std_ppm=refined.line.slope_std * 1e6,
        pivot_s=refined.line.pivot,
        confidence=finding.confidence,
        spans_s=spans,
        details={
            "windows": len(verdict.heard),
            "windows_agreeing": int(verdict.agreeing.sum()),
            "log10_chance": evidence.log10_chance,
            "strength": evidence.strength,
            "rival": evidence.rival,
            "polarity": verdict.polarity,
            "window_t_s": [w.time_s for w in verdict.heard],
            "window_residual_s": _residuals(verdict, course),
            "window_weight": [max(0.0, abs(w.heights[0]) - 4.0) for w in verdict.heard],
        },
    )


def _residuals(verdict: Verdict, course: Course) -> list[float]:
    """Strongest delay of each window against the answer, in seconds."""
    return [
        verdict.along.to_a(window.time_s) + window.delays_s[0] - course.to_a(window.time_s)
        for window in verdict.heard
    ]


def _refuse(a: AudioFeature, b: AudioFeature, finding: Finding, code: str, reason: str) -> Refusal:
    places = [one for one in (finding.verdict, *finding.rivals) if one is not None]
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
                drift_ppm=(1.0 / one.course.slope - 1.0) * 1e6,
                score=one.strength,
            )
            for one in places[:3]
        ),
    )


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
