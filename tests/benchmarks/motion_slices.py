"""Slices of real telemetry as clips of two cameras, for the benchmark and the tests of motion.

A slice begins at its own time 0, on a clock of its own, in axes of its own, with noise of its own:
what two cameras on one body would have written. Recordings come from shared/data/gopro; the truth
is where the slices were cut.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from clapless.media.gpmf import (
    Telemetry,
    TelemetryStream,
    parse_gpmf,
    read_gpmf,
    split_payloads,
)
from clapless.model import Clip, Match, MediaFile, Refusal
from clapless.signals.base import Prior
from clapless.signals.motion import MotionSignal

GOPRO = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "gopro"

RECORDINGS = {
    "hero5": "raw/long_hero05.bin",
    "hero7 ride": "raw/long_hero07.bin",
    "hero7 run": "raw/hero7_17s.raw",
    "hero8 walking": "raw/hero8_walking_50s.gpmf",
    "hero8 basement": "raw/hero8_basement_123s_nofix.gpmf",
    "hero6 at rest": "raw/long_hero06+ble.bin",
    "hero5 karma": "hero5_karma.mp4",
    "hero7 hand": "hero7.mp4",
}
"""Eight different recordings; long_karma.bin is hero5_karma.mp4 again and left out."""

CALM = ("hero8 basement", "hero6 at rest")
"""Recordings of a camera that lies still (but for single knocks)."""


@lru_cache
def recording(name: str) -> dict[str, TelemetryStream]:
    """Return gyroscope and accelerometer of a recording."""
    path = GOPRO / RECORDINGS[name]
    if path.suffix == ".mp4":
        clip = Clip(id=name, name=name, files=(MediaFile(path=path),))
        telemetry = read_gpmf(clip, keys=("GYRO", "ACCL"))
    else:
        payloads = split_payloads(path.read_bytes())
        telemetry = parse_gpmf(payloads, [1.001 * i for i in range(len(payloads))])
    return {key: stream for key in ("GYRO", "ACCL") if (stream := telemetry.find(key))}


def length_s(name: str) -> float:
    """Return how long both sensors of a recording last from its time 0."""
    return min(float(stream.times_s[-1]) for stream in recording(name).values())


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A piece of a recording as a camera of its own.

    Parameters
    ----------
    name
        Of the recording.
    start_s, end_s
        In the recording's time.
    drift_ppm
        Of the slice's clock.
    noise
        Added white noise, as a share of each axis' standard deviation.
    turned
        Seed of its mounting, None for the recording's own.
    rate
        Samples per second over the recording's own.
    """

    name: str
    start_s: float
    end_s: float
    drift_ppm: float = 0.0
    noise: float = 0.02
    turned: int | None = None
    rate: float = 1.0
    seed: int = 0

    @property
    def rotation(self) -> NDArray[np.float64]:
        """Takes the recording's axes to the slice's."""
        if self.turned is None:
            return np.eye(3)
        return np.asarray(Rotation.random(random_state=self.turned).as_matrix())

    def telemetry(self, keys: Collection[str]) -> Telemetry:
        """Return what the slice's camera would have written."""
        rng = np.random.default_rng((self.seed, 77))
        streams = recording(self.name)
        return Telemetry(streams=tuple(self._cut(streams[k], rng) for k in sorted(keys)))

    def _cut(self, stream: TelemetryStream, rng: np.random.Generator) -> TelemetryStream:
        inside = (stream.times_s >= self.start_s) & (stream.times_s < self.end_s)
        times_s, values = stream.times_s[inside], stream.values[inside]
        if self.rate != 1.0:
            grid_s = np.arange(times_s[0], times_s[-1], 1.0 / (stream.rate_hz * self.rate))
            values = np.stack([np.interp(grid_s, times_s, axis) for axis in values.T], axis=1)
            times_s = grid_s
        noise = rng.standard_normal(values.shape) * self.noise * stream.values.std(axis=0)
        own_s = (times_s - self.start_s) * (1 + self.drift_ppm * 1e-6)
        return TelemetryStream(
            device_id=1,
            device="Camera",
            key=stream.key,
            times_s=own_s,
            values=(values + noise) @ self.rotation.T,
            rate_hz=stream.rate_hz * self.rate,
            time_std_s=0.0,
            payload_first=np.zeros(1, np.int64),
            payload_time_s=own_s[:1],
            stamps_s=np.full(1, np.nan),
        )


def match_slices(
    a: Slice,
    b: Slice,
    *,
    sensors: Collection[str] = ("GYRO", "ACCL"),
    prior: Prior | None = None,
) -> Match | Refusal:
    """Return what the motion signal says of two slices."""
    slices = {"a": a, "b": b}

    def reader(clip: Clip, keys: Collection[str]) -> Telemetry:
        return slices[clip.id].telemetry([key for key in keys if key in sensors])

    signal = MotionSignal(reader)
    features = []
    for name in slices:
        clip = Clip(id=name, name=name, files=(MediaFile(path=Path(f"/memory/{name}.mp4")),))
        feature = signal.extractor(clip).finish()
        if isinstance(feature, Refusal):
            return feature
        features.append(feature)
    return signal.match(features[0], features[1], prior=prior)


def error_s(found: Match, a: Slice, b: Slice) -> float:
    """Return answer minus truth in the middle of what the slices share."""
    moment_s = (max(a.start_s, b.start_s) + min(a.end_s, b.end_s)) / 2
    on_a_s = (moment_s - a.start_s) * (1 + a.drift_ppm * 1e-6)
    on_b_s = (moment_s - b.start_s) * (1 + b.drift_ppm * 1e-6)
    return found.to_a(on_b_s) - on_a_s
