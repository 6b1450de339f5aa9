"""Premiere's exchange format: Final Cut Pro 7 XML, xmeml version 4, read and written."""

from clapless_otio.xmeml.read import read_xmeml
from clapless_otio.xmeml.write import write_xmeml

__all__ = ["read_xmeml", "write_xmeml"]
