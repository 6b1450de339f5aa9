"""One read of a clip's files for everyone who wants its sound or its pictures.

Conventions
-----------
Each file is demuxed once; every stream nobody asked for is skipped, not read. What cannot be
decoded is silence on the grid and a sentence in the result: damage is no error as long as anything
decodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av.error
import numpy as np
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from clapless.errors import printable_name
from clapless.media.blocks import BlockMaker
from clapless.media.containers import keep_only, open_container, packets_of, time_of
from clapless.media.decoding import StreamDecoder
from clapless.media.endings import is_whole
from clapless.media.frame_reader import feed_frames
from clapless.media.gpmf.feeding import feed_telemetry
from clapless.media.indexing import RAW_FORMATS, index_key, remember_index
from clapless.media.reading import Need, SoundBlock, Subscriber
from clapless.media.sequence import SoundPart, file_run, parts_of
from clapless.model import Clip

if TYPE_CHECKING:
    from clapless.media.decoding import SoundPacket

MISSING_S = 0.5
MISSING_SHARE = 0.01
"""What may be missing at the end before it is said: containers round and estimate."""

ANALYSIS_RATE_HZ = 16000
"""Rate of the blocks unless a subscriber asks for another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """What one read of a clip came to.

    Parameters
    ----------
    warnings
        Whole sentences about what was damaged, each naming its file.
    sound_s
        Seconds of sound that were read, of the longest stream.
    """

    warnings: tuple[str, ...] = ()
    sound_s: float = 0.0


def read_once(
    clip: Clip,
    subscribers: Sequence[Subscriber],
    *,
    rate_hz: int = ANALYSIS_RATE_HZ,
    progress: Callable[[float], None] | None = None,
) -> ReadResult:
    """Read a clip once and feed every subscriber.

    Those that need pictures get them first, each frame decoded once for all of them (see
    `FrameWish`). Those that need sound get every channel of every stream, in blocks of some
    seconds. Keeping the channels costs no more than mixing them (see `clapless.media.blocks`), so
    that a subscriber can choose the best one by what it hears over the whole file.

    Parameters
    ----------
    clip
        The clip.
    subscribers
        Who is fed. One that has an attribute ``sound_rate_hz`` gets its blocks at that rate.
    rate_hz
        Rate of the blocks, in samples per second.
    progress
        Called now and then with the clip time, in seconds, up to which sound was read.

    Raises
    ------
    MediaError
        A file cannot be opened any more.
    """
    listeners: dict[int, list[Subscriber]] = {}
    for subscriber in subscribers:
        if Need.SOUND in subscriber.needs:
            wanted = int(getattr(subscriber, "sound_rate_hz", rate_hz))
            listeners.setdefault(wanted, []).append(subscriber)
    warnings: list[str] = []
    feed_telemetry(clip, subscribers, warnings)
    feed_frames(clip, subscribers, warnings, progress)
    if not listeners or not clip.audio:
        return ReadResult(warnings=tuple(warnings))
    longest_s = 0.0
    for block in sound_blocks(clip, rates_hz=tuple(listeners), warnings=warnings):
        for subscriber in listeners[block.rate_hz]:
            subscriber.feed(block)
        end_s = block.start_s + block.samples.shape[1] / block.rate_hz
        longest_s = max(longest_s, end_s)
        if progress is not None:
            progress(end_s)
    return ReadResult(warnings=tuple(warnings), sound_s=longest_s)


def read_mono(clip: Clip, *, rate_hz: int = ANALYSIS_RATE_HZ) -> Iterator[NDArray[np.int16]]:
    """Yield the first sound stream, mixed to one channel, in rising time and without holes.

    The cheapest way to hear all of a clip, and the yardstick of cost (see
    ``tests/benchmarks/bench_media.py``): a tenth more than the shortest loop over FFmpeg's decoder,
    collector and resampler.

    Parameters
    ----------
    clip
        The clip; one without sound yields nothing.
    rate_hz
        Samples per second of what is yielded.

    Yields
    ------
    samples
        int16, shape (n,); n is a few seconds' worth.
    """
    for block in sound_blocks(clip, rates_hz=(rate_hz,), streams=(0,), mono=True):
        yield block.samples[0]


