"""Where the labels of two clips are the same, and whether that is one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from clapless.signals.ltc.lines import ClockLine
from clapless.signals.stamps import jam_shift_s
from clapless.timing import Segment, TimeMap

LEAST_COMMON_S = 0.2
"""Shorter stretches of common labels are not used where there are longer ones."""

STEADY_S = 0.4e-3
"""Two stretches on one line agree within this, 20 samples at 48 kHz: what is lost is more."""

MOST_LOST_S = 10.0
"""A recorder loses no more than this at once; a larger step is a new start of the code."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Piece:
    """A stretch of common labels of two clips.

    Parameters
    ----------
    a, b
        Their lines.
    shift_s
        What is added to b's labels to meet a's (days).
    start_b_s, end_b_s
        In b's clip time; equal where the two share no label.
    pivot_b_s, pivot_a_s
        One instant in both clip times.
    speed
        Of b on a's clock, exact.
    drift_ppm
        Of b against a.
    """

    a: ClockLine
    b: ClockLine
    shift_s: float
    start_b_s: float
    end_b_s: float
    pivot_b_s: float
    pivot_a_s: float
    speed: Fraction
    drift_ppm: float

    @classmethod
    def of(cls, a: ClockLine, b: ClockLine, *, shift_s: float, from_s: float, to_s: float) -> Piece:
        """Return the piece of two lines between two labels of a; of no length if they are equal."""
        speed = b.speed / a.speed
        rate = a.label_rate / b.label_rate
        shared = to_s > from_s
        start_b, end_b = (b.time_of(label - shift_s) for label in (from_s, to_s))
        pivot_b = 0.5 * (start_b + end_b) if shared else b.pivot_s
        pivot_a = a.time_of(b.label_at(pivot_b) + shift_s)
        return cls(
            a=a,
            b=b,
            shift_s=shift_s,
            start_b_s=start_b if shared else pivot_b,
            end_b_s=end_b if shared else pivot_b,
            pivot_b_s=pivot_b,
            pivot_a_s=pivot_a,
            speed=speed,
            drift_ppm=(rate / float(speed) - 1.0) * 1e6,
        )

    @property
    def length_s(self) -> float:
        """How long it is in b's clip time."""
        return self.end_b_s - self.start_b_s

    @property
    def rate(self) -> float:
        """Seconds of b's time in one second of a's."""
        return float(self.speed) * (1.0 + self.drift_ppm * 1e-6)

    @property
    def offset_s(self) -> float:
        """Where b's clip time 0 lies on a's clock."""
        return self.pivot_a_s - self.pivot_b_s / self.rate

    def to_a(self, t_b_s: float) -> float:
        """Return a's clip time of b's."""
        return self.pivot_a_s + (t_b_s - self.pivot_b_s) / self.rate


def common_pieces(lines_a: Sequence[ClockLine], lines_b: Sequence[ClockLine]) -> list[Piece]:
    """Return all stretches of common labels, over midnight too, in rising time of b."""
    found = []
    for a in lines_a:
        for b in lines_b:
            jam_s = jam_shift_s(b.label_at(b.start_s), slow_a=a.slow, slow_b=b.slow)
            for shift_s in (jam_s, jam_s + b.day_s, jam_s - a.day_s):
                start = max(a.label_span_s[0], b.label_span_s[0] + shift_s)
                end = min(a.label_span_s[1], b.label_span_s[1] + shift_s)
                if end - start >= LEAST_COMMON_S:
                    found.append(Piece.of(a, b, shift_s=shift_s, from_s=start, to_s=end))
    return sorted(found, key=lambda piece: piece.start_b_s)


def steady_groups(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Return the pieces in groups that lie on one line each."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        for group in groups:
            last = group[-1]
            middle = 0.5 * (last.end_b_s + piece.start_b_s)
            if (
                piece.speed == last.speed
                and abs(piece.to_a(middle) - last.to_a(middle)) <= STEADY_S
            ):
                group.append(piece)
                break
        else:
            groups.append([piece])
    return groups


def time_map(groups: Sequence[Sequence[Piece]]) -> TimeMap | None:
    """Return the map of a clip that lost samples, or None where it cannot be that.

    What is lost goes one way and is short: in both clips time then runs forwards across the step.
    """
    segments = []
    for group in sorted(groups, key=lambda group: group[0].start_b_s):
        first, last = group[0], group[-1]
        knots = (
            (first.start_b_s, first.to_a(first.start_b_s)),
            (last.end_b_s, last.to_a(last.end_b_s)),
        )
        segments.append(Segment(knots))
    for one, two in pairwise(segments):
        gap_b = two.knots[0][0] - one.knots[-1][0]
        gap_a = two.knots[0][1] - one.knots[-1][1]
        if gap_b < 0 or gap_a < 0 or abs(gap_a - gap_b) > MOST_LOST_S:
            return None
    return TimeMap(tuple(segments))
