"""Cameras with sensors on one body: telemetry of real or generated movement, written as media.

Conventions
-----------
The *body's clock* is that of the movement that is given. A camera that begins at ``start_s`` on it
has at its clip time t what the body felt at ``start_s + t / (1 + drift_ppm * 1e-6)``.

>>> body = shaken(3, 12.0)
>>> streams = mounted(body, Mount(start_s=2.0, duration_s=6.0, drift_ppm=20.0, turned=1))
>>> [(stream.key, stream.values.shape[1]) for stream in streams]
[('ACCL', 3), ('GYRO', 3)]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

from clapless.media.gpmf import Telemetry, TelemetryStream
from clapless.synth.gpmf import PAYLOAD_S, Stream, Writer, nest, text
from clapless.synth.movie import Encoding, Frame, Labels, write_movie
from clapless.synth.mp4_track import add_telemetry
from clapless.synth.noise import Samples

Doubles = NDArray[np.float64]

FELT_HZ = 500.0
"""Samples per second of generated movement."""

SENSORS: Mapping[str, tuple[str, str, float]] = {
    "ACCL": ("Accelerometer", "m/s²", 418.0),
    "GYRO": ("Gyroscope", "rad/s", 3755.0),
}
"""Name, unit and SCAL of sensors, as HERO7 and later write them."""

PLACES_SCALE = (1e7, 1e7, 1000.0, 1000.0, 100.0)
"""SCAL of GPS5, and of the first five numbers of GPS9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """How a camera sits on a body, and what its clock does.

    Parameters
    ----------
    start_s
        Body time of clip time 0.
    duration_s
        Length in clip time.
    drift_ppm
        Of its clock; > 0 is fast.
    turned
        Seed of the way it is mounted; None keeps the movement's own axes.
    rate_hz
        Samples per second of its sensors; None keeps the movement's own samples.
    noise
        White noise of its own, as a share of each axis' standard deviation.
    seed
        Of the noise.
    """

    start_s: float
    duration_s: float
    drift_ppm: float = 0.0
    turned: int | None = None
    rate_hz: float | None = None
    noise: float = 0.01
    seed: int = 0

    @property
    def clock(self) -> float:
        """Clip seconds per second of the body's clock."""
        return 1 + self.drift_ppm * 1e-6

    @property
    def rotation(self) -> Doubles:
        """Takes the body's axes to the camera's, shape (3, 3)."""
        if self.turned is None:
            return np.eye(3)
        return np.asarray(Rotation.random(random_state=self.turned).as_matrix(), np.float64)


def shaken(seed: int, seconds: float) -> Telemetry:
    """Return what a body feels that is carried by hand: turning and pulling, gravity along Y."""
    rng = np.random.default_rng((seed, 8))
    times_s = np.arange(int(seconds * FELT_HZ)) / FELT_HZ
    streams = []
    for key, size, high_hz in (("ACCL", 2.0, 9.0), ("GYRO", 0.5, 6.0)):
        band = butter(2, [0.3, high_hz], "bandpass", fs=FELT_HZ, output="sos")
        values = sosfiltfilt(band, rng.standard_normal((times_s.size, 3)), axis=0)
        values = size * values / values.std()
        if key == "ACCL":
            values = values + np.array([0.0, 9.81, 0.0])
        streams.append(_felt(key, times_s, np.asarray(values, np.float64)))
    return Telemetry(streams=tuple(streams))


def at_rest(seconds: float) -> Telemetry:
    """Return what a camera on a table feels."""
    times_s = np.arange(int(seconds * FELT_HZ)) / FELT_HZ
    still = np.zeros((times_s.size, 3))
    pulled = still + np.array([0.0, 9.81, 0.0])
    return Telemetry(streams=(_felt("ACCL", times_s, pulled), _felt("GYRO", times_s, still)))


def _felt(key: str, times_s: Doubles, values: Doubles) -> TelemetryStream:
    return TelemetryStream(
        device_id=1,
        device="Body",
        key=key,
        times_s=times_s,
        values=values,
        rate_hz=FELT_HZ,
        payload_first=np.zeros(1, np.int64),
        payload_time_s=np.zeros(1),
        stamps_s=np.full(1, np.nan),
    )


def mounted(body: Telemetry, mount: Mount, *, stamped_by: Fraction | None = None) -> list[Stream]:
    """Return what a camera on a body writes: its sensors, and its receiver where the body has one.

    Parameters
    ----------
    body
        Read from a real camera, from `shaken`, or from `clapless.synth.receiver`; ACCL, GYRO, GPS5
        and GPS9 are taken.
    mount
        How the camera sits on it.
    stamped_by
        Frame rate of a camera that stamps its telemetry, and that of its frames beside it (HERO8
        and later); None is an older one, whose samples are only counted.
    """
    stamped = stamped_by is not None
    streams = []
    for key in SENSORS:
        felt = body.find(key)
        if felt is not None:
            streams.append(_sensor(felt, mount, stamped=stamped))
    if stamped_by is not None:
        streams.append(_frames(mount, stamped_by))
    for key in ("GPS5", "GPS9"):
        receiver = body.find(key)
        if receiver is not None:
            streams.append(_receiver(receiver, mount))
    return streams


def _own_times(stream: TelemetryStream, mount: Mount) -> tuple[NDArray[np.bool_], Doubles]:
    """Return which samples the camera records, and its own times of them."""
    own_s = (stream.times_s - mount.start_s) * mount.clock
    inside = (own_s >= 0) & (own_s < mount.duration_s)
    return inside, own_s[inside]


