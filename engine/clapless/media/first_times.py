"""When each stream of a file is first presented, in the file's own time.

Conventions
-----------
A file's own time is FFmpeg's, after edit lists. Pictures: the earliest of the first packets that
are presented. Sound: the first sample that decoding gives, which is behind the encoder's delay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av.error
from av.audio.frame import AudioFrame
from av.container import InputContainer

from clapless.media.containers import keep_only, packets_of, time_of

if TYPE_CHECKING:
    from av.audio.stream import AudioStream as AvAudioStream
    from av.packet import Packet
    from av.stream import Stream

FIRST_PACKETS = 24
"""Packets in which the first presented frame of a stream must be found: more than any encoder
reorders."""

LOOK_BYTES = 48 * 2**20
"""Bytes of packets to go through before the streams that have not begun are looked for alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTimes:
    """What the beginning of a file shows.

    Parameters
    ----------
    picture_s
        Presentation of the first frame, None without one.
    picture_head
        The first packet of the picture stream.
    sound_s
        Presentation of the first sample of each sound stream, None where nothing decodes.
    """

    picture_s: Fraction | None
    picture_head: bytes
    sound_s: tuple[Fraction | None, ...]


def first_times(
    container: InputContainer, picture: Stream | None, sounds: Sequence[AvAudioStream]
) -> FirstTimes:
    """Look at the beginning of a file, just opened.

    Parameters
    ----------
    container
        The file; it is left at an unknown place.
    picture
        The picture stream, if any.
    sounds
        The sound streams that can be decoded.
    """
    look = _Look(picture)
    found: dict[int, Fraction] = {}
    wanted: list[Stream] = [*sounds] if picture is None else [picture, *sounds]
    _pass(container, wanted, look, found)
    for sound in sounds:
        if sound.index not in found:
            # It begins late, or its packets lie apart from the others.
            try:
                container.seek(container.start_time or 0)
            except av.error.FFmpegError:
                continue
            _pass(container, [sound], _Look(None), found)
    return FirstTimes(
        picture_s=look.first_s,
        picture_head=look.head,
        sound_s=tuple(found.get(sound.index) for sound in sounds),
    )


class _Look:
    """What was seen of the picture stream."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream
        self.head = b""
        self.done = stream is None
        self._earliest: int | None = None
        self._seen = 0

    @property
    def first_s(self) -> Fraction | None:
        if self._earliest is None or self.stream is None:
            return None
        return time_of(self._earliest, self.stream.time_base)

    def take(self, packet: Packet[Any]) -> None:
        if not self.head and packet.size:
            self.head = bytes(packet)[: 2**16]
        if packet.pts is None or packet.is_discard:
            return
        earliest = self._earliest
        self._earliest = packet.pts if earliest is None else min(earliest, packet.pts)
        self._seen += 1
        self.done = self._seen >= FIRST_PACKETS


def _pass(
    container: InputContainer, streams: Sequence[Stream], look: _Look, found: dict[int, Fraction]
) -> None:
    keep_only(container, streams)
    waiting = {stream.index for stream in streams if stream is not look.stream}
    alone = len(streams) == 1
    total = 0
    try:
        for packet in packets_of(container, streams):
            total += packet.size
            if look.stream is not None and packet.stream_index == look.stream.index:
                if not look.done:
                    look.take(packet)
            elif packet.stream_index in waiting:
                start_s = _first_sample_s(packet)
                if start_s is not None:
                    found[packet.stream_index] = start_s
                    waiting.discard(packet.stream_index)
            if look.done and (not waiting or (total > LOOK_BYTES and not alone)):
                return
    except av.error.FFmpegError:
        # The file breaks off here; what was seen so far counts.
        return


def _first_sample_s(packet: Packet[Any]) -> Fraction | None:
    try:
        frames = packet.decode()
    except av.error.FFmpegError:
        return None
    for frame in frames:
        if isinstance(frame, AudioFrame) and frame.samples:
            return time_of(frame.pts or 0, frame.time_base)
    return None
