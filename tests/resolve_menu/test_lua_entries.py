"""The Lua entries in Lua 5.1, against the strict fake, also without what Free 21.1 takes away."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from clapless_resolve import mailbox
from clapless_resolve.folders import Machine
from clapless_resolve.menu_entries import TITLES, Places, lua_entry, menu_entries
from clapless_resolve.remote import Remote, ask_each
from tests.fakes.resolve.world import World
from tests.resolve_menu.lua_host import LuaHost, Preferences

pytestmark = pytest.mark.resolve

LINUX = Machine(system="Linux", home=PurePosixPath("/home/ann b"), environment={})


WINDOWS = """
local real = fusion
local window = { On = { Fine = {}, Clapless = {} }, Show = function() end, Hide = function() end }
fusion = {
  SetPrefs = function(_, key, value) real:SetPrefs(key, value) end,
  SavePrefs = function() return real:SavePrefs() end,
  UIManager = {
    VGroup = function(_, parts) return parts end,
    Label = function(_, facts) return facts end,
    Button = function(_, facts) return facts end,
  },
}
bmd.UIDispatcher = function()
  return {
    AddWindow = function(_, _, parts) shown = parts[1] return window end,
    RunLoop = function() window.On.Fine.Clicked() end,
    ExitLoop = function() closed = true end,
  }
