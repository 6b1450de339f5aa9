"""Points of a picture followed into the next one.

Conventions
-----------
Pictures are small and grey. Positions are in units of the picture's width from its middle, x to the
right and y down, so that nothing that follows depends on the size.

References
----------
J. Shi and C. Tomasi, "Good features to track" (1994); J.-Y. Bouguet, "Pyramidal implementation of
the Lucas Kanade feature tracker" (2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

WIDTH = 320
"""Pictures are looked at in this width: at 480 the answer is the same and costs twice as much."""

BANDS = 3
"""Bands of rows in which points are looked for, so that each has its share."""

POINTS = 45
"""Points per band."""

RENEW = 6
"""Points are looked for anew after this many pictures, or when a third is lost."""

WINDOW_PX, LEVELS, STEPS = 15, 3, 6
"""Window of the tracker, levels of its pyramid above the picture, steps per level."""

QUALITY = 0.01
"""Least quality of a point against the best one of its band."""


@dataclass(frozen=True, slots=True)
class Moves:
    """How points moved from one picture to the next.

    Parameters
    ----------
    middles
        Half way between both positions, float32, shape (n, 2).
    moves
        Later minus earlier position, float32, shape (n, 2).
    """

    middles: Floats
    moves: Floats


class PointTracker:
    """Takes one picture after the other."""

    def __init__(self) -> None:
        self._last: Bytes | None = None
        self._points: Floats = np.zeros((0, 2), np.float32)
        self._found = 0
        self._age = 0

    def gap(self) -> None:
        """Say that the next picture does not follow the last one."""
        self._last = None

    def add(self, picture: Bytes) -> Moves | None:
        """Take the next picture; return how points moved into it, None for a first one.

        Parameters
        ----------
        picture
            uint8, shape (height, width). One wider than `WIDTH` is made smaller first.
        """
        small = _narrow(picture)
        last, self._last = self._last, small
        if last is None or last.shape != small.shape:
            self._points = np.zeros((0, 2), np.float32)
            return None
        if self._age >= RENEW or self._points.shape[0] * 3 <= self._found * 2:
            self._points = find_points(last)
            self._found = self._points.shape[0]
            self._age = 0
        self._age += 1
        if not self._found:
            none = np.zeros((0, 2), np.float32)
            return Moves(none, none)
        begin = self._points
        there, status, _ = cv2.calcOpticalFlowPyrLK(
            last,
            small,
            begin[:, None, :],
            begin[:, None, :].copy(),
            winSize=(WINDOW_PX, WINDOW_PX),
            maxLevel=LEVELS,
            criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, STEPS, 0.02),
        )
        end = np.asarray(there, np.float32)[:, 0]
        height, width = small.shape
        kept = (np.asarray(status)[:, 0] > 0) & (end >= 0).all(axis=1)
        kept &= (end[:, 0] <= width - 1) & (end[:, 1] <= height - 1)
        begin, self._points = begin[kept], end[kept]
        centre = np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
        middles = ((begin + self._points) / 2 - centre) / np.float32(width)
        moves = (self._points - begin) / np.float32(width)
        return Moves(middles.astype(np.float32), moves.astype(np.float32))


def _narrow(picture: Bytes) -> Bytes:
    height, width = picture.shape
    if width <= WIDTH:
        return picture
    size = (WIDTH, max(1, round(height * WIDTH / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def find_points(picture: Bytes) -> Floats:
    """Return points worth following, those of each band of rows apart: float32, shape (n, 2).

    >>> find_points(np.zeros((90, 160), np.uint8)).shape
    (0, 2)
    """
    height, width = picture.shape
    edges = np.linspace(0, height, BANDS + 1).astype(int)
    found = []
    for top, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if end - top < 4:
            continue
        band = np.ascontiguousarray(picture[top:end])
        points = cv2.goodFeaturesToTrack(band, POINTS, QUALITY, width / 40)
        if points is not None and len(points):
            found.append(np.asarray(points, np.float32)[:, 0] + np.array([0, top], np.float32))
    return np.concatenate(found) if found else np.zeros((0, 2), np.float32)
