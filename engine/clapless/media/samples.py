"""Decoded frames become float samples."""

from __future__ import annotations

import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from clapless.media.decoding import MANY_CHANNELS


def to_channel(frame: AudioFrame, channel: int | None) -> NDArray[np.float32]:
    """Return one channel of a frame, or the mean of all, as float32 with full scale 1.0."""
    if frame.format.is_planar and frame.layout.nb_channels >= MANY_CHANNELS:
        raise ValueError("a planar frame of so many channels must be made packed first")
    if channel is not None and frame.format.name == "fltp":
        # What nearly all lossy codecs give: ten times as fast as by way of all channels.
        plane = memoryview(frame.planes[channel])
        return np.frombuffer(plane, np.float32, frame.samples).copy()
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if channel is not None:
        values = values[channel : channel + 1]
    if values.dtype == np.uint8:
        scaled = (values.astype(np.float32) - 128.0) / 128.0
    elif values.dtype.kind == "i":
        scaled = values.astype(np.float32) / np.float32(2 ** (8 * values.dtype.itemsize - 1))
    else:
        scaled = values.astype(np.float32, copy=False)
    mixed: NDArray[np.float32] = scaled[0] if len(scaled) == 1 else scaled.mean(axis=0)
    return np.ascontiguousarray(mixed)
