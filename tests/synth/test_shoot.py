"""A written shoot lies in its files where its truth says, to far below a frame."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from scipy import signal

from clapless.model import Clip, Group, MediaFile, Placement, Session
from clapless.synth.recording import Microphone
from clapless.synth.resampling import resample_at
from clapless.synth.scoring import score
from clapless.synth.shoot import DevicePlan, EventPlan, Take, read_shoot, write_shoot
from tests.synth.plain import first_channel

CLEAR = Microphone(bits=None)
RATE_HZ = 48000


@pytest.fixture(scope="module")
def shoot(tmp_path_factory):
    return write_shoot(
        tmp_path_factory.mktemp("shoot"),
        events=(
            EventPlan(kind="speech", duration_s=14.0),
            EventPlan(kind="noise", duration_s=6.0, begins_s=50_000),
        ),
        devices=(
            DevicePlan(
                name="A",
                files="A/C{n:04d}.MP4",
                frame_rate=Fraction(30000, 1001),
                drift_ppm=150.0,
                microphone=CLEAR,
                takes=(Take(start_s=1.2345, duration_s=6.0), Take(start_s=8.5, duration_s=5.0)),
                sound_start_s=Fraction(1, 50),
            ),
            DevicePlan(
                name="B",
                files="B/{n}.MOV",
                frame_rate=Fraction(24000, 1001),
                drift_ppm=-80.0,
                microphone=CLEAR,
                timecode=True,
                takes=(Take(start_s=2.0, duration_s=10.0), Take(start_s=0, duration_s=4, event=1)),
            ),
            DevicePlan(
                name="REC",
                files="REC/{n:03d}.WAV",
                microphone=CLEAR,
                timecode=True,
                takes=(Take(start_s=-0.5, duration_s=14.0),),
            ),
        ),
        seed=5,
        size=(160, 90),
    )


def _on_the_clip_clock(path, duration_s):
    """Sound of a file on its clip clock: sample i at clip time i / RATE_HZ."""
    sound, start_s = first_channel(path)
    out = np.zeros(int(duration_s * RATE_HZ) + RATE_HZ)
    first = round(start_s * RATE_HZ)
    sound = sound[: out.size - first]
    out[first : first + sound.size] = sound
    high = signal.butter(2, 300, "high", fs=RATE_HZ, output="sos")
    return signal.sosfiltfilt(high, out).astype(np.float32)


@pytest.mark.media
def test_the_sound_of_every_clip_lies_where_the_truth_says(shoot):
    recorder = shoot.clips[-1]
    reference = _on_the_clip_clock(recorder.path, recorder.duration_s)
    for clip in (c for c in shoot.clips if c.event == 0 and c is not recorder):
        sound = _on_the_clip_clock(clip.path, clip.duration_s)
        for t_s in (0.5, float(clip.duration_s) - 2.5):
            t_clip = t_s + np.arange(2 * RATE_HZ) / RATE_HZ
            begin_s, end_s = (shoot.group_time_s(clip, recorder, float(t)) for t in t_clip[[0, -1]])
            there = resample_at(reference, np.linspace(begin_s, end_s, t_clip.size) * RATE_HZ)
            here = resample_at(sound, t_clip * RATE_HZ)
            correlation = signal.correlate(here, there, method="fft")
            lag = (int(np.argmax(correlation)) - there.size + 1) / RATE_HZ
            assert abs(lag) <= 1.0 / RATE_HZ, (clip.path.name, t_s)


@pytest.mark.media
def test_truth_comes_back_as_it_was_written(shoot):
    assert read_shoot(shoot.folder) == shoot
    (shoot.folder / "other").mkdir()
    (shoot.folder / "other" / "truth.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="not the truth"):
        read_shoot(shoot.folder / "other")


@pytest.mark.media
def test_clips_have_whole_frames_and_their_timecode(shoot):
    for clip in shoot.clips:
        with av.open(str(clip.path)) as container:
            if clip.frame_rate is None:
                assert container.metadata["time_reference"] == str(round(35999.5 * RATE_HZ))
                continue
            video = container.streams.video[0]
            assert video.average_rate == clip.frame_rate
            assert video.frames == clip.duration_s * clip.frame_rate
            label = video.metadata.get("timecode")
            assert (label is not None) == (clip.device == "B")


@pytest.mark.media
def test_the_truth_follows_the_placement_formula(shoot):
    a, b, recorder = shoot.clips[0], shoot.clips[2], shoot.clips[-1]
    placement = Placement(clip="b", offset_s=shoot.offset_s(b, a), drift_ppm=shoot.drift_ppm(b, a))
    for t_s in (0.0, 3.0, 10.0):
        assert placement.to_group(t_s) == pytest.approx(shoot.group_time_s(b, a, t_s), abs=1e-9)
    assert shoot.offset_s(a, recorder) == pytest.approx(1.2345 + 0.5)
    assert shoot.drift_ppm(a, recorder) == pytest.approx(150.0)
    with pytest.raises(ValueError, match="share no event"):
        shoot.offset_s(shoot.clips[3], recorder)
    assert shoot.overlap_s(a) == pytest.approx(a.end_s - a.start_s)
    assert shoot.overlap_s(shoot.clips[3]) == 0.0


def _session(shoot, placements):
    clips = tuple(
        Clip(id=f"c{k}", name=clip.path.stem, files=(MediaFile(path=clip.path),))
        for k, clip in enumerate(shoot.clips)
    )
    group = Group(id="g1", reference="c4", placements=placements)
    return Session(clips=clips, groups=(group,))


@pytest.mark.media
def test_scores_tell_right_wrong_and_refused_apart(shoot):
    recorder = shoot.clips[4]
    right = Placement(
        clip="c0",
        offset_s=shoot.offset_s(shoot.clips[0], recorder) + 0.001,
        drift_ppm=shoot.drift_ppm(shoot.clips[0], recorder),
    )
    late = replace(right, clip="c1", offset_s=shoot.offset_s(shoot.clips[1], recorder) + 0.02)
    other_event = Placement(clip="c3", offset_s=1.0)
    reference = Placement(clip="c4", offset_s=0.0)
    scores = score(shoot, _session(shoot, (right, late, other_event, reference)))
    assert [entry.right for entry in scores] == [True, False, False, False, True]
    assert [entry.wrong for entry in scores] == [False, True, False, True, False]
    assert [entry.is_reference for entry in scores] == [False, False, False, False, True]
    assert scores[0].errors_s == pytest.approx((0.001, 0.001), abs=1e-9)
    assert scores[2].placement is None
