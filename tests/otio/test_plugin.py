"""OpenTimelineIO finds and loads this package's adapters through its entry point."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

import clapless_otio
from clapless_otio.cut import Item, Media, Project, Sequence, Track
from clapless_otio.otio_reading import read_timelines
from clapless_otio.otio_writing import project_root

ADAPTERS = [a for a in otio.plugins.ActiveManifest().adapters if a.name.startswith("clapless_")]


def test_the_manifest_is_ours():
    assert {adapter.name for adapter in ADAPTERS} >= {"clapless_fcpxml"}


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda a: a.name)
def test_opentimelineio_loads_the_file_of_this_package(adapter):
    loaded = Path(adapter.module_abs_path())
    assert loaded.parent == Path(clapless_otio.__file__).parent / "adapters"
    assert Path(adapter.module().__file__) == loaded


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda a: a.name)
def test_adapter_files_are_thin(adapter):
    text = Path(adapter.module_abs_path()).read_text(encoding="utf-8")
    assert "\nclass " not in text
    assert "from ." not in text
    assert len(text.splitlines()) < 80


def test_a_timeline_goes_through_opentimelineio():
    timeline = otio.schema.Timeline("empty")
    text = otio.adapters.write_to_string(timeline, adapter_name="clapless_fcpxml", version="1.11")
    assert '<fcpxml version="1.11">' in text


def test_what_bins_hold_besides_lies_in_the_one_timelines_metadata():
    """Programs that open an .otio want a timeline at its top, not a collection."""
    media = Media(name="a", url="file:///a.mov", rate=Fraction(25), duration_s=Fraction(4))
    item = Item(name="a", start_s=Fraction(0), duration_s=Fraction(4), source=media)
    track = Track(name="V", kind="video", items=(item,))
    sequence = Sequence(name="s", rate=Fraction(25), tracks=(track,))
    spare = replace(item, name="spare", source=replace(media, url="file:///b.mov"))
    project = Project(name="p", sequences=(sequence,), loose=(spare,))
    root = project_root(project)
    assert isinstance(root, otio.schema.Timeline)
    assert {clip.name for clip in root.find_clips()} == {"a"}
    again = read_timelines(
        otio.adapters.read_from_string(root.to_json_string(), adapter_name="otio_json")
    )
    assert [one.name for one in again.loose] == ["spare"]
    assert again.loose == (replace(spare, source=again.loose[0].source),)
    source = again.loose[0].source
    assert isinstance(source, Media)
    assert source.url == "file:///b.mov"
