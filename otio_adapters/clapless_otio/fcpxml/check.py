"""What Final Cut wants of a document beyond its DTD.

References
----------
Apple's reference: times of clips are whole frames of their sequence, else Final Cut inserts a gap
and warns. Final Cut's own exports keep to that in spines and angles, save the length of sound in
an angle; connected sound may lie between frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from lxml import etree

_STORY = ("spine", "mc-angle")
_CLIPS = (
    "asset-clip",
    "audio",
    "video",
    "clip",
    "title",
    "mc-clip",
    "ref-clip",
    "sync-clip",
    "audition",
    "gap",
)


def parse_time(text: str | None, default: Fraction = Fraction(0)) -> Fraction:
    """Read a time value as FCPXML writes it.

    >>> parse_time("1001/24000s"), parse_time("5s"), parse_time(None)
    (Fraction(1001, 24000), Fraction(5, 1), Fraction(0, 1))
    """
    if not text:
        return default
    return Fraction(text.strip().removesuffix("s"))


def findings(root: etree._Element) -> list[str]:
    """Return what is wrong with a document, in sentences; empty where nothing is.

    Checked are: every reference resolves; the children of spines and angles follow each other
    without holes on the frame grid; pictures connected elsewhere begin on the grid; every time map
    covers the window its clip shows.
    """
    return [*_references(root), *_stories(root), *_connected(root), *_time_maps(root)]


def _references(root: etree._Element) -> Iterator[str]:
    known = {element.get("id") for element in root.iterfind("resources/*")}
    angles = {angle.get("angleID") for angle in root.iter("mc-angle")}
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag == "text-style":
            continue
        for name in ("ref", "format"):
            value = element.get(name)
            if value is not None and value not in known:
                yield f"{element.tag} refers to {value}, which is no resource."
        if element.tag == "mc-source" and element.get("angleID") not in angles:
            yield f"mc-source refers to the angle {element.get('angleID')}, which is not there."


def _frame_s(root: etree._Element, element: etree._Element) -> Fraction | None:
    """Return the frame duration of the sequence or multicam around an element."""
    formats = {f.get("id"): f for f in root.iter("format")}
    for parent in element.iterancestors("sequence", "multicam"):
        found = formats.get(parent.get("format"))
        if found is not None and found.get("frameDuration"):
            return parse_time(found.get("frameDuration"))
    return None


def _on_grid(seconds: Fraction, frame_s: Fraction | None) -> bool:
    return frame_s is None or (seconds / frame_s).denominator == 1


def _story_start(story: etree._Element) -> Fraction:
    parent = story.getparent()
    if story.tag == "spine" and parent is not None and parent.tag == "sequence":
        return parse_time(parent.get("tcStart"))
    return Fraction(0)


def _stories(root: etree._Element) -> Iterator[str]:
    for story in root.iter(*_STORY):
        frame_s = _frame_s(root, story)
        at_s = _story_start(story)
        for child in story:
            if child.tag not in _CLIPS:
                continue
            timed = child[0] if child.tag == "audition" else child
            offset_s = parse_time(timed.get("offset") or child.get("offset"), at_s)
            duration_s = parse_time(timed.get("duration"), Fraction(-1))
            name = f"{child.tag} {timed.get('name')!r}"
            if offset_s != at_s:
                yield f"{name} begins at {offset_s} s, but the one before it ends at {at_s} s."
            if duration_s < 0:
                asset = next(
                    (a for a in root.iter("asset") if a.get("id") == timed.get("ref")), None
                )
                duration_s = parse_time(asset.get("duration") if asset is not None else None)
            if duration_s <= 0:
                yield f"{name} has no length."
            if not _on_grid(offset_s, frame_s) or not _on_grid(duration_s, frame_s):
                yield f"{name} does not begin and end on frames."
            at_s = offset_s + duration_s


def _connected(root: etree._Element) -> Iterator[str]:
    pictures = {a.get("id") for a in root.iter("asset") if a.get("hasVideo") == "1"}
    for clip in root.iter(*_CLIPS):
        if clip.get("lane") in (None, "0") or clip.getparent().tag in _STORY:
            continue
        if clip.tag == "audio" or clip.get("srcEnable") == "audio":
            continue
        if clip.tag == "asset-clip" and clip.get("ref") not in pictures:
            continue
        frame_s = _frame_s(root, clip)
        host = clip.getparent()
        if host.tag in _CLIPS and host.get("lane") in (None, "0"):
            since_s = parse_time(clip.get("offset")) - parse_time(host.get("start"))
            if not _on_grid(since_s, frame_s):
                yield f"{clip.tag} {clip.get('name')!r} is connected between two frames."


def _time_maps(root: etree._Element) -> Iterator[str]:
    for time_map in root.iter("timeMap"):
        clip = time_map.getparent()
        times = [parse_time(point.get("time")) for point in time_map.iter("timept")]
        if len(times) < 2 or times != sorted(times):
            yield f"The time map of {clip.get('name')!r} does not rise."
            continue
        start_s = parse_time(clip.get("start"))
        end_s = start_s + parse_time(clip.get("duration"))
        if start_s < times[0] or end_s > times[-1]:
            yield f"The time map of {clip.get('name')!r} does not cover what it shows."
