"""Packets of one sound stream become frames with a place on the stream's grid."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer

from clapless.media.grid import GridCounter, grid_limit
from clapless.media.indexing import IndexBuilder, SoundIndex

if TYPE_CHECKING:
    from av.packet import Packet

    SoundPacket = Packet[AvAudioStream]

MANY_CHANNELS = 8
"""From here on PyAV 18 cannot touch the planes of a planar frame (it crashes): such frames are made
packed at once."""


class StreamDecoder:
    """Decodes one sound stream from its beginning, tolerant of damage.

    Parameters
    ----------
    container, stream
        An open container and a stream of it; nothing of it has been decoded.

    Attributes
    ----------
    rate_hz
        Samples per second.
    bad_packets
        Packets that could not be decoded; they are holes on the grid.
    """

    def __init__(self, container: InputContainer, stream: AvAudioStream) -> None:
        # Frame threads would delay the output past the packet it belongs to.
        stream.codec_context.thread_count = 1
        rate_hz = stream.codec_context.sample_rate
        self.rate_hz = rate_hz
        self._counter = new_counter(container, stream)
        self._builder = IndexBuilder(container, stream, rate_hz)
        self._uniform = Uniform(rate_hz)
        self.bad_packets = 0

    @property
    def position(self) -> int:
        """Grid index behind the last sample that was decoded."""
        return self._counter.position

    @property
    def holes(self) -> int:
        """Holes and overlaps between packets that were met."""
        return self._counter.holes

    def decode(self, packet: SoundPacket) -> list[tuple[int, AudioFrame]]:
        """Return (grid index of the first sample, frame) of a packet; the last packet is empty."""
        try:
            frames = [even for f in packet.decode() for even in self._uniform.convert(f)]
        except av.error.FFmpegError:
            self.bad_packets += 1
            return []
        placed: list[tuple[int, AudioFrame]] = []
        for frame in frames:
            index = self._counter.place(frame.pts, frame.samples)
            if index >= self._builder.due and not placed:
                self._builder.note(packet.pts, packet.pos, index, frame.pts)
            placed.append((index, frame))
        return placed

    def build_index(self) -> SoundIndex:
        """Return the index of the stream, once all of it was decoded."""
        return self._builder.build(self.position)


def new_counter(container: InputContainer, stream: AvAudioStream, *, start: int = 0) -> GridCounter:
    """Return the counter of a stream, at sample `start`."""
    rate_hz = stream.codec_context.sample_rate
    time_base = stream.time_base or Fraction(1, rate_hz)
    stated_s = float((stream.duration or 0) * time_base) or (container.duration or 0) / 1e6
    return GridCounter(time_base, rate_hz, start=start, limit=grid_limit(stated_s, rate_hz))


class Uniform:
    """Brings all frames of a stream to one format: a stream may change its format half-way.

    Parameters
    ----------
    rate_hz
        The rate they shall have.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._format = ""
        self._channels = 0
        self._template: AudioFrame | None = None
        self._converters: dict[tuple[str, str, int], av.AudioResampler] = {}

    def convert(self, frame: AudioFrame) -> Sequence[AudioFrame]:
        """Return the frame itself, or what it becomes in the format of the first one.

        Raises
        ------
        av.error.FFmpegError
            There is no way from its format to that of the first one.
        """
        if self._template is None:
            self._channels = frame.layout.nb_channels
            packed = frame.format.is_planar and self._channels >= MANY_CHANNELS
            self._format = frame.format.packed.name if packed else frame.format.name
            self._template = frame
        if (
            frame.format.name == self._format
            and frame.layout.nb_channels == self._channels
            and frame.sample_rate == self._rate_hz
        ):
            return (frame,)
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind not in self._converters:
            self._converters[kind] = av.AudioResampler(
                format=self._format, layout=self._template.layout, rate=self._rate_hz
            )
        pts, time_base = frame.pts, frame.time_base
        frame.pts = None
        converted = self._converters[kind].resample(frame)
        for number, part in enumerate(converted):
            part.pts = pts if number == 0 else None
            part.time_base = time_base
        return converted
