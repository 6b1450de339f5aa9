"""Reaching Resolve and reading what is selected: every refusal is a sentence."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from clapless_resolve.connect import connect, connect_from_outside, load_scriptapp
from clapless_resolve.errors import ResolveError
from clapless_resolve.reading import selected
from tests.fakes.resolve.handles import Handle
from tests.fakes.resolve.world import World

pytestmark = pytest.mark.resolve


def everything(_path: str) -> bool:
    return True


class TestConnect:
    @pytest.mark.parametrize(
        ("version", "pool_selection", "multicam"),
        [
            ("18.6", False, False),
            ("19.1", True, False),
            ("20.3", True, False),
            ("21.0.4", True, False),
            ("21.1", True, True),
        ],
    )
    def test_capabilities_are_asked_for(self, version: str, pool_selection: bool, multicam: bool):
        can = connect(World(version).resolve).capabilities
        assert (can.placement, can.studio) == (True, True)
        assert (can.pool_selection, can.multicam) == (pool_selection, multicam)

    @pytest.mark.parametrize("version", ["18.6", "21.1"])
    def test_the_free_edition_is_known(self, version: str):
        assert not connect(World(version, studio=False).resolve).capabilities.studio

    @pytest.mark.parametrize(
        ("call", "sentence"),
        [
            ("Resolve.GetVersionString", "does not say its version"),
            ("Resolve.GetProjectManager", "no project manager"),
            ("ProjectManager.GetCurrentProject", "open one first"),
            ("Project.GetMediaPool", "no Media Pool"),
        ],
    )
    def test_a_step_that_answers_nothing_is_named(self, call: str, sentence: str):
        world = World()
        world.refuses[call] = None
        with pytest.raises(ResolveError, match=sentence):
            connect(world.resolve)

    def test_no_resolve_and_a_dialog(self):
        with pytest.raises(ResolveError, match="did not answer"):
            connect(None)
        world = World()
        world.modal = True
        with pytest.raises(ResolveError, match="Close any dialog"):
            connect(world.resolve)

    @pytest.mark.parametrize("knobs", [{"studio": False}, {"external": "None"}, {"running": False}])
    def test_nothing_from_outside_names_every_cause(self, knobs: dict[str, Any]):
        with pytest.raises(ResolveError, match=r"Studio edition .* must be Local"):
            connect_from_outside(World(**knobs).scriptapp)

    def test_from_outside(self):
        assert connect_from_outside(World().scriptapp).capabilities.version == "21.0.4.0001"


class TestModule:
    @pytest.fixture(autouse=True)
    def clean(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delitem(sys.modules, "DaVinciResolveScript", raising=False)
        yield
        sys.modules.pop("DaVinciResolveScript", None)

    def test_it_is_loaded_although_it_replaces_itself(self, tmp_path: Path):
        (tmp_path / "DaVinciResolveScript.py").write_text(
            "import sys, types\n"
            "new = types.ModuleType('fusionscript')\n"
            "new.scriptapp = lambda name: name + '!'\n"
            "sys.modules[__name__] = new\n"
        )
        assert load_scriptapp(tmp_path)("Resolve") == "Resolve!"

    def test_where_it_is_not_or_fails_is_said(self, tmp_path: Path):
        with pytest.raises(ResolveError, match="is not in"):
            load_scriptapp(tmp_path)
        script = tmp_path / "DaVinciResolveScript.py"
        script.write_text("raise ImportError('no library')")
        with pytest.raises(ResolveError, match=r"ImportError: no library.*RESOLVE_SCRIPT_LIB"):
            load_scriptapp(tmp_path)
        script.write_text("")
        with pytest.raises(ResolveError, match="has no scriptapp"):
            load_scriptapp(tmp_path)


class TestSelection:
    @pytest.mark.parametrize("japanese", [False, True])
    def test_facts_in_any_language(self, japanese: bool):
        world = World(japanese=japanese, rate="24")
        world.add(
            "/a/cam.mov",
            10,
            rate=Fraction(30000, 1001),
            channels=4,
            start="01:00:00:00",
            drop=True,
        )
        world.add("/a/take.wav", Fraction(21, 2), channels=1)
        camera, sound = selected(connect(world.resolve), exists=everything).clips
        assert (camera.picture, camera.channels, camera.rate) == (True, 4, Fraction(30000, 1001))
        assert (camera.frames, camera.drop_frame) == (299, True)
        assert camera.start_timecode == "01:00:00:00"
        assert (sound.picture, sound.channels, sound.rate) == (False, 1, Fraction(24))
        assert sound.frames == 252

    def test_the_media_pool_selection_comes_first_and_then_the_bin(self):
        world = World()
        world.add("/a/1.mov", 1, rate=Fraction(25))
        second = world.add("/a/2.mov", 1, rate=Fraction(25))
        connection = connect(world.resolve)
        found = selected(connection, exists=everything)
        assert (found.origin, len(found.clips)) == ("current bin", 2)
        connection.pool.SetSelectedClip(Handle(second))
        found = selected(connection, exists=everything)
        assert found.origin == "Media Pool selection"
        assert [clip.name for clip in found.clips] == ["2.mov"]

    def test_18_6_takes_the_bin(self):
        world = World("18.6")
        world.add("/a/1.mov", 1, rate=Fraction(25))
        assert selected(connect(world.resolve), exists=everything).origin == "current bin"

    def test_what_is_selected_on_a_timeline_comes_last(self):
        world = World(rate="25")
        clip = world.add("/a/1.mov", 4, rate=Fraction(25))
        connection = connect(world.resolve)
        connection.pool.CreateEmptyTimeline("T")
        connection.pool.AppendToTimeline(
            [{"mediaPoolItem": Handle(clip), "startFrame": 0, "endFrame": 50}]
        )
        assert world.project is not None
        world.project.timelines[0].items[0].selected = True
        root = connection.pool.GetRootFolder()
        assert root is not None
        connection.pool.AddSubFolder(root, "empty")
        found = selected(connect(world.resolve), exists=everything)
        assert (found.origin, [c.name for c in found.clips]) == ("timeline selection", ["1.mov"])

    def test_what_cannot_be_synced_is_left_out_and_told(self):
        world = World()
        world.add("/a/good.mov", 1, rate=Fraction(25))
        world.add("/a/still.png", Fraction(1, 25), rate=Fraction(25), channels=0)
        world.add("/a/gone.mov", 1, rate=Fraction(25))
        world.add("compound", 1, rate=Fraction(25)).compound = True
        world.add("/a/dead.mov", 1, rate=Fraction(25)).dead = True
        found = selected(connect(world.resolve), exists=lambda path: "gone" not in path)
        assert [clip.name for clip in found.clips] == ["good.mov"]
        assert found.skipped == (
            "still.png is a still and was left out.",
            "gone.mov is offline (/a/gone.mov is not there) and was left out: relink it first.",
            "compound is no file (a timeline, compound or generated clip) and was left out.",
            "A selected clip does not answer any more and was left out.",
        )

    def test_nothing_at_all_says_what_to_select(self):
        world = World()
        world.add("/a/gone.mov", 1, rate=Fraction(25))
        with pytest.raises(ResolveError, match=r"select clips in the Media Pool.*gone.mov is off"):
            selected(connect(world.resolve), exists=lambda _: False)
