"""What is kept of a clip's shake: how its picture turned, and its gyroscope where it has one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from clapless.model import Clip
from clapless.numerics.movement import SWAY_HZ, Movement, Prepared, on_grid, prepare
from clapless.numerics.shake_fit import ShakePairs, Turned
from clapless.signals.base import Arrays, Spans

PICTURE_NOISE = 0.006
"""Root mean square of a picture's own error over all axes between 0.3 and 20 Hz in rad/s: what a
camera lying still shows once its picture went through H.264."""

GYROSCOPE_NOISE = 0.01
"""The same of a gyroscope, with a margin: what is calmer is no use to a picture."""

BAND = 0.35
"""Upper edge of the band that is compared as a share of the frame rate: below half of it, with
room for what interpolation bends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gyroscope:
    """A gyroscope on an even grid.

    Parameters
    ----------
    movement
        Rates about the sensor's axes in rad/s.
    time_std_s
        Standard deviation of its place in clip time, without latency.
    """

    movement: Movement
    time_std_s: float

    @property
    def rate_std_ppm(self) -> float:
        """Standard deviation of its clock rate, as its place was had from its whole length."""
        return float(self.time_std_s * np.sqrt(12.0) / max(self.movement.duration_s, 1.0) * 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShakeFeature:
    """The shake of one clip.

    Parameters
    ----------
    clip
        The clip.
    pairs
        How its picture turned; None where that is of no use, for the reason `flaw`.
    gyroscope
        Its own gyroscope, None where it has none.
    model
        Of the camera, in its own words; empty without telemetry.
    flaw
        Code of why the picture is of no use: ``stabilised``, ``too_calm``, ...
    """

    clip: Clip
    pairs: ShakePairs | None
    gyroscope: Gyroscope | None
    model: str = ""
    flaw: str = ""
    _ready: dict[tuple[str, float, float], Prepared] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _turned: dict[str, Turned] = field(default_factory=dict, init=False, repr=False, compare=False)

    def forget(self) -> None:
        """Let go of what was computed on the way."""
        self._ready.clear()
        self._turned.clear()

    def without(self, spans_s: Spans) -> ShakeFeature:
        """Return the feature without stretches of clip time."""
        if not spans_s:
            return self
        pairs, gyroscope = self.pairs, self.gyroscope
        if pairs is not None:
            kept = np.ones(pairs.first_s.size, bool)
            for start_s, end_s in spans_s:
                kept &= (pairs.last_s <= start_s) | (pairs.first_s >= end_s)
            pairs = pairs.only(kept) if kept.sum() > 2 else None
        if gyroscope is not None:
            movement = gyroscope.movement
            values = np.array(movement.values, np.float32)
            times_s = movement.start_s + np.arange(values.shape[0]) / movement.rate_hz
            for start_s, end_s in spans_s:
                values[(times_s >= start_s) & (times_s < end_s)] = np.nan
            known = np.isfinite(values).all(axis=1).sum() > movement.rate_hz
            gyroscope = (
                replace(gyroscope, movement=replace(movement, values=values)) if known else None
            )
        return ShakeFeature(
            clip=self.clip,
            pairs=pairs,
            gyroscope=gyroscope,
            model=self.model,
            flaw=self.flaw or ("" if pairs is not None else "too_short"),
        )

    def seen(self, fastest_hz: float) -> Prepared:
        """Return the picture's turning ready to be matched."""
        key = ("picture", fastest_hz, 0.0)
        if key not in self._ready:
            assert self.pairs is not None
            self._ready[key] = prepare(
                picture_movement(self.pairs), noise=PICTURE_NOISE, fastest_hz=fastest_hz
            )
        return self._ready[key]

    def felt(self, fastest_hz: float, step_s: float) -> Prepared:
        """Return the gyroscope as a picture sees it: the mean over one of its frames."""
        key = ("gyroscope", fastest_hz, round(step_s, 6))
        if key not in self._ready:
            assert self.gyroscope is not None
            movement = self.gyroscope.movement
            box = max(1, round(step_s * movement.rate_hz))
            values = np.asarray(movement.values, np.float64)
            smooth = ndimage.uniform_filter1d(values, box, axis=0, mode="nearest")
            if box % 2 == 0:
                # A box of even length lies half a sample early: the mean of two is central.
                later = np.concatenate([smooth[1:], smooth[-1:]])
                smooth = (smooth + later) / 2
            gaps = np.asarray(~np.isfinite(values).all(axis=1))
            if gaps.any():
                filled = np.where(gaps[:, None], 0.0, values)
                smooth = ndimage.uniform_filter1d(filled, box, axis=0, mode="nearest")
                smooth[ndimage.binary_dilation(gaps, iterations=box)] = np.nan
            self._ready[key] = prepare(
                replace(movement, values=smooth), noise=GYROSCOPE_NOISE, fastest_hz=fastest_hz
            )
        return self._ready[key]

    def turned(self, kind: str) -> Turned:
        """Return the turning of the ``gyroscope`` or of the ``picture`` at any time."""
        if kind not in self._turned:
            if kind == "gyroscope":
                assert self.gyroscope is not None
                self._turned[kind] = Turned.of_movement(self.gyroscope.movement)
            else:
                assert self.pairs is not None
                self._turned[kind] = Turned.of_pairs(self.pairs)
        return self._turned[kind]

    def to_arrays(self) -> Arrays:
        """Return it as arrays for the store: 13 MB per hour of picture, 9 MB of gyroscope."""
        words = np.array([self.model, self.flaw])
        arrays: dict[str, NDArray[np.generic]] = {"words": words}
        if self.pairs is not None:
            arrays["pair_times_s"] = np.stack([self.pairs.first_s, self.pairs.last_s])
            arrays["turns"] = self.pairs.turns
            arrays["rows"] = self.pairs.rows
            arrays["points"] = self.pairs.points
        if self.gyroscope is not None:
            movement = self.gyroscope.movement
            arrays["gyroscope"] = movement.values
            arrays["gyroscope_scale"] = np.array(
                [movement.start_s, movement.rate_hz, self.gyroscope.time_std_s]
            )
        return arrays

    @classmethod
    def from_arrays(cls, clip: Clip, arrays: Arrays) -> ShakeFeature:
        """Return the feature that `to_arrays` wrote."""
        model, flaw = (str(word) for word in arrays["words"])
        pairs = gyroscope = None
        if "turns" in arrays:
            first_s, last_s = np.asarray(arrays["pair_times_s"], np.float64)
            pairs = ShakePairs(
                first_s=first_s,
                last_s=last_s,
                turns=np.asarray(arrays["turns"], np.float64),
                rows=np.asarray(arrays["rows"], np.float64),
                points=np.asarray(arrays["points"], np.int64),
            )
        if "gyroscope" in arrays:
            start_s, rate_hz, time_std_s = np.asarray(arrays["gyroscope_scale"], np.float64)
            gyroscope = Gyroscope(
                movement=Movement(
                    start_s=float(start_s),
                    values=np.asarray(arrays["gyroscope"], np.float32),
                    rate_hz=float(rate_hz),
                ),
                time_std_s=float(time_std_s),
            )
        return cls(clip=clip, pairs=pairs, gyroscope=gyroscope, model=model, flaw=flaw)


def picture_movement(pairs: ShakePairs) -> Movement:
    """Return the turning of the picture's centre row on an even grid, in rad/s."""
    turns, _, known = pairs.whole()
    middle_s = (pairs.first_s + pairs.last_s) / 2
    rates = turns / (pairs.last_s - pairs.first_s)[:, None]
    return on_grid(middle_s[known], rates[known])


def band_hz(*steps_s: float) -> float:
    """Return the upper edge of the band in which pictures of these steps can be compared."""
    return min(SWAY_HZ, BAND / max(steps_s))
