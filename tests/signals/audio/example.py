"""The audio signal's clips for the contract."""

from __future__ import annotations

from functools import cache

import numpy as np

from clapless.model import Clip
from clapless.numerics.sound import ArraySound
from clapless.signals.audio import AudioFeature, AudioSignal
from clapless.signals.audio.signal import feature_of_array
from clapless.synth.sound import Pair, make_negative, make_pair
from tests.signals.contract import Example

RATE_HZ = 16000


@cache
def shared() -> Pair:
    return make_pair(
        41, kind="speech", overlap_s=30.0, a_s=42.0, b_s=36.0, snr_db=15.0, drift_ppm=35.0
    )


@cache
def unrelated() -> Pair:
    return make_negative(42, "speech", a_s=30.0, b_s=25.0)


def sound_of(name: str) -> np.ndarray:
    return {"a": shared().a, "b": shared().b, "c": unrelated().b}[name]


def open_memory(clip: Clip, _stream: int, _channel: int) -> ArraySound:
    return ArraySound(sound_of(clip.id), RATE_HZ)


def feature(name: str, samples: np.ndarray) -> AudioFeature:
    found = feature_of_array(samples, RATE_HZ, name)
    assert isinstance(found, AudioFeature)
    return found


def example() -> Example:
    truth = shared().truth
    assert truth is not None
    a = feature("a", shared().a)
    return Example(
        signal=AudioSignal(open_memory),
        a=a,
        b=feature("b", shared().b),
        offset_s=truth.offset_s,
        drift_ppm=truth.drift_ppm,
        later_b=lambda shift_s: feature("b", shared().b[round(shift_s * RATE_HZ) :]),
        tolerance_s=5e-5,
        unrelated=feature("c", unrelated().b),
        empty=lambda: feature_of_array(np.zeros(8 * RATE_HZ, np.float32), RATE_HZ, "silent"),
        clip=a.clip,
    )
