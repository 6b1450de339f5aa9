"""The signal: what the rest of Clapless knows of matching by flashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import ClassVar

import numpy as np

from clapless.model import Candidate, Clip, Match, Refusal
from clapless.numerics.flash_solve import FlashCamera, FlashSolution, solve_flashes
from clapless.numerics.flashes import FlashEvent
from clapless.signals.base import Arrays, Cost, FlashChoice, Prior, Proves, SignalSettings, Spans
from clapless.signals.flash.answer import answer
from clapless.signals.flash.extractor import FlashExtractor
from clapless.signals.flash.feature import FlashFeature
from clapless.signals.flash.joint import Joined, chosen_events, compare, join, near_bounds

REASONS = {
    "no_match": "no flashes in common",
    "periodic": "the flashes come at even intervals and fit at several places",
    "no_flash": "no flash that can be used is left",
}
"""Why there is no match, for people."""

HAND_REACH_S = 0.25
"""A flash named by the user is the nearest within this."""


@dataclass(frozen=True)
class FlashSignal:
    """Matches clips by the flashes they saw.

    Parameters
    ----------
    readouts_s
        Readout of cameras, by device or clip id, in seconds from the first row to the last.
    choices
        Flashes that the user keeps or drops.
    """

    name: ClassVar[str] = "flash"
    version: ClassVar[int] = 2
    proves: ClassVar[Proves] = "moment"
    cost: ClassVar[Cost] = "pictures"

    readouts_s: Mapping[str, float] = field(default_factory=dict)
    choices: Sequence[FlashChoice] = ()

    def configured(self, settings: SignalSettings) -> FlashSignal:
        """Return the signal with the user's readouts and choices."""
        return replace(self, readouts_s=settings.readouts_s, choices=settings.flashes)

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has pictures."""
        return clip.kind == "video"

    def extractor(self, clip: Clip) -> FlashExtractor:
        """Return an empty extractor for the clip."""
        return FlashExtractor(clip)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> FlashFeature:
        """Return the feature again that `FlashFeature.to_arrays` wrote."""
        return FlashFeature.from_arrays(clip, arrays)

    def candidates(self, features: Mapping[str, FlashFeature]) -> Iterable[tuple[str, str]]:
        """Return pairs of clip ids worth trying: all that have two flashes each."""
        able = [name for name, feature in features.items() if len(feature.usable) > 1]
        return list(combinations(able, 2))

    def match(
        self,
        a: FlashFeature,
        b: FlashFeature,
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
            What is believed already. Flashes know no speeds by trade: only drift.
        exclude_spans
            Stretches of b's clip time whose flashes are not used.
        """
        one, two = self._by_hand(a), self._by_hand(b).without(exclude_spans)
        times = [np.array([e.time_s for e in chosen_events(f)]) for f in (one, two)]
        if min(t.size for t in times) < 1:
            return _refusal(a, b, "no_flash")
        near_s = None
        if prior is not None and prior.hard and prior.offset_s is not None:
            near_s = near_bounds(prior.offset_s, prior.offset_std_s or 0.0)
        verdict = compare(times[0], times[1], near_s)
        if near_s is not None and verdict.pattern is not None and len(verdict.pattern.pairs) > 1:
            # The place is sure: what fits there is measured, not proven.
            verdict = replace(verdict, code="", confidence=max(verdict.confidence, 0.9))
        if verdict.code or verdict.pattern is None:
            pattern = verdict.pattern
            candidates = (
                ()
                if pattern is None or len(pattern.pairs) < 2
                else (
                    Candidate(
                        a=a.clip.id,
                        offset_s=pattern.offset_s,
                        confidence=min(verdict.confidence, 0.49),
                        score=-pattern.log10_chance,
                    ),
                )
            )
            return _refusal(a, b, verdict.code, candidates)
        names = (a.clip.id, b.clip.id)
        pair = frozenset(names)
        joined = Joined(
            names=names,
            events={names[0]: chosen_events(one), names[1]: chosen_events(two)},
            offsets_s={names[0]: 0.0, names[1]: verdict.pattern.offset_s},
            flashes=tuple({names[0]: i, names[1]: j} for i, j in verdict.pattern.pairs),
            confidence={pair: verdict.confidence},
            log10_chance={pair: verdict.pattern.log10_chance},
        )
        features = {names[0]: one, names[1]: two}
        return answer(features, joined, self._solve(features, joined, prior), *names)

    def match_group(
        self,
        features: Mapping[str, FlashFeature],
        *,
        aligned: Sequence[Mapping[str, object]] = (),
        priors: Mapping[tuple[str, str], Prior] | None = None,
    ) -> list[Match | Refusal]:
        """Return what all clips tell together: one answer for each pair that saw the same flashes.

        Parameters
        ----------
        features
            By clip id.
        aligned, priors
            Not needed: flashes say everything themselves.
        """
        del aligned, priors
        own = {name: self._by_hand(feature) for name, feature in features.items()}
        answers: list[Match | Refusal] = []
        for joined in join(own):
            solution = self._solve(own, joined, None)
            order = [camera.name for camera in solution.cameras]
            for a, b in combinations(order, 2):
                answers.append(answer(own, joined, solution, a, b))
        return answers

    def _solve(
        self, features: Mapping[str, FlashFeature], joined: Joined, prior: Prior | None
    ) -> FlashSolution:
        edges = {
            name: sum(len(event.edges) for event in joined.events[name]) for name in joined.names
        }
        # The first camera's clock counts: of two clips the first, of many the best seen.
        names = list(joined.names)
        if len(names) > 2:
            names.sort(key=lambda name: -edges[name])
        zero_s = joined.offsets_s[names[0]]
        cameras = []
        for name in names:
            feature = features[name]
            device = feature.clip.device or name
            readout_s = self.readouts_s.get(name, self.readouts_s.get(device))
            believed = prior if prior is not None and name == joined.names[1] else None
            camera = FlashCamera(
                name=name,
                device=device,
                interval_s=feature.interval_s,
                readout_s=readout_s,
                start_s=joined.offsets_s[name] - zero_s,
            )
            if believed is not None:
                camera = replace(
                    camera,
                    slope=-believed.drift_ppm * 1e-6,
                    slope_std=max(believed.drift_std_ppm, 1.0) * 1e-6,
                )
            cameras.append(camera)
        index = {name: number for number, name in enumerate(names)}
        groups = [{index[name]: k for name, k in flash.items()} for flash in joined.flashes]
        events: list[Sequence[FlashEvent]] = [joined.events[name] for name in names]
        return solve_flashes(events, groups, cameras)

    def _by_hand(self, feature: FlashFeature) -> FlashFeature:
        """Return the feature with the user's choices."""
        mine = [choice for choice in self.choices if choice.clip == feature.clip.id]
        if not mine:
            return feature
        events = list(feature.events)
        for choice in mine:
            near = [
                k for k, e in enumerate(events) if abs(e.time_s - choice.time_s) <= HAND_REACH_S
            ]
            if not near:
                continue
            k = min(near, key=lambda k: abs(events[k].time_s - choice.time_s))
            events[k] = replace(events[k], doubt="" if choice.keep else "dropped")
        return replace(feature, events=tuple(events))


def _refusal(
    a: FlashFeature, b: FlashFeature, code: str, candidates: tuple[Candidate, ...] = ()
) -> Refusal:
    return Refusal(
        a=a.clip.id,
        b=b.clip.id,
        signal="flash",
        code=code,
        reason=REASONS[code],
        candidates=candidates,
    )
