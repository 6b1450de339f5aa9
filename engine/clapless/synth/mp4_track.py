"""Lay telemetry into an MP4 as a track, as a camera would have.

References
----------
ISO/IEC 14496-12.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from clapless.synth.gpmf import PAYLOAD_S


@dataclass(frozen=True, kw_only=True)
class Track:
    """How a telemetry track is laid into an MP4.

    Parameters
    ----------
    payload_s
        Length of each payload.
    time_scale
        Ticks per second of the track.
    media_start_s
        The edit list begins this far into the track: what a cut by stream copy leaves.
    wide
        Whether 64-bit lengths and offsets are used.
    """

    payload_s: Fraction = PAYLOAD_S
    time_scale: int = 1000
    media_start_s: Fraction = Fraction(0)
    wide: bool = False


def add_telemetry(
    source: Path,
    target: Path,
    payloads: Sequence[bytes],
    *,
    track: Track | None = None,
    settings: bytes = b"",
) -> Path:
    """Write an MP4 again with a telemetry track, as a camera would have.

    Parameters
    ----------
    source
        An MP4 or MOV whose index is not fragmented.
    target
        Where to write; must be another file.
    payloads
        The telemetry.
    track
        How it is laid out.
    settings
        Content of the box ``udta/GPMF``; none where empty.

    Raises
    ------
    ValueError
        The source has no index, or is the target.
    """
    if source == target:
        raise ValueError("telemetry is added to a copy, but got one name for both")
    layout = track or Track()
    data = source.read_bytes()
    boxes = list(_boxes(data))
    movie = next((box for box in boxes if box[0] == b"moov"), None)
    if movie is None:
        raise ValueError(f"{source.name} has no index to add a track to")
    # The index moves to the end, so that nothing before it changes its place; what stood there
    # becomes free space.
    kind, start, end = movie
    out = bytearray(data)
    out[start + 4 : start + 8] = b"free"
    head = 16 if layout.wide else 8
    body = b"".join(payloads)
    first = len(out) + head
    if layout.wide:
        out += struct.pack(">I4sQ", 1, b"mdat", len(body) + 16) + body
    else:
        out += struct.pack(">I4s", len(body) + 8, b"mdat") + body
    old = data[start + 8 : end]
    more = _track(payloads, first, _track_number(old), layout, _movie_scale(old))
    if settings:
        more += _box(b"udta", _box(b"GPMF", settings))
    out += _box(kind, old + more)
    aside = target.with_name(target.name + ".part")
    try:
        aside.write_bytes(bytes(out))
        aside.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
    return target


def _boxes(data: bytes) -> Iterable[tuple[bytes, int, int]]:
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if length == 1:
            length = struct.unpack_from(">Q", data, position + 8)[0]
        elif length == 0:
            length = len(data) - position
        if length < 8:
            return
        yield kind, position, position + length
        position += length


def _track_number(movie: bytes) -> int:
    return sum(kind == b"trak" for kind, _, _ in _boxes(movie)) + 101


def _movie_scale(movie: bytes) -> int:
    for kind, start, _ in _boxes(movie):
        if kind == b"mvhd":
            at = start + (28 if movie[start + 8] == 1 else 20)
            return int(struct.unpack_from(">I", movie, at)[0])
    raise ValueError("the index has no header")


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _full(kind: bytes, content: bytes, *, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24) + content)


def _track(
    payloads: Sequence[bytes], first: int, number: int, layout: Track, movie_scale: int
) -> bytes:
    ticks = round(layout.payload_s * layout.time_scale)
    whole = ticks * len(payloads)
    shown_s = Fraction(whole, layout.time_scale) - layout.media_start_s
    shown = round(shown_s * movie_scale)
    offsets, position = [], first
    for payload in payloads:
        offsets.append(position)
        position += len(payload)
    chunks = (
        _full(b"co64", struct.pack(f">I{len(offsets)}Q", len(offsets), *offsets))
        if layout.wide
        else _full(b"stco", struct.pack(f">I{len(offsets)}I", len(offsets), *offsets))
    )
    sizes = [len(payload) for payload in payloads]
    table = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1) + _box(b"gpmd", bytes(6) + b"\0\1" + bytes(4)))
        + _full(b"stts", struct.pack(">III", 1, len(payloads), ticks))
        + _full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1))
        + _full(b"stsz", struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes))
        + chunks,
    )
    information = _box(
        b"minf",
        _box(b"gmhd", _full(b"gmin", bytes(12)) + _box(b"gpmd", bytes(4)))
        + _box(b"dinf", _full(b"dref", struct.pack(">I", 1) + struct.pack(">I4sI", 12, b"url ", 1)))
        + table,
    )
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">IIIIHH", 0, 0, layout.time_scale, whole, 0x55C4, 0))
        + _full(b"hdlr", b"mhlrmeta" + bytes(12) + b"\x0bGoPro MET  ")
        + information,
    )
    edits = _box(
        b"edts",
        _full(
            b"elst",
            struct.pack(">IIiHh", 1, shown, round(layout.media_start_s * layout.time_scale), 1, 0),
        ),
    )
    head = _full(
        b"tkhd",
        struct.pack(">IIIII", 0, 0, number, 0, shown)
        + bytes(16)
        + struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
        + bytes(8),
    )
    # Flags of the header: enabled, in the movie.
    head = head[:8] + struct.pack(">I", 3) + head[12:]
    return _box(b"trak", head + edits + media)
