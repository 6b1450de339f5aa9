from __future__ import annotations

import dataclasses
import io
import json
import os
from fractions import Fraction
from pathlib import Path

import pytest
from rich.console import Console

from clapless.cli.outcome import of_session
from clapless.cli.tables import print_session, verification_table
from clapless.errors import UsageError
from clapless.model import Disagreement, Group, Marker, Match, Pin, Placement, Session, Verification
from clapless.pipeline import Failure, SyncResult
from clapless.session import read_session, to_json, write_session
from clapless.timing import Segment, TimeMap
from tests.cli.conftest import clip, shoot


def all_synced(folder: Path) -> Session:
    session = shoot(folder)
    return dataclasses.replace(session, clips=session.clips[:2], unplaced=())


def with_second(session: Session, **changes) -> Session:
    """The session with its second placement changed."""
    (group,) = session.groups
    second = dataclasses.replace(group.placements[1], **changes)
    group = dataclasses.replace(group, placements=(group.placements[0], second))
    return dataclasses.replace(session, groups=(group,))


class TestExitCodes:
    def test_all_synced_is_0(self, run, script, tmp_path):
        script.result = SyncResult(session=all_synced(tmp_path))
        assert run("sync", tmp_path).code == 0

    def test_placed_by_hand_counts_as_synced(self, run, script, tmp_path):
        script.result = SyncResult(session=with_second(all_synced(tmp_path), status="manual"))
        assert run("sync", tmp_path).code == 0

    def test_something_not_synced_is_3(self, run, script, tmp_path):
        assert run("sync", tmp_path).code == 3

    def test_something_to_check_is_3(self, run, script, tmp_path):
        script.result = SyncResult(session=with_second(all_synced(tmp_path), status="check"))
        assert run("sync", tmp_path).code == 3

    def test_an_unreadable_file_is_3(self, run, script, tmp_path):
        failure = Failure(path=tmp_path / "x.wav", message="x.wav: is empty.")
        script.result = SyncResult(session=all_synced(tmp_path), failures=(failure,))
        ran = run("sync", tmp_path)
        assert ran.code == 3
        assert ran.err == "x.wav: is empty.\n"

    def test_a_skipped_file_changes_nothing(self, run, script, tmp_path):
        script.result = SyncResult(
            session=all_synced(tmp_path), skipped=(tmp_path / "notes.txt",), warnings=("A is two.",)
        )
        ran = run("sync", tmp_path)
        assert ran.code == 0
        assert "1 file in the folders, no media by name, left aside." in ran.out
        assert ran.err == "A is two.\n"

    def test_readable_clips_that_match_none_are_3(self, run, script, tmp_path):
        session = shoot(tmp_path)
        loose = [
            dataclasses.replace(session.unplaced[0], clip=c.id, candidates=(), suggested_pins=())
            for c in session.clips
        ]
        script.result = SyncResult(
            session=dataclasses.replace(session, groups=(), unplaced=tuple(loose))
        )
        ran = run("sync", tmp_path, "-o", tmp_path / "s.json")
        assert ran.code == 3
        assert "0 of 3 clips synced, 0 to check, 3 not synced" in ran.out
        assert "Next:" not in ran.out

    def test_nothing_usable_is_1_and_writes_nothing(self, run, script, tmp_path):
        failure = Failure(path=tmp_path / "x.wav", message="x.wav: is empty.")
        script.result = SyncResult(session=Session(), failures=(failure,))
        ran = run("sync", tmp_path / "x.wav", "-o", tmp_path / "s.json")
        assert ran.code == 1
        assert ran.out == ""
        assert ran.err.splitlines() == [
            "x.wav: is empty.",
            "Nothing to sync: 1 file could not be read, and there is no other.",
        ]
        assert not list(tmp_path.iterdir())

    def test_a_folder_without_media_is_1(self, run, script, tmp_path):
        script.result = SyncResult(session=Session(), skipped=(tmp_path / "a.txt",))
        ran = run("sync", tmp_path)
        assert ran.code == 1
        assert "there is no media file in" in ran.err

    def test_a_failed_verification_is_3(self, tmp_path):
        session = with_second(all_synced(tmp_path), verification=Verification(verdict="fail"))
        assert of_session(session) == 3
        doubtful = with_second(
            all_synced(tmp_path), verification=Verification(verdict="not_verifiable")
        )
        assert of_session(doubtful) == 0

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("x", "--pin", "a"),
            ("x", "--device", "A"),
            ("x", "--distance", "A=far"),
            ("x", "--jobs", "0"),
            ("x", "--signals", "smell"),
            ("x", "--signals", ","),
            ("x", "--readout", "A=slow"),
            ("x", "--nope"),
        ],
    )
    def test_wrong_usage_is_2(self, run, script, arguments):
        ran = run("sync", *arguments)
        assert ran.code == 2
        assert ran.out == ""
        assert ran.err
        assert not script.asked

    def test_an_unknown_verb_is_2(self, run):
        assert run("sink").code == 2

    def test_what_the_pipeline_calls_wrong_usage_is_2(self, run, script):
        def refuse(_progress):
            raise UsageError("There is no clip 'x' to be the reference.")

        script.act = refuse
        ran = run("sync", "x", "--reference", "x")
        assert (ran.code, ran.out) == (2, "")
        assert ran.err == "There is no clip 'x' to be the reference.\n"

    def test_ctrl_c_is_130_and_one_sentence(self, run, script, tmp_path):
        def stop(_progress):
            raise KeyboardInterrupt

        script.act = stop
        ran = run("sync", tmp_path, "-o", tmp_path / "s.json")
        assert ran.code == 130
        assert ran.err == "Stopped; nothing was left half written.\n"
        assert not list(tmp_path.iterdir())

    def test_ctrl_c_that_a_compiled_module_met_is_130_too(self, run, script, tmp_path):
        def stop(_progress):
            raise ImportError("initialization failed") from KeyboardInterrupt()

        script.act = stop
        assert run("sync", tmp_path).code == 130

    def test_a_module_that_is_missing_is_no_ctrl_c(self, run, script, tmp_path):
        def fail(_progress):
            raise ImportError("no such module")

        script.act = fail
        with pytest.raises(ImportError, match="no such module"):
            run("sync", tmp_path)


