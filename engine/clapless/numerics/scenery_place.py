"""Where each picture of a new run lies between the pictures of the reference.

A picture is laid beside the reference's pictures about its place: those behind it show things
smaller, those ahead of it larger. The logarithm of the zoom is a falling line over the reference's
way, and where it crosses zero both were at one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.scenery_pairs import zoom_between
from clapless.numerics.scenery_points import Points
from clapless.numerics.scenery_way import Way

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

REACH = 2
"""Pictures of the reference on either side that a picture is laid beside."""

LEAST_INLIERS = 12
"""Two pictures with fewer points in common say nothing of each other."""

SURE_INLIERS = 20
"""As many points in one affine picture are of one place: of pairs of pictures of other routes 99 in
100 have at most 18, 999 in 1000 at most 22 (4800 pairs, seeds 1001 to 1008). A homography in place
of the affine picture, within as many pixels, leaves the errors of most places within a tenth of
what they are, finds as many points where nothing is in common, and takes 1.5 to 3 times as long."""

ZOOM_STD = 0.01
"""Error of a zoom between near pictures, beside what the scatter of its points says."""

FAR_STD = 0.3
"""And what is added, by how much larger things are: near and far grow unlike."""

SLOPE_STD = 0.3
"""How far the slope at one place is from the usual one, as a share."""

AGAIN = 2
"""Rounds of laying a picture beside others where it turns out to lie elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Where pictures of the new run lie.

    Parameters
    ----------
    index
        Of the pictures, int64, rising, shape (n,).
    at
        Way of the reference there, shape (n,).
    std
        Standard deviation of `at` by the zooms' own errors, shape (n,).
    inliers
        Points in common with the likest of the reference's pictures about it, shape (n,).
    near
        Those of them that are near (`clapless.numerics.scenery_pairs.Zoom`), the most of any of the
        pictures about it, shape (n,).
    aside, up
        Where its camera was beside the reference's, as `Zoom` has it, shape (n,).
    """

    index: Ints
    at: Floats
    std: Floats
    inliers: Ints
    near: Ints
    aside: Floats
    up: Floats


@dataclass(slots=True)
class _Laid:
    """Zooms of one picture beside some of the reference."""

    gone: list[float]
    zoom: list[float]
    std: list[float]
    inliers: list[int]
    near: list[int]
    aside: list[float]
    up: list[float]


def place_pictures(
    ref: Way,
    new: Ints,
    near: Ints,
    ref_points: Callable[[int], Points],
    new_points: Callable[[int], Points],
    *,
    size: tuple[int, int],
) -> Placed:
    """Return where pictures lie that are known to be near some of the reference's.

    Parameters
    ----------
    ref
        The reference's way.
    new
        Indices of the new run's pictures, shape (n,).
    near
        Index in ``ref.moving`` of the picture each is near to, shape (n,).
    ref_points, new_points
        Return the points of a picture.
    size
        Width and height of the pictures, in pixels.
    """
    laid = [
        _beside(ref, int(j), new_points(int(i)), ref_points, size)
        for i, j in zip(new, near, strict=True)
    ]
    slope = _usual_slope(laid)
    at = np.full(len(new), np.nan)
    std = np.full(len(new), np.nan)
    along = ref.gone[ref.moving]
    for number, one in enumerate(laid):
        place = int(near[number])
        for _ in range(AGAIN):
            if not one.gone:
                break
            at[number], std[number] = _crossing(one, slope)
            better = int(np.clip(np.searchsorted(along, at[number]), 0, len(along) - 1))
            if abs(better - place) < REACH or not abs(better - place) <= 4 * REACH:
                break
            place = better
            again = _beside(ref, place, new_points(int(new[number])), ref_points, size)
            if sum(again.inliers) <= sum(one.inliers):
                break
            one = laid[number] = again
    known = np.flatnonzero(np.isfinite(at))
    seen = [laid[number] for number in known.tolist()]
    return Placed(
        index=np.asarray(new[known]),
        at=at[known],
        std=std[known],
        inliers=np.array([max(one.inliers) for one in seen], np.int64),
        near=np.array([max(one.near) for one in seen], np.int64),
        aside=np.array([np.median(one.aside) for one in seen], np.float64),
        up=np.array([np.median(one.up) for one in seen], np.float64),
    )


def _beside(
    ref: Way,
    place: int,
    picture: Points,
    ref_points: Callable[[int], Points],
    size: tuple[int, int],
) -> _Laid:
    laid = _Laid([], [], [], [], [], [], [])
    for other in range(max(0, place - REACH), min(len(ref.moving), place + REACH + 1)):
        index = int(ref.moving[other])
        zoom = zoom_between(ref_points(index), picture, size=size)
        if zoom is not None and zoom.inliers >= LEAST_INLIERS:
            laid.gone.append(float(ref.gone[index]))
            laid.zoom.append(zoom.log_zoom)
            laid.std.append(zoom.std)
            laid.inliers.append(zoom.inliers)
            laid.near.append(zoom.near)
            laid.aside.append(zoom.aside)
            laid.up.append(zoom.up)
    return laid


def _usual_slope(laid: list[_Laid]) -> float:
    """Return by how much zooms fall over the reference's way, where pictures say so at all."""
    slopes = []
    for one in laid:
        if len(one.gone) >= 3 and np.ptp(one.gone) > 0:
            slopes.append(-np.polyfit(one.gone, one.zoom, 1, w=1 / np.array(one.std))[0])
    usual = float(np.median(slopes)) if slopes else 1.0
    return usual if usual > 0.2 else 1.0


def _crossing(one: _Laid, slope: float) -> tuple[float, float]:
    """Return where the line through the zooms is zero, and its standard deviation."""
    gone, zoom = np.array(one.gone), np.array(one.zoom)
    own = ZOOM_STD**2 + np.array(one.std) ** 2
    at, steep = float(gone[np.argmin(np.abs(zoom))]), slope
    std = np.inf
    for _ in range(4):
        weight = 1.0 / (own + (FAR_STD * zoom) ** 2)
        # Unknown: where it crosses, times the slope, and how the slope differs from the usual one.
        design = np.stack([np.full(len(gone), steep), at - gone], axis=1)
        left = zoom - steep * (at - gone)
        robust = 1.0 / (1.0 + np.abs(left) * np.sqrt(weight) / 2.0)
        normal = design.T @ (design * (weight * robust)[:, None])
        normal[1, 1] += 1.0 / (SLOPE_STD * slope) ** 2
        right = design.T @ (left * weight * robust)
        right[1] += (slope - steep) / (SLOPE_STD * slope) ** 2
        solved = np.linalg.solve(normal, right)
        at += float(solved[0])
        steep = float(np.clip(steep + solved[1], 0.3 * slope, 3.0 * slope))
        std = float(np.sqrt(np.linalg.inv(normal)[0, 0]))
    return at, std
