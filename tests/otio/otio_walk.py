"""Where an .otio puts every clip and marker: a walk over its JSON, sharing no code with ours.

Times are exact fractions of seconds, as text. A clip's source times count from the first frame of
its file, which is where ``available_range`` begins.
"""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any


def sec(time):
    rate = Fraction(time["rate"])
    near = [Fraction(n * 1000, 1001) for n in (24, 30, 60, 120) if abs(rate - n) < n / 500]
    if rate.denominator != 1 and near:
        rate = near[0]
    return Fraction(time["value"]).limit_denominator(10**9) / rate


def begin(ranged):
    return sec(ranged["start_time"])


def length(ranged):
    return sec(ranged["duration"])


def references(child):
    found = child.get("media_references")
    if found:
        return found[child.get("active_media_reference_key", "DEFAULT_MEDIA")]
    return child.get("media_reference") or {}


class Walk:
    """Collects the clips and markers of one timeline and of the stacks inside it."""

    def __init__(self):
        self.clips = []
        self.markers = []
        self.transitions = []
        self.files = set()
        self.tracks = 0

    def stack(self, stack, origin):
        for marker in stack.get("markers") or ():
            self.marker("timeline", marker, Fraction(0))
        for track in stack["children"]:
            self.tracks += 1
            at = Fraction(0)
            for child in track["children"]:
                at += self.child(child, at, track["kind"].lower(), origin)

    def child(self, child, at, kind, origin):
        schema = child["OTIO_SCHEMA"].partition(".")[0]
        if schema == "Transition":
            before, after = sec(child["in_offset"]), sec(child["out_offset"])
            self.transitions.append(f"{at - before} {before + after}")
            return Fraction(0)
        reference = references(child)
        available = reference.get("available_range")
        ranged = child.get("source_range") or available
        if schema == "Gap":
            return length(ranged)
        starts = begin(available) if available else Fraction(0)
        self.clips.append(
            f"{kind} {child['name']}{origin} {at} {length(ranged)} {begin(ranged) - starts}"
        )
        if reference.get("target_url"):
            self.files.add(f"{reference['target_url']} {starts}")
        for marker in child.get("markers") or ():
            self.marker(child["name"], marker, starts)
        if schema == "Stack":
            self.stack(child, f"{origin} in {child['name']}")
        return length(ranged)

    def marker(self, host, marker, starts):
        ranged = marker["marked_range"]
        self.markers.append(f"{host}: {marker['name']} {begin(ranged) - starts} {length(ranged)}")


def walked(data):
    """Return what a document holds, as plain values for a golden file."""
    root = json.loads(data)
    walk = Walk()
    walk.stack(root["tracks"], "")
    start = root.get("global_start_time")
    made: dict[str, Any] = {
        "name": root["name"],
        "start": str(sec(start)) if start else "0",
        "tracks": walk.tracks,
        "clips": sorted(walk.clips),
        "markers": sorted(walk.markers),
        "transitions": sorted(walk.transitions),
        "files": sorted(walk.files),
    }
    return made
