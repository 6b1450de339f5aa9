"""Whether `endFrame` is the last frame or the one after it: versions differ, so it is tried."""

from __future__ import annotations

from clapless_resolve.connect import MODAL, Connection
from clapless_resolve.counting import floor_frames
from clapless_resolve.errors import ResolveError
from clapless_resolve.plan import Plan, Planned
from clapless_resolve.protocols import Timeline, TimelineItem
from clapless_resolve.timelines import make_current

MOST_FRAMES = 200
"""Longest trial; at any two usual rates a shorter one tells the two readings apart."""

LAST_FRAME_BEFORE = (19, 0, 0)
"""Versions below take `endFrame` as the last frame, by report; used where no clip can be tried."""


def find_end_frame(connection: Connection, timeline: Timeline, plan: Plan, start: int) -> int:
    """Return what to add to ``source + frames`` for `endFrame`: 0, or -1 where it is the last.

    A clip is placed on the empty timeline, its length read back, and taken off again.

    Raises
    ------
    ResolveError
        The trial clip stands with a length that neither reading gives, or cannot be taken off.
    """
    for item in plan.items:
        frames = _telling(item, plan)
        if frames is None:
            continue
        make_current(connection, timeline)
        connection.pool.AppendToTimeline(
            [
                {
                    "mediaPoolItem": item.clip.item,
                    "startFrame": 0,
                    "endFrame": frames,
                    "mediaType": 1 if item.picture else 2,
                    "trackIndex": item.track,
                    "recordFrame": start,
                }
            ]
        )
        tried = list(timeline.GetItemListInTrack(item.kind, item.track) or [])
        if not tried:
            continue
        length = _length(tried[0])
        _take_off(connection, timeline, item, tried)
        if length is None:
            raise ResolveError(
                f"The clip {item.clip.name} does not answer on the timeline. {MODAL}"
            )
        exclusive = floor_frames(frames, item.clip.rate, plan.rate)
        inclusive = floor_frames(frames + 1, item.clip.rate, plan.rate)
        if length == exclusive:
            return 0
        if length == inclusive:
            return -1
        raise ResolveError(
            f"Resolve made {length} frames of {frames} frames of {item.clip.name}, where "
            f"{exclusive} or {inclusive} were expected: check its frame rate in Clip Attributes."
        )
    return -1 if connection.capabilities.numbers < LAST_FRAME_BEFORE else 0


def _telling(item: Planned, plan: Plan) -> int | None:
    """Return a number of source frames for which the two readings differ in length."""
    for frames in range(1, min(item.clip.frames - 1, MOST_FRAMES) + 1):
        length = floor_frames(frames, item.clip.rate, plan.rate)
        if 0 < length < floor_frames(frames + 1, item.clip.rate, plan.rate):
            return frames
    return None


def _length(item: TimelineItem) -> int | None:
    start, end = item.GetStart(), item.GetEnd()
    return None if start is None or end is None else round(end - start)


def _take_off(
    connection: Connection, timeline: Timeline, item: Planned, tried: list[TimelineItem]
) -> None:
    timeline.DeleteClips(tried)
    if timeline.GetItemListInTrack(item.kind, item.track):
        # The Fairlight page deletes nothing.
        connection.resolve.OpenPage("edit")
        timeline.DeleteClips(list(timeline.GetItemListInTrack(item.kind, item.track) or []))
    if timeline.GetItemListInTrack(item.kind, item.track):
        raise ResolveError(f"Resolve does not delete a clip from the new timeline. {MODAL}")
