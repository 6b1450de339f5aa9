"""Write GoPro's telemetry: records, and payloads of any model.

Conventions
-----------
Sensor values are given in camera axes X, Y, Z and in SI units at any times; they are stored in the
order and scale of the model. Payload k covers ``k * payload_s`` to ``(k + 1) * payload_s``.

References
----------
GoPro, "GPMF Introduction".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

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
