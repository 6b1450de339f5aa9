"""Reading small XML that devices write, without trust in it.

Entities, external documents and the network are off: a file of a stranger cannot make the reader
fetch or expand anything.
"""

from __future__ import annotations

from lxml import etree

MOST_XML_BYTES = 4 * 2**20
"""More than any device writes about one clip."""


def parse_xml(data: bytes) -> etree._Element | None:
    """Return the root of a document, or None where it is none."""
    text = data.strip(b"\0 \r\n\t")
    if not text or len(text) > MOST_XML_BYTES:
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    try:
        root = etree.fromstring(text, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if isinstance(root, etree._Element) else None


def local_name(element: etree._Element) -> str:
    """Return an element's name without its name space; empty for comments and the like."""
    tag = element.tag
    return etree.QName(element).localname if isinstance(tag, str) else ""


def first_text(root: etree._Element, *names: str) -> str:
    """Return the text of the first element down a path of local names, stripped."""
    found = find(root, *names)
    return (found.text or "").strip() if found is not None else ""


def find(root: etree._Element, *names: str) -> etree._Element | None:
    """Return the first element down a path of local names, upper or lower case."""
    for child in root:
        if local_name(child).upper() == names[0].upper():
            if len(names) == 1:
                return child
            deeper = find(child, *names[1:])
            if deeper is not None:
                return deeper
    return None


def every(root: etree._Element, name: str) -> list[etree._Element]:
    """Return all elements of a local name, at any depth."""
    return [element for element in root.iter() if local_name(element) == name]
