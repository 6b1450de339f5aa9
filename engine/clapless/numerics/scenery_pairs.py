"""Two pictures of maybe one place: which points they share, and how much nearer the one is.

Conventions
-----------
`Zoom.log_zoom` > 0: what is seen is larger in the second picture, which was taken farther along the
way. Where both were taken at one place it is zero, whatever the height and the side of the track: a
camera moved aside or up shifts near things more than far ones, and near are those below and those
at the sides. Such shifts are fitted along with the zoom and do not count for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clapless.numerics.scenery_points import MOST_BITS, RATIO, Points

Floats = NDArray[np.float64]

NEAR_SHARE = 0.04
"""Points fit an affine picture to this share of its width. Walls and ground are no plane: with a
quarter of it only what is far away fits, and what is far away tells little."""

ROUNDS = 200
"""Draws of RANSAC."""

LEAST_SHARED = 8
"""With fewer points in common nothing is measured."""

NEAR_STD, ASIDE_STD, SIDE_SHARE = 0.3, 0.15, 0.3
"""How far near things may be shifted by a camera that is moved aside or up, as a share. Near is
what lies below, and what lies beside by `SIDE_SHARE` as much (a lane seven times as wide as the
camera is high; 0.2 to 0.6 do as well within a fifth); what lies beside may be shifted by more or
less than that. Nine in ten places of made rides are right to 0.14 steps by day, 0.33 with another
light and height, 0.36 in the dark, 0.56 for riders 1.5 to 2 m apart; by shifts of what is below and
of what is beside that know nothing of each other, to 0.20, 0.40, 0.39 and 0.69 (seeds 1001, 1002
and 1004)."""

STRETCH_STD, STRETCH_SHARE = 0.01, 0.25
"""Where the one camera was beside the middle of the way too, a shift aside makes the picture wider
on the nearer side by more than it makes it narrower on the other: a stretch across only, no zoom.
Its standard deviation, and how much of the fitted shift aside is added to it. Without it nine in
ten places of riders 1.5 to 2 m apart are right to 1.26 steps, with it to 0.75, of others to 0.21
to 0.41 in place of 0.39 to 0.59 (made rides, seeds 1001 to 1003)."""

NEAR_PLACE = 0.3
"""What lies farther from the picture's middle than this share of its width or height is near."""

PLACE_STD = 0.003
"""Least error of a point's place, as a share of the width."""


@dataclass(frozen=True, slots=True)
class Zoom:
    """What two pictures have in common.

    Parameters
    ----------
    log_zoom
        Natural logarithm of how much larger the second one shows it.
    std
        Its standard deviation by the scatter of the points.
    inliers
        Points that fit one affine picture.
    near
        Those of them that are seen beside or below, not straight ahead: near things.
    aside, up
        By how much near things are shifted to the right and down in the second picture, as a share:
        how far to the left of the first camera, and above it, the second one was.
    """

    log_zoom: float
    std: float
    inliers: int
    near: int
    aside: float
    up: float


def shared(one: Points, two: Points) -> tuple[Floats, Floats]:
    """Return the pixels of points in common, each shape (n, 2)."""
    none = np.zeros((0, 2))
    if len(one) < 2 or len(two) < 2:
        return none, none
    away, index = cv2.batchDistance(one.bits, two.bits, cv2.CV_32S, normType=cv2.NORM_HAMMING, K=2)
    good = (away[:, 0] < RATIO * away[:, 1]) & (away[:, 0] <= MOST_BITS)
    return one.xy[good].astype(np.float64), two.xy[index[good, 0]].astype(np.float64)


def zoom_between(one: Points, two: Points, *, size: tuple[int, int]) -> Zoom | None:
    """Return how the second picture is nearer than the first; None where they share nothing.

    Parameters
    ----------
    one, two
        Points of the pictures.
    size
        Width and height of the pictures, in pixels.
    """
    from_xy, to_xy = shared(one, two)
    if len(from_xy) < LEAST_SHARED:
        return None
    affine, fits = cv2.estimateAffine2D(
        from_xy,
        to_xy,
        method=cv2.RANSAC,
        ransacReprojThreshold=NEAR_SHARE * size[0],
        maxIters=ROUNDS,
        refineIters=0,
    )
    if affine is None:
        return None
    inside = fits[:, 0] > 0
    if inside.sum() < LEAST_SHARED:
        return None
    fitted, std = _spread(from_xy[inside], to_xy[inside], size)
    spread = 1.0 + float(fitted[0])
    if not 0.3 < spread < 3.0:
        return None
    beside = np.abs(from_xy[inside] / np.array(size) - 0.5).max(axis=1) > NEAR_PLACE
    return Zoom(
        log_zoom=float(np.log(spread)),
        std=std / spread,
        inliers=int(inside.sum()),
        near=int(beside.sum()),
        aside=float(fitted[4]),
        up=float(fitted[6]),
    )


def _spread(from_xy: Floats, to_xy: Floats, size: tuple[int, int]) -> tuple[Floats, float]:
    """Return what fits the points, and the error of the first of it.

    That is by how much the second is larger about the picture's middle, the roll, the shift of the
    whole (2), those to the right of what is near and beside (2), those down (2), the stretch.
    """
    place = (from_xy - np.array(size) / 2.0) / size[0]
    moved = (to_xy - from_xy) / size[0]
    count = len(place)
    x, y = place.T
    beside = np.abs(x)
    near = np.stack([np.maximum(SIDE_SHARE * beside, y), beside], axis=1)
    # Zoom, roll, both shifts of the whole, and of what is near aside and up; a stretch across.
    design = np.zeros((2 * count, 9))
    design[:count, 0], design[count:, 0] = x, y
    design[:count, 1], design[count:, 1] = -y, x
    design[:count, 2] = design[count:, 3] = 1.0
    design[:count, 4:6] = design[count:, 6:8] = near
    design[:count, 8] = x
    wanted = np.concatenate([moved[:, 0], moved[:, 1]])
    weight: Floats = np.ones(2 * count)
    scatter = 0.01
    solved: Floats = np.zeros(9)
    inverse: Floats = np.eye(9)
    known = np.array([NEAR_STD, ASIDE_STD, NEAR_STD, ASIDE_STD, 2 * STRETCH_STD])
    for _ in range(4):
        normal = design.T @ (design * weight[:, None]) + 1e-9 * np.eye(9)
        normal[range(4, 9), range(4, 9)] += (scatter / known) ** 2
        inverse = np.asarray(np.linalg.inv(normal), np.float64)
        solved = inverse @ (design.T @ (weight * wanted))
        left = wanted - design @ solved
        apart = np.hypot(left[:count], left[count:])
        scatter = max(0.85 * float(np.median(apart)), PLACE_STD)
        weight[:count] = weight[count:] = 1.0 / (1.0 + (apart / (2.0 * scatter)) ** 2)
        known[4] = np.hypot(STRETCH_STD, STRETCH_SHARE * solved[5])
    return solved, scatter * float(np.sqrt(inverse[0, 0]))
