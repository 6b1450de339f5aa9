"""What an MP4 or MOV file says beside its media: rotation, timecode, serial numbers, Sony's XML.

Conventions
-----------
FFmpeg reads the common tags itself. Here is what it leaves out or gets wrong: timecode flagged drop
frame at rates that know no dropping (it gives none at all), GoPro's and Canon's own boxes, and the
XML that Sony embeds. Rotation is the number of degrees clockwise by which the picture must be
turned to stand upright.

References
----------
QuickTime File Format: "Track Header", "Timecode Sample Description", "User Data".
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from clapless.errors import MediaError
from clapless.media.gpmf.klv import records, text_of
from clapless.media.mp4_boxes import Box, BoxFile

MOST_TAG_BYTES = 2**20
"""Bytes of one box of text or telemetry settings."""

MOST_TABLE_BYTES = 2**26
"""Bytes of one sample table."""

DROP_FRAME = 1
"""Flag of a timecode track: numbers are dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimecodeTrack:
    """The first label of a timecode track.

    Parameters
    ----------
    frame
        Frames counted since 00:00:00:00.
    rate
        Frames per second that it counts, exact as written.
    drop_frame
        Whether it is flagged drop frame.
    start_s
        Presentation time of that label.
    """

    frame: int
    rate: Fraction
    drop_frame: bool
    start_s: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackNotes:
    """One track.

    Parameters
    ----------
    handler, format
        Kind of track and of sample, four characters each.
    rotation
        Degrees clockwise.
    width, height
        Size of the sample in pixels, 0 for sound and data.
    intervals
        Runs of (samples, ticks from one to the next) in decoding order.
    time_scale
        Ticks per second.
    media_start_s, media_length_s
        Part of the media that the first edit shows; None where there is no edit.
    """

    handler: str
    format: str
    rotation: int = 0
    width: int = 0
    height: int = 0
    intervals: tuple[tuple[int, int], ...] = ()
    time_scale: int = 0
    media_start_s: Fraction | None = None
    media_length_s: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mp4Notes:
    """What was found.

    Parameters
    ----------
    tracks
        In the order of the file, which is FFmpeg's.
    timecode
        Its first label, None without a timecode track.
    tags
        ``maker``, ``model``, ``serial``, ``firmware`` and ``recording_id`` (GoPro's, shared by the
        chapters of one recording), where known.
    xml
        Documents embedded by the camera.
    whole
        False where a box claims more than the file holds: it was cut off.
    """

    tracks: tuple[TrackNotes, ...] = ()
    timecode: TimecodeTrack | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    xml: tuple[bytes, ...] = ()
    whole: bool = True


def read_mp4_notes(path: Path) -> Mp4Notes:
    """Return what the boxes of a file say; empty where it has none.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        return _notes(BoxFile(file, path))


def _notes(file: BoxFile) -> Mp4Notes:
    tracks: list[TrackNotes] = []
    timecode: TimecodeTrack | None = None
    tags: dict[str, str] = {}
    xml: list[bytes] = []
    whole = True
    for box in file.boxes():
        whole = whole and box.whole
        if box.kind == b"meta":
            xml.extend(_xml_of(file, box))
        if box.kind != b"moov":
            continue
        scale = _movie_scale(file, box)
        for part in file.boxes(box.start, box.end):
            if part.kind == b"trak":
                track, label = _track(file, part, scale)
                tracks.append(track)
                timecode = timecode or label
            elif part.kind == b"udta":
                tags.update(_user_data(file, part))
                xml.extend(
                    text
                    for meta in file.boxes(part.start, part.end)
                    if meta.kind == b"meta"
                    for text in _xml_of(file, meta)
                )
            elif part.kind == b"meta":
                xml.extend(_xml_of(file, part))
    return Mp4Notes(tracks=tuple(tracks), timecode=timecode, tags=tags, xml=tuple(xml), whole=whole)


def _content(file: BoxFile, box: Box | None, most: int) -> bytes:
    """Return what a box holds, empty where it is damaged: notes are never worth a failure."""
    if box is None:
        return b""
    try:
        return file.content(box, most=most)
    except MediaError:
        return b""


def _movie_scale(file: BoxFile, movie: Box) -> int:
    return _scale(_content(file, file.find(movie, b"mvhd"), 1024))


def _scale(head: bytes) -> int:
    at = 20 if head[:1] == b"\1" else 12
    return int(struct.unpack(">I", head[at : at + 4])[0]) if len(head) >= at + 4 else 0


def _track(file: BoxFile, box: Box, movie_scale: int) -> tuple[TrackNotes, TimecodeTrack | None]:
    handler_box = file.find(box, b"mdia", b"hdlr")
    handler = _content(file, handler_box, MOST_TAG_BYTES)[8:12].decode("latin-1")
    table = file.find(box, b"mdia", b"minf", b"stbl")
    entry = b""
    if table is not None:
        entry = _content(file, file.find(table, b"stsd"), MOST_TAG_BYTES)[8:]
    scale = _scale(_content(file, file.find(box, b"mdia", b"mdhd"), 1024))
    start_s, media_s, length_s = _first_edit(file, box, movie_scale, scale)
    picture = handler == "vide" and len(entry) >= 36
    width, height = struct.unpack(">HH", entry[32:36]) if picture else (0, 0)
    notes = TrackNotes(
        handler=handler,
        format=entry[4:8].decode("latin-1"),
        rotation=_rotation(_content(file, file.find(box, b"tkhd"), 1024)) if picture else 0,
        width=width,
        height=height,
        intervals=_intervals(file, table) if handler == "vide" else (),
        time_scale=scale,
        media_start_s=media_s,
        media_length_s=length_s,
    )
    label = None
    if entry[4:8] == b"tmcd" and table is not None:
        label = _timecode(file, table, entry, start_s, media_s or Fraction(0))
    return notes, label


def _rotation(header: bytes) -> int:
    """Return the angle of a track header's matrix, degrees clockwise."""
    at = 52 if header[:1] == b"\1" else 40
    if len(header) < at + 8:
        return 0
    a, b = struct.unpack(">ii", header[at : at + 8])
    return round(math.degrees(math.atan2(b, a))) % 360


