"""The signal `timecode`: labels that devices wrote, compared as real time.

What it cannot know
-------------------
That two devices were jam-synced is nowhere in the files, so alone it gives at most `check`. Labels
that fall behind the wall (23.976, 29.97 non-drop) against labels that do not (24, 25, 30, drop
frame) run apart by 3.6 s an hour from the moment they were jammed: that is taken to be just before,
and the interval says an hour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from clapless.media.reading import Block, Need
from clapless.model import Candidate, Clip, Match, Refusal
from clapless.signals.base import Arrays, Prior, Proves, Spans
from clapless.signals.running import (
    LABEL_CONFIDENCE,
    Running,
    is_clock,
    judge_all,
    label_confidence,
)
from clapless.signals.stamps import (
    NEAR_S,
    Stamp,
    far_apart_reason,
    file_time_was_set,
    jam_shift_s,
    later_by_s,
    left_over,
    pairs_worth_trying,
    stamp_of,
)

SIGNAL = "timecode"

JAM_STD_S = 0.010
"""How far a jam-synced clock has run by some hours later: 1 ppm, as timecode boxes and good cameras
keep, over 3 hours. Judgement."""

MIXED_CONFIDENCE = 0.7
"""One label falls behind the wall and the other does not."""

MIXED_STD_S = 3.6
"""What such labels run apart in an hour."""

OTHER_DAY_S = 14 * 3600.0
"""Files made farther apart than this, beside what their labels say, are of different days: zones
reach 14 hours, and cameras write local time as if it were universal."""


@dataclass(frozen=True, slots=True, eq=False)
class TimecodeFeature:
    """A clip with a label."""

    clip: Clip
    stamp: Stamp

    def to_arrays(self) -> Arrays:
        """Return the label; it is read from the clip again."""
        return {"start_s": np.array([float(self.stamp.start_s)])}

    def forget(self) -> None:
        """Keep all: it is a few numbers."""


class TimecodeExtractor:
    """Needs nothing to be read: the label came with the clip."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip

    @property
    def needs(self) -> frozenset[Need]:
        """Nothing."""
        return frozenset()

    def feed(self, block: Block) -> None:
        """Ignore what others asked for."""

    def finish(self) -> TimecodeFeature | Refusal:
        """Return the label, or that there is none."""
        stamp = stamp_of(self._clip)
        if stamp is not None:
            return TimecodeFeature(self._clip, stamp)
        label = self._clip.start_timecode
        reason = "no timecode" if label is None else f"its timecode {label} cannot be read"
        return Refusal(
            a=self._clip.id, b=self._clip.id, signal=SIGNAL, code="no_timecode", reason=reason
        )


