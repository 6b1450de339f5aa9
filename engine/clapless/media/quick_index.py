"""A sound index without decoding the whole stream, where the container has one of its own.

Conventions
-----------
MP4 and MOV list every packet, PCM and FLAC files need no list. Only the beginning (encoder delay)
and the end (padding) are decoded. The result is what a whole read would give; where that is not
sure, there is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av.error
import numpy as np
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from clapless.media.containers import packets_of
from clapless.media.decoding import new_counter
from clapless.media.grid import slack_samples
from clapless.media.indexing import ENTRY_EVERY_S, SoundIndex, is_timed

if TYPE_CHECKING:
    from clapless.media.decoding import SoundPacket

FIXED_FRAME_CODECS = frozenset({"aac", "ac3", "eac3", "alac", "mp3", "mp3float"})
"""Codecs whose packets all give the same number of samples."""

TAIL_S = 1.0
"""How much of the end is decoded to learn where it is."""


def quick_index(container: InputContainer, stream: AvAudioStream) -> SoundIndex | None:
    """Return the index of a stream, or None where only a whole read can tell.

    Parameters
    ----------
    container, stream
        A container just opened, every other stream of it discarded.
    """
    head = _head(container, stream)
    if head is None or stream.time_base is None:
        return None
    if is_timed(container, stream):
        return _timed_index(container, stream, head)
    if "mp4" in container.format.name.split(","):
        return _listed_index(container, stream, head)
    return None


@dataclass(frozen=True)
class _Head:
    packet_pts: int
    frame_pts: int
    first_count: int
    usual_count: int


def _frames(packets: Iterator[SoundPacket]) -> Iterator[tuple[int | None, int | None, int]]:
    """Yield (pts of the packet, pts of the frame, samples)."""
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode()
        except av.error.FFmpegError:
            return
        for frame in frames:
            yield packet.pts, frame.pts, frame.samples


def _head(container: InputContainer, stream: AvAudioStream) -> _Head | None:
    found = []
    for packet_pts, frame_pts, count in _frames(packets_of(container, [stream])):
        if packet_pts is None or frame_pts is None:
            return None
        found.append((packet_pts, frame_pts, count))
        if len(found) == 3:
            break
    if len(found) < 3 or found[1][2] != found[2][2]:
        return None
    return _Head(found[0][0], found[0][1], found[0][2], found[1][2])


def _timed_index(
    container: InputContainer, stream: AvAudioStream, head: _Head
) -> SoundIndex | None:
    rate_hz = stream.codec_context.sample_rate
    if not stream.duration:
        return None
    end = _end_after(container, stream, head.frame_pts + stream.duration - int(TAIL_S * rate_hz))
    if end is None:
        return None
    empty = np.zeros(0, np.int64)
    return SoundIndex(
        pts=empty,
        pos=empty,
        sample=empty,
        length=end - head.frame_pts,
        first_pts=head.frame_pts,
        timed=True,
    )


def _end_after(container: InputContainer, stream: AvAudioStream, target: int) -> int | None:
    """Return the timestamp behind the last sample, decoding from `target` on."""
    try:
        container.seek(max(0, target), stream=stream)
    except av.error.FFmpegError:
        return None
    end = None
    for _, frame_pts, count in _frames(packets_of(container, [stream])):
        if frame_pts is not None:
            end = frame_pts + count
    return end


def _listed_index(
    container: InputContainer, stream: AvAudioStream, head: _Head
) -> SoundIndex | None:
    entries = stream.index_entries
    if not stream.frames or len(entries) < 3 or stream.time_base is None:
        return None
    table = np.array(
        [(e.timestamp, e.pos, e.is_discard) for e in (entries[n] for n in range(len(entries)))],
        np.int64,
    )
    shown = table[:, 2] == 0
    begin = int(np.flatnonzero(shown & (table[:, 0] == head.packet_pts))[:1].sum())
    end = int(np.flatnonzero(shown)[-1]) + 1 if shown.any() else 0
    listed = table[begin:end]
    if end - begin < 3 or listed[0, 0] != head.packet_pts or not shown[begin:end].all():
        return None
    pts, pos = listed[:, 0], listed[:, 1]
    if (np.diff(pts) <= 0).any():
        return None
    samples = _samples(container, stream, pts, head)
    if samples is None:
        return None
    rate_hz = stream.codec_context.sample_rate
    keep = _thinned(samples, int(ENTRY_EVERY_S * rate_hz))
    length = _length(container, stream, pts, samples)
    if length is None:
        return None
    return SoundIndex(
        pts=pts[keep],
        pos=pos[keep],
        sample=samples[keep],
        length=length,
        first_pts=head.frame_pts,
    )


def _samples(
    container: InputContainer, stream: AvAudioStream, pts: NDArray[np.int64], head: _Head
) -> NDArray[np.int64] | None:
    """Return the grid index of each packet's first sample, as `GridCounter` would count."""
    context = stream.codec_context
    rate_hz = context.sample_rate
    assert stream.time_base is not None
    if context.name.startswith("pcm_") and stream.time_base == Fraction(1, rate_hz):
        return pts - head.frame_pts
    if context.name not in FIXED_FRAME_CODECS:
        return None
    per_tick = float(stream.time_base * rate_hz)
    counts = np.full(len(pts), head.usual_count, np.int64)
    counts[0] = head.first_count
    starts = pts.astype(np.float64)
    starts[0] = head.frame_pts
    jumps = np.diff(starts) * per_tick - counts[:-1]
    slack = np.array([slack_samples(int(count), per_tick, rate_hz) for count in counts[1:2]])
    moved = np.where(np.abs(jumps) > slack, np.round(jumps), 0).astype(np.int64)
    samples = np.concatenate([[0], np.cumsum(counts[:-1] + moved)])
    counter = new_counter(container, stream)
    if not all(counter.is_plausible(int(moved[k]), int(samples[k])) for k in np.flatnonzero(moved)):
        return None
    return samples


def _thinned(samples: NDArray[np.int64], spacing: int) -> NDArray[np.int64]:
    """Return the places of entries that lie at least `spacing` apart."""
    cells = samples // spacing
    return np.concatenate([[0], np.flatnonzero(np.diff(cells) > 0) + 1])


def _length(
    container: InputContainer,
    stream: AvAudioStream,
    pts: NDArray[np.int64],
    samples: NDArray[np.int64],
) -> int | None:
    """Return how many samples there are, by decoding the last second."""
    rate_hz = stream.codec_context.sample_rate
    start = int(np.searchsorted(samples, samples[-1] - int(TAIL_S * rate_hz)))
    assert stream.time_base is not None
    try:
        container.seek(int(pts[start]), stream=stream)
    except av.error.FFmpegError:
        return None
    known = dict(zip(pts[start:].tolist(), samples[start:].tolist(), strict=True))
    counter = None
    for packet_pts, frame_pts, count in _frames(packets_of(container, [stream])):
        if counter is None:
            if packet_pts not in known:
                return None
            counter = new_counter(container, stream, start=known[packet_pts])
        counter.place(frame_pts, count)
    return counter.position if counter is not None else None
