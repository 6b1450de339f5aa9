"""Setting the speed of an item, and reading it back.

21.1 is the first version whose API has a speed; whether it keeps what drift needs (100.0145 %) is
not documented, so it is read back on every item.
"""

from __future__ import annotations

from fractions import Fraction

from clapless_resolve.protocols import TimelineItem, has

MOST_SLIP = 0.25
"""Frames that a speed as it reads back may be off over the length of an item."""


def set_speed(item: TimelineItem, speed: Fraction, length: int) -> str:
    """Set an item's speed; return what is wrong afterwards, empty where nothing is.

    Parameters
    ----------
    item
        As placed at its normal speed.
    speed
        Source seconds per second of the timeline.
    length
        Of the item, in frames of the timeline; it stays.
    """
    if not has(item, "SetSpeed"):
        return "cannot be given another speed by this version"
    percentage = float(speed * 100)
    before = (item.GetStart(), item.GetEnd())
    said = item.SetSpeed(
        {
            "Percentage": percentage,
            "PitchCorrection": False,
            "StretchKeyframesToFit": False,
            "RippleTimeline": False,
        }
    )
    read = (item.GetSpeed() or {}).get("Percentage")
    if not isinstance(read, int | float):
        return "does not say at which speed it plays"
    if abs(read / percentage - 1) * length > MOST_SLIP:
        refused = "" if said else ", and Resolve refused"
        return f"plays at {read:g} % instead of {percentage:.6g} %{refused}"
    if (item.GetStart(), item.GetEnd()) != before:
        return "was moved when its speed was set"
    return ""
