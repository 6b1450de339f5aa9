"""A device that lost samples: windows before and after lie on two lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clapless.numerics.sound import SampleSource
from clapless.signals.audio.bands import RATE_HZ
from clapless.signals.audio.feature import AudioFeature, cut
from clapless.signals.audio.judge import Verdict, weigh
from clapless.signals.audio.ranking import hear_leads, rank
from clapless.signals.audio.search import FOLLOWED_SLOPE, Course, Lead, find_leads
from clapless.signals.audio.windows import PLAN
from clapless.timing import Segment, TimeMap

LEAST_WINDOWS = 3
"""Windows on either side of a jump."""

LEAST_JUMP_S = 0.003
"""Lines closer than this are one: that is what another reflection can do."""

PIECE_LOG10 = -5.0
"""A second line needs agreement as rare as this."""

ASTRAY = 0.15
"""Share of windows that may lie on the wrong side."""

WHOLE_SHARE = 0.92
"""A line with this share of its windows has no jump."""

LEAST_GAP_S = 4.0
"""Parts of b shorter than this are not searched by themselves."""

MOST_JUMPS = 8
"""Jumps that are looked for."""

MOST_JUMP_S = 60.0
"""Farther apart is another alignment, not lost samples."""

GAP_LEADS = 4
"""Offsets that are listened to in such a part."""

PIECE_LEAD = 0.2
"""A stretch must beat other places of its part by this in the same windows."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One unbroken stretch.

    Parameters
    ----------
    verdict
        Its own windows.
    start_s, end_s
        First and last moment its windows cover, in b's clip time.
    """

    verdict: Verdict
    start_s: float
    end_s: float


def find_pieces(a: AudioFeature, b: AudioFeature, best: Verdict) -> list[Piece]:
    """Return the unbroken stretches in rising time; a single one where nothing jumps.

    Where the best place's windows stop agreeing and do not begin again, that part of b is searched
    by itself; what is proven there, by windows of its own, is the next stretch.

    Parameters
    ----------
    a, b
        The clips.
    best
        The best place.
    """
    pieces = [_piece(best)]
    if best.share >= WHOLE_SHARE:
        return pieces
    whole = best.course.overlap_b_s(a, b)
    for _ in range(MOST_JUMPS):
        pieces.sort(key=lambda piece: piece.start_s)
        gaps = [(whole[0], pieces[0].start_s), (pieces[-1].end_s, whole[1])]
        gaps += [(one.end_s, two.start_s) for one, two in pairwise(pieces)]
        found = [
            piece
            for gap in gaps
            if gap[1] - gap[0] > LEAST_GAP_S
            for piece in _search_gap(a, b, best, gap)
            if all(_apart(piece, other) for other in pieces)
        ]
        if not found:
            break
        pieces.append(max(found, key=lambda piece: piece.end_s - piece.start_s))
    return sorted(pieces, key=lambda piece: piece.start_s)


def _search_gap(
    a: AudioFeature, b: AudioFeature, best: Verdict, gap: tuple[float, float]
) -> list[Piece]:
    """Return what is proven of a part of b that the best place does not explain."""
    part = cut(b, *gap)
    leads = [
        lead
        for lead in find_leads(a, part, count=GAP_LEADS)
        if abs(lead.course.to_a(gap[0]) - best.course.to_a(gap[0])) < MOST_JUMP_S
    ]
    near = [line for line in _left_over(best) if gap[0] <= float(line.times_s.mean()) <= gap[1]]
    finding = rank(a, part, hear_leads(a, part, leads, known=near))
    verdict, evidence = finding.verdict, finding.evidence
    if (
        verdict is None
        or evidence is None
        or verdict.log10_chance > PIECE_LOG10
        or int(verdict.agreeing.sum()) < LEAST_WINDOWS
        or evidence.lead < PIECE_LEAD
    ):
        return []
    return [_piece(verdict)]


def _left_over(best: Verdict) -> list[Verdict]:
    """Return lines within reach of the best one, through the windows that disagree with it."""
    found: list[Verdict] = []
    rest = [w for w, use in zip(best.heard, best.agreeing, strict=True) if not use]
    while len(rest) >= LEAST_WINDOWS:
        verdict = weigh(rest, Lead(best.along, best.z, slope_doubt=FOLLOWED_SLOPE))
        if verdict is None or verdict.log10_chance > PIECE_LOG10:
            break
        found.append(verdict)
        rest = [w for w, use in zip(rest, verdict.agreeing, strict=True) if not use]
    return found


def _piece(verdict: Verdict) -> Piece:
    heard = [w for w, use in zip(verdict.heard, verdict.agreeing, strict=True) if use]
    times = np.array([w.time_s for w in heard])
    # A stray window far from the others does not stretch a piece.
    low, high = np.quantile(times, [ASTRAY / 2, 1 - ASTRAY / 2], method="nearest")
    kept = np.array([low <= w.time_s <= high for w in verdict.heard]) & verdict.agreeing
    inside = [w for w, use in zip(verdict.heard, kept, strict=True) if use]
    if len(inside) < max(LEAST_WINDOWS, len(heard) - 2):
        inside, kept = heard, verdict.agreeing
    chosen = np.flatnonzero(kept)
    own = replace(
        verdict,
        heard=tuple(inside),
        chosen=verdict.chosen[chosen],
        delays_s=verdict.delays_s[chosen],
    )
    return Piece(own, min(w.span_s[0] for w in inside), max(w.span_s[1] for w in inside))


def _apart(one: Piece, other: Piece) -> bool:
    """Return whether two pieces follow each other and lie on different lines."""
    first, second = (one, other) if one.start_s < other.start_s else (other, one)
    between_s = (first.end_s + second.start_s) / 2.0
    gap_s = abs(one.verdict.course.to_a(between_s) - other.verdict.course.to_a(between_s))
    overlap_s = first.end_s - second.start_s
    window_s = first.verdict.heard[0].length_s
    return gap_s > LEAST_JUMP_S and overlap_s < 1.5 * window_s


def jump_time_s(
    a: AudioFeature, b: AudioFeature, before: Course, after: Course, low_s: float, high_s: float
) -> float:
    """Return when b leaves one course for another, in b's clip time.

    Parameters
    ----------
    a, b
        The clips.
    before, after
        The two courses.
    low_s, high_s
        Between these it happens.
    """
    margin_s = PLAN.block_s
    low_s = max(low_s - margin_s, b.origin_s)
    high_s = min(high_s + margin_s, b.origin_s + b.duration_s)
    count = round((high_s - low_s) * RATE_HZ)
    first = round((low_s - b.sound.origin_s) * RATE_HZ)
    own = _white(b.sound.window(first, count))
    start_s = b.sound.origin_s + first / RATE_HZ
    gain = np.zeros(count)
    for course, sign in ((before, 1.0), (after, -1.0)):
        gain += sign * np.abs(_agreement(a.sound, own, course, start_s))
    # Best with everything earlier on the first course and everything later on the second.
    return start_s + float(np.argmax(np.cumsum(gain))) / RATE_HZ


def _agreement(
    sound: SampleSource, own: NDArray[np.float64], course: Course, start_s: float
) -> NDArray[np.float64]:
    """Return the running product of b and what lies beside it in a, smoothed over 50 ms."""
    count = len(own)
    middle_s = start_s + count / RATE_HZ / 2.0
    at = (course.to_a(middle_s) - sound.origin_s) * RATE_HZ - count / 2.0
    whole = int(np.floor(at))
    spectrum = fft.rfft(_white(sound.window(whole, count)))
    turn = 2j * np.pi * np.arange(len(spectrum)) / count
    beside = fft.irfft(spectrum * np.exp(turn * (at - whole)), count)
    width = round(0.05 * RATE_HZ)
    return np.convolve(own * beside, np.ones(width) / width, mode="same")


def _white(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    spectrum = fft.rfft(samples.astype(np.float64))
    spectrum[: max(1, round(PLAN.low_hz * len(samples) / RATE_HZ))] = 0.0
    size = np.abs(spectrum)
    return np.asarray(
        fft.irfft(spectrum / (size + 1e-3 * size.mean() + 1e-30) ** 0.7, len(samples))
    )


def time_map(
    sound_b: SampleSource,
    courses: Sequence[Course],
    jumps_s: Sequence[float],
    stds_s: Sequence[float],
) -> TimeMap | None:
    """Return the map from b's time to a's along courses that change at given times.

    It covers all of b's sound: what lies outside the overlap is of the nearest stretch. Where b
    lost samples its next stretch begins at once, later on a's clock; where a lost them, b has a
    stretch that a never heard.

    Parameters
    ----------
    sound_b
        The sound of b.
    courses
        In rising time.
    jumps_s
        When b changes from one to the next, shape (len(courses) - 1,).
    stds_s
        Standard deviation along each course.

    Returns
    -------
    TimeMap or None
        None where the stretches contradict each other.
    """
    first_s, last_s = sound_b.origin_s, sound_b.origin_s + sound_b.length / sound_b.rate_hz
    edges = [first_s, *jumps_s, last_s]
    segments: list[Segment] = []
    for index, (course, std_s) in enumerate(zip(courses, stds_s, strict=True)):
        start_s, end_s = edges[index], edges[index + 1]
        if segments:
            start_s = max(start_s, course.to_b(segments[-1].knots[-1][1]))
        if end_s <= start_s:
            return None
        knots = ((start_s, course.to_a(start_s)), (end_s, course.to_a(end_s)))
        segments.append(Segment(knots, (std_s, std_s)))
    return TimeMap(tuple(segments))
