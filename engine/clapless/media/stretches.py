"""Any stretch of one file's sound, decoded again, sample for sample where a whole read puts it.

Conventions
-----------
Seeking lands wherever the container pleases and lossy decoders need a run-up. So the reader seeks
to a packet it knows (`SoundIndex`) that lies before the stretch, lets the decoder warm up, and
starts to count at another known one.

The values are those of a whole read too, with one exception: codecs that put noise of their own in
place of noise (AAC's noise substitution, the like in Opus and AC-3) draw other noise after seeking.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import chain, dropwhile
from math import ceil
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from clapless.media.containers import keep_only, open_container, packets_of
from clapless.media.decoding import StreamDecoder, Uniform, new_counter
from clapless.media.indexing import TIMED_FORMATS
from clapless.media.limits import open_files
from clapless.media.samples import to_channel
from clapless.media.whole_index import sound_index

if TYPE_CHECKING:
    from av.container import InputContainer

    from clapless.media.decoding import SoundPacket

WARM_UP_S = 0.5
"""Run-up for decoders with memory: Opus forgets by degrees, and after half a second the rest is
below 16 bits."""

SHORT_WARM_UP_S = {"aac": 0.1, "mp3": 0.2, "mp3float": 0.2}
"""Run-up of codecs that need two or three frames (of 21 to 26 ms, of 72 ms where MP3 borrows bits
from earlier frames at low rates)."""

PLAIN_CODECS = ("pcm_", "flac")
"""What begins at any packet needs none."""

GOES_ON_S = 0.75
"""Reading on is cheaper than seeking when the next stretch begins within this."""

TAIL_S = 1.0
"""What stays of the last stretch, for one that begins a little before its end."""

SAME_TIME_S = 0.0015
"""Timestamps of one packet may differ by this between two passes: rounding to milliseconds."""

OGG_COUNTED = frozenset({"vorbis", "opus"})
"""Codecs whose packets FFmpeg knows the length of in Ogg. The first page of any other has, after
seeking, the times that were asked for; the next page bears its own."""


class StretchReader:
    """Decodes stretches of one sound stream of one file; safe for threads.

    The file stays open between reads, as long as not too many others are (see `limits`).

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
        self._number = stream
        self._channel = channel
        self._index = sound_index(path, stream)
        self._lock = RLock()
        self._container: InputContainer | None = None
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

        Raises
        ------
        MediaError
            The file cannot be opened any more.
        """
        with self._lock:
            return self._read(first, count)

    def _read(self, first: int, count: int) -> NDArray[np.float32]:
        out = np.zeros(count, np.float32)
        begin, end = max(first, 0), min(first + count, self._index.length)
        if begin >= end:
            return out
        open_files.used(self)
        if self._container is None:
            self._open()
        if not self._can_go_on(begin):
            self._seek(begin)
        while self._have_first + len(self._have) < end and self._take_more(end):
            self._drop_before(begin)
        low = max(begin, self._have_first)
        high = min(end, self._have_first + len(self._have))
        if high > low:
            out[low - first : high - first] = self._have[
                low - self._have_first : high - self._have_first
            ]
        self._drop_before(end - int(TAIL_S * self._rate_hz))
        return out

    def close(self) -> None:
        """Close the file; the next read opens it again."""
        with self._lock:
            self._run = None
            self._have_first, self._have = 0, np.zeros(0, np.float32)
            if self._container is not None:
                self._container.close()
                self._container = None
        open_files.closed(self)

    def release(self) -> bool:
        """Close the file unless a read is under way in another thread; return whether it is."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self.close()
        finally:
            self._lock.release()
        return True

    def _open(self) -> None:
        self._container = open_container(self._path)
        self._stream = self._container.streams.audio[self._number]
        self._stream.codec_context.thread_count = 1
        self._rate_hz = self._stream.codec_context.sample_rate
        self._warm_up_s = warm_up_s(self._stream.codec_context.name)
        time_base = self._stream.time_base or Fraction(1, self._rate_hz)
        self._same_ticks = ceil(Fraction(SAME_TIME_S) / time_base)
        formats = set(self._container.format.name.split(","))
        self._first_page_lies = (
            "ogg" in formats and self._stream.codec_context.name not in OGG_COUNTED
        )
        self._by_byte = self._index.by_position and bool(TIMED_FORMATS & formats)
        keep_only(self._container, [self._stream])

    def _can_go_on(self, begin: int) -> bool:
        have_end = self._have_first + len(self._have)
        if begin < self._have_first:
            return False
        if self._run is None:
            return begin < have_end
        return begin - have_end <= GOES_ON_S * self._rate_hz

    def _drop_before(self, index: int) -> None:
        useless = min(index - self._have_first, len(self._have))
        if useless > 0:
            self._have = self._have[useless:]
            self._have_first += useless

    def _take_more(self, wanted: int) -> bool:
        """Decode up to a second more, as far as `wanted`; False at the end of the stream."""
        if self._run is None:
            return False
        pieces = [self._have]
        end = self._have_first + len(self._have)
        goal = min(end + self._rate_hz, wanted)
        for index, frame in self._run:
            samples = to_channel(frame, self._channel)
            if index > end:
                pieces.append(np.zeros(index - end, np.float32))
                end = index
            new = samples[end - index :]
            pieces.append(new)
            end += len(new)
            if end >= goal:
                break
        else:
            self._run = None
        self._have = np.concatenate(pieces)
        return True

    def _seek(self, begin: int) -> None:
        warm = begin - int(self._warm_up_s * self._rate_hz)
        if warm > 0:
            found = self._seek_timed(warm) if self._index.timed else self._seek_known(begin, warm)
            if found:
                return
        self._run_from_beginning()

    def _seek_timed(self, warm: int) -> bool:
        assert self._container is not None
        target = self._index.first_pts + warm
        try:
            self._container.seek(target, stream=self._stream, backward=True)
        except av.error.FFmpegError:
            return False
        frames = self._frames(None, self._packets())
        first = next(frames, None)
        if first is None or first[1].pts is None:
            return False
        start = first[1].pts - self._index.first_pts
        if start > warm:
            return False
        self._have_first = start
        self._have = to_channel(first[1], self._channel)
        self._run = ((start + index, frame) for index, frame in frames)
        return True

    def _seek_known(self, begin: int, warm: int) -> bool:
        """Seek so that a packet before `warm` is met; count from the last one before `begin`."""
        samples = self._index.sample
        start = int(np.searchsorted(samples, begin, "right")) - 1
        # What the first packet after seeking gives differs from container to container.
        entry = min(int(np.searchsorted(samples, warm, "right")) - 1, start - 1)
        step = 1
        while entry > 0:
            packets = self._packets_from(entry)
            if packets is not None:
                self._have_first, self._have = int(samples[start]), np.zeros(0, np.float32)
                self._run = self._frames(start, packets)
                return True
            entry, step = entry - step, 4 * step
        return False

    def _packets_from(self, entry: int) -> Iterator[SoundPacket] | None:
        """Seek to a known packet; None where seeking lands behind it."""
        assert self._container is not None
        try:
            if self._by_byte:
                # By time FFmpeg lands between the packets that a whole read meets.
                target = int(self._index.pos[entry])
                self._container.seek(target, stream=self._stream, unsupported_byte_offset=True)
            else:
                target = int(self._index.pts[entry])
                self._container.seek(target, stream=self._stream, backward=True)
        except av.error.FFmpegError:
            return None
        packets = self._packets()
        if self._first_page_lies:
            page = next(packets, None)
            if page is None:
                return None
            packets = dropwhile(partial(_is_of_page, page.pos), packets)
        for packet in packets:
            order = self._order(packet, entry)
            if order > 0:
                return None
            if order == 0:
                return chain((packet,), packets)
        return None

    def _packets(self) -> Iterator[SoundPacket]:
        assert self._container is not None
        try:
            yield from packets_of(self._container, [self._stream])
        except av.error.FFmpegError:
            return

    def _frames(
        self, start: int | None, packets: Iterator[SoundPacket]
    ) -> Iterator[tuple[int, AudioFrame]]:
        """Yield (index, frame) from known packet `start` on, or counted from 0 where it is None."""
        assert self._container is not None
        counter = new_counter(self._container, self._stream) if start is None else None
        uniform = Uniform(self._rate_hz)
        for packet in packets:
            if counter is None and start is not None and self._order(packet, start) >= 0:
                sample = int(self._index.sample[start])
                counter = new_counter(self._container, self._stream, start=sample)
            try:
                frames = [even for f in packet.decode() for even in uniform.convert(f)]
            except av.error.FFmpegError:
                # Damage, or a decoder thrown in half-way: a hole either way, and the whole read
                # has already said so.
                continue
            if counter is None:
                continue
            for frame in frames:
                yield counter.place(frame.pts, frame.samples), frame

    def _order(self, packet: SoundPacket, entry: int) -> int:
        """Return -1, 0 or 1: the packet lies before the known one, is it, or lies behind it."""
        index = self._index
        if index.by_position:
            if packet.pos is None or packet.pos < 0:
                return -1
            return int(np.sign(packet.pos - int(index.pos[entry])))
        if packet.pts is None:
            return -1
        ticks = packet.pts - int(index.pts[entry])
        # Some packets are shorter than rounding (64 samples): half a one is another one.
        if abs(ticks) < min(self._same_ticks, (packet.duration or 2 * self._same_ticks) / 2):
            return 0
        return 1 if ticks > 0 else -1

    def _run_from_beginning(self) -> None:
        assert self._container is not None
        self._container.close()
        self._open()
        decoder = StreamDecoder(self._container, self._stream)
        self._run = _decoded(self._packets(), decoder)
        self._have_first, self._have = 0, np.zeros(0, np.float32)


def warm_up_s(codec: str) -> float:
    """Return how long before a stretch a decoder has to begin, in seconds.

    >>> warm_up_s("aac"), warm_up_s("opus"), warm_up_s("pcm_s24le")
    (0.1, 0.5, 0.0)
    """
    if codec.startswith(PLAIN_CODECS):
        return 0.0
    return SHORT_WARM_UP_S.get(codec, WARM_UP_S)


def _is_of_page(position: int | None, packet: SoundPacket) -> bool:
    return packet.pos == position


def _decoded(
    packets: Iterator[SoundPacket], decoder: StreamDecoder
) -> Iterator[tuple[int, AudioFrame]]:
    for packet in packets:
        yield from decoder.decode(packet)
