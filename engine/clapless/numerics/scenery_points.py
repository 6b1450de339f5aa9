"""Points of a picture by which a place is known again.

Conventions
-----------
Pictures are grey, uint8, shape (height, width). Points are pixels from the upper left corner,
x to the right, y down. Descriptors are 256 bits, uint8, shape (n, 32).

References
----------
Rublee et al. (2011), "ORB: an efficient alternative to SIFT or SURF". Contrast is evened out first
(Zuiderveld 1994, "Contrast limited adaptive histogram equalization"), which is what makes a dark
picture and a bright one alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH = 480
"""Pictures are looked at this wide: with 640 as many points are found again and it takes 1.5 times
as long, with 960 4 times, with 400 fewer are."""

BLUR_PX = 1.0
"""Noise of a dark picture is taken off by a blur of this."""

POINTS = 400
"""The most points kept of a picture."""

LEVELS, SCALE = 5, 1.3
"""Copies of the picture, each smaller by this, in which points are sought."""

FAST_LEVELS = 10
"""Grey levels by which a corner differs from its surroundings, after evening out."""

CLIP_LIMIT, TILES = 2.0, 8
"""Of the evening out: 8 by 8 tiles."""

RATIO = 0.85
"""The best partner of a point must be so much nearer than the second best (Lowe 2004)."""

MOST_BITS = 80
"""Descriptors farther apart than this many of their 256 bits are of different things."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The points of one picture: pixels, float32, shape (n, 2), and descriptors."""

    xy: NDArray[np.float32]
    bits: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.xy)


class PointFinder:
    """Finds the points of pictures of one recording."""

    def __init__(self) -> None:
        self._even = cv2.createCLAHE(CLIP_LIMIT, (TILES, TILES))
        self._orb = cv2.ORB_create(  # type: ignore[attr-defined]
            POINTS, scaleFactor=SCALE, nlevels=LEVELS, fastThreshold=FAST_LEVELS
        )

    def find(self, picture: NDArray[np.uint8]) -> Points:
        """Return the points of a picture, which was blurred by `BLUR_PX`.

        >>> len(PointFinder().find(np.zeros((90, 160), np.uint8)))
        0
        """
        keys, bits = self._orb.detectAndCompute(self._even.apply(picture), None)
        if bits is None or not len(keys):
            return Points(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
        xy = np.asarray(cv2.KeyPoint.convert(keys), np.float32)
        return Points(xy, np.asarray(bits, np.uint8))
