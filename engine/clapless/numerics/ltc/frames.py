"""Decoded frames as arrays, and counting them.

Conventions
-----------
A frame's time is that of the leading edge of its bit 0, which is the instant its label names, also
where the sound runs backwards (the edge then comes last). Counting is exact and in integers:
``count_frames`` numbers labels from 00:00:00:00 as `clapless.timing.Timecode` does.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LtcFrames:
    """Frames of linear timecode in rising time; every field has the shape (n,).

    Parameters
    ----------
    time_s
        When bit 0 begins, in seconds from sample 0.
    period_s
        Length of the frame, in seconds.
    hours, minutes, seconds, frames
        The label.
    drop_frame
        The flag.
    user_bits
        uint32, the first group lowest.
    direction
        +1, or -1 where the sound runs backwards.
    quality
        1 for a clean frame: how much of the sound's swing its bits explain.
    """

    time_s: Floats
    period_s: Floats
    hours: Ints
    minutes: Ints
    seconds: Ints
    frames: Ints
    drop_frame: NDArray[np.bool_]
    user_bits: NDArray[np.uint32]
    direction: Ints
    quality: Floats

    def __len__(self) -> int:
        return len(self.time_s)

    def take(self, which: NDArray[np.bool_] | Ints) -> LtcFrames:
        """Return the chosen frames."""
        return LtcFrames(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def later(self, seconds: float) -> LtcFrames:
        """Return the same frames with all times later by so much."""
        moved = {field.name: getattr(self, field.name) for field in fields(self)}
        moved["time_s"] = self.time_s + seconds
        return LtcFrames(**moved)


def no_frames() -> LtcFrames:
    """Return frames of length 0."""
    floats, ints = np.zeros(0), np.zeros(0, np.int64)
    return LtcFrames(
        time_s=floats,
        period_s=floats,
        hours=ints,
        minutes=ints,
        seconds=ints,
        frames=ints,
        drop_frame=np.zeros(0, np.bool_),
        user_bits=np.zeros(0, np.uint32),
        direction=ints,
        quality=floats,
    )


def joined(parts: list[LtcFrames]) -> LtcFrames:
    """Return all frames of the parts as one."""
    if not parts:
        return no_frames()
    return LtcFrames(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(LtcFrames)
        }
    )


def each_once(frames: LtcFrames) -> LtcFrames:
    """Drop the poorer of two frames closer than half a frame."""
    if len(frames) < 2:
        return frames
    # Where chunks overlap the better copy comes first, and whoever lies too near to it goes.
    order = np.lexsort((-frames.quality, np.rint(frames.time_s / 1e-4)))
    frames = frames.take(order)
    while True:
        near = np.diff(frames.time_s) < 0.5 * frames.period_s[1:]
        if not near.any():
            return frames
        first_worse = frames.quality[:-1] < frames.quality[1:]
        gone = np.zeros(len(frames), np.bool_)
        gone[:-1] |= near & first_worse
        gone[1:] |= near & ~first_worse
        # Of three in a row the middle one may be marked by both sides; one round each is enough.
        frames = frames.take(~gone)


def count_frames(
    hours: Ints, minutes: Ints, seconds: Ints, frames: Ints, *, nominal: int, drop_frame: bool
) -> Ints:
    """Return frame numbers since 00:00:00:00.

    Parameters
    ----------
    hours, minutes, seconds, frames
        Labels, integers of shape (n,).
    nominal
        Frames that a second of the label counts: 24, 25 or 30.
    drop_frame
        Whether numbers 0 and 1 (at 30) of every minute that is not a tenth are left out.

    Examples
    --------
    >>> label = [np.array([value]) for value in (0, 1, 0, 2)]
    >>> int(count_frames(*label, nominal=30, drop_frame=True)[0])
    1800
    """
    total_minutes = hours * 60 + minutes
    count = (total_minutes * 60 + seconds) * nominal + frames
    if drop_frame:
        count = count - (nominal // 15) * (total_minutes - total_minutes // 10)
    return np.asarray(count, np.int64)


def frames_per_day(*, nominal: int, drop_frame: bool) -> int:
    """Return after how many frames the label comes round to 00:00:00:00.

    >>> frames_per_day(nominal=30, drop_frame=True)
    2589408
    """
    day = 86400 * nominal
    return day - (nominal // 15) * (1440 - 144) if drop_frame else day
