"""Ride videos: a camera along a road, with the exact truth of where it was when.

Conventions
-----------
Run time is seconds from the first frame. Camera axes: x to the right, y down, z ahead. A run's
distance counts along its own road (`clapless.synth.ride_world.Road`); two runs are at one place
where their roads pass the same metre of the same world the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from clapless.synth.movie import Encoding, write_movie
from clapless.synth.ride import RATE_HZ, Ride
from clapless.synth.ride_world import HALF_WIDTH_M, HEDGE_M, LEVELS, PIXEL_M, Leg, Road, road

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]

SIGHT_M = 64.0
"""How far the road is drawn."""

BANDS_M = (0.5, 8.0, 16.0, 32.0, SIGHT_M)
"""Distances at which the next coarser level of the textures is drawn."""

ASIDE_M = 0.43
"""Standard deviation of a rider's place across the track."""

STEPS_HZ = 100
"""Of the movement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RideCamera:
    """The camera of a run.

    Parameters
    ----------
    width, height
        Of the picture, both even.
    focal
        Focal length as a share of the width; 0.66 sees 75 degrees.
    above_m
        Height over the ground.
    jitter_deg
        Standard deviation of its shaking about each axis.
    gain, gamma
        Light: of 1 and 1 the textures are seen as they are.
    dirt
        Spots on the lens.
    noise
        Standard deviation in grey levels.
    crf
        Of H.264.
    b_frames
        Between references, as cameras have them; the encoder then works as hard as theirs.
    """

    width: int = 640
    height: int = 360
    focal: float = 0.66
    above_m: float = 1.3
    jitter_deg: float = 1.0
    gain: float = 1.0
    gamma: float = 1.0
    dirt: int = 0
    noise: float = 3.0
    crf: int = 26
    b_frames: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RideRun:
    """One run.

    Parameters
    ----------
    seed
        Of speed, shaking and dirt.
    legs
        The road.
    start_m
        Where on it the first frame is taken.
    duration_s
        Until the last frame.
    speed_mps
        Usual speed; it wanders by about a third.
    stops
        Pairs (run time, duration) in seconds.
    frame_rate
        Frames per second.
    camera
        The camera.
    aside_m
        Where across the track the rider usually is, to the right of its middle.
    """

    seed: int
    legs: tuple[Leg, ...]
    duration_s: float
    start_m: float = 2.0
    speed_mps: float = 5.0
    stops: tuple[tuple[float, float], ...] = ()
    frame_rate: Fraction = Fraction(25)
    camera: RideCamera = field(default_factory=RideCamera)
    aside_m: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """The truth of a run: distance along its road at run times `STEPS_HZ` apart."""

    road: Road
    along_m: Floats

    def at(self, time_s: float) -> float:
        """Return the distance at a run time."""
        return float(np.interp(time_s, np.arange(len(self.along_m)) / STEPS_HZ, self.along_m))

    def when(self, along_m: float) -> tuple[float, float] | None:
        """Return from when to when (the same unless it stood) it was at a distance, or None."""
        if not self.along_m[0] <= along_m <= self.along_m[-1]:
            return None
        near = 1e-6
        first = int(np.searchsorted(self.along_m, along_m - near, "left"))
        last = int(np.searchsorted(self.along_m, along_m + near, "right"))
        return self._crossing(first, along_m), max(
            self._crossing(first, along_m), (last - 1) / STEPS_HZ
        )

    def _crossing(self, index: int, along_m: float) -> float:
        if index == 0:
            return 0.0
        below, above = self.along_m[index - 1 : index + 1]
        share = (along_m - below) / (above - below) if above > below else 1.0
        return float((index - 1 + min(max(share, 0.0), 1.0)) / STEPS_HZ)


def passage(run: RideRun) -> Passage:
    """Return where a run is when."""
    rng = np.random.default_rng((run.seed, 1))
    count = int(run.duration_s * STEPS_HZ) + 1
    pace = run.speed_mps * np.exp(0.3 * _wander(rng, count, 3.0))
    for at_s, for_s in run.stops:
        pace[int(at_s * STEPS_HZ) : int((at_s + for_s) * STEPS_HZ)] = 0.0
    pace = gaussian_filter1d(pace, 0.4 * STEPS_HZ, mode="nearest")
    # What the filter leaves of a stop is no movement.
    pace[pace < 0.02 * run.speed_mps] = 0.0
    gone = np.concatenate([[0.0], np.cumsum((pace[1:] + pace[:-1]) / 2 / STEPS_HZ)])
    way = road(run.legs)
    reached_m = run.start_m + float(gone[-1])
    if reached_m + SIGHT_M > way.length_m:
        raise ValueError(
            f"the road is {way.length_m:.0f} m long, but {reached_m + SIGHT_M:.0f} m are seen"
        )
    return Passage(way, run.start_m + gone)


def same_place_s(ref: Passage, new: Passage, t_new_s: float) -> list[tuple[float, float]]:
    """Return when the reference was where the new run is at a time: (from, to) for each time."""
    world, at_m, way = new.road.place(new.at(t_new_s))
    found = [ref.when(along_m) for along_m in ref.road.passes(world, at_m, way)]
    return [span for span in found if span is not None]


def write_ride(path: Path, run: RideRun) -> Passage:
    """Write a run's video (H.264) and return its truth."""
    truth = passage(run)
    encoding = Encoding(
        crf=run.camera.crf,
        keyframe_every=round(run.frame_rate),
        b_frames=run.camera.b_frames,
    )
    write_movie(
        path,
        frames=ride_frames(run, truth),
        frame_rate=run.frame_rate,
        sound=None,
        encoding=encoding,
    )
    return truth


