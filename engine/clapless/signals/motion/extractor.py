"""Takes a clip's gyroscope and accelerometer in."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from clapless.errors import MediaError
from clapless.media.gpmf import Telemetry, TelemetryStream, read_gpmf
from clapless.media.reading import Block, Need, TelemetryBlock
from clapless.model import Clip, Refusal
from clapless.numerics.motion import SHORTEST_S
from clapless.numerics.movement import on_grid, prepare
from clapless.signals.motion.feature import KEYS, NOISE, MotionFeature, Sensor

TelemetryReader = Callable[[Clip, Collection[str]], Telemetry]
"""Reads streams of a clip's telemetry."""

LEAST_RATE_HZ = 50.0
"""Slower sensors cannot tell movement; a time-lapse has one averaged sample per picture."""

LEAST_MOVING_S = 1.5
"""Seconds in which a sensor must move clearly more than its noise."""


def read_streams(clip: Clip, keys: Collection[str]) -> Telemetry:
    """Read streams of a clip's own telemetry track."""
    return read_gpmf(clip, keys=keys)


class MotionExtractor:
    """Takes the telemetry of a clip from what it is fed, or reads it when it was fed nothing.

    Parameters
    ----------
    clip
        The clip.
    reader
        How its telemetry is read where none was fed.
    """

    telemetry_keys = tuple(sorted(KEYS.values()))
    """Streams it wants."""

    def __init__(self, clip: Clip, reader: TelemetryReader = read_streams) -> None:
        self._clip = clip
        self._reader = reader
        self._telemetry: Telemetry | None = None

    @property
    def needs(self) -> frozenset[Need]:
        """Telemetry."""
        return frozenset({Need.TELEMETRY})

    def feed(self, block: Block) -> None:
        """Take the clip's telemetry; it comes in one block."""
        if isinstance(block, TelemetryBlock):
            self._telemetry = block.telemetry

    def finish(self) -> MotionFeature | Refusal:
        """Return the movement, or why the clip has none that is of use."""
        try:
            telemetry = self._telemetry or self._reader(self._clip, self.telemetry_keys)
        except MediaError as error:
            return self._refuse("unreadable", f"its telemetry cannot be read: it {error.reason}")
        found = {name: _best(telemetry, key) for name, key in KEYS.items()}
        streams = {name: stream for name, stream in found.items() if stream is not None}
        if not streams:
            return self._refuse("no_telemetry", "it has neither gyroscope nor accelerometer")
        if abs(telemetry.lapse - 1) > 0.02 or all(
            0 < stream.rate_hz < LEAST_RATE_HZ for stream in streams.values()
        ):
            return self._refuse("time_lapse", "its sensors were only read once per picture")
        sensors: dict[str, Sensor] = {}
        shortest = "too_short"
        for name, stream in streams.items():
            if stream.rate_hz < LEAST_RATE_HZ or np.ptp(stream.times_s) < SHORTEST_S:
                continue
            movement = on_grid(stream.times_s, stream.values)
            lively_s = prepare(movement, noise=NOISE[name]).lively * movement.duration_s
            if lively_s < LEAST_MOVING_S:
                shortest = "too_calm"
                continue
            sensors[name] = Sensor.of(movement, time_std_s=stream.time_std_s)
        if sensors:
            model = telemetry.settings.get("MINF", "") or next(iter(streams.values())).device
            return MotionFeature(clip=self._clip, sensors=sensors, model=model)
        if shortest == "too_calm":
            return self._refuse("too_calm", "the camera hardly moves")
        return self._refuse("too_short", f"its telemetry is shorter than {SHORTEST_S:g} s")

    def _refuse(self, code: str, reason: str) -> Refusal:
        return Refusal(a=self._clip.id, b=self._clip.id, signal="motion", code=code, reason=reason)


def _best(telemetry: Telemetry, key: str) -> TelemetryStream | None:
    """Return the stream of three finite axes with most samples; others are of foreign devices."""
    usable = [
        stream
        for stream in telemetry.all(key)
        if stream.values.shape[1:] == (3,)
        and stream.count > 1
        and bool(np.isfinite(stream.values).all())
    ]
    return max(usable, key=lambda stream: stream.count, default=None)
