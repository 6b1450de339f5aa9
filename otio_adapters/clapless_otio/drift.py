"""How clock drift is carried into a format: as a speed, or not at all.

A laid-out project has every clip at its true speed. Here it becomes what the editor shall play.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import replace
from fractions import Fraction

from clapless_otio.cut import Item, Project, Sequence, Track


def without_drift(project: Project) -> Project:
    """Return a project whose clips play at their trade speed; head and tail share the error."""
    return replace(project, sequences=tuple(_each(s) for s in project.sequences))


def _each(sequence: Sequence) -> Sequence:
    return replace(sequence, tracks=tuple(_track(track) for track in sequence.tracks))


def _track(track: Track) -> Track:
    items: list[Item] = []
    for run in runs(track.items):
        items += _steadied(run)
    return replace(track, items=tuple(without_overlaps(items)))


def runs(items: Many[Item]) -> list[list[Item]]:
    """Return the items in runs that one clip plays through without a break (chapters)."""
    found: list[list[Item]] = []
    for item in items:
        last = found[-1][-1] if found else None
        if (
            last is not None
            and item.clip
            and (last.clip, last.end_s, last.speed) == (item.clip, item.start_s, item.speed)
        ):
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _steadied(run: list[Item]) -> list[Item]:
    trade = run[0].trade
    if trade is None or trade == run[0].speed:
        return run
    start_s, end_s = run[0].start_s, run[-1].end_s
    stretch = run[0].speed / trade
    shift_s = (end_s - start_s) * (1 - stretch) / 2
    return [
        replace(
            item,
            speed=trade,
            start_s=start_s + shift_s + (item.start_s - start_s) * stretch,
            duration_s=item.duration_s * stretch,
        )
        for item in run
    ]


def without_overlaps(items: Many[Item]) -> list[Item]:
    """Return the items with each one's tail cut where the next one begins.

    The first of a sequence may reach before its start when it was stretched: its head is cut.
    """
    kept: list[Item] = []
    for item in items:
        if item.start_s < 0:
            item = replace(
                item,
                start_s=Fraction(0),
                source_start_s=item.source_at(Fraction(0)),
                duration_s=item.end_s,
            )
        while kept and kept[-1].end_s > item.start_s:
            before = kept.pop()
            if before.start_s < item.start_s:
                kept.append(replace(before, duration_s=item.start_s - before.start_s))
                break
        kept.append(item)
    return kept
