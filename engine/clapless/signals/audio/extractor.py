"""Takes the sound of a clip in and keeps what the search needs of its best channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clapless.media.reading import Block, Need, SoundBlock
from clapless.model import Clip, Refusal
from clapless.numerics.sound import is_twin
from clapless.signals.audio.bands import (
    BANDS,
    FRAME,
    HOP,
    RATE_HZ,
    changes,
    liveliness_db,
    loudness,
)
from clapless.signals.audio.claps import Clap, find_claps, strongest
from clapless.signals.audio.feature import LEVEL_FRAMES, AudioFeature, SoundOpener

CHUNK = 1024 * HOP
"""Samples worked on at once, 16.4 s: results do not depend on how the sound is cut into blocks."""

SILENT_PEAK = 4
"""A channel that never leaves this many int16 steps is dead."""

LEAST_S = 1.0
"""Shorter recordings cannot be matched by sound."""

KEPT_VALUES = 1 << 23
"""Samples of all channels, 16 MB, up to which a clip's sound is held until its best channel is
known, and that one kept: 4.4 min of stereo."""

BETTER_SHARE = 1.15
"""A later channel is chosen over an earlier one only if it is this much livelier."""


SoundKeeper = Callable[[Clip, int, int, float, list[NDArray[np.int16]]], None]
"""Keeps a channel: clip, position in `Clip.audio`, channel, clip time of its first sample, and all
of it in pieces."""


@dataclass(eq=False)
class _Channel:
    levels: list[NDArray[np.uint8]] = field(default_factory=list)
    claps: list[Clap] = field(default_factory=list)
    peak: int = 0
    same_as: int | None = None


@dataclass(eq=False)
class _Stream:
    """Sound of one stream on its way, on a grid without gaps that begins with its first sample."""

    origin_s: float
    channels: list[_Channel]
    pending: list[NDArray[np.int16]] = field(default_factory=list)
    held: int = 0
    received: int = 0
    done: int = 0
    whole: list[NDArray[np.int16]] = field(default_factory=list)
    """All of it, where it is short."""

    @property
    def is_short(self) -> bool:
        """Whether all of it is held."""
        return self.received * len(self.channels) <= KEPT_VALUES

    def add(self, block: SoundBlock) -> None:
        first = round((block.start_s - self.origin_s) * RATE_HZ)
        samples = block.samples
        if first > self.received:
            self._append(np.zeros((len(self.channels), first - self.received), np.int16))
        elif first < self.received:
            samples = samples[:, self.received - first :]
        self._append(samples)

    def _append(self, samples: NDArray[np.int16]) -> None:
        # A long gap comes in pieces, so that memory stays flat.
        for start in range(0, samples.shape[1], CHUNK):
            piece = samples[:, start : start + CHUNK]
            self.pending.append(piece)
            self.held += piece.shape[1]
            self.received += piece.shape[1]
            if self.is_short:
                self.whole.append(piece)
            else:
                self.whole.clear()
            while self.held >= CHUNK + FRAME - HOP:
                self._work(CHUNK)

    def finish(self) -> None:
        if self.held >= FRAME:
            self._work((self.held - FRAME) // HOP * HOP + HOP)

    def _work(self, count: int) -> None:
        """Take `count` samples, a whole number of frames."""
        whole = np.concatenate(self.pending, axis=1)
        chunk = whole[:, : count + FRAME - HOP]
        for index, channel in enumerate(self.channels):
            self._work_channel(chunk, index, channel)
        self.pending = [whole[:, count:].copy()]
        self.held = self.pending[0].shape[1]
        self.done += count

    def _work_channel(self, chunk: NDArray[np.int16], index: int, channel: _Channel) -> None:
        samples = chunk[index]
        channel.peak = max(channel.peak, int(samples.max()), -int(samples.min()))
        if channel.same_as is not None and not is_twin(chunk[channel.same_as], samples):
            # It was the same until now.
            twin = self.channels[channel.same_as]
            channel.levels = twin.levels[: len(twin.levels) - 1]
            channel.claps = [clap for clap in twin.claps if clap.sample < self.done]
            channel.same_as = None
        elif channel.same_as is None and self.done == 0:
            for other in range(index):
                if self.channels[other].same_as is None and is_twin(chunk[other], samples):
                    channel.same_as = other
                    break
        if channel.same_as is None:
            levels = loudness(samples)
            channel.levels.append(levels)
            channel.claps += find_claps(levels, samples, self.done)


class AudioExtractor:
    """Listens to every channel of a clip, keeps the liveliest.

    Parameters
    ----------
    clip
        The clip.
    opener
        How its samples are read again later.
    keeper
        Is given the channel that was chosen of a short clip.
    """

    def __init__(self, clip: Clip, opener: SoundOpener, keeper: SoundKeeper | None = None) -> None:
        self._clip = clip
        self._opener = opener
        self._keeper = keeper
        self._streams: dict[int, _Stream] = {}

    @property
    def needs(self) -> frozenset[Need]:
        """Sound."""
        return frozenset({Need.SOUND})

    def feed(self, block: Block) -> None:
        """Take the next block.

        Raises
        ------
        ValueError
            The block is not at the rate that is analysed.
        """
        if not isinstance(block, SoundBlock):
            return
        if block.rate_hz != RATE_HZ:
            raise ValueError(f"sound is analysed at {RATE_HZ} Hz, but got {block.rate_hz} Hz")
        if block.samples.shape[1] == 0:
            return
        if block.stream not in self._streams:
            count = block.samples.shape[0]
            self._streams[block.stream] = _Stream(
                origin_s=block.start_s,
                channels=[_Channel() for _ in range(count)],
            )
        self._streams[block.stream].add(block)

    def finish(self) -> AudioFeature | Refusal:
        """Return the feature of the best channel, or why the clip's sound is of no use."""
        for stream in self._streams.values():
            stream.finish()
        if not self._streams:
            return self._refuse("no_sound", "it has no sound")
        if max(stream.received for stream in self._streams.values()) < LEAST_S * RATE_HZ:
            return self._refuse("too_short", f"its sound is shorter than {LEAST_S:g} s")
        best: tuple[int, int] | None = None
        best_score = -1.0
        scores: list[tuple[int, int, float]] = []
        for number in sorted(self._streams):
            for index, channel in enumerate(self._streams[number].channels):
                if channel.same_as is not None or channel.peak <= SILENT_PEAK:
                    continue
                score = liveliness_db(_joined(channel.levels))
                scores.append((number, index, score))
                if best is None or score > best_score * BETTER_SHARE:
                    best, best_score = (number, index), score
        if best is None:
            return self._refuse("silent", "its sound is silent")
        return self._feature(best, scores)

    def _feature(self, best: tuple[int, int], scores: list[tuple[int, int, float]]) -> AudioFeature:
        stream = self._streams[best[0]]
        channel = stream.channels[best[1]]
        levels = _joined(channel.levels)
        whole = len(levels) // LEVEL_FRAMES * LEVEL_FRAMES
        coarse = levels[:whole].mean(axis=1, dtype=np.float32).reshape(-1, LEVEL_FRAMES).max(axis=1)
        claps = strongest(channel.claps)
        if self._keeper is not None and stream.is_short:
            pieces = [piece[best[1]] for piece in stream.whole]
            self._keeper(self._clip, best[0], best[1], stream.origin_s, pieces)
        return AudioFeature(
            clip=self._clip,
            stream=best[0],
            channel=best[1],
            origin_s=stream.origin_s,
            changes=changes(levels),
            level_db=np.rint(coarse).astype(np.uint8),
            claps_s=np.array([stream.origin_s + clap.sample / RATE_HZ for clap in claps]),
            clap_strength=np.array([clap.rise_db for clap in claps]),
            liveliness_db=np.array(scores, np.float64),
            opener=self._opener,
        )

    def _refuse(self, code: str, reason: str) -> Refusal:
        return Refusal(a=self._clip.id, b=self._clip.id, signal="audio", code=code, reason=reason)


def _joined(levels: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.concatenate(levels) if levels else np.zeros((0, BANDS), np.uint8)
