"""The clocks of rows: instants of rows and back, nearest frames, the file, the charts."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.errors import ClaplessError
from clapless.model import Clip, Group, Match, MediaFile, Placement, Session
from clapless.numerics.rolling_shutter import RollingShutter, nearest_frames
from clapless.report.flash_model import camera_rows, read_flash_model, write_flash_model
from clapless.report.flash_plots import draw_flashes


def session(tmp_path: Path) -> Session:
    clips = tuple(
        Clip(
            id=name,
            name=f"cam {name}",
            files=(MediaFile(path=tmp_path / f"{name}.mp4"),),
            duration_s=Fraction(60),
        )
        for name in ("a", "b")
    )
    match = Match(
        a="a",
        b="b",
        signal="flash",
        offset_s=2.0,
        drift_ppm=10.0,
        details={
            "readouts_ms": [16.0, -20.0],
            "readout_stds_ms": [0.1, 0.1],
            "exposures_ms": [8.0, 4.0],
            "rows": [1080, 720],
            "edges_a": [[1.0, 0.25, 0.02, 1.0], [5.0, 0.75, 0.9, 0.1]],
            "edges_b": [[1.0, 0.5, -0.03, 1.0]],
        },
    )
    placements = (
        Placement(clip="a", offset_s=0.0),
        Placement(clip="b", offset_s=2.0, drift_ppm=10.0, offset_std_s=1e-4),
    )
    group = Group(id="g1", reference="a", placements=placements)
    return Session(clips=clips, groups=(group,), matches=(match,))


def test_rows_of_a_camera_on_its_head_come_the_other_way_round(tmp_path: Path) -> None:
    rows = camera_rows(session(tmp_path))
    assert rows["a"].shutter.time_of(0.0, 540) == pytest.approx(0.008)
    upside = rows["b"].shutter
    # Its bottom row is read first, at the frame's own time.
    assert upside.time_of(0.0, 720) == pytest.approx(2.0)
    assert upside.time_of(0.0, 0) == pytest.approx(2.02)
    assert upside.readout_s == pytest.approx(0.02)
    assert rows["b"].exposure_s == pytest.approx(0.004)


@given(
    frame=st.integers(0, 500),
    row=st.floats(0.5, 1079.5),
    per_row_us=st.floats(5, 25),
    turned=st.booleans(),
)
def test_frame_and_row_of_an_instant_are_found_again(
    frame: int, row: float, per_row_us: float, turned: bool
) -> None:
    step_s = -per_row_us * 1e-6 if turned else per_row_us * 1e-6
    camera = RollingShutter(drift=1 - 2e-5, shift_s=3.5, time_per_row_s=step_s, rows=1080)
    frames_s = np.arange(501) / 30
    index, found = camera.position_of(camera.time_of(float(frames_s[frame]), row), frames_s)
    assert index == frame
    assert found == pytest.approx(row, abs=1e-3)


def test_a_dropped_frame_has_no_nearest_one() -> None:
    camera = RollingShutter(drift=1.0, shift_s=0.0, time_per_row_s=0.0, rows=1080)
    frames_s = np.delete(np.arange(10) / 25, 4)
    indices, errors_s = nearest_frames(camera, np.arange(10) / 25, camera, frames_s)
    assert indices.tolist() == [0, 1, 2, 3, -1, 4, 5, 6, 7, 8]
    assert np.isnan(errors_s[4])
    assert np.nanmax(np.abs(errors_s)) < 1e-12


def test_the_model_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    one = session(tmp_path)
    write_flash_model(one, path)
    assert json.loads(path.read_text())["cameras"]["b"]["upside_down"] is True
    again = read_flash_model(path)
    for clip, rows in camera_rows(one).items():
        assert again[clip] == rows.shutter


def test_what_is_no_model_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"schema": "other"}')
    with pytest.raises(ClaplessError, match=r"x\.json.* is no flash model"):
        read_flash_model(path)
    with pytest.raises(ClaplessError, match="no clip was synced by flashes"):
        write_flash_model(Session(), path)


def test_a_chart_per_camera_is_drawn(tmp_path: Path) -> None:
    drawn = draw_flashes(session(tmp_path), tmp_path / "plots")
    assert [path.name for path in drawn] == ["flashes_a.png", "flashes_b.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)
