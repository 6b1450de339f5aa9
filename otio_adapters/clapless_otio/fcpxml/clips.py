"""One window of the timeline as an FCPXML clip with its children, in the order the DTD wants."""

from __future__ import annotations

from fractions import Fraction

from lxml import etree

from clapless_otio.cut import Item, Mark, Media, Sequence
from clapless_otio.exact import frames_round
from clapless_otio.fcpxml.resources import Resources
from clapless_otio.fcpxml.values import conform_name, fine, role_name, time_text, writable
from clapless_otio.fcpxml.windows import Window
from clapless_otio.files import one_line, xml_text

DEFAULT_ROLE = "dialogue"


def clip_element(
    placed: Window, rate: Fraction, resources: Resources, *, offset_s: Fraction, lane: int | None
) -> etree._Element:
    """Return the asset-clip of a window.

    Parameters
    ----------
    placed
        The window; its item plays a file.
    rate
        Frames per second of the sequence it stands in.
    resources
        Where its asset and format go.
    offset_s
        Its offset in its parent's local time.
    lane
        Lane of a connected clip, None for one inside a spine or an angle.
    """
    item = placed.item
    media = item.source
    if not isinstance(media, Media):
        raise TypeError(f"{item.name!r} plays no file")
    element = etree.Element("asset-clip", ref=resources.asset(media))
    if lane is not None:
        element.set("lane", str(lane))
    element.set("offset", time_text(writable(offset_s)))
    element.set("name", one_line(item.name))
    element.set("start", time_text(writable(placed.start_s)))
    element.set("duration", time_text(placed.duration_s))
    if not item.enabled:
        element.set("enabled", "0")
    if item.picture != item.sound and media.rate is not None and media.sound:
        element.set("srcEnable", "video" if item.picture else "audio")
    element.set("format", resources.format_of(media))
    if media.rate is not None:
        element.set("tcFormat", "DF" if media.drop_frame else "NDF")
    if item.sound and media.sound:
        element.set("audioRole", role_name(item.role) or DEFAULT_ROLE)
    _timing(element, placed, rate)
    return element


def finish_clip(element: etree._Element, placed: Window, rate: Fraction) -> None:
    """Add what follows the connected clips: markers, then channels."""
    item = placed.item
    for mark in item.marks:
        element.append(marker_element(mark, time_s=_mark_time_s(mark, placed), rate=rate))
    if isinstance(item.source, Media) and item.sound:
        _channels(element, item.source)


def marker_element(mark: Mark, *, time_s: Fraction, rate: Fraction) -> etree._Element:
    """Return a marker at a time of its host's local time.

    FCPXML has no colours: a colour is kept as a word in brackets at the end of the note.
    """
    tag = "chapter-marker" if mark.kind == "chapter" else "marker"
    frames = max(1, frames_round(mark.duration_s, rate))
    element = etree.Element(
        tag,
        start=time_text(writable(time_s)),
        duration=time_text(frames / rate),
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


def _timing(element: etree._Element, placed: Window, rate: Fraction) -> None:
    source = placed.item.source
    own = source.rate if isinstance(source, (Media, Sequence)) else None
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


def _mark_time_s(mark: Mark, placed: Window) -> Fraction:
    source = placed.item.source
    if isinstance(source, Media) and source.rate and not placed.points:
        on_frame = frames_round(mark.time_s, source.rate) / source.rate
        return placed.local_s(on_frame)
    return fine(placed.local_s(mark.time_s))


def _channels(element: etree._Element, media: Media) -> None:
    """Give each named channel of a recorder its own role, so that it can be found and muted."""
    names = [name for stream in media.sound for name in stream.names]
    if len(names) != media.channels or not any(names):
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
