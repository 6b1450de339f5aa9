"""The lines of an edit decision list, before they are times.

References
----------
CMX3600: event number, reel, channels, edit type, transition length, then source in and out and
record in and out. File32 has six digits and reels of 32 characters. ``FCM`` says how the source
timecode after it counts; the first one how the record timecode does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from clapless.errors import TimelineError

_TC = r"\d{1,2}[:;.]\d{2}[:;.]\d{2}[:;.]\d{2,3}"
_EVENT = re.compile(rf"^(\d{{1,6}})\s+(.*?)\s+({_TC})\s+({_TC})\s+({_TC})\s+({_TC})(.*)$")
_SPEED = re.compile(rf"^M2\s+(.*?)\s+(-?\d+(?:\.\d+)?)\s+({_TC})\s*$")
_EDIT = re.compile(r"^(C|D|W\d{3}|K|KB|KO)$")


@dataclass
class Event:
    """One event line with the lines that belong to it."""

    number: str
    reel: str
    channels: str
    edit: str
    transition_frames: int
    source_in: str
    source_out: str
    record_in: str
    record_out: str
    source_drop: bool
    record_drop: bool
    comments: list[str] = field(default_factory=list)
    fps: Fraction | None = None
    line: int = 0

    def comment(self, key: str) -> str:
        """Return what stands after ``KEY:`` in the comments, empty where nothing does."""
        for text in self.comments:
            head, colon, rest = text.partition(":")
            if colon and head.strip().upper() == key:
                return rest.strip()
        return ""


@dataclass
class EventList:
    """A whole list."""

    title: str = ""
    drop: bool = False
    events: list[Event] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def decode(data: bytes) -> str:
    """Return the text of a list: UTF-8, else UTF-16 by its mark, else Latin-1."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parse(text: str, *, name: str) -> EventList:
    """Return the events of a list.

    Raises
    ------
    TimelineError
        There is none in it.
    """
    found = EventList()
    drop: bool | None = None
    current: Event | None = None
    for number, raw in enumerate(_lines(text), 1):
        line = raw.strip()
        if not line:
            continue
        upper = line.upper()
        if upper.startswith("TITLE:"):
            found.title = line[6:].strip()
        elif upper.startswith("FCM:"):
            said = "NON" not in upper
            found.drop = said if drop is None else found.drop
            drop = said
        elif event := _event(line, number, drop=bool(drop), record_drop=found.drop):
            found.events.append(event)
            current = event
        elif speed := _SPEED.match(line):
            _set_speed(found.events, speed[1].strip(), Fraction(speed[2]))
        elif line.startswith("*"):
            text_of = line.lstrip("*").strip()
            (current.comments if current is not None else found.comments).append(text_of)
        elif current is not None:
            current.comments.append(line)
    if not found.events:
        raise TimelineError(f"{name} holds no events of an edit decision list.")
    return found


def _lines(text: str) -> Iterator[str]:
    yield from text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _event(line: str, number: int, *, drop: bool, record_drop: bool) -> Event | None:
    found = _EVENT.match(line)
    if not found:
        return None
    words = found[2].split()
    frames = 0
    edit = "C"
    if words and words[-1].isdigit() and len(words) >= 3:
        # A dissolve's length; some programs leave the D out.
        frames = int(words.pop())
        edit = "D"
    if len(words) >= 3 and _EDIT.match(words[-1]):
        edit = words.pop()
    if len(words) < 2:
        return None
    channels = words.pop()
    return Event(
        number=found[1],
        reel=" ".join(words),
        channels=channels,
        edit=edit,
        transition_frames=frames,
        source_in=found[3],
        source_out=found[4],
        record_in=found[5],
        record_out=found[6],
        source_drop=drop or ";" in found[3],
        record_drop=record_drop or ";" in found[5],
        line=number,
    )


def _set_speed(events: list[Event], reel: str, fps: Fraction) -> None:
    """Give a speed to the last event of its reel; both sides of a dissolve may have one."""
    for event in reversed(events[-2:]):
        if event.reel == reel and event.fps is None:
            event.fps = fps
            return
    if events:
        events[-1].fps = fps
