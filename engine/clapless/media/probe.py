"""What one file holds: a `Clip` of one file.

Conventions
-----------
Clip time is 0 at the first presented video frame, else at the first presented sample. `rotation` is
degrees clockwise. `Clip.metadata` has, beside the keys of `clapless.media.tags`: ``container``,
``video_codec``, ``data_streams`` (``3:gpmd 4:fdsc``: number and format of every stream that is
neither picture nor sound), ``damage`` (a clause, where the file breaks off) and ``picture_slide_s``
(of a variable frame rate: how far frames lie, at most, from ones that follow each other evenly).
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from av.stream import Stream
from av.video.stream import VideoStream

from clapless.errors import DamagedMediaError, NotMediaError
from clapless.media.containers import open_container, time_of, unreadable
from clapless.media.fingerprint import fingerprint
from clapless.media.frame_times import (
    FrameTimes,
    declared_rate,
    last_frame_end,
    times_of_packets,
    times_of_table,
)
from clapless.media.labels import Label, label_of_reference, label_of_text, label_of_track
from clapless.media.mp4_notes import TrackNotes
from clapless.media.opened import Beside, OpenedFile
from clapless.media.recorder_notes import RecorderNotes
from clapless.media.tags import normalised, utc_time
from clapless.model import AudioStream, Clip, MediaFile
from clapless.timing import nominal_rate, snap_rate

ENDS_UNSTATED = frozenset({"matroska", "webm", "flv", "mpeg", "asf", "mp4"})
"""Containers (FFmpeg's names) that state when a stream ends from the file's beginning on, roughly,
or not at all, where no table lists the frames: the last one is looked for."""


def probe(path: Path | str, *, clip_id: str = "") -> Clip:
    """Return what a file holds, as a clip of one file.

    Parameters
    ----------
    path
        The file.
    clip_id
        Identifier the clip shall bear.

    Raises
    ------
    NotMediaError
        Nothing usable in it.
    DamagedMediaError
        It looks like media but cannot be opened, or nothing in it decodes.
    MediaError
        It cannot be read at all.
    """
    file = Path(path).absolute()
    try:
        with closing(open_container(file)) as container:
            return _clip(OpenedFile(container, file), clip_id)
    except OSError as error:
        raise unreadable(file, error) from error


def _clip(found: OpenedFile, clip_id: str) -> Clip:
    zero_s = _zero_s(found)
    beside = found.beside()
    times = _frame_times(found) if found.first.picture_s is not None else FrameTimes(rate=None)
    sounds = _sounds(found, zero_s, beside.recorder)
    duration_s = _duration_s(found, times, sounds)
    tags = _tags(found, beside)
    label = _label(found, beside, times.rate, zero_s)
    track = found.track()
    picture = found.picture if found.first.picture_s is not None else None
    width, height = _size(picture, track)
    recorder = beside.recorder
    capture = tags.pop("capture_rate", "")
    if times.slide_s is not None:
        tags["picture_slide_s"] = f"{float(times.slide_s):.6f}"
    return Clip(
        id=clip_id,
        name=found.file.stem,
        files=(
            MediaFile(path=found.file, duration_s=duration_s, fingerprint=fingerprint(found.file)),
        ),
        kind="video" if picture is not None else "audio",
        duration_s=duration_s,
        frame_rate=times.rate,
        variable_frame_rate=times.variable,
        capture_rate=_capture_rate(beside.xml.capture_rate, capture, times.rate),
        start_timecode=label.text if label else None,
        timecode_rate=label.rate if label else recorder.timecode_rate,
        time_reference_samples=_reference(recorder, sounds),
        width=width,
        height=height,
        rotation=track.rotation if track else 0,
        scene=recorder.scene or tags.pop("scene", ""),
        take=recorder.take or tags.pop("take", ""),
        reel=recorder.reel or tags.pop("reel", ""),
        metadata=tags,
        audio=sounds,
    )


def _zero_s(found: OpenedFile) -> Fraction:
    if found.first.picture_s is not None:
        return found.first.picture_s
    known = [start_s for start_s in found.first.sound_s if start_s is not None]
    if known:
        return min(known)
    if found.picture is not None or len(found.container.streams.audio):
        raise DamagedMediaError(found.file, "holds nothing that can be decoded")
    raise NotMediaError(found.file, "holds neither moving pictures nor sound")


def _frame_times(found: OpenedFile) -> FrameTimes:
    picture, track = found.picture, found.track()
    assert picture is not None
    declared = declared_rate(picture)
    if track is None or not track.intervals:
        return times_of_packets(found.container, picture, declared=declared)
    times = times_of_table(track.intervals, track.time_scale, declared=declared)
    shown = _shown_count(picture, track, times)
    if shown is None or times.count is None or times.length_s is None or not times.rate:
        return times
    # An edit list shows a part; count what FFmpeg keeps of it.
    length_s = shown / times.rate if not times.variable else times.length_s * shown / times.count
    return replace(times, count=shown, length_s=length_s)


def _shown_count(picture: Stream, track: TrackNotes, times: FrameTimes) -> int | None:
    """Return how many frames the edit list shows, None where it shows all."""
    if track.media_start_s is None or track.media_length_s is None or not times.rate:
        return None
    whole_s = times.length_s or Fraction(0)
    frame_s = 1 / times.rate
    all_of_it = (
        track.media_start_s <= 3 * frame_s
        and track.media_length_s >= whole_s - frame_s * Fraction(3, 2)
    )
    if all_of_it or track.media_length_s == 0:
        return None
    return sum(1 for entry in picture.index_entries if not entry.is_discard) or None


def _sounds(
    found: OpenedFile, zero_s: Fraction, recorder: RecorderNotes
) -> tuple[AudioStream, ...]:
    numbers = {stream.index: place for place, stream in enumerate(found.container.streams.audio)}
    sounds = []
    for stream, start_s in zip(found.sounds, found.first.sound_s, strict=True):
        if start_s is None:
            continue
        channels = stream.codec_context.channels
        names = recorder.track_names if numbers[stream.index] == 0 else ()
        title = stream.metadata.get("title", "")
        if not names and title and channels == 1:
            names = (title,)
        sounds.append(
            AudioStream(
                index=numbers[stream.index],
                channels=channels,
                sample_rate_hz=stream.codec_context.sample_rate,
                names=names,
                codec=stream.codec_context.name,
                start_s=start_s - zero_s,
            )
        )
    return tuple(sounds)


def _duration_s(found: OpenedFile, times: FrameTimes, sounds: tuple[AudioStream, ...]) -> Fraction:
    if found.first.picture_s is not None:
        if times.count and times.rate and not times.variable:
            return times.count / times.rate
        if times.length_s:
            return times.length_s
        return _untabled_length_s(found, times)
    lengths = [
        time_of(stream.duration, stream.time_base) + sound.start_s
        for sound in sounds
        if (stream := found.container.streams.audio[sound.index]).duration
    ]
    return max(lengths) if lengths else Fraction(found.container.duration or 0, 1_000_000)


def _untabled_length_s(found: OpenedFile, times: FrameTimes) -> Fraction:
    """Return the picture's length where no table lists its frames, on whole frames."""
    picture, rate = found.picture, times.rate
    begin_s = found.first.picture_s or Fraction(0)
    end_s = None
    if picture is not None and ENDS_UNSTATED & set(found.format.split(",")):
        end_s = last_frame_end(found.container, picture, rate=rate)
    written = seconds_of(picture.metadata.get("DURATION", "")) if picture is not None else None
    if end_s is not None and end_s > begin_s:
        length_s = end_s - begin_s
        if rate and not times.variable:
            # In program streams the times behind a seek may be half a frame off.
            return round(length_s * rate) / rate
    elif written is not None:
        length_s = written
    elif picture is not None and picture.duration:
        length_s = time_of(picture.duration, picture.time_base)
    else:
        start = found.container.start_time or 0
        stated_s = Fraction((found.container.duration or 0) + start, 1_000_000)
        length_s = max(Fraction(0), stated_s - begin_s)
    if rate and abs(round(length_s * rate) - length_s * rate) < Fraction(1, 4):
        return round(length_s * rate) / rate
    return length_s


def seconds_of(text: str) -> Fraction | None:
    """Return a length as Matroska writes it, or None.

    >>> seconds_of("00:01:08.500000000")
    Fraction(137, 2)
    """
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", text.strip())
    if not found:
        return None
    return int(found[1]) * 3600 + int(found[2]) * 60 + Fraction(found[3])


def _size(picture: VideoStream | None, track: TrackNotes | None) -> tuple[int | None, int | None]:
    if picture is None:
        return None, None
    context = picture.codec_context
    if context is not None and context.width and context.height:
        return context.width, context.height
    return (track.width or None, track.height or None) if track else (None, None)


def _tags(found: OpenedFile, beside: Beside) -> dict[str, str]:
    container = found.container
    tags = normalised([container.metadata, *(stream.metadata for stream in container.streams)])
    xml, recorder, avchd = beside.xml, beside.recorder, beside.avchd
    known = {
        **beside.mp4.tags,
        "maker": xml.maker or beside.mp4.tags.get("maker", "") or avchd.maker,
        "model": xml.model or beside.mp4.tags.get("model", "") or recorder.recorder,
        "serial": xml.serial or beside.mp4.tags.get("serial", ""),
        "creation_time": utc_time(xml.created),
        "recorded_local": recorder.recorded_local or avchd.recorded_local,
        "notes": recorder.notes,
        "project": recorder.project,
        "family": recorder.family,
        "family_part": recorder.family_part,
        "originator": recorder.originator,
        "originator_reference": recorder.originator_reference,
        "circled": "" if recorder.circled is None else str(recorder.circled).lower(),
        "digitizer_sample_rate_hz": _taken_at(found, recorder),
    }
    tags.update({key: value for key, value in known.items() if value})
    tags["container"] = found.format
    picture = found.picture
    if picture is not None:
        track = found.track()
        context = picture.codec_context
        codec = context.name if context is not None else track.format.strip() if track else ""
        if codec:
            tags["video_codec"] = codec
    data = _data_streams(found)
    if data:
        tags["data_streams"] = data
    if not found.whole:
        tags["damage"] = "is cut short"
    return tags


def _taken_at(found: OpenedFile, recorder: RecorderNotes) -> str:
    """Return the rate at which sound was taken, empty where it is that of the file."""
    taken_hz = recorder.digitizer_rate_hz
    if taken_hz is None or not found.sounds:
        return ""
    return "" if taken_hz == found.sounds[0].codec_context.sample_rate else str(taken_hz)


def _data_streams(found: OpenedFile) -> str:
    tracks = found.mp4.tracks
    listed = []
    for stream in found.container.streams:
        if stream.type in ("video", "audio"):
            continue
        inside = stream.index < len(tracks)
        kind = tracks[stream.index].format if inside else stream.type
        listed.append(f"{stream.index}:{kind.strip()}")
    return " ".join(listed)


def _label(
    found: OpenedFile, beside: Beside, rate: Fraction | None, zero_s: Fraction
) -> Label | None:
    if beside.mp4.timecode is not None:
        return label_of_track(beside.mp4.timecode, rate, zero_s)
    sources = [found.container.metadata, *(stream.metadata for stream in found.container.streams)]
    for source in sources:
        label = label_of_text(source.get("timecode", ""), rate)
        if label is not None:
            return label
    xml = beside.xml
    label = label_of_text(xml.timecode, rate, counted=xml.timecode_rate)
    if label is None:
        label = label_of_text(beside.avchd.timecode, rate)
    recorder = beside.recorder
    if label is None and recorder.time_reference is not None and recorder.timecode_rate:
        rate_hz = recorder.time_reference_rate_hz or found.sounds[0].codec_context.sample_rate
        return label_of_reference(
            recorder.time_reference,
            rate_hz,
            recorder.timecode_rate,
            drop_frame=recorder.drop_frame,
        )
    return label


def _reference(recorder: RecorderNotes, sounds: tuple[AudioStream, ...]) -> int | None:
    """Return the time reference at the file's own rate; a bare 0 means there is no clock."""
    if recorder.time_reference is None or not sounds:
        return None
    if recorder.time_reference == 0 and recorder.timecode_rate is None:
        return None
    rate_hz = recorder.time_reference_rate_hz or sounds[0].sample_rate_hz
    return round(Fraction(recorder.time_reference * sounds[0].sample_rate_hz, rate_hz))


def _capture_rate(
    exact: Fraction | None, text: str, frame_rate: Fraction | None
) -> Fraction | None:
    """Return the sensor's rate where it differs from the picture's, else None."""
    if frame_rate is None:
        return None
    rate = exact
    if rate is None:
        try:
            rate = snap_rate(Fraction(text)) if text else None
        except (ValueError, ZeroDivisionError):
            rate = None
    if rate is None or nominal_rate(rate) == nominal_rate(frame_rate):
        return None
    return rate
