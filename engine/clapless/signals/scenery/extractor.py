"""Takes a clip's pictures in and keeps the points by which places are known again."""

from __future__ import annotations

import numpy as np

from clapless.media.reading import Block, FrameBlock, FrameWish, Need
from clapless.model import Clip, Refusal
from clapless.numerics.scenery_points import WIDTH, PointFinder, Points
from clapless.signals.scenery.feature import FRACTION, SceneryFeature

SIGNAL = "scenery"

EVERY_S = 0.25
"""One picture in this time. A rider at 6 m/s goes 1.5 m meanwhile."""

LONG_S, LONG_EVERY_S = 1500.0, 0.5
"""Recordings longer than this are looked at half as often: an hour is 100 MB then."""

LEAST_PICTURES = 8
"""Fewer show no route."""

LEAST_POINTS = 30
"""With fewer in the usual picture nothing is known again: darkness, fog, a lens cap."""


class SceneryExtractor:
    """Finds the points while the pictures pass by.

    Parameters
    ----------
    clip
        The clip.
    """

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._finder = PointFinder()
        self._every_s = EVERY_S if float(clip.duration_s) <= LONG_S else LONG_EVERY_S
        self._due_s = -np.inf
        self._times: list[float] = []
        self._xy: list[np.ndarray[tuple[int, ...], np.dtype[np.uint16]]] = []
        self._bits: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
        self._size = (0, 0)

    @property
    def needs(self) -> frozenset[Need]:
        """Frames."""
        return frozenset({Need.FRAMES})

    @property
    def frame_wish(self) -> FrameWish:
        """Some pictures a second, of a middle size."""
        return FrameWish(width=WIDTH, every_s=self._every_s)

    def feed(self, block: Block) -> None:
        """Take the next pictures."""
        if not isinstance(block, FrameBlock) or block.grey is None:
            return
        for time_s, picture in zip(block.times_s.tolist(), block.grey, strict=True):
            if time_s < self._due_s:
                continue
            self._due_s = (np.floor(time_s / self._every_s + 1e-6) + 1) * self._every_s - 1e-6
            self._add(time_s, self._finder.find(picture), picture.shape)

    def _add(self, time_s: float, points: Points, shape: tuple[int, ...]) -> None:
        size = (shape[1], shape[0])
        if self._size == (0, 0):
            self._size = size
        # A stream whose size changes on the way is brought to the size it began with.
        scale = np.array(self._size, np.float32) / np.array(size, np.float32)
        self._times.append(time_s)
        self._xy.append(np.rint(points.xy * scale * FRACTION).astype(np.uint16))
        self._bits.append(points.bits)

    def finish(self) -> SceneryFeature | Refusal:
        """Return the points, or why there are none of use."""
        counts = np.array([len(xy) for xy in self._xy], np.int64)
        if len(counts) < LEAST_PICTURES:
            return self._refuse("too_short", "it has too few pictures to show a route")
        if np.median(counts) < LEAST_POINTS:
            return self._refuse(
                "too_few_features", "its pictures show too little to know a place again by"
            )
        return SceneryFeature(
            clip=self._clip,
            times_s=np.array(self._times),
            first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            xy=np.concatenate(self._xy),
            bits=np.concatenate(self._bits),
            size=self._size,
        )

    def _refuse(self, code: str, reason: str) -> Refusal:
        return Refusal(a=self._clip.id, b=self._clip.id, signal=SIGNAL, code=code, reason=reason)
