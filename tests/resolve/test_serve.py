"""``clapless resolve serve``: real Lua entries, a process for the engine, the strict fake."""

from __future__ import annotations

import json
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clapless.session import write_session
from clapless_resolve import serving
from clapless_resolve.engine import Engine
from clapless_resolve.errors import ResolveError
from clapless_resolve.folders import Machine
from clapless_resolve.mailbox import (
    ALIVE_FILE,
    CALL_FILE,
    KNOCK,
    data_folder,
    mailbox_folder,
    preference_files,
    read_knock,
)
from clapless_resolve.menu_entries import lua_entry, places
from clapless_resolve.serving import Mailbox, serve
from tests.fakes.resolve.entry import machine_at
from tests.fakes.resolve.world import World
from tests.resolve.shooting import fill, many
from tests.resolve_menu.lua_host import LuaHost, Preferences

pytestmark = pytest.mark.resolve

ENGINE = """
import sys
from clapless_resolve.link import Link
from clapless_resolve.remote import Remote

link = Link(sys.stdin, sys.stdout)
resolve = Remote(link)
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return machine_at(tmp_path)


@pytest.fixture
def prefs(tmp_path: Path) -> Preferences:
    path = tmp_path / ".local/share/DaVinciResolve/Fusion/Profiles/Default/Fusion.prefs"
    path.parent.mkdir(parents=True)
    return Preferences(path)


class Served:
    """The app in a thread, with an engine that is a script; `said` is what it told."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine, self.folder = machine, folder
        self.said: list[str] = []
        self.stopped = False
        self.problem: BaseException | None = None
        self.thread: threading.Thread | None = None

    def start(self, script: str, *, once: bool = False, command: list[str] | None = None) -> None:
        path = self.folder / "engine.py"
        path.write_text(ENGINE + textwrap.dedent(script))
        wanted = command or [sys.executable, str(path)]

        def run() -> None:
            try:
                serve(
                    self.machine,
                    once=once,
                    tell=self.said.append,
                    command=lambda entry: [*wanted, entry],
                    stop=lambda: self.stopped,
                )
            except BaseException as error:
                self.problem = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.stopped = True
        if self.thread is not None:
            self.thread.join(timeout=30)
            assert not self.thread.is_alive()
        assert self.problem is None


