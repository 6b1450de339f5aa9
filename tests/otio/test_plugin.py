"""OpenTimelineIO finds and loads this package's adapters through its entry point."""

from pathlib import Path

import opentimelineio as otio
import pytest

import clapless_otio

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
