"""Spines, angles, clips and what is connected to them, as items on lanes of one clock."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from lxml import etree

from clapless.model import MarkerKind
from clapless_otio.cut import Item, Mark, Media, Sequence, Shape, Track, Transition
from clapless_otio.fcpxml.kept import FORMAT_KEY, KEY, attributes, kept_text
from clapless_otio.fcpxml.order import ATTRIBUTES, STORY_TAGS, keeps
from clapless_otio.fcpxml.resource_reading import ResourceReader

Points = tuple[tuple[Fraction, Fraction], ...]

_COLOR_NOTE = re.compile(r"^(.*?)\s*\[([a-z]{3,12})\]$", re.DOTALL)


class Story:
    """Items on lanes: 0 is the spine, positive ones are above it, negative ones below."""

    def __init__(self, rate: Fraction) -> None:
        self.rate = rate
        self.lanes: dict[int, list[list[Item]]] = {}
        self.transitions: dict[int, list[Transition]] = {}
        self.marks: list[Mark] = []

    def add(self, lane: int, item: Item) -> None:
        """Put an item on the first track of its lane where it overlaps nothing."""
        rows = self.lanes.setdefault(lane, [])
        for row in rows:
            at = bisect_right(row, item.start_s, key=lambda other: other.start_s)
            if _free(row, at, item):
                row.insert(at, item)
                return
        rows.append([item])

    def to_zero(self) -> Fraction:
        """Shift everything so that nothing begins before 0; return that first begin."""
        starts = [item.start_s for rows in self.lanes.values() for row in rows for item in row]
        early_s = min([Fraction(0), *starts])
        if early_s:
            for lane, rows in self.lanes.items():
                self.lanes[lane] = [
                    [replace(item, start_s=item.start_s - early_s) for item in row] for row in rows
                ]
            for lane, transitions in self.transitions.items():
                self.transitions[lane] = [
                    replace(t, start_s=t.start_s - early_s) for t in transitions
                ]
            self.marks = [replace(mark, time_s=mark.time_s - early_s) for mark in self.marks]
        return early_s

    def tracks(self) -> tuple[Track, ...]:
        """Return the tracks, the lowest first: pictures from the spine up, then what is below."""
        found = []
        order = sorted(lane for lane in self.lanes if lane >= 0)
        order += sorted((lane for lane in self.lanes if lane < 0), reverse=True)
        for lane in order:
            for number, row in enumerate(self.lanes[lane]):
                heard = lane < 0 and not any(item.picture for item in row)
                transitions = self.transitions.get(lane, []) if number == 0 else []
                found.append(
                    Track(
                        name="" if lane == 0 else f"Lane {lane}",
                        kind="audio" if heard else "video",
                        items=tuple(row),
                        transitions=tuple(transitions),
                        spine=lane == 0 and number == 0,
                        metadata={"lane": lane},
                    )
                )
        return tuple(found)


def _free(row: list[Item], at: int, item: Item) -> bool:
    """Return whether a row, in rising order, has room for an item before its position `at`."""
    before = next(
        (other for other in reversed(row[max(0, at - 50) : at]) if other.duration_s), None
    )
    after = next((other for other in row[at : at + 50] if other.duration_s), None)
    return (before is None or before.end_s <= item.start_s) and (
        after is None or after.start_s >= item.end_s
    )


class StoryReader:
    """Reads clips; `nested` gives the sequence behind a media resource."""

    def __init__(self, resources: ResourceReader, nested: Callable[[str], Sequence | None]) -> None:
        self.resources = resources
        self.nested = nested
        self.notices: list[str] = []

    def story(self, story: Story, parent: etree._Element, base_s: Fraction, lane: int = 0) -> None:
        """Read the elements of a spine, angle or container, in order.

        `base_s` is what the parent's clock shows at the story's zero.
        """
        at_s = Fraction(0)
        for child in parent:
            if child.tag == "transition":
                story.transitions.setdefault(lane, []).append(self._transition(child, base_s))
                continue
            if child.tag not in STORY_TAGS or child.get("lane") not in (None, "0"):
                continue
            offset = child.get("offset")
            if offset is not None:
                at_s = self.resources.time(offset) - base_s
            at_s += self.place(story, child, at_s, lane)

    def place(self, story: Story, element: etree._Element, at_s: Fraction, lane: int) -> Fraction:
        """Put an element and what is connected to it on the story; return its length."""
        if element.tag == "audition":
            return self._audition(story, element, at_s, lane)
        if element.tag == "gap":
            start_s = self.resources.time(element.get("start"))
            story.marks += [
                replace(mark, time_s=at_s + mark.time_s - start_s) for mark in self._marks(element)
            ]
            length_s = self.resources.time(element.get("duration"))
        elif element.tag == "spine":
            item = self._container(element, at_s, "storyline")
            story.add(lane, item)
            length_s = item.duration_s
        else:
            item = self._item(element, at_s)
            story.add(lane, item)
            length_s = item.duration_s
        if element.tag != "spine":
            self._connected(story, element, at_s, lane)
        return length_s

    def _connected(self, story: Story, element: etree._Element, at_s: Fraction, lane: int) -> None:
        local_s = self._start(element)
        for child in element:
            if child.tag not in STORY_TAGS:
                continue
            own = self.resources.time(child.get("lane"))
            if own:
                since_s = self.resources.time(child.get("offset")) - local_s
                self.place(story, child, at_s + since_s, lane + int(own))

    def _audition(
        self, story: Story, element: etree._Element, at_s: Fraction, lane: int
    ) -> Fraction:
        takes = [child for child in element if child.tag in STORY_TAGS]
        if not takes:
            return Fraction(0)
        active = self._item(takes[0], at_s)
        others = tuple(self._item(take, at_s) for take in takes[1:])
        active = replace(
            active, alternatives=others, metadata={**active.metadata, "fcpxml_audition": "1"}
        )
        story.add(lane, active)
        self._connected(story, takes[0], at_s, lane)
        return active.duration_s

    def _start(self, element: etree._Element) -> Fraction:
        return self.resources.time(element.get("start"))

    def _item(self, element: etree._Element, at_s: Fraction) -> Item:
        if element.tag in ("clip", "sync-clip"):
            return self._container(element, at_s, "sync" if element.tag == "sync-clip" else "clip")
        source: Media | Sequence | None = None
        ref = element.get("ref")
        if element.tag in ("asset-clip", "audio", "video"):
            source = self.resources.media(ref)
            if source is None and element.tag == "asset-clip":
                source = self._offline(element)
        elif element.tag in ("mc-clip", "ref-clip") and ref is not None:
            source = self.nested(ref)
        return self._made(element, at_s, source)

    def _offline(self, element: etree._Element) -> Media:
        """Return the file of a clip whose asset is not in the document."""
        return Media(
            name=element.get("name") or "",
            start_s=self._start(element),
            duration_s=self.resources.time(element.get("duration")),
            rate=self.resources.format(element.get("format")).rate,
        )

    def _container(self, element: etree._Element, at_s: Fraction, shape: Shape) -> Item:
        found = self.resources.format(element.get("format"))
        inner = Story(found.rate or Fraction(25))
        first = next(
            (c for c in element if c.tag in STORY_TAGS and c.get("lane") in (None, "0")), None
        )
        base_s = Fraction(0)
        if shape != "storyline" and first is not None and first.tag != "spine":
            offset = first.get("offset")
            base_s = self.resources.time(offset)
        if shape != "storyline" and first is not None and first.tag == "spine":
            self.story(inner, first, base_s)
        else:
            self.story(inner, element, base_s)
        # What is connected may begin before the clip does: time 0 is where the first thing begins.
        early_s = inner.to_zero()
        base_s += early_s
        sequence = Sequence(
            name=element.get("name") or "",
            rate=inner.rate,
            start_s=base_s,
            drop_frame=element.get("tcFormat") == "DF",
            width=found.width or 1920,
            height=found.height or 1080,
            tracks=inner.tracks(),
            marks=tuple(inner.marks),
            shape=shape,
            metadata={FORMAT_KEY: found.raw} if found.raw else {},
        )
        return self._made(element, at_s, sequence)

    def _made(
        self, element: etree._Element, at_s: Fraction, source: Media | Sequence | None
    ) -> Item:
        start_s = self._start(element)
        origin_s = source.start_s if source is not None else start_s
        points = self._time_points(element)
        duration_s = self._duration(element, source)
        speed, inside = _retime(points, start_s, duration_s)
        marks = tuple(
            replace(mark, time_s=_value(points, mark.time_s) - origin_s)
            for mark in self._marks(element)
        )
        source_start_s = _value(points, start_s) - origin_s
        picture, sound = _streams(element, source)
        return Item(
            name=element.get("name") or (source.name if source is not None else ""),
            start_s=at_s,
            duration_s=duration_s,
            source=source,
            source_start_s=source_start_s,
            speed=speed,
            points=tuple((t - start_s, v - origin_s) for t, v in inside),
            picture=picture,
            sound=sound,
            enabled=element.get("enabled") != "0",
            role=element.get("audioRole") or element.get("role") or "",
            marks=marks,
            metadata={KEY: self._kept(element, source_start_s, duration_s)},
        )

    def _duration(self, element: etree._Element, source: Media | Sequence | None) -> Fraction:
        if element.tag == "spine":
            return source.duration_s if source is not None else Fraction(0)
        told = element.get("duration")
        if told is None and source is not None:
            return source.duration_s
        return self.resources.time(told)

    def _time_points(self, element: etree._Element) -> Points:
        return tuple(
            (self.resources.time(p.get("time")), self.resources.time(p.get("value")))
            for p in element.iterfind("timeMap/timept")
        )

    def _kept(
        self, element: etree._Element, source_start_s: Fraction, duration_s: Fraction
    ) -> dict[str, object]:
        """Return what is needed to write the element again, and what it must still agree with."""
        tag = str(element.tag)
        kept: dict[str, object] = {
            "tag": tag,
            "attributes": attributes(element, ATTRIBUTES.get(tag, ())),
            "start": element.get("start") or "",
            "duration": element.get("duration") or "",
            "source_start": str(source_start_s),
            "source_duration": str(duration_s),
            "children": [
                kept_text(child, self.resources.effect)
                for child in element
                if isinstance(child.tag, str) and keeps(tag, child.tag)
            ],
        }
        ref = element.get("ref")
        if ref is not None and ref not in self.resources.assets:
            kept["effect"] = self.resources.effect(ref) or {"uid": ""}
        return kept

    def _transition(self, element: etree._Element, base_s: Fraction) -> Transition:
        start_s = self.resources.time(element.get("offset")) - base_s
        return Transition(
            name=element.get("name") or "",
            start_s=start_s,
            duration_s=self.resources.time(element.get("duration")),
            # Their clock is not documented: the markers stay as far along it as they were.
            marks=tuple(self._marks(element)),
            metadata={
                KEY: {
                    "children": [
                        kept_text(child, self.resources.effect)
                        for child in element
                        if isinstance(child.tag, str) and keeps("transition", child.tag)
                    ]
                }
            },
        )

    def _marks(self, element: etree._Element) -> list[Mark]:
        """Return an element's markers in its local time."""
        marks = []
        for child in element.iterchildren("marker", "chapter-marker"):
            note = child.get("note") or ""
            color = ""
            if found := _COLOR_NOTE.match(note):
                note, color = found[1], found[2]
            marks.append(
                Mark(
                    name=child.get("value") or "",
                    time_s=self.resources.time(child.get("start")),
                    duration_s=self.resources.time(child.get("duration")),
                    color=color,
                    comment=note,
                    kind=_kind(child),
                )
            )
        return marks


