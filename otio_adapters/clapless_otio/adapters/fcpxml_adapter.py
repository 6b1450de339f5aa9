"""FCPXML for OpenTimelineIO: ``otioconvert -i cut.otio -o cut.fcpxml -O clapless_fcpxml``."""

import opentimelineio as otio

from clapless_otio import fcpxml
from clapless_otio.otio_reading import read_timelines


def write_to_string(input_otio: otio.core.SerializableObject, version: str = "1.10") -> str:
    """Return a timeline as an FCPXML document of a version (1.9 to 1.14)."""
    data, _ = fcpxml.write_fcpxml(read_timelines(input_otio), version=version)
    return data.decode("utf-8")