def _first_edit(
    file: BoxFile, track: Box, movie_scale: int, scale: int
) -> tuple[Fraction, Fraction | None, Fraction | None]:
    """Return when the first edit is presented, which media time it shows, and for how long."""
    data = _content(file, file.find(track, b"edts", b"elst"), MOST_TAG_BYTES)
    layout = struct.Struct(">Qq4x" if data[:1] == b"\1" else ">Ii4x")
    start_s = Fraction(0)
    if len(data) < 8 or not movie_scale or not scale:
        return start_s, None, None
    count = min(struct.unpack(">I", data[4:8])[0], (len(data) - 8) // layout.size)
    for number in range(count):
        duration, media = layout.unpack_from(data, 8 + number * layout.size)
        if media >= 0:
            # Several edits are no single part; FFmpeg's own index says then what is presented.
            length_s = Fraction(duration, movie_scale) if number == count - 1 else Fraction(-1)
            return start_s, Fraction(media, scale), length_s
        start_s += Fraction(duration, movie_scale)
    return start_s, None, None


def _intervals(file: BoxFile, table: Box | None) -> tuple[tuple[int, int], ...]:
    if table is None:
        return ()
    data = _content(file, file.find(table, b"stts"), MOST_TABLE_BYTES)
    if len(data) < 8:
        return ()
    count = min(struct.unpack(">I", data[4:8])[0], (len(data) - 8) // 8)
    return tuple(struct.iter_unpack(">II", data[8 : 8 + 8 * count]))


def _timecode(
    file: BoxFile, table: Box, entry: bytes, start_s: Fraction, media_s: Fraction
) -> TimecodeTrack | None:
    if len(entry) < 33:
        return None
    flags, scale, duration = struct.unpack(">III", entry[20:32])
    offsets = _content(file, file.find(table, b"stco"), MOST_TABLE_BYTES)
    wide = not offsets
    if wide:
        offsets = _content(file, file.find(table, b"co64"), MOST_TABLE_BYTES)
    if len(offsets) < (16 if wide else 12) or not scale or not duration:
        return None
    (offset,) = struct.unpack(">Q" if wide else ">I", offsets[8 : 16 if wide else 12])
    sample = file.read(offset, 4) if offset + 4 <= file.size else b""
    if len(sample) < 4:
        return None
    rate = Fraction(scale, duration)
    (frame,) = struct.unpack(">i", sample)
    return TimecodeTrack(
        frame=frame + round(media_s * rate),
        rate=rate,
        drop_frame=bool(flags & DROP_FRAME),
        start_s=start_s,
    )


def _xml_of(file: BoxFile, meta: Box) -> list[bytes]:
    """Return the XML in a ``meta`` box, which has four bytes of flags except in QuickTime."""
    first = file.read(meta.start, 8)
    start = meta.start if first[4:8] == b"hdlr" else meta.start + 4
    return [
        text[4:]
        for box in file.boxes(start, meta.end)
        if box.kind == b"xml " and (text := _content(file, box, MOST_TAG_BYTES))
    ]


def _user_data(file: BoxFile, box: Box) -> dict[str, str]:
    tags: dict[str, str] = {}
    for part in file.boxes(box.start, box.end):
        if part.kind == b"GPMF":
            tags.update(_gopro_settings(_content(file, part, MOST_TAG_BYTES)))
        elif part.kind == b"FIRM":
            tags["maker"] = "GoPro"
            tags["firmware"] = _plain(_content(file, part, MOST_TAG_BYTES))
        elif part.kind == b"MUID":
            tags["recording_id"] = _content(file, part, MOST_TAG_BYTES).hex()
        elif part.kind == b"CAME" and any(mark := _content(file, part, 64)):
            # A number of the camera itself; the legible serial number in GPMF goes before it.
            tags.setdefault("serial", mark.hex())
        elif part.kind == b"CNMN":
            tags["maker"] = "Canon"
            tags["model"] = _plain(_content(file, part, MOST_TAG_BYTES))
    return {key: value for key, value in tags.items() if value}


def _gopro_settings(data: bytes) -> dict[str, str]:
    tags: dict[str, str] = {}
    names = {"CASN": "serial", "MINF": "model"}
    waiting = [memoryview(data)]
    while waiting:
        for record in records(waiting.pop())[0]:
            if not record.kind:
                waiting.append(record.data)
            elif record.key in names and record.kind == "c":
                tags.setdefault(names[record.key], text_of(record))
    return {key: value for key, value in tags.items() if value}


def _plain(data: bytes) -> str:
    return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
