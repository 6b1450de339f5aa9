"""Source timecode: exact where it is a clock, refused where it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clapless.model import AudioStream, Clip, Match, MediaFile, Refusal, inverse
from clapless.signals.timecode import TimecodeFeature, TimecodeSignal
from clapless.timing import STANDARD_RATES, Timecode, may_drop, nominal_rate

SIGNAL = TimecodeSignal()
NTSC = Fraction(30000, 1001)
FILM = Fraction(24000, 1001)


def camera(
    clip_id, label, *, rate=Fraction(25), device=None, seconds=60, made=None, capture_rate=None
):
    return Clip(
        id=clip_id,
        name=clip_id,
        files=(MediaFile(path=Path(f"{clip_id}.mov")),),
        device=device,
        duration_s=Fraction(seconds),
        frame_rate=rate,
        capture_rate=capture_rate,
        start_timecode=label,
        timecode_rate=rate,
        metadata={"creation_time": made.isoformat()} if made else {},
    )


def recorder(clip_id, samples, *, device=None, seconds=600, rate=None):
    return Clip(
        id=clip_id,
        name=clip_id,
        files=(MediaFile(path=Path(f"{clip_id}.wav")),),
        device=device,
        kind="audio",
        duration_s=Fraction(seconds),
        timecode_rate=rate,
        time_reference_samples=samples,
        audio=(AudioStream(index=0, channels=2, sample_rate_hz=48000),),
    )


def feature(clip) -> TimecodeFeature:
    extractor = SIGNAL.extractor(clip)
    assert extractor.needs == frozenset()
    found = extractor.finish()
    assert isinstance(found, TimecodeFeature)
    return found


def matched(a, b) -> Match:
    found = SIGNAL.match(feature(a), feature(b))
    assert isinstance(found, Match), found
    return found


def refused(a, b) -> Refusal:
    found = SIGNAL.match(feature(a), feature(b))
    assert isinstance(found, Refusal), found
    return found


@given(
    rate_a=st.sampled_from(STANDARD_RATES),
    rate_b=st.sampled_from(STANDARD_RATES),
    start=st.fractions(60, 86000, max_denominator=1000),
    later=st.fractions(-300, 300, max_denominator=1000),
    drop=st.booleans(),
)
@settings(max_examples=200)
def test_labels_of_clocks_that_agree_give_their_difference(rate_a, rate_b, start, later, drop):
    label_a = Timecode.at(start, rate_a, drop_frame=drop and may_drop(rate_a))
    label_b = Timecode.at(start + later, rate_b, drop_frame=drop and may_drop(rate_b))
    day = 86400 * nominal_rate(rate_b)
    if label_b.frame < 0 or label_b.frame >= day * 0.99:
        return
    a, b = (
        camera(name, str(label), rate=rate, seconds=900)
        for name, label, rate in (("c1", label_a, rate_a), ("c2", label_b, rate_b))
    )
    features = feature(a), feature(b)
    if features[0].stamp.slow != features[1].stamp.slow:
        return
    if features[0].stamp.default and features[1].stamp.default:
        return
    found = SIGNAL.match(*features)
    assert isinstance(found, Match)
    assert found.ceiling == "check"
    assert found.offset_s == pytest.approx(float(label_b.seconds - label_a.seconds), abs=1e-9)
    assert abs(found.offset_s - float(later)) <= 0.5 / rate_a + 0.5 / rate_b + 1e-9
    back = SIGNAL.match(features[1], features[0])
    assert isinstance(back, Match)
    assert back.offset_s == pytest.approx(inverse(found).offset_s, abs=1e-9)


def test_drop_and_non_drop_are_one_instant_at_one_label_and_the_doubt_is_said():
    found = matched(camera("c1", "10:00:00;00", rate=NTSC), camera("c2", "10:00:00:00", rate=NTSC))
    # The drop label is 36 ms off the wall after ten hours.
    assert found.offset_s == pytest.approx(0.036, abs=0.002)
    assert found.confidence < 0.9
    assert found.offset_std_s > 3  # they run apart by 3.6 s an hour since they were jammed
    exact_s = float((1080000 - 1078920) / NTSC)
    assert found.details["if_jammed_at_midnight_s"] == pytest.approx(exact_s)
    back = matched(camera("c2", "10:00:00:00", rate=NTSC), camera("c1", "10:00:00;00", rate=NTSC))
    assert back.offset_s == pytest.approx(-found.offset_s, abs=0.001)


def test_23976_with_24():
    one = camera("c1", "10:00:00:00", rate=FILM)
    found = matched(one, camera("c2", "10:00:07:12", rate=Fraction(24)))
    assert found.offset_s == pytest.approx(7.5, abs=0.01)
    assert found.confidence < 0.9


@pytest.mark.parametrize(
    ("label_a", "rate_a", "label_b", "rate_b"),
    [
        ("10:00:00:05", FILM, "10:00:10:05", NTSC),
        ("10:00:00:05", Fraction(24), "10:00:10:05", Fraction(25)),
        ("10:00:00:05", FILM, "10:00:10:05", FILM),
    ],
)
def test_rates_that_keep_pace_leave_no_doubt(label_a, rate_a, label_b, rate_b):
    found = matched(camera("c1", label_a, rate=rate_a), camera("c2", label_b, rate=rate_b))
    assert found.confidence >= 0.9
    assert found.offset_s == pytest.approx(10.0, abs=0.1)
    assert found.offset_std_s < 0.03


def test_a_time_reference_meets_timecode():
    # The recorder counts real samples from its midnight: 23.976 labels are 1.001 s long.
    label = Timecode.parse("09:30:00:00", FILM)
    reference = int((label.seconds + 12) * 48000)
    found = matched(recorder("r1", reference, rate=FILM), camera("c1", "09:30:20:00", rate=FILM))
    assert found.offset_s == pytest.approx(20 * 1.001 - 12, abs=1e-4)
    assert found.confidence >= 0.9


def test_midnight():
    found = matched(camera("c1", "23:59:50:00"), camera("c2", "00:00:10:01"))
    assert found.offset_s == pytest.approx(20.04)


def test_high_speed_is_converted_before_it_is_compared():
    fast = camera("c2", "10:00:20:00", capture_rate=Fraction(100), seconds=80)
    found = matched(camera("c1", "10:00:00:01"), fast)
    assert found.offset_s == pytest.approx(19.96)
    assert found.speed == 4
    assert found.to_a(40.0) == pytest.approx(29.96)
    back = matched(fast, camera("c1", "10:00:00:01"))
    assert back.offset_s == pytest.approx(inverse(found).offset_s)
    assert back.speed == Fraction(1, 4)


@pytest.mark.parametrize("label", ["00:00:00:00", "01:00:00:00"])
def test_labels_that_never_saw_a_clock_are_refused(label):
    answer = refused(camera("c1", label), camera("c2", label))
    assert answer.code == "default_timecode"
    assert label in answer.reason
    hour = label[:2]
    one = matched(camera("c1", f"{hour}:00:03:00"), camera("c2", label))
    assert 0.5 < one.confidence < 0.9


def test_other_days_are_not_one_day():
    monday = datetime(2026, 5, 4, 10, tzinfo=UTC)
    a = camera("c1", "10:00:00:05", made=monday)
    answer = refused(a, camera("c2", "10:00:20:05", made=monday + timedelta(days=1, seconds=20)))
    assert answer.code == "other_day"
    assert answer.candidates[0].offset_s == pytest.approx(20.0)
    zones = camera("c2", "10:00:20:05", made=monday + timedelta(hours=9))
    assert isinstance(SIGNAL.match(feature(a), feature(zones)), Match)
    years = camera("c2", "10:00:20:05", made=monday - timedelta(days=800))
    assert refused(a, years).code == "other_day"
    reset = camera("c2", "10:00:20:05", made=datetime(2015, 1, 1, tzinfo=UTC))
    assert isinstance(SIGNAL.match(feature(a), feature(reset)), Match)


def test_makers_whose_clocks_nobody_jams_are_not_trusted():
    one = replace(camera("c2", "10:00:20:00"), metadata={"maker": "GoPro"})
    found = matched(camera("c1", "10:00:00:01"), one)
    assert 0.5 <= found.confidence < 0.9


def test_hours_apart_are_no_relation():
    answer = refused(camera("c1", "10:00:00:01"), camera("c2", "12:10:00:01"))
    assert answer.code == "far_apart"
    assert "2.1 hours" in answer.reason


def takes(device, labels_s, made_s, *, seconds=60, prefix="a"):
    start = datetime(2026, 5, 4, 10, tzinfo=UTC)
    clips = [
        camera(
            f"{prefix}{number}",
            str(Timecode.at(Fraction(label), Fraction(25))),
            device=device,
            seconds=seconds,
            made=start + timedelta(seconds=made) if made is not None else None,
        )
        for number, (label, made) in enumerate(zip(labels_s, made_s, strict=True))
    ]
    return {clip.id: feature(clip) for clip in clips}


def test_record_run_is_told_from_free_run_over_a_devices_clips():
    counter = takes("A", [3600, 3660, 3720, 3780], [0, 400, 900, 2000])
    clock = takes("B", [36000, 36400, 36900], [0, 400, 900], prefix="b")
    features = counter | clock
    pairs = list(SIGNAL.candidates(features))
    assert not any(clip in counter for pair in pairs for clip in pair)
    codes = {a.a: a.code for a in SIGNAL.match_group(features) if isinstance(a, Refusal)}
    assert codes == dict.fromkeys(counter, "record_run") | dict.fromkeys(clock, "far_apart")


def test_spanned_files_of_a_clock_are_no_record_run():
    # A camera that cuts its files: labels and file times both go on without a pause.
    features = takes("A", [36000, 36060, 36120], [0, 60, 120])
    features |= takes("B", [36010, 37000], [0, 990], prefix="b")
    assert SIGNAL.match_group(features) == []
    assert ("a0", "b0") in set(SIGNAL.candidates(features))


def test_file_times_written_at_the_end_do_not_make_a_counter():
    lengths = takes("A", [36000, 36400, 36900], [60, 460, 960])
    codes = {a.code for a in SIGNAL.match_group(lengths) if isinstance(a, Refusal)}
    assert codes == {"far_apart"}, "it is a clock, with nothing to compare"


def test_one_label_for_all_clips_is_no_clock():
    features = takes("A", [45000, 45000, 45000], [0, 400, 900])
    (answer, *_) = SIGNAL.match_group(features)
    assert isinstance(answer, Refusal)
    assert answer.code == "default_timecode"


def test_pairs_of_one_device_are_not_compared_and_lonely_clips_get_their_nearest():
    features = takes("A", [36000, 37600, 57600], [0, 1600, 21600])
    features |= takes("B", [36030], [30], prefix="b")
    pairs = list(SIGNAL.candidates(features))
    assert pairs == [("a0", "b0"), ("a1", "b0")]


def test_no_label_no_feature():
    clip = replace(camera("c1", "10:00:00:00"), start_timecode=None)
    assert not SIGNAL.applies_to(clip)
    answer = SIGNAL.extractor(clip).finish()
    assert isinstance(answer, Refusal)
    assert (answer.a, answer.b, answer.code) == ("c1", "c1", "no_timecode")


def test_the_store_gives_it_back():
    one = feature(camera("c1", "10:00:00:05"))
    again = SIGNAL.from_arrays(one.clip, one.to_arrays())
    assert again.stamp == one.stamp
