"""Edit decision lists: CMX3600 and File32, and Resolve's lists of timeline markers."""

from clapless_otio.edl.markers import ResolveMarkers, read_marker_edl, write_marker_edl
from clapless_otio.edl.read import read_edl
from clapless_otio.edl.write import EdlFile, write_edl

__all__ = [
    "EdlFile",
    "ResolveMarkers",
    "read_edl",
    "read_marker_edl",
    "write_edl",
    "write_marker_edl",
]
