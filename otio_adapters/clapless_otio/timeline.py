"""Exact timelines as OpenTimelineIO's.

Conventions
-----------
* The timeline's times are frames of the sequence's rate as doubles, with fractions of frames where
  a clip begins between two. The source's are frames (samples, without a picture) of its own
  rate, counted from its timecode.
* ``source_range.duration`` is the length on the timeline, as OpenTimelineIO and Resolve have it;
  Premiere's flavour counts it in the source (``convention``).
* ``metadata["clapless"]`` keeps what doubles and other programs lose: the exact fractions, the
  facts about each file, the placement, and the whole session. Positions win where they differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

import opentimelineio as otio

from clapless.model import Session
from clapless_otio.cut import Item, Mark, Media, Project, Sequence, Track, Transition
from clapless_otio.files import xml_text
from clapless_otio.layout import layout
from clapless_otio.options import ExportOptions
from clapless_otio.sessions import project_session

KEY = "clapless"
"""Where our data lies in every metadata dictionary."""

RESOLVE_KEY = "Resolve_OTIO"
"""Resolve's own data: links, notes and track types."""

Channel = tuple[str, int, int]
"""A sound track's share of a file: its name, first channel and count of channels."""

Convention = str
TIMELINE = "timeline"
SOURCE = "source"


def to_timeline(
    session: Session, *, name: str = "Sync", options: ExportOptions | None = None
) -> otio.schema.Timeline:
    """Return a session as one OpenTimelineIO timeline.

    Examples
    --------
    >>> timeline = to_timeline(Session())
    >>> timeline.name, len(timeline.tracks)
    ('Sync', 0)
    """
    options = replace(options or ExportOptions(), groups="one")
    project = layout(session, name=name, options=options)
    return project_timelines(project)[0]


def to_session(timeline: otio.schema.Timeline) -> tuple[Session, list[str]]:
    """Return a timeline's session, and sentences about clips that were moved since.

    The inverse of `to_timeline`; a timeline of another program gives a session of what it shows.

    Examples
    --------
    >>> to_session(to_timeline(Session(engine="0.1.0")))[0].engine
    '0.1.0'
    """
    # Reading needs this module's words for where things lie.
    from clapless_otio.otio_reading import read_timeline

    return project_session(read_timeline(timeline))


def project_timelines(
    project: Project, *, convention: Convention = TIMELINE
) -> list[otio.schema.Timeline]:
    """Return every sequence of a project as a timeline."""
    timelines = []
    for sequence in project.sequences:
        timeline = otio.schema.Timeline(
            name=_text(sequence.name),
            global_start_time=_time(sequence.start_s, sequence.rate),
        )
        writer = _Writer(sequence.rate, convention)
        timeline.tracks[:] = writer.tracks(sequence)
        timeline.tracks.markers[:] = writer.marks(sequence.marks, sequence.rate, Fraction(0))
        timeline.metadata[KEY] = (
            _facts(sequence) | {"convention": convention} | {"project": _plain(project.metadata)}
        )
        timelines.append(timeline)
    return timelines


def project_root(
    project: Project, *, convention: Convention = TIMELINE
) -> otio.core.SerializableObject:
    """Return a project as one timeline where it is no more than that, else as a collection."""
    timelines = project_timelines(project, convention=convention)
    if len(timelines) == 1 and not project.loose:
        return timelines[0]
    collection = otio.schema.SerializableCollection(name=_text(project.name))
    collection.metadata[KEY] = {"project": _plain(project.metadata), "convention": convention}
    rate = project.sequences[0].rate if project.sequences else Fraction(25)
    loose = _Writer(rate, convention)
    for item in project.loose:
        part = "picture" if item.picture else "sound"
        collection.append(loose.item(item, 0, part, None))
    for timeline in timelines:
        collection.append(timeline)
    return collection


