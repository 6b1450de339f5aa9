"""Whether one file goes on where another ends: measured, not assumed.

Conventions
-----------
A seam is proven by two different things: that the times fit (timecode, time reference or the
transport stream's own clock go on to the frame), and that the device split the file (a name that
only chapters bear, a file as full as the card's format allows, parts of equal length, one family
identifier). Times alone prove nothing: record-run timecode goes on over a pause too.
Files that are not joined are synced one by one, which costs little; a wrong seam would be believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from clapless.errors import MediaError
from clapless.media.containers import open_container
from clapless.media.naming import chapter_name, follows_by_number
from clapless.media.stretches import StretchReader
from clapless.model import Clip
from clapless.timing import Timecode

FULL_BYTES = ((1_900_000_000, 2_150_000_000), (3_600_000_000, 4_300_000_000))
"""Sizes at which devices begin a new file: 2 and 4 GB, counted in thousands or in 1024s, less the
last stretch that did not fit."""

LONGEST_GAP_S = Fraction(2)
"""Between chapters of one recording; what is farther apart by its own clock is no chapter."""

SAMPLE_TOLERANCE_S = Fraction(1, 1000)
"""Within which two time references go on; recorders count samples, not frames."""

CLOCK_TOLERANCE_S = Fraction(5)
"""Within which creation times, whole seconds written at some time of closing, do not contradict."""

EQUAL_LENGTH = Fraction(1, 100)
"""Relative difference of the lengths of parts that a device cut at equal length."""

CONTINUOUS_RATIO = 4.0
"""The step across a seam may be this many times the largest step of the sound around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """How a file follows another one of the same recording.

    Parameters
    ----------
    gap_s
        Time that is missing between them.
    how
        What the times were measured by: ``timecode``, ``time reference``, ``stream clock``,
        ``samples``, ``name``.
    """

    gap_s: Fraction
    how: str


def seam_between(one: Clip, two: Clip, *, after: tuple[Clip, ...] = ()) -> Seam | None:
    """Return the seam by which a file continues another, or None where that is not proven.

    Parameters
    ----------
    one, two
        Clips of one file each, in the order of their names.
    after
        Parts of the same recording before `one`, in order.
    """
    if not same_format(one, two):
        return None
    first, second = chapter_name(one.path), chapter_name(two.path)
    chapters = (
        first is not None
        and second is not None
        and one.path.parent == two.path.parent
        and (second.family, second.number) == (first.family, first.number + 1)
    )
    measured = _measured_gap(one, two)
    if chapters:
        return _chapter_seam(one, two, measured)
    if not follows_by_number(one.path, two.path) or _made_apart(one, two):
        return None
    if measured is not None:
        gap_s, tolerance_s, how = measured
        split = _is_full(one) or _equal_parts(one, two, after) or _one_family(one, two)
        return Seam(gap_s=Fraction(0), how=how) if abs(gap_s) <= tolerance_s and split else None
    if _is_full(one) and _sound_goes_on(one, two):
        return Seam(gap_s=Fraction(0), how="samples")
    return None


def same_format(one: Clip, two: Clip) -> bool:
    """Return whether two clips could be parts of one recording by their format."""
    return (
        one.kind == two.kind
        and (one.width, one.height, one.frame_rate) == (two.width, two.height, two.frame_rate)
        and one.metadata.get("video_codec") == two.metadata.get("video_codec")
        and one.metadata.get("container") == two.metadata.get("container")
        and one.metadata.get("serial") == two.metadata.get("serial")
        # Sound in files of its own (P2) is chained by no name.
        and all(audio.file == 0 for audio in (*one.audio, *two.audio))
        and [_sound_format(one, place) for place in range(len(one.audio))]
        == [_sound_format(two, place) for place in range(len(two.audio))]
    )


def _sound_format(clip: Clip, place: int) -> tuple[int, int, int, str]:
    audio = clip.audio[place]
    return audio.index, audio.channels, audio.sample_rate_hz, audio.codec


def _chapter_seam(
    one: Clip, two: Clip, measured: tuple[Fraction, Fraction, str] | None
) -> Seam | None:
    marks = one.metadata.get("recording_id"), two.metadata.get("recording_id")
    if marks[0] and marks[1] and marks[0] != marks[1]:
        return None
    if measured is not None:
        gap_s, tolerance_s, how = measured
        if abs(gap_s) <= tolerance_s:
            return Seam(gap_s=Fraction(0), how=how)
        return Seam(gap_s=gap_s, how=how) if 0 < gap_s <= LONGEST_GAP_S else None
    if _made_apart(one, two):
        return None
    return Seam(gap_s=Fraction(0), how="name")


