"""Clips that saw the same flashes, for the contract of all signals."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from clapless.media.reading import FrameBlock
from clapless.model import Clip
from clapless.signals.flash import FlashFeature, FlashSignal
from clapless.signals.flash.extractor import FlashExtractor
from clapless.synth.rolling_shutter import ShutterCamera, row_tables
from tests.signals.contract import Example

ROWS = 360
A = ShutterCamera(frame_rate=Fraction(30), readout_s=0.02, exposure_s=0.009, rows=ROWS, seed=1)
B = ShutterCamera(
    frame_rate=Fraction(25),
    readout_s=0.016,
    exposure_s=0.013,
    offset_s=4.5,
    drift_ppm=30.0,
    rows=ROWS,
    seed=2,
)


def fed(name: str, camera: ShutterCamera, flashes: list[tuple[float, float]]) -> object:
    clip = Clip(id=name, name=name, files=(), frame_rate=camera.frame_rate, height=ROWS)
    extractor = FlashExtractor(clip)
    for time_s, rows in row_tables(camera, flashes):
        extractor.feed(
            FrameBlock(
                times_s=np.array([time_s]),
                keyframes=np.array([False]),
                after_gap=np.array([False]),
                height=ROWS,
                width=640,
                rows=rows[None],
            )
        )
    return extractor.finish()


def example() -> Example:
    def series(seed: int, count: int) -> list[tuple[float, float]]:
        times_s = np.sort(np.random.default_rng(seed).uniform(8, 150, count))
        return [(float(t), 1.0) for t in times_s]

    flashes = series(3, 24)
    made = {"a": fed("a", A, flashes), "b": fed("b", B, flashes), "u": fed("u", B, series(8, 20))}
    features = {name: one for name, one in made.items() if isinstance(one, FlashFeature)}
    assert len(features) == 3

    def later_b(shift_s: float) -> FlashFeature:
        moved = fed("b", replace(B, offset_s=B.offset_s + shift_s), flashes)
        assert isinstance(moved, FlashFeature)
        return moved

    return Example(
        signal=FlashSignal(),
        a=features["a"],
        b=features["b"],
        offset_s=B.offset_s,
        drift_ppm=B.drift_ppm,
        later_b=later_b,
        tolerance_s=5e-4,
        unrelated=features["u"],
        empty=lambda: fed("e", A, []),
        clip=features["a"].clip,
    )
