"""A project as xmeml: the sequences, then master clips in a bin per device.

The sequences come first, as in Premiere's own exports, so that each file is described where a
timeline first plays it: readers that look at timelines alone find it.

References
----------
Premiere's own exports, and exporters that were checked against Premiere and Resolve: a ``format``
under ``video`` (Resolve drops the timeline without), a ``timecode`` in each ``file``, the exact
file name, stereo as two exploded tracks, and the speed in a ``timeremap`` filter.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from lxml import etree

from clapless_otio.cut import Item, Mark, Media, Project, Sequence
from clapless_otio.exact import frames_down, frames_round
from clapless_otio.files import one_line, url_name, url_path, xml_text
from clapless_otio.placing import Place, track_places
from clapless_otio.xmeml.kept import kept_of, restore
from clapless_otio.xmeml.parts import Channel, Part, Row, number, rows_of
from clapless_otio.xmeml.values import add, add_rate, add_timecode, color_number, flag

LABELS = {"red": "Rose", "yellow": "Mango", "orange": "Mango", "blue": "Cerulean"}
"""Premiere's label names for the colours we give clips."""

_UNSORTED = "Clips"


def write_xmeml(project: Project) -> tuple[bytes, list[str]]:
    """Return the document and whole sentences about what it could not hold."""
    writer = _Writer()
    root = etree.Element("xmeml", version="4")
    element = add(root, "project")
    add(element, "name", one_line(project.name))
    children = add(element, "children")
    for sequence in project.sequences:
        writer.sequence(children, sequence)
    writer.bins(children, project)
    text: bytes = etree.tostring(
        root, encoding="UTF-8", xml_declaration=True, pretty_print=True, doctype="<!DOCTYPE xmeml>"
    )
    return text, writer.notices