class _Writer:
    """Writes the tracks of one sequence; numbers the links between picture and sound."""

    def __init__(self, rate: Fraction, convention: Convention) -> None:
        self.rate = rate
        self.convention = convention
        self.links = 0

    def tracks(self, sequence: Sequence) -> list[otio.schema.Track]:
        pictures: list[otio.schema.Track] = []
        sounds: list[otio.schema.Track] = []
        for track in sequence.tracks:
            if track.kind == "video":
                linked = _sound_parts(track)
                items, ids = [], []
                for item in track.items:
                    self.links += 1
                    ids.append(self.links)
                    items.append(item)
                pictures.append(self.track(track, items, ids, "picture", None))
                for part in linked:
                    sounds.append(self.track(track, items, ids, "sound", part))
            else:
                ids = [0] * len(track.items)
                channels: list[Channel | None] = [*_sound_parts(track)]
                for channel in channels or [None]:
                    sounds.append(self.track(track, list(track.items), ids, "sound", channel))
        return [*pictures, *sounds]

    def track(
        self,
        track: Track,
        items: list[Item],
        links: list[int],
        part: str,
        channel: Channel | None,
    ) -> otio.schema.Track:
        """Return one track of pictures, or of one sound stream or channel of them."""
        kind = otio.schema.TrackKind.Video if part == "picture" else otio.schema.TrackKind.Audio
        name = track.name if channel is None or not channel[0] else f"{track.name} {channel[0]}"
        written = otio.schema.Track(name=_text(name), kind=kind)
        written.enabled = track.enabled
        written.metadata[KEY] = {
            "name": _text(track.name),
            "device": _text(track.device),
            "spine": track.spine and part == "picture",
        }
        if track.metadata:
            written.metadata[KEY]["kept"] = _plain(track.metadata)
        if channel is not None:
            mono = channel[2] == 1
            written.metadata[RESOLVE_KEY] = {"Audio Type": "Mono" if mono else "Stereo"}
        at_s = Fraction(0)
        for item, link in zip(items, links, strict=True):
            if part == "sound" and not _sounds(item, channel):
                continue
            if part == "picture" and not item.picture:
                continue
            if item.start_s > at_s:
                gap_s = item.start_s - at_s
                written.append(
                    otio.schema.Gap(
                        source_range=otio.opentime.TimeRange(
                            _time(Fraction(0), self.rate), _time(gap_s, self.rate)
                        )
                    )
                )
            written.append(self.item(item, link, part, channel))
            at_s = item.end_s
        if part == "picture" or track.kind == "audio":
            written.metadata[KEY]["transitions"] = [_transition(t) for t in track.transitions]
        return written

    def item(
        self, item: Item, link: int, part: str, channel: Channel | None
    ) -> otio.schema.Clip | otio.schema.Stack:
        source = item.source
        rate = _source_rate(source) or self.rate
        origin_s = source.start_s if isinstance(source, (Media, Sequence)) else Fraction(0)
        length_s = item.duration_s * (item.speed if self.convention == SOURCE else 1)
        ranged = otio.opentime.TimeRange(
            _time(origin_s + item.source_start_s, rate), _time(length_s, rate)
        )
        if isinstance(source, Sequence):
            nested = _Writer(source.rate, self.convention)
            written = otio.schema.Stack(
                name=_text(item.name), children=nested.tracks(source), source_range=ranged
            )
            written.metadata[KEY] = _facts(source) | {
                "nested": id(source),
                "nested_start": str(source.start_s),
                "marks": [_mark_facts(mark) for mark in source.marks],
            }
        else:
            written = otio.schema.Clip(
                name=_text(item.name),
                media_reference=_reference(source, rate),
                source_range=ranged,
            )
            written.metadata[KEY] = {}
        written.enabled = item.enabled
        if item.speed != 1:
            written.effects.append(
                otio.schema.LinearTimeWarp(name="speed", time_scalar=float(item.speed))
            )
        if part == "picture" or not item.picture:
            written.markers[:] = self.marks(item.marks, rate, origin_s)
        facts: dict[str, object] = {
            "part": part,
            "link": link,
            "start": str(item.start_s),
            "duration": str(item.duration_s),
            "source_start": str(item.source_start_s),
            "speed": str(item.speed),
            "trade": str(item.trade) if item.trade is not None else "",
            "sound": item.sound,
            "clip": item.clip,
            "check": item.check,
            "color": _text(item.color),
            "role": _text(item.role),
            "sync": _plain(item.metadata),
        }
        if item.points:
            facts["points"] = [[str(t), str(v)] for t, v in item.points]
        if item.alternatives:
            facts["alternatives"] = [self.item(a, 0, part, None) for a in item.alternatives]
        written.metadata[KEY].update(facts)
        resolve: dict[str, object] = {}
        if link:
            resolve["Link Group ID"] = link
        if channel is not None:
            resolve["Channels"] = [
                {"Source Channel ID": channel[1] + n, "Source Track ID": 0}
                for n in range(channel[2])
            ]
            written.metadata[KEY]["channel"] = [channel[1], channel[2]]
        if resolve:
            written.metadata[RESOLVE_KEY] = resolve
        return written

    def marks(
        self, marks: tuple[Mark, ...], rate: Fraction, origin_s: Fraction
    ) -> list[otio.schema.Marker]:
        written = []
        for mark in marks:
            marker = otio.schema.Marker(
                name=_text(mark.name),
                marked_range=otio.opentime.TimeRange(
                    _time(origin_s + mark.time_s, rate), _time(mark.duration_s, rate)
                ),
                color=_text(mark.color).upper(),
                comment=_text(mark.comment),
            )
            marker.metadata[KEY] = {
                "time": str(mark.time_s),
                "duration": str(mark.duration_s),
                "kind": mark.kind,
                "kept": _plain(mark.metadata),
            }
            if mark.comment:
                # Resolve shows this and not the comment.
                marker.metadata[RESOLVE_KEY] = {"Note": _text(mark.comment)}
            written.append(marker)
        return written


