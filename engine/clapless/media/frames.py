"""Pictures of a clip: decoded once, reduced at once, with exact presentation times.

Conventions
-----------
Times are clip time. Each frame is reduced as it leaves the decoder, so that memory does not grow
with the length nor much with the size of the recording. What cannot be decoded is a gap and a
sentence: a damaged group of pictures is skipped up to the next keyframe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from clapless.errors import DamagedMediaError, MediaError, printable_name
from clapless.media.containers import keep_only, open_container, time_of
from clapless.media.endings import is_whole
from clapless.media.first_times import first_times
from clapless.media.frame_maker import FrameMaker
from clapless.media.pictures import moving_pictures
from clapless.media.reading import FrameBlock, FrameWish
from clapless.media.sequence import file_run
from clapless.model import Clip, MediaFile

if TYPE_CHECKING:
    from av.packet import Packet

STREAMED = frozenset({"mpegts", "mpeg"})
"""Containers (FFmpeg's names) that list no keyframes: seeking lands at any picture, and what can be
decoded begins with the next keyframe."""

STREAMED_LEAD_S = 2.0
"""Seconds before a stretch at which such a file is entered: cameras write a keyframe in each."""

THREADED_PIXELS = 20_000_000
"""Frames larger than this (8K) are decoded by one thread: each further one holds frames of its
own, 50 to 100 MB each."""

MISSING_FRAMES_S = 0.5
"""A gap at the end longer than this is said."""


@dataclass(slots=True)
class _Damage:
    """What could not be decoded of a file."""

    frames: int = 0
    first_s: float | None = None
    fresh: bool = False

    def note(self, time_s: float | None) -> None:
        self.frames += 1
        self.fresh = True
        if self.first_s is None:
            self.first_s = time_s


def frame_blocks(
    clip: Clip,
    wish: FrameWish,
    *,
    warnings: list[str] | None = None,
) -> Iterator[FrameBlock]:
    """Yield the pictures of a clip in rising time.

    Parameters
    ----------
    clip
        The clip; one without pictures yields nothing.
    wish
        What is wanted of each frame, and which stretches.
    warnings
        Sentences about damage are appended here.

    Raises
    ------
    MediaError
        A file cannot be opened any more.
    """
    said: list[str] = [] if warnings is None else warnings
    if clip.kind != "video":
        return
    last_s = -np.inf
    for file in _files(clip, wish, said):
        for block in _file_blocks(file, wish, said):
            fresh = block.times_s > last_s
            if not fresh.all():
                if not fresh.any():
                    continue
                block = block.only(fresh)
            last_s = float(block.times_s[-1])
            yield block


def _files(clip: Clip, wish: FrameWish, said: list[str]) -> list[MediaFile]:
    """Return the files to read: proxies where rows do not matter, else the originals."""
    originals = [clip.files[number] for number in file_run(clip, 0)]
    proxies = sorted(
        (file for file in clip.files if file.role == "proxy"), key=lambda file: file.start_s
    )
    paired = [f.start_s for f in originals] == [f.start_s for f in proxies]
    if not paired:
        return originals
    if not wish.rows:
        usable = [_decodable(file) for file in proxies]
        return proxies if all(usable) else originals
    chosen = []
    for original, proxy in zip(originals, proxies, strict=True):
        if not _decodable(original) and _decodable(proxy):
            said.append(
                f"{printable_name(original.path)}: its pictures cannot be decoded; those of its "
                "proxy are read."
            )
            chosen.append(proxy)
        else:
            chosen.append(original)
    return chosen


def _decodable(file: MediaFile) -> bool:
    """Return whether a file opens and has moving pictures in a known codec."""
    try:
        with closing(open_container(file.path)) as container:
            stream = moving_pictures(container)
            return stream is not None and stream.codec_context is not None
    except MediaError:
        return False


def _file_blocks(file: MediaFile, wish: FrameWish, said: list[str]) -> Iterator[FrameBlock]:
    damage = _Damage()
    name = printable_name(file.path)
    with closing(open_container(file.path)) as container:
        stream = moving_pictures(container)
        if stream is None or stream.codec_context is None:
            said.append(f"{name}: has no moving pictures that can be decoded.")
            return
        first_s = first_times(container, stream, ()).picture_s
        if first_s is None:
            raise DamagedMediaError(file.path, "holds no picture that can be decoded")
    zero_s = file.start_s - first_s
    spans = _within(wish.spans_s, file)
    if spans and container.format.name == "mxf" and not is_whole(file.path, "mxf"):
        # Its index is lost: seeking in it lands at its beginning and says otherwise.
        spans = [(None, spans[-1][1])]
    with closing(open_container(file.path)) as container:
        stream = moving_pictures(container)
        assert stream is not None
        _set_up(stream, wish)
        keep_only(container, [stream])
        maker = FrameMaker(stream, zero_s, wish)
        for start_s, end_s in spans:
            if start_s is not None and not _seek(container, stream, start_s - float(zero_s)):
                continue
            maker.gap()
            frames = _frames(container, stream, zero_s, damage, said, name)
            yield from _span_blocks(maker, frames, end_s, damage)
        last_s = maker.last_s
    said.extend(_told(file, name, damage, last_s if _whole(wish) else np.inf))


def _span_blocks(
    maker: FrameMaker, frames: Iterator[VideoFrame], end_s: float | None, damage: _Damage
) -> Iterator[FrameBlock]:
    """Yield the blocks of one stretch."""
    for frame in frames:
        if frame.pts is None:
            continue
        time_s = maker.time_s(frame)
        if frame.is_corrupt:
            damage.note(time_s)
            maker.gap()
            continue
        if time_s <= maker.last_s:
            # Read already, in the stretch before.
            continue
        if end_s is not None and time_s >= end_s:
            break
        if damage.fresh:
            damage.fresh = False
            maker.gap()
        ready = maker.take(frame, time_s)
        if ready is not None:
            yield ready
    rest = maker.rest()
    if rest is not None:
        yield rest


def _whole(wish: FrameWish) -> bool:
    return wish.spans_s is None and not wish.keyframes_only


def _told(file: MediaFile, name: str, damage: _Damage, last_s: float) -> Iterator[str]:
    """Yield sentences about what is missing of a file."""
    if damage.frames:
        where = f" near {damage.first_s:.1f} s" if damage.first_s is not None else ""
        some = "1 picture" if damage.frames == 1 else f"{damage.frames} pictures"
        verb = "is" if damage.frames == 1 else "are"
        yield f"{name}: {some}{where} cannot be decoded and {verb} left out."
    end_s = float(file.start_s + file.duration_s)
    if file.duration_s and end_s - last_s > max(MISSING_FRAMES_S, 0.02 * end_s):
        # Streams differ in length; only what is far off is worth a word.
        reached_s = max(last_s, float(file.start_s))
        yield f"{name}: its pictures end at {reached_s:.1f} of {end_s:.1f} s."


def _within(
    spans_s: Sequence[tuple[float, float]] | None, file: MediaFile
) -> list[tuple[float | None, float | None]]:
    if spans_s is None:
        return [(None, None)]
    begin_s = float(file.start_s)
    end_s = begin_s + float(file.duration_s) if file.duration_s else np.inf
    return [
        (max(start_s, begin_s), stop_s)
        for start_s, stop_s in sorted(spans_s)
        if start_s < end_s and stop_s > begin_s
    ]


def _set_up(stream: VideoStream, wish: FrameWish) -> None:
    context = stream.codec_context
    large = (context.width or 0) * (context.height or 0) > THREADED_PIXELS
    context.thread_type = "SLICE" if large else "AUTO"
    context.thread_count = 1 if large else 2
    if wish.keyframes_only:
        context.skip_frame = "NONKEY"


def _seek(container: InputContainer, stream: VideoStream, file_s: float) -> bool:
    base = stream.time_base or Fraction(1, 1000)
    if STREAMED & set(container.format.name.split(",")):
        file_s -= STREAMED_LEAD_S
    try:
        container.seek(int(Fraction(file_s).limit_denominator(10**6) / base), stream=stream)
    except av.error.FFmpegError:
        return False
    stream.codec_context.flush_buffers()
    return True


def _frames(
    container: InputContainer,
    stream: VideoStream,
    zero_s: Fraction,
    damage: _Damage,
    said: list[str],
    name: str,
) -> Iterator[VideoFrame]:
    """Decode to the end, over whatever is damaged."""
    packets: Iterator[Packet[VideoStream]] = container.demux(stream)
    broken = False
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError as error:
            said.append(f"{name}: breaks off early ({error.strerror}); the rest is not read.")
            return
        if broken and not packet.is_keyframe and packet.size:
            damage.note(_clip_time_s(packet, zero_s))
            continue
        try:
            frames = packet.decode()
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            broken = True
            damage.note(_clip_time_s(packet, zero_s))
            continue
        broken = False
        yield from frames


def _clip_time_s(packet: Packet[VideoStream], zero_s: Fraction) -> float | None:
    if packet.pts is None:
        return None
    return float(zero_s + time_of(packet.pts, packet.time_base))
