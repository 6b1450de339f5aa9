"""Markers of a timeline, carried to where what they stood on now lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from clapless_otio.cut import Item, Mark, Media, Project, Sequence
from clapless_otio.files import url_name, url_path

_SAME_S = Fraction(1, 1000)


def with_marks(sequence: Sequence, source: Project) -> Sequence:
    """Return a laid-out sequence with the markers of a timeline of the same files.

    Each stays on the file, and the instant of it, that it stood over; those over nothing keep
    their distance to the nearest item. What the sequence already has is not doubled.
    """
    marks = list(sequence.marks)
    for host, mark in _floating(source):
        anchor = _anchor(host, mark.time_s)
        if anchor is None:
            continue
        place = _place(sequence, *anchor)
        if place is None:
            continue
        if all(abs(m.time_s - place) > _SAME_S or m.name != mark.name for m in marks):
            marks.append(replace(mark, time_s=max(place, Fraction(0))))
    return replace(sequence, marks=tuple(sorted(marks, key=lambda mark: mark.time_s)))


def _floating(source: Project) -> Iterator[tuple[Sequence, Mark]]:
    """Yield the markers that are on no file, each with the sequence whose time it is in."""
    todo: list[Item] = list(source.loose)
    for sequence in source.sequences:
        todo += sequence.items()
        for mark in sequence.marks:
            yield sequence, mark
    seen: set[int] = set()
    while todo:
        item = todo.pop(0)
        if not isinstance(item.source, Sequence):
            continue
        for mark in item.marks:
            yield item.source, mark
        if id(item.source) not in seen:
            seen.add(id(item.source))
            todo += item.source.items()
            for mark in item.source.marks:
                yield item.source, mark


def _anchor(sequence: Sequence, time_s: Fraction) -> tuple[str, Fraction] | None:
    """Return the file that lies nearest to a time, as a URL, and the instant of it."""

    def distance(item: Item) -> Fraction:
        return max(item.start_s - time_s, time_s - item.end_s, Fraction(0))

    for item in sorted(sequence.items(), key=distance):
        source_s = item.source_at(time_s)
        if isinstance(item.source, Media) and item.source.url:
            return item.source.url, source_s
        if isinstance(item.source, Sequence) and (inner := _anchor(item.source, source_s)):
            return inner
    return None


def _place(sequence: Sequence, url: str, source_s: Fraction) -> Fraction | None:
    """Return where an instant of a file now plays, None where the file is not there."""
    path, name = url_path(url), url_name(url)
    items = [i for i in sequence.items() if isinstance(i.source, Media) and i.speed > 0]
    same = [i for i in items if isinstance(i.source, Media) and url_path(i.source.url) == path]
    same = same or [
        i for i in items if isinstance(i.source, Media) and url_name(i.source.url) == name
    ]

    def distance(item: Item) -> Fraction:
        end_s = item.source_at(item.end_s)
        return max(item.source_start_s - source_s, source_s - end_s, Fraction(0))

    nearest = min(same, key=distance, default=None)
    return None if nearest is None else nearest.at_source(source_s)
