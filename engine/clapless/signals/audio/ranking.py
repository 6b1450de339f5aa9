"""The best place for a pair among all leads, and how far it stands above the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clapless.signals.audio.confidence import Evidence, confidence_of
from clapless.signals.audio.contest import LEAST, Contest, contest
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.judge import Verdict, judge
from clapless.signals.audio.repeats import LEAST_LAG_S, self_lead
from clapless.signals.audio.search import Lead
from clapless.signals.audio.windows import NOTHING, Excluded

SURE_LEADS = 2
"""So many leads are listened to in full whatever a first look says."""

SERIOUS_LOG10 = -3.0
"""Agreement rarer than this makes a place a serious one."""

LEAST_AGREEING = 3
"""Fewer windows than this agree by chance."""

LEAST_CLARITY = 1.0
"""The agreed delay has to be the highest of the stacked curve: hum agrees with itself anywhere."""

SERIOUS_Z = 7.0
SUPPORTED_LOG10 = -0.8
"""So does a stacked curve higher than this, if windows agree by themselves as rarely as that."""

PROVING = 4
STACK_PROVING = 5
"""Windows that have to agree where they prove a place, and where the stacked curve does: they
overlap by half, so that three may share one held note."""

PROVING_Z = 6.0
PROVING_LIKENESS = 0.5
"""They rise above the noise one by one, or all together: hum and chance agree low and add up to
little. (Of 496 right answers of drawn pairs none was below both.)"""

RIVALS = 6
"""Serious rivals that the best place has to beat, of twice as many that are looked at."""

PLAIN_LEAD = 0.75
"""A rival this much weaker in all (a seventh of the likeness) needs no contest."""

UNHELD = 3
"""Rivals that could not be heard in the same windows are held against so many others."""

UNHELD_LEAD = 0.35
UNHELD_T = 3.5
"""Lead in likeness with which a place is no tie with a rival that could not be heard in the same
windows, and what such a lead counts for."""

COMING_NEAR = 0.3
"""A place that reaches this share of the likeness of the best one is its rival, however little
speaks for it. Of 92 right answers (seeds 84000 to 84099) none had a rival above 0.14;
at wrong places of a drum machine rivals come as near as 1."""

STANDS_OUT = 0.2
"""A rival that leads all others by this is as good a place as the best one; so is one that the best
does not lead by this, where no window can be heard at both."""

BEATEN = -0.12
BEATEN_T = 3.0
"""A best place that loses a contest by this, as surely, is replaced by the winner."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """The best place for a pair and what speaks for it.

    Parameters
    ----------
    verdict
        Of the best place, None where nothing was heard at all.
    rivals
        Other places, best first.
    evidence
        For the best place, None where there is none.
    """

    verdict: Verdict | None
    rivals: tuple[Verdict, ...] = ()
    evidence: Evidence | None = None

    @property
    def confidence(self) -> float:
        """Probability that the best place is the true one."""
        return confidence_of(self.evidence) if self.evidence else 0.0


def hear_leads(
    a: AudioFeature,
    b: AudioFeature,
    leads: Sequence[Lead],
    *,
    excluded: Excluded = NOTHING,
    known: Sequence[Verdict] = (),
) -> list[Verdict]:
    """Return what the windows say of each lead, with what is known already; places differ."""
    verdicts = list(known)
    for number, lead in enumerate(leads):
        if any(_near(lead, verdict) for verdict in verdicts if is_serious(verdict)):
            continue
        first_look = number + len(known) >= SURE_LEADS
        verdict = judge(a, b, lead, excluded=excluded, first_look=first_look)
        if verdict is None:
            continue
        same = next((one for one in verdicts if one.same_place(verdict)), None)
        if same is None:
            verdicts.append(verdict)
        elif verdict.log10_chance < same.log10_chance:
            verdicts[verdicts.index(same)] = verdict
    return verdicts


def _near(lead: Lead, verdict: Verdict) -> bool:
    middle = float(verdict.times_s.mean())
    return abs(lead.course.to_a(middle) - verdict.course.to_a(middle)) < 0.03


def is_serious(verdict: Verdict) -> bool:
    """Return whether a place has agreement that chance seldom gives."""
    if int(verdict.agreeing.sum()) < LEAST_AGREEING or verdict.clarity < LEAST_CLARITY:
        return False
    if verdict.log10_chance < SERIOUS_LOG10:
        return True
    return verdict.stack_z > SERIOUS_Z and verdict.log10_chance < SUPPORTED_LOG10


def _rivals(best: Verdict, others: Sequence[Verdict]) -> list[Verdict]:
    """Return places that may be the true one in place of the best.

    What speaks against an answer needs less than what speaks for one: blows that all bars share add
    up to a peak where no window shows them by itself, and a few windows of a first look show too
    few of them, though as loud as the best place has its own.
    """
    return [
        one
        for one in others
        if is_serious(one)
        or (one.stack_z > SERIOUS_Z and one.clarity >= LEAST_CLARITY)
        or one.likeness >= COMING_NEAR * best.likeness
    ]


def is_proof(verdict: Verdict) -> bool:
    """Return whether a place has agreement of enough sound to be an answer, not only a rival."""
    rare = verdict.log10_chance < SERIOUS_LOG10
    least = PROVING if rare else STACK_PROVING
    high = verdict.stack_z > PROVING_Z or verdict.likeness > PROVING_LIKENESS
    return high and int(verdict.agreeing.sum()) >= least and is_serious(verdict)


def rank(a: AudioFeature, b: AudioFeature, verdicts: Sequence[Verdict]) -> Finding:
    """Return the best of the places, held against every serious rival."""
    if not verdicts:
        return Finding(None)
    order = sorted(verdicts, key=lambda one: (not is_serious(one), -one.likeness))
    best, others = order[0], order[1:]
    margin, loser_to = _against(a, b, best, others)
    if loser_to is not None:
        others = [best, *(one for one in others if one is not loser_to)]
        best = loser_to
        margin, _ = _against(a, b, best, others)
    rivals = _rivals(best, others)
    own = 0.0
    if margin.lead < 1.0 and is_serious(best):
        own = 0.5 * sum(self_lead(one, best, rivals) for one in (a, b))
    evidence = Evidence(
        log10_chance=best.log10_chance,
        stack_z=best.stack_z,
        clarity=best.clarity,
        share=best.share,
        windows=best.effective,
        lead=margin.lead,
        lead_t=margin.t,
        tied=margin.tied,
        own=own,
        other_bar=any(best.apart_s(one) > LEAST_LAG_S for one in rivals),
        longest_s=max(a.duration_s, b.duration_s),
    )
    return Finding(best, tuple(others), evidence)


def _against(
    a: AudioFeature, b: AudioFeature, best: Verdict, others: Sequence[Verdict]
) -> tuple[Contest, Verdict | None]:
    """Return the closest contest with a serious rival, and a rival that wins, if one does.

    Places that no window could be heard at both are compared by likeness in all, which depends on
    what is played there; that counts only where no contest was held.
    """
    held: list[Contest] = []
    unheld: list[Verdict] = []
    for rival in _rivals(best, others)[: 2 * RIVALS]:
        if len(held) == RIVALS:
            break
        if _plain_lead(best, rival) > PLAIN_LEAD:
            continue
        outcome = contest(a, b, best, rival)
        if outcome.windows < LEAST:
            unheld.append(rival)
            continue
        if outcome.lead < BEATEN and outcome.t < -BEATEN_T:
            return outcome, rival
        held.append(outcome)
    if held and any(_is_as_good(a, b, one, best, others) for one in unheld[:UNHELD]):
        return Contest(0.0, 0.0, 0.0, 0), None
    if held:
        closest = min(held, key=lambda one: one.lead)
        return replace(closest, tied=max(one.tied for one in held)), None
    if unheld:
        plain = min(_plain_lead(best, one) for one in unheld)
        return Contest(plain, UNHELD_T if plain > UNHELD_LEAD else 0.0, 0.0, 0), None
    return Contest(1.0, 99.0, 0.0, 0), None


def _plain_lead(best: Verdict, rival: Verdict) -> float:
    return (best.likeness - rival.likeness) / (best.likeness + rival.likeness + 1e-9)


def _is_as_good(
    a: AudioFeature, b: AudioFeature, rival: Verdict, best: Verdict, others: Sequence[Verdict]
) -> bool:
    """Return whether either of two places may be a repeat of the other.

    They are all but as alike, or the rival beats the others as a true place does.
    """
    plain = _plain_lead(best, rival)
    if plain < STANDS_OUT:
        return True
    if plain > UNHELD_LEAD:
        return False
    third = [one for one in _rivals(best, others) if one is not rival][:UNHELD]
    results = [contest(a, b, rival, one) for one in third]
    held = [one for one in results if one.windows >= LEAST]
    return bool(held) and all(one.lead > STANDS_OUT for one in held)
