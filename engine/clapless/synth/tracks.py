"""GPX and FIT files as receivers write them, for synthetic shoots and for breaking.

References
----------
GPX 1.1 schema; Garmin FIT protocol (record message 20: timestamp 253, position 0 and 1, enhanced
speed 73).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import fitdecode.utils

FIT_EPOCH_S = 631_065_600
"""1989-12-31 in seconds since 1970."""


def gpx_text(
    points: Iterable[tuple[str | float | None, float | str, float | str]], *, name: str = "ride"
) -> str:
    """Return a GPX file with one track.

    Parameters
    ----------
    points
        Time (text as it shall stand, seconds since 1970, or None for none), latitude and longitude
        in degrees.
    name
        The track's name.
    """
    body = "".join(
        f'<trkpt lat="{lat}" lon="{lon}"><ele>100.5</ele>{_time(time)}</trkpt>\n'
        for time, lat, lon in points
    )
    return (
        '<?xml version="1.0"?>\n<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><name>{name}</name><trkseg>\n{body}</trkseg></trk></gpx>"
    )


def _time(time: str | float | None) -> str:
    if time is None:
        return ""
    if not isinstance(time, str):
        time = datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
    return f"<time>{time}</time>"


def fit_bytes(
    points: Sequence[tuple[float | None, float, float]],
    *,
    header: int = 14,
    length: int | None = None,
    magic: bytes = b".FIT",
    check_sum: int | None = None,
) -> bytes:
    """Return a FIT activity.

    Parameters
    ----------
    points
        Time in seconds since 1970 (None for none; whole seconds are kept), latitude and longitude
        in degrees.
    header
        Its length, 12 or 14.
    length, magic, check_sum
        What to write wrong: the length of the data, the mark in the header, the CRC.
    """
    fields = ((253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85), (73, 4, 0x86))
    data = struct.pack("<BBBHB", 0x40, 0, 0, 20, len(fields))
    data += b"".join(struct.pack("BBB", *field) for field in fields)
    for time, lat, lon in points:
        stamp = 0xFFFFFFFF if time is None else int(time) - FIT_EPOCH_S
        data += struct.pack(
            "<BIiiI", 0, stamp, round(lat * 2**31 / 180), round(lon * 2**31 / 180), 5000
        )
    size = len(data) if length is None else length
    out = struct.pack("<BBHI4s", header, 0x10, 2078, size, magic)
    out += struct.pack("<H", 0) if header == 14 else b""
    out += data
    right = int(fitdecode.utils.compute_crc(out, crc=0, start=0, end=len(out)))
    return out + struct.pack("<H", right if check_sum is None else check_sum)
