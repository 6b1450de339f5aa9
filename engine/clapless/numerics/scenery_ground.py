"""The ground ahead as seen from above: by it a way gone backwards is known.

Who comes the other way sees the back of all that stands, but the same ground. Seen from above it is
turned by half a circle, and its points are found again.

The view is drawn for a level camera of 75 degrees at a height of one; another height makes all of
it larger or smaller, another lens nearly so.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clapless.numerics.scenery_points import MOST_BITS, RATIO, Points

FOCAL_SHARE = 0.66
"""Focal length as a share of the width: 75 degrees."""

HALF_WIDTH, NEAREST, FARTHEST = 3.0, 1.6, 6.0
"""The ground that is drawn, in heights of the camera: to either side, and ahead."""

PIXELS = 40
"""Pixels to a height."""

POINTS, LEVELS, SCALE, FAST_LEVELS, EDGE_PX = 150, 3, 1.3, 8, 20
"""Points of a view, the copies in which they are sought, and how far from its edge they keep."""

CLIP_LIMIT, TILES = 2.0, 4

NEAR_PX = 6.0
"""Two views fit a turn to so many pixels; the rider leans and the ground is not flat."""

LEAST_INLIERS = 15
"""As many points are of one ground: others reach 14, mostly with a size of next to nothing."""

TURN_DEG = 35.0
"""The turn is half a circle to this."""

SIZES = (0.5, 2.0)
"""Two cameras' heights have at most this ratio."""


class GroundFinder:
    """Finds points of the ground in pictures of one recording.

    Parameters
    ----------
    size
        Width and height of the pictures.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        width, height = size
        focal = FOCAL_SHARE * width
        lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]], np.float64)
        ground = np.array(
            [[1 / PIXELS, 0, -HALF_WIDTH], [0, 0, 1], [0, -1 / PIXELS, FARTHEST]], np.float64
        )
        self._view = lens @ ground
        self._even = cv2.createCLAHE(CLIP_LIMIT, (TILES, TILES))
        self._orb = cv2.ORB_create(  # type: ignore[attr-defined]
            POINTS,
            scaleFactor=SCALE,
            nlevels=LEVELS,
            fastThreshold=FAST_LEVELS,
            edgeThreshold=EDGE_PX,
        )

    def find(self, picture: NDArray[np.uint8]) -> Points:
        """Return the points of the ground in a picture, in pixels of the view from above."""
        size = (round(2 * HALF_WIDTH * PIXELS), round((FARTHEST - NEAREST) * PIXELS))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        above = cv2.warpPerspective(picture, self._view, size, flags=flags)
        keys, bits = self._orb.detectAndCompute(self._even.apply(above), None)
        if bits is None or not len(keys):
            return Points(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
        xy = np.asarray(cv2.KeyPoint.convert(keys), np.float32)
        return Points(xy, np.asarray(bits, np.uint8))


def turned_about(one: Points, two: Points) -> bool:
    """Return whether two views show one ground from opposite sides."""
    if len(one) < LEAST_INLIERS or len(two) < LEAST_INLIERS:
        return False
    away, index = cv2.batchDistance(one.bits, two.bits, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=2)
    good = (away[:, 0] < RATIO * away[:, 1]) & (away[:, 0] <= MOST_BITS)
    if good.sum() < LEAST_INLIERS:
        return False
    turn, fits = cv2.estimateAffinePartial2D(
        one.xy[good],
        two.xy[index[good, 0]],
        method=cv2.RANSAC,
        ransacReprojThreshold=NEAR_PX,
        maxIters=200,
    )
    if turn is None or int(fits.sum()) < LEAST_INLIERS:
        return False
    angle_deg = float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0])))
    larger = float(np.hypot(turn[0, 0], turn[1, 0]))
    return abs(angle_deg) > 180.0 - TURN_DEG and SIZES[0] < larger < SIZES[1]
