"""Telemetry of every model for the tests, generated. Import from ``tests.media.gpmf_making``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clapless.synth.gpmf import PAYLOAD_S, Stream, Writer

Doubles = NDArray[np.float64]


def turning(times_s: Doubles) -> Doubles:
    """Return an angular rate in rad/s at times, shape (n, 3)."""
    t = times_s[:, None]
    return np.asarray(
        0.8 * np.sin(2 * np.pi * np.array([0.7, 1.1, 1.9]) * t + np.array([0.1, 1.0, 2.0]))
    )


def pulling(times_s: Doubles) -> Doubles:
    """Return an acceleration in m/s^2 at times, gravity along Y, shape (n, 3)."""
    return np.asarray(3 * turning(times_s + 5.0) + np.array([0.0, 9.81, 0.0]))


@dataclass(frozen=True, kw_only=True)
class Model:
    """How one model writes.

    Parameters
    ----------
    gyro_hz, accel_hz
        Real rates.
    order
        In which camera axes are stored, and whether ORIN says so.
    stamped
        Whether it writes STMP.
    frame_stream
        Key of a stream with one sample per frame, '' for none.
    magnetometer_hz
        0 for none.
    gps
        Key of the receiver's stream, '' for none.
    buffered_s
        Movement from before the start that is in the first payload.
    """

    device: str
    gyro_hz: float = 199.3
    accel_hz: float = 199.3
    order: str = "ZXY"
    says_order: bool = False
    stamped: bool = False
    frame_stream: str = "SHUT"
    magnetometer_hz: float = 0.0
    gps: str = "GPS5"
    buffered_s: float = 0.0


MODELS = {
    "HERO5": Model(device="Camera", gyro_hz=403.8, accel_hz=201.9),
    "Session": Model(device="Camera", gyro_hz=403.8, accel_hz=201.9, gps=""),
    "HERO6": Model(device="Hero6 Black", order="YxZ", says_order=True),
    "HERO7": Model(device="Hero7 Black", order="YxZ", says_order=True, buffered_s=0.2),
    "HERO8": Model(
        device="HERO8 Black", order="zxY", says_order=True, stamped=True, frame_stream="CORI"
    ),
    "HERO9": Model(
        device="HERO9 Black", order="ZXY", says_order=True, stamped=True, frame_stream="CORI"
    ),
    "HERO11": Model(
        device="HERO11 Black",
        order="ZXY",
        says_order=True,
        stamped=True,
        frame_stream="CORI",
        gps="GPS9",
    ),
    "HERO12": Model(
        device="HERO12 Black",
        order="ZXY",
        says_order=True,
        stamped=True,
        frame_stream="CORI",
        gps="",
    ),
    "HERO13": Model(
        device="HERO13 Black",
        order="ZXY",
        says_order=True,
        stamped=True,
        frame_stream="CORI",
        gps="GPS9",
    ),
    "MAX": Model(
        device="GoPro Max",
        gyro_hz=794.5,
        order="YxZ",
        says_order=True,
        stamped=True,
        frame_stream="CORI",
        magnetometer_hz=24.8,
    ),
    "Fusion": Model(
        device="Fusion", gyro_hz=3178.0, accel_hz=198.6, order="yXZ", magnetometer_hz=24.8
    ),
}
"""Every model, by what its makers' table says of it."""


def grid(rate_hz: float, seconds: float, first_s: float = 0.0) -> Doubles:
    return np.arange(first_s, seconds, 1.0 / rate_hz)


