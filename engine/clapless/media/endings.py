"""Whether the end of a file is there, by the sizes that the file itself states.

Conventions
-----------
Only what a container states is held against the file's size: MXF, Matroska, AVI, WAV, Wave64 and
CAF. MP4 is judged where its boxes are read; transport streams, Ogg and MP3 state nothing.

References
----------
SMPTE ST 377-1 (MXF: "Partition Pack", "Random Index Pack"); RFC 8794 and RFC 9559 (Matroska's
segment); OpenDML AVI 1.02 (several RIFF lists in one file); Apple's Core Audio Format.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

from clapless.errors import NotMediaError
from clapless.media.riff import read_riff

PARTITION_KEY = bytes.fromhex("060e2b34020501010d01020101")
"""What the keys of all partition packs begin with; the next byte says which kind."""

RANDOM_INDEX_KEY = PARTITION_KEY + b"\x11"
"""What the key of the pack at a file's end begins with."""

RUN_IN_BYTES = 65536
"""Something else may stand before the first partition, but no more than this."""

FOOTER_AT = 24
"""Where a partition pack says at which byte the footer begins: behind two numbers of version, the
size of its grid and two other offsets."""

MISSING_BYTES = 4096
"""Less than this some programs count too much, for a pad or a block."""

MOST_CHUNKS = 10_000
"""Chunks after which the walk ends."""

EBML_ID, SEGMENT_ID = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
"""Matroska's head, and what holds all the rest."""


def is_whole(path: Path, container: str) -> bool:
    """Return False where a file states that it is longer than it is.

    Parameters
    ----------
    path
        The file.
    container
        FFmpeg's name of its format.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    if container == "wav":
        try:
            sound = read_riff(path).chunks.get("data")
        except NotMediaError:
            # FFmpeg takes more for WAV than there are chunks to read in.
            return True
        return sound is None or sound.missing < MISSING_BYTES
    tests = {
        "mxf": _is_closed_mxf,
        "matroska": _is_whole_matroska,
        "avi": _is_whole_avi,
        "w64": _is_whole_w64,
        "caf": _is_whole_caf,
    }
    test = tests.get(container.split(",")[0])
    if test is None:
        return True
    with path.open("rb") as file:
        return test(file, path.stat().st_size)


def _is_closed_mxf(file: BinaryIO, size: int) -> bool:
    head = file.read(RUN_IN_BYTES + 128)
    at = head.find(PARTITION_KEY)
    if at < 0 or len(head) < at + 17:
        return False
    # The length behind the key: one byte, or how many bytes of it follow.
    value = at + 17 + (head[at + 16] & 0x7F if head[at + 16] & 0x80 else 0)
    footer = head[value + FOOTER_AT : value + FOOTER_AT + 8]
    if len(footer) == 8 and 0 < struct.unpack(">Q", footer)[0] < size:
        return True
    # A recorder need not come back to the head to say so: its pack at the end does.
    file.seek(max(0, size - 4))
    length = int.from_bytes(file.read(4), "big")
    if not 20 <= length <= min(size, RUN_IN_BYTES):
        return False
    file.seek(size - length)
    return file.read(len(RANDOM_INDEX_KEY)) == RANDOM_INDEX_KEY


def _is_whole_matroska(file: BinaryIO, size: int) -> bool:
    head = file.read(4096)
    if head[:4] != EBML_ID:
        return True
    length, width = _ebml_size(head[4:])
    at = 4 + width + (length or 0)
    if head[at : at + 4] != SEGMENT_ID:
        return True
    length, width = _ebml_size(head[at + 4 :])
    # What is written while it is sent never learns its size.
    return length is None or at + 4 + width + length <= size + MISSING_BYTES


def _ebml_size(data: bytes) -> tuple[int | None, int]:
    """Return a size, None where it is unknown, and the bytes that it takes."""
    if not data or not data[0]:
        return None, 1
    width = 9 - data[0].bit_length()
    value = int.from_bytes(data[:width], "big") & ~(1 << (7 * width))
    return (None if value == (1 << (7 * width)) - 1 else value), width


def _is_whole_avi(file: BinaryIO, size: int) -> bool:
    position = 0
    for _ in range(MOST_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8 or head[:4] != b"RIFF":
            # Padding may stand behind the last list.
            return True
        claimed = struct.unpack("<I", head[4:])[0]
        position += 8 + claimed + claimed % 2
        # Programs that were stopped leave 0 or the largest number: that says nothing.
        if claimed in (0, 0xFFFFFFFF):
            return True
        if position > size + MISSING_BYTES:
            return False
    return True


def _is_whole_w64(file: BinaryIO, size: int) -> bool:
    head = file.read(24)
    return len(head) < 24 or bool(struct.unpack("<Q", head[16:])[0] <= size + MISSING_BYTES)


def _is_whole_caf(file: BinaryIO, size: int) -> bool:
    position = 8
    for _ in range(MOST_CHUNKS):
        file.seek(position)
        head = file.read(12)
        if len(head) < 12:
            return True
        (claimed,) = struct.unpack(">q", head[4:])
        if claimed < 0:
            # Sound up to the end of the file.
            return True
        position += 12 + claimed
        if position > size + MISSING_BYTES:
            return False
    return True
