"""Shake in the contract of all signals: a gyroscope and another camera's picture."""

from __future__ import annotations

from itertools import repeat

import numpy as np

from clapless.model import Refusal
from clapless.signals.shake import ShakeFeature, ShakeSignal
from tests.signals.contract import Example
from tests.signals.shake.making import blocks, camera, clip_of, fed, felt, seen, turning


def example() -> Example:
    """Return the example."""
    body, other = turning(40.0, 1), turning(30.0, 2)
    drift_ppm = -35.0
    view = camera(drift_ppm=drift_ppm)
    a = felt("a", body, 0.0, 36.0)

    def b_from(later_s: float) -> ShakeFeature:
        moved = camera(offset_s=8.5 + later_s, drift_ppm=drift_ppm)
        return seen("b", body, moved, 20.0)

    def empty() -> ShakeFeature | Refusal:
        picture = np.random.default_rng(3).integers(0, 255, (108, 192)).astype(np.uint8)
        tripod = blocks(repeat(picture, 200), view.frame_rate)
        return fed(clip_of("e", view.frame_rate, 200), *tripod)

    return Example(
        signal=ShakeSignal(),
        a=a,
        b=b_from(0.0),
        offset_s=8.5,
        drift_ppm=drift_ppm,
        later_b=b_from,
        tolerance_s=2e-3,
        unrelated=felt("u", other, 0.0, 30.0),
        empty=empty,
        clip=a.clip,
    )
