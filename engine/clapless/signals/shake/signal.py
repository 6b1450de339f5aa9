"""The signal: what the rest of Clapless knows of matching by shake."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import ClassVar

import numpy as np

from clapless.model import Candidate, Clip, Match, Refusal, inverse
from clapless.numerics.movement import band_passed, strength_of
from clapless.numerics.shake_fit import fit_shake
from clapless.signals.base import Arrays, Cost, Prior, Proves, SignalSettings, Spans
from clapless.signals.shake.answer import Readout, answer, settled_readout, spans_left
from clapless.signals.shake.extractor import STABILISED, ShakeExtractor
from clapless.signals.shake.feature import ShakeFeature, band_hz
from clapless.signals.shake.judge import Belief, Kind, Verdict, judge

REASONS = {
    "no_match": "no shake in common",
    "ambiguous": "what both felt and what both saw contradict each other",
    "periodic": "the shake repeats itself and fits at several places",
    "too_calm": "the cameras hardly move",
    "too_short": "too little of the pictures can be compared",
    "featureless": "nothing in the pictures can be followed",
    "no_picture": "neither picture can be compared with the other clip",
    "stabilised": "a picture is stabilised: it turns far less than the gyroscope",
}
"""Why there is no match, for people."""

FAR_CALMER = "a picture turns far less than the gyroscope: it is stabilised, or not of the same rig"
"""The same where only another clip's gyroscope says so."""

CANDIDATES = 3
"""Places named in a refusal."""

SAME_S = 0.05
"""Two ways to compare two clips mean one place if they are this close, beyond their errors."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to compare two clips: whose turning is taken as known, and by what."""

    known: ShakeFeature
    kind: Kind
    picture: ShakeFeature
    turned: bool


