"""An editing program's file, of any format that is read here, as a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from clapless.errors import TimelineError, printable_name
from clapless.markers.formats import read_bytes
from clapless_otio.cut import Project
from clapless_otio.edl import read_edl
from clapless_otio.fcpxml import read_fcpxml
from clapless_otio.otio_newer import as_known
from clapless_otio.otio_reading import read_timelines
from clapless_otio.xmeml import read_xmeml

BUNDLE_TIMELINE = "content.otio"
"""The timeline's name inside an .otioz."""


_DAMAGED = (
    otio.exceptions.OTIOError,
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a damaged .otio gives: OpenTimelineIO and our metadata in it hold any value anywhere."""


def read_project(path: Path, *, rate: Fraction | None = None) -> Project:
    """Return what a timeline file holds, by its suffix and, for .xml, by its root.

    Parameters
    ----------
    path
        ``.fcpxml`` (a file or a bundle ``.fcpxmld``), ``.xml``, ``.otio``, ``.otioz`` or ``.edl``.
    rate
        Frames per second of files that do not say it.

    Raises
    ------
    TimelineError
        It cannot be read, or is of no kind that is.
    """
    suffix = path.suffix.lower()
    name = printable_name(path)
    if suffix == ".fcpxmld" and path.is_dir():
        return read_fcpxml(read_bytes(path / "Info.fcpxml"), name=name)
    reader = READERS.get(suffix)
    if reader is None:
        known = ", ".join(sorted(READERS))
        raise TimelineError(f"{name} is no timeline that can be read: those end in {known}.")
    return reader(path, name, rate)


def _fcpxml(path: Path, name: str, _rate: Fraction | None) -> Project:
    return read_fcpxml(read_bytes(path), name=name)


def _xml(path: Path, name: str, _rate: Fraction | None) -> Project:
    data = read_bytes(path)
    if b"<fcpxml" in data[:4096]:
        return read_fcpxml(data, name=name)
    return read_xmeml(data, name=name)


def _edl(path: Path, name: str, rate: Fraction | None) -> Project:
    return read_edl(read_bytes(path), name=name, rate=rate)


def _otio(path: Path, name: str, _rate: Fraction | None) -> Project:
    return read_otio(read_bytes(path), name=name)


def _otioz(path: Path, name: str, _rate: Fraction | None) -> Project:
    import zipfile

    try:
        with zipfile.ZipFile(path) as bundle:
            data = bundle.read(BUNDLE_TIMELINE)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise TimelineError(f"{name} is no OpenTimelineIO bundle: {error}.") from error
    return read_otio(data, name=name)


def read_otio(data: bytes, *, name: str) -> Project:
    """Return the project of an .otio document.

    Raises
    ------
    TimelineError
        It is no such document, or holds no timeline.
    """
    try:
        return read_timelines(_otio_root(data.decode("utf-8-sig")))
    except _DAMAGED as error:
        reason = str(error.args[0]).splitlines()[0] if error.args else type(error).__name__
        raise TimelineError(f"{name} is no OpenTimelineIO timeline: {reason}.") from error


def _otio_root(text: str) -> Any:
    try:
        return otio.adapters.read_from_string(text, "otio_json")
    except otio.exceptions.UnsupportedSchemaError:
        return otio.adapters.read_from_string(as_known(text), "otio_json")


READERS: Mapping[str, Callable[[Path, str, Fraction | None], Project]] = {
    ".fcpxml": _fcpxml,
    ".xml": _xml,
    ".edl": _edl,
    ".otio": _otio,
    ".otioz": _otioz,
}
"""Reader by suffix."""
