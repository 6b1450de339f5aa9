"""Whether an MXF file was closed: only then it has the index by which it can be sought in.

References
----------
SMPTE ST 377-1: "Partition Pack" (offset of the footer partition) and "Random Index Pack".
"""

from __future__ import annotations

import struct
from pathlib import Path

PARTITION_KEY = bytes.fromhex("060e2b34020501010d01020101")
"""What the keys of all partition packs begin with; the next byte says which kind."""

RANDOM_INDEX_KEY = PARTITION_KEY + b"\x11"
"""What the key of the pack at a file's end begins with."""

RUN_IN_BYTES = 65536
"""Something else may stand before the first partition, but no more than this."""

FOOTER_AT = 24
"""Where a partition pack says at which byte the footer begins: behind two numbers of version, the
size of its grid and two other offsets."""


def is_closed(path: Path) -> bool:
    """Return whether the end of an MXF file is there.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
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
