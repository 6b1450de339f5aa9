"""Settings of projects and timelines, under the names and calls of each version of Resolve."""

from __future__ import annotations

from fractions import Fraction

from clapless.timing import snap_rate
from clapless_resolve.protocols import WithSettings, has

RATE = "timelineFrameRate"


def setting(thing: WithSettings, name: str) -> str:
    """Return a setting as text, empty where Resolve does not say."""
    if has(thing, "GetSettings"):
        return str((thing.GetSettings() or {}).get(name, ""))
    return str(thing.GetSetting(name))


def rate_setting(thing: WithSettings) -> Fraction | None:
    """Return the frames per second of a project or timeline, None where Resolve does not say."""
    try:
        rate = float(setting(thing, RATE).split(" ")[0])
    except ValueError:
        return None
    return snap_rate(rate) if rate > 0 else None
