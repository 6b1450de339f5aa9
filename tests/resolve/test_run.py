"""What an entry of the menu gets done, over its pipe: the engine's part, with a sync that is given.

`test_end_to_end` has real media and a process of its own.
"""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from clapless import pipeline
from clapless.errors import UsageError
from clapless.model import MediaFile, Session
from clapless.pipeline import Failure, SyncResult
from clapless.session import read_session, write_session
from clapless_resolve.folders import Machine
from clapless_resolve.locking import only_one
from clapless_resolve.mailbox import data_folder
from clapless_resolve.run_verb import LOCK
from tests.fakes.resolve.entry import choose, machine_at
from tests.fakes.resolve.world import World
from tests.otio import shoots
from tests.resolve.shooting import fill, shoot

pytestmark = pytest.mark.resolve


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return machine_at(tmp_path / "hüme of ann")


def on_disk(session: Session, folder: Path) -> Session:
    """Return the session with its files really there."""
    clips = []
    for clip in session.clips:
        path = folder / Path(str(clip.path)).name
        path.write_bytes(b"media")
        clips.append(dataclasses.replace(clip, files=(MediaFile(path=path),)))
    return dataclasses.replace(session, clips=tuple(clips))


Given = Callable[..., SyncResult]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the sync is asked, and what it shall answer: ``session``, ``failures``, ``before``."""
    told: dict[str, Any] = {"session": Session(), "failures": (), "before": lambda _progress: None}

    def sync_paths(paths: Sequence[Path], *, options: Any, progress: Any) -> SyncResult:
        told["paths"], told["hints"] = list(paths), options.device_hints
        progress.stage("reading", 3)
        progress.advance(detail="c1.mov")
        told["before"](progress)
        progress.done()
        return SyncResult(session=told["session"], failures=told["failures"])

    monkeypatch.setattr(pipeline, "sync_paths", sync_paths)
    return told


@pytest.fixture
def world(tmp_path: Path, found: dict[str, Any]) -> World:
    """A project whose clips are on the disk, in the open bin; the sync knows where they belong."""
    world = World("20.3", rate="25")
    found["session"] = on_disk(shoot(Fraction(25), Fraction(50), False), tmp_path)
    fill(world, found["session"])
    return world


def timelines(world: World) -> list[str]:
    assert world.project is not None
    return [one.name for one in world.project.timelines]


class TestSync:
    def test_selected_clips_become_a_timeline(
        self, world: World, machine: Machine, found: dict[str, Any]
    ):
        assert world.project is not None
        pool = world.project.pool
        pool.selected = [clip for clip in pool.root.clips if "c9" not in clip.path]
        found["session"] = dataclasses.replace(
            found["session"], clips=found["session"].clips[:4], unplaced=()
        )
        code, done, pipe = choose(world, "sync", machine)
        assert [path.name for path in found["paths"]] == ["c1.mov", "c2.mov", "c3.mov", "r1.wav"]
        assert done["sentence"] == (
            "3 of 4 clips are synced; 1 should be checked (yellow). Timeline: “Sync”."
        )
        assert (code, done["ok"], done["timelines"], done["details"]) == (3, False, ["Sync"], [])
        assert timelines(world) == ["Sync"]
        assert len(world.project.timelines[0].items) == 7
        kept = Path(data_folder(machine)) / "last_session.txt"
        assert kept.read_text(encoding="utf-8") == done["session"]
        assert read_session(Path(done["session"])).groups == found["session"].groups
        assert pipe.progress[:2] == ["looking at the project", "reading"]
        assert "placing clips" in pipe.progress

    def test_all_synced_is_well(self, world: World, machine: Machine, found: dict[str, Any]):
        whole = found["session"]
        good = tuple(p for p in whole.groups[0].placements if p.status == "synced")
        found["session"] = dataclasses.replace(
            whole,
            clips=tuple(c for c in whole.clips if c.id in {p.clip for p in good}),
            groups=(dataclasses.replace(whole.groups[0], placements=good),),
            unplaced=(),
        )
        code, done, _ = choose(world, "sync", machine)
        assert (code, done["ok"]) == (0, True)
        assert done["sentence"] == "3 of 3 clips are synced. Timeline: “Sync”."

    def test_what_was_left_out_and_what_could_not_be_read_is_told(
        self, world: World, machine: Machine, found: dict[str, Any]
    ):
        world.add("compound", 1, rate=Fraction(25)).compound = True
        world.add("/shoot/gone.mov", 1, rate=Fraction(25))
        found["failures"] = (Failure(path=Path("x.mov"), message="x.mov is no media file."),)
        code, done, _ = choose(world, "sync", machine)
        assert code == 3
        assert done["details"] == [
            "compound is no file (a timeline, compound or generated clip) and was left out.",
            "gone.mov is offline (/shoot/gone.mov is not there) and was left out: relink it first.",
            "x.mov is no media file.",
        ]
        assert "1 could not be synced (orange, at the end)" in done["sentence"]

    def test_nothing_synced_places_nothing(
        self, world: World, machine: Machine, found: dict[str, Any]
    ):
        whole = found["session"]
        found["session"] = shoots.session(*whole.clips, unplaced=tuple(c.id for c in whole.clips))
        code, done, _ = choose(world, "sync", machine)
        assert (code, timelines(world), done["timelines"]) == (3, [], [])
        assert done["sentence"] == "None of the 5 clips could be synced, so nothing was placed."
        assert "C9: no sound" in done["details"]

    def test_one_clip_is_too_few(self, world: World, machine: Machine):
        assert world.project is not None
        world.project.pool.selected = world.project.pool.root.clips[:1]
        code, done, _ = choose(world, "sync", machine)
        assert code == 1
        assert done["sentence"].startswith("Only c1.mov is selected (Media Pool selection): select")

    @pytest.mark.parametrize("version", ["20.3", "21.1"])
    def test_the_selection_stays_for_the_next_entry(
        self, world: World, machine: Machine, version: str
    ):
        world.version = version
        assert world.project is not None
        pool = world.project.pool
        pool.selected = list(pool.root.clips)
        choose(world, "sync", machine)
        assert pool.selected == pool.root.clips

    def test_nothing_selected_and_an_empty_bin(self, machine: Machine, found: dict[str, Any]):
        code, done, _ = choose(World(), "sync", machine)
        assert code == 1
        assert done["sentence"].startswith("Nothing that can be synced is selected: select clips")

    def test_cameras_that_resolve_knows_are_devices(
        self, world: World, machine: Machine, found: dict[str, Any]
    ):
        assert world.project is not None
        for number, clip in enumerate(world.project.pool.root.clips):
            clip.camera = "ABBAB"[number]
        choose(world, "sync", machine)
        assert [hint.partition("=")[0] for hint in found["hints"]] == ["A", "B", "B", "A", "B"]

    def test_a_session_that_was_synced_already_is_placed(
        self, world: World, machine: Machine, found: dict[str, Any], tmp_path: Path
    ):
        document = tmp_path / "panel.json"
        write_session(found["session"], document)
        code, done, _ = choose(world, "sync", machine, session=document)
        assert (code, timelines(world), "paths" in found) == (3, ["Sync"], False)
        assert done["session"] == str(document)
        code, done, _ = choose(world, "sync", machine, session=tmp_path / "none.json")
        assert code == 1
        assert "none.json" in done["sentence"]

    def test_multicam_where_there_is_none_says_how(self, world: World, machine: Machine):
        code, done, _ = choose(world, "multicam", machine)
        assert code == 3
        assert any("choose Convert Timelines to Multicam Clips" in d for d in done["details"])
        assert timelines(world) == ["Sync", "Sync not synced"]

    def test_a_folder_that_cannot_be_written_is_a_sentence(
        self, world: World, machine: Machine, tmp_path: Path
    ):
        Path(machine.home).parent.mkdir(exist_ok=True)
        Path(machine.home).write_text("a file in the way")
        code, done, _ = choose(world, "sync", machine)
        assert code == 1
        assert "cannot be written" in done["sentence"]
        assert timelines(world) == []

    def test_a_refusal_of_resolve_is_the_last_word(self, world: World, machine: Machine):
        world.refuses["MediaPool.CreateEmptyTimeline"] = None
        code, done, _ = choose(world, "sync", machine)
        assert (code, done["ok"]) == (1, False)
        assert "did not make a timeline 'Sync'" in done["sentence"]

    def test_a_dialog_that_opens_meanwhile_is_a_sentence(
        self, world: World, machine: Machine, found: dict[str, Any]
    ):
        def open_dialog(_progress: Any) -> None:
            world.modal = True

        found["before"] = open_dialog
        code, done, _ = choose(world, "sync", machine)
        assert code == 1
        assert "Close any dialog" in done["sentence"]

    def test_a_fault_of_ours_is_told_and_logged(
        self,
        world: World,
        machine: Machine,
        found: dict[str, Any],
        capsys: pytest.CaptureFixture[str],
    ):
        def fail(_progress: Any) -> None:
            raise ZeroDivisionError("oh")

        found["before"] = fail
        code, done, _ = choose(world, "sync", machine)
        assert code == 1
        assert done["sentence"].startswith("Clapless failed (ZeroDivisionError: oh). Nothing of")
        assert "Traceback" in capsys.readouterr().err


class TestStopping:
    def test_cancelled_while_it_syncs(self, world: World, machine: Machine, found: dict[str, Any]):
        says: list[Callable[[], None]] = []

        def cancel(progress: Any) -> None:
            says[0]()
            # A long comparison: stopped by the interpreter, without a word of progress.
            threading.Event().wait(20)
            raise AssertionError("not stopped")

        found["before"] = cancel

        def watch(line: Any) -> None:
            if line.get("progress", {}).get("text") == "reading" and not says:
                says.append(lambda: pipe_of[0].say({"cancel": True}))

        pipe_of: list[Any] = []
        code, done, _ = self.choose(world, "sync", machine, watch, pipe_of)
        assert code == 130
        assert done == {
            "ok": False,
            "sentence": "Cancelled. Nothing of yours was changed.",
            "details": [],
            "timelines": [],
            "session": "",
        }
        assert timelines(world) == []

    @staticmethod
    def choose(
        world: World, entry: str, machine: Machine, watch: Any, pipe_of: list[Any]
    ) -> tuple[int, dict[str, Any], Any]:
        from clapless_resolve.run_verb import run
        from tests.fakes.resolve.entry import Pipe

        pipe = Pipe(world, watch)
        pipe_of.append(pipe)
        code = run(entry, machine=machine, reading=pipe.answers, writing=pipe)  # type: ignore[arg-type]
        return code, pipe.lines[-1]["done"], pipe

    @pytest.mark.parametrize("method", ["CreateEmptyTimeline", "AppendToTimeline", "SetClipColor"])
    def test_cancelled_while_it_places(self, world: World, machine: Machine, method: str):
        assert world.project is not None
        before = [clip.markers for clip in world.project.pool.root.clips]
        pipe_of: list[Any] = []
        asked = False

        def watch(line: Any) -> None:
            nonlocal asked
            if any(call["do"] == method for call in line.get("calls", [])) and not asked:
                asked = True
                pipe_of[0].say({"cancel": True})

        code, done, _ = self.choose(world, "sync", machine, watch, pipe_of)
        assert (code, done["sentence"]) == (130, "Cancelled. Nothing of yours was changed.")
        assert timelines(world) == []
        assert [clip.markers for clip in world.project.pool.root.clips] == before

    def test_a_cancel_file_does_the_same(
        self, world: World, machine: Machine, found: dict[str, Any], tmp_path: Path
    ):
        file, result = tmp_path / "cancel", tmp_path / "result.json"

        def cancel(_progress: Any) -> None:
            file.touch()
            threading.Event().wait(20)
            raise AssertionError("not stopped")

        found["before"] = cancel
        code, done, _ = choose(world, "sync", machine, cancel=file, result=result)
        assert code == 130
        assert json.loads(result.read_text()) == done

    def test_an_entry_that_is_gone_ends_it(self, world: World, machine: Machine):
        from clapless_resolve.errors import ResolveError

        def leave(line: Any) -> str | None:
            return "gone" if "progress" in line else None

        with pytest.raises(ResolveError, match="entry in Resolve's menu is gone"):
            choose(world, "sync", machine, watch=leave)
        assert timelines(world) == []

    def test_one_at_a_time(self, world: World, machine: Machine):
        with only_one(Path(data_folder(machine)) / LOCK, "ours"):
            code, done, _ = choose(world, "sync", machine)
        assert code == 1
        assert done["sentence"].startswith("Clapless is already at work")
        code, _, _ = choose(world, "sync", machine)
        assert code == 3


class TestRemove:
    @pytest.mark.parametrize("studio", [True, False], ids=["Studio", "Free"])
    def test_what_was_made_goes_and_the_users_things_stay(
        self, world: World, machine: Machine, studio: bool
    ):
        world.studio = studio
        assert world.project is not None
        pool = world.project.pool
        pool.CreateEmptyTimeline("Theirs")
        before = [(clip, dict(clip.markers)) for clip in pool.root.clips]
        choose(world, "sync", machine)
        assert timelines(world) == ["Theirs", "Sync"]
        code, done, _ = choose(world, "remove", machine)
        assert (code, done["sentence"]) == (0, "Taken away: 1 timeline, 1 marker, 1 bin.")
        assert timelines(world) == ["Theirs"]
        assert [(clip, dict(clip.markers)) for clip in pool.root.clips] == before
        assert pool.root.folders == []

    def test_what_stays_is_told(self, world: World, machine: Machine):
        choose(world, "sync", machine)
        world.refuses["MediaPool.DeleteTimelines"] = False
        code, done, _ = choose(world, "remove", machine)
        assert code == 3
        assert done["details"][0] == "Resolve does not delete the timeline 'Sync': do it by hand."


class TestSelfTest:
    @pytest.mark.parametrize("studio", [True, False], ids=["Studio", "Free"])
    def test_it_says_what_this_resolve_can(self, machine: Machine, studio: bool):
        code, done, _ = choose(World("21.1", studio=studio), "selftest", machine)
        assert code == 0
        edition = "Studio" if studio else "free edition"
        assert done["sentence"] == f"Resolve 21.1.0.0001 ({edition}) answers; the project is Shoot."
        assert ("menu entries: " in " ".join(done["details"])) is not studio

    def test_no_project_is_a_sentence(self, machine: Machine):
        world = World()
        world.project = None
        code, done, _ = choose(world, "selftest", machine)
        assert (code, done["sentence"]) == (1, "No project is open in Resolve: open one first.")


def marks(world: World, name: str) -> dict[float, tuple[str, str, str]]:
    assert world.project is not None
    clips = {clip.GetName(): clip for clip in world.project.pool.root.clips}
    found = clips[name].markers
    return {frame: (m["name"], m["color"], m["note"]) for frame, m in found.items()}


class TestMarkers:
    @pytest.fixture
    def synced(self, world: World, machine: Machine) -> World:
        """A project that was synced, with markers on the first camera's clip and the recorder's."""
        choose(world, "sync", machine)
        assert world.project is not None
        clips = {clip.GetName(): clip for clip in world.project.pool.root.clips}
        clips["c1.mov"].AddMarker(250, "Red", "chorus", "loud", 50, "")
        clips["r1.wav"].AddMarker(25 * 20, "Blue", "applause", "", 1, "")
        clips["c1.mov"].AddMarker(0, "Green", "slate", "", 1, "")
        return world

    def select(self, world: World, *names: str) -> None:
        assert world.project is not None
        pool = world.project.pool
        pool.selected = [clip for clip in pool.root.clips if clip.GetName() in names]

    def test_markers_of_the_group_come_to_the_selected_clip(self, synced: World, machine: Machine):
        self.select(synced, "c2.mov")
        code, done, _ = choose(synced, "markers", machine)
        # c2 begins 3.2137 s after c1 and runs at 50; the recorder began 2.4871 s before c1.
        assert marks(synced, "c2.mov")[round((10 - 3.2137) * 50)] == ("chorus", "Red", "loud")
        applause = round((20 - 2.4871 - 3.2137) * 50)
        assert marks(synced, "c2.mov")[applause] == ("applause", "Blue", "")
        # The slate lies before the clip: at its first frame, to be looked at.
        assert marks(synced, "c2.mov")[0] == (
            "slate",
            "Yellow",
            "check: 3.21 s before the start of C2",
        )
        assert code == 3
        assert done["sentence"] == "3 of 3 markers of 2 clips put on c2.mov."
        assert done["details"] == ["slate: 3.21 s before the start of C2."]

    def test_again_puts_nothing_twice(self, synced: World, machine: Machine):
        self.select(synced, "c2.mov")
        choose(synced, "markers", machine)
        before = marks(synced, "c2.mov")
        _, done, _ = choose(synced, "markers", machine)
        assert marks(synced, "c2.mov") == before
        assert done["sentence"] == (
            "0 of 3 markers of 2 clips put on c2.mov. 3 were there already."
        )

    def test_of_two_clips_the_one_with_markers_gives(self, synced: World, machine: Machine):
        self.select(synced, "r1.wav", "c2.mov")
        code, done, _ = choose(synced, "markers", machine)
        assert (code, done["sentence"]) == (0, "1 of 1 markers of r1.wav put on c2.mov.")

    def test_clips_that_were_not_synced_are_synced_now(
        self, world: World, machine: Machine, found: dict[str, Any]
    ):
        self.select(world, "c1.mov", "c2.mov")
        assert world.project is not None
        world.project.pool.selected[0].AddMarker(250, "Red", "chorus", "", 1, "")
        code, _, _ = choose(world, "markers", machine)
        assert code == 0
        assert [path.name for path in found["paths"]] == ["c1.mov", "c2.mov"]
        assert round((10 - 3.2137) * 50) in marks(world, "c2.mov")
        assert timelines(world) == []

    def test_two_runs_of_one_route_are_aligned(
        self,
        world: World,
        machine: Machine,
        found: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
    ):
        from clapless.pipeline import routes

        related = found["session"]
        found["session"] = Session(clips=related.clips)

        class Aligned:
            session = related

        monkeypatch.setattr(routes, "align", lambda _ref, _new: Aligned)
        self.select(world, "c1.mov", "c2.mov")
        assert world.project is not None
        world.project.pool.selected[0].AddMarker(250, "Red", "bend", "", 1, "")
        code, _, _ = choose(world, "markers", machine)
        assert code == 0
        assert marks(world, "c2.mov")[round((10 - 3.2137) * 50)][0] == "bend"

    @pytest.mark.parametrize(
        ("names", "sentence"),
        [
            (("c9.mov",), "c9.mov was not synced yet: sync it first"),
            (("c2.mov", "c3.mov"), "Neither of the two clips has markers"),
            (("c1.mov", "r1.wav"), "Each of the two clips has markers"),
            (("c1.mov", "c2.mov", "c3.mov"), "3 clips are selected: select the one that shall"),
        ],
    )
    def test_what_is_not_clear_is_asked(
        self, synced: World, machine: Machine, names: tuple[str, ...], sentence: str
    ):
        self.select(synced, *names)
        code, done, _ = choose(synced, "markers", machine)
        assert code == 1
        assert sentence in done["sentence"]

    def test_a_marker_that_resolve_refuses_is_told(self, synced: World, machine: Machine):
        self.select(synced, "r1.wav", "c2.mov")
        synced.refuses["MediaPoolItem.AddMarker"] = False
        code, done, _ = choose(synced, "markers", machine)
        assert code == 3
        assert done["details"][0].startswith("The marker 'applause' could not be put at frame 715")

    def test_nothing_to_transfer_is_said(self, world: World, machine: Machine):
        choose(world, "sync", machine)
        assert world.project is not None
        self.select(world, "c1.mov")
        code, done, _ = choose(world, "markers", machine)
        assert code == 1
        assert done["sentence"] == "No clip that is synced with c1.mov has markers."


def test_old_sessions_are_deleted(world: World, machine: Machine, monkeypatch: pytest.MonkeyPatch):
    from clapless_resolve import running

    monkeypatch.setattr(running, "MOST_SESSIONS", 2)
    folder = Path(data_folder(machine)) / "sessions"
    for _ in range(4):
        choose(world, "sync", machine)
        assert world.project is not None
        world.project.pool.selected = []
        time.sleep(0.01)
    assert len(list(folder.glob("*.json"))) == 2


def test_an_entry_that_is_not_known():
    from typer.testing import CliRunner

    from clapless_resolve.commands import app

    done = CliRunner().invoke(app, ["resolve", "run", "nonsense"])
    assert isinstance(done.exception, UsageError)
    assert "There is no entry 'nonsense'" in str(done.exception)
