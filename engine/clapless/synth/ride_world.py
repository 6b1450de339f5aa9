"""What a synthetic ride goes through: a track between two hedges with boards beside it.

Conventions
-----------
A world is known by its seed and a place in it by its distance along the track in metres. A road is
what one run passes: legs of worlds, one after another, so that laps, detours and the way back are
other legs of the same worlds. Textures are uint8, shape (across, along); a pixel is `PIXEL_M`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]

PIXEL_M = 0.06
"""Size of a pixel of the textures."""

HALF_WIDTH_M = 5.0
"""From the middle of the track to either hedge."""

HEDGE_M = 6.0
"""Height of the hedges."""

BOARD_EVERY_M = 9.0
"""Mean distance between boards; each hides what is behind it."""

LEVELS = 4
"""Copies of each texture, each half as fine as the one before, for what is far away."""

_BLOBS_PER_PIXEL = 1 / 25
_BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of a world; one with ``end_m < start_m`` is gone the other way."""

    world: int
    start_m: float
    end_m: float

    @property
    def length_m(self) -> float:
        """Its length."""
        return abs(self.end_m - self.start_m)


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A board across the view: where its foot is, and what is on it."""

    along_m: float
    side_m: float
    picture: Grey


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """What one run passes, as it sees it: distances count from where the road begins.

    Parameters
    ----------
    legs
        What it is made of.
    ground, left, right
        Textures in `LEVELS` levels of detail; ground runs from left to right, hedges from their top
        to their foot.
    boards
        In rising distance.
    """

    legs: tuple[Leg, ...]
    ground: tuple[Grey, ...]
    left: tuple[Grey, ...]
    right: tuple[Grey, ...]
    boards: tuple[Board, ...]

    @property
    def length_m(self) -> float:
        """Its length."""
        return sum(leg.length_m for leg in self.legs)

    def place(self, along_m: float) -> tuple[int, float, int]:
        """Return (world, metres in it, +1 or -1 for the way it is gone) of a distance."""
        for leg in self.legs:
            if along_m <= leg.length_m or leg is self.legs[-1]:
                way = 1 if leg.end_m >= leg.start_m else -1
                return leg.world, leg.start_m + way * along_m, way
            along_m -= leg.length_m
        raise ValueError("a road needs a leg")

    def passes(self, world: int, at_m: float, way: int) -> list[float]:
        """Return the distances at which the road passes a place the same way."""
        found, gone_m = [], 0.0
        for leg in self.legs:
            own = 1 if leg.end_m >= leg.start_m else -1
            if (
                leg.world == world
                and own == way
                and 0 <= (at_m - leg.start_m) * way <= leg.length_m
            ):
                found.append(gone_m + (at_m - leg.start_m) * way)
            gone_m += leg.length_m
        return found


def road(legs: Sequence[Leg]) -> Road:
    """Return the road along some legs; they must lie within the worlds (from 0 m on)."""
    grounds: list[Grey] = []
    lefts: list[Grey] = []
    rights: list[Grey] = []
    boards: list[Board] = []
    gone_m = 0.0
    for leg in legs:
        low_m, high_m = sorted((leg.start_m, leg.end_m))
        ground, left, right, placed = _world(leg.world, int(np.ceil(high_m / 500.0)) * 500)
        piece = slice(round(low_m / PIXEL_M), round(high_m / PIXEL_M))
        cut = [texture[:, piece] for texture in (ground, left, right)]
        here = [b for b in placed if low_m <= b.along_m < high_m]
        if leg.end_m < leg.start_m:
            # Turned about: what was left is right, and each board shows its back, mirrored.
            cut = [cut[0][::-1, ::-1], cut[2][:, ::-1], cut[1][:, ::-1]]
            here = [Board(high_m - b.along_m, -b.side_m, b.picture[:, ::-1]) for b in here[::-1]]
        else:
            here = [Board(b.along_m - low_m, b.side_m, b.picture) for b in here]
        for kept, texture in zip((grounds, lefts, rights), cut, strict=True):
            kept.append(texture)
        boards += [Board(b.along_m + gone_m, b.side_m, b.picture) for b in here]
        gone_m += leg.length_m
    joined = [_levels(np.hstack(textures)) for textures in (grounds, lefts, rights)]
    return Road(tuple(legs), joined[0], joined[1], joined[2], tuple(boards))


@lru_cache(maxsize=4)
def _world(seed: int, length_m: int) -> tuple[Grey, Grey, Grey, tuple[Board, ...]]:
    along = round(length_m / PIXEL_M)
    ground = _texture((seed, 1), along, round(2 * HALF_WIDTH_M / PIXEL_M))
    left = _texture((seed, 2), along, round(HEDGE_M / PIXEL_M))
    right = _texture((seed, 3), along, round(HEDGE_M / PIXEL_M))
    rng = np.random.default_rng((seed, 4))
    boards, at_m = [], 0.0
    while True:
        at_m += float(rng.uniform(0.3, 1.7)) * BOARD_EVERY_M
        if at_m >= length_m:
            break
        side_m = float(rng.choice((-1, 1)) * rng.uniform(2.6, HALF_WIDTH_M - 0.6))
        size = (
            round(float(rng.uniform(1.2, 3.5)) / PIXEL_M),
            round(rng.uniform(0.4, 1.6) / PIXEL_M),
        )
        boards.append(Board(at_m, side_m, _piece(rng, size[1], size[0])))
    return ground, left, right, tuple(boards)


def _texture(seed: tuple[int, int], along: int, across: int) -> Grey:
    """Return unique noise of all sizes with sharp-edged blobs, as leaves and stones are.

    It is made in blocks with seeds of their own: a longer world begins like a shorter one.
    """
    pieces = [
        _piece(np.random.default_rng((*seed, block)), _BLOCK, across)
        for block in range(-(-along // _BLOCK))
    ]
    return np.hstack(pieces)[:, :along]


def _piece(rng: np.random.Generator, along: int, across: int) -> Grey:
    sum_of = np.zeros((across, along), np.float32)
    for step in (2, 4, 8, 16, 32):
        coarse = rng.standard_normal((max(2, across // step), max(2, along // step)), np.float32)
        fine = cv2.resize(coarse, (along, across), interpolation=cv2.INTER_CUBIC)
        sum_of += np.asarray(fine, np.float32) * step**0.4
    picture = sum_of / sum_of.std() * 26 + 100
    for _ in range(int(along * min(across, 60) * _BLOBS_PER_PIXEL / 40)):
        x, y = int(rng.integers(0, along)), int(rng.integers(0, across))
        wide, high = rng.integers(4, 50, 2)
        part = picture[y : y + high, x : x + wide]
        part *= 0.5
        part += float(rng.uniform(0, 220)) * 0.5
    whole: Grey = np.clip(picture, 0, 255).astype(np.uint8)
    return whole


def _levels(texture: Grey) -> tuple[Grey, ...]:
    levels = [np.ascontiguousarray(texture)]
    for _ in range(LEVELS - 1):
        high, wide = levels[-1].shape
        half = cv2.resize(levels[-1], (wide // 2, max(1, high // 2)), interpolation=cv2.INTER_AREA)
        levels.append(np.asarray(half, np.uint8))
    return tuple(levels)
