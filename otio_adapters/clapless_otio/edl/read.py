"""An edit decision list as a project."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from clapless.errors import TimelineError
from clapless.timing import Timecode, may_drop
from clapless_otio.cut import Item, Mark, Media, Project, Sequence, Track, TrackKind, Transition
from clapless_otio.edl.events import Event, EventList, decode, parse
from clapless_otio.files import url_name

_RATE_COMMENT = re.compile(r"^CLAPLESS FRAME RATE:\s*(\d+(?:/\d+)?)$", re.IGNORECASE)
_LOCATOR = re.compile(r"^LOC:\s*(\S+)\s+(\S+)\s*(.*)$", re.IGNORECASE)
_SPLIT = " | "


def read_edl(data: bytes, *, name: str, rate: Fraction | None = None) -> Project:
    """Return the project of a list.

    Parameters
    ----------
    data
        The file's bytes.
    name
        Its name, for sentences.
    rate
        Frames per second of its timecode, which lists do not say. None takes what Clapless wrote
        in a comment, else the lowest usual rate that has all its frame numbers.

    Raises
    ------
    TimelineError
        It is no list, or one of its timecodes does not exist at the rate.
    """
    listed = parse(decode(data), name=name)
    rate = rate or _told_rate(listed) or _guessed_rate(listed)
    return _Reader(listed, rate, name).project()


def _told_rate(listed: EventList) -> Fraction | None:
    for text in listed.comments:
        if found := _RATE_COMMENT.match(text):
            return Fraction(found[1])
    return None


def _guessed_rate(listed: EventList) -> Fraction:
    texts = [
        text
        for event in listed.events
        for text in (event.source_in, event.source_out, event.record_in, event.record_out)
    ]
    highest = max(int(re.split("[:;.]", text)[-1]) for text in texts)
    drop = any(event.source_drop or event.record_drop for event in listed.events)
    if highest >= 30:
        return Fraction(60000, 1001) if drop else Fraction(60 if highest >= 50 else 50)
    if drop or highest >= 25:
        return Fraction(30000, 1001)
    return Fraction(25) if highest >= 24 else Fraction(24)


@dataclass
class _Lane:
    name: str
    kind: TrackKind
    items: list[Item] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)


class _Reader:
    def __init__(self, listed: EventList, rate: Fraction, name: str) -> None:
        self.listed = listed
        self.rate = rate
        self.name = name
        self.lanes: list[_Lane] = []
        self.marks: list[Mark] = []
        self.media = self._files()

    def time(self, text: str, *, drop: bool, line: int) -> Fraction:
        """Return a timecode's real time in seconds."""
        label = re.sub("[;.]", ":", text)
        try:
            return Timecode.parse(label, self.rate, drop_frame=drop and may_drop(self.rate)).seconds
        except ValueError as error:
            raise TimelineError(f"{self.name}, line {line}: {error}.") from error

    def _source_s(self, event: Event, text: str) -> Fraction:
        return self.time(text, drop=event.source_drop, line=event.line)

    def _files(self) -> dict[tuple[str, str], Media]:
        """Return the files by reel and clip name: as long as what the list plays of them."""
        spans: dict[tuple[str, str], tuple[Fraction, Fraction]] = {}
        urls: dict[tuple[str, str], str] = {}
        for event in self.listed.events:
            key = _key(event)
            begin, end = (
                self._source_s(event, event.source_in),
                self._source_s(event, event.source_out),
            )
            known = spans.get(key, (begin, end))
            spans[key] = (min(known[0], begin), max(known[1], end))
            urls.setdefault(key, event.comment("SOURCE FILE") or event.comment("FROM CLIP"))
        return {
            key: Media(
                name=key[1] or url_name(urls[key]) or key[0],
                url=urls[key] or key[1],
                start_s=begin,
                duration_s=end - begin,
                rate=self.rate,
                timecode_rate=self.rate,
                reel=key[0],
            )
            for key, (begin, end) in spans.items()
        }

    def project(self) -> Project:
        begin_s = min(
            self.time(e.record_in, drop=self.listed.drop, line=e.line) for e in self.listed.events
        )
        start_s = self._start_s(begin_s)
        for event in self.listed.events:
            self._add(event, start_s)
        told = self._told("CLAPLESS TRACK")
        tracks = tuple(
            Track(
                name=told or lane.name,
                device=told,
                kind=lane.kind,
                items=tuple(lane.items),
                transitions=tuple(lane.transitions),
            )
            for lane in sorted(self.lanes, key=lambda lane: lane.kind != "video")
        )
        sequence = Sequence(
            name=self.listed.title or self.name,
            rate=self.rate,
            start_s=start_s,
            drop_frame=self.listed.drop and may_drop(self.rate),
            tracks=tracks,
            marks=tuple(sorted(self.marks, key=lambda mark: mark.time_s)),
        )
        return Project(name=self.listed.title or self.name, sequences=(sequence,))

    def _start_s(self, begin_s: Fraction) -> Fraction:
        """Return where the timeline starts: as Clapless wrote it, else at the first event."""
        told = self._told("CLAPLESS START")
        return self.time(told, drop=self.listed.drop, line=0) if told else begin_s

    def _told(self, key: str) -> str:
        """Return what Clapless wrote of a list in a comment, empty where it did not."""
        for text in self.listed.comments:
            head, _, rest = text.partition(":")
            if head.strip().upper() == key:
                return rest.strip()
        return ""

    def _add(self, event: Event, start_s: Fraction) -> None:
        record_in = self.time(event.record_in, drop=self.listed.drop, line=event.line)
        record_out = self.time(event.record_out, drop=self.listed.drop, line=event.line)
        if event.reel.upper() in ("BL", "BLACK"):
            return
        picture, sound = _streams(event.channels)
        media = self.media[_key(event)]
        at_s = record_in - start_s
        length_s = max(record_out - record_in, Fraction(0))
        speed = event.fps / round(self.rate) if event.fps else Fraction(1)
        item = Item(
            name=event.comment("FROM CLIP NAME") or event.comment("CLIP NAME") or event.reel,
            start_s=at_s,
            duration_s=length_s,
            source=media,
            source_start_s=self._source_s(event, event.source_in) - media.start_s,
            speed=speed or Fraction(1),
            picture=picture,
            sound=sound,
            check="CHECK SYNC" in event.comment("COMMENT"),
            metadata={
                "edl": {
                    "reel": event.reel,
                    "channels": event.channels,
                    "source_out": event.source_out,
                    "comments": list(event.comments),
                }
            },
        )
        lane = self._lane(event.channels, "video" if picture else "audio", item)
        lane.items.append(item)
        if event.transition_frames:
            lane.transitions.append(
                Transition(
                    name=event.comment("EFFECTS NAME IS") or "Dissolve",
                    start_s=at_s,
                    duration_s=event.transition_frames / self.rate,
                )
            )
        for text in event.comments:
            if found := _LOCATOR.match(text):
                time_s = self.time(found[1], drop=self.listed.drop, line=event.line)
                name, _, comment = found[3].partition(_SPLIT)
                self.marks.append(
                    Mark(
                        name=name.strip(),
                        time_s=time_s - start_s,
                        color=found[2].lower(),
                        comment=comment.strip(),
                    )
                )

    def _lane(self, channels: str, kind: TrackKind, item: Item) -> _Lane:
        """Return the first track of the channels where the item overlaps nothing."""
        count = 1
        for lane in self.lanes:
            if not lane.name.startswith(channels) or lane.kind != kind:
                continue
            last = lane.items[-1] if lane.items else None
            if last is None or last.end_s <= item.start_s:
                return lane
            count += 1
        lane = _Lane(channels if count == 1 else f"{channels} {count}", kind)
        self.lanes.append(lane)
        return lane


def _key(event: Event) -> tuple[str, str]:
    to_name = event.comment("TO CLIP NAME") if event.transition_frames else ""
    return event.reel, to_name or event.comment("FROM CLIP NAME")


def _streams(channels: str) -> tuple[bool, bool]:
    """Return whether channels show pictures and whether they play sound."""
    upper = channels.upper()
    picture = "V" in upper or upper in ("B", "NONE")
    return picture, "A" in upper or upper == "B"


def locators(marks: Iterable[Mark]) -> list[str]:
    """Return what is written after the timecode of each locator: colour and text."""
    return [
        f"{(mark.color or 'white').upper():<7} "
        + _SPLIT.join(part for part in (mark.name, mark.comment) if part)
        for mark in marks
    ]
