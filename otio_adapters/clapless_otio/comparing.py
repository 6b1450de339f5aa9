"""Two timelines or sessions of the same media: how far apart each clip lies in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from clapless.errors import UsageError
from clapless_otio.cut import Item, Media, Project, Sequence
from clapless_otio.exact import frames_round
from clapless_otio.files import url_name, url_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where one file lies in the second timeline against the first.

    Parameters
    ----------
    name
        Of the file.
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

    name: str
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
    the same where their names are; longest uses count.

    Raises
    ------
    UsageError
        They have no file in common.
    """
    one, two = _lines(first), _lines(second)
    common = [name for name in one if name in two]
    if not common:
        raise UsageError("The two have no file in common, by its name.")
    raw = {name: _differences(one[name], two[name]) for name in common}
    shift_s = median(head for head, _ in raw.values())
    rate = first.sequences[0].rate
    return Comparison(
        clips=tuple(
            Difference(name=one[name].name, head_s=head - shift_s, tail_s=tail - shift_s, rate=rate)
            for name, (head, tail) in raw.items()
        ),
        only_first=tuple(one[name].name for name in one if name not in two),
        only_second=tuple(two[name].name for name in two if name not in one),
        shift_s=shift_s,
    )


def _differences(one: _Line, two: _Line) -> tuple[Fraction, Fraction]:
    begin = max(one.span[0], two.span[0])
    end = min(one.span[1], two.span[1])
    if end <= begin:  # they show different parts: the lines still say where the file lies
        begin = end = Fraction(0)
    return two.at(begin) - one.at(begin), two.at(end) - one.at(end)


def _lines(project: Project) -> Mapping[str, _Line]:
    """Return where each file plays, by its name, through nested sequences."""
    found: dict[str, _Line] = {}
    for sequence in project.sequences:
        _collect(sequence, Fraction(0), Fraction(1), found, 0)
    return found


def _collect(
    sequence: Sequence, shift_s: Fraction, scale: Fraction, found: dict[str, _Line], depth: int
) -> None:
    for item in sequence.items():
        if item.speed <= 0 or depth > 20:
            continue
        source = item.source
        if isinstance(source, Sequence):
            inner_s = shift_s + item.at_source(Fraction(0)) * scale
            _collect(source, inner_s, scale / item.speed, found, depth + 1)
        elif isinstance(source, Media) and source.url:
            name = url_name(source.url) or url_path(source.url)
            known = found.get(name.lower())
            if known is None or item.duration_s > known.item.duration_s:
                found[name.lower()] = _Line(name, item, shift_s, scale)
