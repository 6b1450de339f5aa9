"""What is kept of the movement in a clip's pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clapless.model import Clip
from clapless.numerics.picture_match import Cue, high_passed, on_grid
from clapless.numerics.picture_motion import REGIONS
from clapless.signals.base import Arrays, Spans

ENERGY_FLOOR = 0.3
"""Grey levels added before the logarithm: changes below are noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFeature:
    """The movement of one clip; a sample is what happened between two frames.

    Parameters
    ----------
    clip
        The clip.
    times_s
        Middle between the two frames, float64, shape (n,), rising.
    valid
        False where the difference is missing (into a keyframe, after a gap).
    energy
        Change per region in grey levels, float16, shape (n, 12).
    flow
        Movement per region in pixels, x and y by turns, float16, shape (n, 24).
    light
        Mean brightness of the later frame, float32, shape (n,).
    interval_s
        From frame to frame.
    """

    clip: Clip
    times_s: NDArray[np.float64]
    valid: NDArray[np.bool_]
    energy: NDArray[np.float16]
    flow: NDArray[np.float16]
    light: NDArray[np.float32]
    interval_s: float

    def forget(self) -> None:
        """Drop nothing: 90 bytes per frame are all of it."""

    def without(self, spans_s: Spans) -> PictureFeature:
        """Return the feature without stretches of clip time."""
        if not spans_s:
            return self
        valid = self.valid.copy()
        for start_s, end_s in spans_s:
            # A difference looks one picture back, and a value of the grid half a step around it.
            after_s = end_s + 1.5 * self.interval_s
            valid &= (self.times_s < start_s) | (self.times_s >= after_s)
        return replace(self, valid=valid)

    def cues(self, step_s: float, origin_s: float) -> dict[str, Cue]:
        """Return the evidence on an even grid, by kind.

        Parameters
        ----------
        step_s, origin_s
            Of the grid, in clip time.
        """
        if self.interval_s < 0.75 * step_s:
            times_s, valid, energy, flow, light = self._thinned(step_s)
        else:
            times_s, valid = self.times_s, self.valid
            energy = self.energy.astype(np.float64)
            flow = self.flow.astype(np.float64)
            light = self.light.astype(np.float64)
        found = {}
        kinds = {
            "energy": (np.log(energy + ENERGY_FLOOR), False),
            "flow": (flow, True),
            "light": (np.log(np.maximum(light, 1.0))[:, None], False),
        }
        for name, (values, signed) in kinds.items():
            even, weights = on_grid(times_s, values, valid, step_s=step_s, origin_s=origin_s)
            passed = high_passed(even, weights, step_s=step_s)
            found[name] = Cue(values=passed, weights=weights, signed=signed)
        return found

    def _thinned(
        self, step_s: float
    ) -> tuple[
        NDArray[np.float64],
        NDArray[np.bool_],
        NDArray[np.float64],
        NDArray[np.float64],
        NDArray[np.float64],
    ]:
        """Return means over cells of the grid's step, of fast frames."""
        cell = np.floor((self.times_s - self.times_s[0]) / step_s).astype(np.int64)
        known = self.valid.astype(np.float64)
        cells = int(cell[-1]) + 1
        count = np.bincount(cell, known, cells)
        safe = np.maximum(count, 1e-9)

        def mean(column: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(np.bincount(cell, column * known, cells) / safe)

        energy = np.stack([mean(c) for c in self.energy.astype(np.float64).T], axis=1)
        flow = np.stack([mean(c) for c in self.flow.astype(np.float64).T], axis=1)
        light = mean(self.light.astype(np.float64))
        middle_s = mean(self.times_s)
        cells_s = self.times_s[0] + (np.arange(cells) + 0.5) * step_s
        return np.where(count > 0, middle_s, cells_s), count > 0, energy, flow, light

    def to_arrays(self) -> Arrays:
        """Return it as arrays for the store: 9 MB per hour at 25 frames per second."""
        return {
            "times_s": self.times_s,
            "valid": self.valid,
            "energy": self.energy,
            "flow": self.flow,
            "light": self.light,
            "interval_s": np.array([self.interval_s]),
        }

    @classmethod
    def from_arrays(cls, clip: Clip, arrays: Arrays) -> PictureFeature:
        """Return the feature that `to_arrays` wrote."""
        energy = np.asarray(arrays["energy"], np.float16)
        if energy.ndim != 2 or energy.shape[1] != REGIONS:
            raise ValueError(f"energy must have {REGIONS} columns, got shape {energy.shape}")
        return cls(
            clip=clip,
            times_s=np.asarray(arrays["times_s"], np.float64),
            valid=np.asarray(arrays["valid"], np.bool_),
            energy=energy,
            flow=np.asarray(arrays["flow"], np.float16),
            light=np.asarray(arrays["light"], np.float32),
            interval_s=float(np.asarray(arrays["interval_s"])[0]),
        )
