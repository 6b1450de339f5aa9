from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.session.paths import from_document, to_document
from tests.strategies import file_names

posix = pytest.mark.skipif(sys.platform == "win32", reason="paths of POSIX")


@posix
@given(
    below=st.lists(file_names, min_size=1, max_size=3),
    base=st.lists(st.sampled_from(["shoot", "edit", "day 1"]), max_size=3),
)
def test_a_path_comes_back(below: list[str], base: list[str]):
    path, folder = Path("/shoot").joinpath(*below), Path("/").joinpath(*base)
    assert from_document(to_document(path, folder), folder) == path


@posix
@pytest.mark.parametrize(
    ("path", "base", "written"),
    [
        ("/shoot/A/x.wav", "/shoot", "A/x.wav"),
        ("/shoot/A/x.wav", "/shoot/edit", "../A/x.wav"),
        ("/card/x.wav", "/shoot", "/card/x.wav"),
        ("/x.wav", "/", "x.wav"),
        ("/shoot/C:/x.wav", "/shoot", "C:/x.wav"),
        ("/shoot/a\\b.wav", "/shoot", "a\\b.wav"),
    ],
)
def test_relative_where_it_can_be(path: str, base: str, written: str):
    assert to_document(Path(path), Path(base)) == written


@posix
@pytest.mark.parametrize("text", ["C:/card/x.wav", "//server/share/x.wav", "D:x.wav"])
def test_a_path_of_another_system_survives(text: str):
    assert to_document(from_document(text, Path("/shoot")), Path("/shoot")).lstrip(
        "/"
    ) == text.lstrip("/")


def test_a_moved_project_finds_its_media(tmp_path: Path):
    text = to_document(tmp_path / "old" / "A" / "x.wav", tmp_path / "old" / "edit")
    assert text == "../A/x.wav"
    assert from_document(text, tmp_path / "new" / "edit") == Path(
        os.path.realpath(tmp_path), "new", "A", "x.wav"
    )


@posix
def test_steps_upwards_are_real_ones(tmp_path: Path):
    (tmp_path / "disk" / "edit").mkdir(parents=True)
    (tmp_path / "home" / "media").mkdir(parents=True)
    (tmp_path / "home" / "link").symlink_to(tmp_path / "disk" / "edit")
    media = tmp_path / "home" / "media" / "x.wav"
    media.touch()
    text = to_document(media, tmp_path / "home" / "link")
    assert (tmp_path / "home" / "link" / text).exists()
    assert from_document(text, tmp_path / "disk" / "edit").samefile(media)
