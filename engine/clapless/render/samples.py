"""Every sample of a sound file, in blocks, as it was recorded: all channels, no conversion of rate.

Conventions
-----------
Blocks have shape (n, channels), float64, full scale 1.0. Streams of one rate stand beside each
other as channels, in the order of the file. What a container counts before time 0 (the priming of
an encoder) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from clapless.errors import DamagedMediaError, NotMediaError

_SCALE = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31}


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFormat:
    """What a file's sound is: channels over all streams, samples per second, float or not."""

    channels: int
    rate_hz: int
    floating: bool


def sound_format(path: Path) -> SoundFormat:
    """Return the format of a file's sound.

    Raises
    ------
    NotMediaError
        It cannot be opened or has no sound.
    DamagedMediaError
        Its sound streams have different rates.
    """
    with _opened(path) as container:
        streams = container.streams.audio
        if not streams:
            raise NotMediaError(path, "has no sound")
        rates = {stream.rate for stream in streams}
        if len(rates) > 1:
            raise DamagedMediaError(path, "has sound streams of different sample rates")
        return SoundFormat(
            channels=sum(stream.channels for stream in streams),
            rate_hz=rates.pop(),
            floating=any(s.format.name.startswith(("flt", "dbl")) for s in streams)
            and all(s.codec_context.name.startswith("pcm_f") for s in streams),
        )


def blocks(path: Path) -> Iterator[NDArray[np.float64]]:
    """Yield the samples of a file in order.

    Raises
    ------
    NotMediaError
        It cannot be opened.
    DamagedMediaError
        It breaks off in a way that cannot be decoded.
    """
    with _opened(path) as container:
        streams = list(container.streams.audio)
        waiting: list[list[NDArray[np.float64]]] = [[] for _ in streams]
        order = {stream.index: n for n, stream in enumerate(streams)}
        try:
            for packet in container.demux(streams):
                for frame in packet.decode():
                    if isinstance(frame, av.AudioFrame) and len(samples := _after_zero(frame)):
                        waiting[order[packet.stream.index]].append(samples)
                if all(waiting):
                    yield from _together(waiting)
        except av.error.FFmpegError as error:
            raise DamagedMediaError(path, f"cannot be decoded: {error}") from error
        yield from _together(waiting)


def _opened(path: Path) -> av.container.InputContainer:
    try:
        return av.open(str(path))
    except (av.error.FFmpegError, OSError) as error:
        raise NotMediaError(path, f"cannot be opened: {error}") from error


def _after_zero(frame: av.AudioFrame) -> NDArray[np.float64]:
    samples = _as_float(frame)
    if frame.pts is None or frame.time_base is None or frame.pts >= 0:
        return samples
    early = round(-frame.pts * Fraction(frame.time_base) * frame.sample_rate)
    return samples[early:]


def _as_float(frame: av.AudioFrame) -> NDArray[np.float64]:
    name = frame.format.name.removesuffix("p")
    data = frame.to_ndarray()
    data = data.T if frame.format.is_planar else data.reshape(-1, len(frame.layout.channels))
    samples = data.astype(np.float64)
    if name == "u8":
        samples -= 128.0
    return samples / _SCALE.get(name, 1.0)


def _together(waiting: list[list[NDArray[np.float64]]]) -> Iterator[NDArray[np.float64]]:
    """Yield what all streams have; keep the rest for later."""
    joined = [np.concatenate(parts) for parts in waiting if parts]
    if not joined:
        return
    if len(joined) < len(waiting):
        # One stream is shorter: the others go on over silence.
        longest = max(len(one) for one in joined)
        full = [np.concatenate(parts) if parts else np.zeros((longest, 1)) for parts in waiting]
    else:
        full = joined
    count = min(len(one) for one in full)
    for n, one in enumerate(full):
        waiting[n][:] = [one[count:]] if len(one) > count else []
    if count:
        yield np.concatenate([one[:count] for one in full], axis=1)
