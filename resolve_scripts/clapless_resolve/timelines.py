"""New timelines: names, rate, start, tracks, and whose they are.

Every timeline that Clapless makes bears two markers of its own. One says that it was *made* here,
by which undoing finds it; it stays. The other says that it is *unfinished*, and is taken off once
all timelines of a run stand: what a killed run left is known by it. Both name the timeline, so that
a copy which the user made is not taken for it, the run, and whose run it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from clapless_resolve.connect import MODAL, Connection
from clapless_resolve.errors import ResolveError
from clapless_resolve.marking import OURS, custom_data
from clapless_resolve.plan import Lane, Plan
from clapless_resolve.protocols import Timeline, has, needed
from clapless_resolve.settings import RATE, rate_setting, setting

UNFINISHED = OURS + "unfinished:"
MADE = OURS + "made:"

MOST_NAMES = 1000
MOST_FRAMES_ON = 100
"""How far from the start the marker of a made timeline may stand."""

DROP = "timelineDropFrameTimecode"

COUNTED_AUDIO_AS_VIDEO = (20, 2, 2)
"""Before it, sound alone was only placed on tracks of a number that a video track had too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A timeline that Clapless made.

    Parameters
    ----------
    run
        Which run made it.
    who
        Whose run it was.
    unfinished
        Whether that run has not said that it was over.
    """

    timeline: Timeline
    run: str
    who: str
    unfinished: bool


def create(connection: Connection, plan: Plan, *, run: str = "") -> Timeline:
    """Make an empty timeline with the plan's rate and start, under a name that is free.

    Raises
    ------
    ResolveError
        It cannot be made so; none is left behind.
    """
    taken = {timeline.GetName() for timeline in all_timelines(connection)}
    names = [plan.name, *(f"{plan.name} {n}" for n in range(2, MOST_NAMES))]
    name = next((one for one in names if one not in taken), plan.name)
    timeline = needed(
        connection.pool.CreateEmptyTimeline(name),
        f"Resolve did not make a timeline {name!r}: close its dialogs, and see that the project "
        "can be changed and that no other timeline or clip bears this name.",
    )
    try:
        _set_rate(timeline, plan)
        timeline.SetStartTimecode(plan.start_timecode)
        _sign(connection, timeline, plan, run)
    except BaseException as error:
        # Before it is signed nobody else would know it for ours.
        more = delete_sentence(connection, [timeline])
        if more and isinstance(error, ResolveError):
            raise ResolveError(f"{error}{more}") from error
        raise
    return timeline


def delete_sentence(connection: Connection, timelines: list[Timeline]) -> str:
    """Delete timelines; return what to add to a sentence where Resolve does not."""
    if connection.pool.DeleteTimelines(timelines):
        return ""
    names = ", ".join(repr(timeline.GetName() or "?") for timeline in timelines)
    return f" The unfinished {names} could not be deleted: delete it by hand."


def make_current(connection: Connection, timeline: Timeline) -> None:
    """Make a timeline the current one, the only one that clips can be placed on.

    Raises
    ------
    ResolveError
        Another one is current: what is placed now would land among the user's clips.
    """
    connection.project.SetCurrentTimeline(timeline)
    current = connection.project.GetCurrentTimeline()
    if not current or current.GetUniqueId() != timeline.GetUniqueId():
        raise ResolveError(f"Resolve does not open the new timeline. {MODAL}")


def set_finished(timeline: Timeline) -> bool:
    """Take off the marker of an unfinished timeline; return whether it is gone."""
    wanted = f"{UNFINISHED}{timeline.GetUniqueId()}:"
    found = [custom for custom in custom_data(timeline.GetMarkers()) if custom.startswith(wanted)]
    return all(bool(timeline.DeleteMarkerByCustomData(custom)) for custom in found)


def ours(connection: Connection) -> list[Ours]:
    """Return the timelines of the project that Clapless made."""
    found = []
    for timeline in all_timelines(connection):
        identity = timeline.GetUniqueId()
        customs = custom_data(timeline.GetMarkers())
        for beginning in (UNFINISHED, MADE):
            signs = [c for c in customs if c.startswith(f"{beginning}{identity}:")]
            if identity and signs:
                run, _, who = signs[0].removeprefix(f"{beginning}{identity}:").partition(":")
                found.append(
                    Ours(timeline=timeline, run=run, who=who, unfinished=beginning == UNFINISHED)
                )
                break
    return found


def remove_unfinished(connection: Connection) -> list[str]:
    """Delete what this user's killed runs left: all timelines of such a run.

    Returns
    -------
    Sentences on unfinished timelines of other users, which stay.

    Raises
    ------
    ResolveError
        Resolve does not delete them, so that everything would be there twice.
    """
    made = ours(connection)
    killed = {(one.run, one.who) for one in made if one.unfinished and one.who == connection.who}
    left = [one.timeline for one in made if (one.run, one.who) in killed]
    if left and (sentence := delete_sentence(connection, left)):
        raise ResolveError(f"An earlier run was stopped while it placed clips.{sentence}")
    return [
        f"The timeline {one.timeline.GetName()!r} is being filled by another user's Clapless, or "
        "was left by it; it was not touched."
        for one in made
        if one.unfinished and one.who != connection.who
    ]


def remove(connection: Connection, timeline_id: str) -> bool:
    """Delete the timeline of an earlier placement; False where it is not there any more."""
    found = [one for one in all_timelines(connection) if one.GetUniqueId() == timeline_id]
    return bool(found and connection.pool.DeleteTimelines(found))


def all_timelines(connection: Connection) -> list[Timeline]:
    """Return every timeline of the project."""
    count = connection.project.GetTimelineCount() or 0
    found = [connection.project.GetTimelineByIndex(n) for n in range(1, count + 1)]
    return [one for one in found if one]


def make_tracks(connection: Connection, timeline: Timeline, plan: Plan) -> list[str]:
    """Make the plan's tracks, each of its kind, before anything is placed.

    Returns
    -------
    Sentences on what is not as planned.

    Raises
    ------
    ResolveError
        A track cannot be made.
    """
    _first_sound_track(timeline, plan.audio)
    videos = len(plan.video)
    if connection.capabilities.numbers < COUNTED_AUDIO_AS_VIDEO:
        videos = max(videos, len(plan.audio))
    while (count := timeline.GetTrackCount("video") or 0) < videos:
        timeline.AddTrack("video")
        _grown(timeline, "video", count)
    while (count := timeline.GetTrackCount("audio") or 0) < len(plan.audio):
        timeline.AddTrack("audio", plan.audio[count].channels)
        _grown(timeline, "audio", count)
    told = []
    for kind, lanes in (("video", plan.video), ("audio", plan.audio)):
        for number, lane in enumerate(lanes, 1):
            if not timeline.SetTrackName(kind, number, lane.name):
                told.append(f"{kind.title()} track {number} could not be named {lane.name!r}.")
            if kind == "audio" and has(timeline, "GetTrackSubType"):
                is_kind = timeline.GetTrackSubType(kind, number)
                if is_kind != lane.channels:
                    told.append(
                        f"Audio track {number} ({lane.name}) is {is_kind}, not {lane.channels}: "
                        "change its type in the track header to hear all channels."
                    )
    return told


def drop_spare_tracks(timeline: Timeline, plan: Plan) -> list[str]:
    """Delete empty video tracks beyond the plan's; return a sentence where one stays."""
    wanted = max(1, len(plan.video))
    for number in range(timeline.GetTrackCount("video") or 0, wanted, -1):
        if not timeline.GetItemListInTrack("video", number):
            timeline.DeleteTrack("video", number)
    spare = (timeline.GetTrackCount("video") or 0) - wanted
    return [f"{spare} empty video tracks could not be deleted."] if spare > 0 else []


