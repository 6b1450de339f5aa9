"""Exact timelines written as OpenTimelineIO's.

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

from collections.abc import Iterator
from fractions import Fraction

import opentimelineio as otio

from clapless_otio.cut import Item, Mark, Media, Project, Sequence, Track
from clapless_otio.otio_words import (
    KEY,
    RESOLVE_KEY,
    SOURCE,
    TIMELINE,
    Convention,
    mark_facts,
    otio_text,
    otio_time,
    sequence_facts,
    storable,
    transition_facts,
)

Channel = tuple[str, int, int]
"""A sound track's share of a file: its name, first channel and count of channels."""

_STEREO: Channel = ("", 0, 2)


def project_timelines(
    project: Project, *, convention: Convention = TIMELINE
) -> list[otio.schema.Timeline]:
    """Return every sequence of a project as a timeline."""
    timelines = []
    for sequence in project.sequences:
        timeline = otio.schema.Timeline(
            name=otio_text(sequence.name),
            global_start_time=otio_time(sequence.start_s, sequence.rate),
        )
        writer = _Writer(sequence.rate, convention)
        timeline.tracks[:] = writer.tracks(sequence)
        timeline.tracks.markers[:] = writer.marks(sequence.marks, sequence.rate, Fraction(0))
        timeline.metadata[KEY] = (
            sequence_facts(sequence)
            | {"convention": convention}
            | {"project": storable(project.metadata)}
        )
        timelines.append(timeline)
    return timelines


def project_root(
    project: Project, *, convention: Convention = TIMELINE
) -> otio.core.SerializableObject:
    """Return a project as one timeline where it has one, else as a collection.

    A timeline keeps the project's loose items in its metadata: programs that look for a timeline
    at the top find it there.
    """
    timelines = project_timelines(project, convention=convention)
    rate = project.sequences[0].rate if project.sequences else Fraction(25)
    writer = _Writer(rate, convention)
    loose = [
        writer.item(item, 0, "picture" if item.picture else "sound", None) for item in project.loose
    ]
    if len(timelines) == 1:
        if loose:
            timelines[0].metadata[KEY]["loose"] = loose
        return timelines[0]
    collection = otio.schema.SerializableCollection(name=otio_text(project.name))
    collection.metadata[KEY] = {"project": storable(project.metadata), "convention": convention}
    for child in (*loose, *timelines):
        collection.append(child)
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
        written = otio.schema.Track(name=otio_text(name), kind=kind)
        written.enabled = track.enabled
        written.metadata[KEY] = {
            "name": otio_text(track.name),
            "device": otio_text(track.device),
            "spine": track.spine and part == "picture",
        }
        if track.metadata:
            written.metadata[KEY]["kept"] = storable(track.metadata)
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
                            otio_time(Fraction(0), self.rate), otio_time(gap_s, self.rate)
                        )
                    )
                )
            elif part == "picture":
                written.extend(_over(track, item.start_s, self.rate))
            written.append(self.item(item, link, part, channel))
            at_s = item.end_s
        if part == "picture" or track.kind == "audio":
            written.metadata[KEY]["transitions"] = [transition_facts(t) for t in track.transitions]
        return written

    def item(
        self, item: Item, link: int, part: str, channel: Channel | None
    ) -> otio.schema.Clip | otio.schema.Stack:
        source = item.source
        rate = _source_rate(source) or self.rate
        origin_s = source.start_s if isinstance(source, (Media, Sequence)) else Fraction(0)
        length_s = item.duration_s * (item.speed if self.convention == SOURCE else 1)
        ranged = otio.opentime.TimeRange(
            otio_time(origin_s + item.source_start_s, rate), otio_time(length_s, rate)
        )
        if isinstance(source, Sequence):
            nested = _Writer(source.rate, self.convention)
            written = otio.schema.Stack(
                name=otio_text(item.name), children=nested.tracks(source), source_range=ranged
            )
            written.metadata[KEY] = sequence_facts(source) | {
                "nested": id(source),
                "nested_start": str(source.start_s),
                "marks": [mark_facts(mark) for mark in source.marks],
            }
        else:
            written = otio.schema.Clip(
                name=otio_text(item.name),
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
            "color": otio_text(item.color),
            "role": otio_text(item.role),
            "sync": storable(item.metadata),
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
                name=otio_text(mark.name),
                marked_range=otio.opentime.TimeRange(
                    otio_time(origin_s + mark.time_s, rate), otio_time(mark.duration_s, rate)
                ),
                color=otio_text(mark.color).upper(),
                comment=otio_text(mark.comment),
            )
            marker.metadata[KEY] = {
                "time": str(mark.time_s),
                "duration": str(mark.duration_s),
                "kind": mark.kind,
                "kept": storable(mark.metadata),
            }
            if mark.comment:
                # Resolve shows this and not the comment.
                marker.metadata[RESOLVE_KEY] = {"Note": otio_text(mark.comment)}
            written.append(marker)
        return written


def _over(track: Track, cut_s: Fraction, rate: Fraction) -> list[otio.schema.Transition]:
    """Return the transition over the cut between two neighbours, where there is one."""
    return [
        otio.schema.Transition(
            name=otio_text(one.name),
            transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
            in_offset=otio_time(cut_s - one.start_s, rate),
            out_offset=otio_time(one.start_s + one.duration_s - cut_s, rate),
        )
        for one in track.transitions
        if one.start_s < cut_s < one.start_s + one.duration_s
    ][:1]


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
            parts[_STEREO] = None
    if any(_is_unknown(item) for item in track.items):
        parts[_STEREO] = None
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
        if _is_unknown(item):
            return channel in (None, _STEREO)
        return channel is None or channel in _parts_of(item.source)
    return True


def _is_unknown(item: Item) -> bool:
    """Return whether an item is heard of whose file's streams nobody said anything."""
    source = item.source
    return item.sound and isinstance(source, Media) and not source.sound and not source.still


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
            otio_time(source.start_s, rate), otio_time(source.duration_s, rate)
        )
    if not source.url:
        reference = otio.schema.MissingReference(name=otio_text(source.name))
        reference.available_range = available
    else:
        reference = otio.schema.ExternalReference(
            target_url=otio_text(source.url), available_range=available
        )
        reference.name = otio_text(source.name)
    reference.metadata[KEY] = {
        "name": otio_text(source.name),
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
                "names": [otio_text(name) for name in stream.names],
            }
            for stream in source.sound
        ],
        "reel": otio_text(source.reel),
        "scene": otio_text(source.scene),
        "take": otio_text(source.take),
        "bin": otio_text(source.bin),
        "variable_frame_rate": source.variable_frame_rate,
        "kept": storable(source.metadata),
    }
    return reference
