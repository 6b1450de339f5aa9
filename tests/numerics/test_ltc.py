"""Linear timecode: labels right, times exact, whatever was done to the sound."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from clapless.numerics.ltc import LtcDecoder, decode, find_runs, pack, unpack, valid
from clapless.numerics.ltc.frames import count_frames, frames_per_day
from clapless.synth.ltc import linear_timecode
from clapless.timing import Timecode, nominal_rate

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)]
ONE_SAMPLE_S = 1 / 48000


def numbers(frames, rate, drop=False):
    return count_frames(
        frames.hours,
        frames.minutes,
        frames.seconds,
        frames.frames,
        nominal=nominal_rate(rate),
        drop_frame=drop,
    )


def errors_s(frames, start, *, lead_s, speed=1.0, backwards=False):
    """Return how far each frame lies from where its label says it is."""
    steps = numbers(frames, start.rate, start.drop_frame) - start.frame
    return frames.time_s - lead_s - (-steps if backwards else steps) / float(start.rate) / speed


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("backwards", [False, True])
def test_every_frame_at_its_sample(rate, speed, backwards):
    start = Timecode.parse("01:02:03:04", rate)
    sound = linear_timecode(
        start, 3.0, 48000, lead_s=0.1234567, speed=speed, backwards=backwards, level_db=-40.0
    )
    frames = decode(np.round(sound * 32767).astype(np.int16), 48000)
    whole = int((3.0 - 0.1234567) * speed * float(rate))
    assert len(frames) == whole
    assert set(frames.direction.tolist()) == {-1 if backwards else 1}
    late = errors_s(frames, start, lead_s=0.1234567, speed=speed, backwards=backwards)
    assert np.abs(late).max() < ONE_SAMPLE_S / 4


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_analysis_rate_is_as_exact(rate):
    start = Timecode.parse("10:20:30:11", rate)
    sound = soxr.resample(linear_timecode(start, 4.0, 48000, lead_s=0.05), 48000, 16000)
    frames = decode(sound, 16000)
    assert len(frames) == int(3.95 * float(rate))
    assert np.abs(errors_s(frames, start, lead_s=0.05)).max() < ONE_SAMPLE_S / 4


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("sample_rate", [16000, 48000])
def test_right_at_0_db_of_noise(rate, sample_rate):
    rng = np.random.default_rng(3)
    start = Timecode.parse("01:02:03:04", rate)
    sound = linear_timecode(start, 12.0, 48000, lead_s=0.1)
    power = np.mean(sound.astype(np.float64) ** 2)
    noisy = sound + np.sqrt(power) * rng.standard_normal(len(sound)).astype(np.float32)
    if sample_rate != 48000:
        noisy = soxr.resample(noisy, 48000, sample_rate)
    frames = decode(noisy, sample_rate)
    assert len(frames) > 0.97 * 11.9 * float(rate)
    runs = find_runs(frames)
    assert [(run.rate, run.speed) for run in runs] == [(rate, Fraction(1))]
    for t_s in (0.1, 6.0, 12.0):
        assert runs[0].label_s(t_s) == pytest.approx(
            float(start.seconds) + t_s - 0.1, abs=ONE_SAMPLE_S
        )
    late = np.abs(errors_s(frames, start, lead_s=0.1))
    assert np.median(late) < ONE_SAMPLE_S


@pytest.mark.parametrize("lead_s", [0.0, 0.9, 3.95, 4.1, 33.3])
def test_first_frame_within_a_fifth_of_a_second(lead_s):
    start = Timecode.parse("23:00:00:00", Fraction(25))
    sound = linear_timecode(start, lead_s + 5.0, 16000, lead_s=lead_s, rise_s=1e-4)
    rng = np.random.default_rng(1)
    sound += 1e-4 * rng.standard_normal(len(sound)).astype(np.float32)
    frames = decode(sound, 16000)
    assert frames.time_s[0] <= lead_s + 0.2
    decoder = LtcDecoder(16000)
    decoder.feed(sound)
    assert decoder.finish().time_s[0] <= lead_s + 0.2


@given(
    user_bits=st.integers(0, 2**32 - 1),
    polarity=st.sampled_from([1, -1]),
    correct=st.booleans(),
    rate=st.sampled_from(RATES),
    hours=st.integers(0, 23),
)
@settings(max_examples=25, deadline=None)
def test_user_bits_polarity_and_generators(user_bits, polarity, correct, rate, hours):
    start = Timecode.parse(f"{hours:02d}:59:58:20", rate)
    sound = linear_timecode(
        start,
        1.0,
        48000,
        lead_s=-0.013,
        user_bits=user_bits,
        polarity=polarity,
        correct_polarity=correct,
    )
    frames = decode(sound, 48000)
    assert len(frames) >= int(0.98 * float(rate)) - 1
    assert set(frames.user_bits.tolist()) == {user_bits}
    assert np.abs(errors_s(frames, start, lead_s=-0.013)).max() < ONE_SAMPLE_S


def test_drop_frame_is_counted_and_flagged():
    start = Timecode.parse("01:08:57;10", Fraction(30000, 1001))
    frames = decode(linear_timecode(start, 6.0, 48000), 48000)
    assert frames.drop_frame.all()
    assert not np.any((frames.minutes == 9) & (frames.seconds == 0) & (frames.frames < 2))
    (run,) = find_runs(frames)
    assert (run.drop_frame, run.flagged_drop, run.rate) == (True, True, Fraction(30000, 1001))
    assert run.label_s(5.0) == pytest.approx(float(start.seconds) + 5.0, abs=ONE_SAMPLE_S)


def test_the_drop_flag_at_24_is_not_believed():
    count = np.arange(48)
    bits = pack(count * 0 + 1, count * 0, count // 24, count % 24, drop_frame=True)
    assert valid(bits).all()
    start = Timecode.parse("01:00:00:00", Fraction(24))
    frames = decode(linear_timecode(start, 3.0, 48000), 48000)
    flagged = frames.take(np.arange(len(frames)))
    object.__setattr__(flagged, "drop_frame", np.ones(len(frames), np.bool_))
    (run,) = find_runs(flagged)
    assert (run.drop_frame, run.flagged_drop, run.rate) == (False, True, Fraction(24))


def test_24_and_23976_are_told_apart_by_the_sample_clock():
    for rate in RATES[:2]:
        start = Timecode.parse("05:00:00:00", rate)
        frames = decode(linear_timecode(start, 8.0, 16000, drift_ppm=80.0, rise_s=1e-4), 16000)
        (run,) = find_runs(frames)
        assert (run.rate, run.speed) == (rate, Fraction(1))
        assert 1 / run.label_rate - 1 == pytest.approx(80e-6, abs=2e-6)


@pytest.mark.parametrize(
    ("rate", "speed"),
    [
        (Fraction(24), Fraction(25, 24)),
        (Fraction(25), Fraction(24, 25)),
        (Fraction(30), Fraction(2)),
    ],
)
def test_speeds_by_trade_are_named(rate, speed):
    start = Timecode.parse("05:00:00:00", rate)
    sound = linear_timecode(start, 4.0, 48000, speed=float(speed))
    (run,) = find_runs(decode(sound, 48000))
    assert (run.rate, run.speed) == (rate, speed)


def test_backwards_is_a_negative_speed():
    start = Timecode.parse("05:00:10:00", Fraction(25))
    (run,) = find_runs(decode(linear_timecode(start, 4.0, 48000, backwards=True), 48000))
    assert run.speed == -1
    assert run.label_s(1.0) == pytest.approx(float(start.seconds) - 1.0, abs=ONE_SAMPLE_S)


def test_midnight_is_one_run():
    start = Timecode.parse("23:59:58:00", Fraction(30000, 1001), drop_frame=True)
    (run,) = find_runs(decode(linear_timecode(start, 5.0, 48000), 48000))
    assert run.label_s(4.0) == pytest.approx(float(start.seconds) + 4.0, abs=ONE_SAMPLE_S)


def test_lost_samples_part_two_runs():
    start = Timecode.parse("05:00:00:00", Fraction(25))
    sound = linear_timecode(start, 20.0, 48000)
    cut = np.concatenate([sound[:480000], sound[480000 + 48 * 3 :]])  # 3 ms are lost
    first, second = find_runs(decode(cut, 48000))
    assert first.end_s == pytest.approx(10.0, abs=0.05)
    gained = second.label_s(10.0) - first.label_s(10.0)
    assert gained == pytest.approx(0.003, abs=ONE_SAMPLE_S)


def test_a_new_start_of_the_code_parts_two_runs():
    one = linear_timecode(Timecode.parse("05:00:00:00", Fraction(25)), 5.0, 48000)
    two = linear_timecode(Timecode.parse("09:00:00:00", Fraction(25)), 5.0, 48000, lead_s=0.5)
    first, second = find_runs(decode(np.concatenate([one, two]), 48000))
    assert second.label_s(5.5) == pytest.approx(9 * 3600, abs=1e-4)
    assert first.label_s(0.0) == pytest.approx(5 * 3600, abs=1e-4)


def test_tape_that_runs_up_to_speed_is_read():
    rate_hz = 48000
    start = Timecode.parse("05:00:00:00", Fraction(25))
    steady = linear_timecode(start, 14.0, rate_hz)
    t = np.arange(10 * rate_hz) / rate_hz
    code_s = 0.85 * t + 0.015 * t**2 + 0.002 * np.sin(2 * np.pi * 0.8 * t)
    sound = np.interp(code_s * rate_hz, np.arange(len(steady)), steady).astype(np.float32)
    frames = decode(sound, rate_hz)
    assert len(frames) > 0.95 * 10.0 * 25
    wanted = np.interp((numbers(frames, start.rate) - start.frame) / 25.0, code_s, t)
    assert np.abs(frames.time_s - wanted).max() < 2 * ONE_SAMPLE_S


@pytest.mark.parametrize("kind", ["noise", "silence", "square", "tone", "clicks"])
def test_nothing_is_read_where_there_is_no_code(kind):
    rng = np.random.default_rng(5)
    t = np.arange(30 * 16000) / 16000
    sound = {
        "noise": rng.standard_normal(len(t)),
        "silence": np.zeros(len(t)),
        "square": np.sign(np.sin(2 * np.pi * 1200 * t)),
        "tone": np.sin(2 * np.pi * 997 * t),
        "clicks": (np.arange(len(t)) % 400 == 0).astype(float),
    }[kind]
    assert find_runs(decode(0.3 * sound, 16000)) == []


@given(cuts=st.lists(st.integers(1, 30000), min_size=1, max_size=6))
@settings(max_examples=10, deadline=None)
def test_how_it_is_fed_changes_nothing(cuts):
    sound = linear_timecode(Timecode.parse("05:00:00:00", Fraction(30)), 7.0, 16000, lead_s=0.7)
    whole = LtcDecoder(16000)
    whole.feed(sound)
    pieces = LtcDecoder(16000)
    start = 0
    while start < len(sound):
        for cut in cuts:
            pieces.feed(sound[start : start + cut])
            start += cut
    one, two = whole.finish(), pieces.finish()
    np.testing.assert_array_equal(one.time_s, two.time_s)
    np.testing.assert_array_equal(one.frames, two.frames)


@given(
    hours=st.integers(0, 23),
    minutes=st.integers(0, 59),
    seconds=st.integers(0, 59),
    frames=st.integers(0, 29),
    drop=st.booleans(),
    user_bits=st.integers(0, 2**32 - 1),
)
def test_bits_round_trip(hours, minutes, seconds, frames, drop, user_bits):
    label = [np.array([value]) for value in (hours, minutes, seconds, frames)]
    bits = pack(*label, drop_frame=drop, user_bits=user_bits)
    assert valid(bits).all()
    assert (80 - bits.sum()) % 2 == 0
    got = [int(field[0]) for field in unpack(bits)]
    assert got == [hours, minutes, seconds, frames, int(drop), user_bits]


@given(number=st.integers(0, 2589407), rate=st.sampled_from(RATES), drop=st.booleans())
def test_counting_agrees_with_timecode_all_day(number, rate, drop):
    drop = drop and rate == Fraction(30000, 1001)
    day = frames_per_day(nominal=nominal_rate(rate), drop_frame=drop)
    text = str(Timecode(number % day, rate, drop))
    label = [np.array([int(text[i : i + 2])]) for i in (0, 3, 6, 9)]
    counted = count_frames(*label, nominal=nominal_rate(rate), drop_frame=drop)
    assert int(counted[0]) == number % day


@given(number=st.integers(0, 2589407), rate=st.sampled_from(RATES), drop=st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_generator_counts_as_timecode_does(number, rate, drop):
    start = Timecode(number, rate, drop and rate == Fraction(30000, 1001))
    sound = linear_timecode(start, 0.2, 16000, lead_s=0.01, rise_s=1e-4)
    frames = decode(sound, 16000)
    text = str(start)
    first = [int(getattr(frames, field)[0]) for field in ("hours", "minutes", "seconds", "frames")]
    assert first == [int(text[i : i + 2]) for i in (0, 3, 6, 9)]
