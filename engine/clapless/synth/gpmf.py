"""Write GoPro's telemetry: records, payloads of any model, and a track of them in an MP4.

Conventions
-----------
Sensor values are given in camera axes X, Y, Z and in SI units at any times; they are stored in the
order and scale of the model. Payload k covers ``k * payload_s`` to ``(k + 1) * payload_s``.

References
----------
GoPro, "GPMF Introduction"; ISO/IEC 14496-12 for the track.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clapless.media.gpmf.axes import axis_matrix
from clapless.media.gpmf.klv import ELEMENTS

Doubles = NDArray[np.float64]

PAYLOAD_S = Fraction(1001, 1000)
"""How long GoPro's payloads last at 29.97 and 59.94 frames per second."""


def record(key: str, kind: str, samples: bytes, *, size: int) -> bytes:
    r"""Return one record: its header, its samples, the padding.

    Parameters
    ----------
    key
        Four characters.
    kind
        Type, one character.
    samples
        All samples, one after the other.
    size
        Bytes of one sample.

    Examples
    --------
    >>> record("TSMP", "L", b"\x00\x00\x00\x05", size=4).hex()
    '54534d504c04000100000005'
    """
    repeat = len(samples) // size if size else 0
    head = struct.pack(">4sBBH", key.encode("ascii"), ord(kind), size, repeat)
    return head + samples + b"\0" * (-len(samples) % 4)


def nest(key: str, *parts: bytes) -> bytes:
    """Return a record that holds records."""
    body = b"".join(parts)
    # The size of a sample is one byte: large nests count in four, like the cameras' own.
    step = 1 if len(body) < 2**16 else 4
    return struct.pack(">4sBBH", key.encode("ascii"), 0, step, len(body) // step) + body


def numbers(key: str, kind: str, values: Iterable[Iterable[float]] | Doubles) -> bytes:
    """Return a record of numbers, shape (samples, axes), rounded where the type is whole."""
    table = np.atleast_2d(np.asarray(values, np.float64))
    layout = np.dtype(ELEMENTS[kind][0])
    if layout.kind in "iu":
        limits = np.iinfo(layout)
        table = np.clip(np.rint(table), float(limits.min), float(limits.max))
    return record(key, kind, table.astype(layout).tobytes(), size=layout.itemsize * table.shape[1])


def text(key: str, words: str) -> bytes:
    """Return a record of characters, one sample."""
    return record(key, "c", words.encode("latin-1"), size=1)


def texts(key: str, words: Sequence[str]) -> bytes:
    """Return a record of texts of one width, such as the units of each axis."""
    width = max(len(word.encode("latin-1")) for word in words)
    padded = b"".join(word.encode("latin-1").ljust(width, b"\0") for word in words)
    return record(key, "c", padded, size=width)


def structures(key: str, layout: str, rows: Iterable[Sequence[float]]) -> bytes:
    """Return a record of structures; TYPE has to stand before it."""
    parts = np.dtype([(f"f{i}", ELEMENTS[kind][0]) for i, kind in enumerate(layout)])
    table = np.array([tuple(row) for row in rows], parts)
    return record(key, "?", table.tobytes(), size=parts.itemsize)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A stream to be written.

    Parameters
    ----------
    key
        ``GYRO``, ``ACCL``, ``GPS5``, ...
    times_s
        When each sample is taken, rising, shape (n,).
    values
        Shape (n, axes), SI units; camera axes for sensors.
    kind
        Type of the stored numbers.
    scale
        SCAL, one for all or one per axis; empty for none.
    unit
        SIUN.
    units
        UNIT, one per axis.
    order
        Order in which camera axes are stored (``ZXY``), empty to store as given.
    says_order
        Whether ORIN says so.
    layout
        TYPE of a structure.
    stated
        Further records per payload, shape ``{key: (kind, values per payload)}``; dates (type U)
        as text.
    stamped
        Whether STMP is written.
    """

    key: str
    times_s: Doubles
    values: Doubles
    name: str = ""
    kind: str = "s"
    scale: tuple[float, ...] = ()
    scale_kind: str = "s"
    unit: str = ""
    units: tuple[str, ...] = ()
    order: str = ""
    says_order: bool = True
    layout: str = ""
    stated: dict[str, tuple[str, Sequence[float | str]]] = field(default_factory=dict)
    stamped: bool = False


@dataclass(frozen=True, kw_only=True)
class Writer:
    """What one device writes.

    Parameters
    ----------
    device
        DVNM.
    number
        DVID.
    payload_s
        Length of a payload.
    stamp_zero_s
        Stamp (STMP) of the first frame.
    first_total
        Samples each stream has delivered before, as in a later chapter.
    """

    device: str
    number: int = 1
    payload_s: Fraction = PAYLOAD_S
    stamp_zero_s: float = 0.065
    first_total: int = 0

    def payloads(self, streams: Sequence[Stream], *, count: int) -> list[bytes]:
        """Return `count` payloads of this device; what is taken before 0 goes into the first."""
        edges_s = [float(k * self.payload_s) for k in range(1, count)]
        cuts = {
            id(stream): np.concatenate(
                [
                    [0],
                    np.searchsorted(stream.times_s, edges_s),
                    [np.searchsorted(stream.times_s, float(count * self.payload_s))],
                ]
            )
            for stream in streams
        }
        return [
            nest(
                "DEVC",
                numbers("DVID", "L", [[self.number]]),
                text("DVNM", self.device),
                *(
                    self._stream(stream, k, int(cuts[id(stream)][k]), int(cuts[id(stream)][k + 1]))
                    for stream in streams
                ),
            )
            for k in range(count)
        ]

    def _stream(self, stream: Stream, payload: int, first: int, last: int) -> bytes:
        parts: list[bytes] = []
        if stream.stamped and last > first:
            stamp = (float(stream.times_s[first]) + self.stamp_zero_s) * 1e6
            parts.append(numbers("STMP", "J", [[stamp]]))
        parts.append(numbers("TSMP", "L", [[self.first_total + last]]))
        if stream.name:
            parts.append(text("STNM", stream.name))
        for key, (kind, values) in stream.stated.items():
            value = values[min(payload, len(values) - 1)]
            if kind == "U":
                parts.append(record(key, "U", str(value).encode("ascii"), size=16))
            else:
                parts.append(numbers(key, kind, [[float(value)]]))
        if stream.units:
            parts.append(texts("UNIT", stream.units))
        if stream.unit:
            parts.append(texts("SIUN", (stream.unit,)))
        if stream.order and stream.says_order:
            parts.append(text("ORIN", stream.order))
        if stream.layout:
            parts.append(text("TYPE", stream.layout))
        if stream.scale:
            parts.append(numbers("SCAL", stream.scale_kind, [[s] for s in stream.scale]))
        values_out = stream.values[first:last]
        if stream.order:
            values_out = values_out @ axis_matrix(stream.order)
        values_out = values_out * np.array(stream.scale or (1.0,))
        if stream.layout:
            rows = [
                [
                    v if kind in "fd" else int(np.rint(v))
                    for v, kind in zip(row, stream.layout, strict=True)
                ]
                for row in values_out.tolist()
            ]
            parts.append(structures(stream.key, stream.layout, rows))
        else:
            parts.append(numbers(stream.key, stream.kind, values_out.reshape(last - first, -1)))
        return nest("STRM", *parts)


def joined(*devices: Sequence[bytes]) -> list[bytes]:
    """Return payloads of several devices, put together payload by payload."""
    return [b"".join(parts) for parts in zip(*devices, strict=True)]


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
