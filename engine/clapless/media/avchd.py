"""What AVCHD camcorders write into the picture stream: timecode, local time, maker.

References
----------
The "modified digital video pack metadata" (MDPM) in an unregistered SEI message of H.264, as
described by ExifTool (H264.pm): five bytes per entry, a tag and four bytes in binary-coded
decimals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clapless.media.camera_xml import ltc_label

UUID = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66")
"""Identifier of the message."""

MAKERS = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}
"""Numbers of makers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AvchdNotes:
    """What was found; empty where not.

    Parameters
    ----------
    timecode
        First label, HH:MM:SS:FF.
    recorded_local
        Local date and time, ISO 8601 without zone.
    maker
        Name of the maker.
    """

    timecode: str = ""
    recorded_local: str = ""
    maker: str = ""


def read_avchd_notes(packet: bytes) -> AvchdNotes | None:
    """Return what the first packet of a picture stream says, or None where it says nothing."""
    at = packet.find(UUID + b"MDPM")
    if at < 0:
        return None
    # The stream puts a 3 behind two zeros wherever they could be taken for the start of a unit.
    body = packet[at + len(UUID) + 4 : at + len(UUID) + 4 + 1024].replace(b"\0\0\3", b"\0\0")
    entries: dict[int, bytes] = {}
    for number in range(body[0] if body else 0):
        entry = body[1 + 5 * number : 6 + 5 * number]
        if len(entry) == 5:
            entries[entry[0]] = entry[1:]
    maker = int.from_bytes(entries.get(0xE0, b"\0\0")[:2], "big")
    label = ltc_label(entries[0x13]) if 0x13 in entries else ""
    return AvchdNotes(
        timecode=label if re.fullmatch(r"[\d:;]+", label) else "",
        recorded_local=_local_time(entries.get(0x18, b"") + entries.get(0x19, b"")),
        maker=MAKERS.get(maker, ""),
    )


def _local_time(packed: bytes) -> str:
    if len(packed) < 8:
        return ""
    text = packed.hex()
    if not text[2:].isdigit():
        return ""
    return f"{text[2:6]}-{text[6:8]}-{text[8:10]}T{text[10:12]}:{text[12:14]}:{text[14:16]}"