def _sign(connection: Connection, timeline: Timeline, plan: Plan, run: str) -> None:
    identity = timeline.GetUniqueId()
    sign = f"{identity}:{run}:{connection.who}"
    note = "Clapless is placing clips. Run it again if it was stopped."
    if not identity or not timeline.AddMarker(0, "Red", "Unfinished", note, 1, UNFINISHED + sign):
        raise ResolveError(f"The new timeline cannot be marked. {MODAL}")
    planned = {mark.frame for mark in plan.marks}
    free = (frame for frame in range(1, MOST_FRAMES_ON) if frame not in planned)
    note = "Undo with: clapless resolve apply --remove"
    if not any(
        timeline.AddMarker(frame, "Cream", "Made by Clapless", note, 1, MADE + sign)
        for frame in free
    ):
        raise ResolveError(f"The new timeline cannot be marked. {MODAL}")


def _set_rate(timeline: Timeline, plan: Plan) -> None:
    if _reads_rate(timeline, plan):
        return
    wanted = {"useCustomSettings": "1", RATE: plan.rate_name}
    if has(timeline, "SetSettings"):
        for name, value in wanted.items():
            timeline.SetSettings({name: value})
    else:
        for name, value in wanted.items():
            timeline.SetSetting(name, value)
    if not _reads_rate(timeline, plan):
        raise ResolveError(
            f"Resolve did not give the new timeline {plan.rate_name} frames per second. Set the "
            "project to this rate (Project Settings > Master Settings), or choose its rate."
        )


def _reads_rate(timeline: Timeline, plan: Plan) -> bool:
    drop = setting(timeline, DROP) == "1"
    return rate_setting(timeline) == plan.rate and drop == plan.rate_name.endswith("DF")


def _grown(timeline: Timeline, kind: str, before: int) -> None:
    if (timeline.GetTrackCount(kind) or 0) <= before:
        raise ResolveError(f"Resolve did not add {kind} track {before + 1}. {MODAL}")


def _first_sound_track(timeline: Timeline, audio: tuple[Lane, ...]) -> None:
    """Give the sound track that comes with a timeline the kind of the first one planned."""
    if not audio or not has(timeline, "GetTrackSubType"):
        return
    if timeline.GetTrackCount("audio") == 1:
        if timeline.GetTrackSubType("audio", 1) == audio[0].channels:
            return
        if timeline.AddTrack("audio", audio[0].channels):
            timeline.DeleteTrack("audio", 1)
