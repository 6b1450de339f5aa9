"""``clapless markers``: through the command line, with a session on disk."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from clapless.cli.app import run
from clapless.markers.choice import read_markers
from clapless.model import Clip, Group, MediaFile, Placement, Session
from clapless.session import read_session, write_session


def clip(name: str, path: Path) -> Clip:
    return Clip(
        id=name,
        name=name.upper(),
        files=(MediaFile(path=path / f"{name}.mov"),),
        duration_s=Fraction(100),
        frame_rate=Fraction(30000, 1001),
    )


@pytest.fixture
def session(tmp_path: Path) -> Path:
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=12.5, drift_ppm=40.0),
    )
    path = tmp_path / "s.json"
    write_session(
        Session(
            clips=(clip("c1", tmp_path), clip("c2", tmp_path)),
            groups=(Group(id="g1", reference="c1", placements=placed),),
        ),
        path,
    )
    return path


def write(path: Path, text: str) -> str:
    path.write_text(text, "utf-8")
    return str(path)


def test_transfer_carries_a_files_markers_from_the_reference(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = write(tmp_path / "ref.csv", 'marker_id,t_ref\n"a, b",20.5\n')
    out = tmp_path / "new.csv"
    code = run(
        ["markers", "transfer", str(session), "--markers", ref, "--to", "C2", "-o", str(out)]
    )
    assert code == 0
    (moved,) = read_markers(out)
    assert moved.name == "a, b"
    assert moved.time_s == pytest.approx((20.5 - 12.5) * (1 + 40e-6))
    assert "a, b" in capsys.readouterr().out


def test_what_lies_outside_is_kept_flagged_and_sets_the_exit_code(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = write(tmp_path / "ref.csv", "name,time_s\nearly,3\nin,20\n")
    out = tmp_path / "new.json"
    arguments = ["markers", "transfer", str(session), "--markers", ref, "--to", "c2"]
    assert run([*arguments, "-o", str(out)]) == 3
    early, inside = read_markers(out)
    assert (early.time_s, early.needs_review, inside.needs_review) == (0.0, True, False)
    printed = capsys.readouterr().out
    assert "before the start of C2" in printed
    assert "1 to be looked at" in printed


def test_nothing_that_is_read_or_recorded_is_written_over(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = write(tmp_path / "ref.csv", "marker_id,t_ref\na,20.5\n")
    filmed = write(tmp_path / "c2.MOV", "what was filmed")
    track = write(tmp_path / "ride.gpx", "<gpx/>")
    transfer = ["markers", "transfer", str(session), "--markers", ref, "--to", "C2"]
    for target, code, words in (
        (ref, 2, "ref.csv is read from"),
        (str(session), 2, "s.json is read from"),
        (filmed, 1, "never written over"),
        (track, 1, "never written over"),
    ):
        before = Path(target).read_bytes()
        assert run([*transfer, "-o", target, "--format", "csv"]) == code
        assert words in capsys.readouterr().err
        assert Path(target).read_bytes() == before


def test_import_list_and_export(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes = write(tmp_path / "labels.txt", "1.5\t2.5\tchorus\n")
    for _ in range(2):
        assert run(["markers", "import", str(session), "--markers", notes, "--to", "C2"]) == 0
    held = read_session(session).markers
    assert [(m.id, m.clip, m.time_s) for m in held] == [("m1", "c2", 1.5), ("m1-2", "c2", 1.5)]
    assert run(["markers", "list", str(session)]) == 0
    assert "chorus" in capsys.readouterr().out
    out = tmp_path / "all.csv"
    assert run(["markers", "export", str(session), "-o", str(out), "--from", "g1"]) == 0
    assert read_markers(out)[0].time_s == pytest.approx(14.0, abs=1e-3)


def test_what_cannot_be_meant_is_one_sentence(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = write(tmp_path / "ref.csv", "name,colour\nx,red\n")
    out = str(tmp_path / "new.csv")

    def transfer(*more: str) -> tuple[int, str]:
        code = run(["markers", "transfer", str(session), "-o", out, *more])
        return code, capsys.readouterr().err

    code, words = transfer("--markers", ref, "--to", "c2")
    assert code == 1
    assert "ref.csv has no column for the time" in words
    code, words = transfer("--markers", ref, "--to", "c9")
    assert code == 2
    assert "No clip is called c9" in words
    assert not Path(out).exists()


def test_hostile_names_and_unknown_colours_arrive_whole_in_every_format(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = '"a, ""b""\nsecond line",20,sea foam\n=1+1,40,\n"tab\there",60,red\n'
    ref = write(tmp_path / "ref.csv", "name,time_s,color\n" + rows)
    names = ['a, "b"\nsecond line', "=1+1", "tab\there"]
    for out in ("new.csv", "new.json", "new.edl", "new.fcpxml", "new.xml", "new.otio"):
        arguments = ["markers", "transfer", str(session), "--markers", ref, "--to", "c2"]
        assert run([*arguments, "-o", str(tmp_path / out)]) == 0
        assert "Wrote 3 markers" in capsys.readouterr().out
        back = read_markers(tmp_path / out, rate=Fraction(30000, 1001))
        plain = [" ".join(name.split()) for name in names]
        assert [" ".join(marker.name.split()) for marker in back] == plain
        assert [m.time_s for m in back] == pytest.approx([7.5, 27.5, 47.5], abs=0.02)
        if out in ("new.csv", "new.json"):
            assert [m.name for m in back] == names
            assert [m.color for m in back] == ["sea foam", "", "red"]


def test_a_preset_of_ones_own_says_format_rate_reel_and_label(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[presets.trail]\nformat = "resolve-markers"\nfps = 25\nreel = "A001"\nlabel = "T"\n',
        "utf-8",
    )
    monkeypatch.setenv("CLAPLESS_CONFIG", str(config))
    ref = write(tmp_path / "ref.csv", "name,time_s\nroot,20.5\n")
    out = tmp_path / "new.edl"
    arguments = ["markers", "transfer", str(session), "--markers", ref, "--to", "c2"]
    assert run([*arguments, "-o", str(out), "--preset", "custom"]) == 0
    text = out.read_text("utf-8")
    # 8 s on the clip, in frames of 25.
    assert "001  A001     V     C        00:00:08:00 00:00:08:01" in text
    assert "|M:T: root" in text


def test_the_predecessors_files_are_written_beside_and_instead(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = write(tmp_path / "ref.csv", "marker_id,t_ref\nroot,20.5\n")
    out, seen = tmp_path / "new.csv", tmp_path / "seen.json"
    arguments = ["markers", "transfer", str(session), "--markers", ref, "--to", "c2"]
    arguments += ["-o", str(out), "--format", "mtbsync", "--vis-json", str(seen)]
    assert run(arguments) == 0
    assert out.read_text("utf-8").splitlines()[1].startswith("root,20.5,8.0003")
    document = json.loads(seen.read_text("utf-8"))
    (row,) = document["markers"]
    a, b = document["params"]["a"], document["params"]["b"]
    assert a * float(row["t_new_est"]) + b == pytest.approx(20.5)
    assert (a, b) == (pytest.approx(1 / (1 + 40e-6)), 12.5)
    capsys.readouterr()
    before = Path(ref).read_bytes()
    assert run([*arguments[:-1], ref]) == 2
    assert Path(ref).read_bytes() == before


def test_label_reel_and_rate_are_options_too_and_go_before_the_preset(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[presets.trail]\nformat = "resolve-markers"\nfps = 30\nreel = "B1"\nlabel = "T"\n', "utf-8"
    )
    monkeypatch.setenv("CLAPLESS_CONFIG", str(config))
    ref = write(tmp_path / "ref.csv", "name,time_s\nroot,20.5\n")
    assert run(["markers", "import", str(session), "--markers", ref]) == 0
    out = tmp_path / "new.edl"
    for command in (
        ["markers", "transfer", str(session), "--markers", ref, "--to", "c2"],
        ["markers", "export", str(session), "--from", "c2"],
    ):
        more = ["--preset", "trail", "--label", "run 2", "--reel", "A1", "--fps", "25"]
        assert run([*command, "-o", str(out), *more]) == 0
        text = out.read_text("utf-8")
        assert "001  A1       V     C        00:00:08:00 00:00:08:01" in text
        assert "|M:run 2: root" in text


def test_a_colour_that_no_one_knows_is_told_where_it_is_not_kept(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ref = write(tmp_path / "ref.csv", "name,time_s,color\nroot,20.5,sea foam\nberm,30,red\n")
    arguments = ["markers", "transfer", str(session), "--markers", ref, "--to", "c2"]
    assert run([*arguments, "-o", str(tmp_path / "new.edl")]) == 0
    assert "The colour sea foam is not one that resolve-markers has" in capsys.readouterr().err
    assert run([*arguments, "-o", str(tmp_path / "new.csv")]) == 0
    assert "sea foam" not in capsys.readouterr().err
