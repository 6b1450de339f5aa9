"""A project as files of a format: what `export` and `convert` share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio

from clapless.errors import ExportError, UsageError, printable_name
from clapless_otio.bundle import bundle_size, write_otioz
from clapless_otio.cut import Project
from clapless_otio.edl import write_edl, write_marker_edl
from clapless_otio.fcpxml import write_fcpxml
from clapless_otio.files import file_name, one_line, write_whole
from clapless_otio.marker_files import timeline_marks
from clapless_otio.multicam import as_multicam
from clapless_otio.on_frames import on_frames
from clapless_otio.options import ExportOptions
from clapless_otio.otio_words import SOURCE, TIMELINE
from clapless_otio.otio_writing import project_root
from clapless_otio.xmeml import write_xmeml

Writer = Callable[[Project, Path, ExportOptions], list[str]]
"""Writes a project; returns whole sentences for the user."""

SUFFIXES: Mapping[str, str] = {
    ".otio": "otio",
    ".otioz": "otioz",
    ".fcpxml": "fcpxml",
    ".xml": "premiere",
    ".edl": "edl",
    ".csv": "csv",
}
"""Format by suffix, where ``--to`` does not say."""

_MEBIBYTE = 2**20


def format_of(path: Path, to: str | None, known: Iterable[str]) -> str:
    """Return the format of a file to be written.

    Raises
    ------
    UsageError
        Nothing says which, or it is not among the known ones.
    """
    known = sorted(known)
    name = to or SUFFIXES.get(path.suffix.lower())
    if name is None or name not in known:
        choices = ", ".join(known)
        asked = f"{to!r}" if to else f"the suffix of {printable_name(path)}"
        raise UsageError(f"No format is known by {asked}. Choose one with --to: {choices}.")
    return name


def _otio(project: Project, path: Path, options: ExportOptions) -> list[str]:
    if options.flavour is not None:
        project = on_frames(project)
    convention = SOURCE if options.flavour == "premiere" else TIMELINE
    root = project_root(project, convention=convention)
    write_whole(path, otio.adapters.write_to_string(root, "otio_json").encode("utf-8"))
    return []


def _otioz(project: Project, path: Path, _options: ExportOptions) -> list[str]:
    size = bundle_size(project) / _MEBIBYTE
    return [f"The bundle holds {size:.1f} MiB of media.", *write_otioz(project, path)]


def _fcpxml(project: Project, path: Path, options: ExportOptions) -> list[str]:
    if options.multicam:
        project = as_multicam(project, include_check=options.include_check)
    data, notices = write_fcpxml(project, version=options.format_version)
    write_whole(path, data)
    return notices


def _premiere(project: Project, path: Path, options: ExportOptions) -> list[str]:
    if options.multicam:
        project = as_multicam(project, include_check=options.include_check, marks_inside=False)
        project = replace(project, loose=())
    data, notices = write_xmeml(project)
    write_whole(path, data)
    return [*notices, *_transitions(project, "Premiere's XML")]


def _transitions(project: Project, format_name: str) -> list[str]:
    """Return a sentence where transitions are not written."""
    count = sum(len(track.transitions) for one in project.sequences for track in one.tracks)
    if not count:
        return []
    were = "transition was" if count == 1 else "transitions were"
    return [f"{count} {were} left out: cuts stand in their place in {format_name}."]


def _edl(project: Project, path: Path, _options: ExportOptions) -> list[str]:
    return _lists(project, path, file32=False)


def _file32(project: Project, path: Path, _options: ExportOptions) -> list[str]:
    return _lists(project, path, file32=True)


def _lists(project: Project, path: Path, *, file32: bool) -> list[str]:
    """Write the first track's list under the name asked for, the others beside it."""
    files, notices = write_edl(project, file32=file32)
    if not files:
        raise ExportError(f"There is no clip to write to {printable_name(path)}.")
    said = []
    for number, file in enumerate(files):
        own = path
        if number:
            own = path.with_name(file_name(f"{path.stem} {file.label}") + ".edl")
        write_whole(own, file.text.encode("utf-8"))
        said.append(f"{printable_name(own)} holds {one_line(file.label)}.")
    left_out = _transitions(project, "edit decision lists")
    return [*notices, *left_out, *(said if len(said) > 1 else [])]


def _marker_edl(project: Project, path: Path, _options: ExportOptions) -> list[str]:
    if not project.sequences:
        raise ExportError(f"There is no timeline whose markers {printable_name(path)} could hold.")
    sequence = project.sequences[0]
    text = write_marker_edl(sequence, timeline_marks(sequence))
    write_whole(path, text.encode("utf-8"))
    if len(project.sequences) > 1:
        return [f"Only the markers of {one_line(sequence.name)} were written."]
    return []


WRITERS: Mapping[str, Writer] = {
    "otio": _otio,
    "otioz": _otioz,
    "fcpxml": _fcpxml,
    "premiere": _premiere,
    "edl": _edl,
    "file32": _file32,
    "resolve-markers": _marker_edl,
}
"""Every format that a project is written as."""
