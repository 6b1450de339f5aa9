"""Listens to every channel of a clip for timecode.

The sound comes at the analysis rate of 16 kHz, shared with other signals. That is enough: filters
are symmetric in time, and a frame has some hundred edges, so that its time is right to 3
microseconds, a seventh of a sample at 48 kHz.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clapless.media.reading import Block, Need, SoundBlock
from clapless.model import Clip, Refusal
from clapless.numerics.ltc import LtcDecoder, find_runs
from clapless.numerics.sound import is_twin
from clapless.signals.ltc.feature import LtcFeature
from clapless.signals.stamps import stamp_of

SURE_FRAMES = 250
"""With so many frames on one channel (ten seconds), channels that gave none are dropped."""

LEAST_FRAMES = 5
"""Fewer frames that count on are a misreading."""

PIECE = 1 << 18
"""Silence in a gap is fed in pieces of so many samples."""


class LtcExtractor:
    """Takes the sound of a clip in.

    Parameters
    ----------
    clip
        The clip.
    """

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._channels: dict[tuple[int, int], LtcDecoder] = {}
        self._begun_s: dict[tuple[int, int], float] = {}
        self._twins: set[tuple[int, int]] = set()
        self._origin_s: dict[int, float] = {}
        self._fed: dict[int, int] = {}

    @property
    def needs(self) -> frozenset[Need]:
        """Sound."""
        return frozenset([Need.SOUND])

    def feed(self, block: Block) -> None:
        """Take the next block of one stream."""
        if not isinstance(block, SoundBlock):
            return
        if block.stream not in self._origin_s:
            self._origin_s[block.stream] = block.start_s
            self._fed[block.stream] = 0
            for channel in range(block.samples.shape[0]):
                # Most cameras write one microphone twice: that is heard once.
                if channel:
                    self._twins.add((block.stream, channel))
                else:
                    self._begin(block.stream, channel, block)
        for key in [key for key in self._twins if key[0] == block.stream]:
            if not is_twin(block.samples[0], block.samples[key[1]]):
                self._twins.remove(key)
                self._begin(*key, block)
        fed = self._fed[block.stream]
        first = round((block.start_s - self._origin_s[block.stream]) * block.rate_hz)
        samples = block.samples[:, max(0, fed - first) :]
        while fed < first:
            count = min(PIECE, first - fed)
            self._give(block.stream, np.zeros((block.samples.shape[0], count), np.int16))
            fed += count
        self._give(block.stream, samples)
        self._fed[block.stream] = fed + samples.shape[1]

    def _begin(self, stream: int, channel: int, block: SoundBlock) -> None:
        """Listen to a channel from the grid's next sample on; before it was as the first one."""
        self._channels[stream, channel] = LtcDecoder(block.rate_hz)
        self._begun_s[stream, channel] = self._origin_s[stream] + self._fed[stream] / block.rate_hz

    def _give(self, stream: int, samples: NDArray[np.int16]) -> None:
        for (number, channel), decoder in self._channels.items():
            if number == stream and channel < len(samples):
                decoder.feed(samples[channel])
        if any(decoder.found >= SURE_FRAMES for decoder in self._channels.values()):
            self._twins.clear()
            self._channels = {key: one for key, one in self._channels.items() if one.found}

    def finish(self) -> LtcFeature | Refusal:
        """Return the runs of the channel that has most.

        Without timecode in its sound, a clip that states a label is no refusal: that may meet
        another's sound.
        """
        best: LtcFeature | None = None
        stamp = stamp_of(self._clip)
        most = 0
        for (stream, channel), decoder in sorted(self._channels.items()):
            frames = decoder.finish().later(self._begun_s[stream, channel])
            runs = tuple(run for run in find_runs(frames) if run.count >= LEAST_FRAMES)
            count = sum(run.count for run in runs)
            if count > most:
                best, most = LtcFeature(self._clip, runs, stream, channel, stamp), count
        if best is None and stamp is None:
            return Refusal(
                a=self._clip.id,
                b=self._clip.id,
                signal="ltc",
                code="no_ltc",
                reason="no timecode in its sound",
            )
        return best or LtcFeature(self._clip, (), -1, -1, stamp)
