"""Which files there are: paths the user gave become a list of files, each once.

Conventions
-----------
A folder is searched to the bottom, through links too, in the order of names. What is media is
decided by suffix; a file the user named is always tried.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clapless.aside import MEDIA_SUFFIXES as MEDIA_SUFFIXES
from clapless.aside import PROXY_SUFFIXES as PROXY_SUFFIXES
from clapless.errors import printable_name

SYSTEM_FOLDERS = frozenset({"__MACOSX", "$RECYCLE.BIN", "System Volume Information", "lost+found"})
"""Folders of the operating system; those whose name begins with a dot are passed over too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that should have been read and could not.

    Parameters
    ----------
    path
        The file, or a folder that cannot be entered.
    reason
        A whole sentence that names it.
    """

    path: Path
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One file to try.

    Parameters
    ----------
    path
        Absolute, as the user reaches it.
    top
        The folder that was given, None where the file itself was.
    """

    path: Path
    top: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All files that were found.

    Parameters
    ----------
    files
        Media and proxies by name, and whatever the user named, each once.
    skipped
        Files in folders that are not media by name.
    failures
        Folders that cannot be read, files that are not there.
    """

    files: tuple[FoundFile, ...]
    skipped: tuple[Path, ...]
    failures: tuple[Failure, ...]


def find_files(paths: Iterable[Path | str]) -> Found:
    """Return the files behind what the user gave, independent of the order it was given in."""
    files: dict[tuple[int, int] | str, FoundFile] = {}
    skipped: list[Path] = []
    failures: list[Failure] = []
    given = sorted({Path(os.path.abspath(path)) for path in paths}, key=path_key)  # noqa: PTH100
    # What is named counts as named even where its folder is given too.
    for path in [p for p in given if not p.is_dir()] + [p for p in given if p.is_dir()]:
        if not path.is_dir():
            files.setdefault(_identity(path), FoundFile(path=path))
            continue
        for file in _walk(path, set(), failures):
            if file.suffix.lower() in MEDIA_SUFFIXES | PROXY_SUFFIXES:
                files.setdefault(_identity(file), FoundFile(path=file, top=path))
            else:
                skipped.append(file)
    # A file the user named is tried, whatever a folder would make of it.
    skipped = [path for path in dict.fromkeys(skipped) if _identity(path) not in files]
    return Found(
        files=tuple(sorted(files.values(), key=lambda found: path_key(found.path))),
        skipped=tuple(skipped),
        failures=tuple(failures),
    )


def path_key(path: Path) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """Return a key that sorts paths as people do: part by part, numbers by their value."""
    return tuple(natural_key(part) for part in path.parts)


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts names as people do: numbers by their value.

    >>> sorted(["C10", "C9", "c1"], key=natural_key)
    ['c1', 'C9', 'C10']
    """
    parts = re.split(r"(\d+)", text)
    key = [
        (0, int(part), part) if part.isdecimal() else (1, 0, part.casefold())
        for part in parts
        if part
    ]
    return (*key, (2, 0, text))


def _identity(path: Path) -> tuple[int, int] | str:
    """Return what a file is, through links; its name where it cannot be asked."""
    try:
        status = path.stat()
    except OSError:
        return str(path)
    return (status.st_dev, status.st_ino) if status.st_ino else str(path.resolve())


def _walk(folder: Path, seen: set[Path], failures: list[Failure]) -> Iterator[Path]:
    try:
        real = folder.resolve(strict=True)
        if real in seen:
            return
        entries = sorted(folder.iterdir(), key=path_key)
    except (OSError, RuntimeError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        failures.append(
            Failure(
                path=folder,
                reason=f"{printable_name(folder)}: the folder cannot be read ({why or error}).",
            )
        )
        return
    seen.add(real)
    for entry in entries:
        if entry.name.startswith(".") or entry.name in SYSTEM_FOLDERS:
            continue
        if entry.is_dir():
            yield from _walk(entry, seen, failures)
        elif entry.is_file() or entry.is_symlink():
            yield entry
