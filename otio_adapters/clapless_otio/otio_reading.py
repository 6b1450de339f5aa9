"""OpenTimelineIO's timelines as exact ones, whoever wrote them.

Positions win: where a clip was moved after we wrote our exact fractions beside it, the position
counts, the fractions are dropped, and a notice says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from clapless_otio.cut import (
    Item,
    Media,
    Project,
    Sequence,
    Track,
    Transition,
)
from clapless_otio.exact import known_rate
from clapless_otio.otio_elements import (
    foreign_transition,
    read_marks,
    read_media,
    seconds,
    told_mark,
    told_sequence,
    told_shape,
    told_transition,
)
from clapless_otio.otio_words import (
    RESOLVE_KEY,
    SOURCE,
    TIMELINE,
    foreign,
    fraction,
    mapping,
    plain,
    told_facts,
)
from clapless_otio.sessions import SAME_S, SHIFT_KEY

_DEFAULT_RATE = Fraction(24)


def read_timeline(timeline: otio.schema.Timeline, reader: _Reader | None = None) -> Project:
    """Return an OpenTimelineIO timeline as a project of one sequence.

    `reader` is the one of the collection it is in: nested sequences are shared within.
    """
    facts = told_facts(timeline.metadata)
    rate = fraction(facts.get("rate")) or _guess_rate(timeline)
    start = timeline.global_start_time
    start_s = seconds(start) if start is not None else Fraction(0)
    told = fraction(facts.get("start"))
    if told is not None and abs(told - start_s) < SAME_S:
        start_s = told
    reader = reader or _Reader(str(facts.get("convention") or TIMELINE))
    sequence = Sequence(
        name=str(facts.get("sequence") or timeline.name),
        rate=rate,
        start_s=start_s,
        tracks=reader.tracks(timeline.tracks),
        marks=read_marks(timeline.tracks.markers, Fraction(0)),
        **told_sequence(facts),
    )
    kept = facts.get("project")
    return Project(
        name=timeline.name,
        sequences=(sequence,),
        loose=tuple(reader.loose(item) for item in facts.get("loose") or ()),
        notices=tuple(reader.notices),
        metadata=plain(kept) if isinstance(kept, Mapping) else foreign(timeline.metadata),
    )


def read_timelines(root: Any) -> Project:
    """Return a timeline, or every timeline of a collection, as one project.

    Raises
    ------
    TypeError
        It is neither.
    """
    if isinstance(root, otio.schema.Timeline):
        return read_timeline(root)
    if isinstance(root, otio.schema.SerializableCollection):
        facts = told_facts(root.metadata)
        reader = _Reader(str(facts.get("convention") or TIMELINE))
        projects = [read_timeline(t, reader) for t in root if isinstance(t, otio.schema.Timeline)]
        kept = facts.get("project")
        return Project(
            name=root.name,
            sequences=tuple(s for project in projects for s in project.sequences),
            loose=tuple(
                reader.loose(clip)
                for clip in root
                if isinstance(clip, otio.schema.Clip | otio.schema.Stack)
            ),
            notices=tuple(reader.notices),
            metadata=plain(kept) if isinstance(kept, Mapping) else foreign(root.metadata),
        )
    raise TypeError(f"a {type(root).__name__} is no timeline")


@dataclass(frozen=True, slots=True)
class _Part:
    """One clip of one track, before picture and sound are joined."""

    item: Item
    part: str
    link: object
    track: str


class _Reader:
    def __init__(self, convention: str) -> None:
        self.convention = convention
        self.notices: list[str] = []
        self.nested_known: dict[object, Sequence] = {}

    def tracks(self, stack: otio.schema.Stack) -> tuple[Track, ...]:
        read = [self._track(child, n) for n, child in enumerate(stack) if _is_track(child)]
        for child in stack:
            if not _is_track(child):
                head = Track(name=child.name, kind="video")
                read.append((head, [self._part(child, Fraction(0), "video", "")]))
        return _join(read)

    def _track(self, track: otio.schema.Track, number: int) -> tuple[Track, list[_Part]]:
        facts = told_facts(track.metadata)
        kind = "audio" if track.kind == otio.schema.TrackKind.Audio else "video"
        name = str(facts.get("name") or track.name or f"{kind.capitalize()} {number + 1}")
        kept = facts.get("kept") or foreign(track.metadata)
        head = Track(
            name=name,
            kind="audio" if kind == "audio" else "video",
            device=str(facts.get("device") or ""),
            enabled=bool(getattr(track, "enabled", True)),
            spine=bool(facts.get("spine")),
            transitions=tuple(told_transition(t) for t in facts.get("transitions") or ()),
            metadata=plain(kept),
        )
        parts = []
        met: list[Transition] = []
        at_s = Fraction(0)
        for child in track:
            if isinstance(child, otio.schema.Transition):
                met.append(foreign_transition(child, at_s))
                continue
            length_s = self._length(child)
            if not isinstance(child, otio.schema.Gap):
                part = self._part(child, at_s, kind, name)
                parts.append(part)
                # The exact end carries on, so that rounding cannot add up along a track.
                if abs(part.item.start_s - at_s) < SAME_S:
                    at_s = part.item.start_s
                if abs(part.item.duration_s - length_s) < SAME_S:
                    length_s = part.item.duration_s
            at_s += length_s
        if met and not head.transitions:
            head = replace(head, transitions=tuple(met))
        return head, parts

    def loose(self, child: Any) -> Item:
        """Return a clip that stands in a collection and on no timeline."""
        item = self._part(child, Fraction(0), "video", "").item
        sound = bool(told_facts(child.metadata).get("sound"))
        return replace(item, sound=item.sound or sound)

    def _length(self, child: Any) -> Fraction:
        length_s = seconds(_trimmed(child).duration)
        if not self._in_source(child):
            return length_s
        return length_s / (abs(_speed(child)) or Fraction(1))

    def _in_source(self, child: Any) -> bool:
        return self.convention == SOURCE and not isinstance(child, otio.schema.Gap)

    def _part(self, child: Any, at_s: Fraction, kind: str, track: str) -> _Part:
        facts = told_facts(child.metadata)
        ranged = _trimmed(child)
        reference = getattr(child, "media_reference", None)
        source: Media | Sequence | None
        if isinstance(child, otio.schema.Clip):
            source = read_media(reference, child)
            origin_s = source.start_s if source else Fraction(0)
        else:
            source = self._nested(child, facts)
            origin_s = source.start_s
        start_s = seconds(ranged.start_time)
        speed = _speed(child)
        resolve = mapping(child.metadata.get(RESOLVE_KEY))
        part = str(facts.get("part") or ("sound" if kind == "audio" else "picture"))
        item = Item(
            name=child.name,
            start_s=at_s,
            duration_s=self._length(child),
            source=source,
            source_start_s=start_s - origin_s,
            speed=speed,
            picture=part == "picture",
            sound=part == "sound",
            enabled=bool(getattr(child, "enabled", True)),
            color=str(facts.get("color") or _color(child)),
            role=str(facts.get("role") or ""),
            marks=read_marks(child.markers, origin_s),
            clip=str(facts.get("clip") or ""),
            check=bool(facts.get("check")),
            metadata=plain(facts.get("sync") or foreign(child.metadata)),
        )
        others = facts.get("alternatives") or ()
        item = replace(
            item,
            alternatives=tuple(
                replace(self.loose(other), start_s=item.start_s) for other in others
            ),
        )
        link = facts.get("link") or resolve.get("Link Group ID") or 0
        return _Part(self._exact(item, facts), part, link, track)

    def _exact(self, item: Item, facts: Mapping[str, Any]) -> Item:
        """Return the item at the exact times that stand beside it, where they still agree."""
        told = {
            "start_s": fraction(facts.get("start")),
            "duration_s": fraction(facts.get("duration")),
            "source_start_s": fraction(facts.get("source_start")),
            "speed": fraction(facts.get("speed")),
        }
        known: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
        moved = [n for n, value in known.items() if abs(value - getattr(item, n)) >= SAME_S]
        if moved:
            item = self._shifted(item, replace(item, **known))
        for name in moved:
            del known[name]
        if points := () if moved else facts.get("points") or ():
            known["points"] = tuple((Fraction(t), Fraction(v)) for t, v in points)
        return replace(item, trade=fraction(facts.get("trade")), **known)

    def _shifted(self, item: Item, told: Item) -> Item:
        """Return an edited item with the word of how far it was moved; trims move nothing."""
        if not item.speed or not told.speed:
            return item
        shift_s = item.start_s - told.at_source(item.source_start_s)
        if abs(shift_s) < SAME_S:
            return item
        return replace(item, metadata={**item.metadata, SHIFT_KEY: str(shift_s)})

    def _nested(self, child: Any, facts: Mapping[str, Any]) -> Sequence:
        stack = child if isinstance(child, otio.schema.Stack) else otio.schema.Stack()
        if isinstance(child, otio.schema.Track):
            stack.append(child.clone())
        inner = _Reader(self.convention)
        inner.nested_known = self.nested_known
        tracks = inner.tracks(stack)
        self.notices += inner.notices
        rate = fraction(facts.get("rate")) or known_rate(_trimmed(child).duration.rate)
        read = Sequence(
            name=str(facts.get("sequence") or child.name),
            rate=rate,
            start_s=fraction(facts.get("nested_start")) or Fraction(0),
            tracks=tracks,
            marks=tuple(told_mark(mark) for mark in facts.get("marks") or ()),
            **(told_sequence(facts) | {"shape": told_shape(facts.get("shape"), "compound")}),
        )
        # What was one sequence shown in several places is one again, where it is still the same.
        known = self.nested_known.setdefault(facts.get("nested") or id(read), read)
        return known if known == read else read


def _join(read: Iterable[tuple[Track, list[_Part]]]) -> tuple[Track, ...]:
    """Return the tracks with linked sound joined to its picture, and channels to their clip."""
    heads: list[Track] = []
    placed: dict[tuple[object, ...], tuple[int, int]] = {}
    lists: list[list[Item]] = []
    for head, parts in read:
        own: list[Item] = []
        for part in parts:
            key = _identity(part)
            if part.part == "sound" and key is not None and key in placed:
                row, column = placed[key]
                target = own if row == len(lists) else lists[row]
                target[column] = replace(target[column], sound=True)
                continue
            if key is not None:
                placed[key] = (len(lists), len(own))
            own.append(part.item)
        if own or not parts:
            heads.append(head)
            lists.append(own)
    return tuple(
        replace(head, items=tuple(items)) for head, items in zip(heads, lists, strict=True)
    )


def _identity(part: _Part) -> tuple[object, ...] | None:
    """Return what the parts of one clip have in common, None where nothing ties them."""
    item = part.item
    where = (item.start_s, item.duration_s, item.source_start_s, item.name)
    url = item.source.url if isinstance(item.source, Media) else ""
    if part.link:
        return ("link", part.link, url, *where)
    if item.clip:
        return ("clip", item.clip, url, part.track, *where)
    return None


def _is_track(child: Any) -> bool:
    return isinstance(child, otio.schema.Track)


def _trimmed(child: Any) -> otio.opentime.TimeRange:
    if child.source_range is not None:
        return child.source_range
    try:
        return child.trimmed_range()
    except otio.exceptions.OTIOError:
        # A clip that says neither its range nor its media's takes no time.
        return otio.opentime.TimeRange()


def _speed(child: Any) -> Fraction:
    speed = Fraction(1)
    for effect in getattr(child, "effects", ()):
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= Fraction(effect.time_scalar).limit_denominator(10**12)
    return speed


def _color(child: Any) -> str:
    color = getattr(child, "color", None)
    return str(getattr(color, "name", "") or "").lower() if color is not None else ""


def _guess_rate(timeline: otio.schema.Timeline) -> Fraction:
    if timeline.global_start_time is not None and timeline.global_start_time.rate > 1:
        return known_rate(timeline.global_start_time.rate)
    for kind in (otio.schema.TrackKind.Video, otio.schema.TrackKind.Audio):
        for track in timeline.tracks:
            if getattr(track, "kind", kind) == kind:
                for child in track:
                    rate = child.duration().rate if child.source_range else 0
                    if 1 < rate <= 240:
                        return known_rate(rate)
    return _DEFAULT_RATE