class _Writer:
    """Counts ids, and writes every file and nested sequence in full only once."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.files: dict[tuple[object, ...], str] = {}
        self.written: set[str] = set()
        self.sequences: dict[int, str] = {}
        self.clip_count = 1

    def bins(self, parent: etree._Element, project: Project) -> None:
        """Write a master clip for every file, in a bin of its device."""
        bins: dict[str, etree._Element] = {}
        seen: set[str] = set()
        for item in _leaves(project):
            media = item.source
            if not isinstance(media, Media) or (file_id := self.file_id(media)) in seen:
                continue
            seen.add(file_id)
            name = one_line(media.bin) or _UNSORTED
            if name not in bins:
                made = add(parent, "bin")
                add(made, "name", name)
                bins[name] = add(made, "children")
            self.master(bins[name], media)

    def master(self, parent: etree._Element, media: Media) -> None:
        """Write one master clip."""
        rate = media.rate or Fraction(30)
        clip = add(parent, "clip")
        clip.set("id", self.master_id(media))
        add(clip, "masterclipid", self.master_id(media))
        add(clip, "ismasterclip", "TRUE")
        add(clip, "name", _name(media.name, media))
        add(clip, "duration", frames_down(media.duration_s, rate))
        add_rate(clip, rate)
        add(clip, "in", -1)
        add(clip, "out", -1)
        inside = add(clip, "media")
        item = Item(
            name=media.name,
            start_s=Fraction(0),
            duration_s=media.duration_s,
            source=media,
            picture=media.has_picture,
        )
        places, _ = track_places([item], rate)
        if places and places[0].item.picture:
            self.master_item(inside, places[0], rate, None)
        elif places and media.sound:
            self.master_item(inside, places[0], rate, Channel(1, "", -1))
        else:
            self.file(clip, media, rate)
        self.logging(clip, media)

    def master_item(
        self, inside: etree._Element, placed: Place, rate: Fraction, channel: Channel | None
    ) -> None:
        """Write the only clip item of a master clip."""
        kind = "audio" if channel else "video"
        track = add(add(inside, kind), "track")
        part = Part(placed, channel, f"masteritem-{self.clip_count}")
        self.clip_count += 1
        self.clip(track, part, rate)

    def sequence(self, parent: etree._Element, sequence: Sequence) -> None:
        """Write a sequence, in full where it is new."""
        if id(sequence) in self.sequences:
            etree.SubElement(parent, "sequence", id=self.sequences[id(sequence)])
            return
        self.sequences[id(sequence)] = f"sequence-{len(self.sequences) + 1}"
        rate = sequence.rate
        element = etree.SubElement(parent, "sequence", id=self.sequences[id(sequence)])
        element.set("explodedTracks", "true")
        add(element, "name", one_line(sequence.name))
        places = [self.places(track.items, rate) for track in sequence.tracks]
        total = max((one.end for placed in places for one in placed), default=0)
        add(element, "duration", total)
        add_rate(element, rate)
        media = add(element, "media")
        pictures, sounds = rows_of(sequence.tracks, places)
        self.clip_count = number(pictures, sounds, self.clip_count)
        video = add(media, "video")
        self.format(video, sequence)
        for row in pictures:
            self.row(video, row, sequence)
        audio = add(media, "audio")
        add(audio, "numOutputChannels", 2)
        characteristics = add(add(audio, "format"), "samplecharacteristics")
        add(characteristics, "depth", 16)
        add(characteristics, "samplerate", sequence.sample_rate_hz)
        for row in sounds:
            self.row(audio, row, sequence)
        add_timecode(element, sequence.start_s, rate, drop_frame=sequence.drop_frame)
        for mark in sequence.marks:
            self.marker(element, mark, rate)

    def places(self, items: Iterable[Item], rate: Fraction) -> list[Place]:
        """Return the places of a track's items that can be written; say which cannot."""
        playable = []
        for item in items:
            if item.source is None:
                self.notices.append(f"{one_line(item.name)} has no file and was left out.")
            else:
                if item.points or item.speed <= 0:
                    self.notices.append(
                        f"{one_line(item.name)} changes its speed, which Premiere's XML does not "
                        "hold: it plays at its average speed."
                    )
                playable.append(item)
        places, lost = track_places(playable, rate)
        self.notices += [
            f"{one_line(item.name)} is shorter than one frame of the timeline and was left out."
            for item in lost
        ]
        return places

    def format(self, video: etree._Element, sequence: Sequence) -> None:
        """Write the picture format, without which Resolve imports nothing."""
        characteristics = add(add(video, "format"), "samplecharacteristics")
        add_rate(characteristics, sequence.rate)
        add(characteristics, "width", sequence.width)
        add(characteristics, "height", sequence.height)
        add(characteristics, "anamorphic", "FALSE")
        add(characteristics, "pixelaspectratio", "square")
        add(characteristics, "fielddominance", "none")

    def row(self, parent: etree._Element, row: Row, sequence: Sequence) -> None:
        """Write one track."""
        track = add(parent, "track")
        if row.kind == "audio":
            stereo = row.pair >= 0
            track.set("currentExplodedTrackIndex", str(max(0, row.pair)))
            track.set("totalExplodedTrackCount", "2" if stereo else "1")
            track.set("premiereTrackType", "Stereo" if stereo else "Mono")
        if row.name:
            track.set("MZ.TrackName", one_line(row.name))
        for part in row.parts:
            self.clip(track, part, sequence.rate)
        add(track, "enabled", flag(row.enabled))
        add(track, "locked", "FALSE")
        if row.kind == "audio":
            add(track, "outputchannelindex", 2 if row.pair == 1 else 1)

    def clip(self, track: etree._Element, part: Part, rate: Fraction) -> None:
        """Write one clip item."""
        item, placed = part.place.item, part.place
        source = item.source
        clip = etree.SubElement(track, "clipitem", id=part.id)
        if part.channel is not None:
            kind = "stereo" if part.channel.pair >= 0 else "mono"
            clip.set("premiereChannelType", kind)
        if isinstance(source, Media):
            add(clip, "masterclipid", self.master_id(source))
        add(clip, "name", _name(item.name, source))
        add(clip, "enabled", flag(item.enabled))
        length_s = source.duration_s if source is not None else item.duration_s
        add(clip, "duration", max(frames_down(length_s / _speed(item), rate), placed.length))
        add_rate(clip, rate)
        add(clip, "start", placed.start)
        add(clip, "end", placed.end)
        add(clip, "in", placed.source_in)
        add(clip, "out", placed.source_in + placed.length)
        add(clip, "pproTicksIn", placed.ticks_in)
        add(clip, "pproTicksOut", placed.ticks_out)
        if isinstance(source, Media):
            self.file(clip, source, rate)
        elif isinstance(source, Sequence):
            self.sequence(clip, source)
        if part.channel is not None:
            sourced = add(clip, "sourcetrack")
            add(sourced, "mediatype", "audio")
            add(sourced, "trackindex", part.channel.number)
        if item.speed != 1:
            self.speed(clip, _speed(item), "audio" if part.channel else "video")
        restore(clip, kept_of(item), "filter")
        for other in part.group if len(part.group) > 1 else ():
            self.link(clip, other)
        if part.channel is None or not item.picture:
            for mark in item.marks:
                self.marker(clip, mark, rate)
        if not restore(clip, kept_of(item), "logginginfo") and isinstance(source, Media):
            self.logging(clip, source)
        if not restore(clip, kept_of(item), "labels") and item.color in LABELS:
            add(add(clip, "labels"), "label2", LABELS[item.color])

    def speed(self, clip: etree._Element, speed: Fraction, kind: str) -> None:
        """Write the speed: Premiere does not infer it from in and out."""
        effect = add(add(clip, "filter"), "effect")
        for tag, text in (
            ("name", "Time Remap"),
            ("effectid", "timeremap"),
            ("effectcategory", "motion"),
            ("effecttype", "motion"),
            ("mediatype", kind),
        ):
            add(effect, tag, text)
        for name, value in (
            ("variablespeed", "0"),
            ("speed", f"{float(speed * 100):.9f}"),
            ("reverse", "FALSE"),
            ("frameblending", "FALSE"),
        ):
            parameter = add(effect, "parameter")
            parameter.set("authoringApp", "PremierePro")
            add(parameter, "parameterid", name)
            add(parameter, "name", name)
            if name == "speed":
                add(parameter, "valuemin", -100000)
                add(parameter, "valuemax", 100000)
            add(parameter, "value", value)

    def link(self, clip: etree._Element, other: Part) -> None:
        """Write one of the links between the parts of a clip."""
        link = add(clip, "link")
        add(link, "linkclipref", other.id)
        add(link, "mediatype", "audio" if other.channel else "video")
        add(link, "trackindex", other.row)
        add(link, "clipindex", other.position)
        if other.channel:
            add(link, "groupindex", 1)

    def marker(self, parent: etree._Element, mark: Mark, rate: Fraction) -> None:
        """Write a marker; a point has no out."""
        begin = frames_round(mark.time_s, rate)
        length = frames_round(mark.duration_s, rate)
        element = add(parent, "marker")
        add(element, "comment", xml_text(mark.comment))
        add(element, "name", xml_text(mark.name))
        add(element, "in", begin)
        add(element, "out", begin + length if length > 0 else -1)
        if (color := color_number(mark.color)) is not None:
            add(element, "pproColor", color)

    def file(self, parent: etree._Element, media: Media, sequence_rate: Fraction) -> None:
        """Write a file, in full where it is new."""
        file_id = self.file_id(media)
        element = etree.SubElement(parent, "file", id=file_id)
        if file_id in self.written:
            return
        self.written.add(file_id)
        rate = media.rate or sequence_rate
        add(element, "name", one_line(url_name(media.url)) or one_line(media.name))
        if media.url:
            add(element, "pathurl", _path_url(media.url))
        add_rate(element, rate)
        add(element, "duration", frames_down(media.duration_s, rate))
        drop = media.drop_frame and (media.timecode_rate or rate) == rate
        add_timecode(
            element, media.start_s, rate, drop_frame=drop, reel=one_line(media.reel) or None
        )
        inside = add(element, "media")
        if media.has_picture:
            characteristics = add(add(inside, "video"), "samplecharacteristics")
            add_rate(characteristics, rate)
            add(characteristics, "width", media.width or 1920)
            add(characteristics, "height", media.height or 1080)
            add(characteristics, "anamorphic", "FALSE")
            add(characteristics, "pixelaspectratio", "square")
            add(characteristics, "fielddominance", "none")
        for stream in media.sound:
            audio = add(inside, "audio")
            characteristics = add(audio, "samplecharacteristics")
            add(characteristics, "depth", 16)
            add(characteristics, "samplerate", stream.sample_rate_hz)
            add(audio, "channelcount", stream.channels)
            for n, name in enumerate(stream.names, 1):
                labelled = add(audio, "audiochannel")
                add(labelled, "sourcechannel", n)
                add(labelled, "channellabel", one_line(name))

    def file_id(self, media: Media) -> str:
        """Return the id of a file."""
        key = (media.url, media.name, media.start_s, media.has_picture)
        return self.files.setdefault(key, f"file-{len(self.files) + 1}")

    def master_id(self, media: Media) -> str:
        """Return the id of a file's master clip."""
        return self.file_id(media).replace("file", "masterclip")

    def logging(self, clip: etree._Element, media: Media) -> None:
        """Write scene and take."""
        if media.scene or media.take:
            info = add(clip, "logginginfo")
            add(info, "scene", one_line(media.scene))
            add(info, "shottake", one_line(media.take))


def _name(text: str, source: Media | Sequence | None) -> str:
    return one_line(text) or (one_line(source.name) if source is not None else "") or "clip"


def _speed(item: Item) -> Fraction:
    return item.speed if item.speed > 0 else Fraction(1)


def _path_url(url: str) -> str:
    if not url.lower().startswith("file:"):
        return xml_text(url)
    if url.lower().startswith("file://localhost/"):
        return xml_text(url)
    if url_path(url).startswith("//"):
        return xml_text(url)  # a share on another computer
    return "file://localhost" + xml_text(url.removeprefix("file://"))


def _leaves(project: Project) -> Iterable[Item]:
    """Yield every item that plays a file, through nested sequences."""
    todo: list[Item] = [*project.loose]
    for sequence in project.sequences:
        todo += sequence.items()
    seen: set[int] = set()
    while todo:
        item = todo.pop(0)
        if isinstance(item.source, Sequence):
            if id(item.source) not in seen:
                seen.add(id(item.source))
                todo += item.source.items()
        else:
            yield item
