"""Premiere's XML for OpenTimelineIO: ``otioconvert -o cut.xml -O clapless_premiere``."""

from pathlib import Path

import opentimelineio as otio

from clapless_otio import xmeml
from clapless_otio.otio_reading import read_timelines
from clapless_otio.otio_writing import project_root


def read_from_string(input_str: str) -> otio.core.SerializableObject:
    """Return the timeline of a document, or a collection where it holds several things."""
    return project_root(xmeml.read_xmeml(input_str.encode("utf-8"), name="the document"))


def read_from_file(filepath: str) -> otio.core.SerializableObject:
    """Return what a file holds; its encoding is its own business."""
    path = Path(filepath)
    return project_root(xmeml.read_xmeml(path.read_bytes(), name=path.name))


def write_to_string(input_otio: otio.core.SerializableObject) -> str:
    """Return a timeline as an xmeml 4 document."""
    data, _ = xmeml.write_xmeml(read_timelines(input_otio))
    return data.decode("utf-8")