@pytest.fixture
def served(machine: Machine, tmp_path: Path) -> Iterator[Served]:
    made = Served(machine, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def choose(machine: Machine, prefs: Preferences) -> Callable[..., LuaHost]:
    """Choose a Lua entry; the free edition of 21.1 by default."""

    def run(world: World, entry: Any = "sync", *, free: bool = True) -> LuaHost:
        host = LuaHost(world.resolve, prefs, free_21_1=free)
        host.run(lua_entry(machine, entry, places(machine)))
        return host

    return run


def test_calls_of_the_engine_are_made_by_the_entry(
    served: Served, choose: Callable[..., LuaHost], machine: Machine, prefs: Preferences
):
    served.start(
        """
        link.progress("asking", 1, 2)
        name = resolve.GetProductName()
        project = resolve.GetProjectManager().GetCurrentProject()
        made = project.GetMediaPool().CreateEmptyTimeline("From Lua")
        made.AddMarker(7, "Red", "ü", "", 1, "x")
        said = f"{name}, {sys.argv[1]}, {made.GetMarkers()[7.0]['name']}"
        link.done({"ok": True, "sentence": said, "details": ["one more"]})
        """
    )
    world = World("21.1", studio=False)
    choose(world)
    served.stop()
    assert world.project is not None
    assert [one.name for one in world.project.timelines] == ["From Lua"]
    assert served.said[1:] == [
        "sync: DaVinci Resolve 21.1.0.0001",
        "  asking (1 of 2)",
        "DaVinci Resolve, sync, ü",
        "  one more",
    ]
    # Nothing is left in the preferences or in the mailbox.
    assert all(value == "" for value in prefs.values.values())
    folder = Path(mailbox_folder(machine))
    assert not (folder / CALL_FILE).exists()
    assert not (folder / ALIVE_FILE).exists()


def test_two_entries_one_after_the_other(served: Served, choose: Callable[..., LuaHost]):
    served.start("""link.done({"ok": True, "sentence": sys.argv[1]})""")
    choose(World("21.1", studio=False), "sync")
    choose(World("21.1", studio=False), "multicam")
    served.stop()
    assert [one for one in served.said if one in ("sync", "multicam")] == ["sync", "multicam"]


def test_a_killed_engine_is_told(served: Served, choose: Callable[..., LuaHost]):
    served.start("""resolve.GetVersion(); import os; os._exit(9)""")
    host = choose(World("21.1"), free=False)
    served.stop()
    sentence = "Clapless was ended before it was done. Nothing of yours was changed"
    assert any(one.startswith(sentence) for one in served.said)
    assert any(sentence in one for one in host.printed)


def test_an_engine_that_is_killed_while_it_places_is_run_again(
    served: Served, choose: Callable[..., LuaHost], tmp_path: Path
):
    session, killed = tmp_path / "session.json", tmp_path / "was killed"
    write_session(many(30), session)
    served.start(
        f"""
        import os
        from pathlib import Path
        from clapless.session import read_session
        from clapless_resolve.applying import apply_session
        from clapless_resolve.connect import connect

        def tell(text, done, of):
            killed = Path({str(killed)!r})
            if text == "placing clips" and done == 20 and not killed.exists():
                killed.touch()
                os._exit(9)

        document = read_session(Path({str(session)!r}))
        applied = apply_session(
            connect(resolve), document, exists=lambda _: True, tell=tell, batch=10
        )
        (one,) = applied.timelines
        link.done({{"ok": True, "sentence": f"{{one.placed}} stand."}})
        """
    )
    world = World("21.1", studio=False, rate="25", legacy=False)
    fill(world, many(30))
    choose(world)
    assert world.project is not None
    (left,) = world.project.timelines
    assert 0 < len(left.items) < 60
    choose(world)
    served.stop()
    assert "30 stand." in served.said
    (made,) = world.project.timelines
    assert (made.name, len(made.items)) == ("Sync", 60)


def test_an_engine_that_is_not_there_is_told(served: Served, choose: Callable[..., LuaHost]):
    served.start("", command=["/nowhere/python"])
    host = choose(World("21.1"), free=False)
    served.stop()
    assert any(
        "Clapless cannot be started from /nowhere/python (no such file or directory)" in one
        for one in host.printed
    )


def test_an_entry_that_does_not_answer_is_given_up(
    served: Served, prefs: Preferences, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(serving, "ANSWER_S", 0.3)
    monkeypatch.setattr("clapless_resolve.engine.END_S", 1.0)
    said = {"v": 1, "session": "a-1", "entry": "sync", "time": int(time.time())}
    prefs.SetPrefs(f"Global.Clapless.{KNOCK}", json.dumps(said).encode().hex())
    prefs.SavePrefs()
    served.start("""resolve.GetVersion(); link.done({"ok": True, "sentence": "well"})""", once=True)
    assert served.thread is not None
    served.thread.join(timeout=20)
    assert any("does not answer any more: close any dialog" in one for one in served.said)


def test_old_knocks_and_broken_ones_are_not_opened(machine: Machine, prefs: Preferences):
    box = Mailbox(machine, now=lambda: 1000.0)

    def knock(text: str) -> object:
        prefs.SetPrefs(f"Global.Clapless.{KNOCK}", text)
        prefs.SavePrefs()
        return box.knock(set())

    def encoded(**facts: object) -> str:
        said = {"v": 1, "session": "a-1", "entry": "sync", "time": 990, **facts}
        return json.dumps(said).encode().hex()

    assert knock(encoded()) is not None
    assert box.knock({"a-1"}) is None
    for text in (
        encoded(time=900),
        encoded(v=2),
        encoded(entry="format"),
        encoded(session="../x"),
        encoded(time="soon"),
        encoded()[:-3],
        "",
        "zz",
    ):
        assert knock(text) is None
    prefs.path.unlink()
    assert preference_files(machine) == []
    assert box.knock(set()) is None
    assert read_knock("") is None


def test_one_app_at_a_time(served: Served, machine: Machine):
    served.start("")
    deadline = time.monotonic() + 10
    while not served.said and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(ResolveError, match="already waiting for Resolve's menu"):
        serve(machine, tell=lambda _: None)


def test_a_folder_that_others_can_write_is_refused(machine: Machine):
    folder = Path(mailbox_folder(machine))
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(ResolveError, match="Others can write to"):
        serve(machine, tell=lambda _: None)


def test_a_folder_that_cannot_be_made_is_a_sentence(machine: Machine):
    Path(data_folder(machine)).mkdir(parents=True)
    Path(mailbox_folder(machine)).write_text("in the way")
    with pytest.raises(ResolveError, match="cannot be made"):
        serve(machine, tell=lambda _: None)


class TestEngine:
    def test_its_python_is_not_bent(self, tmp_path: Path):
        script = tmp_path / "say.py"
        script.write_text(
            "import json, os\n"
            "print('a library speaks')\n"
            "bent = [n for n in os.environ if n.startswith(('PYTHON', 'LD_', 'DYLD_'))]\n"
            "print(json.dumps({'done': {'bent': bent, 'home': os.environ['HOME']}}))\n"
        )
        engine = Engine(
            [sys.executable, str(script)],
            log=tmp_path / "logs" / "log",
            environment={
                "HOME": "/ann",
                "PYTHONHOME": "/r",
                "PYTHONPATH": "/r",
                "LD_LIBRARY_PATH": "/r",
                "DYLD_INSERT_LIBRARIES": "/r",
                "__PYVENV_LAUNCHER__": "/r",
            },
        )
        assert engine.line(20) == {"done": {"bent": [], "home": "/ann"}}
        assert engine.line(20) is None
        assert engine.ended
        engine.say({"too": "late"})
        assert engine.close() == 0

    def test_one_that_does_not_stop_is_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("clapless_resolve.engine.END_S", 0.3)
        script = tmp_path / "stay.py"
        script.write_text("import time\ntime.sleep(60)\n")
        engine = Engine([sys.executable, str(script)], log=tmp_path / "log")
        engine.cancel()
        assert engine.line(0.01) is None
        assert not engine.ended
        assert engine.close() < 0
