"""Walking the boxes of an MP4 or MOV file, without trust in what they say.

Conventions
-----------
A box begins with its length (32 bits, 1 for a 64-bit length behind the name, 0 for "to the end")
and four characters. Positions are bytes from the beginning of the file. Nothing is read but headers
and what is asked for, and a box that claims to reach beyond its parent ends the walk there.

References
----------
ISO/IEC 14496-12, section 4.2; QuickTime File Format, "Atoms".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from clapless.errors import DamagedMediaError

MOST_BOXES = 100_000
"""Boxes within one parent after which the walk ends: a fragmented file of a day has 90,000."""


@dataclass(frozen=True, slots=True)
class Box:
    """One box.

    Parameters
    ----------
    kind
        Its four characters.
    start, end
        Where its content begins and ends, in bytes of the file.
    whole
        False where it claims more than its parent or the file has.
    header
        Bytes of its header, before `start`.
    """

    kind: bytes
    start: int
    end: int
    whole: bool = True
    header: int = 8


class BoxFile:
    """An MP4 or MOV file open for reading boxes.

    Parameters
    ----------
    file
        Open file, unbuffered or not.
    path
        Its name, for sentences.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self.path = path
        self.size = file.seek(0, 2)
        self.bytes_read = 0

    def read(self, position: int, count: int) -> bytes:
        """Return up to `count` bytes from a position; fewer only at the end of the file."""
        self._file.seek(position)
        parts: list[bytes] = []
        while count > 0:
            part = self._file.read(count)
            if not part:
                break
            parts.append(part)
            count -= len(part)
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self.bytes_read += len(data)
        return data

    def boxes(self, start: int = 0, end: int | None = None) -> Iterator[Box]:
        """Yield the boxes that follow each other between two positions."""
        stop = self.size if end is None else min(end, self.size)
        position = start
        for _ in range(MOST_BOXES):
            if position + 8 > stop:
                return
            head = self.read(position, 16)
            length, kind = struct.unpack(">I4s", head[:8])
            header = 8
            if length == 1:
                if len(head) < 16:
                    return
                length = struct.unpack(">Q", head[8:16])[0]
                header = 16
            elif length == 0:
                length = stop - position
            if length < header:
                # QuickTime ends a list of boxes with 32 zero bits; anything else is damage.
                return
            whole = position + length <= stop
            yield Box(kind, position + header, min(position + length, stop), whole, header)
            position += length

    def find(self, parent: Box, *kinds: bytes) -> Box | None:
        """Return the first box down a path of kinds, or None."""
        for box in self.boxes(parent.start, parent.end):
            if box.kind == kinds[0]:
                if len(kinds) == 1:
                    return box
                deeper = self.find(box, *kinds[1:])
                if deeper is not None:
                    return deeper
        return None

    def content(self, box: Box, *, most: int) -> bytes:
        """Return what a box holds.

        Raises
        ------
        DamagedMediaError
            It is cut off, or larger than `most` bytes, which is more than it can mean.
        """
        count = box.end - box.start
        name = box.kind.decode("ascii", "replace")
        if not box.whole:
            raise DamagedMediaError(self.path, f"breaks off in its index (box {name!r})")
        if count > most:
            raise DamagedMediaError(self.path, f"has an index that cannot be true (box {name!r})")
        return self.read(box.start, count)
