"""Sound becomes frames of linear timecode.

Method
------
Biphase mark turns its polarity at each bit's beginning, and once more in the middle of a 1. Half a
bit is called a chip here; every turn lies between two chips.

1. The square of the sound dips at each turn, so it holds a spectral line at the chip rate, whatever
   the level, the polarity and the direction. The line's phase, in windows of some 30 ms, is the
   clock: it follows tape.
2. Each chip is integrated (the matched filter), and places where the chips look like the
   synchronisation word, forwards or backwards, say where frames lie.
3. The 80 bits before are the best path through the two polarities (Viterbi), for all frames of a
   chunk at once: at 0 dB of white noise at 48 kHz less than one frame in a thousand is lost.
4. Each frame's own time is refined from the slopes at all its turns: the filters are symmetric in
   time, so it is right to a small part of a sample.

The sound is worked on in chunks of `CHUNK_S`, each by itself, so that memory is flat and nothing
depends on how it is fed. A chunk without timecode is seen by a look at 0.2 s of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.ltc.bits import BITS
from clapless.numerics.ltc.clock import (
    LOOK_RATE_HZ,
    WORK_RATE_HZ,
    Sound,
    chip_rates,
    integrate,
)
from clapless.numerics.ltc.frames import LtcFrames, each_once, joined, no_frames
from clapless.numerics.ltc.words import read_frames

CHUNK_S = 4.0
"""Length of a chunk."""

OVERLAP_S = 0.3
"""Chunks overlap by this: more than two frames at half speed of 24 (0.17 s) and the filters."""

EAGER_LOOKS = 4
"""Chunks that are all looked at, a quarter of a minute; later only some are."""

PIECE_S = 0.5
"""Length of the pieces a chunk is cut into where it did not give the frames it should."""

RARE_AFTER_S = 600.0
RARE_TIMES = 3
"""After so long without timecode looks are so many times rarer: a recorder that is fed writes it
from the beginning."""

FULL_SHARE = 0.8
"""Fewer frames than this share of what the chip rate promises are too few."""

LOOK_S = 0.25
"""What is looked at to see whether a chunk has timecode: at least two frames at half speed."""


def decode(samples: NDArray[np.floating] | NDArray[np.int16], rate_hz: float) -> LtcFrames:
    """Return all frames in a stretch of sound that fits in memory.

    Parameters
    ----------
    samples
        One channel, shape (n,).
    rate_hz
        Samples per second, at least 8000.
    """
    decoder = LtcDecoder(rate_hz, look_every=1)
    decoder.feed(samples)
    return decoder.finish()


class LtcDecoder:
    """Takes one channel in, piece by piece.

    Parameters
    ----------
    rate_hz
        Samples per second.
    look_every
        After the first chunks without timecode only every so many chunks are looked at, after
        `RARE_AFTER_S` fewer still. A beginning in between is found up to so many chunks back.
    """

    def __init__(self, rate_hz: float, *, look_every: int = 6) -> None:
        self._rate_hz = rate_hz
        self._chunk = round(CHUNK_S * rate_hz)
        self._stride = self._chunk - round(OVERLAP_S * rate_hz)
        self._look_every = look_every
        self._pending: list[NDArray[np.float32]] = []
        self._held = 0
        self._first = 0
        self._passed: list[tuple[NDArray[np.float32], int]] = []
        self._chip_hz: float | None = None
        self._running = False
        self._looks_in_vain = 0
        self._parts: list[LtcFrames] = []

    @property
    def found(self) -> int:
        """Frames found so far; those in overlaps count twice."""
        return sum(map(len, self._parts))

    def feed(self, samples: NDArray[np.floating] | NDArray[np.int16]) -> None:
        """Take the next samples, shape (n,)."""
        piece = np.asarray(samples, np.float32)
        self._pending.append(piece)
        self._held += len(piece)
        if self._held < self._chunk:
            return
        data = np.concatenate(self._pending)
        start = 0
        while len(data) - start >= self._chunk:
            self._work(data[start : start + self._chunk])
            start += self._stride
        self._pending = [data[start:].copy()]
        self._held = len(data) - start

    def finish(self) -> LtcFrames:
        """Return all frames, each once, in rising time."""
        if self._held:
            self._work(np.concatenate(self._pending), last=True)
            self._pending, self._held = [], 0
        return each_once(joined(self._parts))

    def _work(self, chunk: NDArray[np.float32], *, last: bool = False) -> None:
        number = self._first // self._stride
        every = self._look_every
        if (
            number * self._stride > RARE_AFTER_S * self._rate_hz
            and self._looks_in_vain >= EAGER_LOOKS
        ):
            every *= RARE_TIMES if every > 1 else 1
        looking = last or self._looks_in_vain < EAGER_LOOKS or number % every == 0
        if self._running or (looking and self._look(chunk)):
            if not self._running:
                # It began since the last look: back to where it did.
                for earlier, first in reversed(self._passed):
                    if not self._take(earlier, first):
                        break
            self._passed = []
            self._looks_in_vain = 0
            self._running = self._take(chunk, self._first)
            if not self._running:
                self._passed = [(chunk, self._first)]
        else:
            if looking:
                self._looks_in_vain += 1
                self._passed = []
            self._passed = [*self._passed[1 - self._look_every :], (chunk, self._first)]
        self._first += self._stride

    def _look(self, chunk: NDArray[np.float32]) -> bool:
        count = round(LOOK_S * self._rate_hz)
        middle = max(0, (len(chunk) - count) // 2)
        # A start or an end inside the chunk is seen at one of its ends, at the latest next time.
        for first in (middle, 0) if self._looks_in_vain == 0 else (middle,):
            part = chunk[first : first + count]
            frames, _ = _decode_chunk(part, self._rate_hz, self._chip_hz, least_hz=LOOK_RATE_HZ)
            if len(frames):
                return True
        return False

    def _take(self, chunk: NDArray[np.float32], first: int) -> bool:
        frames, chip_hz = _decode_chunk(chunk, self._rate_hz, self._chip_hz)
        expected = len(chunk) / self._rate_hz * chip_hz / (2 * BITS)
        if len(frames) < FULL_SHARE * expected - 2 or not len(frames):
            # It begins or ends here, or its speed changes: shorter pieces hold still.
            frames, chip_hz = self._in_pieces(chunk, chip_hz or None)
        if len(frames):
            self._parts.append(frames.later(first / self._rate_hz))
            self._chip_hz = chip_hz
        return len(frames) > 0

    def _in_pieces(
        self, chunk: NDArray[np.float32], hint_hz: float | None
    ) -> tuple[LtcFrames, float]:
        length, stride = (round(time_s * self._rate_hz) for time_s in (PIECE_S, PIECE_S / 2))
        parts = []
        for first in range(0, max(1, len(chunk) - stride), stride):
            frames, chip_hz = _decode_chunk(chunk[first : first + length], self._rate_hz, hint_hz)
            if len(frames):
                parts.append(frames.later(first / self._rate_hz))
                hint_hz = chip_hz
        return each_once(joined(parts)), hint_hz or 0.0


def _decode_chunk(
    samples: NDArray[np.float32],
    rate_hz: float,
    hint_hz: float | None,
    *,
    least_hz: float = WORK_RATE_HZ,
) -> tuple[LtcFrames, float]:
    """Return the frames of a chunk, times from its first sample, and the chip rate."""
    nothing = (no_frames(), 0.0)
    if len(samples) < 0.05 * rate_hz or not float(np.ptp(samples)) > 0:
        return nothing
    sound = Sound.of(samples, rate_hz, least_hz=least_hz)
    best: LtcFrames | None = None
    best_hz = 0.0
    for chip_hz in chip_rates(sound, hint_hz=hint_hz):
        chips = integrate(sound, chip_hz)
        if chips is None:
            continue
        frames = read_frames(chips, sound.work_hz)
        if best is None or len(frames) > len(best):
            best, best_hz = frames, chips.rate_hz
        if len(frames) >= FULL_SHARE * len(samples) / rate_hz * chips.rate_hz / (2 * BITS) - 2 > 0:
            break
    return nothing if best is None else (best, best_hz)
