"""One ride by two cameras, for the contract of all signals."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from clapless.media.reading import FrameBlock
from clapless.signals.scenery import SceneryFeature, ScenerySignal
from clapless.signals.scenery.extractor import SceneryExtractor
from clapless.synth.ride_video import RideCamera, RideRun, passage
from clapless.synth.ride_world import Leg
from tests.signals.contract import Example
from tests.signals.scenery.rides import clip_of, feature

RUN = RideRun(seed=1, legs=(Leg(1, 0, 300),), duration_s=22.0)
OTHER = replace(RUN, seed=2, legs=(Leg(2, 0, 300),), duration_s=12.0)
OFFSET_S = 4.0


def example() -> Example:
    assert passage(RUN).road.length_m == 300
    a = feature("a", replace(RUN, duration_s=19.0))
    signal = ScenerySignal()
    # The second camera sits higher, behind a dirty lens.
    second = replace(RUN, camera=RideCamera(above_m=1.5, dirt=4, gain=0.8))

    def later_b(seconds: float) -> SceneryFeature:
        return feature("b", second, from_s=OFFSET_S + seconds)

    return Example(
        signal=signal,
        a=a,
        b=later_b(0.0),
        offset_s=OFFSET_S,
        drift_ppm=0.0,
        later_b=later_b,
        tolerance_s=0.15,
        unrelated=feature("u", OTHER),
        empty=night,
        clip=a.clip,
    )


def night() -> object:
    """What a camera in its bag gives."""
    extractor = SceneryExtractor(clip_of("night", RUN, 10.0))
    for index in range(40):
        extractor.feed(
            FrameBlock(
                times_s=np.array([index * float(Fraction(1, 4))]),
                keyframes=np.array([False]),
                after_gap=np.array([False]),
                height=360,
                width=640,
                grey=np.zeros((1, 270, 480), np.uint8),
            )
        )
    return extractor.finish()
