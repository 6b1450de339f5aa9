"""An xmeml document, of Premiere, Resolve or others, as a project."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from lxml import etree

from clapless.errors import TimelineError
from clapless.timing import Timecode, may_drop
from clapless_otio.cut import (
    Item,
    Mark,
    Media,
    Project,
    Sequence,
    Sound,
    Track,
    TrackKind,
    Transition,
)
from clapless_otio.exact import TICKS_HZ
from clapless_otio.files import url_name
from clapless_otio.xmeml.joining import Part, joined
from clapless_otio.xmeml.kept import KEY, keep
from clapless_otio.xmeml.values import COLOR_NAMES, rate_of
from clapless_otio.xml_reading import number_of, parse_xml, text_of

_DEFAULT_RATE = Fraction(30)


def read_xmeml(data: bytes, *, name: str) -> Project:
    """Return the project of an xmeml document.

    Parameters
    ----------
    data
        The file's bytes.
    name
        Its name, for sentences and for what has none of its own.

    Raises
    ------
    TimelineError
        It is broken, not xmeml, refers outside, or a sequence contains itself.
    """
    root = parse_xml(data, name=name, root="xmeml")
    try:
        return _Reader(root, name).project()
    except RecursionError as error:
        raise TimelineError(f"{name} is nested too deeply to be read.") from error


class _Reader:
    def __init__(self, root: etree._Element, name: str) -> None:
        self.root = root
        self.name = name
        self.files = _fullest(root, "file")
        self.sequences = _fullest(root, "sequence")
        self.media: dict[str, Media] = {}
        self.known: dict[str, Sequence] = {}
        self.open: list[str] = []

    def project(self) -> Project:
        sequences = [
            self.sequence(element, bin_name)
            for element, bin_name in self._children(self.root, "sequence")
        ]
        loose = [
            self._master(element, bin_name)
            for element, bin_name in self._children(self.root, "clip")
        ]
        return Project(
            name=text_of(self.root, "project/name") or self.name,
            sequences=tuple(sequences),
            loose=tuple(item for item in loose if item is not None),
        )

    def _children(
        self, parent: etree._Element, tag: str, bin_name: str = ""
    ) -> Iterator[tuple[etree._Element, str]]:
        """Yield the elements of a tag in projects and bins, with the name of their bin."""
        for child in parent:
            if child.tag == tag:
                yield child, bin_name
            elif child.tag == "bin":
                yield from self._children(child, tag, text_of(child, "name"))
            elif child.tag in ("project", "children"):
                yield from self._children(child, tag, bin_name)

    def number(self, text: str, default: Fraction = Fraction(0)) -> Fraction:
        return number_of(text, self.name) if text.strip() else default

    def rate(self, element: etree._Element, default: Fraction) -> Fraction:
        found = element.find("rate")
        if found is None:
            return default
        timebase = self.number(text_of(found, "timebase"), default)
        if timebase <= 0:
            raise TimelineError(f"{self.name} has a frame rate of {timebase}.")
        return rate_of(timebase, text_of(found, "ntsc").upper() == "TRUE")

    def sequence(self, element: etree._Element, bin_name: str = "") -> Sequence:
        """Return a sequence element, or what it refers to, as a sequence."""
        sequence_id = element.get("id") or ""
        element = self.sequences.get(sequence_id, element)
        if sequence_id in self.known:
            return self.known[sequence_id]
        if sequence_id and sequence_id in self.open:
            raise TimelineError(f"{self.name} has a sequence that contains itself.")
        self.open.append(sequence_id)
        rate = self.rate(element, _DEFAULT_RATE)
        tracks: list[tuple[Track, list[Part]]] = []
        kinds: tuple[TrackKind, ...] = ("video", "audio")
        for kind in kinds:
            for number, track in enumerate(element.iterfind(f"media/{kind}/track"), 1):
                tracks.append(self._track(track, kind, number, rate))
        self.open.pop()
        start_s, drop = self._timecode(element, rate)
        video = element.find("media/video/format/samplecharacteristics")
        found = Sequence(
            name=text_of(element, "name") or self.name,
            rate=rate,
            start_s=start_s,
            drop_frame=drop,
            width=int(self.number(text_of(video, "width"), Fraction(1920))),
            height=int(self.number(text_of(video, "height"), Fraction(1080))),
            sample_rate_hz=int(
                self.number(
                    text_of(element, "media/audio/format/samplecharacteristics/samplerate"),
                    Fraction(48000),
                )
            ),
            tracks=joined(tracks),
            marks=self._marks(element, rate),
            shape="compound" if self.open else "timeline",
            metadata={"bin": bin_name} if bin_name else {},
        )
        if sequence_id:
            self.known[sequence_id] = found
        return found

    def _timecode(self, element: etree._Element, rate: Fraction) -> tuple[Fraction, bool]:
        """Return a timecode element's time in seconds, and whether it is shown as drop frame."""
        found = element.find("timecode")
        if found is None:
            return Fraction(0), False
        own = self.rate(found, rate)
        text = text_of(found, "string")
        told = text_of(found, "displayformat").upper()
        drop = may_drop(own) and (told == "DF" or (not told and ";" in text))
        frame = text_of(found, "frame")
        if frame:
            return self.number(frame) / own, drop
        if not text:
            return Fraction(0), drop
        label = text.replace(";", ":").replace(",", ":").replace(".", ":")
        try:
            return Timecode.parse(label, own, drop_frame=drop).seconds, drop
        except ValueError as error:
            raise TimelineError(f"{self.name}: {error}.") from error

    def _track(
        self, element: etree._Element, kind: TrackKind, number: int, rate: Fraction
    ) -> tuple[Track, list[Part]]:
        transitions = [self._transition(t, rate) for t in element.iterchildren("transitionitem")]
        parts = []
        children = [c for c in element if c.tag in ("clipitem", "generatoritem", "transitionitem")]
        for n, child in enumerate(children):
            if child.tag == "transitionitem":
                continue
            before = children[n - 1] if n else None
            after = children[n + 1] if n + 1 < len(children) else None
            parts.append(self._part(child, kind, rate, before, after))
        name = (
            element.get("MZ.TrackName")
            or text_of(element, "name")
            or f"{kind.capitalize()} {number}"
        )
        head = Track(
            name=name,
            kind=kind,
            enabled=text_of(element, "enabled", "TRUE").upper() != "FALSE",
            transitions=tuple(transitions),
        )
        return head, parts

    def _transition(self, element: etree._Element, rate: Fraction) -> Transition:
        start = self.number(text_of(element, "start"))
        end = self.number(text_of(element, "end"))
        return Transition(
            name=text_of(element, "effect/name"),
            start_s=start / rate,
            duration_s=(end - start) / rate,
            metadata={KEY: {"alignment": text_of(element, "alignment")}},
        )

    def _part(
        self,
        element: etree._Element,
        kind: TrackKind,
        rate: Fraction,
        before: etree._Element | None,
        after: etree._Element | None,
    ) -> Part:
        own = self.rate(element, rate)
        start, end = (self.number(text_of(element, tag), Fraction(-1)) for tag in ("start", "end"))
        source_in, source_out = (
            max(Fraction(0), self.number(text_of(element, tag))) for tag in ("in", "out")
        )
        speed = self._speed(element)
        length = (source_out - source_in) / own * rate
        late = Fraction(0)
        if start < 0:
            # The transition before it says where: its source counts from the transition's begin.
            if before is not None and before.tag == "transitionitem":
                begin = self.number(text_of(before, "start"))
                start = _cut(before, self)
                late = (start - begin) / rate
            else:
                start = end - length if end >= 0 else Fraction(0)
        if end < 0:
            if after is not None and after.tag == "transitionitem":
                end = _cut(after, self)
            else:
                end = start + length
        ticks = text_of(element, "pproTicksIn")
        source_s = self.number(ticks) / TICKS_HZ if ticks else source_in / own * speed
        source = self._source(element, kind)
        item = Item(
            name=text_of(element, "name"),
            start_s=start / rate,
            duration_s=(end - start) / rate,
            source=source,
            source_start_s=source_s + late * speed,
            speed=speed,
            picture=kind == "video",
            sound=kind == "audio",
            enabled=text_of(element, "enabled", "TRUE").upper() != "FALSE",
            marks=self._marks(element, own),
            metadata={KEY: keep(element) | {"parts": 1}},
        )
        return Part(
            item=item,
            id=element.get("id") or "",
            links=frozenset(text_of(link, "linkclipref") for link in element.iterchildren("link")),
            kind=kind,
        )

    def _speed(self, element: etree._Element) -> Fraction:
        for effect in element.iterfind("filter/effect"):
            if text_of(effect, "effectid") != "timeremap":
                continue
            speed = Fraction(1)
            for parameter in effect.iterchildren("parameter"):
                told = text_of(parameter, "parameterid")
                value = text_of(parameter, "value")
                if told == "speed" and value:
                    speed = self.number(value) / 100 or Fraction(1)
                elif told == "reverse" and value.upper() == "TRUE":
                    speed = -abs(speed)
            return speed
        return Fraction(1)

    def _source(self, element: etree._Element, kind: TrackKind) -> Media | Sequence | None:
        nested = element.find("sequence")
        if nested is not None:
            return self.sequence(nested)
        file = element.find("file")
        return None if file is None else self._file(file, kind)

    def _file(self, element: etree._Element, kind: TrackKind) -> Media:
        file_id = element.get("id") or ""
        element = self.files.get(file_id, element)
        if file_id in self.media:
            return self.media[file_id]
        rate = self.rate(element, _DEFAULT_RATE)
        start_s, drop = self._timecode(element, rate)
        video = element.find("media/video")
        sounds = element.findall("media/audio")
        picture = video is not None or (not sounds and kind == "video")
        url = text_of(element, "pathurl")
        size = element.find("media/video/samplecharacteristics")
        found = Media(
            name=text_of(element, "name") or url_name(url),
            url=url,
            start_s=start_s,
            duration_s=max(Fraction(0), self.number(text_of(element, "duration")) / rate),
            rate=rate if picture else None,
            timecode_rate=rate,
            drop_frame=drop,
            width=int(self.number(text_of(size, "width"))) or None,
            height=int(self.number(text_of(size, "height"))) or None,
            sound=tuple(self._sound(sound) for sound in sounds),
            reel=text_of(element, "timecode/reel/name"),
        )
        if file_id:
            self.media[file_id] = found
        return found

    def _sound(self, element: etree._Element) -> Sound:
        channels = self.number(text_of(element, "channelcount"), Fraction(2))
        rate_hz = self.number(text_of(element, "samplecharacteristics/samplerate"), Fraction(48000))
        names = tuple(
            text_of(channel, "channellabel") for channel in element.iterchildren("audiochannel")
        )
        count = min(max(1, math.floor(channels)), 1024)
        return Sound(
            channels=count,
            sample_rate_hz=max(1, math.floor(rate_hz)),
            names=names if len(names) == count else (),
        )

    def _marks(self, element: etree._Element, rate: Fraction) -> tuple[Mark, ...]:
        marks = []
        for marker in element.iterchildren("marker"):
            begin = self.number(text_of(marker, "in"))
            out = self.number(text_of(marker, "out"), Fraction(-1))
            color = self.number(text_of(marker, "pproColor"))
            marks.append(
                Mark(
                    name=marker.findtext("name") or "",
                    time_s=begin / rate,
                    duration_s=(out - begin) / rate if out > begin else Fraction(0),
                    color=COLOR_NAMES.get(int(color), ""),
                    comment=marker.findtext("comment") or "",
                )
            )
        return tuple(marks)

    def _master(self, element: etree._Element, bin_name: str) -> Item | None:
        """Return a master clip of a bin as a loose item, None where it names no file."""
        file = next(element.iter("file"), None)
        if file is None:
            return None
        seen = next(element.iterfind("media/video//file"), None) is not None
        media = self._file(file, "video" if seen else "audio")
        if bin_name and not media.bin:
            media = replace(media, bin=bin_name)
            self.media[file.get("id") or ""] = media
        return Item(
            name=text_of(element, "name") or media.name,
            start_s=Fraction(0),
            duration_s=media.duration_s,
            source=media,
            picture=media.has_picture,
            sound=bool(media.sound),
            marks=self._marks(element, self.rate(element, _DEFAULT_RATE)),
            metadata={"bin": bin_name} if bin_name else {},
        )


def _cut(transition: etree._Element, reader: _Reader) -> Fraction:
    """Return the frame of the cut that a transition lies over."""
    start = reader.number(text_of(transition, "start"))
    end = reader.number(text_of(transition, "end"))
    alignment = text_of(transition, "alignment", "center")
    if alignment.startswith("start"):
        return start
    if alignment.startswith("end"):
        return end
    return Fraction(math.floor((start + end) / 2))


def _fullest(root: etree._Element, tag: str) -> dict[str, etree._Element]:
    """Return the elements of a tag by id; those with content before mere references."""
    found: dict[str, etree._Element] = {}
    for element in root.iter(tag):
        element_id = element.get("id")
        if element_id and (element_id not in found or len(element) > len(found[element_id])):
            found[element_id] = element
    return found
