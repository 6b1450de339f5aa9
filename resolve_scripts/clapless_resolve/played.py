"""Which clips stand on the timelines of a project."""

from __future__ import annotations

from collections.abc import Iterable

from clapless_resolve.connect import Connection
from clapless_resolve.protocols import Timeline
from clapless_resolve.remote import ask_each
from clapless_resolve.timelines import all_timelines


def played_clips(connection: Connection, timelines: Iterable[Timeline] | None = None) -> set[str]:
    """Return the identities of the clips on timelines, on all of them by default."""
    items = []
    for timeline in all_timelines(connection) if timelines is None else timelines:
        for kind in ("video", "audio"):
            for track in range(1, (timeline.GetTrackCount(kind) or 0) + 1):
                items += list(timeline.GetItemListInTrack(kind, track) or [])
    rows = ask_each(items, (("GetMediaPoolItem",), ("GetUniqueId",)))
    return {str(identity) for (identity,) in rows if identity}
