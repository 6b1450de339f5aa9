"""Whether two movements prove one moment: gyroscope and accelerometer, judged apart.

Conventions
-----------
Each sensor names places of its own; each place is then measured with both. Evidence of the sensors
adds up where they mean the same place. A sensor that moves but does not agree there speaks against
the place: rigid mounting moves both alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clapless.numerics.evidence import logistic
from clapless.numerics.motion import APART_S, Place, search
from clapless.numerics.motion_fit import Alignment, refine
from clapless.numerics.movement import Prepared
from clapless.numerics.rotations import angle_between_deg

PLACES = 4
"""Places per sensor that are measured finely."""

SAME_S = 0.02
"""Two sensors mean one place if they are this close, beyond their own errors."""

NEAR_S = 0.01
"""Seeds closer than this lead to the same place."""

SAME_DEG = 30.0
"""Rotations of gyroscope and accelerometer may differ by this much; both are of one mounting."""

PROVEN = 11.0
"""Evidence in nats at which a place is as likely right as wrong. Of 1,500 pairs of slices without a
common moment (benchmark ``motion_accuracy``) the best had 11.7, with a rival close behind, nine in
ten less than 5; true places of 3 s have 25 and more on cameras that move."""

WIDTH = 1.5
"""Nats over which the odds of being right grow by a factor e: on the careful side."""

LEAD = 4.0
"""Nats by which the best place must lead any other to be as likely right as wrong."""

WINDOW_SHARE = 0.35
"""Least share of windows on the line, where there are six or more."""

PERIODIC_AGREEMENT = 0.6
"""A rival at another time that agrees by this much means that the movement repeats itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One place and what each sensor says of it.

    Parameters
    ----------
    at_s, middle_s
        Where b's time `middle_s` lies on a's clock.
    by_sensor
        What each sensor measures there.
    evidence
        Of all sensors together, in nats.
    against
        Names of sensors that move there but do not agree.
    """

    at_s: float
    middle_s: float
    by_sensor: Mapping[str, Alignment]
    evidence: float
    against: tuple[str, ...] = ()

    @property
    def finest(self) -> str:
        """Name of the sensor that measures it most finely."""
        return min(self.by_sensor, key=lambda name: self.by_sensor[name].line.value_std)

    @property
    def best(self) -> Alignment:
        """What the finest sensor measures."""
        return self.by_sensor[self.finest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Places, best first, how probable the first is, and why it is not accepted ('' = it is)."""

    places: tuple[Judged, ...]
    confidence: float
    code: str = ""


def judge(
    a: Mapping[str, Prepared],
    b: Mapping[str, Prepared],
    *,
    slope_prior: float,
    slope_prior_std: float,
    near_s: tuple[float, float] | None = None,
    only_near: bool = False,
) -> Verdict:
    """Return where b may lie in a.

    Parameters
    ----------
    a, b
        Prepared movements by sensor; only sensors that both have are used.
    slope_prior, slope_prior_std
        Belief about the slope of the line ``t_a - t_b``.
    near_s
        Believed offset of b's time 0 and its standard deviation.
    only_near
        Look nowhere else.
    """
    shared = [name for name in a if name in b]
    seeds = [] if near_s is None else [Place(offset_s=near_s[0], evidence=0.0, agreement=0.0)]
    for name in shared:
        seeds += search(a[name], b[name], count=PLACES)
    if near_s is not None and only_near:
        reach_s = max(4 * near_s[1], 0.05)
        seeds = [seed for seed in seeds if abs(_offset_s(seed) - near_s[0]) <= reach_s]
    judged: list[Judged] = []
    seen: list[float] = []
    for seed in sorted(seeds, key=lambda place: -place.evidence):
        if any(abs(_offset_s(seed) - other) < NEAR_S for other in seen):
            continue
        seen.append(_offset_s(seed))
        place = _measure(a, b, shared, seed, slope_prior, slope_prior_std)
        if place is not None and not _known(place, judged):
            judged.append(place)
    judged.sort(key=lambda place: -place.evidence)
    return _verdict(judged)


def _offset_s(place: Place) -> float:
    return place.offset_s - place.slope * place.pivot_s


def _known(place: Judged, others: list[Judged]) -> bool:
    line = place.best.line
    for other in others:
        there_s = other.middle_s + float(line.at(other.middle_s))
        if abs(there_s - other.at_s) < SAME_S:
            return True
    return False


def _measure(
    a: Mapping[str, Prepared],
    b: Mapping[str, Prepared],
    shared: list[str],
    seed: Place,
    slope_prior: float,
    slope_prior_std: float,
) -> Judged | None:
    """Measure one place with every sensor."""
    found: dict[str, Alignment] = {}
    for name in shared:
        alignment = refine(
            a[name], b[name], seed, slope_prior=slope_prior, slope_prior_std=slope_prior_std
        )
        if alignment is not None:
            found[name] = alignment
    if not found:
        return None
    leader = max(found, key=lambda name: found[name].evidence)
    best = found[leader]
    middle_s = (best.span_s[0] + best.span_s[1]) / 2
    at_s = middle_s + float(best.line.at(middle_s))
    agreeing = {leader: best}
    against: list[str] = []
    for name in shared:
        if name == leader:
            continue
        if name in found and _same(found[name], best, middle_s):
            agreeing[name] = found[name]
        elif min(a[name].lively, b[name].lively) > 0.5:
            against.append(name)
    return Judged(
        at_s=at_s,
        middle_s=middle_s,
        by_sensor=agreeing,
        evidence=sum(alignment.evidence for alignment in agreeing.values()),
        against=tuple(against),
    )


def _same(one: Alignment, other: Alignment, middle_s: float) -> bool:
    apart_s = abs(float(one.line.at(middle_s)) - float(other.line.at(middle_s)))
    error_s = np.hypot(one.line.value_std, other.line.value_std)
    if apart_s > SAME_S + 3 * error_s:
        return False
    turned_deg = angle_between_deg(one.rotation, other.rotation)
    return turned_deg <= SAME_DEG or min(one.evidence, other.evidence) < PROVEN


def _verdict(judged: list[Judged]) -> Verdict:
    if not judged:
        return Verdict(places=(), confidence=0.0, code="no_match")
    best = judged[0]
    rivals = [other for other in judged[1:] if abs(_at(other, best.middle_s) - best.at_s) > APART_S]
    rival = max((other.evidence for other in rivals), default=0.0)
    chance = logistic((best.evidence - PROVEN) / WIDTH)
    chance *= logistic((best.evidence - rival - LEAD) / WIDTH)
    code = ""
    alignment = best.best
    if alignment.windows >= 6 and alignment.agreeing < WINDOW_SHARE:
        chance, code = min(chance, 0.4), "no_match"
    if best.against and best.evidence < 3 * PROVEN:
        chance = min(chance, 0.4)
    if chance < 0.5 and not code:
        repeats = max((other.best.agreement for other in rivals), default=0.0)
        close = rival > 0.6 * best.evidence
        periodic = close and min(repeats, alignment.agreement) > PERIODIC_AGREEMENT
        code = "periodic" if periodic else ("ambiguous" if best.evidence > PROVEN else "no_match")
    return Verdict(places=tuple(judged), confidence=chance, code=code if chance < 0.5 else "")


def _at(place: Judged, t_b_s: float) -> float:
    return t_b_s + float(place.best.line.at(t_b_s))
