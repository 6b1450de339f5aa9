"""OpenTimelineIO's timelines as exact ones, whoever wrote them.

Positions win: where a clip was moved after we wrote our exact fractions beside it, the position
counts, the fractions are dropped, and a notice says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Sequenced
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

from clapless.model import MarkerKind
from clapless.timing import STANDARD_RATES
from clapless_otio.cut import (
    SHAPES,
    Item,
    Mark,
    Media,
    Project,
    Sequence,
    Shape,
    Sound,
    Span,
    Track,
    Transition,
)
from clapless_otio.exact import known_rate
from clapless_otio.files import url_name
from clapless_otio.sessions import SAME_S, SHIFT_KEY
from clapless_otio.timeline import KEY, RESOLVE_KEY, SOURCE, TIMELINE

_DEFAULT_RATE = Fraction(24)


def read_timeline(timeline: otio.schema.Timeline, reader: _Reader | None = None) -> Project:
    """Return an OpenTimelineIO timeline as a project of one sequence.

    `reader` is the one of the collection it is in: nested sequences are shared within.
    """
    facts = _facts(timeline.metadata)
    rate = _fraction(facts.get("rate")) or _guess_rate(timeline)
    start = timeline.global_start_time
    start_s = seconds(start) if start is not None else Fraction(0)
    told = _fraction(facts.get("start"))
    if told is not None and abs(told - start_s) < SAME_S:
        start_s = told
    reader = reader or _Reader(str(facts.get("convention") or TIMELINE))
    sequence = Sequence(
        name=str(facts.get("sequence") or timeline.name),
        rate=rate,
        start_s=start_s,
        tracks=reader.tracks(timeline.tracks),
        marks=_marks(timeline.tracks.markers, Fraction(0)),
        **_sequence_facts(facts),
    )
    kept = facts.get("project")
    return Project(
        name=timeline.name,
        sequences=(sequence,),
        notices=tuple(reader.notices),
        metadata=plain(kept) if isinstance(kept, Mapping) else _foreign(timeline.metadata),
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
        facts = _facts(root.metadata)
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
            metadata=plain(kept) if isinstance(kept, Mapping) else _foreign(root.metadata),
        )
    raise TypeError(f"a {type(root).__name__} is no timeline")


def seconds(time: otio.opentime.RationalTime) -> Fraction:
    """Return a time as exact seconds: whole frames stay whole, the rate becomes exact."""
    value = Fraction(time.value)
    near = round(value)
    if abs(value - near) < Fraction(1, 10**7):
        value = Fraction(near)
    return value / known_rate(time.rate)


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
        facts = _facts(track.metadata)
        kind = "audio" if track.kind == otio.schema.TrackKind.Audio else "video"
        name = str(facts.get("name") or track.name or f"{kind.capitalize()} {number + 1}")
        kept = facts.get("kept") or _foreign(track.metadata)
        head = Track(
            name=name,
            kind="audio" if kind == "audio" else "video",
            device=str(facts.get("device") or ""),
            enabled=bool(getattr(track, "enabled", True)),
            spine=bool(facts.get("spine")),
            transitions=tuple(_transition(t) for t in facts.get("transitions") or ()),
            metadata=plain(kept),
        )
        parts = []
        met: list[Transition] = []
        at_s = Fraction(0)
        for child in track:
            if isinstance(child, otio.schema.Transition):
                met.append(_foreign_transition(child, at_s))
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
        sound = bool(_facts(child.metadata).get("sound"))
        return replace(item, sound=item.sound or sound)

    def _length(self, child: Any) -> Fraction:
        length_s = seconds(_trimmed(child).duration)
        if not self._in_source(child):
            return length_s
        return length_s / (abs(_speed(child)) or Fraction(1))

    def _in_source(self, child: Any) -> bool:
        return self.convention == SOURCE and not isinstance(child, otio.schema.Gap)

    def _part(self, child: Any, at_s: Fraction, kind: str, track: str) -> _Part:
        facts = _facts(child.metadata)
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
        resolve = _mapping(child.metadata.get(RESOLVE_KEY))
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
            marks=_marks(child.markers, origin_s),
            clip=str(facts.get("clip") or ""),
            check=bool(facts.get("check")),
            metadata=plain(facts.get("sync") or _foreign(child.metadata)),
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
            "start_s": _fraction(facts.get("start")),
            "duration_s": _fraction(facts.get("duration")),
            "source_start_s": _fraction(facts.get("source_start")),
            "speed": _fraction(facts.get("speed")),
        }
        known: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
        moved = [n for n, value in known.items() if abs(value - getattr(item, n)) >= SAME_S]
        if moved:
            item = self._shifted(item, replace(item, **known))
        for name in moved:
            del known[name]
        if points := () if moved else facts.get("points") or ():
            known["points"] = tuple((Fraction(t), Fraction(v)) for t, v in points)
        return replace(item, trade=_fraction(facts.get("trade")), **known)

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
        rate = _fraction(facts.get("rate")) or known_rate(_trimmed(child).duration.rate)
        read = Sequence(
            name=str(facts.get("sequence") or child.name),
            rate=rate,
            start_s=_fraction(facts.get("nested_start")) or Fraction(0),
            tracks=tracks,
            marks=tuple(_told_mark(mark) for mark in facts.get("marks") or ()),
            **(_sequence_facts(facts) | {"shape": _shape(facts.get("shape"), "compound")}),
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


def read_media(reference: Any, clip: Any) -> Media | None:
    """Return the file behind a media reference, None where there is none."""
    if reference is None:
        return None
    facts = _facts(reference.metadata)
    url = getattr(reference, "target_url", "") or ""
    if isinstance(reference, otio.schema.ImageSequenceReference):
        url = f"{reference.target_url_base}{reference.name_prefix}{reference.name_suffix}"
    if isinstance(reference, otio.schema.GeneratorReference) or (not url and not facts):
        available = reference.available_range
        if available is None:
            return None
    available = reference.available_range
    start_s = seconds(available.start_time) if available else Fraction(0)
    duration_s = seconds(available.duration) if available else Fraction(0)
    for name, actual in (("start", start_s), ("duration", duration_s)):
        told = _fraction(facts.get(name))
        if told is not None and abs(told - actual) < SAME_S:
            start_s, duration_s = (told, duration_s) if name == "start" else (start_s, told)
    ranged = available or clip.source_range
    rate = known_rate(ranged.duration.rate) if ranged else None
    if facts:
        rate = _fraction(facts.get("rate"))
    elif rate is not None and rate not in STANDARD_RATES and rate > 1000:
        rate = None
    sound = tuple(
        Sound(
            channels=int(stream["channels"]),
            sample_rate_hz=int(stream["sample_rate_hz"]),
            names=tuple(stream["names"]),
        )
        for stream in facts.get("sound") or ()
    )
    return Media(
        name=str(facts.get("name") or reference.name or url_name(url) or clip.name),
        url=url,
        start_s=start_s,
        duration_s=duration_s,
        rate=rate,
        timecode_rate=_fraction(facts.get("timecode_rate")) or rate,
        drop_frame=bool(facts.get("drop_frame")),
        width=int(facts.get("width") or 0) or None,
        height=int(facts.get("height") or 0) or None,
        rotation=int(facts.get("rotation") or 0),
        still=bool(facts.get("still")),
        sound=sound,
        reel=str(facts.get("reel") or ""),
        scene=str(facts.get("scene") or ""),
        take=str(facts.get("take") or ""),
        bin=str(facts.get("bin") or ""),
        variable_frame_rate=bool(facts.get("variable_frame_rate")),
        metadata=plain(facts.get("kept") or _foreign(reference.metadata)),
    )


def _marks(markers: Iterable[Any], origin_s: Fraction) -> tuple[Mark, ...]:
    marks = []
    for marker in markers:
        facts = _facts(marker.metadata)
        time_s = seconds(marker.marked_range.start_time) - origin_s
        duration_s = seconds(marker.marked_range.duration)
        told, told_length = _fraction(facts.get("time")), _fraction(facts.get("duration"))
        if told is not None and abs(told - time_s) < SAME_S:
            time_s = told
        if told_length is not None and abs(told_length - duration_s) < SAME_S:
            duration_s = told_length
        note = _mapping(marker.metadata.get(RESOLVE_KEY)).get("Note") or ""
        marks.append(
            Mark(
                name=marker.name,
                time_s=time_s,
                duration_s=duration_s,
                color=(marker.color or "").lower(),
                comment=getattr(marker, "comment", "") or str(note),
                kind=_mark_kind(facts.get("kind")),
                metadata=plain(facts.get("kept") or _foreign(marker.metadata)),
            )
        )
    return tuple(marks)


def _told_mark(facts: Mapping[str, Any]) -> Mark:
    return Mark(
        name=str(facts["name"]),
        time_s=Fraction(facts["time"]),
        duration_s=Fraction(facts["duration"]),
        color=str(facts["color"]),
        comment=str(facts["comment"]),
        kind=_mark_kind(facts.get("kind")),
        metadata=plain(facts.get("kept") or {}),
    )


def _transition(facts: Mapping[str, Any]) -> Transition:
    return Transition(
        name=str(facts["name"]),
        start_s=Fraction(facts["start"]),
        duration_s=Fraction(facts["duration"]),
        marks=tuple(_told_mark(mark) for mark in facts.get("marks") or ()),
        metadata=plain(facts.get("kept") or {}),
    )


def _foreign_transition(child: Any, cut_s: Fraction) -> Transition:
    before_s, after_s = seconds(child.in_offset), seconds(child.out_offset)
    return Transition(
        name=child.name or child.transition_type,
        start_s=cut_s - before_s,
        duration_s=before_s + after_s,
        metadata=_foreign(child.metadata),
    )


def _mark_kind(value: object) -> MarkerKind:
    kinds: tuple[MarkerKind, ...] = ("standard", "chapter", "todo", "done")
    return next((kind for kind in kinds if kind == value), "standard")


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


def _sequence_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "drop_frame": bool(facts.get("drop_frame")),
        "width": int(facts.get("width") or 1920),
        "height": int(facts.get("height") or 1080),
        "sample_rate_hz": int(facts.get("sample_rate_hz") or 48000),
        "shape": _shape(facts.get("shape"), "timeline"),
        "spans": tuple(
            Span(
                group=str(span["group"]),
                name=str(span["name"]),
                start_s=Fraction(span["start"]),
                duration_s=Fraction(span["duration"]),
                zero_s=Fraction(span["zero"]),
            )
            for span in facts.get("spans") or ()
        ),
        "metadata": plain(facts.get("kept") or {}),
    }


def _shape(value: object, default: Shape) -> Shape:
    return next((shape for shape in SHAPES if shape == value), default)


def _facts(metadata: Any) -> Mapping[str, Any]:
    return _mapping(metadata.get(KEY))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _foreign(metadata: Any) -> dict[str, object]:
    """Return the metadata of other programs, to be written back."""
    return {str(key): value for key, value in plain(metadata).items() if key != KEY}


def plain(value: Any) -> Any:
    """Return OpenTimelineIO's containers as plain ones."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Sequenced) and not isinstance(value, str):
        return [plain(one) for one in value]
    if isinstance(value, otio.core.SerializableObject):
        return otio.core.serialize_json_to_string(value)
    return value


def _fraction(value: object) -> Fraction | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        return Fraction(value)
    except (ValueError, ZeroDivisionError):
        return None
