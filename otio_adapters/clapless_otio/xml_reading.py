"""XML of strangers: parsed without entities, without a network, and refused where it wants them."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from lxml import etree

from clapless.errors import TimelineError

DEEPEST = 200
"""Elements within elements: editors nest a few dozen deep, attacks thousands."""

_ENTITY = "<!ENTITY"
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def parse_xml(data: bytes, *, name: str, root: str) -> etree._Element:
    """Return the root element of a document.

    Parameters
    ----------
    data
        The file's bytes; a byte order mark and UTF-16 are fine.
    name
        The file's name, for sentences.
    root
        The tag the document must have.

    Raises
    ------
    TimelineError
        It is no XML, declares entities or refers outside, is nested beyond reason, or is some
        other kind of document.
    """
    if any(_ENTITY.encode(encoding) in data for encoding in _ENCODINGS):
        raise TimelineError(f"{name} declares XML entities, which no editor writes: not read.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True, recover=False
    )
    try:
        tree = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TimelineError(f"{name} is no whole XML document: {error}.") from error
    outside = tree.getroottree().docinfo
    if outside.system_url or outside.public_id:
        raise TimelineError(f"{name} refers to another document in its DOCTYPE: not read.")
    if tree.tag != root:
        raise TimelineError(f"{name} holds a <{tree.tag}> document where <{root}> was expected.")
    _check_depth(tree, name)
    return tree


def _check_depth(tree: etree._Element, name: str) -> None:
    depth = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > DEEPEST:
            raise TimelineError(f"{name} is nested more than {DEEPEST} elements deep: not read.")
        if event == "start" and element.tag is etree.Entity:
            raise TimelineError(f"{name} uses XML entities, which no editor writes: not read.")


def text_of(element: etree._Element | None, path: str, default: str = "") -> str:
    """Return the stripped text of a descendant, the default where there is none."""
    found = element.findtext(path) if element is not None else None
    return found.strip() if found is not None else default


def number_of(text: str, name: str) -> Fraction:
    """Return a number as XML files write it.

    Raises
    ------
    TimelineError
        It is none, or beyond any timeline.
    """
    try:
        value = _fraction(text.strip())
    except (ValueError, ZeroDivisionError) as error:
        raise TimelineError(f"{name} has {text[:40]!r} where a number belongs.") from error
    if abs(value) > 10**20:
        raise TimelineError(f"{name} has {text[:40]!r}, a time beyond any timeline.")
    return value


@lru_cache(maxsize=65536)
def _fraction(text: str) -> Fraction:
    """Return a number; large documents say the same rates and lengths again and again."""
    # Nearly all are whole, and Fraction's own parsing is slow.
    return Fraction(int(text)) if text.isdecimal() and len(text) < 20 else Fraction(text)
