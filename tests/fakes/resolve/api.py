"""Which names each class of Resolve's scripting API has, by version.

``api.tsv`` holds class, name, first version and, for names that the typed stub of 21.1 left out,
the last version that documents them.
"""

from __future__ import annotations

import functools
from pathlib import Path

VERSIONS = ("18.6", "19.1", "20.3", "21.0.4", "21.1")
"""Versions that the fake plays."""

CLIP_COLORS = frozenset(
    [
        "Orange",
        "Apricot",
        "Yellow",
        "Lime",
        "Olive",
        "Green",
        "Teal",
        "Navy",
        "Blue",
        "Purple",
        "Violet",
        "Pink",
        "Tan",
        "Beige",
        "Brown",
        "Chocolate",
    ]
)
MARKER_COLORS = frozenset(
    [
        "Blue",
        "Cyan",
        "Green",
        "Yellow",
        "Red",
        "Pink",
        "Purple",
        "Fuchsia",
        "Rose",
        "Lavender",
        "Sky",
        "Mint",
        "Lemon",
        "Sand",
        "Cocoa",
        "Cream",
    ]
)


def number(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare."""
    return tuple(int(part) for part in (version + ".0.0").split(".")[:3])


@functools.cache
def names(kind: str, version: str, legacy: bool) -> frozenset[str]:
    """Return what `dir` shows of a class; `legacy` keeps what 21.1 no longer documents."""
    now = number(version)
    known = set()
    table = (Path(__file__).parent / "api.tsv").read_text(encoding="utf-8").splitlines()
    for line in table[1:]:
        of, name, since, *last = line.split("\t")
        gone = bool(last and last[0]) and now > number(last[0]) and not legacy
        if of == kind and number(since) <= now and not gone:
            known.add(name)
    return frozenset(known)
