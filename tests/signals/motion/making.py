"""Cameras on one body, in memory. Import from ``tests.signals.motion.making``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

from clapless.media.gpmf import Telemetry, TelemetryStream
from clapless.model import Clip, MediaFile
from clapless.signals.motion import MotionFeature, MotionSignal

Doubles = NDArray[np.float64]

FINE_HZ = 1000.0


def body(seconds: float, seed: int) -> dict[str, Doubles]:
    """Return what a body feels 1000 times a second: turning and acceleration with gravity."""
    rng = np.random.default_rng(seed)
    count = int(seconds * FINE_HZ)
    felt = {}
    for key, size, low, high in (("GYRO", 0.5, 0.2, 6.0), ("ACCL", 2.0, 0.2, 9.0)):
        sections = butter(2, [low, high], "bandpass", fs=FINE_HZ, output="sos")
        values = sosfiltfilt(sections, rng.standard_normal((count, 3)), axis=0)
        felt[key] = np.asarray(size * values / values.std(), np.float64)
    felt["ACCL"] = felt["ACCL"] + np.array([0.0, 9.81, 0.0])
    return felt


def stream(
    key: str,
    felt: Doubles,
    start_s: float,
    end_s: float,
    *,
    drift_ppm: float = 0.0,
    turn: Doubles | None = None,
    noise: float = 0.01,
    speed: float = 1.0,
    seed: int = 0,
) -> TelemetryStream:
    """Return what a sensor of a camera delivers of a stretch, in the camera's clip time."""
    rng = np.random.default_rng((seed, len(key), ord(key[0])))
    rate = speed * (1 + drift_ppm * 1e-6)
    own_s = np.arange(0.0, (end_s - start_s) * rate, speed / 201.3)
    true_s = start_s + own_s / rate
    fine_s = np.arange(felt.shape[0]) / FINE_HZ
    values = np.stack([np.interp(true_s, fine_s, axis) for axis in felt.T], axis=1)
    values = values + noise * felt.std(axis=0) * rng.standard_normal(values.shape)
    return TelemetryStream(
        device_id=1,
        device="HERO9 Black",
        key=key,
        times_s=own_s,
        values=values if turn is None else values @ turn.T,
        rate_hz=201.3 / speed,
        time_std_s=1e-4,
        payload_first=np.zeros(1, np.int64),
        payload_time_s=np.zeros(1),
        stamps_s=np.full(1, np.nan),
    )


class Camera:
    """Cameras whose telemetry is in memory; the signal reads it as it would read files."""

    def __init__(self) -> None:
        self.telemetry: dict[str, Telemetry] = {}
        self.signal = MotionSignal(self._read)

    def _read(self, clip: Clip, keys: Collection[str]) -> Telemetry:
        whole = self.telemetry[clip.id]
        return replace(whole, streams=tuple(s for s in whole.streams if s.key in keys))

    def add(self, name: str, *streams: TelemetryStream, lapse: float = 1.0) -> Clip:
        self.telemetry[name] = Telemetry(streams=streams, lapse=lapse)
        return Clip(id=name, name=name, files=(MediaFile(path=Path(f"/memory/{name}.mp4")),))

    def feature(self, name: str, *streams: TelemetryStream, lapse: float = 1.0) -> MotionFeature:
        found = self.signal.extractor(self.add(name, *streams, lapse=lapse)).finish()
        assert isinstance(found, MotionFeature), found
        return found


TURN = np.asarray(Rotation.random(random_state=7).as_matrix(), np.float64)


def calm(seconds: float, seed: int) -> dict[str, Doubles]:
    rng = np.random.default_rng(seed)
    shape = (int(seconds * FINE_HZ), 3)
    return {
        "GYRO": rng.standard_normal(shape) * 0.001,
        "ACCL": rng.standard_normal(shape) * 0.01 + np.array([0.0, 9.81, 0.0]),
    }
