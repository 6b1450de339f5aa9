"""The tempo signal's clips for the contract: two takes of a song, both to one click track."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clapless.media.reading import SoundBlock
from clapless.model import AudioStream, Clip, MediaFile, Refusal
from clapless.numerics.tempo_features import RATE_HZ
from clapless.signals.tempo import TempoFeature, TempoSignal
from clapless.synth.music import song
from clapless.synth.takes import beats, perform_take
from tests.signals.contract import Example

Samples = NDArray[np.float32]

STARTS_S = 3.0
"""The second camera is started so much later in its take than the first one in its own."""


@cache
def take(seed: int, piece_seed: int) -> Samples:
    piece = song(np.random.default_rng(piece_seed))
    rng = np.random.default_rng(seed)
    return perform_take(rng, piece, beats(rng, piece, sections=7, wander=0.0), RATE_HZ)


def extracted(name: str, samples: Samples) -> TempoFeature | Refusal:
    length = Fraction(len(samples), RATE_HZ)
    file = MediaFile(path=Path(f"{name}.wav"), duration_s=length)
    extractor = TempoSignal().extractor(
        Clip(
            id=name,
            name=name,
            kind="audio",
            files=(file,),
            duration_s=length,
            audio=(AudioStream(index=0, channels=1, sample_rate_hz=RATE_HZ),),
        )
    )
    steps = np.clip(np.rint(samples * 3000), -32768, 32767).astype(np.int16)[None]
    extractor.feed(SoundBlock(stream=0, start_s=0.0, rate_hz=RATE_HZ, samples=steps))
    return extractor.finish()


def feature(name: str, samples: Samples) -> TempoFeature:
    found = extracted(name, samples)
    assert isinstance(found, TempoFeature)
    return found


def example() -> Example:
    first = round(STARTS_S * RATE_HZ)
    a, b = feature("a", take(1, 73)), feature("b", take(2, 73)[first:])
    return Example(
        signal=TempoSignal(),
        a=a,
        b=b,
        offset_s=STARTS_S,
        drift_ppm=0.0,
        later_b=lambda shift_s: feature("b", take(2, 73)[first + round(shift_s * RATE_HZ) :]),
        tolerance_s=0.1,
        unrelated=feature("c", take(3, 74)),
        empty=lambda: extracted("silent", np.zeros(20 * RATE_HZ, np.float32)),
        clip=a.clip,
    )