def _kind(marker: etree._Element) -> MarkerKind:
    if marker.tag == "chapter-marker":
        return "chapter"
    completed = marker.get("completed")
    if completed is None:
        return "standard"
    return "done" if completed == "1" else "todo"


def _streams(element: etree._Element, source: Media | Sequence | None) -> tuple[bool, bool]:
    """Return whether a clip shows pictures and whether it plays sound."""
    enabled = element.get("srcEnable") or "all"
    if element.tag in ("video", "title", "caption"):
        return True, False
    if element.tag == "audio":
        return False, True
    if isinstance(source, Media):
        return (
            source.has_picture and enabled != "audio",
            bool(source.sound) and enabled != "video",
        )
    return enabled != "audio", enabled != "video"


def _value(points: Points, local_s: Fraction) -> Fraction:
    """Return the original clip time at a local time, past the ends along the last line."""
    if len(points) < 2:
        return local_s
    right = next((n for n in range(1, len(points)) if points[n][0] >= local_s), len(points) - 1)
    (t0, v0), (t1, v1) = points[right - 1], points[right]
    if t1 == t0:
        return v0
    return v0 + (local_s - t0) * (v1 - v0) / (t1 - t0)


def _retime(points: Points, start_s: Fraction, duration_s: Fraction) -> tuple[Fraction, Points]:
    """Return a clip's speed, and the points of its window where it has no single one."""
    if len(points) < 2 or duration_s <= 0:
        return Fraction(1), ()
    end_s = start_s + duration_s
    inside = [(start_s, _value(points, start_s))]
    inside += [(t, v) for t, v in points if start_s < t < end_s]
    inside.append((end_s, _value(points, end_s)))
    speed = (inside[-1][1] - inside[0][1]) / duration_s
    straight = all(v == inside[0][1] + (t - start_s) * speed for t, v in inside)
    return speed, () if straight else tuple(inside)
