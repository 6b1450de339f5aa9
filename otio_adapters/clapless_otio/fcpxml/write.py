"""A project as an FCPXML document: flat, with every track as a lane of connected clips."""

from __future__ import annotations

from fractions import Fraction

from lxml import etree

from clapless.errors import ExportError
from clapless_otio.cut import Media, Project, Sequence
from clapless_otio.exact import frames_round, frames_up
from clapless_otio.fcpxml.clips import clip_element, finish_clip, item_note, marker_element
from clapless_otio.fcpxml.resources import Resources
from clapless_otio.fcpxml.values import (
    DEFAULT_VERSION,
    VERSIONS,
    audio_rate_name,
    time_text,
    writable,
)
from clapless_otio.fcpxml.windows import Window, track_windows
from clapless_otio.files import one_line


def write_fcpxml(project: Project, *, version: str = DEFAULT_VERSION) -> tuple[bytes, list[str]]:
    """Return the document and whole sentences about what it could not hold.

    Raises
    ------
    ExportError
        The version is not one that is written.
    """
    if version not in VERSIONS:
        raise ExportError(f"FCPXML {version} is not written. Choose one of {', '.join(VERSIONS)}.")
    notices: list[str] = []
    resources = Resources()
    root = etree.Element("fcpxml", version=version)
    root.append(resources.element)
    event = etree.SubElement(root, "event", name=one_line(project.name))
    for sequence in project.sequences:
        element = etree.SubElement(event, "project", name=one_line(sequence.name))
        element.append(_sequence(sequence, resources, notices))
    return document_bytes(root), notices


def document_bytes(root: etree._Element) -> bytes:
    """Return a document's text as UTF-8 with its DOCTYPE."""
    text: bytes = etree.tostring(
        root,
        encoding="UTF-8",
        xml_declaration=True,
        pretty_print=True,
        doctype="<!DOCTYPE fcpxml>",
    )
    return text


def sequence_shell(
    sequence: Sequence, duration_s: Fraction, resources: Resources
) -> etree._Element:
    """Return a ``sequence`` with an empty spine."""
    element = etree.Element(
        "sequence",
        format=resources.format(sequence.rate, sequence.width, sequence.height),
        duration=time_text(duration_s),
        tcStart=time_text(sequence.start_s),
        tcFormat="DF" if sequence.drop_frame else "NDF",
        audioLayout="stereo",
        audioRate=audio_rate_name(sequence.sample_rate_hz),
    )
    etree.SubElement(element, "spine")
    return element


def _sequence(sequence: Sequence, resources: Resources, notices: list[str]) -> etree._Element:
    """Return a sequence whose spine is one gap that every clip is connected to."""
    lanes: list[tuple[int, list[Window]]] = []
    above, below = 0, 0
    for track in sequence.tracks:
        windows, lost = track_windows(track.items, sequence.rate, on_grid=False)
        notices += [
            f"{one_line(item.name)} is shorter than one frame of the timeline and was left out."
            for item in lost
        ]
        if track.kind == "video":
            above += 1
            lanes.append((above, windows))
        else:
            below -= 1
            lanes.append((below, windows))
    end_s = max(
        [w.end_s for _, windows in lanes for w in windows]
        + [mark.time_s + mark.duration_s for mark in sequence.marks],
        default=Fraction(0),
    )
    duration_s = max(1, frames_up(end_s, sequence.rate)) / sequence.rate
    element = sequence_shell(sequence, duration_s, resources)
    gap = etree.SubElement(
        element[0],
        "gap",
        name="Gap",
        offset=time_text(sequence.start_s),
        start=time_text(sequence.start_s),
        duration=time_text(duration_s),
    )
    for lane, windows in lanes:
        for placed in windows:
            if isinstance(placed.item.source, Media):
                gap.append(_connected(placed, sequence, resources, lane))
    for mark in sequence.marks:
        on_frame = frames_round(mark.time_s, sequence.rate) / sequence.rate
        gap.append(marker_element(mark, time_s=sequence.start_s + on_frame, rate=sequence.rate))
    return element


def _connected(
    placed: Window, sequence: Sequence, resources: Resources, lane: int
) -> etree._Element:
    element = clip_element(
        placed,
        sequence.rate,
        resources,
        offset_s=writable(sequence.start_s + placed.offset_s),
        lane=lane,
    )
    if note := item_note(placed.item):
        child = etree.Element("note")
        child.text = note
        element.insert(0, child)
    finish_clip(element, placed, sequence.rate)
    return element
