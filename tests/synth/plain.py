"""A reader of media that owes nothing to the engine's own: PyAV's frames as they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


def first_channel(path: Path) -> tuple[NDArray[np.float64], float]:
    """Return the first sound channel (full scale 1.0) and when its first sample is presented."""
    pieces, start_s = [], None
    with av.open(str(path)) as container:
        frame: Any
        for frame in container.decode(container.streams.audio[0]):
            if start_s is None:
                start_s = float(frame.pts * frame.time_base)
            data = frame.to_ndarray()
            scaled = data / {"i2": 2.0**15, "i4": 2.0**31}.get(data.dtype.str[1:], 1.0)
            if not frame.format.is_planar:
                scaled = scaled.reshape(-1, frame.layout.nb_channels).T
            pieces.append(scaled[0])
    assert start_s is not None
    return np.concatenate(pieces), start_s


def frame_times(path: Path) -> list[Any]:
    """Return when each frame is presented, as exact fractions of a second."""
    with av.open(str(path)) as container:
        frames: Any = container.decode(video=0)
        return [frame.pts * frame.time_base for frame in frames]
