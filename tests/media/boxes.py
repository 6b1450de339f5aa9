"""MP4 and MOV files with what FFmpeg does not write. Import from ``tests.media.boxes``."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path


def box(kind: bytes, content: bytes) -> bytes:
    """Return a box."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def append_boxes(path: Path, *boxes: bytes) -> Path:
    """Put boxes behind everything else in the file."""
    path.write_bytes(path.read_bytes() + b"".join(boxes))
    return path


def add_to_movie(path: Path, *boxes: bytes) -> Path:
    """Put boxes at the end of ``moov``, which must be the last box of the file."""
    content = path.read_bytes()
    at = content.rindex(b"moov") - 4
    (size,) = struct.unpack(">I", content[at : at + 4])
    assert at + size == len(content), "moov is not the last box"
    more = b"".join(boxes)
    head = struct.pack(">I", size + len(more))
    path.write_bytes(content[:at] + head + content[at + 4 :] + more)
    return path


def change(path: Path, kind: bytes, edit: Callable[[bytearray, int], None]) -> Path:
    """Edit the file from the first byte behind the first box of a kind, in place."""
    content = bytearray(path.read_bytes())
    edit(content, content.index(kind) + 4)
    path.write_bytes(content)
    return path


def gpmf(key: bytes, text: bytes) -> bytes:
    """Return a GPMF record of characters."""
    padded = text + b"\0" * (-len(text) % 4)
    return key + b"c" + bytes([1]) + struct.pack(">H", len(text)) + padded


def gopro_boxes(*, serial: str, model: str, recording: bytes) -> bytes:
    """Return a ``udta`` box as GoPro writes it."""
    records = gpmf(b"CASN", serial.encode()) + gpmf(b"MINF", model.encode())
    device = b"DEVC\0" + bytes([1]) + struct.pack(">H", len(records)) + records
    return box(
        b"udta",
        box(b"FIRM", b"H22.01.01.10.00")
        + box(b"MUID", recording.ljust(32, b"\0"))
        + box(b"GPMF", device),
    )


SONY_XML = """<?xml version="1.0" encoding="UTF-8"?>
<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.20">
  <LtcChangeTable tcFps="{fps}" halfStep="false">
    <LtcChange frameCount="0" value="{ltc}" status="increment"/>
  </LtcChangeTable>
  <CreationDate value="2026-01-31T12:00:00+01:00"/>
  <VideoFormat><VideoFrame captureFps="{capture}" formatFps="{format}"/></VideoFormat>
  <Device manufacturer="Sony" modelName="ILCE-7SM3" serialNo="{serial}"/>
</NonRealTimeMeta>
"""


def sony_meta(**values: str) -> bytes:
    """Return a ``meta`` box with Sony's XML, as XAVC S has it at the end of the file."""
    text = sony_xml(**values).encode()
    handler = box(b"hdlr", bytes(8) + b"nrtm" + bytes(13))
    return box(b"meta", bytes(4) + handler + box(b"xml ", bytes(4) + text))


def sony_xml(
    *,
    fps: str = "25",
    ltc: str = "08213810",
    capture: str = "25p",
    format: str = "25p",
    serial: str = "1234567",
) -> str:
    """Return Sony's XML."""
    return SONY_XML.format(fps=fps, ltc=ltc, capture=capture, format=format, serial=serial)


def trim(path: Path, *, start_s: float, length_s: float) -> Path:
    """Change the edit lists of a movie that has one edit per track: show a part of it."""
    content = bytearray(path.read_bytes())
    movie = content.index(b"mvhd") + 4
    (movie_scale,) = struct.unpack_from(">I", content, movie + 12)
    at = content.find(b"elst")
    while at >= 0:
        assert struct.unpack_from(">I", content, at + 8) == (1,)
        (scale,) = struct.unpack_from(">I", content, content.index(b"mdhd", at) + 16)
        (media,) = struct.unpack_from(">i", content, at + 16)
        edit = (round(length_s * movie_scale), media + round(start_s * scale))
        struct.pack_into(">Ii", content, at + 12, *edit)
        at = content.find(b"elst", at + 4)
    path.write_bytes(content)
    return path
