"""The brightness of a decoded frame: a small grey picture and the brightness of its rows.

Conventions
-----------
Pictures are taken as they are stored, before any rotation by metadata: stored rows are the rows of
the sensor, which is what rolling shutters are read by. Values run from 0 to 255 whatever the depth.
"""

from __future__ import annotations

import cv2
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

ROW_PARTS = 8
"""Columns of the table of row brightness: each is the mean over an eighth of the row, so that what
moves in one part of the picture can be told from light that falls on all of it."""

LUMA_FIRST = ("yuv", "gray", "nv", "p0", "p2", "p4")
"""Beginnings of FFmpeg's names of pixel formats whose first plane is brightness alone."""


def luma_of(frame: VideoFrame) -> tuple[NDArray[np.uint8] | NDArray[np.uint16], float]:
    """Return a frame's brightness without copying where that is possible.

    Returns
    -------
    luma
        uint8 or uint16, shape (height, width); valid as long as the frame is.
    scale
        What brings its values to 0..255.
    """
    name = frame.format.name
    component = frame.format.components[0]
    plain = name.startswith(LUMA_FIRST) and not name.startswith(("yuyv", "yuva64be"))
    if not plain or name.endswith("be") or component.bits > 16 or "f32" in name:
        return np.asarray(frame.to_ndarray(format="gray"), np.uint8), 1.0
    plane = frame.planes[0]
    if component.bits <= 8:
        bytes_ = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return bytes_[: frame.height, : frame.width], 1.0
    words = np.frombuffer(memoryview(plane), np.dtype("<u2")).reshape(-1, plane.line_size // 2)
    # P010 and its kin keep their bits at the upper end.
    bits = 16 if name.startswith("p") else component.bits
    return words[: frame.height, : frame.width], 255.0 / (2**bits - 1)


def small_picture(
    luma: NDArray[np.uint8] | NDArray[np.uint16], scale: float, *, width: int
) -> NDArray[np.uint8]:
    """Return a picture at most `width` wide, of the same shape, uint8.

    >>> small_picture(np.full((100, 200), 512, np.uint16), 255 / 1023, width=50).shape
    (25, 50)
    """
    height_px, width_px = luma.shape
    size = (min(width, width_px), max(1, round(height_px * min(width, width_px) / width_px)))
    small = luma
    if size != (width_px, height_px):
        small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    if scale == 1.0 and small.dtype == np.uint8:
        return np.array(small, np.uint8)
    scaled: NDArray[np.uint8] = np.clip(np.rint(small * scale), 0, 255).astype(np.uint8)
    return scaled


def row_brightness(
    luma: NDArray[np.uint8] | NDArray[np.uint16], scale: float
) -> NDArray[np.float32]:
    """Return the mean brightness of each part of each row, float32, shape (height, ROW_PARTS).

    >>> row_brightness(np.full((4, 80), 7, np.uint8), 1.0)[0, :2].tolist()
    [7.0, 7.0]
    """
    height_px, width_px = luma.shape
    edges = np.linspace(0, width_px, min(ROW_PARTS, width_px) + 1).astype(int)
    table = np.empty((height_px, len(edges) - 1), np.float32)
    for part in range(len(edges) - 1):
        piece = luma[:, edges[part] : edges[part + 1]]
        total = cv2.reduce(piece, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32F)
        table[:, part] = total[:, 0] * (scale / piece.shape[1])
    return table