class TestOptions:
    def test_everything_reaches_the_pipeline(self, run, script, tmp_path):
        run(
            *("sync", "a.wav", "b.mp4", "--reference", "a.wav", "--playback", "song.wav"),
            *("--device", "A=A*", "--device", "B=B*", "--distance", "A=3.5"),
            *("--pin", "a@1=b@2", "--pin", "a@3=b@4", "--jobs", "3"),
        )
        ((paths, options),) = script.asked
        assert paths == [Path("a.wav"), Path("b.mp4")]
        assert options.reference == "a.wav"
        assert options.playback == Path("song.wav")
        assert options.devices == {"A": "A*", "B": "B*"}
        assert options.distances_m == {"A": 3.5}
        assert options.pins == (
            Pin(a="a", a_s=1.0, b="b", b_s=2.0),
            Pin(a="a", a_s=3.0, b="b", b_s=4.0),
        )
        assert options.jobs == 3
        assert options.signals is None

    def test_a_device_that_is_not_there_is_told(self, run, script, tmp_path):
        ran = run("sync", "x", "--distance", "A=2", "--distance", "R=3")
        assert ran.err.splitlines() == [
            "--distance names R, which is no camera or recorder here (there are: A, ZOOM), and "
            "changed nothing.",
        ]

    def test_a_finished_session_is_read(self, run, script, tmp_path):
        write_session(shoot(tmp_path), tmp_path / "old.json")
        run("sync", "x", "--add", tmp_path / "old.json")
        assert script.asked[0][1].add == shoot(tmp_path)

    def test_a_broken_session_to_add_is_1(self, run, script, tmp_path):
        (tmp_path / "old.json").write_text("{")
        ran = run("sync", "x", "--add", tmp_path / "old.json")
        assert ran.code == 1
        assert ran.err.startswith("old.json is no whole JSON document")
        assert not script.asked

    def test_pins_and_markers_of_the_session_that_is_replaced_are_read_again(
        self, run, script, tmp_path
    ):
        old = dataclasses.replace(
            shoot(tmp_path),
            pins=(Pin(a="c1", a_s=1.0, b="c3", b_s=2.0),),
            markers=(Marker(id="m1", name="clap", clip="c2", time_s=3.0),),
        )
        write_session(old, tmp_path / "s.json")
        run("sync", "x", "-o", tmp_path / "s.json", "--pin", "a@1=b@2")
        options = script.asked[0][1]
        assert options.pins[0] == Pin(a="a", a_s=1.0, b="b", b_s=2.0)
        assert options.pins[1] == Pin(
            a=str(tmp_path / "ZOOM0001.wav"), a_s=1.0, b=str(tmp_path / "C0003.mp4"), b_s=2.0
        )
        assert options.markers[0].clip == str(tmp_path / "C0002.mp4")


