"""``clapless align``: from two track files to a session, a picture, and carried markers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clapless.cli.app import run
from clapless.session import read_session
from tests.numerics.test_route_warp import ride, wander
from tests.pipeline.test_routes import gpx


@pytest.fixture
def tracks(tmp_path: Path) -> tuple[str, str]:
    way = wander(41)
    ref = gpx(tmp_path / "ref.gpx", *ride(way, speed_mps=5.0, seed=42, noise_m=1.0))
    new = gpx(tmp_path / "new.gpx", *ride(way, speed_mps=6.0, seed=43, noise_m=1.0))
    return str(ref), str(new)


def test_two_tracks_give_a_session_a_picture_and_carried_markers(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session, picture = tmp_path / "s.json", tmp_path / "map.png"
    assert run(["align", *tracks, "-o", str(session), "--plot", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "new on the time of ref: 1 stretch" in printed
    assert "pass  share of the new run on the route" in printed
    notes = tmp_path / "ref.csv"
    notes.write_text("marker_id,t_ref\nroot,60\n", "utf-8")
    out = tmp_path / "new.csv"
    transfer = ["markers", "transfer", str(session), "--markers", str(notes), "--to", "new"]
    assert run([*transfer, "-o", str(out)]) == 0
    placement = read_session(session).groups[0].placements[1]
    assert f"{placement.to_clip(60.0):.3f} s" in capsys.readouterr().out


def test_json_holds_quality_gates_and_gaps(
    tracks: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["align", *tracks, "--json", "--most-unsure", "0.01"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["quality"]["on_route"] > 0.9
    assert [gate["passed"] for gate in document["gates"]] == [True, True, False]
    assert document["groups"][0]["placements"][1]["time_map"]["segments"]


def test_a_refusal_says_why_and_what_to_do(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = gpx(tmp_path / "other.gpx", *ride(wander(44), speed_mps=5.0, seed=45))
    assert run(["align", tracks[0], str(other)]) == 3
    printed = capsys.readouterr().out
    assert "the two runs do not follow one route" in printed
    assert "--anchor T_REF=T_NEW" in printed


def test_an_anchor_that_is_none_is_wrong_usage(
    tracks: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["align", *tracks, "--anchor", "12"]) == 2
    assert "T_REF=T_NEW" in capsys.readouterr().err
