"""GPMF's keys, lengths and values, without trust in what they say.

Conventions
-----------
A record is four characters, a type, the bytes of one sample, the number of samples, the data, and
padding to 32 bits; big-endian. Type 0 holds records. A record that claims more than its parent has
ends the parent; what came before it stands. Text is Latin-1, as GoPro writes degrees and squares.

References
----------
GoPro, "GPMF Introduction" (gpmf-parser's README, "Length", "Type", "Complex structures").
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DEEPEST = 8
"""Nesting beyond which a payload is damage; cameras use three levels."""

ELEMENTS: dict[str, tuple[str, int]] = {
    "b": ("i1", 1),
    "B": ("u1", 1),
    "c": ("u1", 1),
    "d": (">f8", 1),
    "f": (">f4", 1),
    "F": (">u4", 1),
    "G": (">u4", 4),
    "j": (">i8", 1),
    "J": (">u8", 1),
    "l": (">i4", 1),
    "L": (">u4", 1),
    "q": (">i4", 1),
    "Q": (">i8", 1),
    "s": (">i2", 1),
    "S": (">u2", 1),
}
"""Layout of each type of number: numpy's name and how many make one element."""

FIXED_POINT = {"q": 2.0**16, "Q": 2.0**32}
"""Types of fixed point, and the value of their unit."""

DATE_BYTES = 16
"""Bytes of a date and time, type ``U``."""

_KEY = re.compile(rb"[\x20-\x7e]{4}")
_FIELD = re.compile(r"([A-Za-z])(?:\[(\d{1,3})\])?")


class GpmfError(ValueError):
    """A record cannot mean anything; the message is a clause."""


@dataclass(frozen=True, slots=True)
class Record:
    """One key with its value.

    Parameters
    ----------
    key
        Four characters.
    kind
        Type, one character; empty for a record that holds records.
    size, repeat
        Bytes of a sample, and how many there are.
    data
        The value without padding.
    whole
        False where it claims more than there is; `data` is what there is.
    """

    key: str
    kind: str
    size: int
    repeat: int
    data: memoryview
    whole: bool = True


def records(data: memoryview) -> tuple[list[Record], str]:
    r"""Return the records that follow each other, and what ended them ahead of time ('' = nothing).

    >>> found, problem = records(memoryview(b"TSMPL\x04\x00\x01\x00\x00\x00\xc6"))
    >>> found[0].key, found[0].kind, bytes(found[0].data), problem
    ('TSMP', 'L', b'\x00\x00\x00\xc6', '')
    """
    found: list[Record] = []
    position, end = 0, len(data)
    while position + 8 <= end:
        key, kind, size, repeat = struct.unpack_from(">4sBBH", data, position)
        if key == b"\0\0\0\0":
            if any(data[position:]):
                return found, "holds something behind its end"
            return found, ""
        if not _KEY.fullmatch(key):
            return found, "holds a key of unprintable characters"
        begin, length = position + 8, size * repeat
        name = chr(kind) if kind else ""
        whole = begin + length <= end
        text = key.decode("ascii")
        found.append(Record(text, name, size, repeat, data[begin : begin + length], whole))
        if not whole:
            return found, f"breaks off within {text}"
        position = begin + (length + 3 & ~3)
    if position < end and any(data[position:end]):
        return found, "breaks off within a record"
    return found, ""


def fields_of(layout: str) -> str:
    """Return a TYPE with its arrays written out.

    Raises
    ------
    GpmfError
        It names a type that is none.

    Examples
    --------
    >>> fields_of("f[3]L")
    'fffL'
    """
    flat, position = "", 0
    while position < len(layout):
        found = _FIELD.match(layout, position)
        if not found or (found[1] not in ELEMENTS):
            raise GpmfError(f"has a structure {layout!r} that is unknown")
        flat += found[1] * int(found[2] or 1)
        position = found.end()
        if len(flat) > 255:
            raise GpmfError(f"has a structure {layout!r} that is too large")
    return flat


def text_of(record: Record) -> str:
    """Return a record's characters up to the first NUL, with the spaces around them removed."""
    return bytes(record.data).split(b"\0")[0].decode("latin-1").strip()


