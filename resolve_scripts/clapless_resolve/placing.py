"""A plan placed on a new timeline, every item read back and compared.

Nothing that Resolve answers to a placement is believed: its list may hold None, dead handles, or
miss items. What counts is what stands on the tracks afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass

from clapless.timing import Timecode
from clapless_resolve import bins, timelines
from clapless_resolve.connect import MODAL, Connection
from clapless_resolve.end_frame import find_end_frame
from clapless_resolve.errors import ResolveError
from clapless_resolve.marking import mark_timeline
from clapless_resolve.plan import Plan, Planned
from clapless_resolve.protocols import AppendInfo, Timeline, TimelineItem, has

BATCH = 100
"""Clips in one call: a bad one costs the others of its batch one more call each."""

CLIP_COLORS = {"check": "Yellow", "not synced": "Orange"}
"""Clips have no red."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An item that does not stand as planned; `sentence` is for people."""

    item: Planned
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of a plan.

    Parameters
    ----------
    timeline
        Its name, which may bear a number; `timeline_id` finds it again.
    placed
        How many items stand as planned.
    """

    timeline: str
    timeline_id: str
    placed: int
    differences: tuple[Difference, ...]
    notices: tuple[str, ...]


def place(
    connection: Connection,
    plan: Plan,
    *,
    progress: Progress = lambda _done, _of: None,
    batch: int = BATCH,
) -> Placed:
    """Make a timeline in Clapless's bin and place a plan on it.

    What an earlier run left unfinished is removed first; nothing else of the user's is changed. The
    bin that was open is open again afterwards, and the new timeline is the current one.

    Raises
    ------
    ResolveError
        No timeline can be made as planned; none is left behind.
    """
    _check(connection, plan)
    timelines.remove_unfinished(connection)
    before = connection.pool.GetCurrentFolder()
    try:
        bins.open_bin(connection.pool)
        timeline = timelines.create(connection, plan)
        try:
            return _fill(connection, timeline, plan, progress, batch)
        except ResolveError:
            connection.pool.DeleteTimelines([timeline])
            raise
    finally:
        if before is not None:
            connection.pool.SetCurrentFolder(before)


def _check(connection: Connection, plan: Plan) -> None:
    if not connection.capabilities.placement:
        raise ResolveError(
            f"Resolve {connection.capabilities.version} cannot place clips on tracks; 18.5 is the "
            "first that can. Export a timeline file and import it instead."
        )
    if not plan.items:
        why = "".join(f" {notice}" for notice in plan.notices)
        raise ResolveError(f"There is nothing to place.{why}")
    if not plan.rate_name.strip() or plan.rate_name.startswith(" "):
        raise ResolveError(
            f"Resolve has no timelines of {float(plan.rate):g} frames per second: "
            "choose another frame rate."
        )


def _fill(
    connection: Connection, timeline: Timeline, plan: Plan, progress: Progress, batch: int
) -> Placed:
    notices = [*plan.notices, *timelines.make_tracks(connection, timeline, plan)]
    start = timeline.GetStartFrame()
    if start is None:
        raise ResolveError(f"The new timeline does not answer. {MODAL}")
    if int(start) != Timecode.parse(plan.start_timecode, plan.rate).frame:
        notices.append(f"The timeline does not start at {plan.start_timecode}, as was planned.")
    if has(connection.pool, "SetSelectedClip"):
        # Some versions place nothing while nothing is selected.
        connection.pool.SetSelectedClip(plan.items[0].clip.item)
    extra = find_end_frame(connection, timeline, plan, int(start))
    _append(connection, timeline, plan, int(start), extra, progress, batch)
    differences = tuple(_compare(timeline, plan, int(start)))
    wanted = {
        (kind, item.track, int(start) + item.record)
        for item in plan.items
        for kind, on in (("video", item.picture), ("audio", item.sound))
        if on
    }
    strays = len(_standing(timeline, plan).keys() - wanted)
    if strays:
        notices.append(f"{strays} items stand where none was planned: look at the timeline.")
    notices += timelines.drop_spare_tracks(timeline, plan)
    # Its marker stands on the first frame, where one of the plan's may be wanted.
    if not timelines.set_finished(timeline):
        notices.append(
            "The marker of an unfinished timeline could not be taken off; the next run would "
            "remove this timeline. Delete the first marker by hand to keep it."
        )
    notices += mark_timeline(timeline, plan.marks)
    return Placed(
        timeline=timeline.GetName() or plan.name,
        timeline_id=timeline.GetUniqueId() or "",
        placed=len(plan.items) - len(differences),
        differences=differences,
        notices=tuple(notices),
    )


def append_info(item: Planned, start: int, extra: int) -> AppendInfo:
    """Return what AppendToTimeline is told: whole numbers only, `recordFrame` absolute.

    `extra` is 0 where `endFrame` is the frame after the last, -1 where it is the last.
    """
    info: dict[str, object] = {
        "mediaPoolItem": item.clip.item,
        "startFrame": item.source,
        "endFrame": item.source + item.frames + extra,
        "trackIndex": item.track,
        "recordFrame": start + item.record,
    }
    if not (item.picture and item.sound):
        info["mediaType"] = 1 if item.picture else 2
    elif not item.clip.picture:
        info["mediaType"] = 2
    return info


def _append(
    connection: Connection,
    timeline: Timeline,
    plan: Plan,
    start: int,
    extra: int,
    progress: Progress,
    batch: int,
) -> None:
    """Place in batches; what does not stand afterwards is placed once more, alone."""
    pool, total = connection.pool, len(plan.items)
    for first in range(0, total, batch):
        part = plan.items[first : first + batch]
        timelines.make_current(connection, timeline)
        pool.AppendToTimeline([append_info(item, start, extra) for item in part])
        standing = _standing(timeline, plan)
        for item in part:
            if (item.kind, item.track, start + item.record) not in standing:
                pool.AppendToTimeline([append_info(item, start, extra)])
        progress(min(first + batch, total), total)


Spot = tuple[str, int, int]
"""Kind of track, its number, absolute first frame."""


def _standing(timeline: Timeline, plan: Plan) -> dict[Spot, TimelineItem]:
    found: dict[Spot, TimelineItem] = {}
    lanes: tuple[tuple[str, Many[object]], ...] = (("video", plan.video), ("audio", plan.audio))
    for kind, wanted in lanes:
        for track in range(1, len(wanted) + 1):
            for item in timeline.GetItemListInTrack(kind, track) or []:
                at = item.GetStart()
                if at is not None:
                    found[(kind, track, round(at))] = item
    return found


def _compare(timeline: Timeline, plan: Plan, start: int) -> Iterator[Difference]:
    standing = _standing(timeline, plan)
    for item in plan.items:
        where = (item.track, start + item.record)
        kinds = [k for k, on in (("video", item.picture), ("audio", item.sound)) if on]
        faults = [
            fault
            for kind in kinds
            if (fault := _fault(item, kind, standing.get((kind, *where)), plan))
        ]
        if faults:
            yield Difference(item=item, sentence=f"{item.name}: {'; '.join(faults)}.")


def _fault(item: Planned, kind: str, stands: TimelineItem | None, plan: Plan) -> str:
    """Return what is wrong with an item as it stands, and colour it; empty where it is right."""
    part = "picture" if kind == "video" else "sound"
    if stands is None:
        return f"its {part} was not placed at frame {item.record}"
    if item.status in CLIP_COLORS:
        stands.SetClipColor(CLIP_COLORS[item.status])
    source = stands.GetMediaPoolItem()
    if source is None or source.GetUniqueId() != item.clip.id:
        return f"another clip stands at frame {item.record} of its {part} track"
    begin, end, offset = stands.GetStart(), stands.GetEnd(), stands.GetLeftOffset()
    if begin is None or end is None or offset is None:
        return f"its {part} does not answer"
    if round(end - begin) != item.length:
        return f"its {part} is {round(end - begin)} frames long instead of {item.length}"
    # Sound tells its offset in frames of the timeline.
    scale = 1 if kind == "video" else plan.rate / item.clip.rate
    if abs(offset - float(item.source * scale)) > 1:
        return f"its {part} begins {offset:g} frames into the file, not {item.source * scale}"
    return ""
