"""Whose a multicam clip is, and what was written on clips for it: found again by markers."""

from __future__ import annotations

from clapless_resolve.connect import Connection
from clapless_resolve.marking import OURS, custom_data, put_marker
from clapless_resolve.plan import TimelineMark
from clapless_resolve.protocols import PoolItem
from clapless_resolve.reading import PoolClip, all_clips
from clapless_resolve.remote import ask_each

UNFINISHED = OURS + "unfinished-multicam:"

MADE = OURS + "multicam:"

TIMECODE = OURS + "timecode:"
"""On a clip whose timecode was written; the run, whose it was and what the timecode was follow."""


def finish(connection: Connection, run: str) -> list[str]:
    """Say that the multicam clips of a run are finished; return a sentence where that fails."""
    sign = f"{run}:{connection.who}"
    told = []
    for item in signed(connection, UNFINISHED + sign):
        if not (
            item.AddMarker(1, "Cream", "Made by Clapless", "", 1, MADE + sign)
            and item.DeleteMarkerByCustomData(UNFINISHED + sign)
        ):
            told.append(
                f"The markers of {item.GetName()} could not be changed: the next run may remove it."
            )
    return told


def remove_unfinished(connection: Connection) -> list[str]:
    """Delete what this user's stopped runs left, and put timecodes back; return what fails."""
    finished = {run for item in signed(connection, MADE) for run in _runs(item, MADE)}
    told = [
        f"The start timecode of {item.GetName()} could not be put back."
        for item in signed(connection, TIMECODE)
        if not _runs(item, TIMECODE) <= finished
        and any(
            c.split(":")[3:4] == [connection.who] for c in customs(item) if c.startswith(TIMECODE)
        )
        and restore_timecode(item) is False
    ]
    found = signed(connection, UNFINISHED)
    mine = [item for item in found if any(_is_mine(connection, c) for c in customs(item))]
    return [*told, *_delete(connection, mine)]


def remove_run(connection: Connection, run: str) -> list[str]:
    """Delete the multicam clips of a run and put back the timecodes it wrote; return what fails."""
    told = []
    for item in signed(connection, f"{TIMECODE}{run}:"):
        if not restore_timecode(item):
            told.append(f"The start timecode of {item.GetName()} could not be put back.")
    made = [*signed(connection, f"{UNFINISHED}{run}:"), *signed(connection, f"{MADE}{run}:")]
    return [*told, *_delete(connection, made)]


def _delete(connection: Connection, items: list[PoolItem]) -> list[str]:
    if items and not connection.pool.DeleteClips(items):
        return ["A multicam clip of a stopped run could not be deleted: delete it by hand."]
    return []


def _runs(item: PoolItem, beginning: str) -> set[str]:
    found = [custom for custom in customs(item) if custom.startswith(beginning)]
    return {custom.removeprefix(beginning).partition(":")[0] for custom in found}


def _is_mine(connection: Connection, custom: str) -> bool:
    return custom.startswith(UNFINISHED) and custom.endswith(f":{connection.who}")


def restore_timecode(item: PoolItem) -> bool | None:
    """Put back a clip's timecode that was written; None where none was, False where it fails."""
    written = [custom for custom in customs(item) if custom.startswith(TIMECODE)]
    if not written:
        return None
    before = written[0].removeprefix(TIMECODE).split(":", 2)[2]
    item.SetClipProperty("Start TC", before)
    return reads_timecode(item, before) and all(
        bool(item.DeleteMarkerByCustomData(c)) for c in written
    )


def reads_timecode(item: PoolItem, wanted: str) -> bool:
    """Return whether a clip says a start timecode."""
    said = str((item.GetClipProperty() or {}).get("Start TC", ""))
    # The separator is no proof of drop frame.
    return said.replace(";", ":") == wanted.replace(";", ":")


def write_timecode(clip: PoolClip, wanted: str, sign: str) -> bool:
    """Write a timecode, after noting on the clip what it was: a killed run is found by that."""
    before = clip.start_timecode
    note = TimelineMark(
        frame=0, duration=1, color="Cream", name="Timecode written", note=f"It was {before}."
    )
    if not put_marker(clip.item, note, f"{TIMECODE}{sign}:{before}"):
        return False
    clip.item.SetClipProperty("Start TC", wanted)
    return reads_timecode(clip.item, wanted)


def customs(item: PoolItem) -> list[str]:
    """Return the custom data of a clip's markers."""
    return custom_data(item.GetMarkers())


def signed(connection: Connection, beginning: str) -> list[PoolItem]:
    """Return the clips with a marker whose custom data begins so."""
    items = list(all_clips(connection.pool))
    rows = ask_each(items, (("GetMarkers",),))
    return [
        item
        for item, (markers,) in zip(items, rows, strict=True)
        if any(custom.startswith(beginning) for custom in custom_data(markers))
    ]