class TimecodeSignal:
    """Source timecode and BWF time references."""

    name: ClassVar[str] = SIGNAL
    version: ClassVar[int] = 1
    proves: ClassVar[Proves] = "moment"
    candidates_only: ClassVar[bool] = True
    """Labels of one device are judged together: a pair alone cannot tell a counter."""

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has a label."""
        return clip.start_timecode is not None or bool(clip.time_reference_samples)

    def extractor(self, clip: Clip) -> TimecodeExtractor:
        """Return an extractor that needs nothing."""
        return TimecodeExtractor(clip)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> TimecodeFeature:  # noqa: ARG002
        """Return the feature again.

        Raises
        ------
        ValueError
            The clip has no label (any more).
        """
        stamp = stamp_of(clip)
        if stamp is None:
            raise ValueError(f"{clip.name} has no timecode")
        return TimecodeFeature(clip, stamp)

    def candidates(self, features: Mapping[str, TimecodeFeature]) -> Iterable[tuple[str, str]]:
        """Yield pairs of different devices whose labels overlap, then the nearest of the others.

        Clips of a device whose labels are no clock are left out; `match_group` says why.
        """
        running = _running(features)
        clocks = {
            clip: feature.stamp for clip, feature in features.items() if is_clock(running[clip])
        }
        ids = sorted(clocks)
        apart: dict[tuple[str, str], float] = {}
        for index, one in enumerate(ids):
            for two in ids[index + 1 :]:
                device = features[one].clip.device
                if device is not None and device == features[two].clip.device:
                    continue
                apart[one, two] = _apart_s(clocks[one], clocks[two])
        return pairs_worth_trying(apart)

    def match_group(
        self,
        features: Mapping[str, TimecodeFeature],
        *,
        aligned: Sequence[Match] = (),  # noqa: ARG002 - labels do not depend on what others found
        priors: Mapping[tuple[str, str], Prior] | None = None,  # noqa: ARG002
    ) -> list[Match | Refusal]:
        """Return refusals for the clips of devices whose labels are no clock, and lonely ones.

        Only all clips of a device show it, so that a pair alone cannot be refused for it.
        """
        running = _running(features)
        tried = {clip for pair in self.candidates(features) for clip in pair}
        answers: list[Match | Refusal] = []
        for clip in sorted(features.keys() - tried):
            mode, reason = running[clip].mode, running[clip].reason
            code = {"record": "record_run", "default": "default_timecode"}.get(mode, "far_apart")
            if is_clock(running[clip]):
                reason = (
                    f"no other camera's or recorder's timecode lies within {NEAR_S / 60:.0f} "
                    f"minutes of its {features[clip].stamp.text}"
                )
            answers.append(Refusal(a=clip, b=clip, signal=SIGNAL, code=code, reason=reason))
        return answers

    def match(
        self,
        a: Any,
        b: Any,
        *,
        prior: Prior | None = None,
        exclude_spans: Spans = (),
    ) -> Match | Refusal:
        """Return where b lies by the two labels, `check` at most."""
        refusal = _refused(a, b, exclude_spans)
        if refusal is not None:
            return refusal
        one, two = a.stamp, b.stamp
        apart_s = _apart_s(one, two)
        if apart_s > NEAR_S:
            return Refusal(
                a=a.clip.id,
                b=b.clip.id,
                signal=SIGNAL,
                code="far_apart",
                reason=far_apart_reason(apart_s),
            )
        mixed = one.slow != two.slow
        later_s = _later_s(one, two)
        speed = two.speed / one.speed
        offset_s = float(later_s * one.speed)
        phase_s = math.hypot(*(float(stamp.grain_s) / math.sqrt(12) for stamp in (one, two)))
        std_s = math.hypot(phase_s, JAM_STD_S, JAM_STD_S, MIXED_STD_S if mixed else 0.0)
        std_s *= float(one.speed)
        match = Match(
            a=a.clip.id,
            b=b.clip.id,
            signal=SIGNAL,
            offset_s=offset_s,
            drift_ppm=prior.drift_ppm if prior else 0.0,
            drift_std_ppm=prior.drift_std_ppm if prior else 30.0,
            speed=speed,
            offset_std_s=std_s,
            confidence=_confidence(a, b, mixed=mixed),
            spans_s=left_over(_overlap(a, b, offset_s, float(speed)), exclude_spans),
            ceiling="check",
            details={
                "timecode_a": one.text,
                "timecode_b": two.text,
                "sources": f"{one.source}, {two.source}",
                **({"if_jammed_at_midnight_s": _exact_s(one, two)} if mixed else {}),
            },
        )
        return _other_day(match, one, two, float(later_s)) or match


def _confidence(a: TimecodeFeature, b: TimecodeFeature, *, mixed: bool) -> float:
    weaker = min(label_confidence(feature.clip, feature.stamp) for feature in (a, b))
    return min(weaker, MIXED_CONFIDENCE if mixed else LABEL_CONFIDENCE)


def _running(features: Mapping[str, TimecodeFeature]) -> Mapping[str, Running]:
    return judge_all(
        {clip: feature.stamp for clip, feature in features.items()},
        {clip: feature.clip.device for clip, feature in features.items()},
    )


def _later_s(one: Stamp, two: Stamp) -> Fraction:
    """Return how much later b starts, exact unless one label falls behind and one does not."""
    shift_s = Fraction(0)
    if one.slow != two.slow:
        shift_s = Fraction(
            jam_shift_s(float(two.start_s), slow_a=one.slow, slow_b=two.slow)
        ).limit_denominator(10**9)
    later_s = later_by_s(
        (one.start_s, one.end_s),
        (two.start_s + shift_s, two.end_s + shift_s),
        day_a_s=one.day_s,
        day_b_s=two.day_s,
    )
    return Fraction(later_s)


def _exact_s(one: Stamp, two: Stamp) -> float:
    """Return the offset if both had counted from midnight on."""
    later_s = later_by_s(
        (one.start_s, one.end_s),
        (two.start_s, two.end_s),
        day_a_s=one.day_s,
        day_b_s=two.day_s,
    )
    return float(later_s * one.speed)


def _apart_s(one: Stamp, two: Stamp) -> float:
    """Return the gap between two clips, negative where they overlap."""
    later = _later_s(one, two)
    return float(max(later - (one.end_s - one.start_s), -(two.end_s - two.start_s) - later))


def _refused(a: TimecodeFeature, b: TimecodeFeature, exclude: Spans) -> Refusal | None:
    if not left_over([(0.0, float(b.clip.duration_s) or 1.0)], exclude):
        return Refusal(
            a=a.clip.id,
            b=b.clip.id,
            signal=SIGNAL,
            code="too_short",
            reason="nothing is left of it",
        )
    if not (a.stamp.default and b.stamp.default):
        return None
    labels = " and ".join(dict.fromkeys((a.stamp.text, b.stamp.text)))
    return Refusal(
        a=a.clip.id,
        b=b.clip.id,
        signal=SIGNAL,
        code="default_timecode",
        reason=f"both start at {labels}, as files do that never saw a clock",
    )


def _other_day(match: Match, one: Stamp, two: Stamp, later_s: float) -> Refusal | None:
    if one.created_s is None or two.created_s is None:
        return None
    beside_s = abs(two.created_s - one.created_s - later_s)
    set_s = [created for created in (one.created_s, two.created_s) if file_time_was_set(created)]
    if beside_s <= OTHER_DAY_S or len(set_s) < 2:
        return None
    days = max(1, round(beside_s / 86400))
    return Refusal(
        a=match.a,
        b=match.b,
        signal=SIGNAL,
        code="other_day",
        reason=f"their timecodes meet, but their files were made {days} "
        f"day{'s' if days > 1 else ''} apart",
        candidates=(
            Candidate(a=match.a, offset_s=match.offset_s, speed=match.speed, confidence=0.2),
        ),
    )


def _overlap(
    a: TimecodeFeature, b: TimecodeFeature, offset_s: float, speed: float
) -> tuple[tuple[float, float], ...]:
    """Return where b overlaps a, in b's clip time."""
    start = max(0.0, -offset_s * speed)
    end = min(float(b.clip.duration_s), (float(a.clip.duration_s) - offset_s) * speed)
    return ((start, end),) if end > start else ()
