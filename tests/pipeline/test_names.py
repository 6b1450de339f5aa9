from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from clapless.errors import UsageError
from clapless.model import Clip, Marker, MediaFile, Pin
from clapless.pipeline.names import ClipNames


def clip(number: int, path: Path) -> Clip:
    return Clip(id=f"c{number}", name=path.stem, files=(MediaFile(path=path),))


@pytest.fixture
def names(tmp_path: Path) -> ClipNames:
    paths = [tmp_path / "A" / "C0001.MP4", tmp_path / "B" / "C0001.MP4", tmp_path / "ZOOM.WAV"]
    clips = [clip(i + 1, path) for i, path in enumerate(paths)]
    second = MediaFile(path=tmp_path / "ZOOM_2.WAV", role="chapter")
    clips[2] = dataclasses.replace(clips[2], files=(*clips[2].files, second))
    return ClipNames(clips)


def test_clips_are_found_by_path_name_and_id(names, tmp_path):
    assert names.find(str(tmp_path / "A" / "C0001.MP4")) == "c1"
    assert names.find(str(tmp_path / "B" / ".." / "B" / "C0001.MP4")) == "c2"
    assert names.find("zoom") == names.find("ZOOM.WAV") == "c3"
    assert names.find("ZOOM_2.WAV") == "c3"
    assert names.find("c2") == "c2"


def test_a_relative_path_is_followed(names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / ".")
    assert names.find("A/C0001.MP4") == "c1"


def test_names_that_are_not_unique_or_not_there_are_told(names):
    with pytest.raises(UsageError, match="called x; there are C0001, ZOOM"):
        names.find("x")
    with pytest.raises(UsageError, match="called x: there is none"):
        ClipNames([]).find("x")
    with pytest.raises(UsageError, match="2 clips are called C0001"):
        names.find("C0001")
    with pytest.raises(UsageError, match="No clip is called nobody"):
        names.find("nobody")


def test_pins_of_files_that_are_gone_are_left_out_with_a_warning(names, tmp_path):
    warnings: list[str] = []
    gone = str(tmp_path / "gone.wav")
    pins = names.pins(
        [
            Pin(a="ZOOM", a_s=1.0, b="c1", b_s=2.0),
            Pin(a="c3", a_s=1.0, b=str(tmp_path / "A" / "C0001.MP4"), b_s=2.0),
            Pin(a="ZOOM", a_s=1.0, b=gone, b_s=2.0),
        ],
        warnings,
    )
    assert pins == (Pin(a="c3", a_s=1.0, b="c1", b_s=2.0),)
    assert warnings == ["A pin on gone.wav was left out: that file is not among the clips."]
    with pytest.raises(UsageError, match="No clip is called nobody"):
        names.pins([Pin(a="ZOOM", a_s=1.0, b="nobody", b_s=2.0)], warnings)


def test_markers_of_files_that_are_gone_are_left_out(names, tmp_path):
    kept = names.markers(
        [
            Marker(id="m1", name="x", clip="ZOOM", time_s=1.0),
            Marker(id="m2", name="x", clip=str(tmp_path / "gone.wav"), time_s=1.0),
            Marker(id="m3", name="x", group="g1", time_s=1.0),
        ]
    )
    assert [(m.id, m.clip, m.group) for m in kept] == [("m1", "c3", None), ("m3", None, "g1")]
