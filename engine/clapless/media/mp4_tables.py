"""One track of an MP4 or MOV file through its sample tables, without reading the rest.

Conventions
-----------
*Presentation time* is the time axis of the edit lists, in exact seconds: 0 is where the movie
begins. FFmpeg's reader drops the part of an edit that begins inside a sample and moves the track to
its next sample (up to a second with telemetry that was cut by stream copy); here such a sample
keeps its true, then negative, time. `zero_s` is the presentation time of clip time 0.

References
----------
ISO/IEC 14496-12, sections 8.6 (stts, ctts, elst), 8.7 (stsz, stz2, stsc, stco, co64); for files
written in fragments see `clapless.media.mp4_fragments`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clapless.errors import DamagedMediaError, MediaError, NotMediaError
from clapless.media.mp4_boxes import Box, BoxFile
from clapless.media.mp4_edits import Edit, presented
from clapless.media.mp4_fragments import fragment_samples

MOST_SAMPLES = 20_000_000
"""Samples of one track: five days of sound in AAC frames."""

MOST_TABLE_BYTES = 16 * MOST_SAMPLES
"""Bytes of one table of the index."""

MOST_SAMPLE_BYTES = 64 * 2**20
"""Bytes of one sample; one GPMF value holds at most 16.7 MB."""

FIRST_FRAMES = 64
"""Frames among which the first presented one is looked for: more than any encoder reorders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mp4Track:
    """Where the samples of one track lie, and when they are presented.

    Parameters
    ----------
    handler
        Kind of track, four characters: ``vide``, ``soun``, ``meta``, ``tmcd``.
    format
        Kind of sample, four characters: ``gpmd``, ``avc1``, ``mp4a``.
    offsets, sizes
        Bytes of the file, int64, shape (n,).
    times_s, durations_s
        Presentation time and length of each sample in seconds, float64, shape (n,).
    notes
        What is wrong with it, as clauses that go behind the file's name.
    """

    handler: str
    format: str
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    times_s: NDArray[np.float64]
    durations_s: NDArray[np.float64]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _TrackBoxes:
    handler: str
    format: str
    time_scale: int
    table: Box
    edits: tuple[Edit, ...]
    number: int


