"""The sound index of a stream, from the cheapest source there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import av.error

from clapless.media.containers import keep_only, open_container, packets_of, unreadable
from clapless.media.decoding import StreamDecoder
from clapless.media.indexing import SoundIndex, index_key, known_index, remember_index
from clapless.media.quick_index import quick_index

if TYPE_CHECKING:
    from clapless.media.decoding import SoundPacket


def sound_index(path: Path, stream: int) -> SoundIndex:
    """Return the index of a stream: remembered, else the container's own, else by decoding it all.

    Raises
    ------
    MediaError
        The file cannot be opened.
    """
    try:
        key = index_key(path, stream)
    except OSError as error:
        raise unreadable(path, error) from error
    index = known_index(key)
    if index is None:
        with open_container(path) as container:
            sound = container.streams.audio[stream]
            keep_only(container, [sound])
            index = quick_index(container, sound)
        if index is None:
            index = whole_index(path, stream)
        remember_index(key, index)
    return index


def whole_index(path: Path, stream: int) -> SoundIndex:
    """Return the index of a stream by decoding all of it."""
    with open_container(path) as container:
        sound = container.streams.audio[stream]
        keep_only(container, [sound])
        decoder = StreamDecoder(container, sound)
        packets: Iterator[SoundPacket] = packets_of(container, [sound])
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                break
            if packet is None:
                break
            for _ in decoder.decode(packet):
                pass
        return decoder.build_index()
