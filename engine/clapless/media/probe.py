"""What one file holds: a `Clip` of one file.

Conventions
-----------
Clip time is 0 at the first presented video frame, else at the first presented sample.
"""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import av.error
from av.container import InputContainer

from clapless.errors import DamagedMediaError, NotMediaError
from clapless.media.containers import open_container, time_of
from clapless.model import AudioStream, Clip, MediaFile
from clapless.timing import snap_rate

FIRST_PACKETS = 24
"""Packets in which the first presented frame of a stream must be found: more than any encoder
reorders."""


def probe(path: Path | str, *, clip_id: str = "") -> Clip:
    """Return what a file holds, as a clip of one file.

    Parameters
    ----------
    path
        The file.
    clip_id
        Identifier the clip shall bear.

    Raises
    ------
    NotMediaError
        Nothing usable in it.
    DamagedMediaError
        It looks like media but cannot be opened, or nothing in it decodes.
    MediaError
        It cannot be read at all.
    """
    file = Path(path).absolute()
    with closing(open_container(file)) as container:
        return _clip(container, file, clip_id)


def _clip(container: InputContainer, file: Path, clip_id: str) -> Clip:
    videos = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    first_sounds = [_first_sample_s(file, number) for number in range(len(container.streams.audio))]
    video = videos[0] if videos else None
    zero_s = _first_frame_s(file, video.index) if video is not None else None
    if video is not None and zero_s is None:
        video = None
    if zero_s is None:
        known = [start for start in first_sounds if start is not None]
        if not known:
            if container.streams.audio or videos:
                raise DamagedMediaError(file, "holds nothing that can be decoded")
            raise NotMediaError(file, "holds neither picture nor sound")
        zero_s = min(known)
    audio = tuple(
        AudioStream(
            index=number,
            channels=stream.codec_context.channels,
            sample_rate_hz=stream.codec_context.sample_rate,
            codec=stream.codec_context.name,
            start_s=first - zero_s,
        )
        for number, (stream, first) in enumerate(
            zip(container.streams.audio, first_sounds, strict=True)
        )
        if first is not None
    )
    timed = video if video is not None else container.streams.audio[0]
    if timed.duration is not None:
        duration_s = time_of(timed.duration, timed.time_base)
    else:
        duration_s = Fraction(container.duration or 0, 1_000_000)
    rate = video.average_rate or video.guessed_rate if video is not None else None
    return Clip(
        id=clip_id,
        name=file.stem,
        files=(MediaFile(path=file, duration_s=duration_s),),
        kind="video" if video is not None else "audio",
        duration_s=duration_s,
        frame_rate=snap_rate(rate) if rate else None,
        width=video.width if video is not None else None,
        height=video.height if video is not None else None,
        metadata={},
        audio=audio,
    )


def _first_sample_s(file: Path, number: int) -> Fraction | None:
    """Return when a sound stream's first sample is presented, in the file's own time."""
    with closing(open_container(file)) as container:
        stream = container.streams.audio[number]
        try:
            for frame in container.decode(stream):
                return time_of(frame.pts or 0, frame.time_base)
        except av.error.FFmpegError:
            return None
    return None


def _first_frame_s(file: Path, index: int) -> Fraction | None:
    """Return when the first frame is presented, in the file's own time."""
    earliest: int | None = None
    with closing(open_container(file)) as container:
        stream = container.streams[index]
        seen = 0
        for packet in container.demux(stream):
            if packet.pts is None or packet.is_discard:
                continue
            earliest = packet.pts if earliest is None else min(earliest, packet.pts)
            seen += 1
            if seen >= FIRST_PACKETS:
                break
        return None if earliest is None else time_of(earliest, stream.time_base)