class Mp4File(BoxFile):
    """The index of an MP4 or MOV file.

    Use it as a context. Only what is asked for is read: a track's tables on `track`, its data on
    `samples`.

    Raises
    ------
    NotMediaError
        It has no index (``moov``) of this kind.
    DamagedMediaError
        The index breaks off or contradicts itself.
    MediaError
        The file cannot be read at all.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._handle = path.open("rb", buffering=0)
        except OSError as error:
            raise MediaError(path, f"cannot be read ({error.strerror or error})") from error
        try:
            super().__init__(self._handle, path)
            self._read_index()
        except BaseException:
            self._handle.close()
            raise

    def __enter__(self) -> Mp4File:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    def _read_index(self) -> None:
        self.fragmented = False
        movie: Box | None = None
        for box in self.boxes():
            if box.kind == b"moov":
                movie = box
                self.fragmented = self.find(box, b"mvex") is not None
                break
        if movie is None:
            raise NotMediaError(self.path, "has no index of an MP4 or MOV file")
        self.movie = movie
        head = self.find(movie, b"mvhd")
        if head is None:
            raise DamagedMediaError(self.path, "has an index without a header")
        self._movie_scale = _time_scale(self.content(head, most=1024), self.path)
        self._tracks = tuple(
            track
            for box in self.boxes(movie.start, movie.end)
            if box.kind == b"trak" and (track := self._track_boxes(box)) is not None
        )

    def _track_boxes(self, box: Box) -> _TrackBoxes | None:
        head = self.find(box, b"mdia", b"mdhd")
        handler = self.find(box, b"mdia", b"hdlr")
        table = self.find(box, b"mdia", b"minf", b"stbl")
        description = self.find(table, b"stsd") if table is not None else None
        if head is None or handler is None or table is None or description is None:
            return None
        kind = self.read(handler.start + 8, 4)
        sample = self.read(description.start + 12, 4)
        scale = _time_scale(self.content(head, most=1024), self.path)
        edit_list = self.find(box, b"edts", b"elst")
        edits = self._edits(edit_list, scale) if edit_list is not None else ()
        return _TrackBoxes(
            kind.decode("latin-1"),
            sample.decode("latin-1"),
            scale,
            table,
            tuple(edits),
            self._number(box),
        )

    def _number(self, track: Box) -> int:
        """Return the number by which fragments name a track, 0 where its header says none."""
        head = self.find(track, b"tkhd")
        data = b"" if head is None else self.content(head, most=1024)
        at = 20 if data[:1] == b"\1" else 12
        return int(struct.unpack_from(">I", data, at)[0]) if len(data) >= at + 4 else 0

    def _edits(self, box: Box, scale: int) -> list[Edit]:
        data = self.content(box, most=MOST_TABLE_BYTES)
        if len(data) < 8:
            return []
        layout = struct.Struct(">QqHh" if data[0] == 1 else ">IiHh")
        count = min(struct.unpack(">I", data[4:8])[0], (len(data) - 8) // layout.size)
        edits: list[Edit] = []
        start_s = Fraction(0)
        for number in range(min(count, 10_000)):
            duration, media, rate, part = layout.unpack_from(data, 8 + number * layout.size)
            duration_s = Fraction(duration, self._movie_scale)
            if media != -1 and (rate, part) != (1, 0):
                raise DamagedMediaError(
                    self.path, f"plays a part of a track at {rate}.{part:04x} times its speed"
                )
            media_s = None if media == -1 else Fraction(media, scale)
            edits.append(Edit(start_s=start_s, duration_s=duration_s, media_s=media_s))
            start_s += duration_s
        return edits

    @property
    def formats(self) -> tuple[tuple[str, str], ...]:
        """Handler and sample format of each track, in order."""
        return tuple((track.handler, track.format) for track in self._tracks)

    @property
    def zero_s(self) -> Fraction:
        """Presentation time of clip time 0: the first presented frame, or sample without picture.

        Where an edit begins inside a frame, that moment is it.
        """
        for handler in ("vide", "soun"):
            starts = [
                start_s
                for track in self._tracks
                if track.handler == handler and (start_s := self._starts_s(track)) is not None
            ]
            if starts:
                return starts[0] if handler == "vide" else min(starts)
        return Fraction(0)

    def _starts_s(self, track: _TrackBoxes) -> Fraction | None:
        for edit in track.edits:
            if edit.media_s is not None:
                return edit.start_s
        durations = self._runs(track.table, b"stts", signed=False, most=FIRST_FRAMES)
        if durations.size == 0 and self.fragmented:
            first = fragment_samples(self, self.movie, track.number, most=FIRST_FRAMES)
            starts = (first.starts + first.shifts)[:FIRST_FRAMES]
            return Fraction(int(starts.min()), track.time_scale) if starts.size else None
        if durations.size == 0:
            return None
        starts = np.concatenate([[0], np.cumsum(durations)])[: durations.size]
        shifts = self._runs(track.table, b"ctts", signed=True, most=FIRST_FRAMES)
        count = min(shifts.size, starts.size)
        starts[:count] += shifts[:count]
        return Fraction(int(starts.min()), track.time_scale)

    def track(self, format: str) -> Mp4Track | None:
        """Return the first track of a sample format, or None where there is none.

        Raises
        ------
        DamagedMediaError
            Its tables break off, contradict each other or point outside the file.
        """
        for track in self._tracks:
            if track.format == format:
                return self._tables(track)
        return None

    def _tables(self, track: _TrackBoxes) -> Mp4Track:
        notes: list[str] = []
        sizes = self._sizes(track.table)
        offsets = self._offsets(track.table, sizes)
        durations = self._runs(track.table, b"stts", signed=False, most=sizes.size)
        count = min(sizes.size, offsets.size, durations.size)
        if count < sizes.size:
            notes.append(f"has an index for {count} of {sizes.size} samples of its {track.format}")
        sizes, offsets, durations = sizes[:count], offsets[:count], durations[:count]
        starts = np.cumsum(durations) - durations
        if self.fragmented:
            end = int(durations.sum())
            more = fragment_samples(self, self.movie, track.number, begin=end)
            notes += more.notes
            sizes = np.concatenate([sizes, more.sizes])
            offsets = np.concatenate([offsets, more.offsets])
            durations = np.concatenate([durations, more.durations])
            starts = np.concatenate([starts, more.starts])
            count = sizes.size
        inside = (offsets >= 0) & (offsets + sizes <= self.size) & (sizes <= MOST_SAMPLE_BYTES)
        if not inside.all():
            notes.append(
                f"is cut short: {count - int(inside.sum())} of {count} samples of its "
                f"{track.format} lie outside the file"
            )
        times_s, shown = presented(starts, durations, track.time_scale, track.edits)
        keep = inside & shown
        return Mp4Track(
            handler=track.handler,
            format=track.format,
            offsets=offsets[keep],
            sizes=sizes[keep],
            times_s=times_s[keep],
            durations_s=durations[keep] / track.time_scale,
            notes=tuple(notes),
        )

    def _sizes(self, table: Box) -> NDArray[np.int64]:
        box = self.find(table, b"stsz")
        if box is not None:
            data = self.content(box, most=MOST_TABLE_BYTES)
            if len(data) < 12:
                return np.zeros(0, np.int64)
            fixed, count = struct.unpack(">II", data[4:12])
            if fixed:
                self._check_count(count)
                return np.full(count, fixed, np.int64)
            return np.frombuffer(data, ">u4", min(count, (len(data) - 12) // 4), 12).astype(
                np.int64
            )
        box = self.find(table, b"stz2")
        if box is None:
            return np.zeros(0, np.int64)
        data = self.content(box, most=MOST_TABLE_BYTES)
        if len(data) < 12:
            return np.zeros(0, np.int64)
        bits, count = data[7], struct.unpack(">I", data[8:12])[0]
        body = np.frombuffer(data, np.uint8, offset=12)
        if bits == 4:
            values = np.stack([body >> 4, body & 15], axis=1).reshape(-1)
        elif bits == 8:
            values = body
        elif bits == 16:
            values = body[: body.size // 2 * 2].view(">u2")
        else:
            raise DamagedMediaError(self.path, f"has sample sizes of {bits} bits, which is unknown")
        return values[:count].astype(np.int64)

    def _check_count(self, count: int) -> None:
        if count > MOST_SAMPLES:
            raise DamagedMediaError(
                self.path, f"has an index that cannot be true ({count} samples in one track)"
            )

    def _offsets(self, table: Box, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return where each sample begins: the chunk's offset plus the samples before it."""
        box = self.find(table, b"stco")
        layout = ">u4"
        if box is None:
            box = self.find(table, b"co64")
            layout = ">u8"
        runs_box = self.find(table, b"stsc")
        if box is None or runs_box is None:
            return np.zeros(0, np.int64)
        chunks = _column(self.content(box, most=MOST_TABLE_BYTES), layout)
        runs = _rows(self.content(runs_box, most=MOST_TABLE_BYTES), ">u4", 3)
        if chunks.size == 0 or runs.shape[0] == 0:
            return np.zeros(0, np.int64)
        first, per_chunk = runs[:, 0] - 1, runs[:, 1]
        if first[0] != 0 or (np.diff(first) <= 0).any() or (per_chunk <= 0).any():
            raise DamagedMediaError(self.path, "has an index that contradicts itself (box 'stsc')")
        number = np.searchsorted(first, np.arange(chunks.size), side="right") - 1
        # A hostile count could claim more samples than there are sizes.
        last = np.minimum(np.cumsum(np.minimum(per_chunk[number], sizes.size)), sizes.size)
        begin = np.concatenate([[0], last[:-1]])
        chunk = np.repeat(np.arange(chunks.size), last - begin)
        before = np.concatenate([[0], np.cumsum(sizes)])
        index = np.arange(chunk.size)
        return np.asarray(chunks[chunk] + before[index] - before[begin[chunk]], np.int64)

    def _runs(self, table: Box, kind: bytes, *, signed: bool, most: int) -> NDArray[np.int64]:
        """Return the values of a run-length table, at most `most` of them."""
        box = self.find(table, kind)
        if box is None or most == 0:
            return np.zeros(0, np.int64)
        if most == FIRST_FRAMES:
            data = self.read(box.start, min(box.end - box.start, 8 + 8 * FIRST_FRAMES))
        else:
            data = self.content(box, most=MOST_TABLE_BYTES)
        rows = _rows(data, ">u4", 2)
        values = rows[:, 1].astype(np.uint32).view(np.int32) if signed else rows[:, 1]
        counts = np.minimum(rows[:, 0], most)
        ends = np.minimum(np.cumsum(counts), most)
        return np.repeat(values.astype(np.int64), np.diff(ends, prepend=0))

    def samples(self, track: Mp4Track) -> Iterator[bytes]:
        """Yield the data of each sample of a track."""
        for offset, size in zip(track.offsets.tolist(), track.sizes.tolist(), strict=True):
            yield self.read(offset, size)


def _time_scale(data: bytes, path: Path) -> int:
    """Return ticks per second of a movie or media header."""
    at = 20 if data[:1] == b"\1" else 12
    scale = struct.unpack(">I", data[at : at + 4])[0] if len(data) >= at + 4 else 0
    if scale == 0:
        raise DamagedMediaError(path, "has an index without a time scale")
    return int(scale)


def _column(data: bytes, layout: str) -> NDArray[np.int64]:
    return _rows(data, layout, 1)[:, 0]


def _rows(data: bytes, layout: str, width: int) -> NDArray[np.int64]:
    """Return the rows behind a version and a count, as many as are really there."""
    size = np.dtype(layout).itemsize
    if len(data) < 8:
        return np.zeros((0, width), np.int64)
    count = min(struct.unpack(">I", data[4:8])[0], (len(data) - 8) // (size * width))
    return np.frombuffer(data, layout, count * width, 8).reshape(count, width).astype(np.int64)
