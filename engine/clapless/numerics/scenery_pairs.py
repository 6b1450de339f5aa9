"""Two pictures of maybe one place: which points they share, and how much nearer the one is.

Conventions
-----------
`Zoom.log_zoom` > 0: what is seen is larger in the second picture, which was taken farther along the
way. Where both were taken at one place it is zero, whatever the height and the side of the track:
only the spread along the horizon is measured, which neither changes for ground and walls.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clapless.numerics.scenery_points import Points

Floats = NDArray[np.float64]

RATIO = 0.85
"""The best partner of a point must be so much nearer than the second best (Lowe 2004)."""

MOST_BITS = 80
"""Descriptors farther apart than this many of their 256 bits are of different things."""

NEAR_PX = 20.0
"""Points fit an affine picture to this many pixels of 640. Walls and ground are no plane: with 8 px
only what is far away fits, and what is far away tells little (median error 0.048 s against 0.023 s
of a picture on a made ride)."""

ROUNDS = 200
"""Draws of RANSAC."""

LEAST_SHARED = 8
"""With fewer points in common nothing is measured."""


@dataclass(frozen=True, slots=True)
class Zoom:
    """What two pictures have in common.

    Parameters
    ----------
    log_zoom
        Natural logarithm of how much larger the second one shows it.
    inliers
        Points that fit one affine picture.
    shift_px
        Median movement of those points.
    """

    log_zoom: float
    inliers: int
    shift_px: float


def shared(one: Points, two: Points) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the pixels of points in common, each float32, shape (n, 2)."""
    none = np.zeros((0, 2), np.float32)
    if len(one) < 2 or len(two) < 2:
        return none, none
    away, index = cv2.batchDistance(one.bits, two.bits, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=2)
    good = (away[:, 0] < RATIO * away[:, 1]) & (away[:, 0] <= MOST_BITS)
    return one.xy[good], two.xy[index[good, 0]]


def zoom_between(one: Points, two: Points) -> Zoom | None:
    """Return how the second picture is nearer than the first; None where they share nothing."""
    from_xy, to_xy = shared(one, two)
    if len(from_xy) < LEAST_SHARED:
        return None
    affine, fits = cv2.estimateAffine2D(
        from_xy, to_xy, method=cv2.RANSAC, ransacReprojThreshold=NEAR_PX, maxIters=ROUNDS
    )
    if affine is None:
        return None
    inside = fits[:, 0] > 0
    spread = float(np.hypot(affine[0, 0], affine[1, 0]))
    if inside.sum() < LEAST_SHARED or not 0.3 < spread < 3.0:
        return None
    shift = np.median(np.hypot(*(to_xy - from_xy)[inside].T))
    return Zoom(float(np.log(spread)), int(inside.sum()), float(shift))