@dataclass(frozen=True)
class ShakeSignal:
    """Matches clips of cameras on one rigid body, of which one at least shows it by its picture.

    Parameters
    ----------
    readouts_s
        Readout of cameras, by device or clip id, in seconds from the first row to the last.
    """

    name: ClassVar[str] = "shake"
    version: ClassVar[int] = 1
    proves: ClassVar[Proves] = "moment"
    cost: ClassVar[Cost] = "pictures"

    readouts_s: Mapping[str, float] = field(default_factory=dict)

    def configured(self, settings: SignalSettings) -> ShakeSignal:
        """Return the signal with the user's readouts."""
        return replace(self, readouts_s=settings.readouts_s)

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has pictures."""
        return clip.kind == "video"

    def extractor(self, clip: Clip) -> ShakeExtractor:
        """Return an empty extractor for the clip."""
        return ShakeExtractor(clip)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> ShakeFeature:
        """Return the feature again that `ShakeFeature.to_arrays` wrote."""
        return ShakeFeature.from_arrays(clip, arrays)

    def candidates(self, features: Mapping[str, ShakeFeature]) -> Iterable[tuple[str, str]]:
        """Return pairs of clip ids worth trying: all."""
        return list(combinations(features, 2))

    def match(
        self,
        a: ShakeFeature,
        b: ShakeFeature,
        *,
        prior: Prior | None = None,
        exclude_spans: Spans = (),
    ) -> Match | Refusal:
        """Return where clip b lies on the clock of clip a, or why that is not known.

        Parameters
        ----------
        a, b
            Features of two different clips.
        prior
            What is believed already. Speeds by trade are not tried.
        exclude_spans
            Stretches of b's clip time not to be used.

        Returns
        -------
        Match or Refusal
            `Match.details` has ``readouts_ms`` by clip id (negative where the bottom row is read
            first), ``evidence`` in nats and ``explained``, the share of the picture's turning that
            the other clip explains.
        """
        prior = prior or Prior()
        cut = b.without(exclude_spans)
        ways = _ways(a, cut)
        if not ways:
            return _refusal(a, b, _why_nothing(a, cut))
        matches: list[Match] = []
        refused: list[tuple[_Way, Verdict]] = []
        for way in ways:
            if matches and way.kind == "picture":
                # Both pictures agree with one gyroscope: they say nothing new about each other.
                break
            verdict = judge(
                way.known,
                way.kind,
                way.picture,
                _belief(prior, turned=way.turned),
                given_s=self._given(way.picture),
            )
            if verdict.code:
                refused.append((way, verdict))
                continue
            found = self._answer(way, verdict)
            found = inverse(found) if way.turned else found
            matches.append(replace(found, spans_s=spans_left(found, exclude_spans)))
        if not matches:
            return _refused(a, b, refused)
        matches.sort(key=lambda match: match.offset_std_s)
        if any(_apart(matches[0], other) for other in matches[1:]):
            return _refusal(a, b, "ambiguous")
        return matches[0]

    def _given(self, feature: ShakeFeature) -> float | None:
        clip = feature.clip
        given = self.readouts_s.get(clip.id)
        return given if given is not None else self.readouts_s.get(clip.device or clip.id)

    def _answer(self, way: _Way, verdict: Verdict) -> Match:
        fit = verdict.places[0].fit
        readout = settled_readout(fit, _signed(self._given(way.picture), fit.readout_s))
        known_readout = Readout(0.0, 0.0, False)
        if way.kind == "picture":
            known_readout = self._other_readout(way, verdict)
        return answer(
            way.known,
            way.kind,
            way.picture,
            verdict,
            readout=readout,
            known_readout=known_readout,
        )

    def _other_readout(self, way: _Way, verdict: Verdict) -> Readout:
        """Return the readout of the picture that was taken as known, measured the other way."""
        assert way.known.pairs is not None
        line = verdict.places[0].fit.line
        back = type(line)(
            -line.value / (1 + line.slope), -line.slope / (1 + line.slope), line.pivot + line.value
        )
        fit = fit_shake(way.known.pairs, way.picture.turned("picture"), back)
        given_s = self._given(way.known)
        return settled_readout(fit, _signed(given_s, 0.0 if fit is None else fit.readout_s))


def _signed(given_s: float | None, measured_s: float) -> float | None:
    """Return a given readout with the measured direction."""
    return None if given_s is None else math.copysign(given_s, measured_s)


def _ways(a: ShakeFeature, b: ShakeFeature) -> list[_Way]:
    ways: list[_Way] = []
    if a.gyroscope is not None and b.pairs is not None:
        ways.append(_Way(a, "gyroscope", b, False))
    if b.gyroscope is not None and a.pairs is not None:
        ways.append(_Way(b, "gyroscope", a, True))
    if a.pairs is not None and b.pairs is not None:
        # The faster picture tells more of what lies between its frames.
        if a.pairs.step_s <= b.pairs.step_s:
            ways.append(_Way(a, "picture", b, False))
        else:
            ways.append(_Way(b, "picture", a, True))
    return ways


def _belief(prior: Prior, *, turned: bool) -> Belief:
    sign = 1.0 if turned else -1.0
    near_s = None
    if prior.offset_s is not None:
        std_s = prior.offset_std_s if prior.offset_std_s is not None else 0.05
        near_s = (prior.offset_s if not turned else -prior.offset_s, std_s)
    return Belief(
        slope=sign * prior.drift_ppm * 1e-6,
        slope_std=max(prior.drift_std_ppm, 0.01) * 1e-6,
        near_s=near_s,
        only_near=prior.hard and near_s is not None,
    )


def _why_nothing(a: ShakeFeature, b: ShakeFeature) -> str:
    """Return the code of why two clips cannot be compared at all."""
    flaws = {a.flaw, b.flaw} - {""}
    for code in ("stabilised", "too_calm", "featureless", "too_short"):
        if code in flaws:
            return code
    return "no_picture"


def _apart(one: Match, other: Match) -> bool:
    at_s = sum(one.spans_s[0]) / 2 if one.spans_s else one.pivot_s
    error_s = math.hypot(one.std_s(at_s), other.std_s(at_s))
    return abs(one.to_a(at_s) - other.to_a(at_s)) > SAME_S + 3 * error_s


def _refused(a: ShakeFeature, b: ShakeFeature, refused: list[tuple[_Way, Verdict]]) -> Refusal:
    """Return the refusal of the way that came nearest."""
    way, verdict = max(refused, key=lambda one: (one[1].confidence, len(one[1].places)))
    code = verdict.code
    calmer = any(way.kind == "gyroscope" and _far_calmer(way) for way, _ in refused)
    flawed = "stabilised" in (a.flaw, b.flaw) and code == "too_calm"
    if code != "periodic" and (calmer or flawed):
        code = "stabilised"
    places = []
    for number, place in enumerate(verdict.places[:CANDIDATES]):
        offset_s = place.at(place.middle_s) - place.middle_s
        places.append(
            Candidate(
                a=a.clip.id,
                offset_s=-offset_s if way.turned else offset_s,
                confidence=verdict.confidence if number == 0 else 0.0,
                score=place.evidence,
            )
        )
    refusal = _refusal(a, b, code, tuple(places))
    if code == "stabilised" and not flawed:
        return replace(refusal, reason=FAR_CALMER)
    return refusal


def _far_calmer(way: _Way) -> bool:
    """Return whether a picture turns far less than the other clip's gyroscope, but does turn."""
    assert way.picture.pairs is not None
    step_s = way.picture.pairs.step_s
    fastest_hz = band_hz(step_s)
    strengths = []
    for ready in (way.picture.seen(fastest_hz), way.known.felt(fastest_hz, step_s)):
        band = band_passed(ready.raw, ready.rate_hz, fastest_hz)
        strengths.append(float(np.median(strength_of(band, ready.rate_hz)[~ready.missing])))
    return strengths[0] < STABILISED * strengths[1]


def _refusal(
    a: ShakeFeature, b: ShakeFeature, code: str, candidates: tuple[Candidate, ...] = ()
) -> Refusal:
    return Refusal(
        a=a.clip.id,
        b=b.clip.id,
        signal="shake",
        code=code,
        reason=REASONS[code],
        candidates=candidates,
    )