def sound_blocks(
    clip: Clip,
    *,
    rates_hz: Sequence[int] = (ANALYSIS_RATE_HZ,),
    streams: Sequence[int] | None = None,
    mono: bool = False,
    warnings: list[str] | None = None,
) -> Iterator[SoundBlock]:
    """Yield the sound of a clip in blocks, in rising time per stream and rate.

    Parameters
    ----------
    clip
        The clip.
    rates_hz
        Rates of the blocks; each stream is given once per rate.
    streams
        Positions in `Clip.audio`, all by default.
    mono
        Mix the channels of a stream into their mean.
    warnings
        Sentences about damage are appended here.
    """
    said: list[str] = warnings if warnings is not None else []
    wanted = range(len(clip.audio)) if streams is None else streams
    chosen = [position for position in wanted if position < len(clip.audio)]
    for main in dict.fromkeys(clip.audio[position].file for position in chosen):
        here = [position for position in chosen if clip.audio[position].file == main]
        makers = {position: BlockMaker(rates_hz, mono=mono) for position in here}
        parts = {position: parts_of(clip, clip.audio[position]) for position in here}
        for number in range(len(file_run(clip, main))):
            of_file = {position: parts[position][number] for position in here}
            for position, index, frame in _file_frames(of_file, said):
                for rate, first, samples in makers[position].add(index, frame):
                    yield _block(clip, position, rate, first, samples)
        for position, maker in makers.items():
            for rate, first, samples in maker.finish():
                yield _block(clip, position, rate, first, samples)


def _block(
    clip: Clip, position: int, rate_hz: int, first: int, samples: NDArray[np.int16]
) -> SoundBlock:
    start_s = float(clip.audio[position].start_s) + first / rate_hz
    return SoundBlock(stream=position, start_s=start_s, rate_hz=rate_hz, samples=samples)


def _file_frames(
    parts: dict[int, SoundPart], said: list[str]
) -> Iterator[tuple[int, int, av.AudioFrame]]:
    """Yield (position in Clip.audio, index on the clip's grid, frame) of one file."""
    path = next(iter(parts.values())).path
    with closing(open_container(path)) as container:
        sounds = container.streams.audio
        decoders: dict[int, tuple[int, int, StreamDecoder]] = {}
        for position, part in parts.items():
            if part.stream >= len(sounds):
                said.append(
                    f"{printable_name(path)}: sound stream {part.stream + 1} is missing here; "
                    "read as silence."
                )
                continue
            stream = sounds[part.stream]
            decoders[stream.index] = (position, part.first, StreamDecoder(container, stream))
        if not decoders:
            return
        read = [stream for stream in sounds if stream.index in decoders]
        keep_only(container, read)
        for packet in _packets(container, read, said, path=printable_name(path)):
            found = decoders.get(packet.stream_index)
            if found is None:
                continue
            position, first, decoder = found
            for index, frame in decoder.decode(packet):
                yield position, first + index, frame
        for stream in read:
            position, _, decoder = decoders[stream.index]
            said.extend(_damage(path, container, stream, decoder))
            remember_index(index_key(path, parts[position].stream), decoder.build_index())


def _damage(
    path: Path, container: InputContainer, stream: AvAudioStream, decoder: StreamDecoder
) -> Iterator[str]:
    """Yield sentences about what is missing of a stream that was read to its end."""
    name = printable_name(path)
    stated_s = 0.0
    if stream.duration and not RAW_FORMATS & set(container.format.name.split(",")):
        stated_s = float(time_of(stream.duration, stream.time_base))
    read_s = decoder.position / decoder.rate_hz
    if stated_s - read_s > max(MISSING_S, MISSING_SHARE * stated_s):
        yield f"{name}: breaks off after {read_s:.1f} of {stated_s:.1f} s of sound."
    elif decoder.bad_packets:
        count = decoder.bad_packets
        some = "1 packet" if count == 1 else f"{count} packets"
        yield f"{name}: {some} of sound cannot be decoded; silence stands in their place."
    elif not is_whole(path, container.format.name):
        yield f"{name}: is cut short; the first {read_s:.1f} s of sound are there."


def _packets(
    container: InputContainer, streams: Sequence[AvAudioStream], said: list[str], *, path: str
) -> Iterator[SoundPacket]:
    packets: Iterator[SoundPacket] = packets_of(container, streams)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError as error:
            said.append(f"{path}: breaks off early ({error.strerror}); the rest is not read.")
            return
        yield packet
