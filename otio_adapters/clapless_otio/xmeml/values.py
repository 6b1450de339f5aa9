"""Rates, timecode, ticks and colours as xmeml writes them.

References
----------
Premiere counts 254016000000 ticks a second: every frame rate and sample rate divides it. Its
colours are integers AABBGGRR; green is the default and carries none.
"""

from __future__ import annotations

import math
from fractions import Fraction

from lxml import etree

from clapless.timing import Timecode, may_drop

COLORS = {
    "red": 4281740498,
    "purple": 4289825711,
    "orange": 4280578025,
    "yellow": 4281049552,
    "white": 4294967295,
    "blue": 4294741314,
    "cyan": 4292277273,
}
"""Premiere's marker colours by our words."""

NEAREST = {"pink": "purple", "magenta": "purple", "lavender": "purple", "fuchsia": "purple"}
"""Words for colours that Premiere has no marker colour for, and which one stands for them."""

COLOR_NAMES = {number: name for name, number in COLORS.items()}


def add(parent: etree._Element, tag: str, text: object = None) -> etree._Element:
    """Append an element with text."""
    element = etree.SubElement(parent, tag)
    if text is not None:
        element.text = str(text)
    return element


def flag(value: bool) -> str:
    """Write a truth value.

    >>> flag(True)
    'TRUE'
    """
    return "TRUE" if value else "FALSE"


def add_rate(parent: etree._Element, rate: Fraction) -> None:
    """Append a rate: a whole timebase, and whether it runs at 1000/1001 of it."""
    element = add(parent, "rate")
    timebase = math.ceil(rate)
    add(element, "timebase", timebase)
    add(element, "ntsc", flag(rate != timebase))


def rate_of(timebase: Fraction, ntsc: bool) -> Fraction:
    """Return the exact rate of a timebase.

    >>> rate_of(Fraction(30), True)
    Fraction(30000, 1001)
    """
    return timebase * 1000 / 1001 if ntsc else timebase


def add_timecode(
    parent: etree._Element,
    start_s: Fraction,
    rate: Fraction,
    *,
    drop_frame: bool,
    reel: str | None = None,
) -> None:
    """Append a timecode with its rate, label, frame number and reel."""
    element = add(parent, "timecode")
    add_rate(element, rate)
    drop_frame = drop_frame and may_drop(rate)
    label = Timecode.at(start_s, rate, drop_frame=drop_frame)
    text = str(label)
    add(element, "string", text.replace(":", ";") if drop_frame else text)
    add(element, "frame", label.frame)
    add(element, "displayformat", "DF" if drop_frame else "NDF")
    if reel:
        add(add(element, "reel"), "name", reel)


def color_number(color: str) -> int | None:
    """Return Premiere's number of a colour, None for its default and for unknown words."""
    return COLORS.get(NEAREST.get(color, color))
