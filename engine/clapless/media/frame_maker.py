"""Decoded frames become blocks of what was wished for, one frame at a time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from clapless.media.containers import time_of
from clapless.media.luma import luma_of, row_brightness, small_picture
from clapless.media.reading import FrameBlock, FrameWish

BLOCK_FRAMES = 32
"""Frames of a block: 2 MB at 320 pixels' width."""

TOP_FIRST_HEIGHT = 720
"""Interlaced pictures that do not say which field comes first: of this height and above the upper
one does; DV, below it, gives the lower one first."""

UPPER_FIRST, LOWER_FIRST = (2, 5), (3, 4)
"""Values of FFmpeg's AVFieldOrder by which field is shown first."""


class FrameMaker:
    """Collects reduced frames into blocks.

    Attributes
    ----------
    last_s
        Clip time of the last frame.
    """

    def __init__(self, stream: VideoStream, zero_s: Fraction, wish: FrameWish) -> None:
        self._zero_s = zero_s
        self._wish = wish
        self._order = int(stream.codec_context.field_order)
        self.last_s = -np.inf
        self._due_s = -np.inf
        self._gap = True
        self._size = (0, 0)
        self._clear()

    def _clear(self) -> None:
        self._times: list[float] = []
        self._keys: list[bool] = []
        self._gaps: list[bool] = []
        self._grey: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = []
        self._rows: list[np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = []
        self._fields: int = 0

    def gap(self) -> None:
        """Say that the next frame does not follow the last one."""
        self._gap = True

    def time_s(self, frame: VideoFrame) -> float:
        """Return the clip time of a frame."""
        return float(self._zero_s + time_of(frame.pts or 0, frame.time_base))

    def take(self, frame: VideoFrame, time_s: float) -> FrameBlock | None:
        """Take a frame; return a block that is full."""
        wish = self._wish
        self.last_s = time_s
        if time_s < self._due_s:
            return None
        if wish.every_s:
            # On a grid of clip time, so that a rate that does not divide evenly loses nothing.
            self._due_s = (np.floor(time_s / wish.every_s + 1e-6) + 1) * wish.every_s - 1e-6
        luma, scale = luma_of(frame)
        size = (luma.shape[0], luma.shape[1])
        done = None
        fields = _fields(frame, self._order)
        if self._times and (fields != self._fields or size != self._size):
            # A stream whose size changes on the way starts a new block.
            done = self.rest()
        self._size, self._fields = size, fields
        if wish.width:
            self._grey.append(small_picture(luma, scale, width=wish.width))
        if wish.rows:
            self._rows.append(row_brightness(luma, scale))
        self._times.append(time_s)
        self._keys.append(bool(frame.key_frame) or frame.pict_type == PictureType.I)
        self._gaps.append(self._gap)
        self._gap = False
        if done is None and len(self._times) >= BLOCK_FRAMES:
            done = self.rest()
        return done

    def rest(self) -> FrameBlock | None:
        """Return what was collected."""
        if not self._times:
            return None
        height, width = self._size
        block = FrameBlock(
            times_s=np.array(self._times),
            keyframes=np.array(self._keys),
            after_gap=np.array(self._gaps),
            height=height,
            width=width,
            fields=self._fields,
            grey=np.stack(self._grey) if self._grey else None,
            rows=np.stack(self._rows) if self._rows else None,
        )
        self._clear()
        return block


def _fields(frame: VideoFrame, order: int) -> int:
    """Return 0 for whole pictures, 1 where the upper field was taken first, 2 the lower."""
    if not frame.interlaced_frame:
        return 0
    if order in UPPER_FIRST:
        return 1
    if order in LOWER_FIRST:
        return 2
    return 1 if frame.height >= TOP_FIRST_HEIGHT else 2
