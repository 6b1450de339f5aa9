"""The time map of one piece played twice, from a coarse path to hundredths of a second.

A band about the coarse path is warped by notes and strokes; what is left is taken by correlating
the strokes of the two, window by window, as if both had one tempo already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from clapless.numerics.tempo_features import FRAME_S, STROKES, note_shapes, stroke_shapes
from clapless.numerics.tempo_warp import Local, banded

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

NOTES_SMOOTH = 5
"""Frames over which notes are joined here, 0.1 s."""

STRAIGHT = 1.5
"""Cost of a frame more or less, in units of likeness. With less the way slips to the next stroke
where notes hold on (seeds under 100: the last in 20 answers is 75 ms off at 0.6, 30 ms at 1.5)."""

SMOOTH_FRAMES = 25.0
"""Standard deviation over which the warped path is smoothed: players do not jerk within 0.5 s."""

WINDOW_FRAMES = 50.0
"""Standard deviation of a window of correlation: 1 s, some four beats to 95 %."""

LAGS = (12, 8)
"""Greatest lag looked for in the first and the second round, in frames."""

EVERY = 25
"""Frames from one knot to the next."""

OUTLIER_FRAMES = 2.0
"""A window that says this much else than its neighbours caught another stroke."""

LEAST_STD_S = 0.012
"""Players strike up to 10 ms beside the beat, and a stroke's attack is as long."""

SPREAD_SHARE = 1.0
"""Deviation of the answer as a share of how far band and windows lie apart (on made takes the 95 %
interval then holds for 90 to 98 %, see tests/benchmarks/tempo_accuracy.py)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Curve:
    """A stretch of the map.

    Parameters
    ----------
    new, ref
        Frames, not whole ones for the reference; strictly rising, shape (n,).
    std_s
        Standard deviation of `ref` in seconds, shape (n,).
    singles
        Frames of the new run and of the reference by notes alone, each moment by itself, shape
        (m, 2).
    """

    new: Doubles
    ref: Doubles
    std_s: Doubles
    singles: Doubles


def refine(
    path: Local,
    *,
    step: int,
    ref: tuple[Floats, Floats],
    new: tuple[Floats, Floats],
) -> Curve | None:
    """Return the map about a coarse path, None where nothing rising is left.

    Parameters
    ----------
    path
        Of `clapless.numerics.tempo_warp.best_local`, in steps.
    step
        Frames of a step.
    ref, new
        Notes and strokes of `clapless.numerics.tempo_features.frame_levels`.
    """
    first, last = int(path.new[0]) * step, int(path.new[-1]) * step
    last = min(last, len(new[0]) - 1)
    if last - first < 2 * EVERY:
        return None
    frames = np.arange(first, last + 1)
    base = _smooth(frames, np.interp(frames, path.new * step, path.ref * step), 5.0 * step)
    ref_shapes = note_shapes(ref[0], smooth=NOTES_SMOOTH), stroke_shapes(ref[1])
    new_shapes = note_shapes(new[0], smooth=NOTES_SMOOTH), stroke_shapes(new[1])
    half = max(50, 2 * step)
    cost = _band_cost(frames, base, half, ref_shapes, new_shapes)
    banded_at = base + banded(cost, straight=STRAIGHT) - half
    singles = np.stack([frames, banded_at], axis=-1)[::EVERY]
    curve = warped = _smooth(frames, banded_at, SMOOTH_FRAMES)
    for most_lag in LAGS:
        curve = curve + _left_over(frames, curve, ref_shapes[1], new_shapes[1], most_lag)
    spread = gaussian_filter1d((warped - curve) ** 2, 2 * WINDOW_FRAMES, mode="nearest")
    std_s = np.hypot(LEAST_STD_S, SPREAD_SHARE * np.sqrt(spread) * FRAME_S)
    return _knots(frames, curve, std_s, singles, length=len(ref[0]))


def _smooth(frames: NDArray[np.int64], way: Doubles, sigma: float) -> Doubles:
    slope, start = np.polyfit(frames, way, 1)
    line = start + slope * frames
    return np.asarray(line + gaussian_filter1d(way - line, sigma, mode="nearest"), np.float64)


def _band_cost(
    frames: NDArray[np.int64],
    base: Doubles,
    half: int,
    ref: tuple[Floats, Floats],
    new: tuple[Floats, Floats],
) -> Floats:
    offsets = np.arange(-half, half + 1)
    cost = np.empty((len(frames), len(offsets)), np.float32)
    for start in range(0, len(frames), 1000):
        part = slice(start, start + 1000)
        at = np.rint(base[part, None] + offsets).astype(np.int64)
        inside = (at >= 0) & (at < len(ref[0]))
        at = np.clip(at, 0, len(ref[0]) - 1)
        notes = np.einsum("nk,nok->no", new[0][frames[part]], ref[0][at])
        apart = ((new[1][frames[part]][:, None] - ref[1][at]) ** 2).mean(axis=2)
        cost[part] = np.where(inside, np.minimum(apart, 4.0) - notes, 4.0)
    return cost


def _left_over(
    frames: NDArray[np.int64], curve: Doubles, ref: Floats, new: Floats, most_lag: int
) -> Doubles:
    """Return by how many frames of the reference the curve is off, at each frame."""
    lags = np.arange(-most_lag, most_lag + 1)
    grid = np.arange(len(ref))
    products = np.zeros((len(frames), len(lags)))
    for band in range(STROKES):
        one = new[frames, band] - new[frames, band].mean()
        two = ref[:, band] - ref[:, band].mean()
        for index, lag in enumerate(lags):
            products[:, index] += one * np.interp(curve + lag, grid, two, left=0.0, right=0.0)
    gathered = gaussian_filter1d(products, WINDOW_FRAMES, axis=0, mode="constant")
    at = np.arange(EVERY, len(frames), EVERY)
    peak = gathered[at].argmax(axis=1)
    held = (peak > 0) & (peak < 2 * most_lag)
    at, peak = at[held], peak[held]
    if not len(at):
        return np.zeros(len(frames))
    before, top, after = (gathered[at, peak + step] for step in (-1, 0, 1))
    bend = np.minimum(before - 2 * top + after, -1e-12)
    lag_frames = lags[peak] + np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
    usual = median_filter(lag_frames, size=5, mode="nearest")
    lag_frames = np.where(np.abs(lag_frames - usual) > OUTLIER_FRAMES, usual, lag_frames)
    return np.asarray(np.interp(np.arange(len(frames)), at, lag_frames), np.float64)


def _knots(
    frames: NDArray[np.int64], curve: Doubles, std_s: Doubles, singles: Doubles, *, length: int
) -> Curve | None:
    chosen = np.unique(np.append(np.arange(0, len(frames), EVERY), len(frames) - 1))
    chosen = chosen[(curve[chosen] >= 0) & (curve[chosen] <= length - 1)]
    kept: list[int] = []
    for index in chosen.tolist():
        if not kept or curve[index] > curve[kept[-1]] + 1e-3:
            kept.append(index)
    if len(kept) < 2:
        return None
    return Curve(
        new=frames[kept].astype(np.float64), ref=curve[kept], std_s=std_s[kept], singles=singles
    )
