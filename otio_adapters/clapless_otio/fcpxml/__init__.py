"""Final Cut Pro's FCPXML, read and written."""

from clapless_otio.fcpxml.write import write_fcpxml

__all__ = ["write_fcpxml"]
