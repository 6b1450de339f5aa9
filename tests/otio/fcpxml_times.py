"""An independent reading of where FCPXML plays what: plain arithmetic over the written elements."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lxml import etree


@dataclass(frozen=True)
class Played:
    """At `at_s` on the sequence, the file `src` plays its second `source_s`; until `end_s`."""

    src: str
    name: str
    at_s: Fraction
    end_s: Fraction
    source_s: Fraction
    source_end_s: Fraction
    picture: bool
    enabled: bool


def sec(text: str | None) -> Fraction:
    return Fraction((text or "0s").rstrip("s"))


def played(document: bytes, project: int = 0) -> list[Played]:
    """Walk one project's sequence: connected clips of spine elements, clips in angles."""
    root = etree.fromstring(document)
    sequence = list(root.iter("project"))[project][0]
    found: list[Played] = []
    for element in sequence.find("spine"):
        at_s = sec(element.get("offset")) - sec(sequence.get("tcStart"))
        _walk(root, element, at_s, found)
    return found


def _walk(root, element, at_s, found):
    """`at_s` is the sequence time of the element's begin."""
    if element.tag == "asset-clip":
        found.append(_leaf(root, element, at_s))
    if element.tag == "mc-clip":
        multicam = root.find(f".//media[@id='{element.get('ref')}']/multicam")
        shift_s = at_s - (sec(element.get("start")) - sec(multicam.get("tcStart")))
        for child in multicam.iterfind("mc-angle/*"):
            _walk(root, child, shift_s + sec(child.get("offset")), found)
    for child in element:
        if child.get("lane"):
            since_s = sec(child.get("offset")) - sec(element.get("start"))
            _walk(root, child, at_s + since_s, found)


def _leaf(root, element, at_s):
    asset = root.find(f".//asset[@id='{element.get('ref')}']")
    start, length = sec(element.get("start")), sec(element.get("duration"))
    points = element.findall("timeMap/timept")

    def source(local):
        if not points:
            return local - sec(asset.get("start"))
        t0, t1 = sec(points[0].get("time")), sec(points[-1].get("time"))
        v0, v1 = sec(points[0].get("value")), sec(points[-1].get("value"))
        assert t0 <= local <= t1
        return v0 + (local - t0) / (t1 - t0) * (v1 - v0) - sec(asset.get("start"))

    return Played(
        src=asset.find("media-rep").get("src"),
        name=element.get("name"),
        at_s=at_s,
        end_s=at_s + length,
        source_s=source(start),
        source_end_s=source(start + length),
        picture=asset.get("hasVideo") == "1" and element.get("srcEnable") != "audio",
        enabled=element.get("enabled") != "0",
    )
