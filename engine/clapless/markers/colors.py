"""Colours of markers: the words that files use, and the nearest that a program has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

RGB: Mapping[str, tuple[int, int, int]] = {
    "red": (220, 40, 40),
    "orange": (240, 150, 40),
    "yellow": (240, 220, 60),
    "green": (60, 180, 75),
    "mint": (150, 230, 190),
    "cyan": (60, 200, 220),
    "sky": (130, 190, 240),
    "blue": (50, 100, 220),
    "purple": (150, 80, 200),
    "lavender": (190, 170, 230),
    "magenta": (220, 60, 200),
    "fuchsia": (220, 60, 160),
    "pink": (250, 150, 180),
    "rose": (230, 130, 140),
    "lemon": (240, 235, 140),
    "sand": (210, 180, 120),
    "cocoa": (130, 90, 60),
    "cream": (250, 240, 220),
    "white": (255, 255, 255),
    "gray": (128, 128, 128),
    "black": (0, 0, 0),
}
"""Words that are known, and roughly what they look like."""

_SAME: Mapping[str, str] = {"grey": "gray", "violet": "purple", "turquoise": "cyan"}


def color_of(text: str) -> str:
    """Return a colour's word in lower case; one that is not known is kept as it is written.

    >>> color_of(" Grey "), color_of("Sea foam"), color_of("")
    ('gray', 'sea foam', '')
    """
    word = " ".join(text.split()).lower()
    return _SAME.get(word, word)


def nearest(color: str, offered: Sequence[str]) -> str:
    """Return which of the colours a program has stands for a word; its first for unknown words.

    >>> nearest("fuchsia", ["red", "magenta", "blue"]), nearest("sea foam", ["red", "blue"])
    ('magenta', 'red')
    """
    if color in offered:
        return color
    seen = RGB.get(color)
    if seen is None:
        return offered[0]

    def distance(word: str) -> int:
        return sum((x - y) ** 2 for x, y in zip(seen, RGB[word], strict=True))

    return min((word for word in offered if word in RGB), key=distance)
