"""From an entry that was really installed to the timeline: real sound, real processes, the fake."""

from __future__ import annotations

import os
import subprocess
import sys
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clapless_resolve.deploy import carry_out, menu_targets
from clapless_resolve.folders import Machine
from clapless_resolve.installing import plan_install
from clapless_resolve.mailbox import serve_command
from tests.fakes.resolve.world import World
from tests.resolve_menu.lua_host import LuaHost, Preferences
from tests.resolve_menu.menus import FAR_RESOLVE, ResolveSocket, oldest_python

pytestmark = [pytest.mark.resolve, pytest.mark.media]

RATE_HZ = 16000
OFFSET_S = Fraction(13, 4)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    home = tmp_path / "home of Ann B"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_DATA_HOME", "CLAPLESS_RESOLVE"):
        monkeypatch.delenv(name, raising=False)
    made = Machine(system="Linux", home=home, environment=dict(os.environ))
    carry_out(plan_install(made, panel=False).steps)
    return made


def write_wave(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two recorders at one event, the second of them later by a known time."""
    noise = np.random.default_rng(100007)
    bursts = np.repeat(noise.uniform(0.02, 1.0, 300), RATE_HZ // 10)
    event = bursts * noise.normal(0, 0.15, len(bursts))
    first, second = tmp_path / "A" / "Zoom é.wav", tmp_path / "B" / "Tascam.wav"
    start = int(OFFSET_S * RATE_HZ)
    parts = {first: event[: 24 * RATE_HZ], second: event[start : start + 20 * RATE_HZ]}
    world = World("21.0.4", rate="24")
    for path, part in parts.items():
        path.parent.mkdir()
        write_wave(path, np.clip(part + noise.normal(0, 0.002, len(part)), -1, 1))
        world.add(str(path), Fraction(len(part), RATE_HZ), channels=1)
    return world


def entry(machine: Machine, name: str) -> Path:
    (folder,) = menu_targets(machine)
    return folder / name


def assert_placed(world: World) -> None:
    assert world.project is not None
    (timeline,) = world.project.timelines
    starts = sorted(item.start for item in timeline.items)
    assert [start - starts[0] for start in starts] == [0, round(OFFSET_S * 24)]


@pytest.fixture
def app(machine: Machine) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*serve_command(), "--once"], stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        yield process
        process.terminate()


@pytest.mark.skipif(sys.platform == "win32", reason="the fake home is a Linux one")
class TestWholeWay:
    def test_lua_on_free_21_1(self, machine: Machine, world: World, app: subprocess.Popen[str]):
        world.version, world.studio = "21.1", False
        profile = Path(machine.home) / ".local/share/DaVinciResolve/Fusion/Profiles/Default"
        profile.mkdir(parents=True)
        preferences = Preferences(profile / "Fusion.prefs")
        host = LuaHost(world.resolve, preferences, free_21_1=True)
        # The app starts at the same time as the entry: a loaded machine takes its time.
        patient = entry(machine, "Sync selected clips.lua").read_text()
        host.run(patient.replace("3 * BEAT_S", "40 * BEAT_S"))
        assert app.wait(timeout=30) == 0
        assert app.stderr is not None
        said = app.stderr.read()
        assert "2 of 2 clips are synced. Timeline: “" in said
        assert_placed(world)

    def test_python_as_old_as_it_gets(self, machine: Machine, world: World, tmp_path: Path):
        socket = ResolveSocket(world.resolve)
        path = entry(machine, "Python/Sync selected clips.py")
        command = [oldest_python(), str(FAR_RESOLVE), str(path), str(socket.port)]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            check=False,
        )
        socket.close()
        assert done.returncode == 0, done.stderr
        assert "Clapless: 2 of 2 clips are synced. Timeline: “" in done.stdout
        assert_placed(world)
        last = Path(machine.clapless_folder) / "last_session.txt"
        session = Path(last.read_text(encoding="utf-8"))
        assert session.is_file()
        # What the panel synced is placed over the same pipe.
        again = path.read_text().replace('"sync"]', f'"sync", "--session", "{session}"]')
        (tmp_path / "again.py").write_text(again)
        socket = ResolveSocket(world.resolve)
        command = [oldest_python(), str(FAR_RESOLVE), str(tmp_path / "again.py"), str(socket.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        socket.close()
        assert done.returncode == 0, done.stderr
        assert world.project is not None
        assert len(world.project.timelines) == 2, done.stdout
