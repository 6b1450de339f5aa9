"""What a document says beyond place and source, kept as it is for writing it again.

Kept elements are XML text. A reference to an effect inside them stands as the effect's own facts,
so that the text means the same in any document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from lxml import etree

from clapless_otio.fcpxml.order import without_strange

KEY = "fcpxml"
"""Where an item's metadata holds its tag, attributes and kept children."""

FORMAT_KEY = "fcpxml_format"
"""Where a file's or sequence's metadata holds its format's attributes."""

FORMAT_ATTRIBUTES = (
    "name",
    "frameDuration",
    "fieldOrder",
    "width",
    "height",
    "paspH",
    "paspV",
    "colorSpace",
    "projection",
    "stereoscopic",
)

_EFFECT = "effect:"


def attributes(element: etree._Element, names: Iterable[str]) -> dict[str, str]:
    """Return those of an element's attributes that it has."""
    return {name: value for name in names if (value := element.get(name)) is not None}


def kept_text(
    element: etree._Element, effect_of: Callable[[str], dict[str, str] | None] | None = None
) -> str:
    """Return an element as text; `effect_of` gives the facts of an effect by its id."""
    copied = etree.fromstring(etree.tostring(element, with_tail=False))
    without_strange(copied)
    if effect_of is not None:
        for inner in copied.iter():
            ref = inner.get("ref")
            if ref is not None and inner.tag != "text-style":
                facts = effect_of(ref)
                inner.set("ref", _EFFECT + json.dumps(facts or {}))
    text: str = etree.tostring(copied, encoding="unicode")
    return text


def restored(text: str, effect_id: Callable[[dict[str, str]], str]) -> etree._Element | None:
    """Return a kept element; `effect_id` gives the id of an effect in the new document."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        element = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    for inner in list(element.iter()):
        ref = inner.get("ref")
        if ref is not None and ref.startswith(_EFFECT):
            facts = json.loads(ref.removeprefix(_EFFECT))
            if not facts.get("uid"):
                return None
            inner.set("ref", effect_id(facts))
    return element
