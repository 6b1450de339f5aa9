"""The signal `ltc`: timecode in the sound against timecode in the sound, or in the file.

Two clips that hear one generator are compared to the sample, and their clocks to a hundredth of a
ppm. Whether their two generators were one, or agree, is nowhere in the files: alone it gives at
most `check`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from clapless.model import Clip, Match, Refusal
from clapless.signals.base import Arrays, Prior, Proves, Spans
from clapless.signals.ltc.extractor import LtcExtractor
from clapless.signals.ltc.feature import LtcFeature, from_arrays
from clapless.signals.ltc.lines import ClockLine, clock_lines, forward, longest
from clapless.signals.ltc.pieces import Piece, common_pieces, steady_groups, time_map
from clapless.signals.running import LABEL_CONFIDENCE, is_clock, judge_all, label_confidence
from clapless.signals.stamps import (
    NEAR_S,
    far_apart_reason,
    jam_shift_s,
    later_by_s,
    left_over,
    pairs_worth_trying,
)

SIGNAL = "ltc"

GENERATORS_STD_S = 0.005
"""How far two generators that were jammed together stand apart some hours later (0.5 ppm over 3
hours), or what a wireless link and two converters delay. Judgement."""

STATED_STD_S = 0.012
"""The same for a label that a camera states: its own clock keeps 1 ppm at best, and its frames have
their own phase. Judgement."""

GENERATOR_PPM = 0.5
"""Two generators' rates, one standard deviation: that of temperature-compensated crystals.
Judgement."""

MIXED_STD_S = 3.6
"""What a label that falls behind the wall and one that does not run apart in an hour."""

UNKNOWN_PPM = 30.0
"""A clip's own clock against the label it states: not measured."""

CONFIDENCE, MIXED_CONFIDENCE = 0.95, 0.7
"""Both heard; one label falls behind the wall and the other does not. Judgement."""


class LtcSignal:
    """Linear timecode."""

    name: ClassVar[str] = SIGNAL
    version: ClassVar[int] = 1
    proves: ClassVar[Proves] = "moment"
    candidates_only: ClassVar[bool] = True
    """Labels that files state are judged by device, as timecode does."""

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has sound, or a label that could meet another's sound."""
        return bool(clip.audio or clip.start_timecode or clip.time_reference_samples)

    def extractor(self, clip: Clip) -> LtcExtractor:
        """Return an extractor that listens to every channel."""
        return LtcExtractor(clip)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> LtcFeature:
        """Return the feature again."""
        return from_arrays(clip, arrays)

    def candidates(self, features: Mapping[str, LtcFeature]) -> Iterable[tuple[str, str]]:
        """Yield pairs of which one is heard and the other heard or stated, overlapping first.

        Of the others, each clip gets its nearest. Clips of one device are left out, and stated
        labels of devices whose labels are no clock.
        """
        lines = {clip: clock_lines(feature) for clip, feature in features.items()}
        running = judge_all(
            {clip: f.stamp for clip, f in features.items() if f.stamp is not None},
            {clip: f.clip.device for clip, f in features.items()},
        )
        known = sorted(
            clip
            for clip, feature in features.items()
            if lines[clip] and (feature.runs or is_clock(running[clip]))
        )
        apart: dict[tuple[str, str], float] = {}
        for index, one in enumerate(known):
            for two in known[index + 1 :]:
                if not (features[one].runs or features[two].runs):
                    continue
                device = features[one].clip.device
                if device is not None and device == features[two].clip.device:
                    continue
                apart[one, two] = min(_apart_s(a, b) for a in lines[one] for b in lines[two])
        return pairs_worth_trying(apart)

    def match(
        self, a: Any, b: Any, *, prior: Prior | None = None, exclude_spans: Spans = ()
    ) -> Match | Refusal:
        """Return where b lies by timecode, `check` at most."""
        if not (a.runs or b.runs):
            return _refuse(a, b, "no_ltc", "no timecode in the sound of either")
        lines_a, lines_b = clock_lines(a), clock_lines(b, exclude_spans=exclude_spans)
        for feature, lines in ((a, lines_a), (b, lines_b)):
            if not lines:
                return _refuse(a, b, *_why_none(feature))
        pieces = common_pieces(lines_a, lines_b)
        if not pieces:
            one, two = longest(lines_a), longest(lines_b)
            apart_s = _apart_s(one, two)
            if apart_s > NEAR_S:
                return _refuse(a, b, "far_apart", far_apart_reason(apart_s))
            pieces = [_nearest(one, two)]
        if not left_over([(0.0, float(b.clip.duration_s) or 1.0)], exclude_spans):
            return _refuse(a, b, "too_short", "nothing is left of it")
        groups = steady_groups(pieces)
        main = max(groups, key=lambda group: sum(piece.length_s for piece in group))
        return _match(a, b, main, groups, prior, exclude_spans)


