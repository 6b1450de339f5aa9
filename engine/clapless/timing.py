"""Exact time: frame rates, timecode and time maps.

Conventions
-----------
Frame grids and timecode are `fractions.Fraction`, never float. Measured time (offsets, knots of a
`TimeMap`) is float seconds: it comes with an error bar anyway.

References
----------
SMPTE ST 12-1: drop-frame counting skips frame numbers 0 and 1 (at 30; 0 to 3 at 60) of every
minute that is not a multiple of ten.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

STANDARD_RATES: tuple[Fraction, ...] = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(48000, 1001),
    Fraction(48),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
    Fraction(90),
    Fraction(100),
    Fraction(120000, 1001),
    Fraction(120),
    Fraction(240000, 1001),
    Fraction(240),
)
"""Rates that cameras and editors know, in frames per second."""


def snap_rate(rate_hz: float | Fraction, *, tolerance: float = 2e-4) -> Fraction:
    """Return the standard frame rate within a relative `tolerance`, else the rate as it is.

    Parameters
    ----------
    rate_hz
        Frames per second, exact or as a file states it (23.976, 29.97).
    tolerance
        Largest relative difference. 23.976 and 24 differ by 1e-3, so the default keeps them apart.

    Examples
    --------
    >>> snap_rate(29.97)
    Fraction(30000, 1001)
    >>> snap_rate(17.5)
    Fraction(35, 2)
    """
    exact = Fraction(rate_hz)
    if exact <= 0:
        raise ValueError(f"a frame rate must be positive, but got {rate_hz}")
    best = min(STANDARD_RATES, key=lambda standard: abs(standard - exact))
    if abs(best - exact) <= tolerance * best:
        return best
    return exact.limit_denominator(1001 * 1000)


def nominal_rate(rate: Fraction) -> int:
    """Return the whole number of frames that timecode counts per second: 30 for 29.97.

    >>> nominal_rate(Fraction(24000, 1001))
    24
    """
    return int(rate + Fraction(1, 2))


def may_drop(rate: Fraction) -> bool:
    """Return whether drop-frame counting is defined at this rate (29.97, 59.94, 119.88).

    >>> may_drop(Fraction(24000, 1001)), may_drop(Fraction(60000, 1001))
    (False, True)
    """
    return rate.denominator == 1001 and nominal_rate(rate) % 30 == 0


_TIMECODE = re.compile(r"^(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timecode:
    """A frame number written as HH:MM:SS:FF at a rate.

    Parameters
    ----------
    frame
        Frames counted since 00:00:00:00.
    rate
        Exact frames per second.
    drop_frame
        Whether numbers are dropped so that the label keeps up with real time.

    Examples
    --------
    >>> ntsc = Fraction(30000, 1001)
    >>> tc = Timecode.parse("01:00:00;00", ntsc)
    >>> tc.frame, str(tc)
    (107892, '01:00:00;00')
    >>> Timecode(frame=1800, rate=ntsc, drop_frame=True)
    Timecode('00:01:00;02', 30000/1001)
    """

    frame: int
    rate: Fraction
    drop_frame: bool = False

    def __post_init__(self) -> None:
        if self.drop_frame and not may_drop(self.rate):
            raise ValueError(f"drop-frame timecode is not defined at {self.rate} frames per second")

    @classmethod
    def parse(cls, text: str, rate: Fraction, *, drop_frame: bool | None = None) -> Timecode:
        """Read ``HH:MM:SS:FF``; ``;`` or ``,`` or ``.`` before the frames means drop frame.

        Parameters
        ----------
        text
            The label.
        rate
            Exact frames per second.
        drop_frame
            Overrides the separator. A drop separator at a rate that has no drop-frame counting
            (some cameras flag 24 or 30 fps so) is read as non-drop.

        Raises
        ------
        ValueError
            The text is no timecode, or names a frame that this counting does not have.
        """
        found = _TIMECODE.match(text.strip())
        if not found:
            raise ValueError(f"{text!r} is no timecode of the form HH:MM:SS:FF")
        hours, minutes, seconds, frames = (int(found[i]) for i in (1, 2, 3, 5))
        nominal = nominal_rate(rate)
        if minutes > 59 or seconds > 59 or frames >= nominal:
            raise ValueError(f"{text!r} is no timecode at {nominal} frames per second")
        drop = found[4] != ":" if drop_frame is None else drop_frame
        drop = drop and may_drop(rate)
        frame = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
        if drop:
            dropped = nominal // 15
            total_minutes = hours * 60 + minutes
            if frames < dropped and seconds == 0 and minutes % 10:
                raise ValueError(f"{text!r} is a number that drop-frame counting leaves out")
            frame -= dropped * (total_minutes - total_minutes // 10)
        return cls(frame=frame, rate=rate, drop_frame=drop)

    @classmethod
    def at(cls, seconds: Fraction, rate: Fraction, *, drop_frame: bool = False) -> Timecode:
        """Return the label of the frame nearest to `seconds` of real time since 00:00:00:00."""
        return cls(round_half_up(seconds * rate), rate, drop_frame)

    @property
    def seconds(self) -> Fraction:
        """Real time in seconds from 00:00:00:00 to the start of this frame."""
        return self.frame / self.rate

    def __str__(self) -> str:
        nominal = nominal_rate(self.rate)
        frame = self.frame
        if self.drop_frame:
            dropped = nominal // 15
            per_minute = nominal * 60 - dropped
            per_ten = per_minute * 10 + dropped
            tens, rest = divmod(frame, per_ten)
            frame += dropped * 9 * tens
            if rest >= nominal * 60:
                frame += dropped * (1 + (rest - nominal * 60) // per_minute)
        total_seconds, frames = divmod(frame, nominal)
        minutes, seconds = divmod(total_seconds, 60)
        hours, minutes = divmod(minutes, 60)
        digits = 3 if nominal > 100 else 2
        mark = ";" if self.drop_frame else ":"
        return f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}{mark}{frames:0{digits}d}"

    def __repr__(self) -> str:
        return f"Timecode('{self}', {self.rate})"


def round_half_up(value: Fraction) -> int:
    """Round to the nearest integer, halves up: the same frame on every platform.

    >>> round_half_up(Fraction(5, 2)), round_half_up(Fraction(-5, 2))
    (3, -2)
    """
    return (value + Fraction(1, 2)).__floor__()


@dataclass(frozen=True, slots=True)
class Segment:
    """One unbroken stretch of a time map.

    Parameters
    ----------
    knots
        Two or more pairs (t_clip_s, t_group_s), both strictly increasing; linear between them.
    std_s
        Standard deviation of t_group at each knot, in seconds; empty where unknown.
    extra
        Keys of a document this version does not know.
    """

    knots: tuple[tuple[float, float], ...]
    std_s: tuple[float, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if len(self.knots) < 2:
            raise ValueError("a segment of a time map needs two knots")
        for (t0, g0), (t1, g1) in zip(self.knots, self.knots[1:], strict=False):
            if not (t1 > t0 and g1 > g0):
                raise ValueError(
                    f"knots must rise in both times, but ({t1}, {g1}) follows ({t0}, {g0})"
                )
        if self.std_s and len(self.std_s) != len(self.knots):
            raise ValueError("a segment needs one std_s per knot, or none")


@dataclass(frozen=True, slots=True)
class TimeMap:
    """A strictly increasing, piecewise linear map from clip time to group time.

    A gap or a jump (dropped samples, a detour) separates two segments. Within a gap the map has no
    answer.

    Parameters
    ----------
    segments
        In rising order of both times, without overlap in clip time.
    extra
        Keys of a document this version does not know.

    Examples
    --------
    >>> jump = TimeMap((Segment(((0.0, 5.0), (10.0, 15.0))), Segment(((10.0, 15.5), (20.0, 25.5)))))
    >>> jump.to_group(4.0), jump.to_clip(16.5), jump.to_clip(15.2)
    (9.0, 11.0, None)
    """

    segments: tuple[Segment, ...]
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.segments:
            raise ValueError("a time map needs a segment")
        for one, two in zip(self.segments, self.segments[1:], strict=False):
            if two.knots[0][0] < one.knots[-1][0] or two.knots[0][1] < one.knots[-1][1]:
                raise ValueError("the segments of a time map must follow each other in both times")

    def to_group(self, t_clip_s: float) -> float | None:
        """Return the group time of a clip time, in seconds, or None outside every segment.

        Where two segments touch in clip time (a jump), the later one answers.
        """
        return self._lookup(t_clip_s, 0)

    def to_clip(self, t_group_s: float) -> float | None:
        """Return the clip time of a group time, in seconds, or None outside every segment."""
        return self._lookup(t_group_s, 1)

    def _lookup(self, time_s: float, axis: int) -> float | None:
        for segment in reversed(self.segments):
            if segment.knots[0][axis] <= time_s <= segment.knots[-1][axis]:
                return _interpolate(segment.knots, time_s, axis)
        return None

    def inverse(self) -> TimeMap:
        """Return the map from group time to clip time; `std_s` is kept as it is."""
        return TimeMap(
            tuple(
                Segment(
                    tuple((group_s, clip_s) for clip_s, group_s in segment.knots), segment.std_s
                )
                for segment in self.segments
            )
        )

    @property
    def longest(self) -> Segment:
        """The segment that covers most clip time."""
        return max(self.segments, key=lambda s: s.knots[-1][0] - s.knots[0][0])


def _interpolate(knots: Sequence[tuple[float, float]], time_s: float, axis: int) -> float:
    other = 1 - axis
    right = min(max(bisect_right([k[axis] for k in knots], time_s), 1), len(knots) - 1)
    left_knot, right_knot = knots[right - 1], knots[right]
    share = (time_s - left_knot[axis]) / (right_knot[axis] - left_knot[axis])
    return left_knot[other] + share * (right_knot[other] - left_knot[other])
