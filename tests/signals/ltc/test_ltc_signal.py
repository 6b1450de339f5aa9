"""Timecode in the sound: clips placed to a sample, and refused where it proves nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soxr

from clapless.media import scan
from clapless.media.reading import SoundBlock
from clapless.model import AudioStream, Clip, Match, MediaFile, Refusal, inverse
from clapless.pipeline.syncing import sync_clips
from clapless.signals.ltc import LtcFeature, LtcSignal
from clapless.store import Store
from clapless.synth.ltc import linear_timecode
from clapless.synth.wave import RecorderLabels, write_wave
from clapless.timing import Timecode

SIGNAL = LtcSignal()
RATE_HZ = 16000
PAL = Fraction(25)
ONE_SAMPLE_S = 1 / 48000


def heard(clip_id, channels, *, device=None, label=None, start_s=0.0, block=70000) -> LtcFeature:
    """Return the feature of a clip whose channels, at 48 kHz, are these."""
    samples = np.stack([soxr.resample(one, 48000, RATE_HZ) for one in channels])
    samples = np.round(samples * 32767).astype(np.int16)
    clip = Clip(
        id=clip_id,
        name=clip_id,
        files=(MediaFile(path=Path(f"{clip_id}.wav")),),
        device=device,
        duration_s=Fraction(samples.shape[1], RATE_HZ),
        start_timecode=label,
        timecode_rate=PAL if label else None,
        audio=(AudioStream(index=0, channels=len(channels), sample_rate_hz=48000),),
    )
    extractor = SIGNAL.extractor(clip)
    for first in range(0, samples.shape[1], block):
        piece = samples[:, first : first + block]
        extractor.feed(
            SoundBlock(stream=0, start_s=start_s + first / RATE_HZ, rate_hz=RATE_HZ, samples=piece)
        )
    found = extractor.finish()
    assert isinstance(found, LtcFeature)
    return found


def stated(clip_id, label, *, rate=PAL, device=None, seconds=60, capture_rate=None) -> LtcFeature:
    clip = Clip(
        id=clip_id,
        name=clip_id,
        files=(MediaFile(path=Path(f"{clip_id}.mov")),),
        device=device,
        duration_s=Fraction(seconds),
        frame_rate=rate,
        capture_rate=capture_rate,
        start_timecode=label,
        timecode_rate=rate,
    )
    found = SIGNAL.extractor(clip).finish()
    assert isinstance(found, LtcFeature)
    return found


def code(label, seconds, *, rate=PAL, drop=False, **more):
    return linear_timecode(Timecode.parse(label, rate, drop_frame=drop), seconds, 48000, **more)


def speech(seconds):
    rng = np.random.default_rng(1)
    t = np.arange(round(seconds * 48000)) / 48000
    loud = np.interp(t, np.arange(int(seconds * 5) + 2) / 5, rng.random(int(seconds * 5) + 2))
    return (0.2 * loud * np.sign(np.sin(2 * np.pi * 140 * t))).astype(np.float32)


def matched(a, b, **more) -> Match:
    found = SIGNAL.match(a, b, **more)
    assert isinstance(found, Match), found
    return found


def test_two_clips_on_one_generator_to_a_sample_with_their_drift():
    a = heard("c1", [speech(40), code("10:00:00:00", 40, lead_s=-0.0123, drift_ppm=40.0)])
    b = heard("c2", [code("10:00:20:00", 30, lead_s=0.0171, drift_ppm=-25.0)])
    assert (a.stream, a.channel) == (0, 1)
    found = matched(a, b)
    # Frame 10:00:20:00 lies at 20.000 s of the code.
    true_a = -0.0123 * 1 + 20.0 * (1 + 40e-6)
    true_drift = ((1 - 25e-6) / (1 + 40e-6) - 1) * 1e6
    assert found.drift_ppm == pytest.approx(true_drift, abs=0.5)
    assert found.to_a(0.0171) == pytest.approx(true_a, abs=ONE_SAMPLE_S)
    assert found.to_a(10.0171) == pytest.approx(
        -0.0123 + 30.0 * (1 + 40e-6) + (10 / (1 - 25e-6) - 10) * (1 + 40e-6), abs=ONE_SAMPLE_S
    )
    assert found.ceiling == "check"
    assert found.confidence >= 0.9
    assert found.time_map is None
    assert found.spans_s[0] == pytest.approx((0.0171, 20.0), abs=0.06)
    back, turned = matched(b, a), inverse(found)
    assert back.offset_s == pytest.approx(turned.offset_s, abs=1e-5)
    assert back.drift_ppm == pytest.approx(turned.drift_ppm, abs=1e-3)


def test_a_recorder_with_code_and_a_camera_that_states_it():
    recorder = heard("r1", [code("10:00:00:00", 30)])
    camera = stated("c1", "10:00:12:05")
    found = matched(recorder, camera)
    assert found.offset_s == pytest.approx(12.2, abs=ONE_SAMPLE_S)
    assert found.offset_std_s > 0.01
    back = matched(camera, recorder)
    assert back.offset_s == pytest.approx(-12.2, abs=ONE_SAMPLE_S)


def test_high_speed_is_converted():
    recorder = heard("r1", [code("10:00:00:00", 30)])
    camera = stated("c1", "10:00:12:05", capture_rate=Fraction(100), seconds=40)
    found = matched(recorder, camera)
    assert found.offset_s == pytest.approx(12.2, abs=1e-4)
    assert found.speed == 4
    conformed = heard("c2", [code("10:00:05:00", 10, rate=Fraction(24), speed=25 / 24)])
    found = matched(recorder, conformed)
    assert found.speed == Fraction(24, 25)
    assert found.offset_s == pytest.approx(5.0, abs=1e-4)
    assert found.to_a(9.6) == pytest.approx(15.0, abs=1e-4)


def test_midnight():
    a = heard("c1", [code("23:59:55:00", 20)])
    b = heard("c2", [code("00:00:03:10", 10)])
    assert matched(a, b).offset_s == pytest.approx(8.4, abs=ONE_SAMPLE_S)
    assert matched(b, a).offset_s == pytest.approx(-8.4, abs=ONE_SAMPLE_S)


def test_drop_frame_code_against_a_camera_that_counts_the_same():
    ntsc = Fraction(30000, 1001)
    recorder = heard("r1", [code("10:00:00;00", 10, rate=ntsc, drop=True)])
    camera = stated("c1", "10:00:01;00", rate=ntsc)
    assert matched(recorder, camera).offset_s == pytest.approx(float(30 / ntsc), abs=1e-4)
    other = stated("c2", "10:00:01:00", rate=ntsc)
    found = matched(recorder, other)
    assert found.confidence < 0.9
    # Jammed by label it is one second; read exactly, 10:00:01:00 is 37 s after 10:00:00;00.
    assert found.offset_s == pytest.approx(1.0, abs=0.05)
    assert found.offset_std_s > 3
    assert found.details["if_jammed_at_midnight_s"] == pytest.approx(37.0, abs=0.1)


def test_clips_that_share_no_label_still_lie_on_one_clock():
    a = heard("c1", [code("10:00:00:00", 10, drift_ppm=30.0)])
    b = heard("c2", [code("10:05:00:00", 10)])
    found = matched(a, b)
    assert found.offset_s == pytest.approx(300 * (1 + 30e-6), abs=5e-4)
    assert found.spans_s == ()


def test_lost_samples_give_a_map_of_two_segments():
    whole = code("10:00:00:00", 40)
    broken = np.concatenate([whole[: 48000 * 12], whole[48000 * 12 + 2400 : 48000 * 30]])
    found = matched(heard("c1", [whole]), heard("c2", [broken]))
    assert found.time_map is not None
    first, second = found.time_map.segments
    assert first.knots[0] == pytest.approx((0.0, 0.0), abs=0.05)
    assert found.time_map.to_group(5.0) == pytest.approx(5.0, abs=ONE_SAMPLE_S)
    assert found.time_map.to_group(20.0) == pytest.approx(20.05, abs=ONE_SAMPLE_S)
    assert second.knots[0][0] == pytest.approx(12.0, abs=0.05)
    assert found.offset_s == pytest.approx(0.05, abs=2e-4)  # the longer segment, 12 to 30 s


def test_code_that_starts_anew_is_no_jump_of_the_clip():
    broken = np.concatenate([code("10:00:00:00", 8), code("10:30:00:00", 20)])
    found = matched(heard("c1", [code("10:30:05:00", 10)]), heard("c2", [broken]))
    assert found.time_map is None
    assert found.offset_s == pytest.approx(-13.0, abs=1e-4)


def test_a_hole_in_the_code_is_bridged():
    whole = code("10:00:00:00", 40)
    holed = whole.copy()
    holed[48000 * 10 : 48000 * 22] = 0
    found = matched(heard("c1", [whole]), heard("c2", [holed]))
    assert found.time_map is None
    assert found.offset_s == pytest.approx(0.0, abs=ONE_SAMPLE_S)


@pytest.mark.parametrize(
    ("sound", "refusal"),
    [
        (lambda: code("10:00:20:00", 10, backwards=True), "backwards"),
        (lambda: code("10:00:00:00", 10, speed=1.09), "off_speed"),
    ],
)
def test_refusals_say_why(sound, refusal):
    a = heard("c1", [code("10:00:00:00", 20)])
    found = SIGNAL.match(a, heard("c2", [sound()]))
    assert isinstance(found, Refusal)
    assert (found.code, found.a, found.b) == (refusal, "c1", "c2")


def test_a_clip_without_code_and_label_is_refused_by_itself():
    extractor = SIGNAL.extractor(
        Clip(id="c1", name="c1", files=(MediaFile(path=Path("c1.wav")),), duration_s=Fraction(9))
    )
    samples = np.round(soxr.resample(speech(9), 48000, RATE_HZ) * 32767).astype(np.int16)
    extractor.feed(
        SoundBlock(stream=0, start_s=0.0, rate_hz=RATE_HZ, samples=samples.reshape(1, -1))
    )
    found = extractor.finish()
    assert isinstance(found, Refusal)
    assert (found.a, found.b, found.code) == ("c1", "c1", "no_ltc")


def test_two_labels_without_sound_are_another_signals_business():
    found = SIGNAL.match(stated("c1", "10:00:00:05"), stated("c2", "10:00:00:06"))
    assert isinstance(found, Refusal)
    assert found.code == "no_ltc"


def test_excluded_spans_are_not_measured():
    a = heard("c1", [code("10:00:00:00", 45)])
    b = heard("c2", [code("10:00:10:00", 35)])
    found = matched(a, b, exclude_spans=((0.0, 15.0),))
    assert found.offset_s == pytest.approx(10.0, abs=2 * ONE_SAMPLE_S)
    refused = SIGNAL.match(a, b, exclude_spans=((0.0, 50.0),))
    assert isinstance(refused, Refusal)
    assert refused.code == "too_short"


def test_candidates_are_pairs_where_one_is_heard():
    features = {
        f.clip.id: f
        for f in (
            heard("r1", [code("10:00:00:00", 20)], device="R"),
            heard("r2", [code("10:20:00:00", 20)], device="R"),
            stated("c1", "10:00:05:00", device="C"),
            stated("d1", "10:00:06:00", device="D"),
        )
    }
    pairs = list(SIGNAL.candidates(features))
    assert set(pairs[:2]) == {("c1", "r1"), ("d1", "r1")}
    assert set(pairs) - set(pairs[:2]) in ({("c1", "r2")}, {("d1", "r2")})


def test_how_blocks_are_cut_changes_nothing_and_the_store_gives_it_back():
    channels = [speech(12), code("10:00:00:00", 12, user_bits=0xCAFE0123)]
    one, two = heard("c1", channels), heard("c1", channels, block=9001)
    again = SIGNAL.from_arrays(one.clip, one.to_arrays())
    for other in (two, again):
        (run,), (same,) = one.runs, other.runs
        assert (other.stream, other.channel) == (0, 1)
        for name in ("rate", "speed", "count", "user_bits", "anchor_s", "anchor_frame", "jitter_s"):
            assert getattr(run, name) == getattr(same, name)
        np.testing.assert_array_equal(run.knots_s, same.knots_s)
    assert one.runs[0].user_bits == 0xCAFE0123


def test_a_channel_that_was_a_twin_until_the_code_began():
    one = speech(14)
    two = one.copy()
    two[48000 * 6 :] = code("10:00:00:00", 8)
    found = heard("c1", [one, two], block=16000)
    assert (found.stream, found.channel) == (0, 1)
    assert found.runs[0].label_s(6.0) == pytest.approx(36000.0, abs=ONE_SAMPLE_S)
    both = heard("c2", [code("10:00:00:00", 8)] * 2)
    assert (both.stream, both.channel) == (0, 0)


def test_sound_that_starts_late_shifts_the_code_with_it():
    late = heard("c1", [code("10:00:00:00", 10)], start_s=0.5)
    found = matched(late, heard("c2", [code("10:00:02:00", 5)]))
    assert found.offset_s == pytest.approx(2.5, abs=ONE_SAMPLE_S)


@pytest.mark.media
def test_files_through_a_whole_sync(tmp_path):
    write_wave(
        tmp_path / "recorder.wav",
        np.stack([code("14:03:10:00", 20, drift_ppm=12.0), speech(20) * 0]),
        48000,
        labels=RecorderLabels(),
    )
    write_wave(tmp_path / "camera.wav", code("14:03:16:00", 10, lead_s=0.01, level_db=-38), 48000)
    catalog = scan([tmp_path / "recorder.wav", tmp_path / "camera.wav"])
    with Store(tmp_path / "cache") as store:
        result = sync_clips(catalog.clips, catalog.devices, signals=[SIGNAL], store=store)
    (group,) = result.session.groups
    ids = {clip.name: clip.id for clip in catalog.clips}
    assert group.reference == ids["recorder"]
    (placed,) = [p for p in group.placements if p.clip == ids["camera"]]
    assert placed.to_group(0.01) == pytest.approx(6.0 * (1 + 12e-6), abs=ONE_SAMPLE_S)
    assert placed.status == "check"
    assert placed.signals == ("ltc",)
