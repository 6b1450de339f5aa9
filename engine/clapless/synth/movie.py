"""Write real media files with sound and picture at known times.

Conventions
-----------
Every file is written aside and renamed, so that none is ever found half written. What is given
here as time is the time a player shows: frame k at ``k / frame_rate``, sound sample i at
``sound_start_s + i / rate_hz``. The delay of the AAC encoder (1024 samples) is written into the
edit list by FFmpeg's muxer and is gone again after decoding; tests hold this for each container.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from clapless.synth.noise import Samples

Frame = NDArray[np.uint8]

_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".m4a": "ipod", ".mov": "mov", ".mkv": "matroska"}
_CHUNK = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a movie is encoded.

    Parameters
    ----------
    video_codec
        FFmpeg's name; mpeg4 steps in where libx264 is missing from PyAV.
    crf
        Quality of H.264: 18 is fine, 35 is small.
    video_bit_rate
        Bits per second of H.264, in place of `crf`; 0 for none.
    keyframe_every
        Frames from one keyframe to the next.
    b_frames
        Frames between references, as cameras with long-GOP codecs have them; the first presented
        frame is then not the first written one.
    audio_codec
        ``aac``, ``pcm_s16le`` or ``pcm_s24le`` (PCM in MOV and MKV only).
    audio_bit_rate
        Bits per second of AAC, all channels.
    """

    video_codec: str = "libx264"
    crf: int = 34
    video_bit_rate: int = 0
    keyframe_every: int = 50
    b_frames: int = 0
    audio_codec: str = "aac"
    audio_bit_rate: int = 96_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a file says of itself.

    Parameters
    ----------
    timecode
        ``HH:MM:SS:FF`` of the first frame (``;`` before FF is drop frame); a timecode track is
        written in MOV and MP4. None writes none.
    creation_time
        ISO 8601 UTC.
    metadata
        Other tags of the container.
    """

    timecode: str | None = None
    creation_time: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


_NO_LABELS = Labels()
_PLAIN = Encoding()


@contextlib.contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Give a path to write to, which takes the name `path` once the block has ended well."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_movie(
    path: Path,
    *,
    frames: Iterable[Frame],
    frame_rate: Fraction,
    sound: Samples | None,
    rate_hz: int = 48000,
    sound_start_s: Fraction = Fraction(0),
    labels: Labels = _NO_LABELS,
    encoding: Encoding = _PLAIN,
) -> None:
    """Write a movie.

    Parameters
    ----------
    path
        ``.mp4``, ``.mov`` or ``.mkv``.
    frames
        Grey pictures, uint8, shape (height, width), both even.
    frame_rate
        Frames per second, exact.
    sound
        float32, full scale 1.0, shape (n,) or (channels, n); None writes no sound.
    rate_hz
        Samples per second of the sound.
    sound_start_s
        When the sound starts after the first frame; not negative.
        Matroska keeps it to 1 ms.
    labels
        What the file says of itself.
    encoding
        Codecs and their settings.
    """
    with aside(path) as part, _open(part, path.suffix, labels) as out:
        pictures = iter(frames)
        first = next(pictures)
        video = _video_stream(out, frame_rate, first.shape, encoding, labels)
        audio = _audio_stream(out, sound, rate_hz, encoding) if sound is not None else None
        planar = np.atleast_2d(sound) if sound is not None else np.zeros((1, 0), np.float32)
        written = 0
        for index, picture in enumerate(_chain(first, pictures)):
            out.mux(video.encode(_grey_frame(picture, index, frame_rate)))
            due = min(planar.shape[1], int((index + 1) / frame_rate * rate_hz))
            if audio is not None and due - written >= _CHUNK:
                _encode_sound(out, audio, planar[:, written:due], rate_hz, written, sound_start_s)
                written = due
        out.mux(video.encode(None))
        if audio is not None:
            _encode_sound(out, audio, planar[:, written:], rate_hz, written, sound_start_s)
            out.mux(audio.encode(None))


def write_sound(
    path: Path,
    sound: Samples,
    rate_hz: int,
    *,
    labels: Labels = _NO_LABELS,
    encoding: Encoding = _PLAIN,
) -> None:
    """Write a file of sound alone through an encoder (``.m4a``, ``.mp4``, ``.mov``, ``.mkv``).

    Parameters
    ----------
    path
        The file.
    sound
        float32, full scale 1.0, shape (n,) or (channels, n).
    rate_hz
        Samples per second.
    labels, encoding
        As for `write_movie`; what concerns pictures is passed over.
    """
    planar = np.atleast_2d(sound)
    with aside(path) as part, _open(part, path.suffix, labels) as out:
        audio = _audio_stream(out, planar, rate_hz, encoding)
        for first in range(0, planar.shape[1], _CHUNK):
            piece = planar[:, first : first + _CHUNK]
            _encode_sound(out, audio, piece, rate_hz, first, Fraction(0))
        out.mux(audio.encode(None))


def _open(part: Path, suffix: str, labels: Labels) -> OutputContainer:
    name = _FORMATS[suffix.lower()]
    # Edit lists count in this: the default of 1000 puts a late sound 0.7 ms off.
    options = {} if name == "matroska" else {"movie_timescale": "48000"}
    out = av.open(str(part), "w", format=name, options=options)
    out.metadata.update(labels.metadata)
    if labels.creation_time is not None:
        out.metadata["creation_time"] = labels.creation_time
    return out


def _video_stream(
    out: OutputContainer,
    frame_rate: Fraction,
    shape: tuple[int, ...],
    encoding: Encoding,
    labels: Labels,
) -> VideoStream:
    codec = encoding.video_codec
    if codec == "libx264" and codec not in av.codecs_available:
        codec = "mpeg4"
    stream = cast(VideoStream, out.add_stream(codec, rate=frame_rate))
    stream.height, stream.width = shape
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = 1 / frame_rate
    stream.codec_context.gop_size = encoding.keyframe_every
    stream.codec_context.thread_count = 1
    if codec == "libx264":
        stream.options = {
            "preset": "veryfast" if encoding.b_frames else "ultrafast",
            "crf": str(encoding.crf),
            "bf": str(encoding.b_frames),
        }
        if encoding.video_bit_rate:
            stream.bit_rate = encoding.video_bit_rate
            del stream.options["crf"]
    if labels.timecode is not None:
        stream.metadata["timecode"] = labels.timecode
    return stream


def _audio_stream(
    out: OutputContainer, sound: Samples, rate_hz: int, encoding: Encoding
) -> AudioStream:
    channels = np.atleast_2d(sound).shape[0]
    layout = {1: "mono", 2: "stereo"}.get(channels, f"{channels}c")
    stream = cast(AudioStream, out.add_stream(encoding.audio_codec, rate=rate_hz, layout=layout))
    if encoding.audio_codec == "aac":
        stream.bit_rate = encoding.audio_bit_rate
    stream.codec_context.time_base = Fraction(1, rate_hz)
    return stream


def _grey_frame(picture: Frame, index: int, frame_rate: Fraction) -> av.VideoFrame:
    height, width = picture.shape
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = picture
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts = index
    frame.time_base = 1 / frame_rate
    return frame


def _encode_sound(
    out: OutputContainer,
    stream: AudioStream,
    planar: Samples,
    rate_hz: int,
    first: int,
    start_s: Fraction,
) -> None:
    if planar.shape[1] == 0:
        return
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(planar), format="fltp", layout=stream.layout.name
    )
    frame.sample_rate = rate_hz
    frame.time_base = Fraction(1, rate_hz)
    frame.pts = first + round(start_s * rate_hz)
    out.mux(stream.encode(frame))


def _chain(first: Frame, rest: Iterable[Frame]) -> Iterator[Frame]:
    yield first
    yield from rest
