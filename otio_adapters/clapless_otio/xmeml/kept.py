"""What xmeml says about a clip besides its place, kept as text for writing it again."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from clapless_otio.cut import Item

KEY = "xmeml"
"""Where an item's metadata holds its kept children by tag."""

KEPT_TAGS = ("filter", "logginginfo", "labels")


def kept_of(item: Item) -> Mapping[str, object]:
    """Return what a document said about an item, empty for others."""
    kept = item.metadata.get(KEY)
    return kept if isinstance(kept, Mapping) else {}


def keep(element: etree._Element) -> dict[str, object]:
    """Return the children of a clip item that are kept, as text."""
    kept: dict[str, object] = {}
    for tag in KEPT_TAGS:
        texts = [
            etree.tostring(child, encoding="unicode", with_tail=False)
            for child in element.iterchildren(tag)
            if child.findtext("effect/effectid") != "timeremap"
        ]
        if texts:
            kept[tag] = texts
    return kept


def restore(parent: etree._Element, kept: Mapping[str, object], tag: str) -> bool:
    """Append the kept children of a tag; return whether there were any."""
    texts = kept.get(tag)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    found = False
    for text in texts if isinstance(texts, list) else ():
        try:
            element = etree.fromstring(str(text), parser)
        except (etree.XMLSyntaxError, ValueError):
            continue  # a stranger's .otio may hold anything here
        if element.tag == tag:
            parent.append(element)
            found = True
    return found
