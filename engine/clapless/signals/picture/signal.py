"""The signal: what the rest of Clapless knows of matching by moving pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from clapless.model import Candidate, Clip, Match, Placement, Refusal
from clapless.numerics.evidence import logistic
from clapless.numerics.picture_match import Peak, peak_of
from clapless.signals.base import Arrays, Cost, Prior, Proves, Spans
from clapless.signals.picture.extractor import PictureExtractor
from clapless.signals.picture.feature import PictureFeature
from clapless.signals.picture.group import beside_group, together
from clapless.signals.picture.pairs import Compared, best_of, compare, grid_step_s
from clapless.signals.picture.refine import refine

REASONS = {
    "no_match": "no movement of the pictures in common",
    "periodic": "the movement in the pictures repeats itself and fits at several places",
    "too_short": "too little of the pictures can be compared",
}
"""Why there is no match, for people."""

PROVEN_MARGIN = 2.65
MARGIN_WIDTH = 0.24
"""Lead of the best place over any other, in deviations of the curve, at which it is as likely right
as wrong, and over which the odds grow by e. Of 376 pairs without a common moment and 39 wrong
answers (real cameras of 6 frames per second) the largest lead was 3.2, one in a hundred had 2.9."""

LEAST_Z = 5.0
"""A place lower than this over the middle of the curve is none."""

HIGH_Z = 9.0
"""A place this high with a rival beside it means that the movement repeats itself."""

HARD_Z, HARD_SHARE = 4.0, 0.8
"""A place that is believed already is measured where it stands out, and nearly as high as any."""


@dataclass(frozen=True)
class PictureSignal:
    """Matches clips of cameras that saw the same things move."""

    name: ClassVar[str] = "picture"
    version: ClassVar[int] = 2
    proves: ClassVar[Proves] = "moment"
    cost: ClassVar[Cost] = "pictures"

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has pictures."""
        return clip.kind == "video"

    def extractor(self, clip: Clip) -> PictureExtractor:
        """Return an empty extractor for the clip."""
        return PictureExtractor(clip)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> PictureFeature:
        """Return the feature again that `PictureFeature.to_arrays` wrote."""
        return PictureFeature.from_arrays(clip, arrays)

    def candidates(self, features: Mapping[str, PictureFeature]) -> Iterable[tuple[str, str]]:
        """Return pairs of clip ids worth trying: all."""
        return list(combinations(features, 2))

    def match(
        self,
        a: PictureFeature,
        b: PictureFeature,
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
        """
        prior = prior or Prior()
        b = b.without(exclude_spans)
        step_s = grid_step_s([a, b])
        compared = compare(a, b, step_s) if b.valid.any() else None
        peak = None if compared is None else best_of(compared)
        if compared is None or peak is None:
            return refusal(a, b, "too_short")
        if prior.hard and prior.offset_s is not None:
            near = _near(compared, peak, prior)
            if near is None:
                return refusal(a, b, "no_match")
            return placed(a, b, compared, near, 0.9, prior)
        confidence = logistic((peak.margin - PROVEN_MARGIN) / MARGIN_WIDTH)
        if peak.z < LEAST_Z:
            confidence = min(confidence, 0.3)
        if confidence < 0.5:
            rival = peak.z >= HIGH_Z
            place = Candidate(
                a=a.clip.id,
                offset_s=compared.offset_s(peak.lag),
                confidence=confidence,
                score=peak.z,
            )
            return refusal(a, b, "periodic" if rival else "no_match", (place,))
        return placed(a, b, compared, peak, confidence, prior)

    def match_group(
        self,
        features: Mapping[str, PictureFeature],
        *,
        aligned: Sequence[Mapping[str, Placement]] = (),
        priors: Mapping[tuple[str, str], Prior] | None = None,
    ) -> list[Match | Refusal]:
        """Judge each clip against whole groups, which prove more than one pair does.

        Parameters
        ----------
        features
            By clip id.
        aligned
            Groups that are placed: clip id -> placement.
        priors
            What is believed of pairs.
        """
        known = priors or {}
        answers: list[Match | Refusal] = []
        for joint in (*beside_group(features, aligned), *together(features, aligned)):
            a, b = features[joint.a], features[joint.b]
            prior = known.get((joint.a, joint.b), Prior())
            answers.append(placed(a, b, joint.compared, joint.peak, joint.confidence, prior))
        return answers


def _near(compared: Compared, peak: Peak, prior: Prior) -> Peak | None:
    """Return the place within what is believed, None where nothing stands out there."""
    assert prior.offset_s is not None
    reach_s = 4 * (prior.offset_std_s or 0.0) + 1.5 * compared.step_s
    offsets_s = compared.zero_s + compared.curve.lags * compared.step_s
    inside = np.abs(offsets_s - prior.offset_s) <= reach_s
    if not inside.any():
        return None
    scores = np.where(inside, compared.curve.scores, -np.inf)
    top = int(np.argmax(scores))
    low, high = max(top - 3, 0), top + 4
    local = type(compared.curve)(
        lags=compared.curve.lags[low:high],
        scores=compared.curve.scores[low:high],
        samples=compared.curve.samples[low:high],
    )
    middle = float(np.median(compared.curve.scores))
    deviation = 1.4826 * float(np.median(np.abs(compared.curve.scores - middle))) + 0.15
    z = (float(scores[top]) - middle) / deviation
    if z < HARD_Z or z < HARD_SHARE * peak.z:
        return None
    fine = peak_of(local, apart=1)
    lag = float(compared.curve.lags[top]) if fine is None else fine.lag
    return Peak(lag=lag, score=float(scores[top]), z=z, margin=0.0, width=1.0, rival=None)


def refusal(
    a: PictureFeature, b: PictureFeature, code: str, candidates: tuple[Candidate, ...] = ()
) -> Refusal:
    """Return a refusal of a pair."""
    return Refusal(
        a=a.clip.id,
        b=b.clip.id,
        signal="picture",
        code=code,
        reason=REASONS[code],
        candidates=candidates,
    )


def placed(
    a: PictureFeature,
    b: PictureFeature,
    compared: Compared,
    peak: Peak,
    confidence: float,
    prior: Prior,
) -> Match:
    """Return the match at a place, measured between the frames and along the clip."""
    found = refine(
        a,
        b,
        compared,
        peak.lag,
        slope_prior=-prior.drift_ppm * 1e-6,
        slope_prior_std=max(prior.drift_std_ppm, 0.01) * 1e-6,
    )
    return Match(
        a=a.clip.id,
        b=b.clip.id,
        signal="picture",
        offset_s=found.offset_s,
        drift_ppm=(1 / (1 + found.slope) - 1) * 1e6,
        offset_std_s=found.value_std_s,
        drift_std_ppm=found.slope_std * 1e6,
        pivot_s=found.pivot_s,
        confidence=confidence,
        spans_s=(found.span_s,),
        details={"z": round(peak.z, 2), "margin": round(peak.margin, 2)},
    )
