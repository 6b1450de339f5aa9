from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from clapless.model import Clip, Group, MediaFile, Placement, Session
from clapless.session import write_sidecars
from tests.locks import locked_out


def shoot(folder: Path) -> Session:
    for name in ("A/c1.mp4", "B/c2.mp4", "B/c2b.mp4", "B/c2.lrv"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"media")
    first = Clip(id="c1", name="c1", files=(MediaFile(path=folder / "A" / "c1.mp4"),))
    second = Clip(
        id="c2",
        name="c2",
        files=(
            MediaFile(path=folder / "B" / "c2.mp4"),
            MediaFile(path=folder / "B" / "c2b.mp4", role="chapter", start_s=Fraction(60)),
            MediaFile(path=folder / "B" / "c2.lrv", role="proxy"),
        ),
    )
    placements = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=2.5, speed=Fraction(1001, 1000), confidence=0.99),
    )
    group = Group(id="g1", reference="c1", placements=placements)
    return Session(clips=(first, second), groups=(group,))


def test_one_note_beside_each_placed_file_but_proxies(tmp_path: Path):
    assert write_sidecars(shoot(tmp_path), name="s.json") == ()
    written = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.sync.json"))
    assert written == ["A/c1.mp4.sync.json", "B/c2.mp4.sync.json", "B/c2b.mp4.sync.json"]
    note = json.loads((tmp_path / "B" / "c2.mp4.sync.json").read_text())
    assert note["delta_seconds"] == 2.5
    assert note["speed"] == "1001/1000"
    assert note["drift_ppm"] == 0.0
    assert note["confidence"] == 0.99
    assert note["session"] == "s.json"
    assert (tmp_path / "B" / note["reference"]).samefile(tmp_path / "A" / "c1.mp4")


def test_a_chapter_begins_where_it_begins(tmp_path: Path):
    write_sidecars(shoot(tmp_path))
    note = json.loads((tmp_path / "B" / "c2b.mp4.sync.json").read_text())
    assert note["delta_seconds"] == pytest.approx(2.5 + 60 / 1.001)


def test_its_own_notes_are_replaced(tmp_path: Path):
    write_sidecars(shoot(tmp_path), name="one")
    assert write_sidecars(shoot(tmp_path), name="two") == ()
    assert json.loads((tmp_path / "A" / "c1.mp4.sync.json").read_text())["session"] == "two"


@pytest.mark.parametrize("content", [b'{"schema_version": 1}', b"", b"no json", b"[" * 99999])
def test_a_foreign_note_is_kept_with_a_warning(content: bytes, tmp_path: Path):
    session = shoot(tmp_path)
    foreign = tmp_path / "B" / "c2.mp4.sync.json"
    foreign.write_bytes(content)
    (warning,) = write_sidecars(session)
    assert warning.startswith("c2.mp4.sync.json was not written by Clapless and is kept")
    assert foreign.read_bytes() == content
    assert (tmp_path / "A" / "c1.mp4.sync.json").exists()


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path):
    session = shoot(tmp_path)
    (tmp_path / "B").chmod(0o500)
    try:
        with locked_out():
            (warning,) = write_sidecars(session)
    finally:
        (tmp_path / "B").chmod(0o700)
    assert warning == "No sidecars in the folder B: permission denied."


def test_a_refusing_disk_is_one_warning_per_folder(tmp_path: Path, monkeypatch):
    session = shoot(tmp_path)

    def refuse(path: Path, _data: bytes) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("clapless.session.sidecars.write_aside", refuse)
    assert write_sidecars(session) == (
        "No sidecars in the folder A: permission denied.",
        "No sidecars in the folder B: permission denied.",
    )


def test_a_name_too_long_for_a_sidecar_is_a_warning(tmp_path: Path):
    name = "x" * 250
    (tmp_path / name).write_bytes(b"media")
    clip = Clip(id="c1", name="x", files=(MediaFile(path=tmp_path / name),))
    group = Group(id="g1", reference="c1", placements=(Placement(clip="c1", offset_s=0.0),))
    (warning,) = write_sidecars(Session(clips=(clip,), groups=(group,)))
    assert warning.startswith("No sidecar beside xxx")


def test_originals_are_not_touched(tmp_path: Path):
    session = shoot(tmp_path)
    files = [file.path for clip in session.clips for file in clip.files]
    before = [(p.read_bytes(), p.stat().st_mtime_ns) for p in files]
    write_sidecars(session)
    assert [(p.read_bytes(), p.stat().st_mtime_ns) for p in files] == before
