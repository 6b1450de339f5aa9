"""One window of the timeline as an FCPXML element with its own children."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from lxml import etree

from clapless_otio.cut import Item, Mark, Media, Sequence
from clapless_otio.exact import frames_round
from clapless_otio.fcpxml.kept import KEY, children_of, restored
from clapless_otio.fcpxml.order import ATTRIBUTES, TIMING_TAGS
from clapless_otio.fcpxml.resources import Resources
from clapless_otio.fcpxml.values import conform_name, fine, role_name, time_text, writable
from clapless_otio.fcpxml.windows import Window
from clapless_otio.files import one_line, xml_text

DEFAULT_ROLE = "dialogue"

_INLINE = {"sync": "sync-clip", "clip": "clip", "storyline": "spine"}
_NEEDS_EFFECT = ("title", "video", "audio")


def kept_of(item: Item) -> Mapping[str, object]:
    """Return what an FCPXML document said about an item, empty for others."""
    kept = item.metadata.get(KEY)
    return kept if isinstance(kept, Mapping) else {}


def tag_of(item: Item) -> str | None:
    """Return the element an item is written as, None where FCPXML has none for it."""
    told = str(kept_of(item).get("tag") or "")
    if isinstance(item.source, Media):
        return told if told in ("audio", "video") else "asset-clip"
    if isinstance(item.source, Sequence):
        return _INLINE.get(item.source.shape) or (
            "mc-clip" if item.source.shape == "multicam" else "ref-clip"
        )
    if told == "caption" or (told in _NEEDS_EFFECT and kept_of(item).get("effect")):
        return told
    return None


def clip_element(
    placed: Window,
    rate: Fraction,
    resources: Resources,
    *,
    tag: str,
    ref: str | None,
    offset_s: Fraction | None,
    lane: int | None,
) -> etree._Element:
    """Return the element of a window, without what it contains or what is connected to it.

    Parameters
    ----------
    placed
        The window.
    rate
        Frames per second of the sequence it stands in.
    resources
        Where its format and effects go.
    tag, ref
        What it is written as, and the id of what it plays.
    offset_s
        Its offset in its parent's local time, None for a clip in an event.
    lane
        Lane of a connected clip, None for one inside a spine, an angle or an event.
    """
    item = placed.item
    kept = kept_of(item)
    element = etree.Element(tag)
    if ref is not None:
        element.set("ref", ref)
    if lane is not None:
        element.set("lane", str(lane))
    if offset_s is not None:
        element.set("offset", time_text(writable(offset_s)))
    if tag == "spine":
        return element
    element.set("name", one_line(item.name))
    element.set("start", time_text(writable(placed.start_s)))
    element.set("duration", time_text(writable(placed.duration_s)))
    if not item.enabled:
        element.set("enabled", "0")
    _stream_attributes(element, item, resources, kept)
    if not placed.as_read:
        _timing(element, placed, rate)
    for text in children_of(kept):
        child = restored(text, resources.effect)
        if child is not None and (placed.as_read or child.tag not in TIMING_TAGS):
            element.append(child)
    for mark in item.marks:
        element.append(marker_element(mark, time_s=_mark_time_s(mark, placed), rate=rate))
    _keyword(element, placed)
    if isinstance(item.source, Media) and item.sound and tag == "asset-clip":
        _channels(element, item.source)
    return element


def marker_element(mark: Mark, *, time_s: Fraction, rate: Fraction) -> etree._Element:
    """Return a marker at a time of its host's local time.

    FCPXML has no colours: a colour is kept as a word in brackets at the end of the note.
    """
    tag = "chapter-marker" if mark.kind == "chapter" else "marker"
    frame_s = 1 / rate
    duration_s = max(frame_s, frames_round(mark.duration_s, rate) * frame_s)
    if 0 < mark.duration_s < frame_s:
        duration_s = writable(mark.duration_s)  # on sound, one sample is a marker's length
    element = etree.Element(
        tag,
        start=time_text(writable(time_s)),
        duration=time_text(duration_s),
        value=one_line(mark.name),
    )
    if mark.kind in ("todo", "done"):
        element.set("completed", "1" if mark.kind == "done" else "0")
    color = f"[{mark.color}]" if mark.color else ""
    note = " ".join(part for part in (mark.comment, color) if part)
    if note:
        element.set("note", xml_text(note))
    if mark.kind == "chapter":
        element.set("posterOffset", "0s")
    return element


def _stream_attributes(
    element: etree._Element, item: Item, resources: Resources, kept: Mapping[str, object]
) -> None:
    media = item.source
    tag = str(element.tag)
    told = kept.get("attributes")
    if isinstance(told, Mapping) and told.keys() <= set(ATTRIBUTES.get(tag, ())):
        for name, value in told.items():
            element.set(name, xml_text(str(value)))
    elif isinstance(media, Media) and tag == "asset-clip":
        if media.has_picture:
            element.set("tcFormat", "DF" if media.drop_frame else "NDF")
        if item.sound and media.sound:
            own = role_name(one_line(item.role))
            element.set("audioRole", f"{DEFAULT_ROLE}.{own}" if own else DEFAULT_ROLE)
    elif isinstance(media, Sequence) and tag in ("clip", "sync-clip"):
        element.set("tcFormat", "DF" if media.drop_frame else "NDF")
    if isinstance(media, Media) and tag == "asset-clip":
        element.set("format", resources.format_of(media))
        if media.has_picture and media.sound and item.picture != item.sound:
            element.set("srcEnable", "video" if item.picture else "audio")
    elif isinstance(media, Sequence) and tag in ("clip", "sync-clip"):
        element.set("format", resources.format_of(media))


def _has(element: etree._Element, tag: str) -> bool:
    return element.find(tag) is not None


def _timing(element: etree._Element, placed: Window, rate: Fraction) -> None:
    source = placed.item.source
    own = source.rate if source is not None else None
    if own is not None and own != rate and placed.item.picture:
        # Without this, Final Cut plays 25 in 23.98 (and the like) at another speed.
        conform = etree.SubElement(element, "conform-rate", scaleEnabled="0")
        if name := conform_name(own):
            conform.set("srcFrameRate", name)
    if placed.points:
        # Pitch correction would resynthesise the sound for a few parts in a million.
        time_map = etree.SubElement(element, "timeMap", frameSampling="floor", preservesPitch="0")
        for time_s, value_s in placed.points:
            etree.SubElement(
                time_map,
                "timept",
                time=time_text(writable(time_s)),
                value=time_text(writable(value_s)),
                interp="linear",
            )


def _keyword(element: etree._Element, placed: Window) -> None:
    """Give a clip its device and status as keywords, to search and sort by."""
    item = placed.item
    source = item.source
    if not item.clip or not isinstance(source, Media) or element.tag != "asset-clip":
        return
    words = [one_line(source.bin).replace(",", " "), str(item.metadata.get("status") or "")]
    value = ", ".join(word for word in words if word)
    if value:
        etree.SubElement(
            element,
            "keyword",
            start=element.get("start"),
            duration=element.get("duration"),
            value=value,
        )


def _mark_time_s(mark: Mark, placed: Window) -> Fraction:
    source = placed.item.source
    if placed.as_read:
        return writable(placed.local_s(mark.time_s))
    if source is not None and source.rate and not placed.points:
        on_frame = frames_round(mark.time_s, source.rate) / source.rate
        return placed.local_s(on_frame)
    return fine(placed.local_s(mark.time_s))


def _channels(element: etree._Element, media: Media) -> None:
    """Give each named channel of a recorder its own role, so that it can be found and muted."""
    names = [name for stream in media.sound for name in stream.names]
    if len(names) != media.channels or not any(names) or _has(element, "audio-channel-source"):
        return
    for number, name in enumerate(names, 1):
        role = role_name(one_line(name))
        etree.SubElement(
            element,
            "audio-channel-source",
            srcCh=str(number),
            role=f"{DEFAULT_ROLE}.{role}" if role else DEFAULT_ROLE,
        )


def item_note(item: Item) -> str:
    """Return what an editor should read about a clip's place, empty where nothing."""
    status = item.metadata.get("status")
    return str(status) if status in ("check", "manual", "not synced") else ""
