"""The chunks of a WAV file and its longer relatives: RIFF, RF64 and BW64.

Conventions
-----------
Only headers are read, and chunks that are asked for. A file may break off anywhere: what came
before stands, and `RiffFile.whole` says that something is missing.

References
----------
EBU Tech 3306 (RF64: sizes of 0xFFFFFFFF are in the ``ds64`` chunk); ITU-R BS.2088 (BW64).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clapless.errors import NotMediaError

MOST_CHUNKS = 10_000
"""Chunks after which the walk ends."""

MOST_CHUNK_BYTES = 16 * 2**20
"""Bytes of one chunk of text; iXML of a long take is some 20 KB."""

UNKNOWN_SIZE = 0xFFFFFFFF
"""Size of a chunk whose true size is in ``ds64``, or that was never closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One chunk.

    Parameters
    ----------
    start
        Where its content begins, in bytes of the file.
    size
        Bytes it has; no more than the file holds.
    missing
        Bytes that it claims beyond what the file holds.
    """

    start: int
    size: int
    missing: int = 0

    @property
    def whole(self) -> bool:
        """Whether all of it is there."""
        return self.missing == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RiffFile:
    """The chunks of a file.

    Parameters
    ----------
    path
        The file.
    form
        ``RIFF``, ``RF64`` or ``BW64``.
    chunks
        First chunk of each name, in the order of the file.
    """

    path: Path
    form: str
    chunks: Mapping[str, Chunk]

    @property
    def whole(self) -> bool:
        """Whether every chunk is all there."""
        return all(chunk.whole for chunk in self.chunks.values())

    def content(self, name: str) -> bytes:
        """Return what a chunk holds; empty where there is none.

        Raises
        ------
        OSError
            The file cannot be read any more.
        """
        chunk = self.chunks.get(name)
        if chunk is None:
            return b""
        with self.path.open("rb") as file:
            file.seek(chunk.start)
            return file.read(min(chunk.size, MOST_CHUNK_BYTES))


def read_riff(path: Path) -> RiffFile:
    """Return the chunks of a WAV file.

    Raises
    ------
    NotMediaError
        It is no such file.
    OSError
        It cannot be read.
    """
    size = path.stat().st_size
    chunks: dict[str, Chunk] = {}
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:12] != b"WAVE":
            raise NotMediaError(path, "is no WAV file")
        long_sizes: dict[str, int] = {}
        position = 12
        for _ in range(MOST_CHUNKS):
            file.seek(position)
            header = file.read(8)
            if len(header) < 8:
                break
            name = header[:4].decode("latin-1")
            claimed = struct.unpack("<I", header[4:])[0]
            if name == "ds64":
                long_sizes = _long_sizes(file.read(min(claimed, MOST_CHUNK_BYTES)))
            if claimed == UNKNOWN_SIZE or (name in long_sizes and head[:4] != b"RIFF"):
                claimed = long_sizes.get(name, size - position - 8)
            there = max(0, min(claimed, size - position - 8))
            chunk = Chunk(start=position + 8, size=there, missing=claimed - there)
            chunks.setdefault(name, chunk)
            position += 8 + claimed + claimed % 2
    return RiffFile(path=path, form=head[:4].decode("ascii"), chunks=chunks)


def _long_sizes(data: bytes) -> dict[str, int]:
    if len(data) < 28:
        return {}
    sizes = {"data": struct.unpack("<Q", data[8:16])[0]}
    (count,) = struct.unpack("<I", data[24:28])
    for number in range(min(count, MOST_CHUNKS)):
        entry = data[28 + 12 * number : 40 + 12 * number]
        if len(entry) == 12:
            sizes[entry[:4].decode("latin-1")] = struct.unpack("<Q", entry[4:])[0]
    return sizes
