"""Small media files for the tests, written through PyAV. Import from ``tests.media.making``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A sound stream: int16 or float32 samples, shape (channels, n)."""

    samples: NDArray[Any]
    rate_hz: int = 48000
    codec: str = "aac"
    start_s: float = 0.0
    options: Mapping[str, str] = field(default_factory=dict)
    bit_rate: int = 128000
    metadata: Mapping[str, str] = field(default_factory=dict)
    holes_s: Mapping[float, float] = field(default_factory=dict)
    """Timestamps jump by the value at the key, in seconds of sound fed."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture stream: `count` frames, or frames at `times` in ticks of `time_base`."""

    rate: Fraction = Fraction(25)
    count: int = 25
    size: tuple[int, int] = (64, 48)
    codec: str = "mpeg4"
    start_s: float = 0.0
    times: Sequence[int] | None = None
    time_base: Fraction | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    rotation: int = 0
    metadata: Mapping[str, str] = field(default_factory=dict)


def speech_like(seconds: float, *, rate_hz: int = 48000, channels: int = 1, seed: int = 0) -> Any:
    """Return int16 sound, shape (channels, n): bursts of harmonics whose pitch glides."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate_hz)
    t = np.arange(count) / rate_hz
    out = np.zeros((channels, count))
    for channel in range(channels):
        knots = max(4, int(seconds * 5) + 2)
        pitch = np.interp(t, np.linspace(0, seconds, knots), rng.uniform(90, 240, knots))
        phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
        loud = np.interp(t, np.linspace(0, seconds, knots), rng.uniform(0, 1, knots) ** 2)
        for number in range(1, 18):
            out[channel] += np.sin(number * phase + channel) / number
        out[channel] *= loud * 5000
    return out.round().astype(np.int16)


def write_media(
    path: Path,
    *,
    sounds: Sequence[Sound] = (),
    picture: Picture | None = None,
    container: str | None = None,
    options: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    hold: int = 0,
) -> Path:
    """Write a file; `hold` > 0 feeds the sound in pieces of so many samples."""
    with av.open(str(path), "w", format=container, container_options=dict(options or {})) as output:
        for key, value in (metadata or {}).items():
            output.metadata[key] = value
        jobs = []
        if picture is not None:
            jobs.append(_picture_packets(output, picture))
        jobs.extend(_sound_packets(output, sound, hold) for sound in sounds)
        streams = [next(job) for job in jobs]
        assert len(streams) == len(jobs)
        packets = [packet for job in jobs for packet in job]
        packets.sort(key=lambda p: float((p.dts or 0) * p.time_base))
        for packet in packets:
            output.mux(packet)
    return path


def _sound_packets(output: Any, sound: Sound, hold: int) -> Any:
    channels, total = sound.samples.shape
    stream = output.add_stream(sound.codec, rate=sound.rate_hz, options=dict(sound.options))
    if channels > 8:
        stream.layout = f"{channels} channels"
    else:
        stream.layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}.get(
            channels, f"{channels} channels"
        )
    if sound.codec in ("aac", "libmp3lame", "libopus", "ac3", "eac3", "mp2", "wmav2"):
        stream.bit_rate = sound.bit_rate * max(1, channels // 2)
    for key, value in sound.metadata.items():
        stream.metadata[key] = value
    yield stream
    kind = "s16" if sound.samples.dtype == np.int16 else "flt"
    step = hold or 65536
    begin = round(sound.start_s * sound.rate_hz)
    holes = sorted(sound.holes_s.items())
    shift = 0
    for first in range(0, total, step):
        part = np.ascontiguousarray(sound.samples[:, first : first + step].T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format=kind, layout=stream.layout.name)
        frame.sample_rate = sound.rate_hz
        frame.time_base = Fraction(1, sound.rate_hz)
        while holes and first >= holes[0][0] * sound.rate_hz:
            shift += round(holes.pop(0)[1] * sound.rate_hz)
        frame.pts = begin + first + shift
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _picture_packets(output: Any, picture: Picture) -> Any:
    stream = output.add_stream(picture.codec, rate=picture.rate, options=dict(picture.options))
    stream.width, stream.height = picture.size
    stream.pix_fmt = "yuv422p10le" if picture.codec == "prores_ks" else "yuv420p"
    time_base = picture.time_base or 1 / picture.rate
    stream.codec_context.time_base = time_base
    stream.time_base = time_base
    for key, value in picture.metadata.items():
        stream.metadata[key] = value
    if picture.rotation and hasattr(stream, "set_display_rotation"):
        stream.set_display_rotation(picture.rotation)
    yield stream
    start = round(Fraction(picture.start_s).limit_denominator(90000) / time_base)
    ticks = picture.times
    if ticks is None:
        ticks = [round(number / picture.rate / time_base) for number in range(picture.count)]
    width, height = picture.size
    for number, tick in enumerate(ticks):
        image = np.zeros((height, width, 3), np.uint8)
        image[:, : (number * 5) % width + 1] = 200
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=stream.pix_fmt)
        frame.pts, frame.time_base = start + tick, time_base
        yield from stream.encode(frame)
    yield from stream.encode(None)
