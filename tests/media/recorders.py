"""WAV files as recorders write them. Import from ``tests.media.recorders``."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def bext(
    *,
    description: str = "",
    originator: str = "",
    originator_reference: str = "",
    date: str = "",
    time: str = "",
    reference: int = 0,
) -> bytes:
    """Return a bext chunk of version 1."""
    fixed = (
        description.encode().ljust(256, b"\0")
        + originator.encode().ljust(32, b"\0")
        + originator_reference.encode().ljust(32, b"\0")
        + date.encode().ljust(10, b"\0")
        + time.encode().ljust(8, b"\0")
        + struct.pack("<QH", reference, 1)
    )
    return fixed.ljust(602, b"\0")


def ixml(
    *,
    speed: Mapping[str, str] | None = None,
    tracks: Mapping[int, str] | None = None,
    family: str = "",
    part: str = "",
    **plain: str,
) -> bytes:
    """Return an iXML chunk."""
    text = "".join(f"<{key}>{value}</{key}>" for key, value in plain.items())
    if speed:
        text += "<SPEED>" + "".join(f"<{k}>{v}</{k}>" for k, v in speed.items()) + "</SPEED>"
    if family:
        text += f"<FILE_SET><FAMILY_UID>{family}</FAMILY_UID>"
        text += f"<FILE_SET_INDEX>{part}</FILE_SET_INDEX></FILE_SET>"
    if tracks:
        text += f"<TRACK_LIST><TRACK_COUNT>{len(tracks)}</TRACK_COUNT>"
        for number, name in tracks.items():
            text += f"<TRACK><CHANNEL_INDEX>{number}</CHANNEL_INDEX>"
            text += f"<INTERLEAVE_INDEX>{number}</INTERLEAVE_INDEX><NAME>{name}</NAME></TRACK>"
        text += "</TRACK_LIST>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<BWFXML>{text}</BWFXML>'.encode()


def write_wav(
    path: Path,
    chunks: Mapping[str, bytes],
    *,
    behind: Mapping[str, bytes] | None = None,
    samples: np.ndarray | None = None,
    seconds: float = 1.0,
    channels: int = 1,
    rate_hz: int = 48000,
    form: bytes = b"RIFF",
) -> Path:
    """Write 16-bit PCM with chunks before and behind the sound."""
    if samples is None:
        count = round(seconds * rate_hz)
        # White noise would hide a step across a seam; a hum shows it.
        wave = 3000 * np.sin(2 * np.pi * 220 * np.arange(count) / rate_hz)
        samples = np.tile(wave, (channels, 1)).astype(np.int16)
    data = samples.T.astype("<i2").tobytes()
    channels = samples.shape[0]
    fmt = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    long = form != b"RIFF"
    body = b""
    if long:
        body += _chunk(b"ds64", struct.pack("<QQQI", 0, len(data), samples.shape[1], 0))
    body += _chunk(b"fmt ", fmt)
    for name, content in chunks.items():
        body += _chunk(name.encode(), content)
    body += _chunk(b"data", data, size=0xFFFFFFFF if long else None)
    for name, content in (behind or {}).items():
        body += _chunk(name.encode(), content)
    size = 0xFFFFFFFF if long else len(body) + 4
    path.write_bytes(form + struct.pack("<I", size) + b"WAVE" + body)
    return path


def _chunk(name: bytes, content: bytes, *, size: int | None = None) -> bytes:
    claimed = len(content) if size is None else size
    return name + struct.pack("<I", claimed) + content + b"\0" * (len(content) % 2)
