"""From a session document to a timeline, by the verb."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from clapless.model import MediaFile, Placement, Session
from clapless.session import write_session
from clapless.timing import STANDARD_RATES
from clapless_resolve import connect
from clapless_resolve.commands import app
from clapless_resolve.plan import floor_frames, whole_source_frames
from tests.fakes.resolve.world import OnDisk, World
from tests.otio import shoots

pytestmark = pytest.mark.resolve


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World("21.1", legacy=False)
    monkeypatch.setattr(connect, "load_scriptapp", lambda _modules: world.scriptapp)
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


def test_files_are_imported_and_placed(tmp_path: Path, world: World, shoot: Session):
    document = tmp_path / "session.json"
    write_session(shoot, document)
    done = CliRunner().invoke(app, ["resolve", "apply", str(document), "--json"])
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout)["timelines"]
    assert told == {"timeline": "Sync", "placed": 2, "differences": [], "notices": []}
    assert world.project is not None
    (timeline,) = world.project.timelines
    assert sorted(item.start - 90000 for item in timeline.items) == [0, 0, 100, 100]
    (folder,) = world.project.pool.root.folders
    (imported,) = folder.folders
    assert [clip.GetName() for clip in folder.clips] == ["Sync"]
    assert (folder.name, imported.name, len(imported.clips)) == ("Clapless", "Imported", 2)
    assert world.project.pool.root.clips == []


def test_what_does_not_stand_is_told(tmp_path: Path, world: World, shoot: Session):
    document = tmp_path / "session.json"
    write_session(shoot, document)
    world.refuses["MediaPool.AppendToTimeline"] = None
    done = CliRunner().invoke(app, ["resolve", "apply", str(document)])
    assert done.exit_code == 3
    assert "Sync: 0 of 2 items stand as planned." in done.stdout
    assert "C2: its picture was not placed at frame 100" in done.stdout


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
