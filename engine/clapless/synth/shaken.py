"""A hand-held camera with a rolling shutter in a scene with depth, with exact truth.

Conventions
-----------
The camera's body turns by rates about its own axes; ``mount`` takes camera axes (x right, y down,
z ahead) to the body's. Clip time of frame k is ``k / frame_rate``, which is the centre of the
exposure of the row that is read first.

The scene has two depths: a far wall all around and things nearer by. The camera also sways a few
centimetres, so that near things move otherwise than far ones, which no rotation explains.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation, Slerp

from clapless.model import clock_rate
from clapless.synth.movie import Frame

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

FAR_M, NEAR_M = 12.0, 3.0
"""Distance of the wall and of the things before it."""

SWAY_M = 0.03
"""Root mean square of the sway along each axis; between 0.3 and 2 Hz."""

GRID_PX = 8
"""Distance of the pixels whose rays are traced; the others are interpolated."""

SHORT_S = 0.0015
"""Exposures up to this are drawn as one instant, longer ones as three."""


@dataclass(frozen=True, kw_only=True)
class Turning:
    """How a body turns and sways.

    Parameters
    ----------
    times_s
        Of the samples, on the event's clock, rising, shape (n,).
    rates
        About the body's own axes in rad/s, shape (n, 3).
    seed
        Of the sway.
    """

    times_s: Doubles
    rates: Doubles
    seed: int = 0
    _poses: list[Slerp] = field(default_factory=list, init=False, repr=False, compare=False)

    def pose(self, event_s: Doubles) -> Rotation:
        """Return the rotations that take body axes to the world's; before and after it is still."""
        if not self._poses:
            steps = np.diff(self.times_s)[:, None] * (self.rates[1:] + self.rates[:-1]) / 2
            quaternions = _composed(Rotation.from_rotvec(steps).as_quat())
            self._poses.append(Slerp(self.times_s, Rotation.from_quat(quaternions)))
        return self._poses[0](np.clip(event_s, self.times_s[0], self.times_s[-1]))

    def place_m(self, event_s: Doubles) -> Doubles:
        """Return where the camera is in the world, shape (n, 3)."""
        rng = np.random.default_rng((self.seed, 6))
        rates_hz = rng.uniform(0.3, 2.0, (5, 3))
        phases = rng.uniform(0, 2 * np.pi, (5, 3))
        angle = 2 * np.pi * rates_hz * event_s[:, None, None] + phases
        return np.asarray(np.sin(angle).sum(axis=1) * SWAY_M * np.sqrt(2 / 5))


def _composed(steps: Doubles) -> Doubles:
    """Return the product of the first k quaternions (x, y, z, w), k from 0 on."""
    out = np.empty((steps.shape[0] + 1, 4))
    x, y, z, w = 0.0, 0.0, 0.0, 1.0
    out[0] = x, y, z, w
    for number, (a, b, c, d) in enumerate(steps.tolist(), start=1):
        x, y, z, w = (
            w * a + x * d + y * c - z * b,
            w * b - x * c + y * d + z * a,
            w * c + x * b - y * a + z * d,
            w * d - x * a - y * b - z * c,
        )
        out[number] = x, y, z, w
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class ShakenCamera:
    """A camera on a body.

    Parameters
    ----------
    frame_rate
        Exact frames per second.
    size
        Width and height in pixels, even.
    field_deg
        Angle of view across the width.
    readout_s, exposure_s
        From the first row to the last one; of each row.
    mount
        Takes camera axes to the body's, shape (3, 3).
    offset_s, drift_ppm
        Where its clip lies on the event's clock, by the placement formula of `clapless.model`.
    upside_down
        Whether the bottom row is read first.
    noise
        Standard deviation of a pixel in grey levels.
    mover
        Whether something a quarter of the picture wide passes through it.
    seed
        Of the scene.
    """

    frame_rate: Fraction
    size: tuple[int, int] = (640, 360)
    field_deg: float = 70.0
    readout_s: float = 0.016
    exposure_s: float = 0.004
    mount: Doubles = field(default_factory=lambda: np.eye(3))
    offset_s: float = 0.0
    drift_ppm: float = 0.0
    upside_down: bool = False
    noise: float = 3.0
    mover: bool = True
    seed: int = 0

    def event_s(self, clip_s: Doubles) -> Doubles:
        """Return the event's time at clip times."""
        return self.offset_s + clip_s / clock_rate(Fraction(1), self.drift_ppm)


