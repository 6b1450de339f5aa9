"""From two clips' sound to an answer: the order in which things are tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clapless.model import CHECK_CONFIDENCE, SYNCED_CONFIDENCE, Match, Refusal
from clapless.signals.audio.answer import make_match, make_refusal, merge_spans
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.judge import glance
from clapless.signals.audio.jumps import Piece, find_pieces, jump_time_s, time_map
from clapless.signals.audio.orient import in_order, turned, turned_prior
from clapless.signals.audio.ranking import COMING_NEAR, Finding, hear_leads, is_proof, rank
from clapless.signals.audio.refine import Refined, refine
from clapless.signals.audio.search import Course, Lead, find_leads
from clapless.signals.audio.speeds import at_own_speed, with_speed
from clapless.signals.audio.waves import wave_leads
from clapless.signals.audio.windows import Excluded
from clapless.signals.base import Prior

LEADS = 8
"""Offsets by loudness that are listened to."""

PLAIN_Z = 8.0
PLAIN_SECOND_Z = 5.2
PLAIN_SECOND = 0.25
"""Height among the lags of loudness from which on a place may be beyond doubt, and what the next
lag may reach at most, or which share of it. Of music that repeats to the sample (18 pairs that
share no moment) the next lag reached 5.4 and a third at least; of talk it stayed below."""

PLAIN_SHARE = 0.75
PLAIN_CLARITY = 1.3
"""Share of agreeing windows and clarity of such a place."""

LOUD_LIKENESS = 10.0
"""Likeness of a place that is taken without hearing its rivals. Of 99 right answers that were taken
at once (seeds 84000 to 84149) 76 had more; sequenced music has been taken for another section at
1.3, a drum machine for another bar at 4.7."""

GLANCES = 4
"""Leads that are glanced at before a place is taken without hearing its rivals in full: sequenced
music and drum machines agree at other bars half as much as at a place, which is none."""

AMBIGUOUS = "ambiguous"
"""Code of a refusal because of rivals."""

TOO_LITTLE = "too little sound in common to prove a place"

FAR_PPM = (-160.0, -80.0, 80.0, 160.0)
"""Clocks tried for long pairs of which nothing was found: their peak is smeared else."""

FAR_FROM_S = 600.0
"""Overlaps that may be longer than this are long in that sense."""


def match_pair(
    a: AudioFeature, b: AudioFeature, *, prior: Prior, excluded: Excluded
) -> Match | Refusal:
    """Return where b lies on a's clock, or why that is not known.

    The speeds of the prior are tried in their order until one is proven, or fits at several places;
    the reason of a refusal is that of the first, or of the one that fits.
    """
    if not in_order(a, b):
        opposite = Excluded(a_s=excluded.b_s, b_s=excluded.a_s)
        return turned(match_pair(b, a, prior=turned_prior(prior), excluded=opposite))
    first: Refusal | None = None
    for speed in prior.speeds:
        if speed == 1:
            answer = _match_straight(a, b, prior=prior, excluded=excluded)
        else:
            rate = float(speed)
            own = Excluded(
                a_s=excluded.a_s,
                b_s=tuple((start / rate, end / rate) for start, end in excluded.b_s),
            )
            slowed = at_own_speed(b, speed)
            answer = _match_straight(a, slowed, prior=prior, excluded=own)
            slowed.forget()
        if isinstance(answer, Match) and first is None:
            return answer if speed == 1 else with_speed(answer, speed)
        if isinstance(answer, Match) and answer.confidence >= SYNCED_CONFIDENCE:
            # One of many tries has to be sure.
            return answer if speed == 1 else with_speed(answer, speed)
        if isinstance(answer, Refusal):
            if answer.code == AMBIGUOUS:
                # It fits at this speed, at more than one place: no other speed says which.
                return answer
            first = first or answer
    if first is None:
        raise ValueError("a prior needs a speed to try")
    return first


def _match_straight(
    a: AudioFeature, b: AudioFeature, *, prior: Prior, excluded: Excluded
) -> Match | Refusal:
    finding = locate(a, b, prior=prior, excluded=excluded)
    verdict, evidence = finding.verdict, finding.evidence
    if verdict is None or evidence is None or not is_proof(verdict):
        few = verdict is not None and verdict.share > 0.5 and verdict.likeness > 1.0
        reason = TOO_LITTLE if few else "no sound in common"
        return make_refusal(a, b, "no_match", reason, finding)
    if finding.confidence < CHECK_CONFIDENCE:
        code, reason = "no_match", TOO_LITTLE
        if evidence.rivalled:
            code, reason = AMBIGUOUS, "the same sound fits at several places as well"
        return make_refusal(a, b, code, reason, finding)
    return _measure(a, b, finding, prior)


def _measure(a: AudioFeature, b: AudioFeature, finding: Finding, prior: Prior) -> Match:
    """Return the match of a finding that is sure enough."""
    verdict = finding.verdict
    evidence = finding.evidence
    assert verdict is not None
    assert evidence is not None
    details: dict[str, object] = {"lead": evidence.lead, "may_repeat": evidence.may_repeat}
    pieces = find_pieces(a, b, verdict)
    if len(pieces) > 1:
        jumped = _measure_pieces(a, b, finding, pieces, prior, details)
        if jumped is not None:
            return jumped
    refined = refine(a, b, verdict, drift_ppm=prior.drift_ppm, drift_std_ppm=prior.drift_std_ppm)
    return make_match(a, b, verdict, refined, confidence=finding.confidence, details=details)


def _measure_pieces(
    a: AudioFeature,
    b: AudioFeature,
    finding: Finding,
    pieces: Sequence[Piece],
    prior: Prior,
    details: dict[str, object],
) -> Match | None:
    """Return a match with a time map; None where the pieces do not follow each other."""
    longest = max(pieces, key=lambda piece: piece.end_s - piece.start_s)
    main = refine(
        a, b, longest.verdict, drift_ppm=prior.drift_ppm, drift_std_ppm=prior.drift_std_ppm
    )
    # All pieces are of the same two clocks.
    drift_ppm = (1.0 / main.course.slope - 1.0) * 1e6
    drift_std_ppm = main.line.slope_std * 1e6
    refined: list[Refined] = [
        main
        if piece is longest
        else refine(a, b, piece.verdict, drift_ppm=drift_ppm, drift_std_ppm=drift_std_ppm)
        for piece in pieces
    ]
    jumps_s = [
        jump_time_s(
            a,
            b,
            refined[i].course,
            refined[i + 1].course,
            min(pieces[i].end_s, pieces[i + 1].start_s),
            max(pieces[i].end_s, pieces[i + 1].start_s),
        )
        for i in range(len(pieces) - 1)
    ]
    mapped = time_map(
        b.sound,
        [one.course for one in refined],
        jumps_s,
        [max(one.line.value_std, one.systematic_s) for one in refined],
    )
    if mapped is None:
        return None
    match = make_match(
        a,
        b,
        longest.verdict,
        main,
        confidence=finding.confidence,
        details={**details, "jumps_s": jumps_s},
    )
    spans = merge_spans([w.span_s for piece in pieces for w in piece.verdict.heard])
    return replace(match, time_map=mapped, spans_s=spans)


def locate(a: AudioFeature, b: AudioFeature, *, prior: Prior, excluded: Excluded) -> Finding:
    """Return the best place: by loudness first, by the samples themselves where that is open."""
    leads: list[Lead] = []
    if prior.offset_s is not None:
        leads.append(Lead(Course(prior.offset_s, 1.0 / (1.0 + prior.drift_ppm * 1e-6)), 0.0))
    if not prior.hard:
        leads += find_leads(a, b, count=LEADS)
    # The first lead alone settles most pairs; the others are heard where it does not.
    verdicts = hear_leads(a, b, leads[:1], excluded=excluded)
    finding = rank(a, b, verdicts)
    if prior.hard or (_is_plain(finding, leads) and _is_alone(a, b, finding, leads, excluded)):
        return finding
    verdicts = hear_leads(a, b, leads[1:], excluded=excluded, known=verdicts)
    finding = rank(a, b, verdicts)
    if _is_plain(finding, leads):
        return finding
    for more in (wave_leads(a, b), _far_leads(a, b, finding)):
        if more:
            verdicts = hear_leads(a, b, more, excluded=excluded, known=verdicts)
            finding = rank(a, b, verdicts)
    return finding


def _far_leads(a: AudioFeature, b: AudioFeature, finding: Finding) -> list[Lead]:
    """Return leads for clocks far apart, where two long clips showed nothing else."""
    if b.duration_s < FAR_FROM_S or finding.confidence >= CHECK_CONFIDENCE:
        return []
    leads = [
        lead for drift_ppm in FAR_PPM for lead in find_leads(a, b, count=3, drift_ppm=drift_ppm)
    ]
    return sorted(leads, key=lambda lead: -lead.z)[:LEADS]


def _is_alone(
    a: AudioFeature,
    b: AudioFeature,
    finding: Finding,
    leads: Sequence[Lead],
    excluded: Excluded,
) -> bool:
    """Return whether no rival of a plain place need be heard in full."""
    verdict = finding.verdict
    assert verdict is not None
    if verdict.likeness < LOUD_LIKENESS:
        return False
    seen = (glance(a, b, lead, excluded=excluded) for lead in leads[1 : 1 + GLANCES])
    least = COMING_NEAR * verdict.likeness
    return all(one is None or one.likeness < least for one in seen)


def _is_plain(finding: Finding, leads: Sequence[Lead]) -> bool:
    """Return whether a place is beyond doubt, so that no other need be looked for."""
    verdict = finding.verdict
    if verdict is None:
        return False
    second = max(PLAIN_SECOND_Z, PLAIN_SECOND * verdict.z)
    return (
        finding.confidence >= SYNCED_CONFIDENCE
        and all(lead.z <= second for lead in leads if lead.z != verdict.z)
        and verdict.z >= PLAIN_Z
        and verdict.share >= PLAIN_SHARE
        and verdict.clarity >= PLAIN_CLARITY
    )
