"""One GPMF payload: what each stream of each device delivered in it.

Conventions
-----------
Keys in a stream describe what follows them; the last key that describes nothing is the data. Data
that comes as one record of n samples are n samples; data that comes as several records of one key
(faces, scenes) are one sample each, padded with NaN to the widest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clapless.media.gpmf.axes import NAMES, ORIENTED, camera_matrix
from clapless.media.gpmf.klv import (
    DEEPEST,
    GpmfError,
    Record,
    fields_of,
    numbers_of,
    records,
    text_of,
    texts_of,
)

DESCRIBING = frozenset(
    (
        "STNM",
        "RMRK",
        "SCAL",
        "SIUN",
        "UNIT",
        "TYPE",
        "TSMP",
        "TICK",
        "TOCK",
        "STMP",
        "STPS",
        "EMPT",
        "TIMO",
        "TMPC",
        "MTRX",
        "ORIN",
        "ORIO",
        "GPSF",
        "GPSU",
        "GPSP",
        "GPSA",
        "QUAN",
        "VERS",
        "DVID",
        "DVNM",
        "PFRM",
    )
)
"""Keys that describe data and are none themselves."""

STATED = ("GPSF", "GPSP", "GPSU", "GPSA", "TMPC", "TIMO", "EMPT")
"""Describing numbers that are kept once per payload."""

MOST_STREAMS = 4096
"""Streams of one payload; a camera with a drone has 40."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one stream delivered in one payload.

    Parameters
    ----------
    device_id, device
        DVID and DVNM.
    key
        Key of the data.
    values
        Scaled and turned to camera axes, float64, shape (n, axes).
    texts
        One per sample where the data is text, else empty.
    name, units, axes
        STNM, unit and name of each axis.
    meaning
        What the values depend on; equal for all payloads of an undamaged stream.
    total
        TSMP, samples delivered since the recording began, this payload's among them.
    stamp_s, tick_s
        STMP and TICK in seconds; NaN where absent.
    stated
        Numbers said once per payload (`STATED`).
    """

    device_id: int
    device: str
    key: str
    values: NDArray[np.float64]
    texts: tuple[str, ...] = ()
    name: str = ""
    units: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    meaning: tuple[object, ...] = ()
    total: int | None = None
    stamp_s: float = np.nan
    tick_s: float = np.nan
    stated: tuple[tuple[str, float], ...] = ()

    @property
    def count(self) -> int:
        """Samples delivered."""
        return len(self.texts) or self.values.shape[0]


@dataclass(slots=True)
class _Stated:
    """What the describing keys before the data said."""

    name: str = ""
    units: tuple[str, ...] = ()
    structure: str = ""
    scale: tuple[float, ...] = ()
    order_in: str = ""
    order_out: str = ""
    mixed: tuple[float, ...] = ()
    total: int | None = None
    stamp_s: float = np.nan
    tick_s: float = np.nan
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Payload:
    """What was found in one payload: deliveries, and what is wrong as clauses."""

    deliveries: list[Delivery] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_payload(data: bytes, *, keys: Collection[str] | None = None) -> Payload:
    """Return what each stream delivered in one payload.

    Parameters
    ----------
    data
        One sample of a gpmd track; several devices may follow each other.
    keys
        Streams to decode; all where None.
    """
    payload = Payload()
    top, problem = records(memoryview(data))
    if problem:
        payload.problems.append(problem)
    for device in top:
        if device.key == "DEVC" and not device.kind:
            _read_device(device, payload, keys)
        else:
            payload.problems.append(f"holds {device.key} outside any device")
    return payload


def _read_device(device: Record, payload: Payload, keys: Collection[str] | None) -> None:
    parts, problem = records(device.data)
    if problem and device.whole:
        payload.problems.append(f"{problem} in a device")
    number, name = 0, ""
    for part in parts:
        if part.key == "DVID" and part.whole and len(part.data) >= 4:
            number = int.from_bytes(part.data[:4], "big")
        elif part.key == "DVNM":
            name = text_of(part)
        elif part.key == "STRM" and not part.kind:
            if len(payload.deliveries) >= MOST_STREAMS:
                payload.problems.append("holds more streams than any device has")
                return
            _read_stream(part, number, name, payload, keys)


def _read_stream(
    stream: Record, number: int, device: str, payload: Payload, keys: Collection[str] | None
) -> None:
    parts, problem = records(stream.data)
    data = [part for part in parts if part.key not in DESCRIBING]
    if not data:
        if problem:
            payload.problems.append(f"{problem} in a stream")
        return
    key = data[-1].key
    if keys is not None and key not in keys:
        return
    if problem:
        # The rest of the stream is lost, and with it the count: nothing of it can be placed.
        payload.problems.append(f"{problem} in stream {key}")
        return
    try:
        stated = _describe(parts)
        payload.deliveries.append(_deliver(key, parts, stated, number, device))
    except GpmfError as error:
        payload.problems.append(f"stream {key} {error}")


def _describe(parts: list[Record]) -> _Stated:
    said = _Stated()
    for part in parts:
        if part.key == "STNM":
            said.name = text_of(part)
        elif part.key in ("SIUN", "UNIT"):
            said.units = texts_of(part)
        elif part.key == "TYPE":
            said.structure = text_of(part)
        elif part.key == "SCAL":
            said.scale = tuple(numbers_of(part).reshape(-1).tolist())
        elif part.key == "ORIN":
            said.order_in = text_of(part)
        elif part.key == "ORIO":
            said.order_out = text_of(part)
        elif part.key == "MTRX":
            said.mixed = tuple(numbers_of(part).reshape(-1).tolist())
        elif part.key in ("TSMP", "STMP", "TICK", *STATED):
            _describe_number(part, said)
    return said


def _describe_number(part: Record, said: _Stated) -> None:
    values = numbers_of(part).reshape(-1)
    if values.size == 0:
        return
    value = float(values[0])
    if part.key == "TSMP":
        said.total = int(value)
    elif part.key == "STMP":
        said.stamp_s = value * 1e-6
    elif part.key == "TICK":
        said.tick_s = value * 1e-3
    else:
        said.numbers[part.key] = value


def _deliver(key: str, parts: list[Record], said: _Stated, number: int, device: str) -> Delivery:
    samples = list(_samples(key, parts, 0))
    texts: tuple[str, ...] = ()
    total = said.total
    if samples and all(part.kind == "c" for part in samples):
        texts = tuple(text_of(part) for part in samples)
        values = np.zeros((len(texts), 0))
        if samples[0].size == 1 and total is not None:
            # Of one text TSMP counts the characters.
            letters = sum(part.repeat for part in samples)
            total = total * len(texts) // letters if letters and total % letters == 0 else None
    else:
        values = _numbers(samples, said)
    axes: tuple[str, ...] = ()
    turn = None
    if key in ORIENTED and values.shape[1] == 3:
        turn = camera_matrix(device, said.order_in, said.order_out, said.mixed)
        if turn is not None:
            values = values @ turn.T
            axes = NAMES
    turned = () if turn is None else tuple(turn.reshape(-1).tolist())
    units = said.units
    if len(units) == 1 and values.shape[1] > 1:
        units = units * values.shape[1]
    kinds = "".join(sorted({part.kind for part in samples}))
    meaning: tuple[object, ...] = (kinds, said.structure, said.scale, said.units, turned)
    if len(samples) == 1:
        meaning = (*meaning, values.shape[1])
    return Delivery(
        device_id=number,
        device=device,
        key=key,
        values=values,
        texts=texts,
        name=said.name,
        units=units,
        axes=axes,
        meaning=meaning,
        total=total,
        stamp_s=said.stamp_s,
        tick_s=said.tick_s,
        stated=tuple(said.numbers.items()),
    )


def _samples(key: str, parts: list[Record], depth: int) -> Iterator[Record]:
    """Yield the records of the data, out of what they are nested in."""
    if depth > DEEPEST:
        raise GpmfError("is nested too deep")
    for part in parts:
        if part.key != key:
            continue
        if part.kind:
            yield part
        else:
            inner, problem = records(part.data)
            if problem:
                raise GpmfError(problem)
            yield from _samples(key, inner, depth + 1)


def _numbers(samples: list[Record], said: _Stated) -> NDArray[np.float64]:
    scale = _scale(said)
    tables = [_scaled(numbers_of(part, structure=said.structure), scale) for part in samples]
    if len(tables) == 1:
        return tables[0]
    rows = [table.reshape(-1) for table in tables]
    values = np.full((len(rows), max((row.size for row in rows), default=0)), np.nan)
    for index, row in enumerate(rows):
        values[index, : row.size] = row
    return values


def _scale(said: _Stated) -> NDArray[np.float64]:
    scale = np.array(said.scale or (1.0,))
    if not np.isfinite(scale).all() or (scale == 0).any():
        raise GpmfError("has a scale of zero")
    if said.structure and 1 < scale.size < len(fields_of(said.structure)):
        # One scale per letter of the TYPE, where a letter may stand for an array.
        widths = [len(fields_of(part)) for part in _letters(said.structure)]
        if len(widths) == scale.size:
            scale = np.repeat(scale, widths)
    return scale


def _letters(structure: str) -> list[str]:
    parts: list[str] = []
    for character in structure:
        inside = bool(parts) and "[" in parts[-1] and not parts[-1].endswith("]")
        if inside or character == "[":
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _scaled(values: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    if scale.size not in (1, values.shape[1]) and values.size:
        raise GpmfError(f"has {scale.size} scales for {values.shape[1]} axes")
    return values / scale if values.size else values
