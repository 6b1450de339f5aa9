"""Formats, assets, effects and nested media of an FCPXML document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

from lxml import etree

from clapless_otio.cut import Media, Sound
from clapless_otio.exact import known_rate
from clapless_otio.fcpxml.kept import FORMAT_ATTRIBUTES, FORMAT_KEY, attributes, kept_text
from clapless_otio.files import url_name
from clapless_otio.xml_reading import number_of

_NAMED_RATE = re.compile(r"[pi](2398|24|25|2997|30|50|5994|60)$")
_RATE_BY_NAME = {
    "2398": Fraction(24000, 1001),
    "2997": Fraction(30000, 1001),
    "5994": Fraction(60000, 1001),
}
_STUDIO = "com.apple.proapps.studio."


@dataclass(frozen=True, slots=True)
class Format:
    """What a format resource says; `rate` is None for sound and stills."""

    rate: Fraction | None = None
    width: int | None = None
    height: int | None = None
    raw: dict[str, str] = field(default_factory=dict)


class ResourceReader:
    """Looks up resources by id; each file becomes one `Media`, however often it is asked for."""

    def __init__(self, root: etree._Element, name: str) -> None:
        self.name = name
        self.formats = {e.get("id"): e for e in root.iter("format")}
        self.assets = {e.get("id"): e for e in root.iter("asset")}
        self.effects = {e.get("id"): e for e in root.iter("effect")}
        self.medias = {e.get("id"): e for e in root.iter("media")}
        self._files: dict[str, Media] = {}
        self._formats: dict[str, Format] = {}

    def time(self, text: str | None, default: Fraction = Fraction(0)) -> Fraction:
        """Return a time attribute in seconds.

        Raises
        ------
        TimelineError
            It is no time.
        """
        if not text or not text.strip():
            return default
        return number_of(text.strip().removesuffix("s").replace("/1s", ""), self.name)

    def format(self, ref: str | None) -> Format:
        """Return a format by its id; an empty one where there is none."""
        element = self.formats.get(ref)
        if element is None or ref is None:
            return Format()
        if ref not in self._formats:
            self._formats[ref] = Format(
                rate=self._rate(element),
                width=self._whole(element.get("width")),
                height=self._whole(element.get("height")),
                raw=attributes(element, FORMAT_ATTRIBUTES),
            )
        return self._formats[ref]

    def _rate(self, element: etree._Element) -> Fraction | None:
        frame_s = self.time(element.get("frameDuration"))
        if frame_s > 0:
            return known_rate(float(1 / frame_s))
        named = _NAMED_RATE.search(element.get("name") or "")
        if named:
            return _RATE_BY_NAME.get(named[1]) or Fraction(int(named[1]))
        return None

    def _whole(self, text: str | None) -> int | None:
        return int(number_of(text, self.name)) if text and text.strip() else None

    def media(self, ref: str | None) -> Media | None:
        """Return the file behind an asset's id, None where there is none."""
        element = self.assets.get(ref)
        if element is None or ref is None:
            return None
        if ref not in self._files:
            self._files[ref] = self._asset(element)
        return self._files[ref]

    def _asset(self, element: etree._Element) -> Media:
        rep = element.find("media-rep")
        url = (rep.get("src") if rep is not None else element.get("src")) or ""
        found = self.format(element.get("format"))
        seen = element.get("hasVideo") == "1" or (
            element.get("hasVideo") is None and found.rate is not None
        )
        studio = {
            md.get("key", "").removeprefix(_STUDIO): md.get("value") or ""
            for md in element.iterfind("metadata/md")
            if md.get("key", "").startswith(_STUDIO)
        }
        metadata = element.find("metadata")
        kept: dict[str, object] = {FORMAT_KEY: found.raw} if found.raw else {}
        if uid := element.get("uid"):
            kept["fcpxml_uid"] = uid
        if metadata is not None:
            kept["fcpxml_metadata"] = kept_text(metadata)
        return Media(
            name=element.get("name") or url_name(url),
            url=url,
            start_s=self.time(element.get("start")),
            duration_s=self.time(element.get("duration")),
            rate=found.rate if seen else None,
            still=seen and found.rate is None,
            timecode_rate=found.rate if seen else None,
            width=found.width if seen else None,
            height=found.height if seen else None,
            sound=self._sound(element),
            reel=studio.get("reel", ""),
            scene=studio.get("scene", ""),
            take=studio.get("shot", ""),
            bin=studio.get("angle", ""),
            metadata=kept,
        )

    def _sound(self, element: etree._Element) -> tuple[Sound, ...]:
        if element.get("hasAudio") != "1":
            return ()
        sources = max(1, self._whole(element.get("audioSources")) or 1)
        channels = max(sources, self._whole(element.get("audioChannels")) or 2)
        rate_hz = self._whole(element.get("audioRate")) or 48000
        if sources > 64 or channels > 1024:
            sources = 1
        each = channels // sources
        counts = [each] * (sources - 1) + [channels - each * (sources - 1)]
        return tuple(Sound(channels=count, sample_rate_hz=rate_hz) for count in counts)

    def effect(self, ref: str) -> dict[str, str] | None:
        """Return the facts of an effect, None where there is none of that id."""
        element = self.effects.get(ref)
        return None if element is None else attributes(element, ("name", "uid", "src"))
