"""The bins that Clapless keeps its timelines and imported files in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clapless_resolve.connect import MODAL
from clapless_resolve.errors import ResolveError
from clapless_resolve.protocols import Folder, MediaPool, needed

BIN = "Clapless"
IMPORTED = "Imported"
"""Within it: files that the user had not imported, so that undoing takes them away again."""


def open_bin(pool: MediaPool) -> Folder:
    """Make Clapless's bin the current one, making it where it is not there.

    Raises
    ------
    ResolveError
        The Media Pool does not answer, or the bin cannot be made or opened.
    """
    return _open(pool, _child(pool, _root(pool), BIN))


def open_imported(pool: MediaPool) -> Folder:
    """Make the bin of imported files the current one, making it where it is not there.

    Raises
    ------
    ResolveError
        As `open_bin`.
    """
    return _open(pool, _child(pool, _child(pool, _root(pool), BIN), IMPORTED))


def find(pool: MediaPool) -> tuple[Folder | None, Folder | None]:
    """Return Clapless's bin and the one of imported files, as far as they are there.

    Raises
    ------
    ResolveError
        The Media Pool does not answer.
    """
    ours = _named(_root(pool), BIN)
    return ours, _named(ours, IMPORTED) if ours is not None else None


@contextmanager
def kept_open(pool: MediaPool) -> Iterator[list[str]]:
    """Open the bin again afterwards that is open now.

    Yields
    ------
    A list that gets a sentence where this fails.
    """
    before = pool.GetCurrentFolder()
    told: list[str] = []
    try:
        yield told
    finally:
        if not before or not pool.SetCurrentFolder(before):
            told.append("The bin that was open could not be opened again.")


def _root(pool: MediaPool) -> Folder:
    return needed(pool.GetRootFolder(), f"Resolve shows no bins. {MODAL}")


def _named(folder: Folder, name: str) -> Folder | None:
    return next((f for f in folder.GetSubFolderList() or [] if f.GetName() == name), None)


def _child(pool: MediaPool, folder: Folder, name: str) -> Folder:
    return _named(folder, name) or needed(
        pool.AddSubFolder(folder, name),
        f"Resolve could not make the bin {name!r}: see whether the project can be changed.",
    )


def _open(pool: MediaPool, folder: Folder) -> Folder:
    if not pool.SetCurrentFolder(folder):
        raise ResolveError(f"Resolve does not open the bin {folder.GetName()!r}. {MODAL}")
    return folder
