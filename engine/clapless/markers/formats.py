"""What a marker file's reader and writer must offer, whoever brings it.

Readers and writers register by entry points of the group ``clapless.markers``; each loads to an
object that fits `MarkerFormat`. The editors' formats come with the package ``clapless_otio``.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

from clapless.errors import TimelineError, printable_name, reason_of
from clapless.model import Marker

ENTRY_POINTS = "clapless.markers"
"""The entry point group of marker formats."""

TIMELINE = "timeline"
"""The group id of markers that a file puts on its timeline: the caller says whose it is."""


class MarkerFormat(Protocol):
    """One kind of file that holds markers.

    Attributes
    ----------
    name
        What the command line calls it.
    suffixes
        Of its files, with the dot, lower case.
    """

    name: str
    suffixes: tuple[str, ...]

    def read(
        self, path: Path, *, rate: Fraction | None = None, start_s: Fraction = Fraction(0)
    ) -> tuple[Marker, ...]:
        """Return the markers of a file.

        Markers of the timeline have the group `TIMELINE` and its time, which is 0 where its
        timecode is `start_s` (in seconds of real time since 00:00:00:00); `rate` helps files
        that do not say their frame rate.

        Raises
        ------
        TimelineError
            The file cannot be read, or holds no markers of this kind.
        """
        ...

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,
        start_s: Fraction = Fraction(0),
        drop_frame: bool = False,
    ) -> None:
        """Write markers, in the timeline's time, whole or not at all.

        Raises
        ------
        ExportError
            The file cannot be written, or cannot hold them.
        """
        ...


def marker_formats() -> tuple[MarkerFormat, ...]:
    """Return every installed marker format, in order of their names."""
    found = sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)
    return tuple(cast("MarkerFormat", entry.load()()) for entry in found)


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    TimelineError
        It cannot be read; the sentence names it.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        reason = reason_of(error)
        raise TimelineError(f"{printable_name(path)} cannot be read: {reason}.") from error
