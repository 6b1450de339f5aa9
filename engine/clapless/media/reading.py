"""One read of a clip for everyone who wants something from it, and sound windows by time.

Conventions
-----------
All times are clip time (0 at the first presented frame, or sample where there is no picture), after
edit lists, start times and encoder delay. Sound of a clip in several files is one stream.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clapless.media.gpmf.model import Telemetry


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameWish:
    """What a subscriber wants of a clip's pictures; it says so by an attribute ``frame_wish``.

    Parameters
    ----------
    width
        Least width of the small grey pictures, in pixels (less where the recording is smaller);
        0 for none.
    rows
        Whether the brightness of all rows is wanted.
    spans_s
        Stretches of clip time that are enough, pairs (start_s, end_s); None for everything. Others
        may ask for more, which then comes as well.
    keyframes_only
        Whether keyframes are enough.
    every_s
        Least time from one picture to the next, in seconds; 0 for every picture. Others may ask for
        more, which then comes as well.
    """

    width: int = 0
    rows: bool = False
    spans_s: tuple[tuple[float, float], ...] | None = None
    keyframes_only: bool = False
    every_s: float = 0.0

    def joined(self, other: FrameWish) -> FrameWish:
        """Return what serves both."""
        spans = None
        if self.spans_s is not None and other.spans_s is not None:
            spans = _union((*self.spans_s, *other.spans_s))
        return FrameWish(
            width=max(self.width, other.width),
            rows=self.rows or other.rows,
            spans_s=spans,
            keyframes_only=self.keyframes_only and other.keyframes_only,
            every_s=min(self.every_s, other.every_s),
        )


def _union(spans_s: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    joined: list[tuple[float, float]] = []
    for start_s, end_s in sorted(spans_s):
        if joined and start_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]))
        else:
            joined.append((start_s, end_s))
    return tuple(joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameBlock:
    """Some pictures in rising time, reduced to what was wished for.

    Parameters
    ----------
    times_s
        Clip time at which each is presented, float64, shape (n,); variable rates are kept.
    keyframes
        Which are coded on their own: they look different for the encoder's reasons alone. bool,
        shape (n,).
    after_gap
        Which do not follow the picture before (a jump, or damage), bool, shape (n,).
    height, width
        Of the recording, in pixels as stored.
    fields
        0 for whole pictures; 1 or 2 for interlaced ones whose upper or lower field was taken first.
    grey
        Small pictures, uint8, shape (n, h, w), or None.
    rows
        Mean brightness of eighths of each row, 0 to 255, float32, shape (n, height, 8), or None.
    """

    times_s: NDArray[np.float64]
    keyframes: NDArray[np.bool_]
    after_gap: NDArray[np.bool_]
    height: int
    width: int
    fields: int = 0
    grey: NDArray[np.uint8] | None = None
    rows: NDArray[np.float32] | None = None

    def only(self, chosen: NDArray[np.bool_]) -> FrameBlock:
        """Return the block with the chosen pictures alone; bool, shape (n,)."""
        return replace(
            self,
            times_s=self.times_s[chosen],
            keyframes=self.keyframes[chosen],
            after_gap=self.after_gap[chosen],
            grey=None if self.grey is None else self.grey[chosen],
            rows=None if self.rows is None else self.rows[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryBlock:
    """A clip's telemetry, whole, in one block.

    Parameters
    ----------
    telemetry
        The streams that any subscriber named in an attribute ``telemetry_keys``, and maybe more.
    """

    telemetry: Telemetry


Block = SoundBlock | FrameBlock | TelemetryBlock


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
