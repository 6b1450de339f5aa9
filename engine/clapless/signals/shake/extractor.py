"""Follows a clip's pictures and takes its gyroscope in."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from clapless.media.gpmf import Telemetry
from clapless.media.reading import Block, FrameBlock, FrameWish, Need, TelemetryBlock
from clapless.model import Clip, Refusal
from clapless.numerics.motion import SHORTEST_S
from clapless.numerics.movement import on_grid, prepare
from clapless.numerics.shake_fit import ShakePairs, Turned
from clapless.numerics.shake_rotation import BandTurns, band_turns
from clapless.numerics.shake_track import WIDTH, Moves, PointTracker
from clapless.signals.shake.feature import (
    PICTURE_NOISE,
    Gyroscope,
    ShakeFeature,
    picture_movement,
)
from clapless.signals.stretches import stretches

KEY = "GYRO"
"""The gyroscope's key in GoPro's telemetry."""

LEAST_RATE_HZ = 50.0
"""Slower gyroscopes cannot tell shake; a time-lapse has one averaged sample per picture."""

JUMP = 1.6
"""Frames farther apart than this many intervals do not follow each other."""

SLOWEST_FRAMES_S = 0.12
"""Pictures farther apart than this turn too far to be followed, and tell too little."""

WAITING = 3
"""Blocks that may wait to be followed; 32 pictures of 320 x 180 each, 2 MB."""

LEAST_KNOWN = 0.3
"""Share of the pictures in which something can be followed."""

LEAST_MOVING_S = 1.5
"""Seconds in which a picture must turn clearly more than its error."""

STABILISED = 0.4
"""A picture that turns by less than this share of what the camera's own gyroscope felt was
stabilised. A wrongly assumed angle of view makes 0.55 at least; HERO7 with its stabiliser on has
0.2."""

FELT = 0.05
"""Turning of the gyroscope in rad/s from which on this can be judged."""

REASONS = {
    "too_short": "it has too few pictures to see shake",
    "featureless": "nothing in its pictures can be followed",
    "too_calm": "the camera hardly moves",
    "stabilised": "its picture is stabilised: it turns far less than the camera's own gyroscope",
}
"""Why a picture is of no use, for people."""


class ShakeExtractor:
    """Follows points from picture to picture while they pass by, in a thread of its own.

    Parameters
    ----------
    clip
        The clip.
    """

    telemetry_keys = (KEY,)
    """Streams it wants."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._tracker = PointTracker()
        self._telemetry: Telemetry | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[None]] = deque()
        self._last_s: float | None = None
        self._times: list[tuple[float, float]] = []
        self._turns: list[BandTurns] = []
        self._frames = 0

    @property
    def needs(self) -> frozenset[Need]:
        """Frames, and telemetry where there is some."""
        return frozenset({Need.FRAMES, Need.TELEMETRY})

    @property
    def frame_wish(self) -> FrameWish:
        """Small pictures, of long clips some stretches."""
        return FrameWish(width=WIDTH, spans_s=stretches(self._clip))

    def feed(self, block: Block) -> None:
        """Take the telemetry, or the next pictures."""
        if isinstance(block, TelemetryBlock):
            self._telemetry = block.telemetry
        elif isinstance(block, FrameBlock) and block.grey is not None:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shake")
            while len(self._waiting) >= WAITING:
                self._waiting.popleft().result()
            self._waiting.append(self._pool.submit(self._follow, block))

    def _follow(self, block: FrameBlock) -> None:
        assert block.grey is not None
        nominal_s = float(1 / self._clip.frame_rate) if self._clip.frame_rate else None
        times_s = block.times_s
        if block.fields:
            # Both fields are one small picture: it shows the middle between them.
            usual_s = nominal_s or float(np.median(np.diff(times_s))) if times_s.size > 1 else 0.0
            times_s = times_s + usual_s / 4
        most_s = min(JUMP * nominal_s if nominal_s else np.inf, SLOWEST_FRAMES_S)
        moved: list[Moves] = []
        for number, time_s in enumerate(times_s.tolist()):
            self._frames += 1
            last_s, self._last_s = self._last_s, time_s
            far = last_s is not None and time_s - last_s > most_s
            if block.after_gap[number] or far:
                self._tracker.gap()
            moves = self._tracker.add(block.grey[number])
            if moves is not None and last_s is not None:
                moved.append(moves)
                self._times.append((last_s, time_s))
        height = block.grey.shape[1] / block.grey.shape[2]
        self._turns.append(band_turns(moved, height=height))

    def finish(self) -> ShakeFeature | Refusal:
        """Return the shake, or why there is none of use."""
        try:
            while self._waiting:
                self._waiting.popleft().result()
        finally:
            if self._pool is not None:
                self._pool.shutdown()
        gyroscope, model = self._gyroscope()
        pairs = self._pairs()
        flaw = picture_flaw(pairs, gyroscope)
        if flaw and gyroscope is None:
            return Refusal(
                a=self._clip.id, b=self._clip.id, signal="shake", code=flaw, reason=REASONS[flaw]
            )
        return ShakeFeature(
            clip=self._clip,
            pairs=None if flaw else pairs,
            gyroscope=gyroscope,
            model=model,
            flaw=flaw,
        )

    def _pairs(self) -> ShakePairs | None:
        if not self._times:
            return None
        times_s = np.array(self._times)
        return ShakePairs(
            first_s=times_s[:, 0],
            last_s=times_s[:, 1],
            turns=np.concatenate([part.turns for part in self._turns]),
            rows=np.concatenate([part.rows for part in self._turns]),
            points=np.concatenate([part.points for part in self._turns]),
        )

    def _gyroscope(self) -> tuple[Gyroscope | None, str]:
        """Return the gyroscope and the camera's model."""
        telemetry = self._telemetry
        if telemetry is None or abs(telemetry.lapse - 1) > 0.02:
            return None, ""
        usable = [
            stream
            for stream in telemetry.all(KEY)
            if stream.values.shape[1:] == (3,)
            and stream.rate_hz >= LEAST_RATE_HZ
            and np.ptp(stream.times_s) >= SHORTEST_S
            and bool(np.isfinite(stream.values).all())
        ]
        best = max(usable, key=lambda stream: stream.count, default=None)
        if best is None:
            return None, ""
        movement = on_grid(best.times_s, best.values)
        kept = type(movement)(
            start_s=movement.start_s,
            values=np.asarray(movement.values, np.float32),
            rate_hz=movement.rate_hz,
        )
        model = telemetry.settings.get("MINF", "") or best.device
        return Gyroscope(movement=kept, time_std_s=best.time_std_s), model