def _made_apart(one: Clip, two: Clip) -> bool:
    """Return whether the times of creation contradict that one file goes on in the other."""
    apart_s = _created_apart_s(one, two)
    # Some cameras stamp all chapters alike, most stamp each.
    if apart_s is None or apart_s == 0:
        return False
    # Times are those of the beginning, or of the end.
    contradiction_s = min(abs(apart_s - one.duration_s), abs(apart_s - two.duration_s))
    return contradiction_s > CLOCK_TOLERANCE_S


def _measured_gap(one: Clip, two: Clip) -> tuple[Fraction, Fraction, str] | None:
    """Return (gap, tolerance, by what), or None where neither file has a clock."""
    if one.time_reference_samples is not None and two.time_reference_samples is not None:
        rate_hz = one.audio[0].sample_rate_hz
        apart = Fraction(two.time_reference_samples - one.time_reference_samples, rate_hz)
        gap_s = _within_day(apart - one.duration_s)
        return gap_s, SAMPLE_TOLERANCE_S, "time reference"
    rate = one.timecode_rate
    labels = one.start_timecode, two.start_timecode
    if rate and rate == two.timecode_rate and labels[0] and labels[1]:
        starts = [Timecode.parse(label, rate).seconds for label in labels if label]
        gap_s = _within_day(starts[1] - starts[0] - one.duration_s)
        return gap_s, 1 / rate, "timecode"
    return _stream_clock_gap(one, two)


def _within_day(gap_s: Fraction) -> Fraction:
    """Return a gap between two labels that may lie on both sides of midnight."""
    return (gap_s + 43200) % 86400 - 43200


def _stream_clock_gap(one: Clip, two: Clip) -> tuple[Fraction, Fraction, str] | None:
    if "mpegts" not in one.metadata.get("container", ""):
        return None
    starts = _start_s(one.path), _start_s(two.path)
    if starts[0] is None or starts[1] is None or starts[1] <= starts[0]:
        # Each file begins its own count: that says nothing.
        return None
    tolerance_s = 1 / one.frame_rate if one.frame_rate else Fraction(1, 25)
    return starts[1] - starts[0] - one.duration_s, tolerance_s, "stream clock"


def _start_s(path: Path) -> Fraction | None:
    try:
        with open_container(path) as container:
            start = container.start_time
    except MediaError:
        return None
    return None if start is None else Fraction(start, 1_000_000)


def _is_full(clip: Clip) -> bool:
    size = int(clip.files[0].fingerprint.split(":")[0] or 0)
    return any(low <= size <= high for low, high in FULL_BYTES)


def _equal_parts(one: Clip, two: Clip, after: tuple[Clip, ...]) -> bool:
    """Return whether a device cut at equal length: two equal parts, none longer behind them."""
    if not after:
        # The first seam is proven by the second part being as long, or by the next seams.
        return abs(two.duration_s - one.duration_s) <= EQUAL_LENGTH * one.duration_s
    equal = abs(after[-1].duration_s - one.duration_s) <= EQUAL_LENGTH * one.duration_s
    return equal and two.duration_s <= one.duration_s * (1 + EQUAL_LENGTH)


def _one_family(one: Clip, two: Clip) -> bool:
    family = one.metadata.get("family")
    return bool(family) and family == two.metadata.get("family")


def _created_apart_s(one: Clip, two: Clip) -> Fraction | None:
    times = one.metadata.get("creation_time"), two.metadata.get("creation_time")
    if not times[0] or not times[1]:
        return None
    seconds = [np.datetime64(time.rstrip("Z"), "ms").astype(np.int64) for time in times if time]
    return Fraction(int(seconds[1] - seconds[0]), 1000)


def _sound_goes_on(one: Clip, two: Clip) -> bool:
    """Return whether uncompressed sound crosses the seam without a step.

    Lossy codecs blur the ends of a file; they prove nothing.
    """
    if not one.audio or not one.audio[0].codec.startswith("pcm_"):
        return False
    stream, rate_hz = one.audio[0].index, one.audio[0].sample_rate_hz
    around = rate_hz // 20
    readers = [StretchReader(clip.path, stream=stream, channel=0) for clip in (one, two)]
    try:
        end = readers[0].length
        before = readers[0].read(end - around, around)
        behind = readers[1].read(0, around)
    finally:
        for reader in readers:
            reader.close()
    step = abs(float(behind[0]) - (2 * float(before[-1]) - float(before[-2])))
    usual = max(
        float(np.abs(np.diff(before, 2)).max(initial=0.0)),
        float(np.abs(np.diff(behind, 2)).max(initial=0.0)),
    )
    # Digital silence on both sides goes on with anything.
    return usual > 0.0 and step <= CONTINUOUS_RATIO * usual
