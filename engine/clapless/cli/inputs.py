"""Editors' timelines as the input of sync, through the entry points ``clapless.inputs``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

GROUP = "clapless.inputs"
"""Each entry point is a class without arguments, with `takes(path)` and `read(path, media=...)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a sync is given, timelines taken apart.

    Parameters
    ----------
    paths
        Files and folders.
    rules
        ``NAME=GLOB`` for devices, as the timelines say.
    extra
        What the session shall keep of them.
    notices
        Whole sentences for people.
    """

    paths: tuple[Path, ...]
    rules: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def expand(paths: Iterable[Path], media: Iterable[Path]) -> Inputs:
    """Return the paths with each timeline replaced by the recordings that it uses.

    Parameters
    ----------
    paths
        As they were typed.
    media
        Folders in which a timeline's files are looked for.

    Raises
    ------
    TimelineError
        A timeline cannot be read.
    """
    readers: list[Any] = [point.load()() for point in entry_points(group=GROUP)]
    found: list[Path] = []
    rules: list[str] = []
    extra: dict[str, object] = {}
    notices: list[str] = []
    for path in paths:
        reader = next((one for one in readers if path.is_file() and one.takes(path)), None)
        if reader is None:
            found.append(path)
            continue
        timeline = reader.read(path, media=tuple(media))
        found += timeline.paths
        rules += timeline.rules
        extra |= timeline.extra
        notices += timeline.notices
    return Inputs(paths=tuple(found), rules=tuple(rules), extra=extra, notices=tuple(notices))
