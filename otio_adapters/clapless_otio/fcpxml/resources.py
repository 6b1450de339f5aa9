"""The resources of an FCPXML document: formats, assets and nested media, each written once."""

from __future__ import annotations

from fractions import Fraction

from lxml import etree

from clapless_otio.cut import Media, Sequence
from clapless_otio.fcpxml.values import format_name, time_text, writable
from clapless_otio.files import xml_text

COLOR_SPACE = "1-1-1 (Rec. 709)"


class Resources:
    """Fills ``<resources>``; asking twice for the same thing returns the same id."""

    def __init__(self) -> None:
        self.element = etree.Element("resources")
        self._formats: dict[tuple[Fraction | None, int | None, int | None], str] = {}
        self._assets: dict[tuple[str, str, Fraction, Fraction], str] = {}
        self._media: dict[int, str] = {}
        self._count = 0

    def _new_id(self) -> str:
        self._count += 1
        return f"r{self._count}"

    def format(self, rate: Fraction | None, width: int | None, height: int | None) -> str:
        """Return the id of a picture format; without a rate it is that of sound."""
        key = (rate, width, height) if rate else (None, None, None)
        if key not in self._formats:
            self._formats[key] = self._new_id()
            element = etree.SubElement(self.element, "format", id=self._formats[key])
            if rate is None:
                element.set("name", "FFVideoFormatRateUndefined")
                return self._formats[key]
            if width and height and (name := format_name(width, height, rate)):
                element.set("name", name)
            element.set("frameDuration", time_text(1 / rate))
            if width and height:
                element.set("width", str(width))
                element.set("height", str(height))
            element.set("colorSpace", COLOR_SPACE)
        return self._formats[key]

    def format_of(self, media: Media) -> str:
        """Return the id of a file's format."""
        return self.format(media.rate, media.width, media.height)

    def asset(self, media: Media) -> str:
        """Return the id of a file's asset."""
        key = (media.url, media.name, media.start_s, media.duration_s)
        if key not in self._assets:
            format_id = self.format_of(media) if media.rate else None
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
                element.set("hasVideo", "1")
                element.set("format", format_id)
                element.set("videoSources", "1")
            if media.sound:
                element.set("hasAudio", "1")
                element.set("audioSources", str(len(media.sound)))
                element.set("audioChannels", str(media.channels))
                element.set("audioRate", str(media.sound[0].sample_rate_hz))
            etree.SubElement(element, "media-rep", kind="original-media", src=xml_text(media.url))
            _describe(element, media)
        return self._assets[key]

    def media(self, sequence: Sequence) -> tuple[str, etree._Element | None]:
        """Return the id of a nested sequence, and its element where it is yet to be filled."""
        if id(sequence) in self._media:
            return self._media[id(sequence)], None
        self._media[id(sequence)] = self._new_id()
        element = etree.SubElement(
            self.element, "media", id=self._media[id(sequence)], name=xml_text(sequence.name)
        )
        return self._media[id(sequence)], element


def _describe(asset: etree._Element, media: Media) -> None:
    """Write reel, scene, take and angle where the inspector of Final Cut shows them."""
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
