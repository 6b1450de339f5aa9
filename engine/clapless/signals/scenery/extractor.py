"""Takes a clip's pictures in and keeps the points by which places are known again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clapless.media.reading import Block, FrameBlock, FrameWish, Need
from clapless.model import Clip, Refusal
from clapless.numerics.scenery_ground import GroundFinder
from clapless.numerics.scenery_points import BLUR_PX, WIDTH, PointFinder, Points
from clapless.signals.scenery.feature import PointTable, SceneryFeature

SIGNAL = "scenery"

EVERY_S = 0.25
"""One picture in this time. A rider at 6 m/s goes 1.5 m meanwhile."""

LONG_S, LONG_EVERY_S = 1500.0, 0.5
"""Recordings longer than this are looked at half as often: an hour is 100 MB then."""

GROUND_EVERY = 2
"""Of every second picture the ground is kept too."""

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
        self._points: list[Points] = []
        self._ground: list[Points] = []
        self._ground_at: list[int] = []
        self._above: GroundFinder | None = None
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
            self._add(time_s, np.asarray(picture, np.uint8))

    def _add(self, time_s: float, picture: NDArray[np.uint8]) -> None:
        size = (picture.shape[1], picture.shape[0])
        if self._above is None:
            self._size, self._above = size, GroundFinder(size)
        if size != self._size:
            # A stream whose size changes on the way is brought to the size it began with.
            resized = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
            picture = np.asarray(resized, np.uint8)
        calm = np.asarray(cv2.GaussianBlur(picture, (0, 0), BLUR_PX), np.uint8)
        if len(self._times) % GROUND_EVERY == 0:
            self._ground.append(self._above.find(calm))
            self._ground_at.append(len(self._times))
        self._times.append(time_s)
        self._points.append(self._finder.find(calm))

    def finish(self) -> SceneryFeature | Refusal:
        """Return the points, or why there are none of use."""
        counts = [len(points) for points in self._points]
        if len(counts) < LEAST_PICTURES:
            return self._refuse("too_short", "it has too few pictures to show a route")
        if np.median(counts) < LEAST_POINTS:
            return self._refuse(
                "too_few_features", "its pictures show too little to know a place again by"
            )
        return SceneryFeature(
            clip=self._clip,
            times_s=np.array(self._times),
            table=PointTable.of(self._points),
            ground=PointTable.of(self._ground),
            ground_at=np.array(self._ground_at, np.int64),
            size=self._size,
        )

    def _refuse(self, code: str, reason: str) -> Refusal:
        return Refusal(a=self._clip.id, b=self._clip.id, signal=SIGNAL, code=code, reason=reason)
