"""Documents of a newer OpenTimelineIO than the one at hand, which that one refuses to read.

References
----------
OpenTimelineIO's ``Marker.3`` holds its colour as a ``Color.1`` where ``Marker.2`` holds a name.
"""

from __future__ import annotations

import json
from typing import Any

import opentimelineio as otio

_SCHEMA = "OTIO_SCHEMA"

_COLORS = {
    "RED": (1.0, 0.0, 0.0),
    "ORANGE": (1.0, 0.5, 0.0),
    "YELLOW": (1.0, 1.0, 0.0),
    "GREEN": (0.0, 1.0, 0.0),
    "CYAN": (0.0, 1.0, 1.0),
    "BLUE": (0.0, 0.0, 1.0),
    "MAGENTA": (1.0, 0.0, 1.0),
    "PINK": (1.0, 0.75, 0.8),
    "PURPLE": (0.5, 0.0, 0.5),
    "BLACK": (0.0, 0.0, 0.0),
    "WHITE": (1.0, 1.0, 1.0),
}
"""OpenTimelineIO's names of marker colours, in red, green and blue from 0 to 1."""


def as_known(text: str) -> str:
    """Return a document with every object in the newest version that is known here.

    What a newer version adds to an object stays beside it, unread.

    Raises
    ------
    ValueError
        It is no JSON.
    """
    known: dict[str, int] = otio.core.type_version_map()
    root = json.loads(text)
    todo: list[Any] = [root]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            todo += value.values()
            name, _, version = str(value.get(_SCHEMA, "")).partition(".")
            if version.isdigit() and int(version) > known.get(name, int(version)):
                value[_SCHEMA] = f"{name}.{known[name]}"
                if name == "Marker":
                    value["color"] = _color_name(value.get("color"))
    return json.dumps(root)


def _color_name(color: object) -> str:
    """Return a marker's colour as a name: its own, else the nearest by red, green and blue."""
    if isinstance(color, str):
        return color
    if not isinstance(color, dict):
        return ""
    if name := str(color.get("name") or ""):
        return name.upper()
    wanted = [float(color.get(channel) or 0.0) for channel in "rgb"]
    return min(
        _COLORS,
        key=lambda known: sum((a - b) ** 2 for a, b in zip(_COLORS[known], wanted, strict=True)),
    )
