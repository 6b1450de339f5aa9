"""The linear timecode signal's clips for the contract."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import soxr

from clapless.media.reading import SoundBlock
from clapless.model import AudioStream, Clip, MediaFile
from clapless.signals.ltc import LtcFeature, LtcSignal
from clapless.synth.ltc import linear_timecode
from clapless.timing import Timecode
from tests.signals.contract import Example

RATE_HZ = 16000
DRIFT_PPM = 20.0


@cache
def code(label: str, seconds: float, drift_ppm: float = 0.0) -> np.ndarray:
    start = Timecode.parse(label, Fraction(25))
    sound = linear_timecode(start, seconds, 48000, drift_ppm=drift_ppm)
    return np.asarray(soxr.resample(sound, 48000, RATE_HZ))


def clip_of(name: str, seconds: float) -> Clip:
    return Clip(
        id=name,
        name=name,
        files=(MediaFile(path=Path(f"{name}.wav")),),
        kind="audio",
        duration_s=Fraction(round(seconds * RATE_HZ), RATE_HZ),
        audio=(AudioStream(index=0, channels=1, sample_rate_hz=48000),),
    )


def finish(name: str, sound: np.ndarray) -> object:
    extractor = LtcSignal().extractor(clip_of(name, len(sound) / RATE_HZ))
    samples = np.round(sound * 32767).astype(np.int16).reshape(1, -1)
    extractor.feed(SoundBlock(stream=0, start_s=0.0, rate_hz=RATE_HZ, samples=samples))
    return extractor.finish()


def feature(name: str, sound: np.ndarray) -> LtcFeature:
    found = finish(name, sound)
    assert isinstance(found, LtcFeature)
    return found


def example() -> Example:
    a = feature("a", code("10:00:00:00", 40.0))
    sound_b = code("10:00:12:10", 40.0, DRIFT_PPM)
    backwards = code("10:00:10:00", 20.0)[::-1].copy()
    return Example(
        signal=LtcSignal(),
        a=a,
        b=feature("b", sound_b),
        offset_s=12.4,
        drift_ppm=DRIFT_PPM,
        later_b=lambda shift_s: feature("b", sound_b[round(shift_s * RATE_HZ) :]),
        tolerance_s=1 / 48000,
        unrelated=feature("c", backwards),
        empty=lambda: finish("d", np.zeros(8 * RATE_HZ, np.float32)),
        clip=a.clip,
    )
