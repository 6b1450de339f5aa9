"""Formats chosen by suffix and content, and presets from the configuration file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from clapless.errors import TimelineError, UsageError
from clapless.markers.choice import CUSTOM, Preset, find_preset, read_markers, write_markers
from clapless.markers.formats import TIMELINE
from clapless.model import Marker

RATE = Fraction(25)
HELD = [Marker(id=f"m{n}", name=f"n{n}", group=TIMELINE, time_s=n * 20.0) for n in range(3)]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("x.csv", "csv"),
        ("x.json", "json"),
        ("x.txt", "audacity"),
        ("x.txt", "avid"),
        ("x.txt", "youtube"),
        ("x.csv", "premiere-csv"),
        ("x.edl", "resolve-markers"),
        ("x.fcpxml", "fcpxml"),
        ("x.xml", "premiere"),
        ("x.otio", "otio"),
    ],
)
def test_every_format_is_recognised_by_its_content(file: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / file
    assert write_markers(path, HELD, preset=Preset(format=name), rate=RATE) == name
    back = read_markers(path, rate=RATE)
    assert [(m.name, round(m.time_s, 6)) for m in back] == [(m.name, m.time_s) for m in HELD]


def test_a_name_that_says_nothing_needs_the_format(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--format"):
        write_markers(tmp_path / "notes", HELD, rate=RATE)
    with pytest.raises(UsageError, match="no marker format 'pdf'"):
        write_markers(tmp_path / "notes", HELD, preset=Preset(format="pdf"), rate=RATE)
    with pytest.raises(TimelineError, match=r"gone\.csv cannot be read"):
        read_markers(tmp_path / "gone.csv")


def test_an_edl_is_written_as_resolve_reads_it(tmp_path: Path) -> None:
    assert write_markers(tmp_path / "x.edl", HELD, rate=RATE) == "resolve-markers"


def test_presets_come_from_the_configuration_file(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[presets.trail]\nformat = "avid"\nfps = 29.97\nreel = "A1"\nlabel = "trail"\n', "utf-8"
    )
    preset = find_preset("trail", config=config)
    assert preset == Preset(format="avid", rate=Fraction(30000, 1001), reel="A1", label="trail")
    assert find_preset(CUSTOM, config=config) == preset
    assert find_preset("resolve-edl", config=config).format == "resolve-markers"
    write_markers(tmp_path / "x.txt", HELD, preset=preset, rate=RATE)
    assert [m.name for m in read_markers(tmp_path / "x.txt", format="avid")] == [
        f"trail: n{n}" for n in range(3)
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no preset 'trail'"),
        ("[presets.trail]\nfps = 25\n", "must name its format"),
        ('[presets.trail]\nformat = "csv"\nspeed = 2\n', "does not know 'speed'"),
        ('[presets.trail]\nformat = "csv"\nfps = "fast"\n', "no rate"),
        ("[presets", "cannot be read"),
    ],
)
def test_a_wrong_preset_is_one_sentence(text: str, words: str, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=words):
        find_preset("trail", config=config)
