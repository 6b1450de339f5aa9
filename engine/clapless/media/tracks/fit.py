"""FIT activities, also with a broken header, a wrong sum or no end.

References
----------
Garmin FIT protocol: header of 12 or 14 bytes with the length of the data and ``.FIT``, then
records, then a CRC-16 over all before it; positions in 2^31 / 180 units per degree; times in
seconds since 1989-12-31, UTC.
"""

from __future__ import annotations

import io
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import fitdecode
import fitdecode.utils

from clapless.errors import DamagedMediaError, NotMediaError
from clapless.media.tracks.cleaning import Faults, Point, clean
from clapless.media.tracks.model import TrackFile

NAN = float("nan")

SEMICIRCLE_DEG = 180.0 / 2**31

MOST_BYTES = 256 * 2**20

_MAGIC = b".FIT"


def read_fit(path: Path) -> TrackFile:
    """Return the way that a FIT file recorded.

    Raises
    ------
    NotMediaError
        It is no FIT file.
    DamagedMediaError
        It holds no position.
    """
    if path.stat().st_size > MOST_BYTES:
        raise NotMediaError(path, "is too large for a FIT file")
    data = path.read_bytes()
    faults = Faults()
    data = _sound_header(data, path, faults)
    points, broke_off = _points(data)
    if broke_off:
        faults.damage.append("the file breaks off or is damaged, what is whole is used")
    elif not faults.damage and not _sum_holds(data):
        faults.damage.append("its check sum is wrong, single points may be")
    track = clean(points, name=path.stem, path=path, faults=faults)
    if track is None:
        raise DamagedMediaError(path, "holds no position that can be read")
    if not track.timed:
        faults.damage.append("has no times, so only its course can be used")
    return TrackFile(tracks=(track,), warning=faults.sentence(path))


def _sound_header(data: bytes, path: Path, faults: Faults) -> bytes:
    """Return the file with a header that can be read, or refuse it."""
    if len(data) < 16:
        raise NotMediaError(path, "is no FIT file")
    size = data[0]
    named = data[8:12] == _MAGIC
    if not named and not (size in (12, 14) and data[1] >> 4 in (1, 2)):
        raise NotMediaError(path, "is no FIT file")
    length = struct.unpack("<I", data[4:8])[0]
    if size not in (12, 14):
        size = 14 if data[14:16] and data[14] & 0x40 else 12
    if named and data[0] == size and 0 < length <= len(data) - size - 2:
        return data
    if named and data[0] == size and 0 < length <= len(data) - size:
        faults.damage.append("it ends without its check sum")
    else:
        faults.damage.append("its header is damaged or was never finished")
    length = len(data) - size if length > len(data) - size - 2 or not length else length
    header = struct.pack("<BBHI4s", size, max(data[1], 0x10), 2078, length, _MAGIC)
    if size == 14:
        header += struct.pack("<H", 0)
    return header + data[size:]


def _points(data: bytes) -> tuple[list[Point], bool]:
    points: list[Point] = []
    try:
        with fitdecode.FitReader(
            io.BytesIO(data),
            check_crc=fitdecode.CrcCheck.DISABLED,
            error_handling=fitdecode.ErrorHandling.IGNORE,
        ) as reader:
            for frame in reader:
                if frame.frame_type == fitdecode.FIT_FRAME_DATA and frame.name == "record":
                    point = _point(frame)
                    if point is not None:
                        points.append(point)
    except Exception:
        return points, True
    return points, False


def _point(frame: Any) -> Point | None:
    lat, lon = (_value(frame, name) for name in ("position_lat", "position_long"))
    if lat != lat or lon != lon:
        return None
    time = frame.get_value("timestamp", fallback=None)
    speed = _value(frame, "enhanced_speed")
    altitude = _value(frame, "enhanced_altitude")
    return Point(
        utc_s=time.timestamp() if isinstance(time, datetime) else NAN,
        lat_deg=lat * SEMICIRCLE_DEG,
        lon_deg=lon * SEMICIRCLE_DEG,
        altitude_m=altitude if altitude == altitude else _value(frame, "altitude"),
        speed_mps=speed if speed == speed else _value(frame, "speed"),
    )


def _value(frame: Any, name: str) -> float:
    value = frame.get_value(name, fallback=None)
    return float(value) if isinstance(value, (int, float)) else NAN


def _sum_holds(data: bytes) -> bool:
    """Return whether the CRC of the (first) file in the data is right; zero is none."""
    end = data[0] + struct.unpack("<I", data[4:8])[0]
    if len(data) < end + 2:
        return False
    stated = struct.unpack("<H", data[end : end + 2])[0]
    return stated in (0, fitdecode.utils.compute_crc(data, crc=0, start=0, end=end))
