"""One read of a clip for everyone who wants something from it, and sound windows by time.

Conventions
-----------
All times are clip time (0 at the first presented frame, or sample where there is no picture), after
edit lists, start times and encoder delay. Sound of a clip in several files is one stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Need(Enum):
    """What an extractor wants to be fed."""

    SOUND = "sound"
    KEYFRAMES = "keyframes"
    FRAMES = "frames"
    TELEMETRY = "telemetry"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundBlock:
    """A stretch of sound of one stream.

    Parameters
    ----------
    stream
        Position in `Clip.audio`.
    start_s
        Clip time of the first sample.
    rate_hz
        Samples per second.
    samples
        int16, shape (channels, n).
    """

    stream: int
    start_s: float
    rate_hz: int
    samples: NDArray[np.int16]


Block = SoundBlock


class SoundWindows(Protocol):
    """Sound of one channel by sample index, read again from the file when it is asked for.

    Sample i lies at clip time ``origin_s + i / rate_hz``; the grid is the same however it is read.
    """

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        ...

    @property
    def origin_s(self) -> float:
        """Clip time of sample 0."""
        ...

    @property
    def length(self) -> int:
        """Samples there are."""
        ...

    def window(self, first: int, count: int) -> NDArray[np.float32]:
        """Return `count` samples from index `first`, shape (count,), full scale 1.0.

        Samples outside the recording (or in a gap between its files) are zero.
        """
        ...


class Subscriber(Protocol):
    """Whoever is fed from one read (every `Extractor` is one)."""

    @property
    def needs(self) -> frozenset[Need]:
        """What must be read for it."""
        ...

    def feed(self, block: Block) -> None:
        """Take the next block, in rising time per stream."""
        ...
