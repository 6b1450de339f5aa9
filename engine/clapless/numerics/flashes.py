"""Flashes in the brightness of rows: spikes of one frame, measured by the edges of the lit rows.

Conventions
-----------
A rolling shutter exposes its rows one after the other. A short flash lights those rows whose
exposure it falls into: within one frame a band with two edges, or the end of one frame and the
beginning of the next. At one edge lie rows whose exposure ended as the flash came, at the other
rows whose exposure began as it went. Rows are counted from the top of the stored picture, as
fractions of the height where they leave a function; brightness is in grey levels of 255.

A row is lit by one flash in one frame only, so that a flash is what is brighter than in the frame
before *and* in the frame after: lamps that are switched on, and changes of the exposure, are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

LEAST_LEVELS = 2.5
"""A row less than this brighter than in both neighbouring frames is not lit."""

SIGMAS = 6.0
"""Nor one whose brightness exceeds the clip's own noise by less than this many deviations."""

FAINT_SHARE = 0.09
"""Nor one with less than this share of the frame's full light (the glow after a flash)."""

SMOOTH_ROWS, SEGMENT_ROWS, HOLE_ROWS, BORDER_ROWS = 9, 25, 160, 12
"""Box over rows; shortest lit band; longest dark object inside a band; rows at the border where no
edge can be told. All of 1080 rows, scaled with the height (the recipe was measured at 1080)."""

INNER_ROWS, CLIPPED_ROWS, CLIPPED_STD = 150, 108, 0.04
"""Rows inside of an edge that show a flash's full light; where the border of the picture leaves
fewer than the second number, the edge is off by up to this share of the height (it was measured up
to 0.7 ms late on frames that caught the glow of a flash alone)."""

MOST_LIT_FRAMES = 3
"""A short flash reaches no further: exposure and readout together are under two frame intervals.
What lights more frames in a row is a lamp or a strobe."""


