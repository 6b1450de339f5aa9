"""Sound windows by sample index, over all files of a clip.

Conventions
-----------
The grid is fixed: sample i lies at ``origin_s + i / rate_hz`` and holds the same value however it
is asked for, and the same (to the rounding of 16 bits) as in the blocks of `read_once`. Sound is
decoded and resampled in pieces whose borders lie where the two rates meet, with a margin longer
than the resampler's filter; the last pieces are kept.
"""

from __future__ import annotations

from itertools import count as counting
from math import gcd
from threading import RLock
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from clapless.errors import UsageError
from clapless.media.blocks import sample_count
from clapless.media.limits import pieces
from clapless.media.rerating import rerated_whole, rerater
from clapless.media.sequence import SoundPart, parts_of
from clapless.media.stretches import StretchReader
from clapless.model import Clip

PIECE_S = 0.25
"""Length of a piece; a window costs at most two pieces more than its own length."""

MARGIN_SAMPLES = 64
"""Margin at each end, in samples of the lower of the two rates; FFmpeg's filter reaches 17."""


_numbers = counting(1)


class ClipSound:
    """Windows of one channel of a clip's sound, safe for threads; see `open_sound`."""

    def __init__(
        self, clip: Clip, *, stream: int = 0, channel: int | None = 0, rate_hz: int = 16000
    ) -> None:
        if not 0 <= stream < len(clip.audio):
            raise UsageError(f"{clip.name} has {len(clip.audio)} sound streams, no number {stream}")
        audio = clip.audio[stream]
        if channel is not None and not 0 <= channel < audio.channels:
            raise UsageError(f"{clip.name} has {audio.channels} channels, no number {channel}")
        self._rate_hz = rate_hz
        self._own_rate_hz = audio.sample_rate_hz
        self._origin_s = float(audio.start_s)
        self._channel = channel
        self._parts = parts_of(clip, audio)
        self._readers: dict[SoundPart, StretchReader] = {}
        last = self._parts[-1]
        own_length = last.first + self._reader(last).length
        self._own_length = own_length
        self._length = sample_count(own_length, self._own_rate_hz, rate_hz)
        # Pieces begin where a sample of one rate falls on a sample of the other.
        common = gcd(rate_hz, self._own_rate_hz)
        self._step, self._own_step = rate_hz // common, self._own_rate_hz // common
        self._steps_per_piece = max(1, round(PIECE_S * rate_hz / self._step))
        self._piece = self._steps_per_piece * self._step
        self._number = next(_numbers)
        self._lock = RLock()

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        return self._rate_hz

    @property
    def origin_s(self) -> float:
        """Clip time of sample 0."""
        return self._origin_s

    @property
    def length(self) -> int:
        """Samples there are."""
        return self._length

    def window(self, first: int, count: int) -> NDArray[np.float32]:
        """Return `count` samples from index `first`, shape (count,), full scale 1.0.

        Samples outside the recording (or in a gap between its files) are zero.
        """
        out = np.zeros(count, np.float32)
        begin, end = max(first, 0), min(first + count, self._length)
        if begin >= end:
            return out
        numbers = range(begin // self._piece, (end - 1) // self._piece + 1)
        for number, piece in self._collected(numbers).items():
            start = number * self._piece
            low, high = max(begin, start), min(end, start + len(piece))
            if high > low:
                out[low - first : high - first] = piece[low - start : high - start]
        return out

    def close(self) -> None:
        """Close the files and drop what was decoded; a window opens them again."""
        with self._lock:
            for reader in self._readers.values():
                reader.close()
            pieces.forget(self._number)

    def __enter__(self) -> ClipSound:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _collected(self, numbers: range) -> dict[int, NDArray[np.float32]]:
        """Return pieces, made where they are not kept."""
        with self._lock:
            found: dict[int, NDArray[np.float32]] = {}
            run: list[int] = []
            for number in numbers:
                kept = pieces.get((self._number, number))
                if kept is None:
                    run.append(number)
                    continue
                found[number] = kept
                found.update(self._made(run))
                run = []
            found.update(self._made(run))
            return found

    def _made(self, run: list[int]) -> dict[int, NDArray[np.float32]]:
        """Decode and resample neighbouring pieces in one go, and keep them."""
        if not run:
            return {}
        margin_steps = -(-MARGIN_SAMPLES // min(self._step, self._own_step))
        first_step = max(0, run[0] * self._steps_per_piece - margin_steps)
        end_step = (run[-1] + 1) * self._steps_per_piece + margin_steps
        own_first = first_step * self._own_step
        own_end = min(end_step * self._own_step, self._own_length)
        own = self._own_samples(own_first, own_end - own_first)
        samples = self._rerated(own, first=own_first == 0, last=own_end == self._own_length)
        skip = run[0] * self._piece - first_step * self._step
        made = {}
        for place, number in enumerate(run):
            start = skip + place * self._piece
            made[number] = samples[start : start + self._piece].copy()
            pieces.put((self._number, number), made[number])
        return made

    def _rerated(self, own: NDArray[np.float32], *, first: bool, last: bool) -> NDArray[np.float32]:
        """Return samples at the rate that is wanted; the recording's ends as a whole read does."""
        if self._own_rate_hz == self._rate_hz:
            return own
        if first or last:
            return rerated_whole(own, self._own_rate_hz, self._rate_hz)
        return rerater(self._own_rate_hz, self._rate_hz).convert(own)

    def _own_samples(self, first: int, count: int) -> NDArray[np.float32]:
        """Return samples at the stream's own rate over all files."""
        if len(self._parts) == 1:
            return self._reader(self._parts[0]).read(first, count)
        out = np.zeros(count, np.float32)
        filled = first
        for part in self._parts:
            reader = self._reader(part)
            # Where two files overlap the earlier one counts, as in a whole read.
            begin, end = max(filled, part.first), min(first + count, part.first + reader.length)
            if end > begin:
                out[begin - first : end - first] = reader.read(begin - part.first, end - begin)
            filled = max(filled, min(part.first + reader.length, first + count))
        return out

    def _reader(self, part: SoundPart) -> StretchReader:
        if part not in self._readers:
            self._readers[part] = StretchReader(
                part.path, stream=part.stream, channel=self._channel
            )
        return self._readers[part]


def open_sound(
    clip: Clip, *, stream: int = 0, channel: int | None = 0, rate_hz: int = 16000
) -> ClipSound:
    """Open one channel of a clip's sound for windows by sample index.

    Parameters
    ----------
    clip
        The clip, in one file or several chapters.
    stream
        Position in `Clip.audio`.
    channel
        Which channel; None is the mean of all channels.
    rate_hz
        Samples per second of the windows.

    Returns
    -------
    ClipSound
        A `SoundWindows`, to be closed (it is a context manager).

    Raises
    ------
    UsageError
        The clip has no such stream or channel.
    MediaError
        A file cannot be opened any more.
    """
    return ClipSound(clip, stream=stream, channel=channel, rate_hz=rate_hz)
