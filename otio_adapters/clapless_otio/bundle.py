"""An .otioz: the timeline with all its media in one file."""

from __future__ import annotations

import secrets
import zipfile
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio

from clapless.aside import refuse_recordings
from clapless.errors import ExportError, printable_name, reason_of
from clapless_otio.cut import Project
from clapless_otio.files import file_name, url_path
from clapless_otio.inputs import media_of, relinked
from clapless_otio.otio_writing import project_root

VERSION = "1.0.0"
"""Of the bundle's layout, as OpenTimelineIO writes it."""


def bundled_files(project: Project) -> tuple[dict[str, Path], list[str]]:
    """Return the files of a project by URL, and the names of those that are not there."""
    files: dict[str, Path] = {}
    missing: list[str] = []
    for media in media_of(project):
        if not media.url or media.url in files:
            continue
        path = Path(url_path(media.url))
        if path.is_file():
            files[media.url] = path
        else:
            missing.append(media.name)
    return files, missing


def bundle_size(project: Project) -> int:
    """Return how many bytes of media a bundle of a project holds."""
    files, _ = bundled_files(project)
    return sum(path.stat().st_size for path in set(files.values()))


def write_otioz(project: Project, path: Path) -> list[str]:
    """Write a bundle, whole or not at all; return sentences on what is not in it.

    Raises
    ------
    ExportError
        It cannot be written.
    """
    files, missing = bundled_files(project)
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for file in files.values():
        if file not in names:
            names[file] = _free(file_name(file.name), taken)
    inside = relinked(project, {url: f"media/{names[file]}" for url, file in files.items()})
    text = otio.adapters.write_to_string(project_root(_named(inside)), "otio_json")
    try:
        refuse_recordings(path)
    except OSError as error:
        raise ExportError(f"{printable_name(path)} cannot be written: {error.strerror}.") from error
    aside = path.with_name(f".clapless-{secrets.token_hex(6)}.part")
    try:
        with zipfile.ZipFile(aside, "x", zipfile.ZIP_STORED, allowZip64=True) as archive:
            archive.writestr("version.txt", VERSION)
            archive.writestr("content.otio", text.encode("utf-8"), zipfile.ZIP_DEFLATED)
            for file, name in names.items():
                archive.write(file, f"media/{name}")
        aside.replace(path)
    except OSError as error:
        reason = reason_of(error)
        raise ExportError(f"{printable_name(path)} cannot be written: {reason}.") from error
    finally:
        aside.unlink(missing_ok=True)
    return [f"{name} was not found and is not in the bundle." for name in missing]


def _free(name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    stem, suffix = (stem, f"{dot}{suffix}") if stem else (name, "")
    number, found = 1, name
    while found.lower() in taken:
        number += 1
        found = f"{stem} {number}{suffix}"
    taken.add(found.lower())
    return found


def _named(project: Project) -> Project:
    """Return a project without the session inside: its paths are of another place."""
    return replace(project, metadata={})
