"""How much and which way a picture moves, region by region, from one frame to the next.

Conventions
-----------
A picture is cut into three rows of four regions. Energy is what changes beyond the noise, in grey
levels of 255; flow is the mean movement in pixels of a picture 160 wide, x to the right and y down,
of the pixels that change.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

GRID = (3, 4)
"""Rows and columns of regions."""

REGIONS = GRID[0] * GRID[1]

WIDTH, FLOW_WIDTH = 320, 160
"""Widths at which energy and flow are measured."""

NOISE_LEVELS = 2.5
"""Changes smaller than this are noise of the sensor and of the codec."""

MOVING_LEVELS = 1.5
"""Change beyond the noise from which on a pixel counts as moving."""

MOST_FLOW = 15.0
"""Pixels per frame; more is a mistake of the matching."""


@dataclass(frozen=True, slots=True)
class Movement:
    """What happened between two frames: energy (12,), flow (24,: x and y by turns), light."""

    energy: Floats
    flow: Floats
    light: float


class MovementMeter:
    """Takes one picture after the other."""

    def __init__(self) -> None:
        # The fastest preset: a fifth of the time of the medium one, and as good for regions.
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setFinestScale(1)
        self._last: tuple[Floats, Bytes] | None = None

    def gap(self) -> None:
        """Say that the next picture does not follow the last one."""
        self._last = None

    def add(self, grey: Bytes, *, measure: bool = True) -> Movement | None:
        """Return what happened since the picture before; None for the first one.

        Parameters
        ----------
        grey
            Small picture, at least as wide as `WIDTH` where the recording is.
        measure
            False for a picture whose difference is missing: it is only kept for the next one.
        """
        height, width = grey.shape
        if width > WIDTH:
            size = (WIDTH, max(1, round(height * WIDTH / width)))
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
            height, width = grey.shape
        level = grey.astype(np.float32)
        small_size = (FLOW_WIDTH, max(16, round(height * FLOW_WIDTH / width)))
        small = np.asarray(cv2.resize(grey, small_size, interpolation=cv2.INTER_AREA), np.uint8)
        before, self._last = self._last, (level, small)
        if before is None or before[0].shape != level.shape or not measure:
            return None
        change = cv2.GaussianBlur(cv2.absdiff(level, before[0]), (0, 0), 1.0) - NOISE_LEVELS
        change = np.maximum(change, 0.0)
        energy = _regions(change).ravel()
        moving = cv2.resize(change, small_size, interpolation=cv2.INTER_AREA) > MOVING_LEVELS
        if moving.any():
            flow = np.clip(self._flow.calc(before[1], small, None), -MOST_FLOW, MOST_FLOW)  # type: ignore[call-overload]
            flow = _regions(flow * moving[..., None].astype(np.float32)).reshape(REGIONS, 2)
        else:
            flow = np.zeros((REGIONS, 2), np.float32)
        light = float(level.mean())
        return Movement(energy.astype(np.float32), flow.ravel().astype(np.float32), light)


def _regions(picture: Floats | NDArray[np.floating]) -> Floats:
    return np.asarray(
        cv2.resize(np.asarray(picture, np.float32), GRID[::-1], interpolation=cv2.INTER_AREA),
        np.float32,
    )
