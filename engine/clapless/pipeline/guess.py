"""Where clips may lie before anything is proven: from file times, and from the order of names.

These guesses order the work and never decide. Times are compared within one device, whose clock is
the same for all its clips; across devices only as long as nothing better is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from clapless.model import Clip
from clapless.solve import shooting_order
from clapless.timing import Timecode

FAR_S = 1e7
"""Added to the distance of pairs whose devices have no proven relation yet: they come later."""

UNLABELLED_S = 2e7
"""Added where not even file times are there."""

UNSURE_WEIGHT = 0.01
"""Of two pairs that may overlap, the one that would without luck comes first."""

SOON_S = 300.0
"""A device's next clip is expected so long after the last one that is placed."""

SLACK_S = 30.0
"""How far file times of one device may be off: some are written at the end, or rounded."""

_OPEN_S = 1e6
"""Stands for no bound on one side of an interval."""


def label_s(clip: Clip) -> float | None:
    """Return when a clip begins by its own labels, in seconds; None where it bears none."""
    created = clip.metadata.get("creation_time")
    if created:
        try:
            return datetime.fromisoformat(created).timestamp()
        except ValueError:
            pass  # A date in words of its own: the timecode may still say when.
    if clip.start_timecode and clip.timecode_rate:
        try:
            return float(Timecode.parse(clip.start_timecode, clip.timecode_rate).seconds)
        except ValueError:
            pass  # Guesses only order the work; a label that says nothing is none.
    return None


class Guesses:
    """Distances between clips by what is proven so far and by labels.

    Parameters
    ----------
    clips
        All clips that are compared.
    """

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = list(clips)
        self._index = {clip.id: i for i, clip in enumerate(self._clips)}
        self._length = np.array([max(float(c.duration_s), 0.0) for c in self._clips])
        self._label = np.array(
            [np.nan if (s := label_s(c)) is None else s for c in self._clips], dtype=np.float64
        )
        self._devices: dict[str, list[int]] = {}
        for clip in shooting_order(self._clips):
            if clip.device is not None:
                self._devices.setdefault(clip.device, []).append(self._index[clip.id])
        self._rank = np.zeros(len(self._clips))
        for members in self._devices.values():
            for place, i in enumerate(members):
                self._rank[i] = (place + 0.5) / len(members)
        longest = [float(self._length[m].sum()) for m in self._devices.values()]
        self._span_s = max(longest, default=0.0)

    def distances(
        self, clusters: Sequence[Mapping[str, tuple[float, float]]]
    ) -> NDArray[np.float64]:
        """Return how far apart every two clips seem to lie, in seconds; small is worth trying.

        Parameters
        ----------
        clusters
            For each proven cluster: clip id -> its interval on the cluster's clock.

        Returns
        -------
        distances
            Shape (clips, clips), symmetric.
        """
        best = self._by_labels()
        sure = np.full(best.shape, np.inf)
        for cluster in clusters:
            if len(cluster) > 1:
                low, high, expected = self._intervals(cluster)
                # Where several clusters tell, the one that tells most narrowly is heard.
                wide = high - low
                width = np.nan_to_num(wide[:, None] + wide[None, :], nan=np.inf)
                narrower = width < sure
                best = np.where(narrower, self._apart(low, high, expected), best)
                sure = np.minimum(sure, width)
        return best

    def _by_labels(self) -> NDArray[np.float64]:
        """Return distances by file times across devices, else by the order of names."""
        ranked = self._rank * self._span_s
        low, high = self._label, self._label + self._length
        labelled = self._apart(low - SLACK_S, high + SLACK_S, 0.5 * (low + high)) + FAR_S
        anywhere = np.zeros(len(self._clips))
        unlabelled = self._apart(anywhere, anywhere, ranked) + UNLABELLED_S
        return np.where(np.isinf(labelled), unlabelled, labelled)

    def _apart(
        self, low: NDArray[np.float64], high: NDArray[np.float64], expected: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return gaps between the intervals clips may lie in, with a little for bad luck.

        Parameters
        ----------
        low, high
            Where each clip begins at the earliest and ends at the latest, shape (clips,).
        expected
            Where its middle is expected, shape (clips,).
        """
        gap = np.maximum(low[:, None], low[None, :]) - np.minimum(high[:, None], high[None, :])
        reach = 0.5 * (self._length[:, None] + self._length[None, :])
        miss = np.abs(expected[:, None] - expected[None, :]) - reach
        distances = np.maximum(gap, 0.0) + UNSURE_WEIGHT * np.maximum(miss, 0.0)
        return np.where(np.isnan(distances), np.inf, distances)

    def _intervals(
        self, cluster: Mapping[str, tuple[float, float]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return where every clip may lie on a cluster's clock, NaN where nothing says so."""
        low = np.full(len(self._clips), np.nan)
        high = np.full(len(self._clips), np.nan)
        for clip, (start_s, end_s) in cluster.items():
            low[self._index[clip]], high[self._index[clip]] = start_s, end_s
        expected = 0.5 * (low + high)
        for members in self._devices.values():
            starts = {i: (low[i], high[i]) for i in members if not np.isnan(low[i])}
            for place, i in enumerate(members):
                if starts and i not in starts:
                    low[i], high[i], expected[i] = self._bracket(members, place, starts)
        return low, high, expected

    def _bracket(
        self, members: Sequence[int], place: int, placed: Mapping[int, tuple[float, float]]
    ) -> tuple[float, float, float]:
        """Return where a device's clip may lie between those of its clips that are placed."""
        i = members[place]
        before = [j for j in members[:place] if j in placed]
        after = [j for j in members[place + 1 :] if j in placed]
        known = [j for j in (*before[-1:], *after[:1]) if not np.isnan(self._label[j])]
        if known and not np.isnan(self._label[i]):
            j = min(known, key=lambda j: abs(self._label[j] - self._label[i]))
            start_s = placed[j][0] + self._label[i] - self._label[j]
            end_s = start_s + self._length[i]
            return start_s - SLACK_S, end_s + SLACK_S, 0.5 * (start_s + end_s)
        if before and after:
            low, high = sorted((placed[before[-1]][1], placed[after[0]][0]))
            return low, high, 0.5 * (low + high)
        if before:
            low = placed[before[-1]][1]
            return low, low + _OPEN_S, low + SOON_S * (place - members.index(before[-1]))
        high = placed[after[0]][0]
        return high - _OPEN_S, high, high - SOON_S * (members.index(after[0]) - place)
