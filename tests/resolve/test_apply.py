"""From a session document to a timeline, by the verb."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from clapless.errors import UsageError
from clapless.model import Group, MediaFile, Placement, Session
from clapless.session import write_session
from clapless.timing import STANDARD_RATES
from clapless_resolve import connect
from clapless_resolve.commands import app
from clapless_resolve.counting import floor_frames, whole_source_frames
from tests.fakes.resolve.world import OnDisk, World
from tests.otio import shoots

pytestmark = pytest.mark.resolve


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    world = World("21.1", legacy=False)
    monkeypatch.setattr(connect, "load_scriptapp", lambda _modules: world.scriptapp)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return world


@pytest.fixture
def shoot(tmp_path: Path, world: World) -> Session:
    """Two clips whose files are on the disk and not in the Media Pool."""
    clips = []
    for number in (1, 2):
        path = tmp_path / f"c{number}.mov"
        path.write_bytes(b"media")
        world.disk[str(path)] = OnDisk(Fraction(20), rate=Fraction(25))
        made = shoots.camera(f"c{number}", rate=Fraction(25), frames=500, device=f"Cam {number}")
        clips.append(replace(made, files=(MediaFile(path=path),)))
    return shoots.session(
        *clips,
        placements=(
            Placement(clip="c1", offset_s=0.0),
            Placement(clip="c2", offset_s=4.0),
        ),
    )


@pytest.fixture
def document(tmp_path: Path, shoot: Session) -> Path:
    path = tmp_path / "session.json"
    write_session(shoot, path)
    return path


def apply(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["resolve", "apply", *map(str, arguments)])


def names(world: World) -> list[str]:
    assert world.project is not None
    return [one.name for one in world.project.timelines]


def test_files_are_imported_and_placed(world: World, document: Path):
    done = apply(document, "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said == {
        "timelines": [{"timeline": "Sync", "placed": 2, "differences": [], "notices": []}],
        "multicams": [],
        "notices": [],
    }
    assert world.project is not None
    (timeline,) = world.project.timelines
    assert sorted(item.start - 90000 for item in timeline.items) == [0, 0, 100, 100]
    (folder,) = world.project.pool.root.folders
    (imported,) = folder.folders
    assert [clip.GetName() for clip in folder.clips] == ["Sync"]
    assert (folder.name, imported.name, len(imported.clips)) == ("Clapless", "Imported", 2)
    assert world.project.pool.root.clips == []


def test_remove_takes_all_of_it_away(world: World, document: Path):
    apply(document)
    done = apply("--remove")
    assert done.exit_code == 0, done.output
    assert done.stdout == "Taken away: 1 timeline, 2 clips, 2 bins.\n"
    assert world.project is not None
    assert (names(world), world.project.pool.root.folders) == ([], [])
    done = apply("--remove", "--json")
    assert json.loads(done.stdout)["timelines"] == []


def test_what_another_user_made_stays_and_is_told(
    world: World, document: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    apply(document)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "another user's"))
    done = apply("--remove")
    assert done.exit_code == 3
    assert "The timeline 'Sync' was made by another user and stays." in done.stdout
    assert names(world) == ["Sync"]


def test_groups_can_have_a_timeline_each(world: World, shoot: Session, tmp_path: Path):
    groups = tuple(
        Group(id=f"g{n}", reference=c, placements=(Placement(clip=c, offset_s=0.0),))
        for n, c in enumerate(("c1", "c2"))
    )
    path = tmp_path / "two.json"
    write_session(replace(shoot, groups=groups), path)
    done = apply(path, "--groups", "separate", "--name", "Day 1")
    assert (done.exit_code, names(world)) == (0, ["Day 1 1", "Day 1 2"]), done.output
    apply(path)
    assert names(world)[2:] == ["Sync"]
    assert world.project is not None
    assert {i.start for i in world.project.timelines[-1].items} == {90000, 90000 + 30 * 25}


def test_a_multicam_clip_can_be_asked_for(world: World, document: Path):
    done = apply(document, "--multicam")
    assert done.exit_code == 0, done.output
    assert "Sync Multicam: a multicam clip." in done.stdout


def test_the_rate_and_the_drift_can_be_said(world: World, document: Path):
    done = apply(document, "--fps", "29.97", "--drift", "none")
    assert done.exit_code == 0, done.output
    assert world.project is not None
    assert world.project.timelines[0].rate == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--drift", "magic"], "--drift: there is no 'magic'; there are auto"),
        (["--groups", "some"], "--groups: there is no 'some'"),
        (["--remove"], "name no session with it"),
    ],
)
def test_wrong_usage_is_a_sentence(document: Path, arguments: list[Any], sentence: str):
    done = apply(document, *arguments)
    assert isinstance(done.exception, UsageError)
    assert sentence in str(done.exception)


def test_neither_a_session_nor_remove(world: World):
    done = apply()
    assert isinstance(done.exception, UsageError)
    assert "say --remove" in str(done.exception)


def test_what_does_not_stand_is_told(world: World, document: Path):
    world.refuses["MediaPool.AppendToTimeline"] = None
    done = apply(document)
    assert done.exit_code == 3
    assert "Sync: 0 of 2 items stand as planned." in done.stdout
    assert "C2: its picture was not placed at frame 100" in done.stdout


def test_a_project_without_a_timeline_and_files_that_are_gone(
    world: World, document: Path, tmp_path: Path
):
    assert world.project is not None
    assert world.project.current is None
    (tmp_path / "c2.mov").unlink()
    done = apply(document)
    assert done.exit_code == 3
    assert "C2 is not in the Media Pool and was left out: import it, then try again." in done.stdout


@given(
    length=st.integers(1, 10**6),
    source=st.sampled_from(STANDARD_RATES),
    rate=st.sampled_from(STANDARD_RATES),
)
def test_source_frames_give_the_length_or_the_most_below_it(
    length: int, source: Fraction, rate: Fraction
):
    frames = whole_source_frames(length, source, rate)
    got = floor_frames(frames, source, rate)
    assert got <= length < floor_frames(frames + 1, source, rate) or got == length
    if rate <= source:
        assert got == length
