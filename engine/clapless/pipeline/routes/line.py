"""What a time map says at many times, lines through it, and where a line is all that it needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clapless.timing import Segment, TimeMap

Floats = NDArray[np.float64]

SAMPLES = 200
"""Times at which a segment is compared with a line."""

MOST_SHARE = 0.5
"""A line is enough where the map's distance from it (RMS) is this share of the map's deviation."""

SMALL_S = 0.1
"""Up to this distance the map's whole deviation is allowed: knots would follow the noise. Above it
a deviation is mostly how far two riders are apart, and changes of pace within it are real."""

MOST_OFF = 3.0
"""Nowhere may the map be farther from the line than this many times what is allowed."""


LEAST_LINE_S = 80.0
"""A shorter segment keeps its knots where they are unsure by more than `SMALL_S`: satellites wander
over tens of seconds, so that over less a line averages nothing and only loses changes of pace."""


def sampled(time_map: TimeMap, times_s: Floats) -> tuple[Floats, Floats]:
    """Return the map's answers and their deviations, NaN in gaps, each shaped as the times."""
    got, std = np.full(len(times_s), np.nan), np.full(len(times_s), np.nan)
    for segment in time_map.segments:
        new, ref = np.array(segment.knots).T
        inside = (times_s >= new[0]) & (times_s <= new[-1])
        got[inside] = np.interp(times_s[inside], new, ref)
        std[inside] = np.interp(times_s[inside], new, segment.std_s) if segment.std_s else 0.0
    return got, std


def line_of(segment: Segment) -> tuple[float, float]:
    """Return offset in seconds and drift in ppm of the line nearest to a segment.

    >>> line_of(Segment(((0.0, 5.0), (10.0, 15.0))))
    (5.0, 0.0)
    """
    even, values = _evenly(segment)
    slope, offset_s = np.polyfit(even, values, 1)
    return round(float(offset_s), 9), round(float((1.0 / slope - 1.0) * 1e6), 6)


def straightened(time_map: TimeMap) -> TimeMap:
    """Return the map with two knots for each segment that a line fits within what it is unsure of.

    A segment stays as it is where the line would run into its neighbour.
    """
    segments: list[Segment] = []
    for index, segment in enumerate(time_map.segments):
        line = _straight(segment)
        least = segments[-1].knots[-1][1] if segments else -np.inf
        later = time_map.segments[index + 1 :]
        most = later[0].knots[0][1] if later else np.inf
        fits = line is not None and line.knots[0][1] >= least and line.knots[1][1] <= most
        segments.append(line if line is not None and fits else segment)
    return TimeMap(tuple(segments), extra=time_map.extra)


def _straight(segment: Segment) -> Segment | None:
    if len(segment.knots) <= 2 or not segment.std_s:
        return None
    ends = (segment.knots[0][0], segment.knots[-1][0])
    std_s = float(np.median(segment.std_s))
    if std_s > SMALL_S and ends[1] - ends[0] < LEAST_LINE_S:
        return None
    even, values = _evenly(segment)
    fit = np.polyfit(even, values, 1)
    off = np.abs(values - np.polyval(fit, even))
    off_s = float(np.sqrt(np.mean(off**2)))
    allowed_s = max(MOST_SHARE * std_s, min(std_s, SMALL_S))
    if off_s > allowed_s or off.max() > MOST_OFF * allowed_s:
        return None
    start_s, end_s = (float(np.polyval(fit, t)) for t in ends)
    if end_s <= start_s:
        return None
    return Segment(((ends[0], start_s), (ends[1], end_s)), (std_s, std_s))


def _evenly(segment: Segment) -> tuple[Floats, Floats]:
    knots = np.array(segment.knots)
    even = np.linspace(knots[0, 0], knots[-1, 0], SAMPLES)
    return even, np.asarray(np.interp(even, knots[:, 0], knots[:, 1]), np.float64)
