"""Two timelines or sessions of the same media: how far apart each clip lies in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from statistics import median

from clapless.errors import UsageError
from clapless_otio.cut import Item, Media, Project, Sequence
from clapless_otio.exact import frames_round
from clapless_otio.files import url_path

_Path = tuple[str, ...]
"""Folders and name of a file, as a document says them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where one file lies in the second timeline against the first.

    Parameters
    ----------
    name
        Of the file, with as many folders as tell it from others of that name.
    head_s, tail_s
        Second minus first, in seconds, at the first and last moment that both show: > 0 where
        the second has it later.
    rate
        Frames per second of the first timeline.
    """

    name: str
    head_s: Fraction
    tail_s: Fraction
    rate: Fraction

    @property
    def worst_s(self) -> Fraction:
        """The larger of the two, by size."""
        return max(self.head_s, self.tail_s, key=abs)

    @property
    def frames(self) -> int:
        """The larger difference in whole frames."""
        return frames_round(self.worst_s, self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two timelines agree on.

    Parameters
    ----------
    clips
        Every file that both show, in order of the first.
    only_first, only_second
        Names of files that only one shows.
    shift_s
        What was taken off the second as a whole: timelines may start anywhere.
    """

    clips: tuple[Difference, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    shift_s: Fraction


@dataclass(frozen=True, slots=True)
class _Line:
    """Where a file plays: sequence time of source time 0 and source seconds per second."""

    item: Item
    shift_s: Fraction
    scale: Fraction

    def at(self, source_s: Fraction) -> Fraction:
        return self.shift_s + self.item.at_source(source_s) * self.scale

    @property
    def span(self) -> tuple[Fraction, Fraction]:
        begin = self.item.source_start_s
        return begin, begin + self.item.duration_s * self.item.speed


def compare(first: Project, second: Project) -> Comparison:
    """Return how far apart the clips of two projects lie.

    The median difference is taken off: only where clips lie against each other counts. Files are
    the same where their names are, and the names of their folders where cameras gave several files
    one name; longest uses count.

    Raises
    ------
    UsageError
        They have no file in common.
    """
    one, two = _lines(first), _lines(second)
    pairs = _pairs(one, two)
    if not pairs:
        raise UsageError("The two have no file in common, by its name.")
    raw = {path: _differences(one[path], two[other]) for path, other in pairs.items()}
    shift_s = median(head for head, _ in raw.values())
    rate = first.sequences[0].rate
    left = [path for path in two if path not in pairs.values()]
    return Comparison(
        clips=tuple(
            Difference(
                name=_short(path, one), head_s=head - shift_s, tail_s=tail - shift_s, rate=rate
            )
            for path, (head, tail) in raw.items()
        ),
        only_first=tuple(_short(path, one) for path in one if path not in pairs),
        only_second=tuple(_short(path, two) for path in left),
        shift_s=shift_s,
    )


def _pairs(one: Iterable[_Path], two: Iterable[_Path]) -> dict[_Path, _Path]:
    """Return the same files in both: by name, and by their folders where a name is not enough."""
    twins: dict[str, tuple[list[_Path], list[_Path]]] = {}
    for side, paths in enumerate((one, two)):
        for path in paths:
            twins.setdefault(path[-1].lower(), ([], []))[side].append(path)
    found: dict[_Path, _Path] = {}
    for ours, theirs in twins.values():
        if len(ours) == len(theirs) == 1:
            found[ours[0]] = theirs[0]
            continue
        for path in ours:
            best = _nearest(path, theirs)
            if best is not None and _nearest(best, ours) == path:
                found[path] = best
    return {path: found[path] for path in one if path in found}


def _nearest(path: _Path, others: Iterable[_Path]) -> _Path | None:
    """Return the path that shares the most folders above the name, None where two do or none."""
    ranked = sorted(((_shared(path, other), other) for other in others), reverse=True)
    if not ranked or ranked[0][0] < 2 or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]


def _shared(one: _Path, two: _Path) -> int:
    """Return how many parts two paths share from the end.

    >>> _shared(("mnt", "A", "C1.MP4"), ("B", "a", "c1.mp4"))
    2
    """
    same = (a.lower() == b.lower() for a, b in zip(reversed(one), reversed(two), strict=False))
    return sum(1 for _ in takewhile(bool, same))


def _short(path: _Path, others: Iterable[_Path]) -> str:
    """Return as many parts of a path as tell it from the others.

    >>> _short(("A", "C1.MP4"), [("A", "C1.MP4"), ("B", "C1.MP4"), ("B", "x.wav")])
    'A/C1.MP4'
    """
    most = max((_shared(path, other) for other in others if other != path), default=0)
    return "/".join(path[-most - 1 :])


def _differences(one: _Line, two: _Line) -> tuple[Fraction, Fraction]:
    begin = max(one.span[0], two.span[0])
    end = min(one.span[1], two.span[1])
    if end <= begin:  # they show different parts: the lines still say where the file lies
        begin = end = Fraction(0)
    return two.at(begin) - one.at(begin), two.at(end) - one.at(end)


def _lines(project: Project) -> Mapping[_Path, _Line]:
    """Return where each file plays, by its path, through nested sequences."""
    found: dict[_Path, _Line] = {}
    for sequence in project.sequences:
        _collect(sequence, Fraction(0), Fraction(1), found, 0)
    return found


def _collect(
    sequence: Sequence, shift_s: Fraction, scale: Fraction, found: dict[_Path, _Line], depth: int
) -> None:
    for item in sequence.items():
        if item.speed <= 0 or depth > 20:
            continue
        source = item.source
        if isinstance(source, Sequence):
            inner_s = shift_s + item.at_source(Fraction(0)) * scale
            _collect(source, inner_s, scale / item.speed, found, depth + 1)
        elif isinstance(source, Media) and source.url:
            path = tuple(part for part in re.split(r"[/\\]", url_path(source.url)) if part)
            known = found.get(path)
            if path and (known is None or item.duration_s > known.item.duration_s):
                found[path] = _Line(item, shift_s, scale)