@dataclass(frozen=True, slots=True)
class LitFrame:
    """A frame that may be lit by a flash.

    Parameters
    ----------
    time_s
        Its time.
    profile
        How much brighter each row is than in the frames beside it, float32, shape (rows,).
    strength
        95th percentile of the smoothed profile.
    parity
        Field of interlaced pictures: 0 upper rows (also whole pictures), 1 lower ones.
    """

    time_s: float
    profile: Floats
    strength: float
    parity: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge of a lit band.

    Parameters
    ----------
    time_s
        Time of the frame it is in.
    row
        0 (top) to 1 (bottom), the place of half brightness.
    top
        Whether it is the upper edge of the band.
    row_std
        Standard deviation of `row` by noise alone.
    """

    time_s: float
    row: float
    top: bool
    row_std: float


@dataclass(frozen=True, slots=True)
class FlashEvent:
    """One flash as one camera saw it.

    Parameters
    ----------
    time_s, last_s
        Times of the first and the last frame that it lights.
    edges
        Edges of its bands; none where it lights one whole frame.
    strength
        Grey levels.
    upside_down
        True where it runs from the bottom of a frame to the top of the next (the sensor was read
        bottom first), False the other way round, None where it does not tell.
    doubt
        Empty, or why it is left out unless the user keeps it: ``long`` or ``faint``.
    """

    time_s: float
    last_s: float
    edges: tuple[Edge, ...]
    strength: float
    upside_down: bool | None = None
    doubt: str = ""


def scaled(rows_of_1080: float, height: int, least: int = 1) -> int:
    """Return a number of rows of a picture of another height.

    >>> scaled(150, 540)
    75
    """
    return max(least, round(rows_of_1080 * height / 1080))


def smoothed(profile: Floats | Doubles) -> Doubles:
    """Return a profile averaged over neighbouring rows; the last axis is rows."""
    size = scaled(SMOOTH_ROWS, profile.shape[-1], 3)
    return ndimage.uniform_filter1d(np.asarray(profile, np.float64), size, mode="nearest")


def spike_profile(before: Floats, at: Floats, after: Floats) -> Floats:
    """Return how much brighter each row of a frame is than in its neighbours.

    Parameters
    ----------
    before, at, after
        Brightness of the parts of each row, shape (rows, parts).

    Returns
    -------
    numpy.ndarray
        float32, shape (rows,): the median over the parts, so that what moves in some of them does
        not count.
    """
    low = np.minimum(before, after)
    # Where the neighbours agree their mean is less noisy; where not, one of them is lit itself.
    calm = np.where(np.abs(before - after) < 2 * LEAST_LEVELS, (before + after) / 2, low)
    profile: Floats = np.median(at - calm, axis=1).astype(np.float32)
    return profile


def lit_band(smooth: Doubles, noise: float) -> tuple[int, int] | None:
    """Return the first row of the lit band and the one behind its last, None where none is lit."""
    height = smooth.size
    floor = max(SIGMAS * noise, LEAST_LEVELS)
    if smooth.max() <= floor:
        return None
    lit = smooth > max(floor, FAINT_SHARE * float(np.percentile(smooth, 95)))
    lit = ndimage.median_filter(lit.astype(np.uint8), scaled(31, height, 3)) > 0
    steps = np.flatnonzero(np.diff(np.concatenate([[0], lit.astype(np.int8), [0]])))
    shortest = scaled(SEGMENT_ROWS, height, 2)
    bands = [(int(a), int(b)) for a, b in zip(steps[::2], steps[1::2], strict=True)]
    bands = [(a, b) for a, b in bands if b - a >= shortest]
    if not bands:
        return None
    joined = [bands[0]]
    for first, stop in bands[1:]:
        if first - joined[-1][1] < scaled(HOLE_ROWS, height):
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((first, stop))
    return max(joined, key=lambda band: float(smooth[band[0] : band[1]].sum()))


def gain_profile(lit: Sequence[tuple[Doubles, tuple[int, int]]], height: int) -> Doubles:
    """Return how strongly flashes light each row of one camera, relative to its median row.

    Rows of one camera show different things (floor, ceiling); an edge over a change of it would be
    measured off. A product of one factor per flash and one per row is fitted to the logarithm of
    the inner rows of all bands.
    """
    guard = scaled(100, height)
    border = scaled(BORDER_ROWS, height, 2)
    table: list[Doubles] = []
    for smooth, (first, stop) in lit:
        low = first + guard if first > border else 0
        high = stop - guard if stop < height - border else height
        if high - low <= scaled(40, height, 4):
            continue
        row = np.full(height, np.nan)
        row[low:high] = np.log(np.maximum(smooth[low:high], 0.5))
        table.append(row)
    if len(table) < 3:
        return np.ones(height)
    logs = np.stack(table)
    known = np.isfinite(logs).any(axis=0)
    inner = logs[:, known]
    size = np.nanmean(inner, axis=1)
    for _ in range(20):
        gain = np.nanmedian(inner - size[:, None], axis=0)
        size = np.nanmedian(inner - gain, axis=1)
    rows = np.interp(np.arange(height), np.flatnonzero(known), gain)
    rows = ndimage.uniform_filter1d(rows, scaled(SMOOTH_ROWS, height, 3), mode="nearest")
    factor: Doubles = np.exp(rows - np.median(rows))
    return factor


def find_events(
    lit_frames: Sequence[LitFrame], *, interval_s: float, noise: float
) -> list[FlashEvent]:
    """Return the flashes of one camera.

    Parameters
    ----------
    lit_frames
        Frames that may be lit, in rising time; all of one height.
    interval_s
        Time from one frame (or field) to the next.
    noise
        Standard deviation of a smoothed profile without flash.
    """
    bands: list[tuple[LitFrame, Doubles, tuple[int, int]]] = []
    for frame in lit_frames:
        smooth = smoothed(frame.profile)
        band = lit_band(smooth, noise)
        if band is not None:
            bands.append((frame, smooth, band))
    if not bands:
        return []
    height = bands[0][1].size
    gain = gain_profile([(smooth, band) for _, smooth, band in bands], height)
    runs: list[list[tuple[LitFrame, Doubles, tuple[int, int]]]] = []
    for entry in bands:
        if runs and entry[0].time_s - runs[-1][-1][0].time_s < 1.6 * interval_s:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return [_event(run, gain, noise) for run in runs]


def _event(
    run: Sequence[tuple[LitFrame, Doubles, tuple[int, int]]], gain: Doubles, noise: float
) -> FlashEvent:
    edges: list[Edge] = []
    for frame, smooth, band in run:
        edges += _edges(frame, smooth / gain, band, noise)
    strength = max(frame.strength for frame, _, _ in run)
    turned: bool | None = None
    if len(run) == 2:
        height = run[0][1].size
        (_, _, one), (_, _, two) = run
        border = scaled(BORDER_ROWS, height, 2)
        if one[1] >= height - border and two[0] <= border and one[0] > border:
            turned = False
        elif one[0] <= border and two[1] >= height - border and two[0] > border:
            turned = True
    doubt = "long" if len(run) > MOST_LIT_FRAMES else ""
    return FlashEvent(
        time_s=run[0][0].time_s,
        last_s=run[-1][0].time_s,
        edges=tuple(edges),
        strength=strength,
        upside_down=turned,
        doubt=doubt,
    )


def _edges(frame: LitFrame, even: Doubles, band: tuple[int, int], noise: float) -> list[Edge]:
    """Return the edges of one band; `even` is the smoothed profile divided by the gain."""
    height = even.size
    border = scaled(BORDER_ROWS, height, 2)
    first, stop = band
    clipped = first <= border or stop >= height - border
    found: list[tuple[bool, float, float]] = []
    if first > border:
        outside = even[max(0, first - scaled(75, height)) : max(1, first - scaled(20, height))]
        calm = float(np.median(outside))
        found.append((True, *_half_light(even, band, calm)))
    if stop < height - border:
        outside = even[stop + scaled(15, height) : stop + scaled(75, height)]
        calm = float(np.median(outside)) if stop < height - scaled(30, height, 3) else 0.0
        mirrored = height - stop, height - first
        row, slope = _half_light(even[::-1], mirrored, calm)
        found.append((False, height - 1 - row, slope))
    edges = []
    for top, row, slope in found:
        if np.isfinite(row) and border / 2 < row < height - border / 2:
            # Neighbouring rows share the noise of the box.
            row_std = max(noise, 0.1) / max(slope, 1e-3) / height
            seen = height - row if top else row
            if clipped and seen < scaled(CLIPPED_ROWS, height):
                # Perhaps all of it is glow: its half says little of the flash's.
                row_std = float(np.hypot(row_std, CLIPPED_STD))
            parity_row = (2 * row + frame.parity + 0.5) / (2 * height)
            edges.append(Edge(frame.time_s, parity_row, top, float(row_std)))
    return edges


def _half_light(even: Doubles, band: tuple[int, int], calm: float) -> tuple[float, float]:
    """Return where a band first rises through half its light, and its slope per row.

    Full light is that of the rows inside of the edge itself: those outside of it show the glow
    after the flash, or its rise.
    """
    first, stop = band
    reach = scaled(INNER_ROWS, even.size)
    inside = first
    row, slope = float("nan"), 0.0
    for _ in range(3):
        near = even[inside : min(inside + reach, stop)]
        if not near.size:
            break
        full = float(np.percentile(near, 80))
        row, slope = _crossing(even, first, stop, (calm + full) / 2)
        if not np.isfinite(row):
            break
        inside = int(row)
    return row, slope


def _crossing(even: Doubles, first: int, stop: int, level: float) -> tuple[float, float]:
    """Return where a profile first rises through a level near `first`, and its slope per row."""
    start = max(1, first - scaled(25, even.size))
    above = np.flatnonzero(even[start:stop] >= level)
    if not above.size:
        return float("nan"), 0.0
    index = start + int(above[0])
    low, high = float(even[index - 1]), float(even[index])
    row = index - 1 + (level - low) / (high - low) if high > low else float(index)
    reach = scaled(5, even.size, 1)
    ends = max(0, index - reach), min(even.size - 1, index + reach)
    return row, abs(float(even[ends[1]] - even[ends[0]])) / (ends[1] - ends[0])
