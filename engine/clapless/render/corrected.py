"""Sound at the speed of another clock, and stretches of it, as new WAV files.

The only carrier of clock drift that every editor honours to the sample: the editor plays the new
file at its normal speed.

References
----------
soxr, quality VHQ: distortion below -120 dB; 24 bit keeps what it leaves.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from clapless.errors import NotMediaError
from clapless.media.riff import read_riff
from clapless.render.samples import SoundFormat, blocks, sound_format
from clapless.render.wav import SampleFormat, WavWriter

Progress = Callable[[float], None]
"""Called with the seconds of the source that are done."""

KEPT_CHUNKS = ("bext", "iXML")
"""What a recorder wrote that goes into the new file: scene, take, names, time of day."""

_TIME_REFERENCE_AT = 338
"""Where bext has its 64-bit time reference."""

_BLOCK = 2**16


def correct_wav(
    source: Path, target: Path, *, speed: Fraction, progress: Progress | None = None
) -> None:
    """Write a sound file as it sounds at `speed`, its clock corrected.

    Parameters
    ----------
    source
        The recording; it is only read.
    target
        The WAV file to write: 24 bit, or float where the source is; same rate, same channels,
        bext and iXML kept. It appears whole or not at all.
    speed
        Source seconds per second of the new file: ``placement.speed * (1 + drift)``. Above 1 the
        new file is shorter.
    progress
        Told how far it is.

    Raises
    ------
    MediaError
        The source cannot be read.
    ValueError
        `speed` is not positive.
    """
    if speed <= 0:
        raise ValueError(f"speed must be positive, but got {speed}")
    found = sound_format(source)
    stream = soxr.ResampleStream(
        float(found.rate_hz * speed),
        float(found.rate_hz),
        found.channels,
        dtype="float64",
        quality="VHQ",
    )
    with _writer(target, source, found, shift_s=Fraction(0)) as wav:
        done = 0
        for block in _bounded(source):
            wav.write(_shaped(stream.resample_chunk(block), found.channels))
            done += len(block)
            if progress is not None:
                progress(done / found.rate_hz)
        rest = stream.resample_chunk(np.zeros((0, found.channels)), last=True)
        wav.write(_shaped(rest, found.channels))


def cut_wav(
    source: Path,
    target: Path,
    *,
    start_s: Fraction,
    duration_s: Fraction,
    speed: Fraction = Fraction(1),
    time_reference_s: Fraction | None = None,
    progress: Progress | None = None,
) -> None:
    """Write a stretch of a sound file, with silence where the file does not reach.

    Parameters
    ----------
    source, target, progress
        As in `correct_wav`.
    start_s
        Source time of the new file's first sample; before 0 it begins with silence.
    duration_s
        Length of the new file.
    speed
        Source seconds per second of the new file.
    time_reference_s
        Time of day of the new file's first sample for its bext; None keeps the source's, moved
        by `start_s`.

    Raises
    ------
    MediaError
        The source cannot be read.
    ValueError
        `speed` is not positive.
    """
    if speed <= 0:
        raise ValueError(f"speed must be positive, but got {speed}")
    found = sound_format(source)
    rate_hz = found.rate_hz
    wanted = round(duration_s * rate_hz)
    # Source samples on either side, so that the filter's edge lies outside of the stretch.
    margin = 4096 if speed != 1 else 0
    first = round(start_s * rate_hz) - margin
    residue_s = start_s - Fraction(first, rate_hz)
    skip = round(residue_s / speed * rate_hz)
    with _writer(target, source, found, shift_s=start_s, time_reference_s=time_reference_s) as wav:
        for block in _stretch(source, found, first, speed):
            piece = block[skip:]
            skip = max(0, skip - len(block))
            piece = piece[: wanted - wav.frames]
            wav.write(piece)
            if progress is not None:
                progress(wav.frames / rate_hz)
            if wav.frames >= wanted:
                return
        while wav.frames < wanted:
            wav.write(np.zeros((min(_BLOCK, wanted - wav.frames), found.channels)))


def _stretch(
    source: Path, found: SoundFormat, first: int, speed: Fraction
) -> Iterator[NDArray[np.float64]]:
    """Yield samples from a position on, before the file as silence, at a speed."""
    read = _from(source, found.channels, first)
    if speed == 1:
        yield from read
        return
    stream = soxr.ResampleStream(
        float(found.rate_hz * speed),
        float(found.rate_hz),
        found.channels,
        dtype="float64",
        quality="VHQ",
    )
    for block in read:
        yield _shaped(stream.resample_chunk(block), found.channels)
    rest = stream.resample_chunk(np.zeros((0, found.channels)), last=True)
    yield _shaped(rest, found.channels)


def _from(source: Path, channels: int, first: int) -> Iterator[NDArray[np.float64]]:
    silence = max(0, -first)
    while silence:
        count = min(_BLOCK, silence)
        yield np.zeros((count, channels))
        silence -= count
    skip = max(0, first)
    for block in _bounded(source):
        if skip >= len(block):
            skip -= len(block)
            continue
        yield block[skip:]
        skip = 0


def _bounded(source: Path) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of some size: packets of WAV files are small and would cost calls."""
    waiting: list[NDArray[np.float64]] = []
    count = 0
    for block in blocks(source):
        waiting.append(block)
        count += len(block)
        if count >= _BLOCK:
            yield np.concatenate(waiting)
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)


def _shaped(samples: NDArray[np.float64], channels: int) -> NDArray[np.float64]:
    return samples.reshape(-1, channels)


def _writer(
    target: Path,
    source: Path,
    found: SoundFormat,
    *,
    shift_s: Fraction,
    time_reference_s: Fraction | None = None,
) -> WavWriter:
    sample_format: SampleFormat = "float32" if found.floating else "pcm24"
    chunks = kept_chunks(
        source, rate_hz=found.rate_hz, shift_s=shift_s, time_reference_s=time_reference_s
    )
    return WavWriter(
        target,
        channels=found.channels,
        rate_hz=found.rate_hz,
        sample_format=sample_format,
        chunks=chunks,
    )


def kept_chunks(
    source: Path,
    *,
    rate_hz: int,
    shift_s: Fraction = Fraction(0),
    time_reference_s: Fraction | None = None,
) -> list[tuple[str, bytes]]:
    """Return the chunks of a WAV file that go into a new one, its time reference moved.

    A source that is no WAV file has none; with `time_reference_s` a bext is made for it.
    """
    try:
        riff = read_riff(source)
    except NotMediaError:
        contents: dict[str, bytes] = {}
    else:
        contents = {name: content for name in KEPT_CHUNKS if (content := riff.content(name))}
    bext = contents.get("bext", b"")
    if len(bext) < _TIME_REFERENCE_AT + 8 and time_reference_s is not None:
        bext = bytes(602)
    if len(bext) >= _TIME_REFERENCE_AT + 8:
        at = _TIME_REFERENCE_AT
        told = struct.unpack("<Q", bext[at : at + 8])[0]
        moved = told + round(shift_s * rate_hz)
        if time_reference_s is not None:
            moved = round(time_reference_s * rate_hz)
        moved = max(0, moved)
        contents["bext"] = bext[:at] + struct.pack("<Q", moved) + bext[at + 8 :]
    return [(name, contents[name]) for name in KEPT_CHUNKS if name in contents]
