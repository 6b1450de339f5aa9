"""A project as an FCPXML document."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from clapless.errors import UsageError
from clapless_otio.cut import Project
from clapless_otio.fcpxml.kept import restored
from clapless_otio.fcpxml.order import COLLECTION_TAGS
from clapless_otio.fcpxml.resources import Resources
from clapless_otio.fcpxml.stories import StoryWriter
from clapless_otio.fcpxml.values import DEFAULT_VERSION, VERSIONS
from clapless_otio.files import one_line


def write_fcpxml(project: Project, *, version: str = DEFAULT_VERSION) -> tuple[bytes, list[str]]:
    """Return the document and whole sentences about what it could not hold.

    Raises
    ------
    UsageError
        The version is not one that is written.
    ExportError
        A time does not fit.
    """
    if version not in VERSIONS:
        raise UsageError(f"FCPXML {version} is not written. Choose one of {', '.join(VERSIONS)}.")
    resources = Resources()
    writer = StoryWriter(resources)
    root = etree.Element("fcpxml", version=version)
    root.append(resources.element)
    told = project.metadata.get("fcpxml_events")
    events = [e for e in told if isinstance(e, dict)] if isinstance(told, list) else []
    library = next((e for e in events if e.get("tag") == "library"), None)
    parent = root if library is None else etree.SubElement(root, "library")
    by_name: dict[str, etree._Element] = {}

    def event(name: str) -> etree._Element:
        if name not in by_name:
            by_name[name] = etree.SubElement(parent, "event", name=one_line(name))
        return by_name[name]

    for known in events:
        if known.get("tag") == "event":
            _restore(event(str(known.get("name") or "")), known, resources)
    for item in project.loose:
        element = writer.loose(item)
        if element is not None:
            event(str(item.metadata.get("event", project.name))).append(element)
    for sequence in project.sequences:
        home = event(str(sequence.metadata.get("event", project.name)))
        element = etree.SubElement(home, "project", name=one_line(sequence.name))
        element.append(writer.sequence(sequence))
    if library is not None:
        _restore(parent, library, resources)
    return document_bytes(root), writer.notices


def _restore(parent: etree._Element, known: Mapping[str, object], resources: Resources) -> None:
    texts = known.get("kept")
    for text in texts if isinstance(texts, list) else ():
        child = restored(text, resources.effect)
        if child is not None and child.tag in COLLECTION_TAGS:
            parent.append(child)


def document_bytes(root: etree._Element) -> bytes:
    """Return a document's text as UTF-8 with its DOCTYPE."""
    text: bytes = etree.tostring(
        root, encoding="UTF-8", xml_declaration=True, pretty_print=True, doctype="<!DOCTYPE fcpxml>"
    )
    return text
