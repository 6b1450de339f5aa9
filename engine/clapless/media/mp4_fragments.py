"""The samples of a track that lie in movie fragments, as phones, drones and live encoders write.

Conventions
-----------
Times are ticks of the track's own scale. Only the fragments' headers are read. A fragment that
contradicts itself ends the list: what was whole before it is used.

References
----------
ISO/IEC 14496-12, section 8.8 (trex, moof, tfhd, tfdt, trun).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.errors import DamagedMediaError
from clapless.media.mp4_boxes import Box, BoxFile

MOST_FRAGMENT_BYTES = 16 * 2**20
"""Bytes of one fragment's header; a second of sound and picture needs some hundred."""

MOST_FRAGMENT_SAMPLES = 20_000_000
"""Samples of one track in all fragments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentSamples:
    """Samples of one track, in the order of the file; int64, shape (n,).

    Parameters
    ----------
    offsets, sizes
        Bytes of the file.
    starts, durations
        Decoding time and length, in ticks.
    shifts
        Presentation time minus decoding time, in ticks.
    notes
        What is wrong, as clauses that go behind the file's name.
    """

    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    starts: NDArray[np.int64]
    durations: NDArray[np.int64]
    shifts: NDArray[np.int64]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Defaults:
    duration: int = 0
    size: int = 0


@dataclass(slots=True)
class _Run:
    """Where the next run of samples of a fragment goes."""

    base: int
    position: int
    time: int
    defaults: _Defaults


def fragment_samples(
    file: BoxFile, movie: Box, number: int, *, begin: int = 0, most: int | None = None
) -> FragmentSamples:
    """Return the samples of a track that lie in fragments.

    Parameters
    ----------
    file
        The file.
    movie
        Its ``moov``.
    number
        The track's number (``tkhd``).
    begin
        Decoding time of the first one where no fragment says it: the end of what the tables have.
    most
        End after so many samples, at the end of their fragment.
    """
    defaults = _defaults(file, movie, number)
    tables: list[NDArray[np.int64]] = []
    notes: list[str] = []
    count, time = 0, begin
    for box in file.boxes():
        if box.kind != b"moof":
            continue
        try:
            for table, behind in _fragment(file, box, number, defaults, time):
                tables.append(table)
                count += len(table)
                time = behind
        except (struct.error, DamagedMediaError):
            notes.append("breaks off in one of its fragments")
            break
        if count > MOST_FRAGMENT_SAMPLES:
            raise DamagedMediaError(
                file.path, f"has fragments that cannot be true ({count} samples in one track)"
            )
        if most is not None and count >= most:
            break
    whole = np.concatenate(tables) if tables else np.zeros((0, 5), np.int64)
    offsets, sizes, starts, durations, shifts = whole.T
    return FragmentSamples(
        offsets=offsets,
        sizes=sizes,
        starts=starts,
        durations=durations,
        shifts=shifts,
        notes=tuple(notes),
    )


def _defaults(file: BoxFile, movie: Box, number: int) -> _Defaults:
    extends = file.find(movie, b"mvex")
    if extends is None:
        return _Defaults()
    for box in file.boxes(extends.start, extends.end):
        if box.kind == b"trex" and box.end - box.start >= 24:
            track, _, duration, size = struct.unpack(">4I", file.read(box.start + 4, 16))
            if track == number:
                return _Defaults(duration, size)
    return _Defaults()


def _fragment(
    file: BoxFile, fragment: Box, number: int, defaults: _Defaults, time: int
) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Yield the runs of a track in a fragment, and the time behind each."""
    if not fragment.whole:
        raise DamagedMediaError(file.path, "breaks off in a fragment")
    begin = fragment.start - fragment.header
    # Without a base of its own a track goes on where the track before it ended.
    end_of_last = begin
    for box in file.boxes(fragment.start, fragment.end):
        if box.kind != b"traf":
            continue
        head = file.find(box, b"tfhd")
        if head is None:
            raise DamagedMediaError(file.path, "has a fragment without a header")
        run, track = _header(file.content(head, most=256), begin, end_of_last, defaults, time)
        decode = file.find(box, b"tfdt")
        if decode is not None:
            data = file.content(decode, most=256)
            run.time = struct.unpack_from(">Q" if data[:1] == b"\1" else ">I", data, 4)[0]
        for part in file.boxes(box.start, box.end):
            if part.kind != b"trun":
                continue
            table = _samples(file.content(part, most=MOST_FRAGMENT_BYTES), run, file)
            if track == number:
                yield table, run.time
        end_of_last = run.position


def _header(
    data: bytes, begin: int, end_of_last: int, defaults: _Defaults, time: int
) -> tuple[_Run, int]:
    """Read a ``tfhd``: where the data of a track begins, and its defaults."""
    flags, track = struct.unpack_from(">II", data)
    flags &= 0xFFFFFF
    at = 8
    base = begin if flags & 0x20000 else end_of_last
    if flags & 0x1:
        base = struct.unpack_from(">Q", data, at)[0]
        at += 8
    if flags & 0x2:
        at += 4
    duration, size = defaults.duration, defaults.size
    if flags & 0x8:
        duration = struct.unpack_from(">I", data, at)[0]
        at += 4
    if flags & 0x10:
        size = struct.unpack_from(">I", data, at)[0]
    return _Run(base, base, time, _Defaults(duration, size)), track


def _samples(data: bytes, run: _Run, file: BoxFile) -> NDArray[np.int64]:
    """Read a ``trun``: rows (offset, size, start, duration, shift); `run` goes on behind it."""
    flags, count = struct.unpack_from(">II", data)
    version, flags = flags >> 24, flags & 0xFFFFFF
    at = 8
    if flags & 0x1:
        run.position = run.base + struct.unpack_from(">i", data, at)[0]
        at += 4
    if flags & 0x4:
        at += 4
    columns = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if columns:
        if len(data) - at < 4 * len(columns) * count:
            raise DamagedMediaError(file.path, "has a fragment with fewer samples than it says")
        rows = np.frombuffer(data, ">u4", len(columns) * count, at).reshape(count, len(columns))
    elif count > MOST_FRAGMENT_SAMPLES:
        raise DamagedMediaError(file.path, f"has a fragment of {count} samples")
    else:
        rows = np.zeros((count, 0), ">u4")

    def column(bit: int, default: int) -> NDArray[np.int64]:
        if flags & bit:
            return rows[:, columns.index(bit)].astype(np.int64)
        return np.full(count, default, np.int64)

    durations = column(0x100, run.defaults.duration)
    sizes = column(0x200, run.defaults.size)
    shifts = column(0x800, 0)
    if version:
        shifts = shifts.astype(np.uint32).view(np.int32).astype(np.int64)
    ends = np.cumsum(sizes)
    times = np.cumsum(durations)
    table = np.stack(
        [run.position + ends - sizes, sizes, run.time + times - durations, durations, shifts],
        axis=1,
    )
    if count:
        run.position += int(ends[-1])
        run.time += int(times[-1])
    return table
