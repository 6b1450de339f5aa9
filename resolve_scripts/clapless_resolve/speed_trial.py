"""Whether this Resolve keeps speeds as finely as drift needs: tried on a clip, and taken away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from clapless_resolve import timelines
from clapless_resolve.connect import Connection
from clapless_resolve.errors import ResolveError
from clapless_resolve.placing import append_info
from clapless_resolve.plan import Plan, Planned
from clapless_resolve.protocols import has
from clapless_resolve.speeds import set_speed

MOST_TRIED = 5
"""How finely speeds are kept does not change from one to the next."""

MOST_FRAMES = 100


def speeds_are_kept(
    connection: Connection, plan: Plan, speeds: Iterable[tuple[Fraction, int]]
) -> bool:
    """Return whether this Resolve keeps speeds finely enough, tried on a timeline of its own.

    Parameters
    ----------
    plan
        A clip of it is tried.
    speeds
        Each with the length of its item, in frames of the timeline.

    Raises
    ------
    ResolveError
        The timeline of the trial cannot be made or taken away.
    """
    wanted = sorted(set(speeds), key=lambda one: -one[1])[:MOST_TRIED]
    timeline = timelines.create(connection, plan)
    try:
        start = timeline.GetStartFrame()
        tried = next((one for one in plan.items if one.picture), None)
        if start is None or tried is None:
            return False
        timelines.make_current(connection, timeline)
        connection.pool.AppendToTimeline([append_info(_short(tried), int(start), 0)])
        items = list(timeline.GetItemListInTrack("video", 1) or [])
        if not items or not has(items[0], "SetSpeed"):
            return False
        return not any(set_speed(items[0], speed, length) for speed, length in wanted)
    finally:
        if sentence := timelines.delete_sentence(connection, [timeline]):
            raise ResolveError(f"The timeline of a trial is left.{sentence}")


def _short(item: Planned) -> Planned:
    frames = min(item.clip.frames, MOST_FRAMES)
    return replace(item, track=1, record=0, source=0, frames=frames, sound=False)
