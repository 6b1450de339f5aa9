"""Takes a clip's pictures in and keeps how they move."""

from __future__ import annotations

import numpy as np

from clapless.media.reading import Block, FrameBlock, FrameWish, Need
from clapless.model import Clip, Refusal
from clapless.numerics.picture_match import LEAST_SAMPLES
from clapless.numerics.picture_motion import WIDTH, Movement, MovementMeter
from clapless.signals.picture.feature import PictureFeature
from clapless.signals.stretches import stretches

INTRA_SHARE = 0.5
"""With more keyframes than this every frame is coded alone, and no difference leaks the encoder."""

STATIC_LEVELS = 0.05
"""Grey levels by which the liveliest region must rise above its own middle in a twentieth of the
time: noise is even, and cuts of a slideshow are rarer."""

SETTLING_S = 2.0
"""The first group of pictures is left out, of long ones so much: there exposure and encoder settle,
alike in all cameras of a kind whatever they see. Other events came out as one moment by that."""

JUMP = 2.5
"""Frames farther apart than this many intervals do not follow each other."""


class PictureExtractor:
    """Measures the movement while the pictures pass by.

    Parameters
    ----------
    clip
        The clip.
    """

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._meter = MovementMeter()
        self._last_s: float | None = None
        self._frames = 0
        self._keys = 0
        self._times: list[float] = []
        self._key_flags: list[bool] = []
        self._movements: list[Movement] = []
        self._intervals: list[float] = []

    @property
    def needs(self) -> frozenset[Need]:
        """Frames."""
        return frozenset({Need.FRAMES})

    @property
    def frame_wish(self) -> FrameWish:
        """Small pictures, of long clips some stretches."""
        return FrameWish(width=WIDTH, spans_s=stretches(self._clip))

    def feed(self, block: Block) -> None:
        """Take the next pictures."""
        if not isinstance(block, FrameBlock) or block.grey is None:
            return
        nominal_s = float(1 / self._clip.frame_rate) if self._clip.frame_rate else None
        for number, time_s in enumerate(block.times_s.tolist()):
            step_s = time_s - self._last_s if self._last_s is not None else 0.0
            usual_s = nominal_s or (np.median(self._intervals[-50:]) if self._intervals else step_s)
            if block.after_gap[number] or step_s > JUMP * usual_s:
                self._meter.gap()
            movement = self._meter.add(block.grey[number])
            self._frames += 1
            self._keys += bool(block.keyframes[number])
            if movement is not None and self._last_s is not None:
                self._times.append((time_s + self._last_s) / 2)
                self._intervals.append(step_s)
                self._key_flags.append(bool(block.keyframes[number]))
                self._movements.append(movement)
            self._last_s = time_s

    def finish(self) -> PictureFeature | Refusal:
        """Return the movement, or why there is none of use."""
        if len(self._movements) < LEAST_SAMPLES:
            return self._refuse("too_short", "it has too few pictures to see movement")
        valid = np.ones(len(self._movements), bool)
        if self._keys <= INTRA_SHARE * self._frames:
            valid &= ~np.array(self._key_flags)
            settled = self._settled()
            if np.count_nonzero(valid[settled:]) >= 2 * LEAST_SAMPLES:
                valid[:settled] = False
        energy = np.stack([m.energy for m in self._movements])
        if not valid.any() or _lively(energy[valid]) < STATIC_LEVELS:
            return self._refuse("static", "nothing moves in its pictures but for cuts and noise")
        return PictureFeature(
            clip=self._clip,
            times_s=np.array(self._times),
            valid=valid,
            energy=energy.astype(np.float16),
            flow=np.stack([m.flow for m in self._movements]).astype(np.float16),
            light=np.array([m.light for m in self._movements], np.float32),
            interval_s=float(np.median(self._intervals)),
        )

    def _settled(self) -> int:
        """Return how many movements belong to the first group of pictures of the recording."""
        if self._times[0] > SETTLING_S:
            return 0
        reached = int(np.searchsorted(self._times, self._times[0] + SETTLING_S))
        return (
            self._key_flags.index(True, 0, reached) if any(self._key_flags[:reached]) else reached
        )

    def _refuse(self, code: str, reason: str) -> Refusal:
        return Refusal(a=self._clip.id, b=self._clip.id, signal="picture", code=code, reason=reason)


def _lively(energy: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    return float((np.percentile(energy, 95, axis=0) - np.median(energy, axis=0)).max())