end
"""
"""Windows for scripts, as Studio and older free editions have them."""


class App(threading.Thread):
    """The app's side of the mailbox, in little: serves one entry with `work`, then says `bye`."""

    def __init__(
        self, folder: Path, prefs: Path, work: Callable[[Any], object], bye: dict[str, Any]
    ) -> None:
        super().__init__(daemon=True)
        self.folder, self.prefs, self.work, self.bye = folder, prefs, work, bye
        self.knock: mailbox.Knock | None = None
        self.result: Any = None
        self.problem: BaseException | None = None
        self.number = 0
        self.stopped = False

    def run(self) -> None:
        try:
            self.serve()
        except BaseException as problem:
            self.problem = problem

    def serve(self) -> None:
        self.await_(self.knocked)
        assert self.knock is not None
        self.result = self.work(Remote(self.call, 0))
        self.post({"bye": self.bye})
        self.await_(lambda: mailbox.preference(self.text(), mailbox.ANSWER) == "")

    def await_(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < until, "the entry does not answer"
            self.beat()
            time.sleep(0.01)

    def beat(self) -> None:
        alive = {"v": 1, "beat": time.monotonic(), "session": "", "text": ""}
        mailbox.write_lua(self.folder / mailbox.ALIVE_FILE, alive)

    def beat_twice(self) -> None:
        self.beat()
        time.sleep(0.3)
        self.beat()

    def text(self) -> str:
        return self.prefs.read_text() if self.prefs.exists() else ""

    def knocked(self) -> bool:
        self.knock = mailbox.read_knock(self.text())
        return self.knock is not None

    def post(self, value: dict[str, Any]) -> None:
        assert self.knock is not None
        self.number += 1
        said = {"v": 1, "session": self.knock.session, "id": self.number, **value}
        mailbox.write_lua(self.folder / mailbox.CALL_FILE, said)

    def call(self, calls: Any) -> Any:
        assert self.knock is not None
        session = self.knock.session
        self.post({"calls": calls})
        found: list[Any] = []

        def answered() -> bool:
            answer = mailbox.read_answer(self.text(), session, self.number)
            found[:] = [] if answer is None else [answer]
            return bool(found)

        self.await_(answered)
        return found[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mail box of Zoë"
    made.mkdir()
    return made


@pytest.fixture
def prefs(tmp_path: Path) -> Preferences:
    return Preferences(tmp_path / "Fusion.prefs")


def entry(folder: Path, name: mailbox.Entry = "sync") -> str:
    at = Places(mailbox=str(folder), log="/no/log", last="/no/last")
    # Nobody waits that long in a test.
    return (
        lua_entry(LINUX, name, at)
        .replace("GONE_S = 30", "GONE_S = 1")
        .replace("STARTING_S = 40", "STARTING_S = 1")
        .replace("BEAT_S = 1 ", "BEAT_S = 0.3 ")
    )


@pytest.fixture
def served(folder: Path, prefs: Preferences) -> Iterator[Callable[..., App]]:
    apps = []

    def start(work: Callable[[Any], object], **bye: Any) -> App:
        app = App(folder, prefs.path, work, {"ok": True, "sentence": "All done.", **bye})
        apps.append(app)
        app.start()
        return app

    yield start
    for app in apps:
        app.join(timeout=20)
        if app.problem:
            raise app.problem


class TestEntries:
    def test_there_is_one_of_each_language_for_each_title(self):
        names = set(menu_entries(LINUX, panel=True))
        assert names == {
            *(f"{title}.lua" for title in TITLES.values()),
            *(f"Python/{title}.py" for title in TITLES.values()),
            "Python/Review last sync.py",
        }
        assert "Python/Review last sync.py" not in menu_entries(LINUX, panel=False)

    def test_what_is_written_is_ascii_and_has_the_paths_in_it(self, folder: Path):
        for text in menu_entries(LINUX, panel=True).values():
            assert text.isascii()
            assert "@SETTINGS@" not in text.split("\n\n")[0]
        assert mailbox.lua_literal(str(folder)) in entry(folder)

    def test_installed_for_all_users_the_mailbox_follows_from_a_variable(
        self, folder: Path, prefs: Preferences, served: Any, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("HOME", str(folder.parent))
        at = Places(mailbox=("HOME", f"/{folder.name}"), log="/no", last="/no")
        served(lambda resolve: resolve.GetProductName())
        host = LuaHost(World().resolve, prefs)
        host.run(lua_entry(LINUX, "sync", at))
        assert host.printed == ["Clapless: All done."]


@pytest.mark.parametrize("free_21_1", [False, True])
class TestCalls:
    def serve(
        self, world: World, folder: Path, prefs: Preferences, served: Any, free: bool, work: Any
    ) -> Any:
        app = served(work)
        LuaHost(world.resolve, prefs, free_21_1=free).run(entry(folder))
        app.join(timeout=20)
        if app.problem:
            raise app.problem
        return app

    def test_objects_go_there_and_come_back(
        self, folder: Path, prefs: Preferences, served: Any, free_21_1: bool
    ):
        world = World("21.1", studio=not free_21_1)
        for number in range(3):
            world.add(f"/a/Ä {number}.mov", 4, rate=Fraction(30000, 1001))

        def work(resolve: Any) -> object:
            project = resolve.GetProjectManager().GetCurrentProject()
            pool = project.GetMediaPool()
            clips = pool.GetRootFolder().GetClipList()
            timeline = pool.CreateEmptyTimeline('Quoted "one"\n')
            first = timeline.GetStartFrame()
            info = {
                "mediaPoolItem": clips[1],
                "startFrame": 0,
                "endFrame": 50,
                "trackIndex": 1,
                "recordFrame": first + 24,
                "mediaType": 1,
            }
            pool.AppendToTimeline([info])
            timeline.AddMarker(10, "Blue", "a", "b", 1, "mine")
            (item,) = timeline.GetItemListInTrack("video", 1)
            facts = clips[1].GetClipProperty()
            return (
                [clip.GetName() for clip in clips],
                facts["FPS"],
                item.GetStart() - first,
                timeline.GetMarkers()[10.0]["customData"],
                timeline.GetName(),
                ask_each(clips, (("GetName",),)),
                pool.clapless_has("AppendToTimeline"),
                pool.clapless_has("Nothing"),
                project.GetTimelineByIndex(7),
            )

        app = self.serve(world, folder, prefs, served, free_21_1, work)
        names = ["Ä 0.mov", "Ä 1.mov", "Ä 2.mov"]
        assert app.result == (
            names,
            29.97,
            24,
            "mine",
            'Quoted "one"\n',
            [[name] for name in names],
            True,
            False,
            None,
        )
        assert app.knock is not None
        assert (app.knock.entry, app.knock.version) == ("sync", "21.1.0.0001")

    def test_what_raises_is_told_and_the_next_call_is_made(
        self, folder: Path, prefs: Preferences, served: Any, free_21_1: bool
    ):
        def work(resolve: Any) -> object:
            return resolve._caller(
                [
                    {"on": 0, "do": "Nothing", "with": []},
                    {"on": 0, "do": "GetCurrentPage", "with": []},
                    {"on": {"call": 1}, "do": "GetName", "with": []},
                    {"on": 99, "do": "GetName", "with": []},
                ]
            )

        app = self.serve(World(), folder, prefs, served, free_21_1, work)
        assert [list(one) for one in app.result] == [["error"], ["ok"], ["error"], ["error"]]
        assert "this Resolve has no Nothing" in app.result[0]["error"]
        assert "there is no object to ask GetName" in app.result[2]["error"]

    def test_an_answer_that_is_too_long_is_asked_for_in_parts(
        self, folder: Path, prefs: Preferences, served: Any, free_21_1: bool
    ):
        world = World()
        for number in range(6):
            world.add(f"/{'x' * 40000}/{number}.mov", 1, rate=Fraction(25))

        def work(resolve: Any) -> object:
            pool = resolve.GetProjectManager().GetCurrentProject().GetMediaPool()
            clips = pool.GetRootFolder().GetClipList()
            return [
                len(facts["File Path"]) for (facts,) in ask_each(clips, (("GetClipProperty",),))
            ]

        app = self.serve(world, folder, prefs, served, free_21_1, work)
        assert app.result == [40000 + len("//0.mov")] * 6

    def test_preferences_that_are_being_written_are_tried_again(
        self, folder: Path, prefs: Preferences, served: Any, free_21_1: bool
    ):
        prefs.busy = 3
        app = self.serve(
            World(), folder, prefs, served, free_21_1, lambda resolve: resolve.GetCurrentPage()
        )
        assert app.result == "edit"
        assert prefs.values["Global.Clapless.ClaplessAnswer"] == ""
        assert prefs.values["Global.Clapless.ClaplessKnock"] == ""


class TestWords:
    def test_the_last_words_and_details_are_shown(
        self, folder: Path, prefs: Preferences, served: Any
    ):
        served(lambda _: None, sentence="2 of 3 are synced.", details=["C3: no sound."])
        host = LuaHost(World().resolve, prefs)
        host.run(entry(folder))
        assert host.printed == ["Clapless: 2 of 3 are synced.\nC3: no sound."]

    def test_without_the_app_it_says_how_to_start_it(self, folder: Path, prefs: Preferences):
        host = LuaHost(World().resolve, prefs, free_21_1=True)
        shown: list[bytes] = []
        host.lua.globals()[b"print"] = host._function(shown.append)
        host.run(entry(folder))
        assert b"Clapless is not running. Start it (Clapless for Resolve, among" in shown[0]

    def test_where_it_may_it_starts_the_app_itself(
        self, folder: Path, prefs: Preferences, served: Any
    ):
        host = LuaHost(World().resolve, prefs)
        host.on_execute = lambda _: served(lambda _: None)
        host.run(entry(folder))
        assert host.printed == ["Clapless: All done."]
        (command,) = host.executed
        assert command.startswith("env -u PYTHONHOME -u PYTHONPATH")
        assert command.endswith(" -I -m clapless resolve serve > /dev/null 2>&1 &")

    def test_an_app_that_goes_is_noticed(self, folder: Path, prefs: Preferences):
        app = App(folder, prefs.path, lambda _: None, {})
        threading.Thread(target=app.beat_twice).start()
        host = LuaHost(World().resolve, prefs)
        host.run(entry(folder))
        assert "Clapless stopped answering. Nothing of yours was changed" in host.printed[0]

    def test_preferences_that_never_save(self, folder: Path, prefs: Preferences, served: Any):
        prefs.busy = 10**6
        app = App(folder, prefs.path, lambda _: None, {})
        threading.Thread(target=app.beat_twice).start()
        host = LuaHost(World().resolve, prefs)
        host.run(entry(folder))
        assert "Resolve did not save its preferences" in host.printed[0]

    @pytest.mark.parametrize("lacking", ["resolve", "fusion"])
    def test_a_menu_without_objects(self, folder: Path, prefs: Preferences, lacking: str):
        host = LuaHost(
            None if lacking == "resolve" else World().resolve,
            None if lacking == "fusion" else prefs,
        )
        host.run(entry(folder))
        assert host.printed == ["Clapless: Resolve does not answer its own menu. Start it again."]

    def test_a_file_of_calls_cannot_reach_resolve_by_itself(
        self, folder: Path, prefs: Preferences, served: Any
    ):
        (folder / "call.lua").write_text("resolve.hacked = true return { v = 1 }")
        served(lambda _: None)
        host = LuaHost(World().resolve, prefs)
        host.run(entry(folder))
        assert host.printed == ["Clapless: All done."]

    def test_broken_text_from_resolve_stays_json(
        self, folder: Path, prefs: Preferences, served: Any
    ):
        host = LuaHost(World().resolve, prefs)
        function = host.lua.eval(b'function() return "a\\255\\237\\160\\128b\\195\\164" end')
        host.lua.globals()[b"resolve"] = host.lua.eval(
            b"""function(f) return setmetatable({}, { __index = { GetName = f,
            GetVersionString = f, GetProductName = f } }) end"""
        )(function)
        app = served(lambda resolve: resolve.GetName())
        host.run(entry(folder))
        app.join(timeout=20)
        assert app.result == "a????b\u00e4"
        assert json.dumps(app.result)


class TestSelfTest:
    """The canary: it speaks where nothing else of Clapless runs."""

    def words(
        self, world: World, folder: Path, prefs: Preferences, *, free_21_1: bool = False
    ) -> tuple[LuaHost, str]:
        host = LuaHost(world.resolve, prefs, free_21_1=free_21_1)
        shown: list[bytes] = []
        host.lua.globals()[b"print"] = host._function(shown.append)
        host.run(entry(folder, "selftest"))
        return host, shown[-1].decode()

    def test_free_21_1_says_why_python_is_missing(self, folder: Path, prefs: Preferences):
        _, said = self.words(World("21.1", studio=False), folder, prefs, free_21_1=True)
        assert said.startswith("Clapless: DaVinci Resolve 21.1.0.0001, free edition.\n")
        assert "missing because the free edition has run no Python since 21.1" in said
        assert "Lua may not use files or programs here; Clapless needs neither." in said
        assert "The open project is Shoot." in said
        assert said.endswith(
            "Clapless is not running. Start it (Clapless for Resolve, among your programs)."
        )

    def test_before_21_1_it_says_what_to_install(self, folder: Path, prefs: Preferences):
        for studio in (True, False):
            _, said = self.words(World("18.6", studio=studio), folder, prefs)
            assert "Resolve found no Python: install Python 3.11 from python.org" in said
            assert "Lua may open files and start programs here." in said

    def test_studio_21_1_has_its_own_python(self, folder: Path, prefs: Preferences):
        _, said = self.words(World("21.1"), folder, prefs)
        assert "21.1.0.0001, Studio." in said
        assert "brings its own Python" in said

    def test_a_dialog_that_is_open(self, folder: Path, prefs: Preferences):
        world = World()
        world.modal = True
        _, said = self.words(world, folder, prefs)
        assert "No project answers: open one, and close any dialog." in said

    def test_where_nothing_can_be_shown_the_report_is_a_bin(self, folder: Path, prefs: Preferences):
        world = World("21.1", studio=False)
        world.add("/a/1.mov", 1, rate=Fraction(25))
        assert world.project is not None
        pool = world.project.pool
        for _ in range(2):
            LuaHost(world.resolve, prefs, free_21_1=True).run(entry(folder, "selftest"))
            reports = [one for one in pool.root.folders if one.name == "Clapless self test"]
            assert [one.name[:20] for one in reports[-1].folders] == [
                "1. DaVinci Resolve 2",
                "2. The entries under",
                "3. Lua may not use f",
                "4. The open project ",
                "5. Clapless is not r",
            ]
            assert pool.folder is pool.root
        assert len(reports) == 1

    def test_with_the_app_its_words_follow(self, folder: Path, prefs: Preferences, served: Any):
        served(lambda resolve: resolve.GetVersion(), sentence="All works.", details=["Really."])
        _, said = self.words(World(), folder, prefs)
        assert said.endswith("All works.\nReally.")

    def test_words_are_shown_in_a_window_where_scripts_have_them(
        self, folder: Path, prefs: Preferences
    ):
        host = LuaHost(World().resolve, prefs)
        host.lua.execute(WINDOWS.encode())
        host.run(entry(folder, "selftest"))
        assert host.lua.eval(b"shown.Text").startswith(b"DaVinci Resolve 21.0.4.0001, Studio.")
        assert host.lua.eval(b"closed") is True

    def test_a_window_that_fails_leaves_the_console(self, folder: Path, prefs: Preferences):
        host = LuaHost(World().resolve, prefs)
        host.lua.execute(WINDOWS.encode())
        host.lua.execute(b"bmd.UIDispatcher = function() error('no windows here') end")
        host.run(entry(folder, "selftest"))
        assert host.printed[0].startswith("Clapless: DaVinci Resolve 21.0.4.0001")
        assert "no window" in host.printed[1]