def wall(seed: int, width: int) -> NDArray[np.uint8]:
    """Return a wall all around: spots of all sizes and boxes; uint8, shape (width / 2, width)."""
    rng = np.random.default_rng((seed, 7))
    height = width // 2
    picture = np.zeros((height, width), np.float32)
    for size in (4, 8, 16, 32, 64, 128):
        coarse = rng.standard_normal((height // size, width // size)).astype(np.float32)
        fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        picture += np.asarray(fine, np.float32) * np.float32(size**0.5)
    picture = picture / picture.std() * 30 + 110
    for _ in range(width // 4):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        wide, high = (int(v) for v in rng.integers(width // 600 + 4, width // 50, 2))
        box = picture[y : y + high, x : x + wide]
        box *= 0.4
        box += np.float32(rng.uniform(10, 240) * 0.6)
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.float32)
    return np.clip(soft, 0, 255).astype(np.uint8)


def _screen(seed: int, width: int) -> NDArray[np.uint8]:
    """Return which part of the sphere near things cover, a fifth of it; 0 or 255."""
    rng = np.random.default_rng((seed, 8))
    shape = (width // 96, width // 48)
    coarse = rng.standard_normal(shape).astype(np.float32)
    fine = np.asarray(cv2.resize(coarse, (width, width // 2), interpolation=cv2.INTER_CUBIC))
    return np.where(fine > np.quantile(fine, 0.8), 255, 0).astype(np.uint8)


class _Painter:
    """Paints what is seen at given instants."""

    def __init__(self, camera: ShakenCamera, turning: Turning) -> None:
        self._camera, self._turning = camera, turning
        width, height = camera.size
        across = 2 ** int(np.ceil(np.log2(width * 360 / camera.field_deg)))
        self._far = wall(camera.seed, min(across, 8192))
        self._near = wall(camera.seed + 1, min(across, 8192))
        self._screen = _screen(camera.seed, min(across, 8192))
        focal_px = width / 2 / np.tan(np.radians(camera.field_deg) / 2)
        self._columns = np.arange(-1, width // GRID_PX + 2) * GRID_PX + (GRID_PX - 1) / 2
        self._rows = np.arange(-1, -(-height // GRID_PX) + 1) * GRID_PX + (GRID_PX - 1) / 2
        x, y = np.meshgrid(
            (self._columns - (width - 1) / 2) / focal_px,
            (self._rows - (height - 1) / 2) / focal_px,
        )
        rays = np.stack([x, y, np.ones_like(x)], axis=-1)
        self._rays = rays / np.linalg.norm(rays, axis=-1, keepdims=True)

    def paint(self, clip_s: float) -> Floats:
        """Return what a frame at a clip time shows, one instant per row, float32."""
        camera = self._camera
        share = self._rows / camera.size[1]
        read_s = clip_s + (1 - share if camera.upside_down else share) * camera.readout_s
        event_s = camera.event_s(np.asarray(read_s, np.float64))
        turned = self._turning.pose(event_s).as_matrix() @ camera.mount
        rays = np.einsum("rij,rcj->rci", turned, self._rays)
        place_m = self._turning.place_m(event_s)[:, None, :]
        far = self._seen(self._far, rays, place_m, FAR_M)
        near, screen = self._seen_near(rays, place_m)
        share_near = screen * np.float32(1 / 255)
        return np.asarray(far + (near - far) * share_near, np.float32)

    def _seen(
        self, picture: NDArray[np.uint8], rays: Doubles, place_m: Doubles, m: float
    ) -> Floats:
        return self._through(picture, *self._maps(rays, place_m, m, picture.shape[1]))

    def _seen_near(self, rays: Doubles, place_m: Doubles) -> tuple[Floats, Floats]:
        maps = self._maps(rays, place_m, NEAR_M, self._near.shape[1])
        return self._through(self._near, *maps), self._through(self._screen, *maps)

    def _through(self, picture: NDArray[np.uint8], across: Floats, down: Floats) -> Floats:
        seen = cv2.remap(picture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        return np.asarray(seen, np.float32)

    def _maps(
        self, rays: Doubles, place_m: Doubles, radius_m: float, across_px: int
    ) -> tuple[Floats, Floats]:
        along = (rays * place_m).sum(axis=-1)
        way = -along + np.sqrt(along**2 + radius_m**2 - (place_m**2).sum(axis=-1))
        hit = place_m + way[..., None] * rays
        turn = np.arctan2(hit[..., 0], hit[..., 2])
        turn = np.unwrap(np.unwrap(turn, axis=1), axis=0)
        rise = np.arctan2(hit[..., 1], np.hypot(hit[..., 0], hit[..., 2]))
        # Beyond the wall's ends it begins anew: remap wraps.
        across = self._dense((turn / (2 * np.pi) + 0.5) * across_px)
        down = self._dense((rise / np.pi + 0.5) * (across_px // 2))
        return across, down

    def _dense(self, values: Doubles) -> Floats:
        width, height = self._camera.size
        size = (values.shape[1] * GRID_PX, values.shape[0] * GRID_PX)
        dense = cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(dense[GRID_PX : GRID_PX + height, GRID_PX : GRID_PX + width], np.float32)


def shaken_pictures(camera: ShakenCamera, turning: Turning, frames: int) -> Iterator[Frame]:
    """Yield the pictures of a camera, grey, uint8, shape (height, width).

    Parameters
    ----------
    camera
        The camera.
    turning
        What its body does.
    frames
        How many.

    Examples
    --------
    >>> still = Turning(times_s=np.array([0.0, 1.0]), rates=np.zeros((2, 3)))
    >>> camera = ShakenCamera(frame_rate=Fraction(25), size=(64, 36))
    >>> [picture.shape for picture in shaken_pictures(camera, still, 2)]
    [(36, 64), (36, 64)]
    """
    painter = _Painter(camera, turning)
    width, height = camera.size
    rng = np.random.default_rng((camera.seed, 9))
    grain = [
        rng.standard_normal((height, width)).astype(np.float32) * np.float32(camera.noise)
        for _ in range(8)
    ]
    thing = wall(camera.seed + 2, 2048)[: height // 2, : width // 4]
    parts_s: tuple[float, ...] = (0.0,)
    if camera.exposure_s > SHORT_S:
        parts_s = (-camera.exposure_s / 3, 0.0, camera.exposure_s / 3)
    for index in range(frames):
        clip_s = float(index / camera.frame_rate)
        picture = np.zeros((height, width), np.float32)
        for part_s in parts_s:
            picture += painter.paint(clip_s + part_s) / np.float32(len(parts_s))
        if camera.mover:
            left = int((width + width // 4) * ((index / 97.0) % 1)) - width // 4
            begin, end = max(0, left), min(width, left + width // 4)
            if end > begin:
                top = height // 3
                picture[top : top + thing.shape[0], begin:end] = thing[
                    : height - top, begin - left : end - left
                ]
        picture += grain[int(rng.integers(8))]
        yield np.clip(np.rint(picture), 0, 255).astype(np.uint8)
