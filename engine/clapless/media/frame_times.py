"""Frame rate, evenness and number of frames, from the times of the frames themselves.

Conventions
-----------
Frames are even where every interval is the same to the rounding of the container. Then the rate is
the mean one, put on the exact rate it means (24000/1001 for 23.976); uneven files bear the rate of
their most frequent interval, put on the standard rate near it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from clapless.media.containers import keep_only, packets_of
from clapless.timing import snap_rate

SAMPLED_PACKETS = 96
"""Packets looked at in a place, for containers without sample tables."""

REORDERED = 16
"""Packets at the end of a sampled stretch whose neighbours in time may lie behind it."""

TAIL_S = 2
"""Of the end of a file that is looked through for its last frame."""

TAIL_PACKETS = 5000
"""Packets looked through for the last frame: where seeking lands far before the end, more would be
the whole file."""

NEXT_RATE = Fraction(1, 2500)
"""Relative error below which 23.976 and 24, a thousandth apart, cannot be mistaken."""

UNEVEN_RATE = 0.05
"""An uneven file's usual interval may miss its camera's rate by this much (phones in changing
light). Judgement."""

COARSE_TICK_S = Fraction(1, 1000)
"""Containers and cameras round to milliseconds even where the tick is finer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameTimes:
    """How the frames of a picture stream follow each other.

    Parameters
    ----------
    rate
        Exact frames per second, None where nothing says.
    variable
        Whether the intervals differ.
    count
        Frames that are presented, None where unknown.
    length_s
        From the first frame to the end of the last, None where unknown.
    slide_s
        How far frames lie, at most, from where a program shows them that takes them to follow
        each other evenly: at `rate`, or spread over the whole length. Seconds, not negative;
        None where not every frame's time is known.
    """

    rate: Fraction | None
    variable: bool = False
    count: int | None = None
    length_s: Fraction | None = None
    slide_s: Fraction | None = None


def times_of_table(
    runs: Sequence[tuple[int, int]], time_scale: int, *, declared: Fraction | None
) -> FrameTimes:
    """Return the frame times of a run-length table of intervals.

    Parameters
    ----------
    runs
        Pairs (frames, ticks to the next frame).
    time_scale
        Ticks per second.
    declared
        Rate the container states, None where it states none.

    Examples
    --------
    >>> times_of_table([(240, 1001)], 24000, declared=None).rate
    Fraction(24000, 1001)
    >>> times_of_table([(1, 1001), (1, 2002), (1, 1001), (1, 2002)], 24000, declared=None).variable
    True
    """
    count = sum(frames for frames, _ in runs)
    ticks = sum(frames * step for frames, step in runs)
    if not count or not time_scale:
        return FrameTimes(rate=_snapped(declared))
    length_s = Fraction(ticks, time_scale)
    # How long the last frame stays is anyone's guess; it proves nothing.
    steps: Counter[int] = Counter()
    for frames, step in runs:
        steps[step] += frames
    if count > 1:
        steps[runs[-1][1]] -= 1
    times = _judged(+steps, Fraction(1, time_scale), declared, count, length_s)
    if not times.variable or not times.rate:
        return times
    combs = (time_scale / times.rate, Fraction(ticks, count))
    return replace(times, slide_s=max(_slide(runs, step) for step in combs) / time_scale)


def _slide(runs: Sequence[tuple[int, int]], even: Fraction) -> Fraction:
    """Return how far, in ticks, frames lie at most from ones that are `even` ticks apart."""
    number, at, farthest = 0, 0, Fraction(0)
    for frames, step in runs:
        # Within a run the distance grows evenly: it is farthest at an end.
        for more in (0, frames - 1):
            farthest = max(farthest, abs(at + more * step - (number + more) * even))
        number += frames
        at += frames * step
    return farthest


def times_of_packets(
    container: InputContainer, stream: VideoStream, *, declared: Fraction | None
) -> FrameTimes:
    """Return the frame times of a stream by looking at its beginning and its middle.

    The container is left at an unknown place.
    """
    if stream.time_base is None:
        return FrameTimes(rate=_snapped(declared))
    steps: Counter[int] = Counter()
    keep_only(container, [stream])
    for middle in (False, True):
        if not _go_to(container, middle=middle):
            continue
        shown = _sampled(container, stream, whole_head=not middle)
        steps.update(two - one for one, two in pairwise(shown))
    return _judged(+steps, Fraction(stream.time_base), declared, None, None)


