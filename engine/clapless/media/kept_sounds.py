"""Sound of short clips, kept on the disk for the length of a run.

A short clip is compared with several others, and the windows that are heard of it cover all of it
more than once: decoding them again took half of the time of a sync of hundreds of clips. What the
first read decoded is kept instead, at the analysis rate and 16 bits, in one temporary file that has
no name (or loses it with the process). It is a cache: where it is full or cannot be written, sound
is decoded again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from clapless.media.indexing import IndexKey, index_key
from clapless.media.sequence import parts_of
from clapless.model import Clip
from clapless.numerics.sound import FULL_SCALE

LIMIT_BYTES = 1 << 30
"""The most that is kept: nine hours at 16 kHz."""

FREE_SHARE = 0.25
"""No more than this share of what is free on the disk is taken."""

SoundKey = tuple[tuple[IndexKey, ...], int, int]
"""The files as they are now, channel, rate."""


@dataclass(frozen=True, slots=True)
class KeptSound:
    """Windows of one channel by sample index, from the temporary file; safe for threads.

    Parameters
    ----------
    scratch
        Holds the samples.
    place
        Of the first sample, in bytes.
    length
        Samples there are.
    rate_hz
        Samples per second.
    origin_s
        Clip time of sample 0.
    """

    scratch: _Scratch
    place: int
    length: int
    rate_hz: int
    origin_s: float

    def window(self, first: int, count: int) -> NDArray[np.float32]:
        """Return `count` samples from index `first`, shape (count,), full scale 1.0.

        Samples outside the recording are zero.
        """
        out = np.zeros(count, np.float32)
        begin, end = max(first, 0), min(first + count, self.length)
        if begin < end:
            samples = self.scratch.read(self.place + 2 * begin, end - begin)
            np.multiply(samples, np.float32(1.0 / FULL_SCALE), out=out[begin - first : end - first])
        return out


class _Scratch:
    """One temporary file of int16 samples."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._file: FileIO | None = None
        self._end = 0
        self._limit = LIMIT_BYTES
        self._places: dict[SoundKey, tuple[int, int, float]] = {}

    def find(self, key: SoundKey) -> KeptSound | None:
        # Made anew each time: sounds hold the file, so the file may not hold them.
        with self._lock:
            found = self._places.get(key)
        if found is None:
            return None
        place, length, origin_s = found
        return KeptSound(self, place, length, key[2], origin_s)

    def add(self, key: SoundKey, pieces: Sequence[NDArray[np.int16]], origin_s: float) -> None:
        with self._lock:
            length = sum(map(len, pieces))
            try:
                file = self._opened()
                if key in self._places or self._end + 2 * length > self._limit:
                    return
                file.seek(self._end)
                for piece in pieces:
                    _write_all(file, np.ascontiguousarray(piece).data.cast("B"))
            except OSError:
                # No disk, or a full one: sound is decoded again, which costs time and nothing else.
                self._limit = 0
                return
            self._places[key] = (self._end, length, origin_s)
            self._end += 2 * length

    def read(self, place: int, count: int) -> NDArray[np.int16]:
        out = np.empty(count, np.int16)
        with self._lock:
            assert self._file is not None
            self._file.seek(place)
            _read_all(self._file, out.data.cast("B"))
        return out

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()

    def _opened(self) -> FileIO:
        if self._file is None:
            free = shutil.disk_usage(tempfile.gettempdir()).free
            self._limit = min(self._limit, int(FREE_SHARE * free))
            # It goes with this object. Without a buffer nothing is left to be written once more
            # when a full disk has said no, and what was kept before stays readable.
            self._file = tempfile.TemporaryFile(prefix="clapless-", buffering=0)  # noqa: SIM115
        return self._file


def _write_all(file: FileIO, data: memoryview) -> None:
    done = 0
    while done < len(data):
        done += file.write(data[done:])


def _read_all(file: FileIO, data: memoryview) -> None:
    done = 0
    while done < len(data):
        got = file.readinto(data[done:])
        if not got:
            raise OSError(f"the temporary file ends {len(data) - done} bytes early")
        done += got


_lock = Lock()
_scratch: _Scratch | None = None
_runs = 0


@contextmanager
def keeping_sounds() -> Iterator[None]:
    """Keep sounds until the block ends (the last one, where several run at once)."""
    global _scratch, _runs
    with _lock:
        _runs += 1
        _scratch = _scratch or _Scratch()
    try:
        yield
    finally:
        with _lock:
            _runs -= 1
            if not _runs:
                # The file goes when the last who reads it does.
                _scratch = None


def keep_sound(
    clip: Clip,
    pieces: Sequence[NDArray[np.int16]],
    *,
    stream: int,
    channel: int,
    rate_hz: int,
    origin_s: float,
) -> None:
    """Keep one channel of a clip as a whole read gave it, within `keeping_sounds`.

    Parameters
    ----------
    clip
        The clip.
    pieces
        All of the channel, int16, each of shape (n,), one after another.
    stream
        Position in `Clip.audio`.
    channel
        Which channel.
    rate_hz
        Samples per second.
    origin_s
        Clip time of the first sample.
    """
    scratch = _scratch
    if scratch is None:
        return
    try:
        key = _key(clip, stream, channel, rate_hz)
    except OSError:
        return  # Gone since it was read: whoever needs it next says so.
    scratch.add(key, pieces, origin_s)


def kept_sound(clip: Clip, *, stream: int, channel: int, rate_hz: int) -> KeptSound | None:
    """Return a channel that was kept of a clip whose files have not changed since, or None."""
    scratch = _scratch
    if scratch is None:
        return None
    try:
        return scratch.find(_key(clip, stream, channel, rate_hz))
    except OSError:
        return None  # Gone since: whoever opens it says so.


def _key(clip: Clip, stream: int, channel: int, rate_hz: int) -> SoundKey:
    parts = parts_of(clip, clip.audio[stream])
    return tuple(index_key(part.path, part.stream) for part in parts), channel, rate_hz
