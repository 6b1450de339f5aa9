"""Silent cameras through the whole of sync: files in, placements out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

import clapless
from clapless.synth.gpmf import Stream, Writer, add_telemetry
from tests.media.making import Picture, write_media

Doubles = NDArray[np.float64]

FINE_HZ = 500.0
LENGTH_S = 30.0
SENSORS = (("ACCL", "m/s²", 418, 2.0, 9.0), ("GYRO", "rad/s", 2000, 0.5, 6.0))


def felt(seed: int, seconds: float) -> dict[str, Doubles]:
    """Return acceleration and turning of a body 500 times a second."""
    rng = np.random.default_rng(seed)
    out = {}
    for key, _, _, size, high in SENSORS:
        sections = butter(2, [0.3, high], "bandpass", fs=FINE_HZ, output="sos")
        values = sosfiltfilt(sections, rng.standard_normal((int(seconds * FINE_HZ), 3)), axis=0)
        out[key] = np.asarray(size * values / values.std(), np.float64)
    return out


def camera(path: Path, movie: Path, body: dict[str, Doubles], start_s: float, seed: int) -> Path:
    """Write a silent clip of a camera on the body, mounted in its own way."""
    turn = np.asarray(Rotation.random(random_state=seed).as_matrix())
    own_s = np.arange(0.0, LENGTH_S, 1 / (198.0 + seed))
    streams = []
    for key, unit, scale, _, _ in SENSORS:
        body_s = np.arange(body[key].shape[0]) / FINE_HZ
        values = np.stack([np.interp(own_s + start_s, body_s, v) for v in body[key].T], axis=1)
        streams.append(
            Stream(
                key=key, times_s=own_s, values=values @ turn.T, scale=(scale,), unit=unit,
                order="ZXY",
            )
        )  # fmt: skip
    payloads = Writer(device=f"HERO{9 + seed} Black").payloads(streams, count=int(LENGTH_S / 1.001))
    path.parent.mkdir(exist_ok=True)
    return add_telemetry(movie, path, payloads)


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    count = int(LENGTH_S * 30000 / 1001)
    return write_media(
        tmp_path / "plain.mp4", picture=Picture(rate=Fraction(30000, 1001), count=count)
    )


@pytest.mark.media
def test_two_rigid_cameras_without_sound_are_placed_and_a_third_is_not(
    movie: Path, tmp_path: Path
) -> None:
    rider, other = felt(1, 60.0), felt(2, 40.0)
    paths = [
        camera(tmp_path / "helmet" / "GX010001.MP4", movie, rider, 0.0, 0),
        camera(tmp_path / "bars" / "GX010002.MP4", movie, rider, 11.25, 1),
        camera(tmp_path / "drone" / "GX010003.MP4", movie, other, 0.0, 2),
    ]
    session = clapless.sync(paths)
    (group,) = session.groups
    names = {clip.name: clip.id for clip in session.clips}
    placed = {placement.clip: placement for placement in group.placements}
    assert set(placed) == {names["GX010001"], names["GX010002"]}
    helmet, bars = placed[names["GX010001"]], placed[names["GX010002"]]
    assert bars.offset_s - helmet.offset_s == pytest.approx(11.25, abs=0.005)
    follower = bars if helmet.clip == group.reference else helmet
    assert follower.signals == ("motion",)
    assert follower.status == "synced"
    assert abs(abs(follower.offset_s) - 11.25) < 3 * follower.offset_std_s
    (unplaced,) = session.unplaced
    assert unplaced.clip == names["GX010003"]