def _match(
    a: LtcFeature,
    b: LtcFeature,
    main: list[Piece],
    groups: list[list[Piece]],
    prior: Prior | None,
    exclude: Spans,
) -> Match:
    best = max(main, key=lambda piece: piece.length_s)
    one, two = best.a, best.b
    stated = [line for line in (one, two) if line.source != "ltc"]
    mixed = one.slow != two.slow
    std_s = math.hypot(one.std_s / one.label_rate, two.std_s / two.label_rate)
    std_s = math.hypot(std_s, STATED_STD_S if stated else GENERATORS_STD_S)
    if mixed:
        std_s = math.hypot(std_s, MIXED_STD_S)
    drift_std_ppm = math.hypot(
        GENERATOR_PPM,
        *(UNKNOWN_PPM if line.rate_std_ppm is None else line.rate_std_ppm for line in (one, two)),
    )
    whole = sum(piece.length_s for group in groups for piece in group)
    share = sum(piece.length_s for piece in main) / whole if whole > 0 else 1.0
    bent = time_map(groups) if len(groups) > 1 else None
    confidence = CONFIDENCE
    if stated:
        confidence = min(LABEL_CONFIDENCE, _stated_confidence(a), _stated_confidence(b))
    if mixed:
        confidence = min(confidence, MIXED_CONFIDENCE)
    if bent is None:
        # Runs that contradict each other: the longest is taken, as sure as it is long.
        confidence *= share
    length_b = float(b.clip.duration_s)
    spans = left_over(
        (
            (max(piece.start_b_s, 0.0), min(piece.end_b_s, length_b))
            for group in (groups if bent is not None else [main])
            for piece in group
        ),
        exclude,
    )
    return Match(
        a=a.clip.id,
        b=b.clip.id,
        signal=SIGNAL,
        offset_s=best.offset_s,
        drift_ppm=best.drift_ppm if not stated else _believed(best.drift_ppm, prior),
        speed=best.speed,
        offset_std_s=std_s,
        drift_std_ppm=drift_std_ppm,
        pivot_s=best.pivot_b_s,
        confidence=confidence,
        spans_s=spans,
        ceiling="check",
        time_map=bent,
        details={
            "timecode_a": one.text,
            "timecode_b": two.text,
            "sources": f"{one.source}, {two.source}",
            "heard_on_a": _place(a),
            "heard_on_b": _place(b),
            "runs": len(groups),
            **({"if_jammed_at_midnight_s": best.offset_s + _mixed_s(best)} if mixed else {}),
        },
    )


def _stated_confidence(feature: LtcFeature) -> float:
    """Return how far the label that a file states is believed, 1 where timecode was heard."""
    if feature.runs or feature.stamp is None:
        return 1.0
    return label_confidence(feature.clip, feature.stamp)


def _believed(drift_ppm: float, prior: Prior | None) -> float:
    """Return what other clips say of the drift where a label does not."""
    return prior.drift_ppm if prior is not None and prior.drift_ppm else drift_ppm


def _mixed_s(piece: Piece) -> float:
    """Return how much later b would be if both labels had counted from midnight on."""
    jam_s = jam_shift_s(piece.b.label_at(piece.b.start_s), slow_a=piece.a.slow, slow_b=piece.b.slow)
    return -jam_s / piece.a.label_rate


def _nearest(one: ClockLine, two: ClockLine) -> Piece:
    """Return the relation of two stretches that share no label, over midnight if that is nearer."""
    later = _later_s(one, two)
    shift_s = one.label_span_s[0] + later - two.label_span_s[0]
    return Piece.of(one, two, shift_s=shift_s, from_s=0.0, to_s=0.0)


def _later_s(one: ClockLine, two: ClockLine) -> float:
    start, end = two.label_span_s
    jam_s = jam_shift_s(start, slow_a=one.slow, slow_b=two.slow)
    span_two = (start + jam_s, end + jam_s)
    return float(later_by_s(one.label_span_s, span_two, day_a_s=one.day_s, day_b_s=two.day_s))


def _apart_s(one: ClockLine, two: ClockLine) -> float:
    later = _later_s(one, two)
    lengths = [line.label_span_s[1] - line.label_span_s[0] for line in (one, two)]
    return max(later - lengths[0], -lengths[1] - later)


def _place(feature: LtcFeature) -> str:
    if not feature.runs:
        return ""
    return f"stream {feature.stream + 1}, channel {feature.channel + 1}"


def _why_none(feature: LtcFeature) -> tuple[str, str]:
    name = feature.clip.name
    if not feature.runs:
        return "no_ltc", f"no timecode in the sound of {name}, and none stated"
    if all(run.speed < 0 for run in feature.runs):
        return "backwards", f"the timecode in the sound of {name} runs backwards"
    if not any(forward(run) for run in feature.runs):
        speed = float(max(feature.runs, key=lambda run: run.count).speed)
        return "off_speed", f"the timecode in the sound of {name} runs at {speed:.4f} of its speed"
    return "too_short", f"no timecode is left in the sound of {name}"


def _refuse(a: LtcFeature, b: LtcFeature, code: str, reason: str) -> Refusal:
    return Refusal(a=a.clip.id, b=b.clip.id, signal=SIGNAL, code=code, reason=reason)
