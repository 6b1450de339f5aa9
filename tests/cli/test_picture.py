from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import pytest

from clapless.aside import draw_aside
from clapless.cli.picture import TICKS_S, draw_group, draw_session
from clapless.errors import ClaplessError
from clapless.model import Placement
from tests.cli.conftest import clip, shoot


def texts(figure) -> list[str]:
    (axes,) = figure.axes
    return [text.get_text() for text in axes.texts]


def test_a_row_per_device_and_a_bar_per_clip_where_it_lies(tmp_path: Path):
    session = shoot(tmp_path)
    figure = draw_group(session, session.groups[0])
    (axes,) = figure.axes
    boxes = [
        patch.get_window_extent(None).transformed(axes.transData.inverted())
        for patch in axes.patches
    ]
    bars = {round(box.x0, 3): box.width for box in boxes}
    assert set(bars) == {0.0, 12.254}
    assert bars[0.0] == pytest.approx(60.0)
    assert bars[12.254] == pytest.approx(60.0 / (1 + 10e-6), rel=1e-9)
    assert {"A", "ZOOM", "ZOOM0001", "C0002"} <= set(texts(figure))


def test_what_is_not_synced_is_named(tmp_path: Path):
    session = shoot(tmp_path)
    figure = draw_group(session, session.groups[0])
    assert figure.get_supxlabel() == "not synced: C0003"


def test_names_are_no_mathematics_and_no_warning(tmp_path: Path):
    session = shoot(tmp_path)
    hostile = clip(2, tmp_path, name="$\\frac{1$\n🎬漢", rate=Fraction(25))
    session = dataclasses.replace(session, clips=(session.clips[0], hostile, session.clips[2]))
    (path,) = draw_session(session, tmp_path / "plots")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path):
    class Breaks:
        def savefig(self, fname, **_):
            fname.write(b"half a picture")
            raise OSError(28, "No space left on device")

    path = tmp_path / "g1.png"
    path.write_bytes(b"the picture of yesterday")
    with pytest.raises(OSError, match="No space"):
        draw_aside(Breaks(), path, dpi=100)
    assert path.read_bytes() == b"the picture of yesterday"
    assert list(tmp_path.iterdir()) == [path]


def test_any_length_has_few_ticks(tmp_path: Path):
    session = shoot(tmp_path)
    (group,) = session.groups
    for offset_s in (-1e7, 0.01, 100.0, 86400.0):
        far = Placement(clip="c2", offset_s=offset_s)
        figure = draw_group(
            session, dataclasses.replace(group, placements=(group.placements[0], far))
        )
        (axes,) = figure.axes
        assert 2 <= len(axes.get_xticks()) <= 25
    assert list(TICKS_S) == sorted(TICKS_S)


def test_group_ids_are_file_names(tmp_path: Path):
    session = shoot(tmp_path)
    group = dataclasses.replace(session.groups[0], id="../g/1")
    (path,) = draw_session(dataclasses.replace(session, groups=(group,)), tmp_path)
    assert path == tmp_path / "___g_1.png"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ClaplessError, match="The pictures cannot be written to"):
        draw_session(shoot(tmp_path), tmp_path / "file")
