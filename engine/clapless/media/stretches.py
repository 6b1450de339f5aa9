"""Any stretch of one file's sound, decoded again, sample for sample where a whole read puts it.

Conventions
-----------
Seeking lands wherever the container pleases and lossy decoders need a run-up. So the reader knows
packets by their byte position and timestamp (`SoundIndex`): it seeks to one that lies before the
stretch, lets the decoder warm up on it, and starts to count at another known one.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from numpy.typing import NDArray

from clapless.media.containers import keep_only, open_container
from clapless.media.decoding import StreamDecoder, Uniform
from clapless.media.grid import (
    GridCounter,
    SoundIndex,
    index_key,
    known_index,
    remember_index,
)

if TYPE_CHECKING:
    from clapless.media.decoding import SoundPacket

WARM_UP_S = 0.5
"""Run-up for decoders with memory. MP3 and AAC need two or three frames; Opus and its relatives
forget by degrees, and after half a second the difference is below 16 bits."""

GOES_ON_S = 2.0
"""Reading on is cheaper than seeking when the next stretch begins within this."""

TAIL_S = 1.0
"""What stays of the last stretch, for one that begins a little before its end."""


class StretchReader:
    """Decodes stretches of one sound stream of one file; the file stays open.

    Parameters
    ----------
    path
        The file.
    stream
        Position among its sound streams.
    channel
        Which channel; None is the mean of all.

    Raises
    ------
    MediaError
        The file cannot be opened.
    """

    def __init__(self, path: Path, *, stream: int, channel: int | None) -> None:
        self._path = path
        self._channel = channel
        self._number = stream
        self._index = sound_index(path, stream)
        self._container: InputContainer | None = open_container(path)
        self._stream = self._container.streams.audio[stream]
        self._stream.codec_context.thread_count = 1
        keep_only(self._container, [self._stream])
        self._rate_hz = self._stream.codec_context.sample_rate
        self._run: Iterator[tuple[int, AudioFrame]] | None = None
        self._have_first = 0
        self._have: NDArray[np.float32] = np.zeros(0, np.float32)

    @property
    def length(self) -> int:
        """Samples in the stream."""
        return self._index.length

    def read(self, first: int, count: int) -> NDArray[np.float32]:
        """Return samples [first, first + count) at the file's own rate, shape (count,).

        What lies outside the stream or cannot be decoded is zero.
        """
        out = np.zeros(count, np.float32)
        begin, end = max(first, 0), min(first + count, self._index.length)
        if begin >= end:
            return out
        if not self._can_go_on(begin):
            self._seek(begin)
        self._drop_before(begin)
        while self._have_first + len(self._have) < end and self._take_more():
            pass
        have_end = min(end, self._have_first + len(self._have))
        if have_end > begin:
            out[begin - first : have_end - first] = self._have[
                begin - self._have_first : have_end - self._have_first
            ]
        self._drop_before(end - int(TAIL_S * self._rate_hz))
        return out

    def close(self) -> None:
        """Close the file."""
        self._run = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _can_go_on(self, begin: int) -> bool:
        if self._run is None:
            return begin >= self._have_first and begin < self._have_first + len(self._have)
        ahead = begin - (self._have_first + len(self._have))
        return begin >= self._have_first and ahead <= GOES_ON_S * self._rate_hz

    def _drop_before(self, index: int) -> None:
        useless = min(index - self._have_first, len(self._have))
        if useless > 0:
            self._have = self._have[useless:]
            self._have_first += useless

    def _take_more(self) -> bool:
        """Decode about a second more; False at the end of the stream."""
        if self._run is None:
            return False
        pieces = [self._have]
        end = self._have_first + len(self._have)
        goal = end + self._rate_hz
        for index, frame in self._run:
            samples = to_channel(frame, self._channel)
            if index > end:
                pieces.append(np.zeros(index - end, np.float32))
                end = index
            new = samples[end - index :]
            pieces.append(new)
            end += len(new)
            if end >= goal:
                self._have = np.concatenate(pieces)
                return True
        self._run = None
        self._have = np.concatenate(pieces)
        return True

    def _seek(self, begin: int) -> None:
        index = self._index
        start = int(np.searchsorted(index.sample, begin, "right")) - 1
        warm = begin - int(WARM_UP_S * self._rate_hz)
        warm_entry = int(np.searchsorted(index.sample, warm, "right")) - 1
        if start > 0 and warm_entry >= 0:
            back = warm_entry
            while back > 0:
                if self._run_from(back, start):
                    return
                back = max(0, min(back - 1, back * 2 - start))
        self._run_from_beginning()

    def _run_from(self, warm_entry: int, start: int) -> bool:
        """Seek so that packet `warm_entry` is met, and count from packet `start`; False if not."""
        index = self._index
        assert self._container is not None
        target = int(index.pts[warm_entry])
        try:
            self._container.seek(target, stream=self._stream, backward=True, any_frame=False)
            packets = self._container.demux(self._stream)
            for packet in packets:
                if packet.pts is None and packet.size == 0:
                    return False
                order = _order(packet, index, warm_entry)
                if order > 0:
                    return False
                if order == 0:
                    break
            else:
                return False
        except av.error.FFmpegError:
            return False
        first = int(index.sample[start])
        self._run = self._frames_from(packet, packets, start)
        self._have_first, self._have = first, np.zeros(0, np.float32)
        return True

    def _frames_from(
        self, packet: SoundPacket, packets: Iterator[SoundPacket], start: int
    ) -> Iterator[tuple[int, AudioFrame]]:
        index = self._index
        counter: GridCounter | None = None
        uniform: Uniform | None = None
        following: SoundPacket | None = packet
        while following is not None:
            packet = following
            if counter is None and _order(packet, index, start) >= 0:
                counter = GridCounter(self._stream.time_base or Fraction(1, 1), self._rate_hz)
                counter.position = int(index.sample[start])
            frames: list[AudioFrame] = []
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                # A decoder that is thrown in half-way may object; whole reads count the damage.
                frames = []
            if counter is not None:
                for frame in frames:
                    if uniform is None:
                        uniform = Uniform(frame)
                    for even in uniform.convert(frame):
                        yield counter.place(even.pts, even.samples), even
            try:
                following = next(packets, None)
            except av.error.FFmpegError:
                return

    def _run_from_beginning(self) -> None:
        self._container, old = open_container(self._path), self._container
        if old is not None:
            old.close()
        self._stream = self._container.streams.audio[self._number]
        keep_only(self._container, [self._stream])
        decoder = StreamDecoder(self._stream)
        self._run = _decoded(self._container, self._stream, decoder)
        self._have_first, self._have = 0, np.zeros(0, np.float32)


def _order(packet: SoundPacket, index: SoundIndex, entry: int) -> int:
    """Return -1, 0 or 1: the packet lies before the entry, is it, or lies behind it."""
    pos = int(index.pos[entry])
    if packet.pos is not None and packet.pos >= 0 and pos >= 0 and packet.pos != pos:
        return -1 if packet.pos < pos else 1
    pts = int(index.pts[entry])
    if packet.pts is None or packet.pts == pts:
        return 0
    if pos >= 0 and packet.pos == pos:
        return -1 if packet.pts < pts else 1
    return -1 if packet.pts < pts else 1


def _decoded(
    container: InputContainer, stream: av.AudioStream, decoder: StreamDecoder
) -> Iterator[tuple[int, AudioFrame]]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            return
        if packet is None:
            return
        yield from decoder.decode(packet)


def sound_index(path: Path, stream: int) -> SoundIndex:
    """Return the index of a stream: a remembered one, else by one whole decoding.

    Raises
    ------
    MediaError
        The file cannot be opened.
    """
    key = index_key(path, stream)
    index = known_index(key)
    if index is not None:
        return index
    with open_container(path) as container:
        sound = container.streams.audio[stream]
        keep_only(container, [sound])
        decoder = StreamDecoder(sound)
        for _ in _decoded(container, sound, decoder):
            pass
        index = decoder.build_index()
    remember_index(key, index)
    return index


def to_channel(frame: AudioFrame, channel: int | None) -> NDArray[np.float32]:
    """Return one channel of a frame, or the mean of all, as float32 with full scale 1.0."""
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if channel is not None:
        values = values[channel : channel + 1]
    if values.dtype == np.uint8:
        scaled = (values.astype(np.float32) - 128.0) / 128.0
    elif values.dtype.kind == "i":
        scaled = values.astype(np.float32) / np.float32(2 ** (8 * values.dtype.itemsize - 1))
    else:
        scaled = values.astype(np.float32, copy=False)
    mixed: NDArray[np.float32] = scaled[0] if len(scaled) == 1 else scaled.mean(axis=0)
    return mixed
