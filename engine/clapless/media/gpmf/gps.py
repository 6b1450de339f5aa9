"""Where a camera's own satellite receivers say it was, and when.

Conventions
-----------
Degrees of WGS 84, metres, metres per second; what a receiver does not say is NaN. UTC is seconds
since 1970 without leap seconds counted. It is only given where the receiver had a fix: without one
cameras write the time of their last battery change (October 2015), and until the almanac has come
their time lacks the leap seconds.

GPS5 has one date per payload (GPSU), of its first sample: a robust line through (clip time, date)
gives each sample's. The first date of a recording may be seconds old, which the line does not
follow. GPS9 has a date per sample. In HERO11 the two differ by 1.4 s; both are given, neither is
corrected. GPRI is the receiver of a Karma drone (time since it was switched on, latitude,
longitude, altitude, two errors, speed, course, fix, satellites); it has no dates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.media.gpmf.clock import robust_line
from clapless.media.gpmf.model import Telemetry, TelemetryStream

Doubles = NDArray[np.float64]

EPOCH_2000_S = 946_684_800.0
"""2000-01-01 in seconds since 1970; GPS9 counts days from it."""

LEAST_FIX = 2.0
"""GPSF of a position in the plane; 3 has a height."""

WORST_DOP = 20.0
"""Dilution of precision beyond which a position is none; without a fix cameras write 99.99."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GpsRecording:
    """What one receiver of a camera recorded; arrays have the shape (n,).

    Parameters
    ----------
    source
        ``GPS5``, ``GPS9`` or ``GPRI``.
    device
        Name of the device.
    times_s
        Clip time, rising.
    lat_deg, lon_deg, altitude_m, speed_mps, speed_3d_mps
        As the receiver says; NaN where it had no fix.
    dop
        Dilution of precision, NaN where unknown.
    fixed
        Whether there was a fix.
    utc_s
        Date of each sample. GPS5: by the line through the dates that had a fix, all NaN where none
        had; GPS9: NaN where the sample had none.
    utc_std_s
        Spread of the dates about the line they are taken from (0 for GPS9), in seconds. The
        receiver's lag is not in it.
    """

    source: str
    device: str
    times_s: Doubles
    lat_deg: Doubles
    lon_deg: Doubles
    altitude_m: Doubles
    speed_mps: Doubles
    speed_3d_mps: Doubles
    dop: Doubles
    fixed: NDArray[np.bool_]
    utc_s: Doubles
    utc_std_s: float = 0.0


def gps_recordings(telemetry: Telemetry) -> tuple[GpsRecording, ...]:
    """Return what each receiver recorded, in the order of the streams."""
    found = []
    for stream in telemetry.streams:
        if stream.key == "GPS5" and stream.values.shape[1] == 5:
            found.append(_of_gps5(stream))
        elif stream.key == "GPS9" and stream.values.shape[1] == 9:
            found.append(_of_gps9(stream))
        elif stream.key == "GPRI" and stream.values.shape[1] == 10:
            found.append(_of_gpri(stream))
    return tuple(found)


def _of_gps5(stream: TelemetryStream) -> GpsRecording:
    none = np.full(stream.payload_first.size, np.nan)
    counts = np.diff(np.append(stream.payload_first, stream.count))
    fix = np.repeat(stream.stated.get("GPSF", none), counts)
    # GPSP is the dilution of precision times 100.
    dop = np.repeat(stream.stated.get("GPSP", none), counts) / 100
    utc_s, utc_std_s = _dated(stream, counts)
    return _recording(stream, stream.values[:, :5], fix, dop, utc_s, utc_std_s)


def _dated(stream: TelemetryStream, counts: NDArray[np.int64]) -> tuple[Doubles, float]:
    """Return a date per sample from one per payload, and the spread about the line."""
    nothing = np.full(stream.count, np.nan)
    dates_s, fix = stream.stated.get("GPSU"), stream.stated.get("GPSF")
    if dates_s is None or fix is None:
        return nothing, 0.0
    good = (counts > 0) & (fix >= LEAST_FIX) & np.isfinite(dates_s)
    if good.sum() < 2:
        return nothing, 0.0
    at_s = stream.times_s[stream.payload_first[good]]
    origin_s = float(dates_s[good][0])
    line = robust_line(at_s, dates_s[good] - origin_s)
    if line is None or abs(line[1] - 1) > 0.01:
        # Few or wild dates: the middle one, at the pace of the clip.
        line = float(np.median(dates_s[good] - origin_s - at_s)), 1.0
    left_s = dates_s[good] - origin_s - line[0] - line[1] * at_s
    spread_s = 1.4826 * float(np.median(np.abs(left_s)))
    return origin_s + line[0] + line[1] * stream.times_s, spread_s


def _of_gps9(stream: TelemetryStream) -> GpsRecording:
    values = stream.values
    fix, dop = values[:, 8], values[:, 7]
    utc_s = EPOCH_2000_S + values[:, 5] * 86_400 + values[:, 6]
    utc_s = np.where((fix >= LEAST_FIX) & (values[:, 5] > 0), utc_s, np.nan)
    return _recording(stream, values[:, :5], fix, dop, utc_s, 0.0)


def _of_gpri(stream: TelemetryStream) -> GpsRecording:
    values, none = stream.values, np.full(stream.count, np.nan)
    place = np.stack([values[:, 1], values[:, 2], values[:, 3], values[:, 6], none], axis=1)
    return _recording(stream, place, values[:, 8], none, none, 0.0)


def _recording(
    stream: TelemetryStream,
    place: Doubles,
    fix: Doubles,
    dop: Doubles,
    utc_s: Doubles,
    utc_std_s: float,
) -> GpsRecording:
    lat_deg, lon_deg = place[:, 0], place[:, 1]
    possible = (np.abs(lat_deg) <= 90) & (np.abs(lon_deg) <= 180)
    possible &= (lat_deg != 0) | (lon_deg != 0)
    fixed = possible & (fix >= LEAST_FIX) & ~(dop > WORST_DOP)
    columns = [np.where(fixed, place[:, axis], np.nan) for axis in range(5)]
    return GpsRecording(
        source=stream.key,
        device=stream.device,
        times_s=stream.times_s,
        lat_deg=columns[0],
        lon_deg=columns[1],
        altitude_m=columns[2],
        speed_mps=columns[3],
        speed_3d_mps=columns[4],
        dop=dop,
        fixed=fixed,
        utc_s=utc_s,
        utc_std_s=utc_std_s,
    )
