"""An FCPXML document, of any version, as a project.

Every project becomes a sequence; what lies in events besides becomes the project's loose items.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from lxml import etree

from clapless.errors import TimelineError
from clapless_otio.cut import Item, Media, Project, Sequence, Shape, Track
from clapless_otio.fcpxml.kept import FORMAT_KEY, attributes, kept_text
from clapless_otio.fcpxml.order import CLIP_TAGS, COLLECTION_TAGS
from clapless_otio.fcpxml.resource_reading import ResourceReader
from clapless_otio.fcpxml.story_reading import Story, StoryReader
from clapless_otio.xml_reading import parse_xml


def read_fcpxml(data: bytes, *, name: str) -> Project:
    """Return the project of an FCPXML document.

    Parameters
    ----------
    data
        The file's bytes.
    name
        Its name, for sentences and for what has none of its own.

    Raises
    ------
    TimelineError
        It is broken, not FCPXML, refers outside, or refers to itself.
    """
    root = parse_xml(data, name=name, root="fcpxml")
    try:
        return _Reader(root, name).project()
    except RecursionError as error:
        raise TimelineError(f"{name} is nested too deeply to be read.") from error


class _Reader:
    def __init__(self, root: etree._Element, name: str) -> None:
        self.root = root
        self.name = name
        self.resources = ResourceReader(root, name)
        self.stories = StoryReader(self.resources, self.nested)
        self.open: list[str] = []
        self.known: dict[str, Sequence] = {}

    def project(self) -> Project:
        sequences: list[Sequence] = []
        loose: list[Item] = []
        events: list[dict[str, object]] = []
        for event in self._events():
            event_name = event.get("name") or ""
            kept = [kept_text(child) for child in event if child.tag in COLLECTION_TAGS]
            if event.tag in ("event", "library"):
                events.append({"name": event_name, "tag": str(event.tag), "kept": kept})
            for child in event:
                if child.tag == "project":
                    sequences.append(self._project(child, event_name))
                elif child.tag in (*CLIP_TAGS, "audition"):
                    loose += self._loose(child, event_name)
        return Project(
            name=events[0]["name"] if events and isinstance(events[0]["name"], str) else self.name,
            sequences=tuple(sequences),
            loose=tuple(loose),
            notices=tuple(self.stories.notices),
            metadata={"fcpxml_events": events},
        )

    def _events(self) -> Iterator[etree._Element]:
        """Yield what holds projects and clips: events, the library, the document itself."""
        yield from self.root.iter("event")
        yield from self.root.iter("library")
        yield self.root

    def _project(self, element: etree._Element, event: str) -> Sequence:
        sequence = element.find("sequence")
        if sequence is None:
            raise TimelineError(f"{self.name} has a project without a sequence.")
        name = element.get("name") or event or self.name
        return self.sequence(sequence, name, "timeline", extra={"event": event})

    def _loose(self, element: etree._Element, event: str) -> list[Item]:
        rate = Fraction(25)
        story = Story(rate)
        self.stories.place(story, element, Fraction(0), 0)
        items = [item for track in story.tracks() for item in track.items]
        return [replace(item, metadata={**item.metadata, "event": event}) for item in items]

    def sequence(
        self, element: etree._Element, name: str, shape: Shape, *, extra: dict[str, object]
    ) -> Sequence:
        """Return a ``sequence`` or ``multicam`` element as a sequence."""
        found = self.resources.format(element.get("format"))
        start_s = self.resources.time(element.get("tcStart"))
        story = Story(found.rate or Fraction(25))
        tracks: list[Track] = []
        if element.tag == "multicam":
            for angle in element.iter("mc-angle"):
                inner = Story(story.rate)
                self.stories.story(inner, angle, Fraction(0))
                tracks += self._angle(angle, inner)
                story.marks += inner.marks
        else:
            spine = element.find("spine")
            if spine is not None:
                self.stories.story(story, spine, start_s)
            tracks = list(story.tracks())
        note = element.findtext("note")
        return Sequence(
            name=name,
            rate=story.rate,
            start_s=start_s,
            drop_frame=element.get("tcFormat") == "DF",
            width=found.width or 1920,
            height=found.height or 1080,
            sample_rate_hz=_sample_rate(element.get("audioRate")),
            tracks=tuple(tracks),
            marks=tuple(story.marks),
            shape=shape,
            metadata={
                **extra,
                FORMAT_KEY: found.raw,
                "fcpxml": attributes(element, ("audioLayout", "keywords")),
                **({"note": note} if note else {}),
            },
        )

    def _angle(self, angle: etree._Element, story: Story) -> list[Track]:
        read = list(story.tracks()) or [Track(name="", kind="video")]
        facts = {"angle_id": angle.get("angleID") or ""}
        name = angle.get("name") or ""
        kind = "audio" if _only_sound(read) else "video"
        return [
            replace(
                track,
                name=name,
                kind="audio" if kind == "audio" else "video",
                spine=False,
                metadata={**track.metadata, **facts},
            )
            for track in read
        ]

    def nested(self, ref: str) -> Sequence | None:
        """Return the sequence behind a ``media`` resource, None where it holds none.

        Raises
        ------
        TimelineError
            It contains itself.
        """
        if ref in self.known:
            return self.known[ref]
        media = self.resources.medias.get(ref)
        inner = (
            None if media is None else next(iter(media.iterchildren("multicam", "sequence")), None)
        )
        if media is None or inner is None:
            return None
        if ref in self.open:
            raise TimelineError(f"{self.name} has a clip that contains itself.")
        self.open.append(ref)
        shape: Shape = "multicam" if inner.tag == "multicam" else "compound"
        found = self.sequence(inner, media.get("name") or "", shape, extra={})
        self.open.pop()
        self.known[ref] = found
        return found


def _only_sound(tracks: list[Track]) -> bool:
    items = [item for track in tracks for item in track.items]
    return bool(items) and not any(
        item.picture and (not isinstance(item.source, Media) or item.source.has_picture)
        for item in items
    )


def _sample_rate(text: str | None) -> int:
    try:
        return int(Fraction((text or "48k").removesuffix("k")) * 1000)
    except (ValueError, ZeroDivisionError):
        return 48000
