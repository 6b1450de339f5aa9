"""Views of one scene, for the contract of all signals and for the tests of pictures."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from clapless.media.reading import FrameBlock
from clapless.model import Clip
from clapless.signals.picture import PictureFeature, PictureSignal
from clapless.signals.picture.extractor import PictureExtractor
from clapless.synth.views import View, paths, view_pictures
from tests.signals.contract import Example

A = View(frame_rate=Fraction(25), seed=1)
B = View(
    frame_rate=Fraction(30),
    offset_s=6.4,
    drift_ppm=0.0,
    left=0.25,
    scale=0.75,
    mirrored=True,
    seed=2,
)
LENGTH_S = 24.0


def fed(name: str, view: View, scene: int | None, length_s: float = LENGTH_S) -> object:
    frames = int(length_s * view.frame_rate)
    clip = Clip(
        id=name,
        name=name,
        files=(),
        frame_rate=view.frame_rate,
        duration_s=Fraction(frames) / view.frame_rate,
    )
    places = paths(scene or 0, 60.0)
    if scene is None:
        places = np.repeat(places[:1], len(places), axis=0)
    extractor = PictureExtractor(clip)
    for index, picture in enumerate(view_pictures(view, places, frames, width=160, height=90)):
        extractor.feed(
            FrameBlock(
                times_s=np.array([float(index / view.frame_rate)]),
                keyframes=np.array([index % 25 == 0]),
                after_gap=np.array([index == 0]),
                height=90,
                width=160,
                grey=picture[None],
            )
        )
    return extractor.finish()


def feature(name: str, view: View, scene: int, length_s: float = LENGTH_S) -> PictureFeature:
    found = fed(name, view, scene, length_s)
    assert isinstance(found, PictureFeature)
    return found


def example() -> Example:
    a = feature("a", A, 1)
    return Example(
        signal=PictureSignal(),
        a=a,
        b=feature("b", B, 1),
        offset_s=B.offset_s,
        drift_ppm=B.drift_ppm,
        later_b=lambda shift_s: feature("b", replace(B, offset_s=B.offset_s + shift_s), 1),
        tolerance_s=0.012,
        unrelated=feature("u", B, 2),
        empty=lambda: fed("e", A, None, 4.0),
        clip=a.clip,
    )
