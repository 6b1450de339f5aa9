"""Where FCPXML puts every clip and marker: a walk over the elements, sharing no code with ours.

Clips inside clips are counted on the clock of the outermost sequence; multicam and compound media
are walked once, on their own clock. Gaps and storylines are no clips.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from lxml import etree

CLIPS = {
    "audio",
    "video",
    "clip",
    "title",
    "mc-clip",
    "ref-clip",
    "sync-clip",
    "asset-clip",
    "caption",
}
STORY = CLIPS | {"gap", "audition", "spine"}


def sec(text):
    return Fraction((text or "0s").rstrip("s").replace("/1s", ""))


class Walk:
    """Collects (kind, begin, length) of clips and begins of markers, as text."""

    def __init__(self):
        self.clips = []
        self.markers = []

    def serial(self, parent, at_s, base_s):
        now_s = Fraction(0)
        for child in parent:
            if child.tag == "transition":
                for marker in child.iterchildren("marker", "chapter-marker"):
                    self.markers.append(f"transition {sec(marker.get('start'))}")
            if child.tag not in STORY or child.get("lane") not in (None, "0"):
                continue
            if child.get("offset") is not None:
                now_s = sec(child.get("offset")) - base_s
            self.element(child, at_s + now_s)
            inner = child[0] if child.tag == "audition" else child
            now_s += sec(inner.get("duration"))

    def element(self, element, at_s):
        if element.tag == "audition":
            for take in element:
                self.element(take, at_s)
            return
        start_s = sec(element.get("start"))
        if element.tag in CLIPS:
            self.clips.append(f"{element.tag} {at_s} {sec(element.get('duration'))}")
        for child in element:
            if child.tag in ("marker", "chapter-marker"):
                self.markers.append(f"{child.tag} {at_s + sec(child.get('start')) - start_s}")
            if child.tag not in STORY:
                continue
            if child.get("lane") not in (None, "0"):
                self.element(child, at_s + sec(child.get("offset")) - start_s)
        if element.tag == "spine":
            self.serial(element, at_s, Fraction(0))
        elif element.tag in ("clip", "sync-clip"):
            inner = element.find("spine")
            if inner is not None and inner.get("lane") in (None, "0"):
                self.serial(inner, at_s + sec(inner.get("offset")) - start_s, Fraction(0))
            else:
                self.serial(element, at_s - start_s, Fraction(0))


def walked(data):
    """Return what a document holds, as plain values for a golden file."""
    root = etree.fromstring(data)
    found: dict[str, Any] = {"sequences": [], "loose": [], "media": [], "assets": []}
    for project in root.iter("project"):
        sequence = project.find("sequence")
        walk = Walk()
        walk.serial(sequence.find("spine"), Fraction(0), sec(sequence.get("tcStart")))
        found["sequences"].append(summary(walk, sequence))
    for media in root.iter("media"):
        walk = Walk()
        for inner in media:
            if inner.tag == "multicam":
                for angle in inner.iter("mc-angle"):
                    walk.serial(angle, Fraction(0), Fraction(0))
            else:
                walk.serial(inner.find("spine"), Fraction(0), sec(inner.get("tcStart")))
            found["media"].append(summary(walk, inner))
    walk = Walk()
    for parent in (root, *root.iter("event"), *root.iter("library")):
        for child in parent:
            if child.tag in CLIPS | {"audition"}:
                walk.element(child, Fraction(0))
    found["loose"] = summary(walk, None)
    used = {e.get("ref") for e in root.iter(*CLIPS)}
    found["assets"] = sorted(
        f"{sec(a.get('start'))} {sec(a.get('duration'))}"
        for a in root.iter("asset")
        if a.get("id") in used
    )
    return found


def summary(walk, sequence):
    made: dict[str, Any] = {"clips": sorted(walk.clips), "markers": sorted(walk.markers)}
    if sequence is not None:
        made["timecode"] = f"{sec(sequence.get('tcStart'))} {sequence.get('tcFormat') or 'NDF'}"
    return made
