"""A clip of a session as the files an editor links."""

from __future__ import annotations

from fractions import Fraction

from clapless.model import Clip, MediaFile
from clapless.timing import Timecode, may_drop
from clapless_otio.cut import Media, Sound
from clapless_otio.exact import known_rate
from clapless_otio.files import file_url

_TURNED = (90, 270)


def start_timecode_s(clip: Clip) -> Fraction | None:
    """Return the timecode of clip time 0 as real time, in seconds, or None where it has none.

    The timecode track or label counts before the recorder's sample count. A label that is no
    timecode at its rate is no timecode.
    """
    rate = clip.timecode_rate or clip.frame_rate
    if clip.start_timecode and rate:
        try:
            return Timecode.parse(clip.start_timecode, rate).seconds
        except ValueError:
            return None
    if clip.time_reference_samples is not None:
        for stream in clip.audio:
            if stream.file == 0:
                return Fraction(clip.time_reference_samples, stream.sample_rate_hz)
    return None


def playable_files(clip: Clip) -> list[tuple[int, MediaFile]]:
    """Return position and file of what an editor shall link: no backups, no proxies."""
    return [
        (index, file)
        for index, file in enumerate(clip.files)
        if index == 0 or file.role in ("chapter", "parallel")
    ]


def media_of(clip: Clip, index: int) -> Media:
    """Return one file of a clip as an editor links it."""
    file = clip.files[index]
    # Chapters continue the main file's streams, parallel files bring their own.
    streams_of = 0 if file.role == "chapter" else index
    streams = tuple(
        Sound(channels=s.channels, sample_rate_hz=s.sample_rate_hz, names=s.names)
        for s in clip.audio
        if s.file == streams_of
    )
    if file.role == "parallel" and not streams:
        streams = (Sound(channels=1, sample_rate_hz=48000),)
    picture = clip.kind == "video" and file.role != "parallel"
    timecode_s = start_timecode_s(clip)
    width, height = clip.width, clip.height
    if clip.rotation % 360 in _TURNED:
        width, height = height, width
    rate = known_rate(float(clip.frame_rate)) if picture and clip.frame_rate else None
    timecode_rate = clip.timecode_rate or rate
    return Media(
        name=clip.name if index == 0 else file.path.stem,
        url=file_url(file.path),
        start_s=timecode_s + file.start_s if timecode_s is not None else Fraction(0),
        duration_s=file_duration_s(clip, index),
        rate=rate,
        timecode_rate=timecode_rate,
        drop_frame=bool(
            timecode_rate
            and may_drop(timecode_rate)
            and any(mark in (clip.start_timecode or "") for mark in ";.,")
        ),
        width=width if picture else None,
        height=height if picture else None,
        rotation=clip.rotation if picture else 0,
        sound=streams,
        reel=clip.reel,
        scene=clip.scene,
        take=clip.take,
        bin=clip.device or "",
        variable_frame_rate=clip.variable_frame_rate and picture,
    )


def file_duration_s(clip: Clip, index: int) -> Fraction:
    """Return the length of one file in seconds: its own, else what the clip leaves for it."""
    file = clip.files[index]
    if file.duration_s:
        return file.duration_s
    later = _later_chapters_s(clip, file)
    end_s = min(later) if later and file.role != "parallel" else clip.duration_s
    return max(Fraction(0), end_s - file.start_s)


def played_duration_s(clip: Clip, index: int) -> Fraction:
    """Return the length of one file in seconds, no farther than where the next chapter begins.

    Cameras' containers may say a little more than what plays before the next one.
    """
    file = clip.files[index]
    length_s = file_duration_s(clip, index)
    if file.role == "parallel":
        return length_s
    return min([length_s, *(start_s - file.start_s for start_s in _later_chapters_s(clip, file))])


def _later_chapters_s(clip: Clip, file: MediaFile) -> list[Fraction]:
    return [
        other.start_s
        for other in clip.files
        if other.role == "chapter" and other.start_s > file.start_s
    ]