def picture_flaw(pairs: ShakePairs | None, gyroscope: Gyroscope | None) -> str:
    """Return the code of why a picture is of no use, '' where it is."""
    if pairs is None or pairs.first_s.size * pairs.step_s < SHORTEST_S:
        return "too_short"
    turns, _, known = pairs.whole()
    if known.mean() < LEAST_KNOWN or known.sum() * pairs.step_s < SHORTEST_S:
        return "featureless"
    if gyroscope is not None and _is_stabilised(pairs, turns, known, gyroscope):
        return "stabilised"
    ready = prepare(picture_movement(pairs), noise=PICTURE_NOISE)
    if ready.lively * float(np.ptp(pairs.first_s)) < LEAST_MOVING_S:
        return "too_calm"
    return ""


def _is_stabilised(
    pairs: ShakePairs,
    turns: NDArray[np.float64],
    known: NDArray[np.bool_],
    gyroscope: Gyroscope,
) -> bool:
    """Return whether the picture is far calmer than the gyroscope, second by second."""
    felt = Turned.of_movement(gyroscope.movement)
    known = known & felt.known(pairs.first_s, pairs.last_s)
    if known.sum() * pairs.step_s < SHORTEST_S:
        return False
    first_s, last_s = pairs.first_s[known], pairs.last_s[known]
    seen = turns[known] / (last_s - first_s)[:, None]
    there = felt.between(first_s, last_s)
    second = np.floor(first_s - first_s[0]).astype(np.int64)
    strengths = []
    for values in (seen, there):
        power = np.zeros(second[-1] + 1)
        count = np.maximum(np.bincount(second), 1)
        for axis in values.T:
            mean = np.bincount(second, axis) / count
            power += np.bincount(second, (axis - mean[second]) ** 2) / count
        strengths.append(np.sqrt(power))
    moving = strengths[1] > FELT
    if moving.sum() < SHORTEST_S:
        return False
    return bool(np.median(strengths[0][moving] / strengths[1][moving]) < STABILISED)
