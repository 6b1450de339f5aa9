"""Anchors: pairs of times that the user knows, and the map refitted through them.

The map's error is taken as a Gaussian process whose spread is the map's own `std_s` and which stays
alike for `ALIKE_S`: satellites' errors wander over tens of seconds. An anchor therefore moves its
neighbourhood and leaves the rest.

References
----------
Rasmussen and Williams (2006), "Gaussian Processes for Machine Learning", equations 2.23 and 2.24.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clapless.errors import UsageError
from clapless.pipeline.routes.line import sampled
from clapless.timing import Segment, TimeMap

Floats = NDArray[np.float64]

ALIKE_S = 40.0
"""Errors this far apart in time still have 0.6 in common."""

ANCHOR_STD_S = 0.05
"""How well a person finds the same frame."""

LEAST_STD_S = 0.5
"""The map gives way to an anchor at least as if it were this unsure: the user has looked."""

FAR_SIGMAS = 3.0
"""An anchor farther from the map than so many deviations contradicts it."""


def through_anchors(time_map: TimeMap, anchors: Sequence[tuple[float, float]]) -> TimeMap:
    """Return a map that goes through the anchors where it has an answer.

    Parameters
    ----------
    time_map
        From the new run's time to the reference's.
    anchors
        Pairs (t_ref_s, t_new_s).

    Raises
    ------
    UsageError
        The anchors go back in time, or one lies in a gap of the map.
    """
    if not anchors:
        return time_map
    ordered = _ordered(anchors)
    at_s = np.array([new for _, new in ordered])
    mapped = [time_map.to_group(new) for new in at_s]
    lost = [new for new, answer in zip(at_s, mapped, strict=True) if answer is None]
    if lost:
        raise UsageError(
            f"The anchor at {lost[0]:.2f} s of the new run lies where nothing was aligned."
        )
    off_s = np.array([ref for ref, _ in ordered]) - np.array(mapped, np.float64)
    knots, std = _with_knots(time_map, at_s)
    anchor_std = np.maximum(np.interp(at_s, knots[:, 0], std), LEAST_STD_S)
    within = np.outer(anchor_std, anchor_std) * _alike(at_s, at_s)
    noise = ANCHOR_STD_S**2 * np.eye(len(at_s))
    solved = np.linalg.solve(within + noise, off_s)
    segments: list[Segment] = []
    for segment in time_map.segments:
        inside = (knots[:, 0] >= segment.knots[0][0]) & (knots[:, 0] <= segment.knots[-1][0])
        least_s = segments[-1].knots[-1][1] if segments else -np.inf
        moved = _moved(
            knots[inside], std[inside], at_s, anchor_std, solved, within + noise, least_s
        )
        if moved is not None:
            segments.append(moved)
    if not segments:
        raise UsageError("The anchors contradict the map: no rising map goes through them.")
    return TimeMap(tuple(segments))


def against_anchors(time_map: TimeMap, anchors: Sequence[tuple[float, float]]) -> tuple[str, ...]:
    """Return a sentence for each anchor that lies farther from the map than its error explains."""
    told = []
    for ref_s, new_s in anchors:
        (got,), (std,) = sampled(time_map, np.array([new_s]))
        off_s = ref_s - got
        if np.isfinite(got) and abs(off_s) > FAR_SIGMAS * np.hypot(std, ANCHOR_STD_S):
            told.append(
                f"The anchor {ref_s:g}={new_s:g} lies {abs(off_s):.2f} s "
                f"{'after' if off_s > 0 else 'before'} what was found there, which was sure to "
                f"{std:.2f} s; the map follows the anchor."
            )
    return tuple(told)


def anchors_alone(anchors: Sequence[tuple[float, float]]) -> TimeMap:
    """Return the map that two or more anchors make by themselves.

    Raises
    ------
    UsageError
        There are fewer, or they go back in time.
    """
    ordered = _ordered(anchors)
    if len(ordered) < 2:
        raise UsageError("Two anchors at least are needed where nothing else aligns the runs.")
    knots = tuple((new, ref) for ref, new in ordered)
    return TimeMap((Segment(knots, tuple(ANCHOR_STD_S for _ in knots)),))


def _ordered(anchors: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    ordered = sorted(set(anchors), key=lambda anchor: anchor[1])
    for (ref_0, new_0), (ref_1, new_1) in pairwise(ordered):
        if ref_1 <= ref_0 or new_1 <= new_0:
            raise UsageError(
                f"The anchors {ref_0:g}={new_0:g} and {ref_1:g}={new_1:g} go back in time: both "
                "runs must pass them in the same order."
            )
    return ordered


def _alike(one_s: Floats, two_s: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * ((one_s[:, None] - two_s[None, :]) / ALIKE_S) ** 2))


def _with_knots(time_map: TimeMap, at_s: Floats) -> tuple[Floats, Floats]:
    """Return all knots, shape (n, 2), and their deviations, with more about the anchors."""
    added = np.unique(np.concatenate([at_s + step for step in np.arange(-3, 3.5, 0.5) * ALIKE_S]))
    knots: list[tuple[float, float]] = []
    std: list[float] = []
    for segment in time_map.segments:
        own = np.array(segment.knots)
        own_std = np.array(segment.std_s) if segment.std_s else np.full(len(own), LEAST_STD_S)
        inside = added[(added > own[0, 0]) & (added < own[-1, 0])]
        times = np.union1d(own[:, 0], inside)
        knots += list(zip(times, np.interp(times, own[:, 0], own[:, 1]), strict=True))
        std += list(np.interp(times, own[:, 0], own_std))
    return np.array(knots), np.array(std)


def _moved(
    knots: Floats,
    std: Floats,
    at_s: Floats,
    anchor_std: Floats,
    solved: Floats,
    within: Floats,
    least_s: float,
) -> Segment | None:
    soft = np.maximum(std, LEAST_STD_S)
    across = soft[:, None] * anchor_std[None, :] * _alike(knots[:, 0], at_s)
    shifted = knots[:, 1] + across @ solved
    # What the anchors leave open, as a share of what was open before, times the map's own std.
    left = 1.0 - np.einsum("ij,ji->i", across, np.linalg.solve(within, across.T)) / soft**2
    after = np.maximum(std * np.sqrt(np.clip(left, 0.0, 1.0)), ANCHOR_STD_S * 0.5)
    kept = [0]
    for index in range(1, len(knots)):
        if shifted[index] > shifted[kept[-1]] + 1e-6:
            kept.append(index)
    if len(kept) < 2:
        return None
    return _behind(knots[kept, 0], shifted[kept], after[kept], least_s)


def _behind(new_s: Floats, ref_s: Floats, std_s: Floats, least_s: float) -> Segment | None:
    """Return a segment without what was moved into the one before, which ends at `least_s`."""
    if ref_s[-1] <= least_s + 1e-6:
        return None
    if ref_s[0] < least_s:
        first_s = float(np.interp(least_s, ref_s, new_s))
        first_std = float(np.interp(least_s, ref_s, std_s))
        later = ref_s > least_s + 1e-6
        new_s = np.concatenate([[first_s], new_s[later]])
        ref_s = np.concatenate([[least_s], ref_s[later]])
        std_s = np.concatenate([[first_std], std_s[later]])
    knots = tuple(zip(new_s.tolist(), ref_s.tolist(), strict=True))
    return Segment(knots, tuple(std_s.tolist()))
