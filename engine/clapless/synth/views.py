"""Several views of one moving scene, partly overlapping, mirrored or turned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from clapless.model import clock_rate
from clapless.synth.movie import Frame

BODIES = 5
"""Things that move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A camera that looks at the scene.

    Parameters
    ----------
    left, scale
        Which part of the scene it sees: from `left` (0 to 1) on, `scale` of the width.
    turns
        Quarter turns of the picture.
    mirrored
        Whether left and right are exchanged.
    frame_rate, offset_s, drift_ppm
        Its clock, by the placement formula of `clapless.model`.
    seed
        Of its noise and background.
    """

    frame_rate: Fraction
    offset_s: float = 0.0
    drift_ppm: float = 0.0
    left: float = 0.0
    scale: float = 1.0
    turns: int = 0
    mirrored: bool = False
    noise: float = 2.0
    seed: int = 0


def paths(seed: int, length_s: float) -> NDArray[np.float64]:
    """Return where the bodies are 100 times a second: float64, shape (n, BODIES, 2), 0 to 1.

    Each rests, starts and stops at times of its own.
    """
    rng = np.random.default_rng(seed)
    count = int(length_s * 100) + 200
    speed = np.zeros((count, BODIES, 2))
    for body in range(BODIES):
        at = 0
        while at < count:
            stay = int(rng.uniform(20, 250))
            if rng.random() < 0.65:
                speed[at : at + stay, body] = rng.normal(0, 0.35, 2)
            at += stay
    smooth = np.ones(25) / 25
    for body in range(BODIES):
        for axis in range(2):
            speed[:, body, axis] = np.convolve(speed[:, body, axis], smooth, mode="same")
    travelled = np.cumsum(speed / 100, axis=0) + rng.uniform(0, 2, (1, BODIES, 2))
    # There and back between the walls.
    return np.abs((travelled % 2) - 1)


def view_pictures(
    view: View,
    places: NDArray[np.float64],
    frames: int,
    *,
    width: int = 320,
    height: int = 180,
) -> Iterator[Frame]:
    """Yield the pictures of a view, grey, uint8, shape (height, width)."""
    rng = np.random.default_rng((view.seed, 5))
    coarse = rng.standard_normal((12, 20)).astype(np.float32)
    still = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    still = still * 18.0 + 100.0
    rate = clock_rate(Fraction(1), view.drift_ppm)
    sizes = (np.array([0.05, 0.06, 0.08, 0.07, 0.09]) / view.scale * width).astype(int)
    shades = (30, 220, 60, 190, 240)
    for index in range(frames):
        event_s = view.offset_s + float(index / view.frame_rate) / rate
        step = float(np.clip(event_s * 100, 0, len(places) - 2))
        low = int(step)
        here = places[low] + (places[low + 1] - places[low]) * (step - low)
        picture = still.copy()
        for body in range(BODIES):
            x = (here[body, 0] - view.left) / view.scale * width
            y = (0.15 + 0.7 * here[body, 1]) * height
            shift = 4
            centre = (round(x * 2**shift), round(y * 2**shift))
            radius = int(sizes[body]) << shift
            cv2.circle(picture, centre, radius, float(shades[body]), -1, cv2.LINE_AA, shift)
        grain = rng.standard_normal((height, width)) * view.noise
        turned: NDArray[np.float64] = np.asarray(np.rot90(picture + grain, view.turns), np.float64)
        if turned.shape != (height, width):
            turned = np.asarray(
                cv2.resize(np.ascontiguousarray(turned), (width, height)), np.float64
            )
        if view.mirrored:
            turned = turned[:, ::-1]
        yield np.clip(np.rint(turned), 0, 255).astype(np.uint8)
