"""Packets of one sound stream become frames with a place on the stream's grid."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import av.error
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream as AvAudioStream

from clapless.media.grid import GridCounter, IndexBuilder, SoundIndex

if TYPE_CHECKING:
    from av.packet import Packet

    SoundPacket = Packet[AvAudioStream]


class StreamDecoder:
    """Decodes one sound stream from its beginning, tolerant of damage.

    Parameters
    ----------
    stream
        A stream of an open container; nothing of it has been decoded.

    Attributes
    ----------
    bad_packets
        Packets that could not be decoded; they are holes on the grid.
    """

    def __init__(self, stream: AvAudioStream) -> None:
        # Frame threads would delay the output past the packet it belongs to.
        stream.codec_context.thread_count = 1
        self.rate_hz = stream.codec_context.sample_rate or stream.rate
        time_base = stream.time_base or Fraction(1, self.rate_hz)
        self._counter = GridCounter(time_base, self.rate_hz)
        self._builder = IndexBuilder(self.rate_hz)
        self._uniform: Uniform | None = None
        self.bad_packets = 0

    @property
    def position(self) -> int:
        """Grid index behind the last sample that was decoded."""
        return self._counter.position

    @property
    def holes(self) -> int:
        """Holes and overlaps between packets that were met."""
        return self._counter.holes

    def decode(self, packet: SoundPacket) -> Iterator[tuple[int, AudioFrame]]:
        """Yield (grid index of the first sample, frame) of a packet; the last packet is empty."""
        noted = False
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            self.bad_packets += 1
            return
        for frame in frames:
            if self._uniform is None:
                self._uniform = Uniform(frame)
                self.rate_hz = frame.sample_rate
            for even in self._uniform.convert(frame):
                index = self._counter.place(even.pts, even.samples)
                if not noted:
                    self._builder.note(packet.pts, packet.pos, index)
                    noted = True
                yield index, even

    def build_index(self) -> SoundIndex:
        """Return the index of the stream, once all of it was decoded."""
        return self._builder.build(self.position)


class Uniform:
    """Brings frames to the format of the first one: a stream may change format half-way."""

    def __init__(self, first: AudioFrame) -> None:
        self._format = first.format.name
        self._layout = first.layout
        self._channels = first.layout.nb_channels
        self._rate_hz = first.sample_rate
        self._converter: av.AudioResampler | None = None

    def convert(self, frame: AudioFrame) -> list[AudioFrame]:
        """Return the frame itself, or what it becomes in the format of the first one."""
        same = (
            frame.format.name == self._format
            and frame.layout.nb_channels == self._channels
            and frame.sample_rate == self._rate_hz
        )
        if same:
            return [frame]
        if self._converter is None:
            self._converter = av.AudioResampler(
                format=self._format, layout=self._layout, rate=self._rate_hz
            )
        pts = frame.pts
        converted = self._converter.resample(frame)
        for part in converted:
            part.pts = pts
        return converted
