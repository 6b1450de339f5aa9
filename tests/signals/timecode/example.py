"""The timecode signal's clips for the contract."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from clapless.model import Clip, MediaFile
from clapless.signals.timecode import TimecodeFeature, TimecodeSignal
from clapless.timing import Timecode
from tests.signals.contract import Example

RATE = Fraction(25)
START_S = 36_000


def clip_of(name: str, label: str | None, *, made: str = "2026-05-04T10:00:00Z") -> Clip:
    return Clip(
        id=name,
        name=name,
        files=(MediaFile(path=Path(f"{name}.mov")),),
        duration_s=Fraction(60),
        frame_rate=RATE,
        start_timecode=label,
        timecode_rate=RATE,
        metadata={"creation_time": made},
    )


def feature(name: str, start_s: float, *, made: str = "2026-05-04T10:00:00Z") -> TimecodeFeature:
    label = str(Timecode.at(Fraction(start_s), RATE))
    found = TimecodeSignal().extractor(clip_of(name, label, made=made)).finish()
    assert isinstance(found, TimecodeFeature)
    return found


def example() -> Example:
    a = feature("a", START_S)
    return Example(
        signal=TimecodeSignal(),
        a=a,
        b=feature("b", START_S + 12.4),
        offset_s=12.4,
        drift_ppm=0.0,
        later_b=lambda shift_s: feature("b", START_S + 12.4 + shift_s),
        tolerance_s=1e-6,
        unrelated=feature("c", START_S + 5, made="2026-05-07T10:00:00Z"),
        empty=lambda: TimecodeSignal().extractor(clip_of("d", None)).finish(),
        clip=a.clip,
    )