def ride_frames(run: RideRun, truth: Passage, *, times_s: Floats | None = None) -> Iterator[Grey]:
    """Yield the pictures of a run, uint8, shape (height, width).

    Parameters
    ----------
    run
        The run.
    truth
        Its `passage`.
    times_s
        Run times of the pictures; those of its frames by default.
    """
    camera = run.camera
    if times_s is None:
        times_s = np.arange(int(run.duration_s * run.frame_rate)) / float(run.frame_rate)
    rng = np.random.default_rng((run.seed, 2))
    count = len(truth.along_m)
    turns = np.stack([_wander(rng, count, 0.12) for _ in range(3)], axis=1)
    glances = np.stack([_wander(rng, count, 2.5) * g for g in (0.5, 2.0, 0.5)], axis=1)
    turned = np.radians(turns * camera.jitter_deg + glances * min(camera.jitter_deg, 1.5))
    aside_m = np.clip(run.aside_m + ASIDE_M * _wander(rng, count, 3.0), -2.0, 2.0)
    above_m = camera.above_m + 0.04 * _wander(rng, count, 0.2)
    lens = _lens(rng, camera)
    noise = rng.normal(0, camera.noise, (camera.height + 64, camera.width + 64)).astype(np.float32)
    sky = _sky(camera)
    clock = np.arange(count) / STEPS_HZ

    def at(values: Floats, time_s: float) -> float:
        return float(np.interp(time_s, clock, values))

    for time_s in times_s:
        pose = np.array([at(turned[:, axis], time_s) for axis in range(3)])
        eye = np.array([at(aside_m, time_s), -at(above_m, time_s), truth.at(time_s)])
        picture = _view(truth.road, camera, pose, eye, sky)
        lit = cv2.LUT(picture, _tone(camera)).astype(np.float32) * lens
        down, over = rng.integers(0, 64, 2)
        lit += noise[down : down + camera.height, over : over + camera.width]
        yield np.clip(lit, 0, 255).astype(np.uint8)


def ride_places(run: RideRun, truth: Passage, *, utc_s: float = 1.78e9) -> Ride:
    """Return where a run was on a map, for receivers (`clapless.synth.ride.logged`).

    Each world is a closed course of `LOOP_M` metres, far from the others'; a leg of another world
    between two legs of the run's main one leaves it and joins it again.
    """
    times = np.arange(0, run.duration_s, 1 / RATE_HZ)
    return Ride(np.array([_on_map(truth.road, truth.at(t)) for t in times]), utc_s)


LOOP_M = 900.0
"""Length of a course on the map."""

APART_M = 3000.0
"""From one course to the next."""


def _on_map(way: Road, along_m: float) -> Floats:
    world, at_m, _ = way.place(along_m)
    main = max(way.legs, key=lambda leg: leg.length_m).world
    if world == main:
        return _course(world, at_m)
    gone_m = 0.0
    for before, leg, after in zip(way.legs, way.legs[1:], way.legs[2:], strict=False):
        gone_m += before.length_m
        if leg.world == world and gone_m <= along_m <= gone_m + leg.length_m:
            share = (along_m - gone_m) / leg.length_m
            begin, end = _course(main, before.end_m), _course(main, after.start_m)
            outwards = np.array([end[1] - begin[1], begin[0] - end[0]])
            there = begin + share * (end - begin) + np.sin(np.pi * share) * outwards
            return np.asarray(there, np.float64)
    return _course(world, at_m)


def _course(world: int, at_m: float) -> Floats:
    turn = 2 * np.pi * at_m / LOOP_M
    radius_m = LOOP_M / (2 * np.pi)
    east_m = world * APART_M + radius_m * np.sin(turn)
    return np.array([east_m, radius_m * (1 - np.cos(turn))])