def _transition(transition: Transition) -> dict[str, object]:
    return {
        "name": _text(transition.name),
        "start": str(transition.start_s),
        "duration": str(transition.duration_s),
        "marks": [_mark_facts(mark) for mark in transition.marks],
        "kept": _plain(transition.metadata),
    }


def _mark_facts(mark: Mark) -> dict[str, object]:
    return {
        "name": _text(mark.name),
        "time": str(mark.time_s),
        "duration": str(mark.duration_s),
        "color": _text(mark.color),
        "comment": _text(mark.comment),
        "kind": mark.kind,
        "kept": _plain(mark.metadata),
    }


def _sound_parts(track: Track) -> list[Channel]:
    """Return the sound tracks that a track's clips need: name, first channel, channel count.

    A recorder that named its channels gets a track for each name, else each stream has one.
    """
    parts: dict[Channel, None] = {}
    for item in track.items:
        if item.sound and isinstance(item.source, Media):
            for part in _parts_of(item.source):
                parts[part] = None
        elif item.sound and isinstance(item.source, Sequence):
            parts[("", 0, 2)] = None
    return sorted(parts, key=lambda part: (part[1], part[2], part[0]))


def _parts_of(media: Media) -> Iterator[Channel]:
    first = 0
    several = len(media.sound) > 1
    for number, stream in enumerate(media.sound, 1):
        if len(stream.names) == stream.channels and any(stream.names):
            for n, name in enumerate(stream.names):
                yield name or f"channel {first + n + 1}", first + n, 1
        else:
            yield f"sound {number}" if several else "", first, stream.channels
        first += stream.channels


def _sounds(item: Item, channel: Channel | None) -> bool:
    if not item.sound:
        return False
    if isinstance(item.source, Media):
        return channel is None or channel in _parts_of(item.source)
    return True


def _source_rate(source: Media | Sequence | None) -> Fraction | None:
    if isinstance(source, Media):
        if source.rate is not None:
            return source.rate
        return Fraction(source.sound[0].sample_rate_hz) if source.sound else None
    return source.rate if source is not None else None


def _reference(source: Media | None, rate: Fraction) -> otio.core.MediaReference:
    if source is None:
        return otio.schema.MissingReference()
    available = None
    if source.duration_s > 0:
        available = otio.opentime.TimeRange(
            _time(source.start_s, rate), _time(source.duration_s, rate)
        )
    if not source.url:
        reference = otio.schema.MissingReference(name=_text(source.name))
        reference.available_range = available
    else:
        reference = otio.schema.ExternalReference(
            target_url=_text(source.url), available_range=available
        )
        reference.name = _text(source.name)
    reference.metadata[KEY] = {
        "name": _text(source.name),
        "start": str(source.start_s),
        "duration": str(source.duration_s),
        "rate": str(source.rate) if source.rate else "",
        "timecode_rate": str(source.timecode_rate) if source.timecode_rate else "",
        "drop_frame": source.drop_frame,
        "width": source.width or 0,
        "height": source.height or 0,
        "rotation": source.rotation,
        "still": source.still,
        "sound": [
            {
                "channels": stream.channels,
                "sample_rate_hz": stream.sample_rate_hz,
                "names": [_text(name) for name in stream.names],
            }
            for stream in source.sound
        ],
        "reel": _text(source.reel),
        "scene": _text(source.scene),
        "take": _text(source.take),
        "bin": _text(source.bin),
        "variable_frame_rate": source.variable_frame_rate,
        "kept": _plain(source.metadata),
    }
    return reference


def _facts(sequence: Sequence) -> dict[str, object]:
    return {
        "rate": str(sequence.rate),
        "start": str(sequence.start_s),
        "drop_frame": sequence.drop_frame,
        "width": sequence.width,
        "height": sequence.height,
        "sample_rate_hz": sequence.sample_rate_hz,
        "shape": sequence.shape,
        "sequence": _text(sequence.name),
        "spans": [
            {
                "group": span.group,
                "name": _text(span.name),
                "start": str(span.start_s),
                "duration": str(span.duration_s),
                "zero": str(span.zero_s),
            }
            for span in sequence.spans
        ],
        "kept": _plain(sequence.metadata),
    }


def _time(seconds: Fraction, rate: Fraction) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(float(seconds * rate), float(rate))


def _text(text: str) -> str:
    """Return text that OpenTimelineIO takes: no lone surrogates, no NUL."""
    return xml_text(text)


def _plain(value: object) -> object:
    """Return metadata as OpenTimelineIO takes it; what is no plain value becomes JSON text."""
    if isinstance(value, Mapping):
        return {_text(str(key)): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, Fraction):
        return str(value)
    return json.dumps(value, default=str)