def texts_of(record: Record) -> tuple[str, ...]:
    """Return one text per sample: the units of each axis."""
    step = record.size
    return tuple(
        bytes(record.data[i * step : (i + 1) * step]).split(b"\0")[0].decode("latin-1").strip()
        for i in range(record.repeat)
    )


def numbers_of(record: Record, *, structure: str = "") -> NDArray[np.float64]:
    """Return a record's numbers as they are stored, before any scale.

    Parameters
    ----------
    record
        The record; four-character codes and identifiers become the number their bytes make.
    structure
        TYPE that stands before it, for a record of type ``?``.

    Returns
    -------
    values
        float64, shape (samples, fields).

    Raises
    ------
    GpmfError
        The type is unknown, or the sizes contradict it.
    """
    if not record.whole:
        raise GpmfError("breaks off")
    if record.kind == "U":
        return _dates(record)
    if record.kind == "?":
        if not structure:
            raise GpmfError("is a structure without its TYPE")
        fields = fields_of(structure)
    elif record.kind in ELEMENTS:
        element = np.dtype(ELEMENTS[record.kind][0]).itemsize * ELEMENTS[record.kind][1]
        if record.size % element or (record.size == 0 and record.repeat):
            raise GpmfError(f"has {record.size} bytes per sample, which type {record.kind} denies")
        fields = record.kind * (record.size // element)
    elif record.kind == "#":
        raise GpmfError("is compressed, which no known camera does")
    else:
        raise GpmfError(f"has the unknown type {record.kind!r}")
    return _unpacked(record, fields)


def _unpacked(record: Record, fields: str) -> NDArray[np.float64]:
    parts = [(f"f{i}", *ELEMENTS[kind]) for i, kind in enumerate(fields)]
    if len(set(fields)) == 1 and fields[0] != "G":
        # One type throughout, which is nearly every sensor: no need for a structure.
        plain = np.dtype(ELEMENTS[fields[0]][0])
        if plain.itemsize * len(fields) != record.size:
            raise GpmfError(f"has {record.size} bytes per sample, which its TYPE denies")
        flat = np.frombuffer(record.data, plain).reshape(record.repeat, len(fields))
        return flat.astype(np.float64) / FIXED_POINT.get(fields[0], 1.0)
    layout = np.dtype([(name, kind) if n == 1 else (name, kind, (n,)) for name, kind, n in parts])
    if layout.itemsize != record.size:
        raise GpmfError(f"has {record.size} bytes per sample, which its TYPE denies")
    table = np.frombuffer(record.data, layout)
    columns = [
        table[name].reshape(record.repeat, n).astype(np.float64) / FIXED_POINT.get(kind, 1.0)
        for (name, _, n), kind in zip(parts, fields, strict=True)
    ]
    if not columns:
        return np.zeros((record.repeat, 0))
    return np.concatenate(columns, axis=1)


def _dates(record: Record) -> NDArray[np.float64]:
    if record.size != DATE_BYTES:
        raise GpmfError(f"has dates of {record.size} bytes")
    stamps = [
        utc_seconds(bytes(record.data[i * DATE_BYTES : (i + 1) * DATE_BYTES]).decode("latin-1"))
        for i in range(record.repeat)
    ]
    return np.array(stamps, np.float64).reshape(-1, 1)


_DATE = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,3})?")


def utc_seconds(text: str) -> float:
    """Return seconds since 1970-01-01 UTC of a GPMF date (yymmddhhmmss.sss, years 20yy).

    Leap seconds are not counted, as in Unix time.

    Raises
    ------
    GpmfError
        It is no date.

    Examples
    --------
    >>> utc_seconds("170417173103.000")
    1492450263.0
    """
    found = _DATE.fullmatch(text.strip("\0 "))
    if not found:
        raise GpmfError(f"has a date {text!r} that is none")
    year, month, day, hour, minute, second = (int(found[i]) for i in range(1, 7))
    try:
        moment = np.datetime64(f"20{year:02d}-{month:02d}-{day:02d}", "s")
    except ValueError as error:
        raise GpmfError(f"has a date {text!r} that is none") from error
    if hour > 23 or minute > 59 or second > 60:
        raise GpmfError(f"has a date {text!r} that is none")
    days_s = int(moment.astype(np.int64))
    return days_s + hour * 3600 + minute * 60 + second + float(found[7] or 0)
