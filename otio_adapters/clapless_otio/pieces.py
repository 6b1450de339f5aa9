"""A placement as straight pieces: where each stretch of each file of a clip plays, how fast."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from clapless.model import Clip, Placement
from clapless.timing import Segment
from clapless_otio.cut import Media
from clapless_otio.exact import exact_s, exact_speed
from clapless_otio.sources import file_duration_s, media_of, playable_files, played_duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One straight stretch of one file.

    Parameters
    ----------
    media, file
        What it plays, and the position of that file in the clip's files.
    start_s
        Group time at which it begins.
    source_start_s, source_length_s
        Which stretch of the file, in the file's own time.
    speed
        File seconds per group second.
    picture, sound
        What of the file it stands for.
    """

    media: Media
    file: int
    start_s: Fraction
    source_start_s: Fraction
    source_length_s: Fraction
    speed: Fraction
    picture: bool
    sound: bool

    @property
    def end_s(self) -> Fraction:
        """Group time at which it ends."""
        return self.start_s + self.source_length_s / self.speed


@dataclass(frozen=True, slots=True)
class _Line:
    """Clip times [from_s, to_s) lie from start_s on, at a speed."""

    from_s: Fraction
    to_s: Fraction
    start_s: Fraction
    speed: Fraction


def pieces_of(clip: Clip, placement: Placement, *, bend_s: Fraction) -> list[Piece]:
    """Return the pieces of a placed clip in rising order of group time, file by file.

    Parameters
    ----------
    clip, placement
        What lies where.
    bend_s
        How far, in seconds, a straight piece may stand from a bent time map.
    """
    pieces: list[Piece] = []
    lines = _lines(clip, placement, bend_s)
    for index, file in playable_files(clip):
        media = media_of(clip, index)
        length_s = played_duration_s(clip, index)
        for line in lines:
            from_s = max(line.from_s, file.start_s)
            to_s = min(line.to_s, file.start_s + length_s)
            if to_s <= from_s:
                continue
            pieces.append(
                Piece(
                    media=media,
                    file=index,
                    start_s=line.start_s + (from_s - line.from_s) / line.speed,
                    source_start_s=from_s - file.start_s,
                    source_length_s=to_s - from_s,
                    speed=line.speed,
                    picture=media.rate is not None,
                    sound=bool(media.sound),
                )
            )
    return pieces


def _lines(clip: Clip, placement: Placement, bend_s: Fraction) -> list[_Line]:
    if placement.time_map is None:
        speed = exact_speed(placement.speed, placement.drift_ppm)
        starts = [file.start_s for _, file in playable_files(clip)]
        ends = [f.start_s + file_duration_s(clip, i) for i, f in playable_files(clip)]
        from_s, to_s = min(starts), max([clip.duration_s, *ends])
        return [_Line(from_s, to_s, exact_s(placement.offset_s) + from_s / speed, speed)]
    lines: list[_Line] = []
    for segment in placement.time_map.segments:
        knots = [(exact_s(t), exact_s(g)) for t, g in _straightened(segment, float(bend_s))]
        for (t0, g0), (t1, g1) in pairwise(knots):
            if t1 > t0 and g1 > g0:
                lines.append(_Line(t0, t1, g0, (t1 - t0) / (g1 - g0)))
    return lines


def _straightened(segment: Segment, tolerance_s: float) -> list[tuple[float, float]]:
    """Return the fewest knots, by bisection at the worst one, that stay within the tolerance."""
    knots = segment.knots
    kept = {0, len(knots) - 1}
    todo = [(0, len(knots) - 1)]
    while todo:
        first, last = todo.pop()
        (t0, g0), (t1, g1) = knots[first], knots[last]
        slope = (g1 - g0) / (t1 - t0)
        worst, where = 0.0, first
        for i in range(first + 1, last):
            off = abs(knots[i][1] - (g0 + (knots[i][0] - t0) * slope))
            if off > worst:
                worst, where = off, i
        if worst > tolerance_s:
            kept.add(where)
            todo += [(first, where), (where, last)]
    return [knots[i] for i in sorted(kept)]
