"""Flashes as a rolling shutter sees them: rows of brightness and whole pictures with exact truth.

Conventions
-----------
Clip time of frame k is ``k / frame_rate`` and is the centre of the exposure of the row that is read
first. A flash rises and decays exponentially with a time constant of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from clapless.model import clock_rate

DECAY_S = 5e-4
"""Time constant of a photo flash."""

PARTS = 8
"""Parts of a row whose brightness is simulated apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutterCamera:
    """A camera that is flashed at.

    Parameters
    ----------
    frame_rate
        Exact frames per second.
    readout_s, exposure_s
        From the first row to the last one; of each row.
    offset_s, drift_ppm
        Where its clip lies on the event's clock, by the placement formula of `clapless.model`.
    light
        Grey levels that a flash of strength 1 adds to the median row.
    upside_down
        Whether the bottom row is read first.
    rows
        Height of the picture.
    noise
        Standard deviation of the brightness of an eighth of a row, in grey levels.
    seed
        Of what it shows.
    """

    frame_rate: Fraction
    readout_s: float
    exposure_s: float
    offset_s: float = 0.0
    drift_ppm: float = 0.0
    light: float = 30.0
    upside_down: bool = False
    rows: int = 1080
    noise: float = 1.0
    decay_s: float = DECAY_S
    seed: int = 0

    def clip_s(self, event_s: float) -> float:
        """Return the clip time of an instant of the event."""
        return (event_s - self.offset_s) * clock_rate(Fraction(1), self.drift_ppm)

    def gain(self) -> NDArray[np.float64]:
        """Return how strongly a flash lights each row: what the rows show differs."""
        rng = np.random.default_rng((self.seed, 1))
        rows = self.rows
        slow = ndimage.gaussian_filter1d(rng.standard_normal(rows), rows / 12, mode="wrap")
        gain = 1 + 0.3 * slow / max(float(slow.std()), 1e-9)
        floor = int(rng.integers(rows // 5, rows - rows // 6))
        gain[floor:] *= float(rng.uniform(0.6, 1.0))
        return np.clip(gain, 0.25, 2.2)

    def light_of(self, frame: int, flashes: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
        """Return the light that flashes give the rows of a frame, 1 for a whole flash.

        Parameters
        ----------
        frame
            Its number.
        flashes
            Pairs (event time in seconds, strength).
        """
        order = np.arange(self.rows)[::-1] if self.upside_down else np.arange(self.rows)
        first_end_s = float(frame / self.frame_rate) + self.exposure_s / 2
        end_s = np.asarray(first_end_s + order * (self.readout_s / self.rows), np.float64)
        light = np.zeros(self.rows)
        for event_s, strength in flashes:
            since_s = end_s - self.clip_s(event_s)
            if since_s.max() < 0 or since_s.min() > self.exposure_s + 20 * self.decay_s:
                continue
            light += strength * (
                _shone(since_s, self.decay_s) - _shone(since_s - self.exposure_s, self.decay_s)
            )
        return light

    def frames_near(self, flashes: Sequence[tuple[float, float]], around: int = 4) -> list[int]:
        """Return the numbers of the frames around flashes, rising."""
        wanted: set[int] = set()
        for event_s, _ in flashes:
            middle = int(self.clip_s(event_s) * float(self.frame_rate))
            wanted |= set(range(max(0, middle - around), middle + around + 1))
        return sorted(wanted)

    def visible(self, event_s: float) -> bool:
        """Return whether some inner row of a frame takes in a quarter of a flash."""
        middle = int(self.clip_s(event_s) * float(self.frame_rate))
        inner = slice(self.rows // 72, -(self.rows // 72))
        return any(
            bool((self.light_of(k, [(event_s, 1.0)])[inner] > 0.25).any())
            for k in range(middle - 2, middle + 3)
            if k >= 0
        )


def _shone(since_s: NDArray[np.float64], decay_s: float) -> NDArray[np.float64]:
    return np.asarray(-np.expm1(-np.maximum(since_s, 0.0) / decay_s))


def row_tables(
    camera: ShutterCamera, flashes: Sequence[tuple[float, float]], *, around: int = 4
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Yield clip time and brightness of the parts of all rows of the frames around flashes.

    What the camera shows drifts slowly, differently in each part; noise comes on top.
    """
    rng = np.random.default_rng((camera.seed, 2))
    gain = camera.gain()[:, None] * rng.uniform(0.7, 1.3, PARTS)
    shape = (camera.rows, PARTS)
    scene = 80 + 20 * ndimage.gaussian_filter1d(
        rng.standard_normal(shape), camera.rows / 18, axis=0
    ) * np.sqrt(camera.rows / 5)
    frames = camera.frames_near(flashes, around)
    walks = np.cumsum(rng.standard_normal((len(frames), PARTS)) * 0.5, axis=0)
    for frame, walk in zip(frames, walks, strict=True):
        light = camera.light_of(frame, flashes)[:, None] * gain * camera.light
        table = scene + walk + light + rng.standard_normal(shape) * camera.noise
        yield float(frame / camera.frame_rate), table.astype(np.float32)


def flash_pictures(
    camera: ShutterCamera,
    flashes: Sequence[tuple[float, float]],
    frames: Sequence[int],
    *,
    width: int = 480,
) -> Iterator[NDArray[np.uint8]]:
    """Yield pictures of a room with something that moves in it, lit by flashes.

    Parameters
    ----------
    camera, flashes
        As for `row_tables`; `camera.noise` is that of a pixel here.
    frames
        Numbers of the frames.
    width
        In pixels, even.
    """
    rng = np.random.default_rng((camera.seed, 3))
    height = camera.rows
    coarse = rng.standard_normal((9, 7)).astype(np.float32)
    fine = rng.standard_normal((height // 4, width // 4)).astype(np.float32)
    large = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    room = large * 22.0 + np.asarray(cv2.resize(fine, (width, height))) * 6.0 + 85.0
    room_light = np.asarray(np.clip(room / room.mean(), 0.3, 2.0) * camera.gain()[:, None])
    grain = [
        rng.standard_normal((height, width)).astype(np.float32) * camera.noise for _ in range(5)
    ]
    dark = [_rounded(room + one) for one in grain]
    for frame in frames:
        chosen = int(rng.integers(5))
        light = camera.light_of(frame, flashes)[:, None] * camera.light
        if light.any():
            picture = _rounded(room + light * room_light + grain[chosen])
        else:
            picture = dark[chosen].copy()
        left = int((width * 0.8) * (0.5 + 0.5 * np.sin(frame / 17.0)))
        mover = picture[height // 3 : height // 2, left : left + width // 8]
        mover[...] = np.minimum(mover, 210) + 45
        yield picture


def _rounded(picture: NDArray[np.floating]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return levels
