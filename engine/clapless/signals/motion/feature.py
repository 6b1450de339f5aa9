"""What is kept of a clip's movement: two sensors on an even grid."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clapless.model import Clip
from clapless.numerics.movement import Movement, Prepared, prepare
from clapless.signals.base import Arrays

SENSORS = ("gyroscope", "accelerometer")
"""Both, in the order they are named."""

KEYS = {"gyroscope": "GYRO", "accelerometer": "ACCL"}
"""Their keys in GoPro's telemetry."""

NOISE = {"gyroscope": 0.002, "accelerometer": 0.02}
"""Root mean square of each sensor's own noise over all axes between 0.3 and 20 Hz, in rad/s and
m/s^2: twice what a HERO8 lying still gives (0.0008 and 0.0098, median of 2 s windows)."""

STEPS = 32000
"""Steps of the stored int16 for the largest value."""

GAP = np.int16(-32768)
"""Stored where nothing was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One sensor's movement and how surely it lies in clip time.

    Parameters
    ----------
    stored
        int16 steps in the camera's axes, shape (n, 3); `GAP` where nothing was recorded.
    step
        What one step is worth, in rad/s or m/s^2.
    start_s
        Clip time of the first sample.
    rate_hz
        Samples per second.
    time_std_s
        Standard deviation of its place in clip time, without latency.
    """

    stored: NDArray[np.int16]
    step: float
    start_s: float
    rate_hz: float
    time_std_s: float

    @classmethod
    def of(cls, movement: Movement, *, time_std_s: float) -> Sensor:
        """Return a movement in steps of a 32000th of its largest value."""
        values = np.asarray(movement.values, np.float64)
        missing = ~np.isfinite(values)
        values = np.where(missing, 0.0, values)
        step = max(float(np.abs(values).max()) / STEPS, 1e-12)
        stored = np.rint(values / step).astype(np.int16)
        stored[missing] = GAP
        return cls(
            stored=stored,
            step=step,
            start_s=movement.start_s,
            rate_hz=movement.rate_hz,
            time_std_s=time_std_s,
        )

    @property
    def movement(self) -> Movement:
        """The movement again."""
        values = np.where(self.stored == GAP, np.nan, self.stored * self.step)
        return Movement(start_s=self.start_s, values=values, rate_hz=self.rate_hz)

    @property
    def rate_std_ppm(self) -> float:
        """Standard deviation of its clock rate, as its place was had from its whole length."""
        length_s = max(self.stored.shape[0] / self.rate_hz, 1.0)
        return float(self.time_std_s * np.sqrt(12.0) / length_s * 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionFeature:
    """The movement of one clip.

    Parameters
    ----------
    clip
        The clip.
    sensors
        By name (`SENSORS`); at least one.
    model
        Of the camera, in its own words: equal models are late by the same.
    """

    clip: Clip
    sensors: dict[str, Sensor]
    model: str
    _ready: dict[float, dict[str, Prepared]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def ready(self, fastest_hz: float) -> dict[str, Prepared]:
        """Return the sensors ready to be matched up to a frequency; kept until `forget`."""
        if fastest_hz not in self._ready:
            self._ready[fastest_hz] = {
                name: prepare(sensor.movement, noise=NOISE[name], fastest_hz=fastest_hz)
                for name, sensor in self.sensors.items()
            }
        return self._ready[fastest_hz]

    def forget(self) -> None:
        """Let go of what `ready` keeps, 60 MB per hour."""
        self._ready.clear()

    def to_arrays(self) -> Arrays:
        """Return it as arrays for the store: 8.6 MB per hour."""
        arrays: dict[str, NDArray[np.generic]] = {
            "model": np.frombuffer(self.model.encode(), np.uint8).copy()
        }
        for name, sensor in self.sensors.items():
            arrays[name] = sensor.stored
            arrays[f"{name}_scale"] = np.array(
                [sensor.step, sensor.start_s, sensor.rate_hz, sensor.time_std_s]
            )
        return arrays

    @classmethod
    def from_arrays(cls, clip: Clip, arrays: Arrays) -> MotionFeature:
        """Return the feature that `to_arrays` wrote."""
        sensors: dict[str, Sensor] = {}
        for name in SENSORS:
            if name not in arrays:
                continue
            step, start_s, rate_hz, time_std_s = (
                float(value) for value in np.asarray(arrays[f"{name}_scale"], np.float64)
            )
            sensors[name] = Sensor(
                stored=np.asarray(arrays[name], np.int16),
                step=step,
                start_s=start_s,
                rate_hz=rate_hz,
                time_std_s=time_std_s,
            )
        model = bytes(np.asarray(arrays["model"], np.uint8)).decode()
        return cls(clip=clip, sensors=sensors, model=model)
