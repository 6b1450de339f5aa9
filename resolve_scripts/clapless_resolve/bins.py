"""The bin that Clapless keeps its timelines in."""

from __future__ import annotations

from clapless_resolve.connect import MODAL
from clapless_resolve.protocols import Folder, MediaPool, needed

BIN = "Clapless"


def open_bin(pool: MediaPool) -> Folder:
    """Make Clapless's bin the current one, making it where it is not there.

    Raises
    ------
    ResolveError
        The Media Pool does not answer, or the bin cannot be made.
    """
    root = needed(pool.GetRootFolder(), f"Resolve shows no bins. {MODAL}")
    found = next((f for f in root.GetSubFolderList() or [] if f.GetName() == BIN), None)
    folder = found or needed(
        pool.AddSubFolder(root, BIN),
        f"Resolve could not make the bin {BIN!r}: see whether the project can be changed.",
    )
    pool.SetCurrentFolder(folder)
    return folder
