"""Which packet of a file holds which sample.

Conventions
-----------
An index is ``timed`` where timestamps are exact wherever the reader lands (PCM and FLAC files), or
a table of known packets. A whole read leaves the table behind; MP4 and MOV give it from their own
sample tables; anything else is decoded once when it is needed first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Lock

import numpy as np
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer
from numpy.typing import NDArray

ENTRY_EVERY_S = 0.25
"""Spacing of the entries of a table: 340 KB for an hour."""

TIMED_FORMATS = frozenset({"wav", "w64", "aiff", "au", "flac"})
"""Containers (FFmpeg's names) in which a timestamp after seeking is exact to the sample."""

RAW_FORMATS = frozenset({"mp3", "aac", "ac3", "eac3", "dts", "truehd", "mp2", "wv", "ape"})
"""Containers whose timestamps after seeking are estimates: packets are known by their position."""

BY_POSITION = RAW_FORMATS | {"mxf"}
"""MXF too: one that was cut off has lost its index, and FFmpeg then begins anew and says that it is
where it was asked to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundIndex:
    """Which sample a packet begins with.

    Parameters
    ----------
    pts, pos
        Timestamp and byte position (-1 where unknown) of packets, int64, shape (n,).
    sample
        Grid index of the first sample that decoding this packet gives, int64, shape (n,), rising.
    length
        Samples in the stream.
    first_pts
        Timestamp of sample 0.
    timed
        Timestamps alone say where a sample is; the table is empty.
    by_position
        Packets are known by `pos`, since timestamps after seeking are estimates.
    """

    pts: NDArray[np.int64]
    pos: NDArray[np.int64]
    sample: NDArray[np.int64]
    length: int
    first_pts: int = 0
    timed: bool = False
    by_position: bool = False


class IndexBuilder:
    """Collects a `SoundIndex` while a stream is read from its beginning.

    Attributes
    ----------
    due
        Grid index from which on the next packet is to be noted.
    """

    def __init__(self, container: InputContainer, stream: AvAudioStream, rate_hz: int) -> None:
        self._timed = is_timed(container, stream)
        formats = set(container.format.name.split(","))
        # Timestamps of ADPCM in WAV are estimates too: a byte is no whole number of samples.
        estimated = TIMED_FORMATS & formats and not self._timed
        self._by_position = bool(BY_POSITION & formats or estimated)
        self._spacing = int(ENTRY_EVERY_S * rate_hz)
        self._entries: list[tuple[int, int, int]] = []
        self.due = 0
        self._first_pts: int | None = None

    def note(self, pts: int | None, pos: int | None, sample: int, frame_pts: int | None) -> None:
        """Note a packet whose decoding begins at grid index `sample`, at least `due`."""
        if pts is None:
            return
        if self._first_pts is None:
            self._first_pts = pts if frame_pts is None else frame_pts
        if not self._timed:
            self._entries.append((pts, -1 if pos is None else pos, sample))
        self.due = sample + self._spacing

    def build(self, length: int) -> SoundIndex:
        """Return the index of a stream that turned out to have `length` samples."""
        table = np.array(self._entries, np.int64).reshape(-1, 3)
        return SoundIndex(
            pts=table[:, 0],
            pos=table[:, 1],
            sample=table[:, 2],
            length=length,
            first_pts=self._first_pts or 0,
            timed=self._timed,
            by_position=self._by_position,
        )


def is_timed(container: InputContainer, stream: AvAudioStream) -> bool:
    """Return whether timestamps alone say where a sample is."""
    codec = stream.codec_context.name
    return (
        bool(TIMED_FORMATS & set(container.format.name.split(",")))
        and (codec.startswith("pcm_") or codec == "flac")
        and stream.time_base == Fraction(1, stream.codec_context.sample_rate or 1)
    )


IndexKey = tuple[str, int, int, int]

_LIMIT = 4096
_known: OrderedDict[IndexKey, SoundIndex] = OrderedDict()
_lock = Lock()


def index_key(path: Path, stream: int) -> IndexKey:
    """Return what identifies a stream of a file as it is now."""
    status = path.stat()
    return (str(path), status.st_size, status.st_mtime_ns, stream)


def remember_index(key: IndexKey, index: SoundIndex) -> None:
    """Keep an index for the life of the process; the oldest of very many go first."""
    with _lock:
        _known[key] = index
        _known.move_to_end(key)
        while len(_known) > _LIMIT:
            _known.popitem(last=False)


def known_index(key: IndexKey) -> SoundIndex | None:
    """Return an index that a whole read has left behind."""
    with _lock:
        return _known.get(key)


def index_to_arrays(index: SoundIndex) -> dict[str, NDArray[np.generic]]:
    """Return an index as arrays for the store."""
    numbers = (index.length, index.first_pts, index.timed, index.by_position)
    return {
        "packets": np.stack([index.pts, index.pos, index.sample]),
        "numbers": np.array(numbers, np.int64),
    }


def index_from_arrays(arrays: Mapping[str, NDArray[np.generic]]) -> SoundIndex:
    """Return the index again that `index_to_arrays` wrote."""
    pts, pos, sample = arrays["packets"].astype(np.int64)
    length, first_pts, timed, by_position = (int(number) for number in arrays["numbers"])
    return SoundIndex(
        pts=pts,
        pos=pos,
        sample=sample,
        length=length,
        first_pts=first_pts,
        timed=bool(timed),
        by_position=bool(by_position),
    )
