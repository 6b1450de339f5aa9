"""The Python entries in the oldest Python at hand, with the strict fake and an engine process."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from clapless_resolve import menu_entries
from clapless_resolve.folders import Machine
from clapless_resolve.mailbox import engine_command
from clapless_resolve.menu_entries import Places, python_entry
from tests.fakes.resolve.world import World
from tests.resolve_menu.menus import FAR_RESOLVE, ResolveSocket, oldest_python

pytestmark = pytest.mark.resolve

LINUX = Machine(system="Linux", home=PurePosixPath("/home/ann b"), environment={})
SOURCES = sorted((menu_entries.MENU).glob("*.py"))

ENGINE = """
import sys
from clapless_resolve.link import Link
from clapless_resolve.remote import Remote

link = Link(sys.stdin, sys.stdout)
resolve = Remote(link, 0)
"""


@pytest.fixture(scope="module")
def old() -> str:
    return oldest_python()


@pytest.fixture
def menu(tmp_path: Path, old: str) -> Iterator[Any]:
    """Runs an entry whose engine is a script, and returns the process's output."""
    sockets = []

    def choose(world: World | None, script: str, entry: str = "sync", **more: str) -> str:
        engine = tmp_path / "an engine.py"
        engine.write_text(ENGINE + textwrap.dedent(script))
        at = Places(
            mailbox="/no", log=str(tmp_path / "lögs" / "log"), last=str(tmp_path / "last.txt")
        )
        text = python_entry("entry.py", entry, at)
        command = engine_command(entry)
        wanted = [sys.executable, str(engine)]
        assert json.dumps(command) in text
        path = tmp_path / "Sync selected clips.py"
        path.write_text(text.replace(json.dumps(command), json.dumps(wanted)), encoding="ascii")
        port = 0
        if world is not None:
            sockets.append(ResolveSocket(world.resolve))
            port = sockets[-1].port
        bent = {**os.environ, "PYTHONHOME": "/nowhere", "LD_LIBRARY_PATH": "/nowhere"}
        done = subprocess.run(
            # -E keeps the bent home from the entry's own Python, but not from the engine's.
            [old, "-E", str(FAR_RESOLVE), str(path), str(port)],
            capture_output=True,
            text=True,
            timeout=60,
            env={**bent, "PYTHONIOENCODING": "utf-8", **more},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    yield choose
    for one in sockets:
        one.close()


class TestSyntax:
    @pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
    def test_3_6_is_enough(self, path: Path):
        done = subprocess.run(
            [sys.executable, "-c", "import vermin; vermin.main()", "-t=3.6-", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
    def test_the_standard_library_is_enough(self, path: Path):
        imported = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {one.name for one in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or ".")
        assert imported <= sys.stdlib_module_names

    def test_every_version_compiles_what_is_installed(self, old: str, tmp_path: Path):
        for name, text in menu_entries.menu_entries(LINUX, panel=True).items():
            if name.endswith(".py"):
                (tmp_path / "entry.py").write_text(text)
                code = "import sys; compile(open(sys.argv[1]).read(), 'entry', 'exec')"
                command = [old, "-c", code, str(tmp_path / "entry.py")]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr


class TestEntry:
    def test_calls_are_made_and_the_last_words_shown(self, menu: Any, tmp_path: Path):
        world = World("21.0.4")
        world.add("/a/Ä.mov", 10, rate=Fraction(24000, 1001))
        printed = menu(
            world,
            """
            pool = resolve.GetProjectManager().GetCurrentProject().GetMediaPool()
            (clip,) = pool.GetRootFolder().GetClipList()
            timeline = pool.CreateEmptyTimeline("Sync")
            timeline.AddMarker(10, "Blue", "a", "b", 1, "mine")
            pool.AppendToTimeline([{"mediaPoolItem": clip, "startFrame": 0, "endFrame": 48,
                                    "recordFrame": timeline.GetStartFrame(), "mediaType": 1}])
            (item,) = timeline.GetItemListInTrack("video", 1)
            link.progress("reading sound", 3, 10)
            link.progress("thinking")
            link.done({"ok": True, "sentence": f"{clip.GetName()}: {item.GetEnd()}",
                       "details": [str(timeline.GetMarkers()), str(pool.clapless_has("Nope"))],
                       "session": "/a/session.json"})
            """,
        )
        lines = printed.splitlines()
        assert lines[:3] == [
            "Clapless: reading sound 3 of 10",
            "Clapless: thinking",
            "Clapless: Ä.mov: 86448",
        ]
        assert lines[3].startswith("{10.0: {")
        assert lines[4] == "False"
        assert (tmp_path / "last.txt").read_text() == "/a/session.json"
        assert world.project is not None
        assert len(world.project.timelines) == 1

    def test_what_raises_is_told_to_the_engine(self, menu: Any):
        printed = menu(
            World(),
            """
            calls = [{"on": 0, "do": "Nope", "with": []},
                     {"on": {"call": 1}, "do": "GetName", "with": []},
                     {"on": 7, "do": "GetName", "with": []},
                     {"on": 0, "do": "GetVersion", "with": []}]
            link.done({"ok": False, "sentence": str(link(calls))})
            """,
        )
        assert "this Resolve has no Nope" in printed
        assert printed.count("'error'") == 3
        assert "{'ok': [21, 0, 4, 1, '']}" in printed

    def test_an_engine_that_is_killed(self, menu: Any, tmp_path: Path):
        printed = menu(World(), "print('why', file=sys.stderr)\nsys.exit(9)")
        assert "was ended before it was done. Nothing of yours was changed" in printed
        assert (tmp_path / "lögs" / "log").read_text() == "why\n"

    def test_a_console_with_few_letters(self, menu: Any):
        script = r"""link.done({"ok": True, "sentence": "Timeline: \u201cSync\u201d."})"""
        said = menu(World(), script, FAR_LETTERS="ascii")
        assert said == "Clapless: Timeline: ?Sync?.\n"

    def test_no_resolve(self, menu: Any):
        assert "Resolve does not answer its own menu" in menu(None, "")

    def test_an_engine_that_is_gone(self, old: str, tmp_path: Path):
        text = python_entry("entry.py", "sync", Places(mailbox="/no", log="/no", last="/no"))
        path = tmp_path / "entry.py"
        path.write_text(text.replace(json.dumps(sys.executable), '"/gone/python"'))
        socket = ResolveSocket(World().resolve)
        done = subprocess.run(
            [old, str(FAR_RESOLVE), str(path), str(socket.port)],
            capture_output=True,
            text=True,
            check=False,
        )
        socket.close()
        assert (
            done.stdout == "Clapless: Clapless is not at /gone/python any more: install it again.\n"
        )


class TestReview:
    @pytest.mark.parametrize("state", ["nothing", "gone", "there"])
    def test_it_opens_the_last_session(self, old: str, tmp_path: Path, state: str):
        last, session, opened = tmp_path / "last", tmp_path / "s é.json", tmp_path / "opened"
        program = tmp_path / "program.py"
        program.write_text(f"import sys; open({str(opened)!r}, 'w').write(sys.argv[-1])")
        text = python_entry("review.py", "review", Places(mailbox="", log="", last=str(last)))
        command = [sys.executable, "-I", "-m", "clapless", "review"]
        assert json.dumps(command) in text
        entry = tmp_path / "Review last sync.py"
        entry.write_text(
            text.replace(json.dumps(command), json.dumps([sys.executable, str(program)]))
        )
        if state != "nothing":
            last.write_text(str(session), encoding="utf-8")
        if state == "there":
            session.write_text("{}")
        done = subprocess.run(
            [old, str(FAR_RESOLVE), str(entry), "0"],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            check=False,
        )
        assert done.returncode == 0, done.stderr
        words = {"nothing": "nothing was synced yet", "gone": "is not at", "there": "opening"}
        assert words[state] in done.stdout
        if state == "there":
            for _ in range(200):
                if opened.exists() and opened.read_text():
                    break
                subprocess.run([sys.executable, "-c", ""], check=True)
            assert opened.read_text() == str(session)
