"""The signal: what the rest of Clapless knows of matching by movement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import ClassVar

import numpy as np

from clapless.media.gpmf import LATENCY_STD_S, has_telemetry
from clapless.model import Candidate, Clip, Match, Refusal
from clapless.numerics.movement import (
    SWAY_HZ,
    TREMOR_HZ,
    Movement,
    Prepared,
    on_grid,
    prepare,
)
from clapless.signals.base import Arrays, Prior, Proves, Spans
from clapless.signals.motion.extractor import MotionExtractor, TelemetryReader, read_streams
from clapless.signals.motion.feature import NOISE, MotionFeature
from clapless.signals.motion.judge import Judged, Verdict, judge
from clapless.signals.stretches import left_of

SAME_MODEL_STD_S = 0.002
"""How far the latency of two cameras of one model may differ, as a standard deviation: it depends
on the mode, and nobody states it. Of two models each is late by its own (`LATENCY_STD_S`)."""

REASONS = {
    "no_match": "no movement in common",
    "ambiguous": "gyroscope and accelerometer, or two places, contradict each other",
    "periodic": "the movement repeats itself and fits at several places",
    "too_calm": "the cameras hardly move",
    "no_sensor": "one has only a gyroscope, the other only an accelerometer",
}
"""Why there is no match, for people."""

TREMOR_BELOW_S = 60.0
"""Only where one clip is shorter than this is the tremor looked at too, at the same cost again."""

CANDIDATES = 3
"""Places named in a refusal."""


@dataclass(frozen=True)
class MotionSignal:
    """Matches clips of cameras that were mounted on one rigid body.

    Parameters
    ----------
    reader
        How telemetry is read; from the clip's own files unless told otherwise.
    """

    name: ClassVar[str] = "motion"
    version: ClassVar[int] = 1
    proves: ClassVar[Proves] = "moment"

    reader: TelemetryReader = read_streams

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has a telemetry track."""
        return has_telemetry(clip)

    def extractor(self, clip: Clip) -> MotionExtractor:
        """Return an empty extractor for the clip."""
        return MotionExtractor(clip, self.reader)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> MotionFeature:
        """Return the feature again that `MotionFeature.to_arrays` wrote."""
        return MotionFeature.from_arrays(clip, arrays)

    def candidates(self, features: Mapping[str, MotionFeature]) -> Iterable[tuple[str, str]]:
        """Return pairs of clip ids worth trying: all."""
        return list(combinations(features, 2))

    def match(
        self,
        a: MotionFeature,
        b: MotionFeature,
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
            What is believed already. Speeds are tried one after the other until one fits.
        exclude_spans
            Stretches of b's clip time not to be used.

        Returns
        -------
        Match or Refusal
            `Match.details` has ``rotation`` (takes b's axes to a's, three rows), ``gain``,
            ``evidence`` in nats, and per sensor its own offset, agreement and evidence.
        """
        prior = prior or Prior()
        if not a.sensors.keys() & b.sensors.keys():
            return _refusal(a, b, "no_sensor", None)
        last: Refusal | None = None
        for speed in prior.speeds or (Fraction(1),):
            plain = speed == 1 and not exclude_spans
            moved_b = None if plain else _moved(b, speed, exclude_spans)
            for fastest_hz in (SWAY_HZ, TREMOR_HZ):
                ready_a = a.ready(fastest_hz)
                ready_b = b.ready(fastest_hz) if moved_b is None else _ready(moved_b, fastest_hz)
                verdict = _judged(ready_a, ready_b, prior)
                if not verdict.code:
                    return _match(a, b, verdict, speed, ready_b, exclude_spans)
                last = last or _refusal(a, b, verdict.code, verdict)
                if speed != 1 or min(_length_s(ready_a), _length_s(ready_b)) > TREMOR_BELOW_S:
                    # What long clips have in common shows in what they do slowly.
                    break
        assert last is not None
        return last


def _moved(b: MotionFeature, speed: Fraction, exclude_spans: Spans) -> dict[str, Movement]:
    """Return b's sensors on the time ``t_b / speed``, without what is excluded."""
    moved: dict[str, Movement] = {}
    for name, sensor in b.sensors.items():
        movement = sensor.movement
        values = np.array(movement.values, np.float64)
        times_s = movement.start_s + np.arange(values.shape[0]) / movement.rate_hz
        for start_s, end_s in exclude_spans:
            values[(times_s >= start_s) & (times_s < end_s)] = np.nan
        known = np.isfinite(values).all(axis=1)
        if known.sum() < movement.rate_hz:
            continue
        if speed != 1:
            moved[name] = on_grid(times_s[known] / float(speed), values[known])
        else:
            moved[name] = replace(movement, values=values)
    return moved


def _ready(movements: Mapping[str, Movement], fastest_hz: float) -> dict[str, Prepared]:
    return {
        name: prepare(movement, noise=NOISE[name], fastest_hz=fastest_hz)
        for name, movement in movements.items()
    }


def _length_s(ready: Mapping[str, Prepared]) -> float:
    return max((prepared.duration_s for prepared in ready.values()), default=0.0)


def _judged(a: Mapping[str, Prepared], b: Mapping[str, Prepared], prior: Prior) -> Verdict:
    near_s = None
    if prior.offset_s is not None:
        near_s = (prior.offset_s, prior.offset_std_s if prior.offset_std_s is not None else 0.05)
    return judge(
        a,
        b,
        slope_prior=-prior.drift_ppm * 1e-6,
        slope_prior_std=max(prior.drift_std_ppm, 0.01) * 1e-6,
        near_s=near_s,
        only_near=prior.hard,
    )


def _refusal(a: MotionFeature, b: MotionFeature, code: str, verdict: Verdict | None) -> Refusal:
    places = verdict.places[:CANDIDATES] if verdict is not None else ()
    candidates = tuple(
        Candidate(
            a=a.clip.id,
            offset_s=place.at_s - place.middle_s,
            confidence=verdict.confidence if number == 0 and verdict is not None else 0.0,
            score=place.evidence,
        )
        for number, place in enumerate(places)
    )
    return Refusal(
        a=a.clip.id,
        b=b.clip.id,
        signal="motion",
        code=code,
        reason=REASONS[code],
        candidates=candidates,
    )


def _match(
    a: MotionFeature,
    b: MotionFeature,
    verdict: Verdict,
    speed: Fraction,
    ready_b: Mapping[str, Prepared],
    exclude_spans: Spans,
) -> Match:
    place = verdict.places[0]
    best, sensor = place.best, place.finest
    line = best.line
    # t_a = t' + value + slope * (t' - pivot) with t' = t_b / speed.
    drift = 1.0 / (1.0 + line.slope) - 1.0
    offset_s = line.value - line.slope * line.pivot
    one, other = a.sensors[sensor], b.sensors[sensor]
    latency_s = SAME_MODEL_STD_S if a.model == b.model else np.hypot(LATENCY_STD_S, LATENCY_STD_S)
    apart_s = _apart_s(place)
    scale = float(speed)
    return Match(
        a=a.clip.id,
        b=b.clip.id,
        signal="motion",
        offset_s=float(offset_s),
        drift_ppm=float(drift * 1e6),
        speed=speed,
        offset_std_s=float(
            np.sqrt(
                line.value_std**2
                + one.time_std_s**2
                + other.time_std_s**2
                + latency_s**2
                + apart_s**2
            )
        ),
        drift_std_ppm=float(
            np.sqrt((line.slope_std * 1e6) ** 2 + one.rate_std_ppm**2 + other.rate_std_ppm**2)
        ),
        pivot_s=float(line.pivot * scale),
        confidence=float(verdict.confidence),
        spans_s=left_of((best.span_s[0] * scale, best.span_s[1] * scale), exclude_spans),
        details=_details(place, ready_b),
    )


def _apart_s(place: Judged) -> float:
    """Return how far the two sensors differ beyond their own errors, in seconds."""
    lines = [alignment.line for alignment in place.by_sensor.values()]
    if len(lines) < 2:
        return 0.0
    apart_s = abs(float(lines[0].at(place.middle_s)) - float(lines[1].at(place.middle_s)))
    error_s = float(np.hypot(lines[0].value_std, lines[1].value_std))
    return apart_s if apart_s > 3 * error_s else 0.0


def _details(place: Judged, ready_b: Mapping[str, Prepared]) -> dict[str, object]:
    details: dict[str, object] = {
        "rotation": [[round(float(v), 6) for v in row] for row in place.best.rotation],
        "gain": round(place.best.gain, 4),
        "evidence": round(place.evidence, 1),
        "measured_by": place.finest,
        "windows": place.best.windows,
        "windows_agreeing": round(place.best.agreeing, 3),
    }
    for name, alignment in place.by_sensor.items():
        line = alignment.line
        details[name] = {
            "offset_s": round(float(line.value - line.slope * line.pivot), 6),
            "agreement": round(alignment.agreement, 4),
            "evidence": round(alignment.evidence, 1),
        }
    silent = [name for name in ready_b if name not in place.by_sensor]
    if silent:
        details["without"] = silent
    return details
