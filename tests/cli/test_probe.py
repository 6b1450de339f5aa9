"""``clapless probe``: what a camera's telemetry holds, in lines and in curves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from clapless.synth.gpmf import add_telemetry
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


def test_no_sensors_no_curves_is_said(run, tmp_path: Path) -> None:
    movie = write_media(tmp_path / "a.mp4", picture=Picture(rate=Fraction(25), count=5))
    ran = run("probe", movie, "--plot", tmp_path / "curves")
    assert "There are no sensors whose curves could be drawn." in ran.err
    assert not (tmp_path / "curves").exists()
