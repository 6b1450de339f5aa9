"""Labels as real time of day: exact over the whole day at every rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.model import AudioStream, Clip, MediaFile
from clapless.signals.stamps import clip_speed, label_rate, later_by_s, stamp_of
from clapless.timing import STANDARD_RATES, Timecode, may_drop, nominal_rate


def clip(**fields):
    return Clip(id="c1", name="A", files=(MediaFile(path=Path("A.mov")),), **fields)


@given(rate=st.sampled_from(STANDARD_RATES), share=st.fractions(0, 1), drop=st.booleans())
def test_exact_all_day_at_every_rate(rate, share, drop):
    drop = drop and may_drop(rate)
    last = Timecode.parse(f"23:59:59:{nominal_rate(rate) - 1:02d}", rate, drop_frame=drop)
    frame = int(share * last.frame)
    label = Timecode(frame, rate, drop)
    stamp = stamp_of(clip(start_timecode=str(label), timecode_rate=rate, frame_rate=rate))
    assert stamp is not None
    assert stamp.start_s == Fraction(frame) / rate
    assert stamp.day_s == Fraction(last.frame + 1) / rate


def test_a_track_that_says_30_counts_as_the_camera_takes():
    ntsc = Fraction(30000, 1001)
    for frames in (ntsc, Fraction(60000, 1001)):
        assert label_rate(clip(frame_rate=frames, timecode_rate=Fraction(30))) == ntsc
    assert label_rate(clip(frame_rate=Fraction(25), timecode_rate=Fraction(25))) == 25
    assert label_rate(clip(frame_rate=Fraction(50), timecode_rate=Fraction(25))) == 25


@pytest.mark.parametrize("rate", [Fraction(24), Fraction(30)])
def test_a_drop_flag_where_nothing_is_dropped_is_read_as_non_drop(rate):
    stamp = stamp_of(clip(start_timecode="01:02:03;04", timecode_rate=rate))
    assert stamp is not None
    assert stamp.start_s == 3723 + Fraction(4) / rate


def test_off_speed_clips_cover_real_time():
    slow_motion = clip(
        start_timecode="05:00:00:12",
        timecode_rate=Fraction(24),
        frame_rate=Fraction(24),
        capture_rate=Fraction(120),
        duration_s=Fraction(50),
    )
    stamp = stamp_of(slow_motion)
    assert stamp is not None
    assert clip_speed(slow_motion) == 5
    assert stamp.end_s - stamp.start_s == 10


@given(samples=st.integers(1, 86400 * 48000 - 1))
def test_a_time_reference_is_exact_to_the_sample(samples):
    sound = AudioStream(index=0, channels=1, sample_rate_hz=48000)
    stamp = stamp_of(clip(kind="audio", time_reference_samples=samples, audio=(sound,)))
    assert stamp is not None
    assert stamp.start_s == Fraction(samples, 48000)
    assert stamp.source == "bwf"


def test_a_time_reference_is_finer_than_the_label_rounded_from_it():
    sound = AudioStream(index=0, channels=1, sample_rate_hz=48000)
    stamp = stamp_of(
        clip(
            kind="audio",
            start_timecode="01:00:00:10",
            timecode_rate=Fraction(25),
            time_reference_samples=3600 * 48000 + 19000,
            audio=(sound,),
        )
    )
    assert stamp is not None
    assert stamp.start_s == 3600 + Fraction(19, 48)


def test_pulled_up_recordings_play_slower():
    sound = AudioStream(index=0, channels=1, sample_rate_hz=48000)
    stamp = stamp_of(
        clip(
            time_reference_samples=48000,
            audio=(sound,),
            duration_s=Fraction(1001),
            metadata={"digitizer_sample_rate_hz": "48048"},
        )
    )
    assert stamp is not None
    assert stamp.speed == Fraction(1001, 1000)
    assert stamp.end_s - stamp.start_s == 1000


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "no label"),
        ({"start_timecode": "nonsense", "timecode_rate": Fraction(25)}, "unreadable"),
        ({"start_timecode": "01:00:00:24"}, "no rate"),
        ({"start_timecode": "01:00:00:29", "timecode_rate": Fraction(25)}, "no such frame"),
        ({"time_reference_samples": 0}, "never set"),
        ({"time_reference_samples": 5}, "no rate"),
    ],
)
def test_no_stamp_is_invented(fields, why):
    assert stamp_of(clip(**fields)) is None, why


@pytest.mark.parametrize(
    ("text", "default"),
    [("00:00:00:00", True), ("01:00:00:00", True), ("01:00:00:01", False), ("13:00:00:00", False)],
)
def test_labels_of_files_that_never_saw_a_clock(text, default):
    stamp = stamp_of(clip(start_timecode=text, timecode_rate=Fraction(25)))
    assert stamp is not None
    assert stamp.default is default


@given(
    start=st.integers(0, 86399),
    later=st.integers(-3600, 3600),
    length=st.integers(3700, 5000),
)
def test_midnight_changes_nothing(start, later, length):
    other = (start + later) % 86400
    found = later_by_s(
        (start, start + length), (other, other + length), day_a_s=86400, day_b_s=86400
    )
    assert found == later
