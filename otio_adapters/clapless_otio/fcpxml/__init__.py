"""Final Cut Pro's FCPXML, read and written."""

from clapless_otio.fcpxml.read import read_fcpxml
from clapless_otio.fcpxml.write import write_fcpxml

__all__ = ["read_fcpxml", "write_fcpxml"]
