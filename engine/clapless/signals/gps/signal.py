"""The signal `gps`: satellite time, and two ways over ground that are one.

Cameras state the time of their receiver with a lag nobody documents, so that it is right to some
tenths of a second at best; its interval says so, and alone it gives at most `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from clapless.media.gpmf import has_telemetry
from clapless.media.tracks import TRACK_KEY
from clapless.model import Clip, Match, Refusal
from clapless.signals.base import Arrays, Prior, Proves, Spans
from clapless.signals.gps.extractor import SIGNAL, GpsExtractor, TelemetryReader, read_positions
from clapless.signals.gps.feature import GpsFeature, from_arrays
from clapless.signals.gps.judge import Unsure, judge
from clapless.signals.stamps import NEAR_S, left_over


@dataclass(frozen=True)
class GpsSignal:
    """Satellite time and movement over ground.

    Parameters
    ----------
    reader
        How telemetry is read; from the clip's own files unless told otherwise.
    """

    name: ClassVar[str] = SIGNAL
    version: ClassVar[int] = 1
    proves: ClassVar[Proves] = "moment"
    """The course alone is the business of `align`."""

    reader: TelemetryReader = read_positions

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has telemetry, or a track was named for it."""
        return bool(clip.metadata.get(TRACK_KEY)) or has_telemetry(clip)

    def extractor(self, clip: Clip) -> GpsExtractor:
        """Return an extractor that reads positions on its own."""
        return GpsExtractor(clip, self.reader)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> GpsFeature:
        """Return the feature again.

        Raises
        ------
        ValueError
            It was taken from another track than the one that is named now.
        """
        feature = from_arrays(clip, arrays)
        if feature.track != clip.metadata.get(TRACK_KEY, ""):
            raise ValueError(f"the positions of {clip.name} were taken from another track")
        return feature

    def candidates(self, features: Mapping[str, GpsFeature]) -> Iterable[tuple[str, str]]:
        """Yield pairs of different devices, those that overlap by satellite time first.

        Those far apart by it are left out; those without it are not.
        """
        ids = sorted(features)
        pairs = []
        for index, one in enumerate(ids):
            for two in ids[index + 1 :]:
                a, b = features[one], features[two]
                if a.clip.device is not None and a.clip.device == b.clip.device:
                    continue
                apart_s = _apart_s(a, b)
                if apart_s <= NEAR_S:
                    pairs.append((apart_s, (one, two)))
        return [pair for _, pair in sorted(pairs)]

    def match(
        self,
        a: Any,
        b: Any,
        *,
        prior: Prior | None = None,
        exclude_spans: Spans = (),
    ) -> Match | Refusal:
        """Return where b lies by satellite time and movement, `check` at most."""
        if not left_over([(0.0, float(b.clip.duration_s) or 1.0)], exclude_spans):
            return Refusal(
                a=a.clip.id,
                b=b.clip.id,
                signal=SIGNAL,
                code="too_short",
                reason="nothing is left of it",
            )
        found = judge(a, b.without(exclude_spans))
        if isinstance(found, Unsure):
            return Refusal(
                a=a.clip.id, b=b.clip.id, signal=SIGNAL, code=found.code, reason=found.reason
            )
        to_clip = float(a.speed)
        offset_s = found.later_s * to_clip
        speed = b.speed / a.speed
        return Match(
            a=a.clip.id,
            b=b.clip.id,
            signal=SIGNAL,
            offset_s=offset_s,
            drift_ppm=prior.drift_ppm if prior else 0.0,
            drift_std_ppm=prior.drift_std_ppm if prior else 30.0,
            speed=speed,
            offset_std_s=found.std_s * to_clip,
            pivot_s=0.5 * float(b.clip.duration_s),
            confidence=found.confidence,
            spans_s=left_over(_overlap(a.clip, b.clip, offset_s, float(speed)), exclude_spans),
            ceiling="check",
            details={"by": found.by, "sources": f"{a.source}, {b.source}", **found.details},
        )


def _apart_s(a: GpsFeature, b: GpsFeature) -> float:
    """Return the gap between two clips by satellite time, 0 where they overlap or none is known."""
    if a.clock is None or b.clock is None:
        return 0.0
    later_s = b.clock.zero_s - a.clock.zero_s
    length_a, length_b = (float(f.clip.duration_s / f.speed) for f in (a, b))
    return max(later_s - length_a, -length_b - later_s, 0.0)


def _overlap(a: Clip, b: Clip, offset_s: float, speed: float) -> tuple[tuple[float, float], ...]:
    start = max(0.0, -offset_s * speed)
    end = min(float(b.duration_s), (float(a.duration_s) - offset_s) * speed)
    return ((start, end),) if end > start else ()
