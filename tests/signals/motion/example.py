"""Motion in the contract of all signals: two cameras on one body and one on another."""

from __future__ import annotations

from dataclasses import replace

from clapless.model import Clip, Refusal
from clapless.signals.motion import MotionFeature
from tests.signals.contract import Example
from tests.signals.motion.making import TURN, Camera, body, calm, stream


def example() -> Example:
    """Return the example."""
    felt, other, cameras = body(60.0, 1), body(30.0, 2), Camera()
    drift_ppm = -35.0

    def b_from(later_s: float) -> MotionFeature:
        streams = (
            stream(key, felt[key], 9.5 + later_s, 60.0, drift_ppm=drift_ppm, turn=TURN, seed=2)
            for key in felt
        )
        return cameras.feature("b", *streams)

    def empty() -> MotionFeature | Refusal:
        still = calm(20.0, 3)
        clip: Clip = cameras.add("still", *(stream(k, still[k], 0.0, 20.0) for k in still))
        return cameras.signal.extractor(clip).finish()

    a = cameras.feature("a", *(stream(key, felt[key], 0.0, 45.0, seed=1) for key in felt))
    return Example(
        signal=cameras.signal,
        a=a,
        b=b_from(0.0),
        offset_s=9.5,
        drift_ppm=drift_ppm,
        later_b=b_from,
        tolerance_s=5e-4,
        unrelated=cameras.feature("c", *(stream(k, other[k], 0.0, 30.0) for k in other)),
        empty=empty,
        clip=replace(a.clip, metadata={"data_streams": "3:gpmd 4:fdsc"}),
    )
