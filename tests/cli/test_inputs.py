"""Timelines and track files as input of sync: through entry points, with nothing lost."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from clapless.cli.inputs import expand
from clapless.errors import TimelineError, UsageError
from clapless.model import Clip, MediaFile
from clapless.pipeline.syncing import _with_tracks
from clapless.session import read_session
from tests.media.making import Picture, write_media

PICTURE = Picture(rate=Fraction(25), count=25)

EDL = """TITLE: cut
FCM: NON-DROP FRAME

001  AX       V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00
* FROM CLIP NAME: one.mp4
"""


def test_a_timeline_gives_its_recordings_and_devices(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    movie = write_media(tmp_path / "media" / "one.mp4", picture=PICTURE)
    cut = tmp_path / "cut.edl"
    cut.write_text(EDL, "utf-8")
    other = tmp_path / "plain.wav"
    given = expand([cut, other], [tmp_path / "media"])
    assert given.paths == (movie, other)
    assert given.extra == {"input_timeline": str(cut)}
    assert all(rule.endswith(str(movie)) for rule in given.rules)


def test_what_a_timeline_names_and_is_not_there_is_said(tmp_path: Path) -> None:
    cut = tmp_path / "cut.edl"
    cut.write_text(EDL, "utf-8")
    given = expand([cut], [])
    assert given.paths == ()
    assert any("one.mp4 was not found" in notice for notice in given.notices)


def test_a_broken_timeline_is_one_sentence(tmp_path: Path) -> None:
    cut = tmp_path / "cut.fcpxml"
    cut.write_text("<fcpxml", "utf-8")
    with pytest.raises(TimelineError, match=r"cut\.fcpxml"):
        expand([cut], [])


@pytest.mark.media
def test_the_session_names_the_timeline_it_came_from(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.undo()
    write_media(tmp_path / "one.mp4", picture=PICTURE)
    (tmp_path / "cut.edl").write_text(EDL, "utf-8")
    session = tmp_path / "s.json"
    ran = run("sync", tmp_path / "cut.edl", "-o", session)
    assert ran.code == 3
    held = read_session(session)
    assert [clip.name for clip in held.clips] == ["one"]
    assert held.extra["input_timeline"] == str(tmp_path / "cut.edl")


def test_a_track_file_goes_to_its_clip(tmp_path: Path) -> None:
    clip = Clip(id="c1", name="one", files=(MediaFile(path=tmp_path / "one.mp4"),))
    track = tmp_path / "ride.gpx"
    track.write_text(
        '<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
        '<trkpt lat="47" lon="8"><time>2026-05-01T10:00:00Z</time></trkpt>'
        '<trkpt lat="47.001" lon="8"><time>2026-05-01T10:00:10Z</time></trkpt>'
        "</trkseg></trk></gpx>",
        "utf-8",
    )
    (held,), notices = _with_tracks((clip,), {"one": track})
    assert held.metadata["track"] == str(track)
    assert notices == []
    with pytest.raises(UsageError, match="No clip is called two"):
        _with_tracks((clip,), {"two": track})
