"""Timelines of editing programs as marker files: what they mark, and marks on an empty timeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from clapless.errors import ExportError, TimelineError, printable_name
from clapless.model import Marker
from clapless_otio.cut import Item, Mark, Project, Sequence
from clapless_otio.edl.markers import marks_of, timeline_markers
from clapless_otio.fcpxml import write_fcpxml
from clapless_otio.files import write_whole
from clapless_otio.otio_writing import project_root
from clapless_otio.reading import read_project
from clapless_otio.xmeml import write_xmeml


def timeline_marks(sequence: Sequence) -> list[Mark]:
    """Return the marks of a sequence and of all it plays, in sequence time and order.

    A clip's mark that the timeline does not show is left out.
    """
    marks = list(sequence.marks)
    for item in sequence.items():
        marks += [replace(mark, time_s=at_s) for mark, at_s in _shown(item)]
        if isinstance(item.source, Sequence) and item.speed > 0:
            for mark in timeline_marks(item.source):
                at_s = item.at_source(mark.time_s)
                if item.start_s <= at_s < item.end_s:
                    marks.append(replace(mark, time_s=at_s))
    return sorted(marks, key=lambda mark: mark.time_s)


def _shown(item: Item) -> list[tuple[Mark, Fraction]]:
    if item.speed <= 0:
        return []
    placed = [(mark, item.at_source(mark.time_s)) for mark in item.marks]
    return [(mark, at_s) for mark, at_s in placed if item.start_s <= at_s < item.end_s]


class _Timelines:
    """Reads the markers of the first timeline of a file."""

    name = ""
    suffixes: tuple[str, ...] = ()

    def read(
        self,
        path: Path,
        *,
        rate: Fraction | None = None,
        start_s: Fraction = Fraction(0),  # noqa: ARG002 - a timeline says where it starts
    ) -> tuple[Marker, ...]:
        """Return the markers of a file in timeline time."""
        project = read_project(path, rate=rate)
        if not project.sequences:
            raise TimelineError(f"{printable_name(path)} holds no timeline.")
        marks = timeline_marks(project.sequences[0])
        if not marks:
            raise TimelineError(f"{printable_name(path)} holds no markers.")
        return timeline_markers(marks)

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,
        start_s: Fraction = Fraction(0),
        drop_frame: bool = False,
    ) -> None:
        """Write markers onto an empty timeline."""
        sequence = Sequence(
            name=path.stem,
            rate=rate,
            start_s=start_s,
            drop_frame=drop_frame,
            marks=tuple(marks_of(markers)),
        )
        write_whole(path, self._text(Project(name=path.stem, sequences=(sequence,))))

    def _text(self, project: Project) -> bytes:
        del project  # what cannot be written is not looked at
        raise ExportError(f"Markers are not written as {self.name}: choose resolve-markers.")


class FcpxmlMarkers(_Timelines):
    """Markers in FCPXML."""

    name = "fcpxml"
    suffixes = (".fcpxml", ".fcpxmld")

    def _text(self, project: Project) -> bytes:
        return write_fcpxml(project)[0]


class PremiereMarkers(_Timelines):
    """Markers in Premiere's XML."""

    name = "premiere"
    suffixes = (".xml",)

    def _text(self, project: Project) -> bytes:
        return write_xmeml(project)[0]


class OtioMarkers(_Timelines):
    """Markers in OpenTimelineIO."""

    name = "otio"
    suffixes = (".otio",)

    def _text(self, project: Project) -> bytes:
        text: str = otio.adapters.write_to_string(project_root(project), "otio_json")
        return text.encode("utf-8")


class EdlMarkers(_Timelines):
    """Locators (``* LOC``) in edit decision lists; read only."""

    name = "edl"
    suffixes = (".edl",)
    writes = False
