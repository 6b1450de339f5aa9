"""Which stream of a file holds moving pictures."""

from __future__ import annotations

import av
import av.stream
from av.container import InputContainer
from av.video.stream import VideoStream

STILL_CODECS = frozenset({"png", "bmp", "gif", "webp", "tiff"})
"""Codecs of covers and thumbnails; a recording has none of them as its only picture."""


def moving_pictures(container: InputContainer) -> VideoStream | None:
    """Return the first stream of moving pictures: no cover, no thumbnail."""
    for stream in container.streams.video:
        if stream.disposition & av.stream.Disposition.attached_pic:
            continue
        codec = stream.codec_context.name if stream.codec_context is not None else ""
        if codec in STILL_CODECS or (codec == "mjpeg" and stream.frames == 1):
            continue
        return stream
    return None
