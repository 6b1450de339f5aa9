"""A session placed in the open project: import what is missing, place, mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from clapless.model import Session
from clapless_otio.options import ExportOptions
from clapless_otio.sources import playable_files
from clapless_resolve import bins
from clapless_resolve.connect import Connection
from clapless_resolve.marking import mark_clips
from clapless_resolve.placing import Placed, Progress, place
from clapless_resolve.plan import path_key, session_plans
from clapless_resolve.reading import PoolClip, all_clips, read_clip


def apply_session(
    connection: Connection,
    session: Session,
    *,
    name: str = "Sync",
    options: ExportOptions | None = None,
    exists: Callable[[str], bool] = lambda path: Path(path).exists(),
    progress: Progress = lambda _done, _of: None,
) -> tuple[Placed, ...]:
    """Place a session on new timelines of the open project, and its markers on the clips.

    Files that are not in the Media Pool are imported into Clapless's bin.

    Raises
    ------
    ResolveError
        Resolve refuses a step; the message says what to do.
    """
    clips, told = _clips(connection, session, exists)
    results = []
    for planned in session_plans(session, clips, name=name, options=options):
        placed = place(connection, planned, progress=progress)
        marked = mark_clips(planned.items)
        results.append(replace(placed, notices=(*told, *placed.notices, *marked)))
        told = []
    return tuple(results)


def _clips(
    connection: Connection, session: Session, exists: Callable[[str], bool]
) -> tuple[list[PoolClip], list[str]]:
    """Return the Media Pool's clips of the session's files, and sentences on those it refuses."""
    wanted = {
        path_key(str(file.path)): str(file.path)
        for clip in session.clips
        for _, file in playable_files(clip)
    }
    there, told = _read(connection, wanted, exists)
    missing = [path for key, path in wanted.items() if key not in there and exists(path)]
    if missing:
        before = connection.pool.GetCurrentFolder()
        try:
            bins.open_bin(connection.pool)
            connection.pool.ImportMedia(missing)
        finally:
            if before is not None:
                connection.pool.SetCurrentFolder(before)
        there, told = _read(connection, wanted, exists)
    return list(there.values()), told


def _read(
    connection: Connection, wanted: dict[str, str], exists: Callable[[str], bool]
) -> tuple[dict[str, PoolClip], list[str]]:
    found: dict[str, PoolClip] = {}
    told = []
    for item in all_clips(connection.pool):
        facts = item.GetClipProperty() or {}
        key = path_key(str(facts.get("File Path") or ""))
        if key not in wanted or key in found:
            continue
        clip = read_clip(item, exists=exists)
        if isinstance(clip, str):
            told.append(clip)
        else:
            found[key] = clip
    return found, told
