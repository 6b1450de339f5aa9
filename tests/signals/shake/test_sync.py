"""Shake through the whole of the command line: files in, placements and reasons out."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clapless.cli import main
from clapless.synth.gpmf import Stream, Writer
from clapless.synth.movie import Encoding, write_movie
from clapless.synth.mp4_track import add_telemetry
from clapless.synth.shaken import Turning, shaken_pictures
from tests.signals.shake.making import camera, turning

FELT_S = 28.0
STEP_S = 1 / 201.0


def black_with_gyroscope(folder: Path, body: Turning) -> Path:
    """Write a clip with nothing to see and the rates of a body."""
    black = folder / "black.mp4"
    pictures = (np.zeros((36, 64), np.uint8) for _ in range(int(FELT_S * 10)))
    write_movie(black, frames=pictures, frame_rate=Fraction(10), sound=None)
    own_s = np.arange(0.0, FELT_S, STEP_S)
    values = np.stack([np.interp(own_s, body.times_s, axis) for axis in body.rates.T], axis=1)
    stream = Stream(key="GYRO", times_s=own_s, values=values, scale=(3755,))
    payloads = Writer(device="HERO8 Black").payloads([stream], count=int(FELT_S / 1.001))
    path = add_telemetry(black, folder / "felt.mp4", payloads)
    black.unlink()
    return path


@pytest.mark.media
def test_a_silent_camera_without_a_sensor_is_placed_by_its_shake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body, other = turning(36.0, 41), turning(20.0, 42)
    felt = black_with_gyroscope(tmp_path, body)
    for name, moved in (("seen", body), ("other", other)):
        view = camera(offset_s=6.0, seed=3)
        write_movie(
            tmp_path / f"{name}.mp4",
            frames=shaken_pictures(view, moved, int(12 * view.frame_rate)),
            frame_rate=view.frame_rate,
            sound=None,
            encoding=Encoding(crf=24, keyframe_every=30),
        )
    paths = [str(tmp_path / f"{name}.mp4") for name in ("seen", "other")]
    code = main(["sync", str(felt), *paths, "--signals", "shake", "--json"])
    assert code == 3
    session = json.loads(capsys.readouterr().out)
    names = {clip["name"]: clip["id"] for clip in session["clips"]}
    (group,) = session["groups"]
    placed = {one["clip"]: one for one in group["placements"]}
    assert placed.keys() == {names["felt"], names["seen"]}
    apart_s = placed[names["seen"]]["offset_s"] - placed[names["felt"]]["offset_s"]
    assert apart_s == pytest.approx(6.0, abs=0.004)
    assert placed[names["seen"]]["status"] == "synced"
    (left,) = session["unplaced"]
    assert left["clip"] == names["other"]
    assert left["reason"]