class TestOutput:
    def test_the_document_is_written_and_the_next_step_is_told(self, run, script, tmp_path):
        ran = run("sync", "x", "-o", tmp_path / "s.json")
        assert read_session(tmp_path / "s.json") == script.result.session
        assert f"clapless export {tmp_path / 's.json'} -o timeline.fcpxml" in ran.out

    def test_without_an_output_it_says_how_to_get_one(self, run, script, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert "run this again with -o session.json" in run("sync", "x").out
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("place", ["nowhere/s.json", ".", "take.wav"])
    def test_a_place_that_cannot_be_written_is_refused_before_the_work(
        self, run, script, tmp_path, place
    ):
        (tmp_path / "take.wav").write_bytes(b"RIFF")
        ran = run("sync", "x", "-o", tmp_path / place)
        assert ran.code == 1
        assert ran.err.count("\n") == 1
        assert not script.asked
        assert (tmp_path / "take.wav").read_bytes() == b"RIFF"

    def test_json_is_the_document_with_what_failed_and_was_left_aside(self, run, script, tmp_path):
        failure = Failure(path=tmp_path / "x.wav", message="x.wav: is empty.")
        script.result = dataclasses.replace(
            script.result, failures=(failure,), skipped=(tmp_path / "a\n.txt",), warnings=("W.",)
        )
        ran = run("sync", "x", "--json", "-o", tmp_path / "s.json")
        printed = json.loads(ran.out)
        assert printed["failures"] == [{"path": "x.wav", "message": "x.wav: is empty."}]
        assert printed["skipped"] == ["a\n.txt"]
        assert printed["warnings"] == ["W."]
        assert "failures" not in json.loads((tmp_path / "s.json").read_text())
        for key in ("failures", "skipped", "warnings"):
            del printed[key]
        assert printed == json.loads((tmp_path / "s.json").read_text())

    def test_json_of_nothing_usable_is_json_still(self, run, script):
        script.result = SyncResult(session=Session())
        ran = run("sync", "x", "--json")
        assert ran.code == 1
        assert json.loads(ran.out)["clips"] == []
        assert "Nothing to sync" in ran.err

    def test_sidecars_on_request_only(self, run, script, tmp_path):
        run("sync", "x")
        assert not list(tmp_path.iterdir())
        run("sync", "x", "--sidecars", "-o", tmp_path / "s.json")
        note = json.loads((tmp_path / "C0002.mp4.sync.json").read_text())
        assert note["delta_seconds"] == 12.254
        assert note["session"] == "s.json"
        assert not (tmp_path / "C0003.mp4.sync.json").exists()

    def test_a_plot_on_request(self, run, script, tmp_path):
        ran = run("sync", "x", "--plot", tmp_path / "plots")
        assert (tmp_path / "plots" / "g1.png").read_bytes().startswith(b"\x89PNG")
        assert "Drawn:" in ran.err


class TestTables:
    def test_what_people_want_to_know(self, run, script):
        out = run("sync", "x").out
        row = next(line for line in out.splitlines() if "C0002" in line)
        for word in ("A", "+00:00:12:06", "+306.35", "0.10 ms", "+10.0", "+0.9 fr", "99.8%"):
            assert word in row
        assert row.split()[-2:] == ["synced", "audio"]
        assert "1 to check" not in out
        assert "2 of 3 clips synced, 0 to check, 1 not synced" in out

    def test_what_is_not_synced_has_a_reason_and_a_next_step(self, run, script):
        out = run("sync", "x").out
        row = next(line for line in out.splitlines() if "C0003" in line)
        assert "no sound in common with any other clip" in row
        assert "--pin ZOOM0001@1.500=C0003@2.250" in row

    def test_words_of_machines_are_not_shown(self, run, script, tmp_path):
        script.result = SyncResult(
            session=with_second(shoot(tmp_path), status="check", coarse=True)
        )
        out = run("sync", "x").out
        assert "check (coarse)" in out
        for word in ("no_match", "locked", "unplaced", "None"):
            assert word not in out

    def test_disagreement_jumps_speed_and_late_sound_are_told(self, run, script, tmp_path):
        jump = TimeMap((Segment(((0.0, 1.0), (2.0, 3.0))), Segment(((2.0, 3.5), (4.0, 5.5)))))
        script.result = SyncResult(
            session=with_second(
                shoot(tmp_path),
                time_map=jump,
                speed=Fraction(1001, 1000),
                sound_delay_s=0.0291,
                disagreements=(Disagreement(signal="motion", difference_s=-0.2, reason="shaky"),),
            )
        )
        out = run("sync", "x").out
        assert "C0002: its sound jumps; it is placed in 2 pieces" in out
        assert "C0002: its sound is +29.1 ms late" in out
        assert "C0002: motion says -200 ms from this (shaky)" in out
        assert "C0002: runs at 1001/1000 of the reference's speed" in out

    def test_a_place_that_a_repeat_may_explain_says_so(self, run, script, tmp_path):
        session = with_second(shoot(tmp_path), status="check")
        repeats = Match(a="c1", b="c2", signal="audio", offset_s=12.0, details={"may_repeat": True})
        script.result = SyncResult(session=dataclasses.replace(session, matches=(repeats,)))
        out = run("sync", "x").out
        assert "C0002: the music repeats to the sample" in out
        assert "C0001: the music" not in out
        script.result = SyncResult(session=dataclasses.replace(session, matches=()))
        assert "the music repeats" not in run("sync", "x").out

    def test_hostile_names_stay_on_one_line_and_are_no_markup(self, run, script, tmp_path):
        name = "a'\"\n[bold red]🎬\x1b[31m\udcff:smile:"
        session = shoot(tmp_path)
        clips = (
            session.clips[0],
            clip(2, tmp_path, name=name, rate=Fraction(25)),
            session.clips[2],
        )
        script.result = SyncResult(session=dataclasses.replace(session, clips=clips))
        ran = run("sync", "x", "-o", tmp_path / "s.json", "--plot", tmp_path / "plots")
        assert ran.code == 3
        assert "a'\"\\n[bold red]🎬\\x1b[31m\\udcff:smile:" in ran.out
        assert "\x1b" not in ran.out
        assert read_session(tmp_path / "s.json").clips[1].name == name

    @pytest.mark.parametrize("width", [80, 100, 140])
    def test_no_figure_is_broken_on_a_narrow_terminal(self, tmp_path, width):
        text = io.StringIO()
        print_session(Console(file=text, width=width), shoot(tmp_path))
        row = next(line for line in text.getvalue().splitlines() if "+00:00:12:06" in line)
        for word in ("C0002", "+306.35", "0.10 ms", "+10.0", "+0.9 fr", "99.8%", "synced"):
            assert word in row

    def test_a_terminal_gets_colour(self, tmp_path):
        text = io.StringIO()
        console = Console(file=text, force_terminal=True, color_system="standard", width=160)
        print_session(console, shoot(tmp_path))
        assert "\x1b[32msynced" in text.getvalue()
        assert "\x1b[31m1 not synced" in text.getvalue()

    def test_a_pipe_without_colour_gets_none(self, run, script):
        ran = run("sync", "x")
        assert "\x1b[" not in ran.out + ran.err

    def test_a_terminal_that_knows_only_ascii_ends_nothing(self, tmp_path):
        import subprocess
        import sys

        session = dataclasses.replace(shoot(tmp_path), unplaced=())
        write_session(with_second(session, verification=None), tmp_path / "s.json")
        (tmp_path / "🎬.wav").write_bytes(b"")
        done = subprocess.run(
            [sys.executable, "-m", "clapless", "probe", str(tmp_path / "🎬.wav")],
            env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert b"\\U0001f3ac.wav" in done.stderr


def test_two_groups_have_a_table_each(run, script, tmp_path):
    session = shoot(tmp_path)
    clips = (*session.clips, clip(4, tmp_path))
    second = Group(
        id="g2",
        reference="c3",
        placements=(Placement(clip="c3", offset_s=0.0), Placement(clip="c4", offset_s=-1.0)),
    )
    script.result = SyncResult(
        session=dataclasses.replace(
            session, clips=clips, groups=(*session.groups, second), unplaced=()
        )
    )
    out = run("sync", "x").out
    assert "Group g1, on the clock of ZOOM0001" in out
    assert "Group g2, on the clock of C0003" in out
    assert "-00:00:01:00" in out


def test_the_printed_document_is_one_that_can_be_read(run, script, tmp_path):
    ran = run("sync", "x", "--json")
    (tmp_path / "printed.json").write_text(ran.out)
    session = read_session(tmp_path / "printed.json")
    assert set(session.extra) == {"failures", "skipped", "warnings"}
    assert to_json(session, base=tmp_path)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_narrow_terminal_shows_less_of_each_clip_but_its_name_and_place(tmp_path, width):
    session = all_synced(tmp_path)
    name = "CARD_A/C0001.MP4"
    clips = (session.clips[0], dataclasses.replace(session.clips[1], name=name))
    answer = Verification(verdict="pass", median_s=0.001, spread_s=0.0001)
    session = with_second(
        dataclasses.replace(session, clips=clips), offset_s=3661.5, verification=answer
    )
    text = io.StringIO()
    console = Console(file=text, width=width, _environ={})
    print_session(console, session)
    console.print(verification_table(session, session.groups[0], width=width))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in text.getvalue()
    (placed,) = (line for line in lines if "+01:01:01" in line)
    (verified,) = (line for line in lines if "+1.00 ms" in line)
    assert "synced" in placed
    assert "PASS" in verified
    for line in (placed, verified):  # a name may be folded at a slash or where it must
        assert line.strip().startswith(name[:6])


def test_a_signal_of_routes_is_sent_to_align(run, script):
    ran = run("sync", "x", "--signals", "audio,scenery")
    assert ran.code == 2
    assert "scenery proves a place or a piece, not a moment" in ran.err
    assert "scenery," not in run("sync", "x", "--signals", "smell").err


def test_what_is_not_synced_always_has_a_next_step(tmp_path):
    session = shoot(tmp_path)
    left = dataclasses.replace(session.unplaced[0], candidates=(), suggested_pins=())
    loose = tuple(dataclasses.replace(left, clip=one.id) for one in session.clips)
    none = dataclasses.replace(session, groups=(), unplaced=loose)
    alone = dataclasses.replace(
        none, clips=none.clips[:1], unplaced=(dataclasses.replace(loose[0], code="alone"),)
    )
    for held, words in ((none, "--pin"), (alone, "the recordings of the other cameras")):
        text = io.StringIO()
        print_session(Console(file=text, width=200), held)
        assert text.getvalue().count(words) == len(held.clips)
