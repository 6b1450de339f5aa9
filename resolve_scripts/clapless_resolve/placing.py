"""A plan placed on a new timeline, every item read back and compared.

Nothing that Resolve answers to a placement is believed: its list may hold None, dead handles, or
miss items. What counts is what stands on the tracks afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Sequence as Many
from dataclasses import dataclass, field, replace

from clapless.timing import Timecode
from clapless_resolve import bins, timelines
from clapless_resolve.connect import MODAL, Connection
from clapless_resolve.end_frame import find_end_frame
from clapless_resolve.errors import ResolveError
from clapless_resolve.marking import mark_timeline
from clapless_resolve.plan import Plan, Planned
from clapless_resolve.protocols import AppendInfo, Timeline, TimelineItem, has
from clapless_resolve.remote import ask_each
from clapless_resolve.speeds import set_speed

BATCH = 100
"""Clips in one call: a bad one costs the others of its batch one more call each."""

PLACED_WITHOUT_SELECTION = (20, 3, 2)
"""Before it nothing was placed while nothing was selected in the Media Pool."""

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
    lost
        How many items of the session are not in the plan; its notices say why.
    handle
        The timeline itself.
    """

    timeline: str
    timeline_id: str
    placed: int
    differences: tuple[Difference, ...]
    notices: tuple[str, ...]
    lost: int = 0
    handle: Timeline = field(compare=False, repr=False)


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
    check(connection, [plan])
    told = timelines.remove_unfinished(connection)
    with bins.kept_open(connection.pool) as late:
        bins.open_bin(connection.pool)
        placed = fill(connection, plan, progress=progress, batch=batch)
        finished = finish(placed, plan)
    return replace(finished, notices=(*told, *finished.notices, *late))


def check(connection: Connection, plans: Iterable[Plan]) -> None:
    """Raise `ResolveError` where plans cannot be placed by this Resolve, before anything is made.

    Raises
    ------
    ResolveError
        The message says what to do.
    """
    if not connection.capabilities.placement:
        raise ResolveError(
            f"Resolve {connection.capabilities.version} cannot place clips on tracks; 18.5 is the "
            "first that can. Export a timeline file and import it instead."
        )
    for plan in plans:
        if not plan.items:
            why = "".join(f" {notice}" for notice in plan.notices)
            raise ResolveError(f"There is nothing to place.{why}")
        if not plan.rate_name.strip() or plan.rate_name.startswith(" "):
            raise ResolveError(
                f"Resolve has no timelines of {float(plan.rate):g} frames per second: "
                "choose another frame rate."
            )


def fill(
    connection: Connection,
    plan: Plan,
    *,
    run: str = "",
    progress: Progress = lambda _done, _of: None,
    batch: int = BATCH,
) -> Placed:
    """Make a timeline in the open bin and place a plan on it; it stays marked as unfinished.

    Raises
    ------
    ResolveError
        No timeline can be made as planned; none is left behind.
    """
    timeline = timelines.create(connection, plan, run=run)
    try:
        return _fill(connection, timeline, plan, progress, batch)
    except ResolveError as error:
        more = timelines.delete_sentence(connection, [timeline])
        raise ResolveError(f"{error}{more}") from error


def finish(placed: Placed, plan: Plan) -> Placed:
    """Put the plan's markers on a timeline and say that it is finished."""
    told = []
    # Its marker stands on the first frame, where one of the plan's may be wanted.
    if not timelines.set_finished(placed.handle):
        told.append(
            "The marker of an unfinished timeline could not be taken off; the next run would "
            "remove this timeline. Delete the first marker by hand to keep it."
        )
    told += mark_timeline(placed.handle, plan.marks)
    return replace(placed, notices=(*placed.notices, *told))


def _fill(
    connection: Connection, timeline: Timeline, plan: Plan, progress: Progress, batch: int
) -> Placed:
    notices = [*plan.notices, *timelines.make_tracks(connection, timeline, plan)]
    start = timeline.GetStartFrame()
    if start is None or start is False:
        raise ResolveError(f"The new timeline does not answer. {MODAL}")
    if int(start) != Timecode.parse(plan.start_timecode, plan.rate).frame:
        notices.append(f"The timeline does not start at {plan.start_timecode}, as was planned.")
    _select_one(connection, plan)
    extra = find_end_frame(connection, timeline, plan, int(start))
    notices += _append(connection, timeline, plan, int(start), extra, progress, batch)
    standing = _standing(timeline, plan)
    differences = tuple(_compare(standing, plan, int(start)))
    strays = len(standing.keys() - {spot for i in plan.items for spot in _spots(i, int(start))})
    if strays:
        notices.append(f"{strays} items stand where none was planned: look at the timeline.")
    notices += timelines.drop_spare_tracks(timeline, plan)
    return Placed(
        timeline=timeline.GetName() or plan.name,
        timeline_id=timeline.GetUniqueId() or "",
        placed=len(plan.items) - len(differences),
        differences=differences,
        notices=tuple(notices),
        lost=plan.lost,
        handle=timeline,
    )