def last_frame_end(
    container: InputContainer, stream: VideoStream, *, rate: Fraction | None
) -> Fraction | None:
    """Return when the last frame ends, in the file's own time, by looking at the end of the file.

    None where the end cannot be reached. The container is left at an unknown place.
    """
    length = container.duration or 0
    if not length or stream.time_base is None:
        return None
    keep_only(container, [stream])
    end_s: Fraction | None = None
    count = 0
    try:
        container.seek((container.start_time or 0) + max(0, length - TAIL_S * 1_000_000))
        for packet in packets_of(container, [stream]):
            if packet.pts is None or packet.is_discard:
                continue
            count += 1
            if count > TAIL_PACKETS:
                return None
            step_s = (packet.duration or 0) * stream.time_base or (1 / rate if rate else 0)
            end_s = max(end_s or Fraction(0), packet.pts * stream.time_base + step_s)
    except av.error.FFmpegError:
        # Cut off: the last frame that is there counts.
        return end_s
    return end_s


def _go_to(container: InputContainer, *, middle: bool) -> bool:
    """Seek to the beginning or the middle; False where that is not possible or not worth it."""
    length = container.duration or 0
    if middle and length < 10_000_000:
        return False
    try:
        container.seek((container.start_time or 0) + (length // 2 if middle else 0))
    except av.error.FFmpegError:
        return False
    return True


def _sampled(container: InputContainer, stream: VideoStream, *, whole_head: bool) -> list[int]:
    """Return presentation times of neighbouring frames, in order."""
    times: list[int] = []
    ended = True
    try:
        for packet in packets_of(container, [stream]):
            if packet.pts is not None and not packet.is_discard:
                times.append(packet.pts)
            if len(times) >= SAMPLED_PACKETS:
                ended = False
                break
    except av.error.FFmpegError:
        # Damage ends the look; what was seen counts.
        ended = True
    shown = sorted(set(times))
    # At a cut, frames that are presented earlier may come later, and the other way round.
    head = 0 if whole_head else REORDERED
    return shown[head:] if ended else shown[head:-REORDERED]


def _judged(
    steps: Counter[int],
    tick_s: Fraction,
    declared: Fraction | None,
    count: int | None,
    length_s: Fraction | None,
) -> FrameTimes:
    counted = sum(steps.values())
    if not counted:
        rate = _snapped(declared) or (1 / length_s if length_s else None)
        return FrameTimes(rate=rate, count=count, length_s=length_s)
    total = sum(step * number for step, number in steps.items())
    mean_s = Fraction(total, counted) * tick_s
    slack_s = max(tick_s, COARSE_TICK_S) if mean_s > 5 * COARSE_TICK_S else tick_s
    variable = (max(steps) - min(steps)) * tick_s > slack_s
    usual = steps
    if variable:
        most = steps.most_common(1)[0][0]
        usual = Counter({s: n for s, n in steps.items() if abs(s - most) * tick_s <= slack_s})
    rate = _rate_of(usual, tick_s, declared)
    stated = _snapped(declared)
    if variable and stated is not None and rate is not None and abs(1 / stated - 1 / rate) < tick_s:
        # In an uneven file rounding need not average out.
        rate = stated
    elif variable and rate is not None:
        rate = snap_rate(rate, tolerance=UNEVEN_RATE)
    return FrameTimes(rate=rate, variable=variable, count=count, length_s=length_s)


def _rate_of(steps: Counter[int], tick_s: Fraction, declared: Fraction | None) -> Fraction | None:
    """Return the rate that intervals of one length mean."""
    counted = sum(steps.values())
    mean_s = Fraction(sum(step * number for step, number in steps.items()), counted) * tick_s
    stated = _snapped(declared)
    if mean_s <= 0:
        return stated
    # The mean is known to one tick over the whole stretch.
    tolerance = tick_s / (mean_s * counted)
    if stated is not None and abs(mean_s * stated - 1) <= tolerance + Fraction(1, 5000):
        return stated
    return snap_rate(1 / mean_s, tolerance=float(min(tolerance, NEXT_RATE) + Fraction(1, 5000)))


def _snapped(rate: Fraction | None) -> Fraction | None:
    return snap_rate(rate) if rate else None


def declared_rate(stream: VideoStream) -> Fraction | None:
    """Return the rate a container states, None where it is none that pictures have."""
    known: Iterable[Fraction | None] = (stream.average_rate, stream.base_rate, stream.guessed_rate)
    return next((Fraction(rate) for rate in known if rate and rate <= 1000), None)