def _frames(mount: Mount, frame_rate: Fraction) -> Stream:
    """Return the orientation per frame, of a camera that does not turn it."""
    times_s = np.arange(int(mount.duration_s * frame_rate)) / float(frame_rate)
    values = np.tile([1.0, 0.0, 0.0, 0.0], (times_s.size, 1))
    return Stream(key="CORI", times_s=times_s, values=values, scale=(32767.0,), stamped=True)


def _sensor(felt: TelemetryStream, mount: Mount, *, stamped: bool) -> Stream:
    rng = np.random.default_rng((mount.seed, 9, len(felt.key), ord(felt.key[0])))
    inside, own_s = _own_times(felt, mount)
    values = felt.values[inside]
    if mount.rate_hz is not None:
        even_s = np.arange(own_s[0], own_s[-1], 1 / mount.rate_hz)
        values = np.stack([np.interp(even_s, own_s, axis) for axis in values.T], axis=1)
        own_s = even_s
    values = values + mount.noise * values.std(axis=0) * rng.standard_normal(values.shape)
    name, unit, scale = SENSORS[felt.key]
    return Stream(
        key=felt.key,
        times_s=own_s,
        values=values @ mount.rotation.T,
        name=name,
        scale=(scale,),
        unit=unit,
        order="ZXY",
        stamped=stamped,
    )


def _receiver(receiver: TelemetryStream, mount: Mount) -> Stream:
    inside, own_s = _own_times(receiver, mount)
    values = receiver.values[inside]
    if receiver.key == "GPS9":
        return Stream(
            key="GPS9",
            times_s=own_s,
            values=values,
            layout="lllllllSS",
            scale=(*PLACES_SCALE, 1.0, 1000.0, 100.0, 1.0),
            scale_kind="l",
        )
    return Stream(
        key="GPS5",
        times_s=own_s,
        values=values,
        kind="l",
        scale=PLACES_SCALE,
        scale_kind="l",
        units=("deg", "deg", "m", "m/s", "m/s"),
        stated=_stated(receiver, mount, own_s),
    )


def _stated(
    receiver: TelemetryStream, mount: Mount, own_s: Doubles
) -> dict[str, tuple[str, Sequence[float | str]]]:
    """Return fix, dilution and date of each payload's first sample, from the body's payloads."""
    begins_s = np.arange(0.0, mount.duration_s, float(PAYLOAD_S))
    first_s = own_s[np.minimum(np.searchsorted(own_s, begins_s), own_s.size - 1)]
    body_s = mount.start_s + first_s / mount.clock
    at_s = receiver.times_s[np.minimum(receiver.payload_first, receiver.count - 1)]
    before = np.clip(np.searchsorted(at_s, body_s, side="right") - 1, 0, at_s.size - 1)
    nothing = np.full(at_s.size, np.nan)
    fix = np.nan_to_num(receiver.stated.get("GPSF", nothing)[before])
    dop = np.nan_to_num(receiver.stated.get("GPSP", nothing)[before], nan=9999.0)
    stated: dict[str, tuple[str, Sequence[float | str]]] = {
        "GPSF": ("L", fix.tolist()),
        "GPSP": ("S", dop.tolist()),
    }
    if "GPSU" in receiver.stated:
        dates_s = receiver.stated["GPSU"][before] + body_s - at_s[before]
        stated["GPSF"] = ("L", np.where(np.isfinite(dates_s), fix, 0.0).tolist())
        texts = [date_text(date) for date in np.nan_to_num(dates_s).tolist()]
        stated["GPSU"] = ("U", texts)
    return stated


def date_text(utc_s: float) -> str:
    """Return a date as GPSU has it.

    >>> date_text(1_700_000_000.25)
    '231114221320.250'
    """
    moment = datetime.fromtimestamp(round(utc_s * 1000) / 1000, UTC)
    return moment.strftime("%y%m%d%H%M%S") + f".{moment.microsecond // 1000:03d}"


def write_sensor_movie(
    path: Path,
    streams: Sequence[Stream],
    *,
    frames: Iterable[Frame],
    frame_rate: Fraction,
    duration_s: float,
    sound: Samples | None = None,
    rate_hz: int = 48000,
    labels: Labels | None = None,
    encoding: Encoding | None = None,
    device: str = "HERO9 Black",
    serial: str = "",
) -> Path:
    """Write a movie with a telemetry track, as an action camera does.

    Parameters
    ----------
    path
        ``.MP4`` or ``.MOV``; folders are made.
    streams
        What the sensors deliver, see `mounted`.
    frames, frame_rate, sound, rate_hz, labels, encoding
        As for `clapless.synth.movie.write_movie`.
    duration_s
        How much telemetry is written, in whole payloads.
    device
        The model, as DVNM and MINF say it.
    serial
        CASN of the file's settings; none are written where it is empty.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.with_name(f"plain-{path.stem}{path.suffix.lower()}")
    try:
        write_movie(
            plain,
            frames=frames,
            frame_rate=frame_rate,
            sound=sound,
            rate_hz=rate_hz,
            labels=labels or Labels(),
            encoding=encoding or Encoding(),
        )
        payloads = Writer(device=device).payloads(streams, count=int(duration_s / PAYLOAD_S))
        settings = _settings(device, serial) if serial else b""
        return add_telemetry(plain, path, payloads, settings=settings)
    finally:
        plain.unlink(missing_ok=True)


def _settings(device: str, serial: str) -> bytes:
    return nest("DEVC", nest("STRM", text("MINF", device), text("CASN", serial)))