def _select_one(connection: Connection, plan: Plan) -> None:
    """Select a clip where nothing is selected and this version then places nothing.

    What the user selected stays: the next entry that is chosen is meant for it too.
    """
    pool, can = connection.pool, connection.capabilities
    fixed = can.numbers >= PLACED_WITHOUT_SELECTION
    if not fixed and has(pool, "SetSelectedClip") and not pool.GetSelectedClips():
        pool.SetSelectedClip(plan.items[0].clip.item)


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
) -> list[str]:
    """Place in batches; what does not stand afterwards is placed once more, alone.

    Items of a batch that Resolve refused as a whole may stand all the same, and be gone when the
    project is saved: they are taken off first.
    """
    total = len(plan.items)
    told: list[str] = []
    for first in range(0, total, batch):
        part = plan.items[first : first + batch]
        timelines.make_current(connection, timeline)
        refused, _ = _place(connection, part, start, extra)
        tracks = {spot[:2] for one in part for spot in _spots(one, start)}
        standing = _standing(timeline, plan, tracks)
        if refused:
            ours = {spot for one in part for spot in _spots(one, start)} & standing.keys()
            if ours and timeline.DeleteClips([standing[spot] for spot in sorted(ours)]):
                standing = {spot: one for spot, one in standing.items() if spot not in ours}
        for item in part:
            if (item.kind, item.track, start + item.record) not in standing:
                told += _place(connection, [item], start, extra)[1]
        progress(min(first + batch, total), total)
    return list(dict.fromkeys(told))


def _place(
    connection: Connection, items: Many[Planned], start: int, extra: int
) -> tuple[bool, list[str]]:
    """Ask Resolve to place items; return whether it refused them all, and why where it said so."""
    try:
        answer = connection.pool.AppendToTimeline(
            [append_info(item, start, extra) for item in items]
        )
    except (ResolveError, TypeError, RuntimeError, SystemError) as error:
        return True, [f"Resolve failed while it placed {items[0].name}: {error}"]
    return not answer, []


Spot = tuple[str, int, int]
"""Kind of track, its number, absolute first frame."""


def _spots(item: Planned, start: int) -> list[Spot]:
    parts = (("video", item.picture), ("audio", item.sound))
    return [(kind, item.track, start + item.record) for kind, on in parts if on]


def _standing(
    timeline: Timeline, plan: Plan, tracks: set[tuple[str, int]] | None = None
) -> dict[Spot, TimelineItem]:
    """Return what stands on the plan's tracks, or on some of them."""
    lanes: tuple[tuple[str, Many[object]], ...] = (("video", plan.video), ("audio", plan.audio))
    wanted = [(kind, n) for kind, lane in lanes for n in range(1, len(lane) + 1)]
    found: dict[Spot, TimelineItem] = {}
    for kind, track in wanted:
        if tracks is not None and (kind, track) not in tracks:
            continue
        items = timeline.GetItemListInTrack(kind, track) or []
        for item, (at,) in zip(items, ask_each(items, (("GetStart",),)), strict=True):
            if isinstance(at, int | float) and at is not False:
                found[(kind, track, round(at))] = item
    return found


def _compare(standing: Mapping[Spot, TimelineItem], plan: Plan, start: int) -> Iterator[Difference]:
    wanted = [(item, spot) for item in plan.items for spot in _spots(item, start)]
    there = [(item, spot) for item, spot in wanted if spot in standing]
    handles = [standing[spot] for _, spot in there]
    read = ask_each(
        handles,
        (("GetStart",),),
        (("GetEnd",),),
        (("GetLeftOffset",),),
        (("GetMediaPoolItem",), ("GetUniqueId",)),
    )
    faults: dict[int, list[str]] = {}
    for item, spot in wanted:
        if spot not in standing:
            part = "picture" if spot[0] == "video" else "sound"
            faults.setdefault(id(item), []).append(
                f"its {part} was not placed at frame {item.record}"
            )
    for (item, spot), handle, answers in zip(there, handles, read, strict=True):
        fault = _fault(item, spot[0], answers, plan) or _dress(item, spot[0], handle)
        if fault:
            faults.setdefault(id(item), []).append(fault)
    for item in plan.items:
        if id(item) in faults:
            yield Difference(item=item, sentence=f"{item.name}: {'; '.join(faults[id(item)])}.")


def _fault(item: Planned, kind: str, answers: Many[object], plan: Plan) -> str:
    """Return what is wrong with an item as it stands; empty where it is right."""
    part = "picture" if kind == "video" else "sound"
    begin, end, offset, identity = answers
    if identity != item.clip.id:
        return f"another clip stands at frame {item.record} of its {part} track"
    if not all(isinstance(one, int | float) and one is not False for one in (begin, end, offset)):
        return f"its {part} does not answer"
    length = round(float(str(end)) - float(str(begin)))
    if length != item.length:
        return f"its {part} is {length} frames long instead of {item.length}"
    # Sound tells its offset in frames of the timeline.
    scale = 1 if kind == "video" else plan.rate / item.clip.rate
    if abs(float(str(offset)) - float(item.source * scale)) > 1:
        return f"its {part} begins {offset:g} frames into the file, not {item.source * scale}"
    return ""


def _dress(item: Planned, kind: str, handle: TimelineItem) -> str:
    """Give an item that stands right its speed, its colour and its silence; return what fails."""
    part = "picture" if kind == "video" else "sound"
    if item.speed != 1 and (fault := set_speed(handle, item.speed, item.length)):
        return f"its {part} {fault}"
    if item.status in CLIP_COLORS and not handle.SetClipColor(CLIP_COLORS[item.status]):
        return f"its {part} could not be coloured {CLIP_COLORS[item.status].lower()}"
    if not item.enabled and not handle.SetClipEnabled(False):
        return (
            f"its {part} could not be switched off, and is {'seen' if kind == 'video' else 'heard'}"
        )
    return ""
