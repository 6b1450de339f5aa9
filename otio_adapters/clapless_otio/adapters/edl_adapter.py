"""Edit decision lists for OpenTimelineIO: ``otioconvert -o cut.edl -O clapless_edl``."""

from pathlib import Path

import opentimelineio as otio

from clapless_otio import edl
from clapless_otio.exact import known_rate
from clapless_otio.otio_reading import read_timelines
from clapless_otio.otio_writing import project_root


def read_from_string(input_str: str, rate: float | None = None) -> otio.core.SerializableObject:
    """Return the timeline of a list; `rate` is its frames per second, which lists do not say."""
    exact = known_rate(rate) if rate else None
    data = input_str.encode("utf-8")
    return project_root(edl.read_edl(data, name="the document", rate=exact))


def read_from_file(filepath: str, rate: float | None = None) -> otio.core.SerializableObject:
    """Return what a file holds; its encoding is its own business."""
    path = Path(filepath)
    exact = known_rate(rate) if rate else None
    return project_root(edl.read_edl(path.read_bytes(), name=path.name, rate=exact))


def write_to_string(
    input_otio: otio.core.SerializableObject, track: int = 1, file32: bool = False
) -> str:
    """Return one track of a timeline, from 1, as a list."""
    files, _ = edl.write_edl(read_timelines(input_otio), file32=file32)
    return files[track - 1].text if 0 < track <= len(files) else ""
