"""Whether a picture's shake and a turning prove one moment.

Conventions
-----------
The known turning (a gyroscope, or another camera's picture) takes the place of a, the picture that
of b: ``t_known = t_picture + line(t_picture)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from clapless.numerics.evidence import logistic
from clapless.numerics.lines import Line
from clapless.numerics.motion import APART_S, Place, search
from clapless.numerics.motion_fit import Alignment, refine
from clapless.numerics.shake_evidence import energy_agreement
from clapless.numerics.shake_fit import ShakeFit, ShakePairs, Turned, fit_shake
from clapless.signals.shake.feature import ShakeFeature, band_hz

PLACES = 5
"""Places that are measured finely."""

NEAR_S = 0.02
"""Places closer than this are one."""

SHORTEST_S = 4.0
"""Overlaps shorter than this are not looked at: 120 frames."""

PROVEN = 14.0
"""Evidence in nats at which a place is as likely right as wrong."""

WIDTH = 2.0
"""Nats over which the odds of being right grow by a factor e."""

LEAD = 5.0
"""Nats by which the best place must lead any other to be as likely right as wrong."""

EXPLAINED, EXPLAINED_WIDTH = 0.5, 0.05
"""Share of the picture's turning that the other explains at which a place is as likely right as
wrong, and over which the odds grow by e."""

WINDOW_SHARE = 0.35
"""Least share of windows on the line, where there are six or more."""

PERIODIC_AGREEMENT = 0.6
"""A rival at another time that agrees by this much means that the movement repeats itself."""

CALM = 0.15
"""Least share of the time in which both must move clearly."""

ONE_TURN, ONE_TURN_RIVAL, ONE_TURN_S = 0.97, 0.8, 8.0
"""A camera that rests but for one turn has little evidence however well it fits: such an overlap,
this long, is worth a look (`ONE_TURN_CONFIDENCE`) where the energy of both agrees by the first and
that of every rival by less than the second. A hovering drone has 0.99 and a rival of 0.73; of 107
pairs of real slices without a common moment none had more than 0.51, of 60 simulated pairs of
cameras that turned once or twice each one had 0.95, the next 0.90."""

ONE_TURN_CONFIDENCE = 0.6

Kind = Literal["gyroscope", "picture"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place and all that is measured there; `energy` is how far the energy of both agrees."""

    alignment: Alignment
    fit: ShakeFit
    energy: float

    @property
    def middle_s(self) -> float:
        """Middle of the overlap in the picture's time."""
        return (self.alignment.span_s[0] + self.alignment.span_s[1]) / 2

    @property
    def evidence(self) -> float:
        """In nats."""
        return self.alignment.evidence

    def at(self, picture_s: float) -> float:
        """Return the known turning's time at a time of the picture."""
        return picture_s + float(self.fit.line.at(picture_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Places, best first, how probable the first is, and why it is not accepted ('' = it is)."""

    places: tuple[Found, ...]
    confidence: float
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """What is believed beforehand: drift, as the slope of ``t_known - t_picture``, and place."""

    slope: float = 0.0
    slope_std: float = 3e-5
    near_s: tuple[float, float] | None = None
    only_near: bool = False


def judge(
    known: ShakeFeature,
    kind: Kind,
    picture: ShakeFeature,
    belief: Belief,
    *,
    given_s: float | None = None,
) -> Verdict:
    """Return where a picture may lie in the turning of another clip.

    Parameters
    ----------
    known
        The other clip.
    kind
        What of it: its gyroscope, or its picture.
    picture
        The clip whose picture it is.
    belief
        What is believed beforehand; `near_s` is the offset of the picture's time 0 with its
        standard deviation.
    given_s
        The picture's readout where it is known, not negative.
    """
    assert picture.pairs is not None
    step_s = picture.pairs.step_s
    if kind == "picture":
        assert known.pairs is not None
        fastest_hz = band_hz(step_s, known.pairs.step_s)
        one = known.seen(fastest_hz)
    else:
        fastest_hz = band_hz(step_s)
        one = known.felt(fastest_hz, step_s)
    other = picture.seen(fastest_hz)
    if min(one.lively, other.lively) < CALM:
        return Verdict(places=(), confidence=0.0, code="too_calm")
    seeds: list[Place] = []
    if belief.near_s is not None:
        seeds.append(Place(offset_s=belief.near_s[0], evidence=0.0, agreement=0.0))
    seeds += search(one, other, count=PLACES, shortest_s=SHORTEST_S)
    if belief.near_s is not None and belief.only_near:
        reach_s = max(4 * belief.near_s[1], 0.05)
        seeds = [seed for seed in seeds if abs(_offset_s(seed) - belief.near_s[0]) <= reach_s]
    found: list[Found] = []
    for seed in sorted(seeds, key=lambda place: -place.evidence):
        alignment = refine(
            one, other, seed, slope_prior=belief.slope, slope_prior_std=belief.slope_std
        )
        if alignment is None or _is_known(alignment, found):
            continue
        fit = _fitted(known.turned(kind), picture.pairs, alignment.line, belief, given_s)
        if fit is not None:
            energy = energy_agreement(one, other, alignment.line)
            found.append(Found(alignment=alignment, fit=fit, energy=energy))
    found.sort(key=lambda place: -place.evidence)
    return _verdict(found, step_s)


def _fitted(
    known: Turned, pairs: ShakePairs, start: Line, belief: Belief, given_s: float | None
) -> ShakeFit | None:
    """Measure a place exactly; a readout that is given keeps the direction that is measured."""

    def fitted(readout_s: float | None) -> ShakeFit | None:
        return fit_shake(
            pairs,
            known,
            start,
            slope_prior=belief.slope,
            slope_prior_std=belief.slope_std,
            readout_s=readout_s,
        )

    free = fitted(None)
    if free is None or given_s is None:
        return free
    return fitted(math.copysign(given_s, free.readout_s))


def _offset_s(place: Place) -> float:
    return place.offset_s - place.slope * place.pivot_s


def _is_known(alignment: Alignment, found: list[Found]) -> bool:
    at_s = (alignment.span_s[0] + alignment.span_s[1]) / 2
    line: Line = alignment.line
    return any(
        abs(float(line.at(at_s)) - float(other.alignment.line.at(at_s))) < NEAR_S for other in found
    )


def _verdict(found: list[Found], step_s: float) -> Verdict:
    if not found:
        return Verdict(places=(), confidence=0.0, code="no_match")
    best = found[0]
    alignment = best.alignment
    rivals = [
        other
        for other in found[1:]
        if abs(other.at(best.middle_s) - best.at(best.middle_s)) > APART_S
    ]
    rival = max((other.evidence for other in rivals), default=0.0)
    chance = logistic((best.evidence - PROVEN) / WIDTH)
    chance *= logistic((best.evidence - rival - LEAD) / WIDTH)
    chance *= logistic((best.fit.agreement - EXPLAINED) / EXPLAINED_WIDTH)
    code = ""
    if alignment.windows >= 6 and alignment.agreeing < WINDOW_SHARE:
        chance, code = min(chance, 0.4), "no_match"
    span_s = alignment.span_s[1] - alignment.span_s[0]
    one_turn = best.energy > ONE_TURN and span_s >= ONE_TURN_S and not code
    if one_turn and all(other.energy < ONE_TURN_RIVAL for other in rivals):
        chance = max(chance, ONE_TURN_CONFIDENCE)
    moved_s = abs(float(best.fit.line.at(best.middle_s)) - float(alignment.line.at(best.middle_s)))
    if moved_s > step_s:
        # The exact fit ran away from where the movements agree.
        chance = min(chance, 0.4)
    if chance < 0.5 and not code:
        repeats = max((other.alignment.agreement for other in rivals), default=0.0)
        close = rival > 0.6 * best.evidence
        periodic = close and min(repeats, alignment.agreement) > PERIODIC_AGREEMENT
        code = "periodic" if periodic else "no_match"
    return Verdict(places=tuple(found), confidence=chance, code=code if chance < 0.5 else "")
