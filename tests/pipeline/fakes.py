"""A signal that knows the truth of a world, and clips that need no files."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np

from clapless.media.reading import Block, Need, Subscriber
from clapless.model import Clip, Match, Refusal
from clapless.pipeline import SyncOptions, SyncResult, sync_clips
from clapless.signals.base import Arrays, Prior, Spans
from tests.solve.worlds import World


@dataclass(eq=False)
class FakeFeature:
    clip: Clip
    forgotten: int = 0

    def to_arrays(self) -> Arrays:
        return {"length": np.array([float(self.clip.duration_s)])}

    def forget(self) -> None:
        self.forgotten += 1


@dataclass(eq=False)
class FakeExtractor:
    clip: Clip
    signal: str
    silent: bool

    @property
    def needs(self) -> frozenset[Need]:
        return frozenset({Need.SOUND})

    def feed(self, block: Block) -> None:
        raise AssertionError("nothing is read here")

    def finish(self) -> FakeFeature | Refusal:
        if self.silent:
            return Refusal(
                a=self.clip.id,
                b=self.clip.id,
                signal=self.signal,
                code="silent",
                reason="its sound is silent",
            )
        return FakeFeature(self.clip)


@dataclass(eq=False)
class FakeSignal:
    """Answers with the truth where clips overlap long enough, refuses else; counts its calls."""

    world: World
    name: str = "fake"
    version: int = 1
    proves: Literal["moment", "route"] = "moment"
    least_s: float = 5.0
    least_with_hint_s: float = 5.0
    confidence: float = 0.999
    silent: frozenset[str] = frozenset()
    wrong: Mapping[tuple[str, str], float] = field(default_factory=dict)
    calls: list[tuple[str, str, Prior | None]] = field(default_factory=list)
    made: list[FakeFeature] = field(default_factory=list)

    def applies_to(self, clip: Clip) -> bool:
        return clip.id in self.world.takes

    def extractor(self, clip: Clip) -> FakeExtractor:
        return FakeExtractor(clip, self.name, clip.id in self.silent)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> FakeFeature:
        if "length" not in arrays:
            raise ValueError("this is no feature")
        return FakeFeature(clip)

    def candidates(self, features: Mapping[str, FakeFeature]) -> Iterable[tuple[str, str]]:
        return combinations(features, 2)

    def match(
        self,
        a: FakeFeature,
        b: FakeFeature,
        *,
        prior: Prior | None = None,
        exclude_spans: Spans = (),
    ) -> Match | Refusal:
        self.calls.append((a.clip.id, b.clip.id, prior))
        self.made += [one for one in (a, b) if one not in self.made]
        one, two = a.clip.id, b.clip.id
        hint = prior is not None and prior.offset_s is not None
        least_s = self.least_with_hint_s if hint else self.least_s
        speeds = prior.speeds if prior is not None else Prior().speeds
        truth = self.world.truth(one, two)
        refused = Refusal(
            a=one, b=two, signal=self.name, code="no_match", reason="nothing in common"
        )
        shift_s = self.wrong.get((one, two), self.wrong.get((two, one), 0.0))
        if not shift_s and (self.world.overlap_s(one, two) < least_s or truth.speed not in speeds):
            return refused
        if prior is not None and prior.hard and abs((prior.offset_s or 0.0) - truth.offset_s) > 0.1:
            return refused
        match = self.world.measure(
            one, two, signal=self.name, confidence=self.confidence, shift_s=shift_s
        )
        (start, end), *_ = match.spans_s
        if not exclude_spans:
            # Like a real signal it looks at a part of the overlap only.
            end = start + (end - start) / 3.0
        for low, high in exclude_spans:
            start = high if low <= start < high else start
            end = low if low < end <= high else end
        return dataclasses.replace(match, spans_s=((start, end),))


def no_reading(_clip: Clip, _subscribers: Sequence[Subscriber]) -> Sequence[str]:
    return ()


def run(world: World, *signals: FakeSignal, **options: object) -> SyncResult:
    """Sync a world's clips by fake signals."""
    playback = options.pop("playback", None)
    return sync_clips(
        world.clips,
        list(world.devices.values()),
        options=SyncOptions(**options),  # type: ignore[arg-type]
        playback=playback,  # type: ignore[arg-type]
        signals=signals,
        reader=no_reading,
    )
