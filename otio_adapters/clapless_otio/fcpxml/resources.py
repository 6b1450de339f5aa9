"""The resources of an FCPXML document: formats, assets, effects, nested media, each once."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from lxml import etree

from clapless_otio.cut import Media, Sequence
from clapless_otio.fcpxml.kept import FORMAT_ATTRIBUTES, FORMAT_KEY, restored
from clapless_otio.fcpxml.values import format_name, time_text, writable
from clapless_otio.files import xml_text

COLOR_SPACE = "1-1-1 (Rec. 709)"
UNDEFINED = "FFVideoFormatRateUndefined"


class Resources:
    """Fills ``<resources>``; asking twice for the same thing returns the same id."""

    def __init__(self) -> None:
        self.element = etree.Element("resources")
        self._formats: dict[tuple[tuple[str, str], ...], str] = {}
        self._assets: dict[tuple[object, ...], str] = {}
        self._effects: dict[tuple[tuple[str, str], ...], str] = {}
        self._media: dict[int, str] = {}
        self._count = 0

    def _new_id(self) -> str:
        self._count += 1
        return f"r{self._count}"

    def format(
        self,
        rate: Fraction | None,
        width: int | None,
        height: int | None,
        given: object = None,
    ) -> str:
        """Return the id of a picture format; without a rate it is that of sound.

        `given` are the attributes a document had for it, which say more than rate and size.
        """
        facts = _format_facts(rate, width, height)
        if isinstance(given, Mapping) and given:
            facts = {k: xml_text(str(given[k])) for k in FORMAT_ATTRIBUTES if k in given}
        key = tuple(facts.items())
        if key not in self._formats:
            self._formats[key] = self._new_id()
            element = etree.SubElement(self.element, "format", id=self._formats[key])
            for name, value in facts.items():
                element.set(name, value)
        return self._formats[key]

    def format_of(self, source: Media | Sequence) -> str:
        """Return the id of a file's or sequence's format."""
        given = source.metadata.get(FORMAT_KEY)
        return self.format(source.rate, source.width, source.height, given)

    def effect(self, facts: Mapping[str, str]) -> str:
        """Return the id of an effect by its name, uid and src."""
        known = {k: xml_text(str(facts[k])) for k in ("name", "uid", "src") if k in facts}
        key = tuple(known.items())
        if key not in self._effects:
            self._effects[key] = self._new_id()
            element = etree.SubElement(self.element, "effect", id=self._effects[key])
            for name, value in known.items():
                element.set(name, value)
        return self._effects[key]

    def asset(self, media: Media) -> str:
        """Return the id of a file's asset."""
        key = (media.url, media.name, media.start_s, media.duration_s, media.has_picture)
        if key not in self._assets:
            has_format = media.has_picture or FORMAT_KEY in media.metadata
            format_id = self.format_of(media) if has_format else None
            self._assets[key] = self._new_id()
            element = etree.SubElement(
                self.element,
                "asset",
                id=self._assets[key],
                name=xml_text(media.name),
                start=time_text(writable(media.start_s)),
                duration=time_text(writable(media.duration_s)),
            )
            if format_id:
                element.set("format", format_id)
            if media.has_picture:
                element.set("hasVideo", "1")
                element.set("videoSources", "1")
            if media.sound:
                element.set("hasAudio", "1")
                element.set("audioSources", str(len(media.sound)))
                element.set("audioChannels", str(media.channels))
                element.set("audioRate", str(media.sound[0].sample_rate_hz))
            if isinstance(uid := media.metadata.get("fcpxml_uid"), str):
                element.set("uid", xml_text(uid))
            etree.SubElement(element, "media-rep", kind="original-media", src=xml_text(media.url))
            self._describe(element, media)
        return self._assets[key]

    def _describe(self, asset: etree._Element, media: Media) -> None:
        """Write reel, scene, take and angle where the inspector of Final Cut shows them."""
        kept = media.metadata.get("fcpxml_metadata")
        element = restored(kept, self.effect) if isinstance(kept, str) else None
        if element is not None and element.tag == "metadata":
            asset.append(element)
            return
        values = {
            "com.apple.proapps.studio.reel": media.reel,
            "com.apple.proapps.studio.scene": media.scene,
            "com.apple.proapps.studio.shot": media.take,
            "com.apple.proapps.studio.angle": media.bin,
        }
        if any(values.values()):
            metadata = etree.SubElement(asset, "metadata")
            for key, value in values.items():
                if value:
                    etree.SubElement(metadata, "md", key=key, value=xml_text(value))

    def media(self, sequence: Sequence) -> tuple[str, etree._Element | None]:
        """Return the id of a nested sequence, and its element where it is yet to be filled."""
        if id(sequence) in self._media:
            return self._media[id(sequence)], None
        self._media[id(sequence)] = self._new_id()
        element = etree.SubElement(
            self.element, "media", id=self._media[id(sequence)], name=xml_text(sequence.name)
        )
        return self._media[id(sequence)], element


def _format_facts(rate: Fraction | None, width: int | None, height: int | None) -> dict[str, str]:
    if rate is None:
        return {"name": UNDEFINED}
    facts: dict[str, str] = {}
    if width and height and (name := format_name(width, height, rate)):
        facts["name"] = name
    facts["frameDuration"] = time_text(1 / rate)
    if width and height:
        facts["width"] = str(width)
        facts["height"] = str(height)
    facts["colorSpace"] = COLOR_SPACE
    return facts
