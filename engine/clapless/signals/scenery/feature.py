"""What is kept of the places a clip shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clapless.model import Clip
from clapless.numerics.scenery_points import Points
from clapless.signals.base import Arrays, Spans

FRACTION = 64.0
"""Pixels are kept in parts of this."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SceneryFeature:
    """Points of sampled pictures of one clip.

    Parameters
    ----------
    clip
        The clip.
    times_s
        Clip time of each picture, float64, shape (n,), rising.
    first
        Index of each picture's first point, and the number of all, int64, shape (n + 1,).
    xy
        Pixels times 64, uint16, shape (m, 2).
    bits
        Descriptors, uint8, shape (m, 32).
    size
        Width and height of the pictures that the pixels count in.
    """

    clip: Clip
    times_s: NDArray[np.float64]
    first: NDArray[np.int64]
    xy: NDArray[np.uint16]
    bits: NDArray[np.uint8]
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.times_s)

    def points(self, index: int) -> Points:
        """Return the points of a picture."""
        span = slice(self.first[index], self.first[index + 1])
        return Points((self.xy[span] / FRACTION).astype(np.float32), self.bits[span])

    def without(self, spans_s: Spans) -> SceneryFeature:
        """Return the feature without the pictures in stretches of clip time."""
        keep = np.ones(len(self), np.bool_)
        for start_s, end_s in spans_s:
            keep &= (self.times_s < start_s) | (self.times_s > end_s)
        if keep.all():
            return self
        counts = np.diff(self.first)
        of_points = np.repeat(keep, counts)
        first = np.concatenate([[0], np.cumsum(counts[keep])]).astype(np.int64)
        return replace(
            self,
            times_s=self.times_s[keep],
            first=first,
            xy=self.xy[of_points],
            bits=self.bits[of_points],
        )

    def forget(self) -> None:
        """Drop nothing: what is computed on the way is not kept here."""

    def to_arrays(self) -> Arrays:
        """Return it as arrays for the store: 14 kB a picture."""
        return {
            "times_s": self.times_s,
            "first": self.first,
            "xy": self.xy,
            "bits": self.bits,
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
        bits = np.asarray(arrays["bits"], np.uint8)
        xy = np.asarray(arrays["xy"], np.uint16)
        first = np.asarray(arrays["first"], np.int64)
        if bits.shape != (len(xy), 32) or first[-1] != len(xy):
            raise ValueError(f"descriptors of shape {bits.shape} do not fit {len(xy)} points")
        width, height = (int(side) for side in arrays["size"])
        return cls(
            clip=clip,
            times_s=np.asarray(arrays["times_s"], np.float64),
            first=first,
            xy=xy,
            bits=bits,
            size=(width, height),
        )
