"""From two clips' sound to an answer: the order in which things are tried."""

from __future__ import annotations

from clapless.model import CHECK_CONFIDENCE, SYNCED_CONFIDENCE, Match, Refusal
from clapless.signals.audio.answer import make_match, make_refusal
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.ranking import Finding, hear_leads, is_serious, rank
from clapless.signals.audio.refine import refine
from clapless.signals.audio.search import Course, Lead, find_leads
from clapless.signals.audio.waves import wave_leads
from clapless.signals.audio.windows import Excluded
from clapless.signals.base import Prior

LEADS = 8
"""Offsets by loudness that are listened to."""

PLAIN_Z = 8.0
PLAIN_SHARE = 0.75
PLAIN_CLARITY = 1.3
"""Height among the lags of loudness, share of agreeing windows and clarity from which on a place is
beyond doubt where it was the only one; below, the samples are asked for rivals."""

TIE_LEAD = 0.12
"""A best place that does not beat every rival by this in the same windows is no proof."""


def match_pair(
    a: AudioFeature, b: AudioFeature, *, prior: Prior, excluded: Excluded
) -> Match | Refusal:
    """Return where b lies on a's clock, or why that is not known."""
    finding = locate(a, b, prior=prior, excluded=excluded)
    verdict, evidence = finding.verdict, finding.evidence
    if verdict is None or evidence is None or not is_serious(verdict):
        return make_refusal(a, b, "no_match", "no sound in common", finding)
    if evidence.lead < TIE_LEAD:
        return make_refusal(
            a, b, "ambiguous", "the same sound fits at several places as well", finding
        )
    if finding.confidence < CHECK_CONFIDENCE:
        return make_refusal(
            a, b, "no_match", "too little sound in common to prove a place", finding
        )
    refined = refine(a, b, verdict, drift_ppm=prior.drift_ppm, drift_std_ppm=prior.drift_std_ppm)
    return make_match(
        a, b, verdict, refined, confidence=finding.confidence, details={"lead": evidence.lead}
    )


def _is_plain(finding: Finding) -> bool:
    """Return whether a place is beyond doubt, so that no other need be looked for."""
    verdict = finding.verdict
    return (
        verdict is not None
        and finding.confidence >= SYNCED_CONFIDENCE
        and verdict.z >= PLAIN_Z
        and verdict.share >= PLAIN_SHARE
        and verdict.clarity >= PLAIN_CLARITY
    )


def locate(a: AudioFeature, b: AudioFeature, *, prior: Prior, excluded: Excluded) -> Finding:
    """Return the best place: by loudness first, by the samples themselves where that is open."""
    leads: list[Lead] = []
    if prior.offset_s is not None:
        leads.append(Lead(Course(prior.offset_s, 1.0 / (1.0 + prior.drift_ppm * 1e-6)), 0.0))
    if not prior.hard:
        leads += find_leads(a, b, count=LEADS)
    verdicts = hear_leads(a, b, leads, excluded=excluded)
    finding = rank(a, b, verdicts)
    if prior.hard or _is_plain(finding):
        return finding
    waves = wave_leads(a, b)
    if not waves:
        return finding
    return rank(a, b, hear_leads(a, b, waves, excluded=excluded, known=verdicts))
