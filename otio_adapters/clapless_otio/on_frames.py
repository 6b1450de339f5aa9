"""A project on whole frames, for programs that round every gap for themselves."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from clapless_otio.cut import Item, Project, Sequence
from clapless_otio.placing import track_places


def on_frames(project: Project) -> Project:
    """Return a project whose items begin and end on frames of their sequence.

    A program that rounds gaps one by one would add up their remainders along a track.
    """
    return replace(project, sequences=tuple(_sequence(one) for one in project.sequences))


def _sequence(sequence: Sequence) -> Sequence:
    rate = sequence.rate
    tracks = []
    for track in sequence.tracks:
        if any(item.points or item.speed <= 0 for item in track.items):
            tracks.append(track)
            continue
        places, _ = track_places(track.items, rate)
        items: list[Item] = []
        for placed in places:
            start_s = placed.start / rate
            source_s = placed.source_in / rate * placed.item.speed
            if not placed.item.picture:
                source_s = max(Fraction(0), placed.item.source_at(start_s))
            items.append(
                replace(
                    placed.item,
                    start_s=start_s,
                    duration_s=placed.length / rate,
                    source_start_s=source_s,
                )
            )
        tracks.append(replace(track, items=tuple(items)))
    return replace(sequence, tracks=tuple(tracks))