def streams_of(model: Model, seconds: float) -> list[Stream]:
    """Return what a camera of the model delivers in so many seconds."""
    first_s = -model.buffered_s
    gyro_s, accel_s = (grid(rate, seconds, first_s) for rate in (model.gyro_hz, model.accel_hz))
    common: dict[str, Any] = {
        "order": model.order,
        "says_order": model.says_order,
        "stamped": model.stamped,
    }
    streams = [
        Stream(
            key="ACCL",
            times_s=accel_s,
            values=pulling(accel_s),
            name="Accelerometer",
            scale=(418,),
            unit="m/s²",
            stated={"TMPC": ("f", [31.25])},
            **common,
        ),
        Stream(
            key="GYRO",
            times_s=gyro_s,
            values=turning(gyro_s),
            name="Gyroscope",
            scale=(3755,),
            unit="rad/s",
            **common,
        ),
    ]
    frame_s = grid(30000 / 1001, seconds)
    if model.frame_stream == "CORI":
        streams.append(
            Stream(
                key="CORI",
                times_s=frame_s,
                values=np.tile([1.0, 0.0, 0.0, 0.0], (frame_s.size, 1)),
                scale=(32767,),
                stamped=model.stamped,
            )
        )
    elif model.frame_stream:
        streams.append(
            Stream(
                key=model.frame_stream,
                times_s=frame_s,
                values=np.full((frame_s.size, 1), 0.004),
                kind="f",
                unit="s",
            )
        )
    if model.magnetometer_hz:
        magnet_s = grid(model.magnetometer_hz, seconds)
        streams.append(
            Stream(
                key="MAGN",
                times_s=magnet_s,
                values=30 * turning(magnet_s),
                scale=(100,),
                unit="µT",
                **common,
            )
        )
    if model.gps:
        streams.append(gps_stream(model.gps, seconds, stamped=model.stamped))
    return streams


GPS_START_S = 1_700_000_000.25
"""UTC at clip time 0 of the generated receivers."""


def gps_path(times_s: Doubles) -> Doubles:
    """Return latitude, longitude, altitude, 2D and 3D speed at times, shape (n, 5)."""
    return np.stack(
        [
            46.5 + 1e-5 * times_s,
            7.9 - 2e-5 * times_s,
            1200.0 + 0.5 * times_s,
            3.0 + 0.1 * np.sin(times_s),
            3.1 + 0.1 * np.sin(times_s),
        ],
        axis=1,
    )


def date(utc_s: float) -> str:
    """Return a GPSU of a time."""
    moment = np.datetime64(round(utc_s * 1000), "ms").item()
    return moment.strftime("%y%m%d%H%M%S") + f".{moment.microsecond // 1000:03d}"


def gps_stream(
    key: str, seconds: float, *, stamped: bool = False, fix: int = 3, rate_hz: float = 0.0
) -> Stream:
    """Return a receiver's stream, GPS5 or GPS9."""
    times_s = grid(rate_hz or (18.17 if key == "GPS5" else 9.87), seconds)
    path = gps_path(times_s)
    scale = (1e7, 1e7, 1000.0, 1000.0, 100.0)
    if key == "GPS5":
        begins_s = [float(k * PAYLOAD_S) for k in range(int(seconds) + 1)]
        firsts_s = times_s[np.minimum(np.searchsorted(times_s, begins_s), times_s.size - 1)]
        return Stream(
            key="GPS5",
            times_s=times_s,
            values=path,
            kind="l",
            scale=scale,
            scale_kind="l",
            units=("deg", "deg", "m", "m/s", "m/s"),
            stated={
                "GPSF": ("L", [fix]),
                "GPSP": ("S", [154 if fix else 9999]),
                "GPSU": ("U", [date(GPS_START_S + t) for t in firsts_s]),
            },
            stamped=stamped,
        )
    utc_s = GPS_START_S + times_s - 946_684_800
    rest = [utc_s // 86400, utc_s % 86400, np.full(times_s.size, 1.54), np.full(times_s.size, fix)]
    return Stream(
        key="GPS9",
        times_s=times_s,
        values=np.concatenate([path, np.stack(rest, axis=1)], axis=1),
        layout="lllllllSS",
        scale=(*scale, 1.0, 1000.0, 100.0, 1.0),
        scale_kind="l",
        stamped=stamped,
    )


def payloads_of(
    model: Model, count: int, *, first_total: int = 0, payload_s: Fraction = PAYLOAD_S
) -> list[bytes]:
    """Return the payloads of a camera of the model."""
    writer = Writer(device=model.device, payload_s=payload_s, first_total=first_total)
    return writer.payloads(streams_of(model, float(count * payload_s)), count=count)
