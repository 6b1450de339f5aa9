"""FCPXML for OpenTimelineIO: ``otioconvert -i cut.fcpxml -I clapless_fcpxml -o cut.otio``."""

from pathlib import Path

import opentimelineio as otio

from clapless_otio import fcpxml
from clapless_otio.otio_reading import read_timelines
from clapless_otio.otio_writing import project_root


def read_from_string(input_str: str) -> otio.core.SerializableObject:
    """Return the timeline of an FCPXML document, or a collection where it holds several things."""
    return project_root(fcpxml.read_fcpxml(input_str.encode("utf-8"), name="the document"))


def read_from_file(filepath: str) -> otio.core.SerializableObject:
    """Return what a file holds; its encoding is its own business."""
    path = Path(filepath)
    return project_root(fcpxml.read_fcpxml(path.read_bytes(), name=path.name))


def write_to_string(input_otio: otio.core.SerializableObject, version: str = "1.10") -> str:
    """Return a timeline as an FCPXML document of a version (1.9 to 1.14)."""
    data, _ = fcpxml.write_fcpxml(read_timelines(input_otio), version=version)
    return data.decode("utf-8")
