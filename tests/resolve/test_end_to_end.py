"""From an entry in Resolve's menu to the timeline: real media, the real engine, the strict fake.

The entries are the installed ones, word for word; the engine is the process that they start.
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clapless.media import scan
from clapless.model import Clip
from clapless.session import read_session
from clapless.synth.shoot import demo_shoot
from clapless.synth.truth import Shoot
from clapless_resolve.folders import Machine
from clapless_resolve.mailbox import data_folder
from clapless_resolve.menu_entries import lua_entry, places, python_entry
from clapless_resolve.serving import serve
from tests.fakes.resolve.timeline import Timeline, TimelineItem
from tests.fakes.resolve.world import World
from tests.resolve_menu.lua_host import LuaHost, Preferences

pytestmark = [pytest.mark.resolve, pytest.mark.media, pytest.mark.slow]


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Shoot:
    return demo_shoot(tmp_path_factory.mktemp("shoot"), seed=100_007, scale=0.1)


@pytest.fixture(scope="module")
def clips(shoot: Shoot) -> tuple[Clip, ...]:
    return tuple(scan([shoot.folder]).clips)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def machine(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """This machine, with another home; Resolve's variables are there to bend the engine's."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data of Zoë"))
    monkeypatch.setenv("CLAPLESS_CACHE", str(cache))
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    return Machine.this()


def project(version: str, clips: tuple[Clip, ...], *, studio: bool = True) -> World:
    """A project with the shoot in its open bin."""
    world = World(version, rate="25", studio=studio, japanese=True, legacy=version != "21.1")
    for clip in clips:
        world.add(
            str(clip.path),
            clip.duration_s,
            rate=clip.frame_rate,
            channels=sum(one.channels for one in clip.audio),
            start=(clip.start_timecode or "00:00:00:00").replace(";", ":"),
            drop=";" in (clip.start_timecode or ""),
        )
    return world


def timeline(world: World) -> Timeline:
    assert world.project is not None
    return world.project.timelines[-1]


def items(world: World) -> Iterator[TimelineItem]:
    yield from timeline(world).items


def errors_s(world: World, shoot: Shoot) -> dict[str, float]:
    """Return how far each clip of the first group stands from the truth."""
    truth = {str(clip.path): clip for clip in shoot.clips}
    recorder = next(clip for clip in shoot.clips if clip.device == "RECORDER")
    rate = timeline(world).rate
    found = [i for i in items(world) if shoot.overlap_s(truth[i.clip.path]) > 0]
    zero = next(i for i in found if i.clip.path == str(recorder.path))
    zero_s = zero.start / rate - zero.source / zero.clip.rate
    return {
        item.GetName(): float(item.start / rate - item.source / item.clip.rate - zero_s)
        - shoot.offset_s(truth[item.clip.path], recorder)
        for item in found
    }


def run_python_entry(machine: Machine, world: World, entry: Any = "sync") -> list[str]:
    """Run an installed Python entry as Resolve does; return the lines of its console."""
    text = python_entry("entry.py", entry, places(machine))
    console = io.StringIO()
    names = {"__name__": "__main__", "resolve": world.resolve}
    with contextlib.redirect_stdout(console):
        exec(compile(text, f"{entry}.py", "exec"), names)
    return console.getvalue().splitlines()


SELECTED = ("250614_001.WAV", "C0001.MP4", "MVI_0001.MP4", "MVI_0003.MP4")
"""Two cameras and the recorder, and a clip that shares nothing with them."""


def test_python_entries_make_the_timeline_and_carry_markers(
    shoot: Shoot, clips: tuple[Clip, ...], machine: Machine
):
    world = project("20.3", clips)
    assert world.project is not None
    pool = world.project.pool
    by_name = {clip.GetName(): clip for clip in pool.root.clips}
    pool.selected = [by_name[name] for name in SELECTED]
    console = run_python_entry(machine, world)
    assert any("3 of 4 clips are synced; 1 could not be synced" in one for one in console), console
    assert any("placing clips" in one for one in console)
    check_timeline(world, shoot)
    last = Path(data_folder(machine)) / "last_session.txt"
    assert len(read_session(Path(last.read_text(encoding="utf-8"))).clips) == 4

    source, target = by_name["C0001.MP4"], by_name["MVI_0001.MP4"]
    source.AddMarker(round(3 * source.rate), "Red", "chorus", "", 1, "")
    pool.selected = [target]
    console = run_python_entry(machine, world, "markers")
    assert any("1 of 1 markers of C0001.MP4 put on MVI_0001.MP4" in one for one in console), console
    truth = {clip.path.name: clip for clip in shoot.clips}
    marked_s = round(3 * source.rate) / source.rate
    wanted_s = float(marked_s) + shoot.offset_s(truth["C0001.MP4"], truth["MVI_0001.MP4"])
    ((frame, marker),) = target.markers.items()
    assert (marker["name"], marker["color"]) == ("chorus", "Red")
    assert abs(frame / float(target.rate) - wanted_s) <= 0.5 / 25 + 0.002


def test_a_lua_entry_of_the_free_edition_places_what_was_synced(
    shoot: Shoot, clips: tuple[Clip, ...], machine: Machine, tmp_path: Path
):
    world = project("21.1", clips, studio=False)
    assert world.project is not None
    pool = world.project.pool
    pool.selected = [clip for clip in pool.root.clips if clip.GetName() in SELECTED]
    prefs = tmp_path / ".local/share/DaVinciResolve/Fusion/Profiles/Default/Fusion.prefs"
    prefs.parent.mkdir(parents=True)
    said: list[str] = []
    app = threading.Thread(
        target=serve, args=(machine,), kwargs={"once": True, "tell": said.append}, daemon=True
    )
    app.start()
    host = LuaHost(world.resolve, Preferences(prefs), free_21_1=True)
    host.run(lua_entry(machine, "sync", places(machine)))
    app.join(timeout=120)
    assert not app.is_alive()
    assert any("3 of 4 clips are synced" in one for one in said), said
    check_timeline(world, shoot)


def check_timeline(world: World, shoot: Shoot) -> None:
    found = errors_s(world, shoot)
    assert len(found) == 3
    # Half a frame of the timeline and half of the clip's own.
    assert max(map(abs, found.values())) <= 0.5 / 25 + 0.5 / 25 + 0.002
    assert {i.GetName() for i in items(world)} == set(SELECTED)
    assert all(item.renders for item in items(world))
    lost = [i for i in items(world) if i.color == "Orange"]
    assert {i.GetName() for i in lost} == {"MVI_0003.MP4"}
    assert min(i.start for i in lost) > max(i.end for i in items(world) if i.color == "")


def test_the_process_speaks_nothing_but_the_agreement(machine: Machine):
    """The engine's stdout is the entry's alone, and an entry that leaves ends it."""
    done = subprocess.run(
        [sys.executable, "-I", "-m", "clapless", "resolve", "run", "selftest"],
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"HOME": str(machine.home), "PATH": "/usr/bin"},
    )
    assert done.returncode == 130
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said[0] == {"progress": {"text": "looking at the project", "done": 0, "of": 0}}
    assert all(line.keys() & {"progress", "calls", "done"} for line in said)
