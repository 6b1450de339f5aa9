"""What a document says beyond place and source, kept as it is for writing it again.

Kept elements are XML text. A reference to an effect inside them stands as the effect's own facts,
so that the text means the same in any document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

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


def parsed(text: object) -> etree._Element | None:
    """Return kept text as an element, None where it is none any more.

    It may come from a stranger's .otio: entities stay what they are.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(str(text), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def restored(text: object, effect_id: Callable[[dict[str, str]], str]) -> etree._Element | None:
    """Return a kept element; `effect_id` gives the id of an effect in the new document."""
    element = parsed(text)
    if element is None or any(not isinstance(inner.tag, str) for inner in element.iter()):
        return None
    for inner in element.iter():
        ref = inner.get("ref")
        if ref is not None and ref.startswith(_EFFECT):
            facts = _facts(ref.removeprefix(_EFFECT))
            if not facts.get("uid"):
                return None
            inner.set("ref", effect_id(facts))
    return element


def children_of(kept: Mapping[str, object]) -> list[str]:
    """Return the texts of an element's kept children."""
    texts = kept.get("children")
    return [str(text) for text in texts] if isinstance(texts, list) else []


def _facts(text: str) -> dict[str, str]:
    try:
        facts = json.loads(text)
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in facts.items()} if isinstance(facts, dict) else {}
