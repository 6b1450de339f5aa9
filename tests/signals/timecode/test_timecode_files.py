"""Silent shoots with timecode, from real files to placements."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import soxr

from clapless.pipeline import SyncOptions, sync_paths
from clapless.store import Store
from clapless.synth.ltc import linear_timecode
from clapless.synth.movie import Encoding, Labels, write_movie
from clapless.synth.picture import clock_frames
from clapless.synth.speech import speech
from clapless.synth.wave import RecorderLabels, write_wave
from clapless.timing import Timecode

pytestmark = pytest.mark.media

PAL = Fraction(25)
MIDNIGHT_S = 36_000
"""Event time 0 is 10:00:00."""


def camera(
    path, start_s, seconds, *, rate=PAL, sound=None, label=True, made="2026-05-04T10:00:00Z"
):
    path.parent.mkdir(parents=True, exist_ok=True)
    drop = rate == Fraction(30000, 1001)
    text = str(Timecode.at(Fraction(MIDNIGHT_S + start_s), rate, drop_frame=drop))
    write_movie(
        path,
        frames=clock_frames(
            name=path.stem,
            frames=round(seconds * rate),
            frame_rate=rate,
            start_s=start_s,
            width=64,
            height=48,
        ),
        frame_rate=rate,
        sound=sound,
        labels=Labels(timecode=text, creation_time=made),
        encoding=Encoding(audio_codec="aac"),
    )
    return path


def synced(tmp_path, *paths, **options):
    with Store(tmp_path / "cache") as store:
        return sync_paths(paths, options=SyncOptions(**options), store=store).session


def placed(session):
    names = {clip.id: clip.name for clip in session.clips}
    return {names[one.clip]: one for group in session.groups for one in group.placements}


def test_silent_cameras_are_placed_to_be_checked_and_synced_by_name(tmp_path):
    one = camera(tmp_path / "A" / "one.mov", 3.0, 12)
    two = camera(tmp_path / "B" / "two.mov", 7.4, 10, rate=Fraction(30000, 1001))
    session = synced(tmp_path, tmp_path / "A", tmp_path / "B")
    found = placed(session)
    (group,) = session.groups
    assert group.reference == next(c.id for c in session.clips if c.path == one)
    assert two.exists()
    assert found["two"].offset_s == pytest.approx(4.4, abs=0.06)
    assert abs(found["two"].offset_s - 4.4) < 2 * found["two"].offset_std_s
    assert (found["two"].status, found["two"].signals) == ("check", ("timecode",))
    named = placed(synced(tmp_path, tmp_path / "A", tmp_path / "B", signals=("timecode",)))
    assert named["two"].status == "synced"


def test_sound_that_agrees_lifts_the_other_clips_of_the_two_devices(tmp_path):
    rng = np.random.default_rng(3)
    talk = speech(rng, 60 * 48000, 48000)
    talk = (0.5 * talk / np.abs(talk).max()).astype(np.float32)
    recorder = tmp_path / "R" / "take.wav"
    recorder.parent.mkdir()
    labels = RecorderLabels(time_reference_samples=MIDNIGHT_S * 48000, date="2026-05-04")
    write_wave(recorder, talk, 48000, labels=labels)
    camera(tmp_path / "A" / "heard.mov", 4.0, 20, sound=talk[4 * 48000 : 24 * 48000])
    camera(tmp_path / "A" / "silent.mov", 40.0, 15, made="2026-05-04T10:00:40Z")
    session = synced(tmp_path, tmp_path / "A", tmp_path / "R")
    found = placed(session)
    assert set(found["heard"].signals) == {"audio", "timecode"}
    assert found["heard"].status == "synced"
    assert found["silent"].offset_s == pytest.approx(40.0, abs=0.05)
    assert (found["silent"].status, found["silent"].signals) == ("synced", ("timecode",))


def test_a_recorder_with_code_in_its_sound_and_a_silent_camera(tmp_path):
    start = Timecode.at(Fraction(MIDNIGHT_S), PAL)
    recorder = tmp_path / "R" / "take.wav"
    recorder.parent.mkdir()
    write_wave(recorder, linear_timecode(start, 30.0, 48000, level_db=-30.0), 48000)
    camera(tmp_path / "A" / "silent.mov", 8.0, 10)
    found = placed(synced(tmp_path, tmp_path / "A", tmp_path / "R"))
    assert found["silent"].offset_s == pytest.approx(8.0, abs=1e-3)
    assert (found["silent"].status, found["silent"].signals) == ("check", ("ltc",))


def test_files_that_never_saw_a_clock_are_not_placed_by_it(tmp_path):
    for name in ("A/one.mov", "B/two.mov"):
        camera(tmp_path / name, -MIDNIGHT_S, 6)
    session = synced(tmp_path, tmp_path / "A", tmp_path / "B", signals=("timecode",))
    assert not session.groups
    assert any("never saw a clock" in one.reason for one in session.unplaced)


@pytest.mark.parametrize(("taken_hz", "labelled_hz"), [(48048, 48000), (48000, 48048)])
def test_a_recorder_that_labels_its_sound_at_another_rate(tmp_path, taken_hz, labelled_hz):
    """The file says at which rate it was taken: labels and sound agree at that speed."""
    rng = np.random.default_rng(5)
    talk = speech(rng, 50 * 48000, 48000)
    talk = (0.5 * talk / np.abs(talk).max()).astype(np.float32)
    recorder = tmp_path / "R" / "take.wav"
    recorder.parent.mkdir()
    labels = RecorderLabels(
        time_reference_samples=MIDNIGHT_S * labelled_hz,
        date="2026-05-04",
        digitizer_rate_hz=taken_hz,
    )
    write_wave(recorder, soxr.resample(talk, 48000, taken_hz), labelled_hz, labels=labels)
    camera(tmp_path / "A" / "heard.mov", 9.0, 30, sound=talk[9 * 48000 : 39 * 48000])
    camera(tmp_path / "A" / "silent.mov", 40.0, 8, made="2026-05-04T10:00:40Z")
    found = placed(synced(tmp_path, tmp_path / "A", tmp_path / "R", reference="heard"))
    take = found["take"]
    assert take.speed == Fraction(taken_hz, labelled_hz)
    assert take.offset_s == pytest.approx(-9.0, abs=1e-3)
    assert take.to_group(40.0) == pytest.approx(40.0 * labelled_hz / taken_hz - 9.0, abs=1e-3)
    assert (take.status, set(take.signals)) == ("synced", {"audio", "timecode"})
    assert found["silent"].offset_s == pytest.approx(31.0, abs=0.05)
    assert found["silent"].status == "synced"


def test_counters_of_tape_are_named_and_no_chapters(tmp_path):
    """Takes of equal length whose labels go on while minutes pass: record run, three clips."""
    for number, minute in enumerate((0, 5, 15)):
        camera(
            tmp_path / "A" / f"a{number}.mov",
            8.0 * number,
            8,
            made=f"2026-05-04T10:{minute:02d}:00Z",
        )
    for number, minute in enumerate((0, 5)):
        made = f"2026-05-04T10:{minute:02d}:02Z"
        camera(tmp_path / "B" / f"b{number}.mov", 60.0 * minute + 2, 8, made=made)
    session = synced(tmp_path, tmp_path / "A", tmp_path / "B", signals=("timecode", "ltc"))
    reasons = {session.clip(one.clip).name: one.reason for one in session.unplaced}
    assert sorted(reasons) == ["a0", "a1", "a2", "b0", "b1"]
    for name in ("a0", "a1", "a2"):
        assert "record run" in reasons[name]
    assert "within 30 minutes of its 10:00:02:00" in reasons["b0"]


def test_a_chain_of_labels_is_synced_where_the_user_names_them(tmp_path):
    """Two cameras hang on one recorder; the first is the reference: doubts multiply."""
    recorder = tmp_path / "R" / "take.wav"
    recorder.parent.mkdir()
    labels = RecorderLabels(time_reference_samples=MIDNIGHT_S * 48000, date="2026-05-04")
    write_wave(recorder, np.zeros(60 * 48000, np.float32), 48000, labels=labels)
    camera(tmp_path / "A" / "one.mov", 2.0, 10)
    camera(tmp_path / "B" / "two.mov", 40.0, 10)
    cards = [tmp_path / card for card in "ABR"]
    alone = placed(synced(tmp_path, *cards, reference="one"))
    assert {alone[name].status for name in ("two", "take")} == {"check"}
    named = placed(synced(tmp_path, *cards, reference="one", signals=("timecode",)))
    assert {named[name].status for name in ("two", "take")} == {"synced"}
    assert named["two"].offset_s == pytest.approx(38.0, abs=0.05)


def test_the_full_hour_of_a_file_is_no_clock_beside_code_in_sound_either(tmp_path):
    recorder = tmp_path / "R" / "take.wav"
    recorder.parent.mkdir()
    start = Timecode.at(Fraction(3590), PAL)
    write_wave(recorder, linear_timecode(start, 30.0, 48000, level_db=-30.0), 48000)
    camera(tmp_path / "A" / "default.mov", 3600 - MIDNIGHT_S, 10)
    found = placed(synced(tmp_path, tmp_path / "A", tmp_path / "R"))
    assert found["default"].confidence < 0.9
    assert found["default"].status == "check"
