"""``clapless probe``: what a camera's telemetry holds, in lines and in curves."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clapless.synth.mp4_track import add_telemetry
from clapless.synth.tracks import fit_bytes, gpx_text
from clapless.synth.wave import write_wave
from tests.media.gpmf_making import MODELS, payloads_of
from tests.media.making import Picture, write_media

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made")
    movie = write_media(made / "plain.mp4", picture=Picture(rate=Fraction(30000, 1001), count=60))
    folder = tmp_path_factory.mktemp("card")
    add_telemetry(movie, folder / "GX010001.mp4", payloads_of(MODELS["HERO9"], 3))
    return folder


def test_streams_are_listed_with_their_rates(run, card: Path) -> None:
    ran = run("probe", card)
    assert ran.code == 0
    assert "GYRO Gyroscope" in ran.out
    assert " Hz, rad/s, " in ran.out


def test_curves_are_drawn_where_there_are_sensors(run, card: Path, tmp_path: Path) -> None:
    ran = run("probe", card, "--plot", tmp_path / "curves")
    (picture,) = (tmp_path / "curves").iterdir()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert str(picture) in ran.err


def test_a_picture_that_cannot_be_finished_leaves_the_old_one(
    run, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("probe", card, "--plot", tmp_path / "curves")
    (picture,) = (tmp_path / "curves").iterdir()
    before = picture.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    ran = run("probe", card, "--plot", tmp_path / "curves")
    assert ran.code == 1
    assert "no space left" in ran.err.lower()
    assert [path.name for path in (tmp_path / "curves").iterdir()] == [picture.name]
    assert picture.read_bytes() == before


def test_no_sensors_no_curves_is_said(run, tmp_path: Path) -> None:
    movie = write_media(tmp_path / "a.mp4", picture=Picture(rate=Fraction(25), count=5))
    ran = run("probe", movie, "--plot", tmp_path / "curves")
    assert "There are no sensors whose curves could be drawn." in ran.err
    assert not (tmp_path / "curves").exists()


def test_a_signal_that_telemetry_cannot_give_is_named_with_its_reason(run, tmp_path: Path) -> None:
    movie = write_media(
        tmp_path / "plain.mp4", picture=Picture(rate=Fraction(30000, 1001), count=120)
    )
    (tmp_path / "card").mkdir()
    add_telemetry(movie, tmp_path / "card" / "GX1.mp4", payloads_of(MODELS["HERO12"], 4))
    ran = run("probe", tmp_path / "card")
    assert "not by gps: it has no satellite receiver" in ran.out
    (given,) = (line for line in ran.out.splitlines() if "can be synced by" in line)
    (routes,) = (line for line in ran.out.splitlines() if "can be aligned by" in line)
    assert "scenery" in routes
    assert "scenery" not in given
    assert "motion" in given
    assert "gps" not in given


def test_telemetry_taken_out_of_a_movie_is_shown_and_drawn(run, tmp_path: Path) -> None:
    dump = tmp_path / "taken.gpmf"
    dump.write_bytes(b"".join(payloads_of(MODELS["HERO9"], 9)))
    ran = run("probe", dump, "--plot", tmp_path / "curves")
    assert ran.code == 0
    assert "GYRO Gyroscope" in ran.out
    assert " at 199.3" in ran.out, "the stamps say how long a payload is"
    assert (tmp_path / "curves" / "t1-taken.png").exists()
    dump.write_bytes(b"DEVC\0" + bytes(20))
    broken = run("probe", dump)
    assert broken.code == 1
    assert "taken.gpmf" in broken.err


def test_tracks_are_shown_and_broken_ones_are_a_sentence(run, tmp_path: Path) -> None:
    points = [(1.78e9 + t, 47.0 + 1e-4 * t, 8.0) for t in range(30)]
    (tmp_path / "ride.gpx").write_text(gpx_text(points))
    (tmp_path / "ride.fit").write_bytes(fit_bytes(points))
    (tmp_path / "bad.fit").write_bytes(b"not a track at all, only words of some length")
    (tmp_path / "notes.txt").write_text("left aside")
    ran = run("probe", tmp_path)
    assert ran.code == 3
    assert ran.out.count("30 positions, 0.32 km, 2026-05-28T20:26:40") == 2
    assert "bad.fit" in ran.err
    document = json.loads(run("probe", tmp_path, "--json").out)
    assert len(document["beside"]) == 2
    assert len(document["failures"]) == 1
    assert len(document["skipped"]) == 1


@pytest.mark.real
def test_every_real_gopro_file_shows_what_is_in_it(run, shared_data: Path, tmp_path: Path) -> None:
    ran = run("probe", shared_data / "gopro")
    assert ran.code == 0
    assert ran.err == ""
    for name in ("hero5_karma", "hero7", "long_hero11.bin", "mp4header.raw", "hero05.gpx"):
        assert name in ran.out
    assert "GPS9 GPS, 679 x 9 at 2.0" in ran.out
    assert "GPRI GPS RAW" in ran.out
    assert "GPRI: 100% of 47 positions have a fix" in ran.out
    assert "serial: C3281324500963" in ran.out
    taken = shared_data / "gopro" / "raw" / "hero7_17s.raw"
    run("probe", shared_data / "gopro" / "hero7.mp4", taken, "--plot", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c1-hero7.png", "t1-hero7_17s.png"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_results_sent_to_a_full_disk_are_one_sentence(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    take = tmp_path / "a.wav"
    write_wave(take, np.zeros((1, 16000), np.float32), 16000)
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "clapless", "probe", str(take), *options],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ran.returncode == 1
    assert ran.stderr.decode() == "The results could not be written: no space left on device.\n"
