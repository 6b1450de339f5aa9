"""What a camera's telemetry is, once it has been read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clapless.media.gpmf.clock import ClockKind

LATENCY_STD_S = 0.010
"""How late a sensor's samples may be stamped, as a standard deviation in seconds.

GoPro's maintainers say "about 10 ms delayed" of accelerometer and gyroscope (gpmf-parser issue 80)
and that it differs by model and mode. No sign is taken off: against the picture of a HERO5 the
gyroscope was measured 16 ms the other way.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryStream:
    """One stream of one device.

    Parameters
    ----------
    device_id, device
        Number and name the device gives itself.
    key
        Four characters: ``ACCL``, ``GYRO``, ``GPS5``.
    name
        For people, in the camera's words.
    times_s
        Clip time of each sample in seconds, float64, shape (n,), strictly rising.
    values
        In `units`, float64, shape (n, axes). Accelerometer, gyroscope and magnetometer are in
        camera axes (`axes` is X, Y, Z) where the camera says how its channels lie. Dates are
        seconds since 1970 UTC, four-character codes the number their bytes make.
    texts
        One per sample of a stream of text; `values` then has no column.
    rate_hz
        Measured samples per second of clip time, 0 for a single sample.
    clock
        How the times were found, see `clapless.media.gpmf.clock`.
    time_std_s
        Standard deviation of the whole stream's place in clip time, without `latency_std_s`.
    payload_first, payload_time_s
        First sample (index into `times_s`) and beginning in clip time of each payload it is in.
    stated
        Numbers the stream states once per payload (GPSU, GPSF, GPSP, TMPC), shape (payloads,),
        NaN where one does not.
    stamps_s
        The camera's own stamp of each payload's first sample in seconds; NaN where absent.
    ticks_s
        The camera's own time of each payload (TICK) in seconds, as HERO5 and early HERO6 write it:
        a software clock that task switching makes noisy, so nothing is timed by it. NaN where
        absent.
    """

    device_id: int
    device: str
    key: str
    times_s: NDArray[np.float64]
    values: NDArray[np.float64]
    name: str = ""
    axes: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    rate_hz: float = 0.0
    clock: ClockKind = "delivered"
    time_std_s: float = 0.0
    latency_std_s: float = LATENCY_STD_S
    payload_first: NDArray[np.int64]
    payload_time_s: NDArray[np.float64]
    stated: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    stamps_s: NDArray[np.float64]
    ticks_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    @property
    def count(self) -> int:
        """Samples there are."""
        return self.times_s.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """Everything a clip's telemetry holds.

    Parameters
    ----------
    streams
        In the order they first come.
    settings
        What the camera wrote once for the file (model, serial, firmware, modes), by key.
    lapse
        Real seconds per clip second: 1 for ordinary video, 15 for a time-lapse of a frame every
        half second at 30 fps. Measured where the camera stamps its telemetry, else 1.
    notes
        What was damaged or contradicts itself, as whole sentences that name the file.
    """

    streams: tuple[TelemetryStream, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    lapse: float = 1.0
    notes: tuple[str, ...] = ()

    def all(self, key: str) -> tuple[TelemetryStream, ...]:
        """Return the streams of a key, of whatever device."""
        return tuple(stream for stream in self.streams if stream.key == key)

    def find(self, key: str) -> TelemetryStream | None:
        """Return the stream of a key with most samples, None where there is none."""
        return max(self.all(key), key=lambda stream: stream.count, default=None)

    @property
    def devices(self) -> tuple[str, ...]:
        """Names of the devices, in order, each once."""
        return tuple(dict.fromkeys(stream.device for stream in self.streams))
