"""``clapless align``: from two track files to a session, a picture, and carried markers."""

from __future__ import annotations

import dataclasses
import inspect
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from clapless.cli.align import align as align_verb
from clapless.cli.app import run
from clapless.cli.route_picture import map_figure, places
from clapless.markers.choice import read_markers
from clapless.model import Marker
from clapless.pipeline.routes import Gates, align
from clapless.session import read_session
from clapless.synth.music import song
from clapless.synth.ride_video import RideCamera, RideRun, write_ride
from clapless.synth.ride_world import Leg
from clapless.synth.takes import beats, perform_take
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
    assert document["quality"]["residual_mae_s"] < 0.5
    failed = [gate["gate"] for gate in document["gates"] if not gate["passed"]]
    assert failed == ["most_unsure_s"]
    assert document["groups"][0]["placements"][1]["time_map"]["segments"]


def test_every_gate_is_an_option_with_its_own_threshold(
    tracks: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = inspect.signature(align_verb).parameters
    for field in dataclasses.fields(Gates):
        name = next(n for n in (field.name, field.name.rsplit("_", 1)[0]) if n in options)
        assert options[name].default == field.default
    assert run(["align", *tracks, "--least-coverage", "1", "--most-ppm", "5"]) == 3
    printed = " ".join(capsys.readouterr().out.split())
    assert "FAIL pace apart from the reference's, ppm" in printed
    assert "(at most 5.00)" in printed
    assert "Check it: 2 gates of 10 failed: " in printed
    assert run(["align", *tracks]) == 0
    assert "All 9 gates passed." in capsys.readouterr().out


def test_a_file_against_itself_is_wrong_usage(
    tracks: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["align", tracks[0], tracks[0]]) == 2
    assert "ref.gpx was named twice" in capsys.readouterr().err


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


def test_the_picture_shows_markers_of_a_file_and_of_the_session(
    tracks: tuple[str, str], tmp_path: Path
) -> None:
    notes = tmp_path / "ref.csv"
    notes.write_text('name,time_s\n"$root$, left",60\nlong after,99999\n', "utf-8")
    bare, marked = tmp_path / "bare.png", tmp_path / "marked.png"
    assert run(["align", *tracks, "--plot", str(bare)]) == 0
    assert run(["align", *tracks, "--plot", str(marked), "--markers", str(notes)]) == 0
    assert marked.read_bytes() != bare.read_bytes()
    assert run(["align", *tracks, "--markers", str(notes)]) == 2


def test_the_picture_can_be_read(tracks: tuple[str, str]) -> None:
    result = align(*tracks)
    figure = map_figure(result, [Marker(id="a", name="root", clip="c1", time_s=60.0)])
    figure.draw_without_rendering()
    upper, residual, pace, lower = figure.axes
    assert [text.get_text() for text in upper.texts] == ["root"]
    ticks = [label.get_text() for label in pace.get_yticklabels()]
    low, high = pace.get_ylim()
    seen = [float(tick.removesuffix(" x")) for tick in ticks]
    assert len([value for value in seen if low <= value <= high]) >= 2
    assert all(tick.endswith(" x") and "e" not in tick for tick in ticks)
    assert result.quality is not None
    drawn = [len(np.asarray(line.get_xdata())) for line in residual.lines]
    assert result.quality.singles in drawn
    assert lower.get_ylim()[0] == 0.0


def test_markers_of_either_run_are_drawn_where_they_fall(tracks: tuple[str, str]) -> None:
    result = align(*tracks)
    placement = result.session.groups[0].placements[1]
    held = [
        Marker(id="a", name="a", clip="c1", time_s=60.0),
        Marker(id="b", name="b", clip="c2", time_s=50.0),
        Marker(id="c", name="c", clip="c1", time_s=1e5),
        Marker(id="d", name="d", clip="c9", time_s=5.0),
    ]
    one, two, late = places(result, held)
    assert one[1:] == pytest.approx((placement.to_clip(60.0), 60.0))
    assert two[1:] == pytest.approx((50.0, placement.to_group(50.0)))
    assert not one[0].needs_review
    assert late[0].needs_review
    assert late[1] <= float(result.session.clips[1].duration_s)


def wav(path: Path, samples: NDArray[np.float32], rate_hz: int = 16000) -> str:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=rate_hz, layout="mono")
        data = np.clip(samples * 3000, -32768, 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(data, format="s16", layout="mono")
        frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return str(path)


@pytest.mark.media
def test_two_takes_of_a_song_are_aligned_and_markers_fall_on_the_same_beat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    piece = song(np.random.default_rng(71))
    grids, files = [], []
    for seed, ratio in ((1, 1.0), (2, 1.3)):
        rng = np.random.default_rng(seed)
        grids.append(beats(rng, piece, sections=4, ratio=ratio))
        files.append(wav(tmp_path / f"take {seed}.wav", perform_take(rng, piece, grids[-1], 16000)))
    session, out = tmp_path / "s.json", tmp_path / "new.csv"
    assert run(["align", *files, "-o", str(session)]) == 0
    assert "by tempo" in capsys.readouterr().out
    chosen = np.arange(8, 120)
    notes = tmp_path / "ref.csv"
    rows = "".join(f"beat {n},{float(grids[0][n])!r}\n" for n in chosen)
    notes.write_text("name,time_s\n" + rows, "utf-8")
    transfer = ["markers", "transfer", str(session), "--markers", str(notes), "--to", "take 2"]
    assert run([*transfer, "-o", str(out)]) == 0
    got = [marker.time_s for marker in read_markers(out)]
    error_s = np.abs(np.array(got) - grids[1][chosen])
    assert np.median(error_s) < 0.03
    # In a few bars of this quick song the map may lie a stroke beside; its error bar says so.
    assert error_s.max() < 0.3


@pytest.mark.media
@pytest.mark.parametrize("late_s", [0.0, 8.0])
def test_satellites_and_music_together_and_what_disagrees_is_told(
    late_s: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two rides along one street with one song from the loudspeaker, at two tempos."""
    piece, way = song(np.random.default_rng(71)), wander(95)
    grids, files, logs = [], [], []
    for seed, ratio in ((1, 1.0), (2, 1.2)):
        rng = np.random.default_rng(seed)
        grids.append(beats(rng, piece, sections=4, ratio=ratio))
        samples = perform_take(rng, piece, grids[-1], 16000)
        files.append(wav(tmp_path / f"take {seed}.wav", samples))
        seconds = np.arange(0.0, len(samples) / 16000)
        gone_m = 1.5 * np.interp(seconds - (late_s if seed == 2 else 0.0), grids[-1], range(129))
        places_m = np.stack([np.interp(gone_m, np.arange(1800), axis) for axis in way.T], axis=-1)
        logs.append(str(gpx(tmp_path / f"log {seed}.gpx", seconds, places_m)))
    session = tmp_path / "s.json"
    tracks = ["--ref-gpx", logs[0], "--new-gpx", logs[1]]
    code = run(["align", *files, *tracks, "--signals", "gps,tempo", "-o", str(session)])
    printed = capsys.readouterr()
    held = read_session(session)
    placement = held.groups[0].placements[1]
    chosen = np.arange(8, 120, 4)
    got = [placement.to_clip(float(grids[0][n])) for n in chosen]
    assert np.median(np.abs(np.array(got) - grids[1][chosen])) < 0.05
    if late_s:
        assert code == 3
        assert (placement.signals, placement.status) == (("tempo",), "check")
        assert "Gps and tempo disagree for" in printed.err.replace("\n", " ")
    else:
        assert code == 0
        assert "by tempo and gps" in printed.out
        assert all(match.accepted for match in held.matches)


@pytest.mark.media
def test_another_song_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = []
    for seed in (71, 72):
        rng = np.random.default_rng(seed)
        piece = song(rng)
        grid = beats(rng, piece, sections=3)
        files.append(wav(tmp_path / f"{seed}.wav", perform_take(rng, piece, grid, 16000)))
    assert run(["align", *files]) == 3
    assert "the two do not play one piece of music" in capsys.readouterr().out


def test_tracks_that_never_meet_or_have_no_times_are_one_sentence(
    tracks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times, places_m = ride(wander(41), speed_mps=5.0, seed=42)
    far = gpx(tmp_path / "far.gpx", times, places_m + 50_000.0)
    assert run(["align", tracks[0], str(far)]) == 3
    assert "the two runs do not follow one route" in capsys.readouterr().out
    bare = tmp_path / "bare.gpx"
    text = Path(tracks[1]).read_text("utf-8")
    bare.write_text(text.replace("<time>", "<x>").replace("</time>", "</x>"), "utf-8")
    assert run(["align", tracks[0], str(bare)]) == 3
    assert "bare: its track has no times" in capsys.readouterr().out


def test_a_signal_that_there_is_not_is_wrong_usage(
    tracks: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["align", *tracks, "--signals", "gps,smell"]) == 2
    assert "there are gps, tempo and scenery" in capsys.readouterr().err.replace("\n", " ")


def test_named_evidence_that_finds_nothing_is_told(
    tracks: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["align", *tracks, "--signals", "gps,tempo,scenery"]) == 0
    err = capsys.readouterr().err
    assert "By tempo nothing was found: ref has no sound." in err
    assert "By scenery nothing was found: ref has no pictures." in err


@pytest.mark.media
def test_pictures_and_satellites_together_and_a_video_of_another_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_1 = RideRun(
        seed=31, legs=(Leg(8, 0, 220),), duration_s=14.0, camera=RideCamera(width=480, height=270)
    )
    run_2 = replace(run_1, seed=32, start_m=14.0, duration_s=10.0)
    ref, new, other = (str(tmp_path / f"{name}.mp4") for name in ("ref", "new", "other"))
    truths = [write_ride(Path(ref), run_1), write_ride(Path(new), run_2)]
    write_ride(Path(other), replace(run_1, seed=33, legs=(Leg(99, 0, 220),), duration_s=8.0))
    rng = np.random.default_rng(3)
    for path, truth, length_s in ((ref, truths[0], 14.0), (new, truths[1], 10.0)):
        seconds = np.arange(0.0, length_s + 0.1)
        along = np.array([truth.at(float(t)) for t in seconds])
        places_m = np.stack([along, 0.2 * along], axis=-1) / np.hypot(1, 0.2)
        gpx(Path(path).with_suffix(".gpx"), seconds, places_m + rng.normal(0, 0.5, (1, 2)))
    tracks = ["--ref-gpx", str(tmp_path / "ref.gpx"), "--new-gpx", str(tmp_path / "new.gpx")]
    session = tmp_path / "s.json"
    assert run(["align", ref, new, *tracks, "-o", str(session)]) == 0
    assert "by scenery and gps" in capsys.readouterr().out
    held = read_session(session)
    assert [(m.signal, m.accepted) for m in held.matches] == [("gps", True), ("scenery", True)]
    placement = held.groups[0].placements[1]
    error_s = [
        abs(placement.to_clip(t) - when[0])
        for t in np.arange(4.0, 11.0, 0.5)
        if (when := truths[1].when(truths[0].at(float(t))))
    ]
    assert len(error_s) > 5
    assert np.median(error_s) < 0.15
    assert run(["align", ref, other]) == 3
    assert "the two runs do not pass the same places" in capsys.readouterr().out
