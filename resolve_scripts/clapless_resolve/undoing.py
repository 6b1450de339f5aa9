"""Undoing: what Clapless made in a project is taken away again, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from clapless_resolve import bins, multicam_signs, timelines
from clapless_resolve.connect import Connection
from clapless_resolve.marking import OURS, custom_data
from clapless_resolve.played import played_clips
from clapless_resolve.protocols import Folder, PoolItem
from clapless_resolve.reading import all_clips
from clapless_resolve.remote import ask_each


@dataclass
class Undone:
    """Names of what was taken away, how many markers, and sentences on what stays."""

    timelines: list[str] = field(default_factory=list)
    clips: list[str] = field(default_factory=list)
    bins: list[str] = field(default_factory=list)
    markers: int = 0
    notices: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """All of it in words."""
        counted = (
            (len(self.timelines), "timeline"),
            (len(self.clips), "clip"),
            (self.markers, "marker"),
            (len(self.bins), "bin"),
        )
        parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in counted if n]
        if not parts:
            return "There is nothing of Clapless in this project."
        return f"Taken away: {', '.join(parts)}."


def undo(connection: Connection) -> Undone:
    """Take away timelines, multicam clips, markers, imported files and bins that are ours.

    A timeline that the user copied from ours is the user's; so is every file that one of the
    user's timelines plays.

    Raises
    ------
    ResolveError
        Resolve does not answer.
    """
    undone = Undone()
    _timelines(connection, undone)
    _clips(connection, undone)
    _bins(connection, undone)
    return undone


def _timelines(connection: Connection, undone: Undone) -> None:
    for one in timelines.ours(connection):
        name = one.timeline.GetName() or "?"
        if one.who != connection.who:
            undone.notices.append(f"The timeline {name!r} was made by another user and stays.")
        elif connection.pool.DeleteTimelines([one.timeline]):
            undone.timelines.append(name)
        else:
            undone.notices.append(f"Resolve does not delete the timeline {name!r}: do it by hand.")


def _clips(connection: Connection, undone: Undone) -> None:
    """Take away multicam clips and markers, and put written timecodes back."""
    items = list(all_clips(connection.pool))
    rows = ask_each(items, (("GetMarkers",),))
    made: list[PoolItem] = []
    for item, (markers,) in zip(items, rows, strict=True):
        ours = [custom for custom in custom_data(markers) if custom.startswith(OURS)]
        signs = (multicam_signs.MADE, multicam_signs.UNFINISHED)
        if any(custom.startswith(signs) for custom in ours):
            if any(custom.endswith(f":{connection.who}") for custom in ours):
                made.append(item)
            continue
        if not ours:
            continue
        restored = multicam_signs.restore_timecode(item)
        if restored is False:
            undone.notices.append(
                f"The start timecode of {item.GetName()} could not be put back: see its marker."
            )
            continue
        if restored:
            undone.markers += 1
            ours = [custom for custom in ours if not custom.startswith(multicam_signs.TIMECODE)]
        gone = sum(bool(item.DeleteMarkerByCustomData(custom)) for custom in ours)
        undone.markers += gone
        if gone < len(ours):
            undone.notices.append(
                f"{len(ours) - gone} markers could not be taken off {item.GetName()}."
            )
    _delete(connection, made, undone)


def _bins(connection: Connection, undone: Undone) -> None:
    """Take away imported files, then the bins, as far as nothing of the user's is in them."""
    ours, imported = bins.find(connection.pool)
    if imported is not None:
        _delete(connection, list(imported.GetClipList() or []), undone)
        _delete_bin(connection, imported, undone)
    if ours is not None:
        _delete_bin(connection, ours, undone)


def _delete(connection: Connection, items: list[PoolItem], undone: Undone) -> None:
    if not items:
        return
    played = played_clips(connection)
    kept = [item for item in items if (item.GetUniqueId() or "") in played]
    if kept:
        undone.notices.append(
            f"{kept[0].GetName()}{f' and {len(kept) - 1} more' if len(kept) > 1 else ''} "
            "stays: a timeline of yours plays it."
        )
    gone = [item for item in items if (item.GetUniqueId() or "") not in played]
    names = [item.GetName() or "?" for item in gone]
    if gone and connection.pool.DeleteClips(gone):
        undone.clips += names
    elif gone:
        undone.notices.append(f"Resolve does not delete {names[0]}: do it by hand.")


def _delete_bin(connection: Connection, folder: Folder, undone: Undone) -> None:
    name = folder.GetName() or "?"
    if folder.GetClipList() or folder.GetSubFolderList():
        return
    current = connection.pool.GetCurrentFolder()
    root = connection.pool.GetRootFolder()
    if current is not None and root is not None and current.GetName() == name:
        connection.pool.SetCurrentFolder(root)
    if connection.pool.DeleteFolders([folder]):
        undone.bins.append(name)
    else:
        undone.notices.append(f"Resolve does not delete the bin {name!r}: do it by hand.")
