"""From a session to files an editor opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import opentimelineio as otio

from clapless.errors import ExportError, printable_name
from clapless.model import Session
from clapless_otio.cut import Project
from clapless_otio.drift import without_drift
from clapless_otio.fcpxml import write_fcpxml
from clapless_otio.files import write_whole
from clapless_otio.layout import layout
from clapless_otio.options import ExportOptions
from clapless_otio.timeline import project_timelines

Writer = Callable[[Project, Path, ExportOptions], list[str]]

SUFFIXES: Mapping[str, str] = {".otio": "otio", ".fcpxml": "fcpxml"}
"""Format by suffix, where ``--to`` does not say."""


def export(
    session: Session, path: Path, *, to: str | None = None, options: ExportOptions | None = None
) -> list[str]:
    """Write a session for an editor.

    Parameters
    ----------
    session
        What was synced.
    path
        The file; it appears whole or not at all.
    to
        The format, by the suffix where None.
    options
        What is asked of the export.

    Returns
    -------
    list of str
        Whole sentences about what the user should know: what was left out, what the format
        could not hold.

    Raises
    ------
    ExportError
        The format is not known, cannot hold what was asked, or the file cannot be written.
    UsageError
        The start timecode cannot be read.
    """
    options = options or ExportOptions()
    writer = WRITERS[format_of(path, to)]
    if options.drift not in ("retime", "none"):
        raise ExportError(f"Drift cannot be exported as {options.drift}: choose retime or none.")
    project = layout(session, name=path.stem, options=options)
    if options.drift == "none":
        project = without_drift(project)
    return [*project.notices, *writer(project, path, options)]


def format_of(path: Path, to: str | None) -> str:
    """Return the format of a file to be written.

    Raises
    ------
    ExportError
        Nothing says which.
    """
    name = to or SUFFIXES.get(path.suffix.lower())
    if name is None or name not in WRITERS:
        known = ", ".join(sorted(WRITERS))
        asked = f"{to!r}" if to else f"the suffix of {printable_name(path)}"
        raise ExportError(f"No format is known by {asked}. Choose one with --to: {known}.")
    return name


def _write_otio(project: Project, path: Path, _options: ExportOptions) -> list[str]:
    timelines = project_timelines(project)
    root: otio.core.SerializableObject = timelines[0]
    if len(timelines) > 1:
        root = otio.schema.SerializableCollection(name=project.name, children=timelines)
    text = otio.adapters.write_to_string(root, "otio_json")
    write_whole(path, text.encode("utf-8"))
    return []


def _write_fcpxml(project: Project, path: Path, _options: ExportOptions) -> list[str]:
    data, notices = write_fcpxml(project)
    write_whole(path, data)
    return notices


WRITERS: Mapping[str, Writer] = {"otio": _write_otio, "fcpxml": _write_fcpxml}
"""Every format that `export` writes."""
