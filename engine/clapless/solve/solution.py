"""What comes out of `clapless.solve`."""

from __future__ import annotations

from dataclasses import dataclass

from clapless.model import Clip, Device, Group, Match, Placement, Unplaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """What the matches make of the clips.

    Parameters
    ----------
    groups
        In shooting order, each of two clips or more.
    unplaced
        All other clips, in shooting order.
    matches
        Those that were given, in their order, with `accepted` as it was used.
    devices
        With their clock rates; one that proved to be two is split.
    clips
        Those that were given, in their order, with the device they belong to now.
    notes
        Sentences for people.
    """

    groups: tuple[Group, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    matches: tuple[Match, ...] = ()
    devices: tuple[Device, ...] = ()
    clips: tuple[Clip, ...] = ()
    notes: tuple[str, ...] = ()

    def placement(self, clip_id: str) -> tuple[Group, Placement] | None:
        """Return a clip's group and placement, or None where it is unplaced."""
        for group in self.groups:
            for placement in group.placements:
                if placement.clip == clip_id:
                    return group, placement
        return None
