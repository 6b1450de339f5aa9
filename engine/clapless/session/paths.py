"""Paths in documents: relative to the document where they can be, with forward slashes."""

from __future__ import annotations

import os
from pathlib import Path

from clapless.errors import UsageError, printable_name


def check_not_read(output: Path, *inputs: Path) -> None:
    """Refuse to write where something is read from: it would be gone.

    Raises
    ------
    UsageError
        `output` is one of the `inputs`, under whatever name.
    """
    for given in inputs:
        try:
            same = output.samefile(given)
        except OSError:
            continue  # One of them is not there: whoever reads or writes it says so.
        if same:
            raise UsageError(
                f"{printable_name(output)} is read from and would be written over: choose another "
                "name for what is written."
            )


def to_document(path: Path, base: Path) -> str:
    """Return a path as a document in the folder `base` writes it.

    It is relative when both lie under one folder below the root of a drive, so that a project
    moved as a whole still finds its media; else it is absolute.

    >>> to_document(Path("/shoot/A/C0001.MP4"), Path("/shoot"))
    'A/C0001.MP4'
    >>> to_document(Path("/media/card/C0001.MP4"), Path("/home/ann"))
    '/media/card/C0001.MP4'
    """
    folder, file = Path(_absolute(base)), Path(_absolute(path))
    if file.is_relative_to(folder):
        return file.relative_to(folder).as_posix()
    # Steps upwards are taken through real folders: ".." means another place behind a link.
    folder = Path(os.path.realpath(folder))
    real = Path(os.path.realpath(file.parent)) / file.name
    try:
        common = Path(os.path.commonpath([folder, real]))
    except ValueError:  # two drives
        return file.as_posix()
    if common == Path(common.anchor):
        return file.as_posix()
    return Path(os.path.relpath(real, folder)).as_posix()


def from_document(text: str, base: Path) -> Path:
    """Return the absolute path that a document in the folder `base` means.

    >>> from_document("../B/take.wav", Path("/shoot/edit")).as_posix()
    '/shoot/B/take.wav'
    """
    folder = Path(_absolute(base))
    if text.startswith("../"):
        folder = Path(os.path.realpath(folder))
    return Path(os.path.normpath(folder / text))


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100  (Path.absolute keeps "..")
