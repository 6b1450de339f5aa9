"""Markers of ours, which bear a word by which they are found and removed again."""

from __future__ import annotations

from collections.abc import Iterable

from clapless_resolve.plan import Planned, TimelineMark
from clapless_resolve.protocols import Marked, Markers
from clapless_resolve.remote import ask_each

OURS = "clapless:"
"""Begins the custom data of every marker that is ours."""

ON_CLIPS = OURS + "clip:"
"""Begins that of the session's markers on clips."""

SHIFTS = 5
"""How many frames further a marker may go where one stands already: there is one to a frame."""

# fmt: off
COLORS = frozenset((
    "Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender",
    "Sky", "Mint", "Lemon", "Sand", "Cocoa", "Cream",
))
# fmt: on
NEAREST = {"orange": "Sand", "magenta": "Fuchsia", "white": "Cream", "black": "Cocoa"}
"""Colours of other programs that Resolve has no name for."""


def color_name(color: str) -> str:
    """Return Resolve's name for a colour; blue, its default, where it has none.

    >>> color_name("red"), color_name("orange"), color_name("")
    ('Red', 'Sand', 'Blue')
    """
    titled = color.title()
    return titled if titled in COLORS else NEAREST.get(color.lower(), "Blue")


def mark_timeline(timeline: Marked, marks: Iterable[TimelineMark]) -> list[str]:
    """Put markers on a timeline; return a sentence for each that could not be put."""
    told = []
    for number, mark in enumerate(marks, 1):
        custom = f"{OURS}timeline:{number}"
        if not put_marker(timeline, mark, custom):
            told.append(f"The marker {mark.name!r} at frame {mark.frame} could not be put.")
    return told


def mark_clips(items: Iterable[Planned]) -> list[str]:
    """Put the session's markers on the clips themselves, in frames of each clip.

    Markers of ours that an earlier run left on these clips are removed first; the user's stay. A
    marker that stands there already, of the same name, is not put again.
    """
    told: list[str] = []
    items = list(items)
    clips = list({item.clip.id: item.clip.item for item in items}.values())
    for host, (markers,) in zip(clips, ask_each(clips, (("GetMarkers",),)), strict=True):
        for custom in custom_data(markers):
            if custom.startswith(ON_CLIPS):
                host.DeleteMarkerByCustomData(custom)
    for item in items:
        clip = item.clip
        for number, mark in enumerate(item.marks, 1):
            frame = round(mark.time_s * clip.rate)
            there = {m.frame: m.name for m in clip.markers if not m.custom.startswith(OURS)}
            if there.get(frame) == mark.name:
                continue
            wanted = TimelineMark(
                frame=frame,
                duration=max(1, round(mark.duration_s * clip.rate)),
                color=mark.color,
                name=mark.name,
                note=mark.comment,
            )
            if not put_marker(clip.item, wanted, f"{ON_CLIPS}{item.record}:{number}"):
                told.append(f"The marker {mark.name!r} could not be put on {clip.name}.")
    return told


def custom_data(markers: Markers | None) -> list[str]:
    """Return the custom data of markers, as `GetMarkers` gives them."""
    return [str(one.get("customData") or "") for one in (markers or {}).values()]


def remove_ours(host: Marked, *, beginning: str = OURS) -> int:
    """Remove the markers that are ours from a clip or timeline; return how many."""
    ours = [custom for custom in custom_data(host.GetMarkers()) if custom.startswith(beginning)]
    return sum(bool(host.DeleteMarkerByCustomData(custom)) for custom in ours)


def put_marker(host: Marked, mark: TimelineMark, custom: str) -> bool:
    """Put a marker, a few frames further where one stands already; return whether it stands."""
    color = color_name(mark.color)
    return mark.frame >= 0 and any(
        host.AddMarker(mark.frame + shift, color, mark.name, mark.note, mark.duration, custom)
        for shift in range(SHIFTS + 1)
    )
