"""The command line on recordings that real devices and programs made."""

from __future__ import annotations

import pytest

from clapless.session import read_session

pytestmark = pytest.mark.real


def test_cut_copies_are_placed_where_they_were_cut(run, shared_data, tmp_path):
    files = sorted((shared_data / "audio_multidevice" / "avbs").glob("*.mp4"))
    ran = run("sync", *files, "--reference", "full", "-o", tmp_path / "s.json")
    assert (ran.code, ran.err) == (0, "")
    session = read_session(tmp_path / "s.json")
    (group,) = session.groups
    offsets_s = {session.clip(p.clip).name: p.offset_s for p in group.placements}
    assert offsets_s["full"] == 0.0
    assert offsets_s["3-secs-in"] == pytest.approx(3.0, abs=0.001)
    exported = run("export", tmp_path / "s.json", "-o", tmp_path / "s.fcpxml")
    assert exported.code == 0
    assert (tmp_path / "s.fcpxml").read_text(encoding="utf-8").count("<asset ") == len(files)


def test_the_same_song_played_twice_is_not_synced(run, shared_data):
    files = sorted((shared_data / "audio_multidevice" / "librosa").glob("sir_duke_*.ogg"))
    assert len(files) == 2
    ran = run("sync", *files)
    assert ran.code == 3
    assert "0 of 2 clips synced, 0 to check, 2 not synced" in ran.out


def test_odd_media_is_probed_without_a_traceback(run, shared_data):
    ran = run("probe", shared_data / "bad_odd_media")
    assert ran.code in (0, 3)
    assert "Traceback" not in ran.err
    for line in ran.err.splitlines():
        assert line.endswith(".")
