"""What is kept of the places a clip shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clapless.model import Clip
from clapless.numerics.scenery_points import Points
from clapless.signals.base import Arrays, Spans

FRACTION = 64.0
"""Pixels are kept in parts of this."""


@dataclass(frozen=True, slots=True, eq=False)
class PointTable:
    """Points of some pictures, one after another.

    Parameters
    ----------
    first
        Index of each picture's first point, and the number of all, int64, shape (n + 1,).
    xy
        Pixels times 64, uint16, shape (m, 2).
    bits
        Descriptors, uint8, shape (m, 32).
    """

    first: NDArray[np.int64]
    xy: NDArray[np.uint16]
    bits: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.bits.shape != (len(self.xy), 32) or self.first[-1] != len(self.xy):
            raise ValueError(
                f"descriptors of shape {self.bits.shape} do not fit {len(self.xy)} points"
            )

    def __len__(self) -> int:
        return len(self.first) - 1

    def points(self, index: int) -> Points:
        """Return the points of a picture."""
        span = slice(self.first[index], self.first[index + 1])
        return Points((self.xy[span] / FRACTION).astype(np.float32), self.bits[span])

    def only(self, keep: NDArray[np.bool_]) -> PointTable:
        """Return the table of some pictures alone; bool, shape (n,)."""
        counts = np.diff(self.first)
        of_points = np.repeat(keep, counts)
        first = np.concatenate([[0], np.cumsum(counts[keep])]).astype(np.int64)
        return PointTable(first, self.xy[of_points], self.bits[of_points])

    @classmethod
    def of(cls, pictures: Sequence[Points]) -> PointTable:
        """Return the table of pictures' points."""
        counts = [len(points) for points in pictures]
        return cls(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            np.concatenate([np.rint(p.xy * FRACTION) for p in pictures]).astype(np.uint16),
            np.concatenate([p.bits for p in pictures]),
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SceneryFeature:
    """Points of sampled pictures of one clip.

    Parameters
    ----------
    clip
        The clip.
    times_s
        Clip time of each picture, float64, shape (n,), rising.
    table
        Their points.
    ground
        Points of the ground seen from above, of some of them (`clapless.numerics.scenery_ground`).
    ground_at
        Which pictures those are, int64, rising.
    size
        Width and height of the pictures that the pixels count in.
    """

    clip: Clip
    times_s: NDArray[np.float64]
    table: PointTable
    ground: PointTable
    ground_at: NDArray[np.int64]
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.times_s)

    def points(self, index: int) -> Points:
        """Return the points of a picture."""
        return self.table.points(index)

    def without(self, spans_s: Spans) -> SceneryFeature:
        """Return the feature without the pictures in stretches of clip time."""
        keep = np.ones(len(self), np.bool_)
        for start_s, end_s in spans_s:
            keep &= (self.times_s < start_s) | (self.times_s > end_s)
        if keep.all():
            return self
        of_ground = keep[self.ground_at]
        return replace(
            self,
            times_s=self.times_s[keep],
            table=self.table.only(keep),
            ground=self.ground.only(of_ground),
            ground_at=(np.cumsum(keep) - 1)[self.ground_at[of_ground]],
        )

    def forget(self) -> None:
        """Drop nothing: what is computed on the way is not kept here."""

    def to_arrays(self) -> Arrays:
        """Return it as arrays for the store: 17 kB a picture."""
        return {
            "times_s": self.times_s,
            "first": self.table.first,
            "xy": self.table.xy,
            "bits": self.table.bits,
            "ground_first": self.ground.first,
            "ground_xy": self.ground.xy,
            "ground_bits": self.ground.bits,
            "ground_at": self.ground_at,
            "size": np.array(self.size, np.int64),
        }

    @classmethod
    def from_arrays(cls, clip: Clip, arrays: Arrays) -> SceneryFeature:
        """Return the feature that `to_arrays` wrote.

        Raises
        ------
        KeyError, ValueError
            It is something else.
        """
        table, ground = (
            PointTable(
                np.asarray(arrays[f"{which}first"], np.int64),
                np.asarray(arrays[f"{which}xy"], np.uint16),
                np.asarray(arrays[f"{which}bits"], np.uint8),
            )
            for which in ("", "ground_")
        )
        width, height = (int(side) for side in arrays["size"])
        return cls(
            clip=clip,
            times_s=np.asarray(arrays["times_s"], np.float64),
            table=table,
            ground=ground,
            ground_at=np.asarray(arrays["ground_at"], np.int64),
            size=(width, height),
        )