def _wander(rng: np.random.Generator, count: int, smooth_s: float) -> Floats:
    """Return smooth noise of standard deviation 1, whatever the length."""
    sigma = smooth_s * STEPS_HZ
    margin = int(4 * sigma)
    slow = gaussian_filter1d(rng.standard_normal(count + 2 * margin), sigma)
    return np.asarray(slow[margin : margin + count] * np.sqrt(2 * np.sqrt(np.pi) * sigma))


def _tone(camera: RideCamera) -> Grey:
    levels = np.arange(256) / 255.0
    return np.clip(255.0 * camera.gain * levels**camera.gamma, 0, 255).astype(np.uint8)


def _lens(rng: np.random.Generator, camera: RideCamera) -> NDArray[np.float32]:
    clear = np.ones((camera.height, camera.width), np.float32)
    scale = camera.width / 640
    for _ in range(camera.dirt):
        middle = (int(rng.integers(camera.width)), int(rng.integers(camera.height)))
        cv2.circle(clear, middle, int(rng.integers(10, 35) * scale), (0.35,), -1)
    return np.asarray(cv2.GaussianBlur(clear, (0, 0), 6 * scale), np.float32)


def _sky(camera: RideCamera) -> Grey:
    rows = np.linspace(215, 150, camera.height, dtype=np.float32)[:, None]
    return np.repeat(rows, camera.width, axis=1).astype(np.uint8)


def _view(way: Road, camera: RideCamera, pose: Floats, eye: Floats, sky: Grey) -> Grey:
    out = sky.copy()
    size = (camera.width, camera.height)
    lens = np.array(
        [
            [camera.focal * camera.width, 0, camera.width / 2],
            [0, camera.focal * camera.width, camera.height / 2],
            [0, 0, 1],
        ],
        np.float64,
    )
    to_picture = lens @ np.asarray(cv2.Rodrigues(pose)[0]).T
    surfaces = (
        (way.left, np.array([-HALF_WIDTH_M, -HEDGE_M, 0.0]), np.array([0.0, 1.0, 0.0])),
        (way.right, np.array([HALF_WIDTH_M, -HEDGE_M, 0.0]), np.array([0.0, 1.0, 0.0])),
        (way.ground, np.array([-HALF_WIDTH_M, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])),
    )
    boards = [b for b in way.boards if 0.5 < b.along_m - eye[2] < SIGHT_M]
    for level in range(LEVELS - 1, -1, -1):
        near_m, far_m = BANDS_M[level], BANDS_M[level + 1]
        for textures, corner, across in surfaces:
            span_m = (eye[2] + near_m, eye[2] + far_m)
            _paint_strip(
                out, size, textures[level], level, span_m, to_picture, (corner, across, eye)
            )
        for board in reversed(boards):
            if near_m <= board.along_m - eye[2] < far_m:
                high, _ = board.picture.shape
                foot = np.array([board.side_m, -high * PIXEL_M, board.along_m])
                sides = (np.array([1.0, 0, 0]) * PIXEL_M, np.array([0, 1.0, 0]) * PIXEL_M)
                _paint(out, size, board.picture, to_picture @ _plane(foot - eye, *sides))
    return out


def _paint_strip(
    out: Grey,
    size: tuple[int, int],
    texture: Grey,
    level: int,
    span_m: tuple[float, float],
    to_picture: Floats,
    where: tuple[Floats, Floats, Floats],
) -> None:
    corner, across, eye = where
    pixel_m = PIXEL_M * 2**level
    first = max(0, int(span_m[0] / pixel_m) - 1)
    last = min(texture.shape[1], int(span_m[1] / pixel_m) + 2)
    if last - first < 2:
        return
    origin = corner + np.array([0.0, 0.0, (first + 0.5) * pixel_m]) + across * 0.5 * pixel_m - eye
    plane = _plane(origin, np.array([0.0, 0.0, 1.0]) * pixel_m, across * pixel_m)
    _paint(out, size, texture[:, first:last], to_picture @ plane)


def _plane(origin: Floats, along: Floats, across: Floats) -> Floats:
    return np.stack([along, across, origin], axis=1)


def _paint(out: Grey, size: tuple[int, int], texture: Grey, to_picture: Floats) -> None:
    """Draw a flat texture over the picture where it is seen."""
    high, wide = texture.shape
    corners = to_picture @ np.array(
        [[0, wide, wide, 0], [0, 0, high, high], [1, 1, 1, 1]], np.float64
    )
    if (corners[2] < 0.05).any():
        return
    seen = corners[:2] / corners[2]
    left, top = np.floor(seen.min(axis=1)).astype(int)
    right, bottom = np.ceil(seen.max(axis=1)).astype(int) + 1
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, size[0]), min(bottom, size[1])
    if right - left < 1 or bottom - top < 1:
        return
    shift = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], np.float64)
    cv2.warpPerspective(
        texture,
        shift @ to_picture,
        (right - left, bottom - top),
        dst=out[top:bottom, left:right],
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_TRANSPARENT,
    )
