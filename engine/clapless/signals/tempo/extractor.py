"""Takes a clip's sound in and keeps its notes and strokes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clapless.media.reading import Block, Need, SoundBlock
from clapless.model import Clip, Refusal
from clapless.numerics.tempo_features import HOP, NOTE_FRAME, RATE_HZ, frame_levels
from clapless.signals.tempo.feature import TempoFeature

SIGNAL = "tempo"

LEAST_S = 10.0
"""Shorter recordings hold no stretch of music that could be told from another."""

SILENT_PEAK = 4
"""Sound that never leaves this many int16 steps is dead."""

CHUNK_FRAMES = 512
"""Frames worked on at once."""

FULL_SCALE = 32768.0


@dataclass(eq=False)
class _Stream:
    """Mono sound of one stream on its way; it begins half a frame before its first sample."""

    origin_s: float
    pending: list[NDArray[np.float32]] = field(
        default_factory=lambda: [np.zeros(NOTE_FRAME // 2, np.float32)]
    )
    held: int = NOTE_FRAME // 2
    received: int = 0
    peak: int = 0
    notes: list[NDArray[np.float32]] = field(default_factory=list)
    strokes: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, block: SoundBlock) -> None:
        first = round((block.start_s - self.origin_s) * RATE_HZ)
        samples = block.samples[:, max(0, self.received - first) :]
        if not samples.shape[1]:
            return
        self.peak = max(self.peak, int(samples.max()), -int(samples.min()))
        gap = max(0, first - self.received)
        whole = CHUNK_FRAMES * HOP
        for start in range(0, gap, whole):
            self._append(np.zeros(min(whole, gap - start), np.float32))
        self._append(samples.mean(axis=0, dtype=np.float32) / np.float32(FULL_SCALE))
        self.received += gap + samples.shape[1]

    def _append(self, mono: NDArray[np.float32]) -> None:
        self.pending.append(mono)
        self.held += len(mono)
        while self.held >= CHUNK_FRAMES * HOP + NOTE_FRAME:
            self._work(CHUNK_FRAMES)

    def _work(self, frames: int) -> None:
        whole = np.concatenate(self.pending)
        notes, strokes = frame_levels(whole[: (frames - 1) * HOP + NOTE_FRAME])
        self.notes.append(notes)
        self.strokes.append(strokes)
        self.pending = [whole[frames * HOP :].copy()]
        self.held = len(self.pending[0])

    def finish(self) -> None:
        self._append(np.zeros(NOTE_FRAME // 2, np.float32))
        frames = (self.held - NOTE_FRAME) // HOP + 1
        if frames > 0:
            self._work(frames)


class TempoExtractor:
    """Listens to every stream of a clip, keeps the loudest.

    Parameters
    ----------
    clip
        The clip.
    """

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
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
        if block.stream not in self._streams:
            self._streams[block.stream] = _Stream(origin_s=block.start_s)
        self._streams[block.stream].add(block)

    def finish(self) -> TempoFeature | Refusal:
        """Return notes and strokes of the loudest stream, or why there are none of use."""
        if not self._streams:
            return self._refuse("no_sound", "it has no sound")
        stream = max(self._streams.values(), key=lambda one: one.peak)
        if stream.received < LEAST_S * RATE_HZ:
            return self._refuse("too_short", f"its sound is shorter than {LEAST_S:g} s")
        if stream.peak <= SILENT_PEAK:
            return self._refuse("silent", "its sound is silent")
        stream.finish()
        return TempoFeature(
            clip=self._clip,
            origin_s=stream.origin_s,
            notes=np.concatenate(stream.notes),
            strokes=np.concatenate(stream.strokes),
        )

    def _refuse(self, code: str, reason: str) -> Refusal:
        return Refusal(a=self._clip.id, b=self._clip.id, signal=SIGNAL, code=code, reason=reason)
