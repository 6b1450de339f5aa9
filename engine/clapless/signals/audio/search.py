"""Where two clips may lie to each other, by their changes of loudness.

Conventions
-----------
A course is a line ``t_a = offset_s + slope * t_b`` between two clip times, in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from clapless.numerics.correlation import (
    Peak,
    correlation_z,
    find_peaks,
    transform_size,
)
from clapless.numerics.gcc import parabola
from clapless.signals.audio.bands import FRAME_RATE_HZ
from clapless.signals.audio.feature import AudioFeature

Floats = NDArray[np.float32]

FLOOR_FRAMES = 1.5 * FRAME_RATE_HZ
"""Overlaps much shorter than 1.5 s are held down: a word or two fits many places."""

APART_FRAMES = int(0.4 * FRAME_RATE_HZ)
"""Two leads are at least this far apart: the width of a change of loudness."""

SMEAR_FRAMES = (1, 5)
"""Widths of the sums over neighbouring lags: clocks running apart smear the peak of long pairs."""

SMEAR_FROM_S = 240.0
"""Below this overlap 80 ppm smear a peak by about one frame and need no wider sum."""

SEGMENT_FRAMES = 1024
"""A course is followed in pieces of 16 s."""

SEGMENTS = 40
"""At most so many pieces, spread over the overlap."""

FOLLOW_PPM = 320.0
"""Clocks are followed up to this far apart: consumer devices stay within 100 ppm."""

FOLLOW_FROM_S = 240.0
"""Shorter overlaps drift by so little that the windows find the slope by themselves."""

UNKNOWN_SLOPE = 300e-6
"""How far a slope may be off that nothing is known of."""

FOLLOWED_SLOPE = 40e-6
FOLLOWED_FRAMES = 0.75
"""How far one may be off that was followed: at least the former, and so many frames of loudness at
the ends of the overlap."""

PIECE_CLIP = 6.0
"""No piece of a course counts for more than this many standard deviations."""


@dataclass(frozen=True, slots=True)
class Course:
    """A line between two clip times, ``t_a = offset_s + slope * t_b``."""

    offset_s: float
    slope: float = 1.0

    def to_a(self, t_b_s: float) -> float:
        """Return the time on a's clock."""
        return self.offset_s + self.slope * t_b_s

    def to_b(self, t_a_s: float) -> float:
        """Return the time on b's clock."""
        return (t_a_s - self.offset_s) / self.slope

    def overlap_b_s(self, a: AudioFeature, b: AudioFeature) -> tuple[float, float]:
        """Return the stretch of b's time where both have sound; empty where end <= start."""
        start = max(b.origin_s, self.to_b(a.origin_s))
        end = min(b.origin_s + b.duration_s, self.to_b(a.origin_s + a.duration_s))
        return start, end


@dataclass(frozen=True, slots=True)
class Lead:
    """A course worth listening to, and how far it stands out (which only ranks)."""

    course: Course
    z: float
    slope_doubt: float = UNKNOWN_SLOPE
    """How far its slope may be off; less where the course was followed."""


def find_leads(
    a: AudioFeature, b: AudioFeature, *, count: int = 8, drift_ppm: float = 0.0
) -> list[Lead]:
    """Return the offsets at which the two clips' changes agree best, best first.

    Parameters
    ----------
    a, b
        The clips.
    count
        At most so many leads.
    drift_ppm
        Clock of b against a that is tried; the peak of a long pair stays sharp within some 60 ppm.
    """
    rows_b = b
    if drift_ppm:
        rows_b = _slipped(b, drift_ppm)
    n_a, n_b = a.frames, rows_b.frames
    if min(n_a, n_b) < FLOOR_FRAMES:
        return []
    size = transform_size(n_a, n_b)
    z = correlation_z(a.spectra(size), rows_b.spectra(size), n_a, n_b, size, floor=FLOOR_FRAMES)
    smear = SMEAR_FRAMES if min(n_a, n_b) > SMEAR_FROM_S * FRAME_RATE_HZ else SMEAR_FRAMES[:1]
    peaks: list[Peak] = []
    for width in smear:
        summed = z if width == 1 else _running_sum(z, width)
        peaks += find_peaks(summed, n_b, count=count, apart=APART_FRAMES)
    peaks.sort(key=lambda peak: -peak.z)
    slope = 1.0 / (1.0 + drift_ppm * 1e-6)
    leads: list[Lead] = []
    for peak in peaks:
        offset_s = a.origin_s + peak.lag / FRAME_RATE_HZ - b.origin_s * slope
        if all(
            abs(offset_s - lead.course.offset_s) * FRAME_RATE_HZ > APART_FRAMES for lead in leads
        ):
            leads.append(Lead(Course(offset_s, slope), peak.z))
    return leads[:count]


def _running_sum(values: Floats, width: int) -> Floats:
    total = np.cumsum(np.concatenate([np.zeros(width // 2 + 1), values, np.zeros(width // 2)]))
    return np.asarray(total[width:] - total[:-width], np.float32)


def _slipped(b: AudioFeature, drift_ppm: float) -> AudioFeature:
    """Return b with frames left out or doubled so that its clock is `drift_ppm` slower."""
    rate = 1.0 + drift_ppm * 1e-6
    count = int(b.frames / rate)
    index = np.clip(np.rint(np.arange(count) * rate).astype(np.int64), 0, b.frames - 1)
    return replace(b, changes=b.changes[:, index], cache={})


def follow(a: AudioFeature, b: AudioFeature, lead: Lead) -> Lead:
    """Return a lead with its slope measured, by following it piece by piece.

    The sum along straight courses is what counts, so that pieces without evidence do no harm.
    """
    start_s, end_s = lead.course.overlap_b_s(a, b)
    overlap_s = end_s - start_s
    if overlap_s < FOLLOW_FROM_S:
        return lead
    reach = int(np.ceil(FOLLOW_PPM * 1e-6 * overlap_s * FRAME_RATE_HZ / 2)) + APART_FRAMES // 2
    first = max(0, int(np.ceil((start_s - b.origin_s) * FRAME_RATE_HZ)))
    last = min(b.frames, int((end_s - b.origin_s) * FRAME_RATE_HZ)) - SEGMENT_FRAMES
    count = min(SEGMENTS, max(2, (last - first) // SEGMENT_FRAMES))
    begins = np.linspace(first, last, count).astype(np.int64)
    table, lags = _piecewise(a, b, lead.course, begins, reach)
    middle = (begins[0] + begins[-1]) / 2.0
    # Displacement of the outermost pieces, frame by frame.
    steps = np.arange(-reach, reach + 1)
    share = (begins - middle) / max(begins[-1] - middle, 1.0)
    half = len(lags) // 2
    most = int(np.ceil(FOLLOW_PPM * 1e-6 * (begins[-1] - middle)))
    best = (-np.inf, 0.0, 0.0)
    for slip in range(-most, most + 1):
        moved = np.rint(slip * share).astype(np.int64)
        columns = half + steps[None, :] + moved[:, None]
        inside = (columns >= 0) & (columns < len(lags))
        picked = np.where(
            inside, table[np.arange(count)[:, None], np.clip(columns, 0, len(lags) - 1)], 0.0
        )
        total = picked.sum(axis=0)
        top = int(np.argmax(total))
        if total[top] > best[0]:
            best = (float(total[top]), steps[top] + parabola(total, top), float(slip))
    _, step, slipped = best
    bend = slipped / max(begins[-1] - middle, 1.0)
    slope = lead.course.slope + bend
    t_middle = b.origin_s + (middle + SEGMENT_FRAMES / 2) / FRAME_RATE_HZ
    offset_s = lead.course.to_a(t_middle) + step / FRAME_RATE_HZ - slope * t_middle
    reach_s = max(begins[-1] - middle, 1.0) / FRAME_RATE_HZ
    doubt = max(FOLLOWED_SLOPE, FOLLOWED_FRAMES / FRAME_RATE_HZ / reach_s)
    return Lead(Course(offset_s, slope), lead.z, slope_doubt=min(doubt, UNKNOWN_SLOPE))


def _piecewise(
    a: AudioFeature,
    b: AudioFeature,
    course: Course,
    begins: NDArray[np.int64],
    reach: int,
) -> tuple[Floats, NDArray[np.int64]]:
    """Correlate pieces of b with a around a course: (pieces, lags) in standard deviations."""
    wide = reach * 2 + 1
    size = int(fft.next_fast_len(SEGMENT_FRAMES + 2 * wide, real=True))
    out = np.zeros((len(begins), 2 * wide + 1), np.float32)
    for row, begin in enumerate(begins):
        t_b = b.origin_s + begin / FRAME_RATE_HZ
        at = round((course.to_a(t_b) - a.origin_s) * FRAME_RATE_HZ)
        piece_b = b.changes[:, begin : begin + SEGMENT_FRAMES].astype(np.float32)
        low, high = at - wide, at + wide + SEGMENT_FRAMES
        piece_a = np.zeros((a.changes.shape[0], high - low), np.float32)
        inside = slice(max(low, 0), min(high, a.frames))
        if inside.stop > inside.start:
            piece_a[:, inside.start - low : inside.stop - low] = a.changes[:, inside]
        cross = fft.rfft(piece_a, size, axis=1) * np.conj(fft.rfft(piece_b, size, axis=1))
        total = fft.irfft(cross.sum(axis=0), size)[: 2 * wide + 1]
        # What rounding of `at` left over moves the lag by less than half a frame.
        scale = float(np.sqrt(np.mean(total**2)))
        if scale > 0:
            out[row] = np.clip(total / scale, -PIECE_CLIP, PIECE_CLIP)
    return out, np.arange(-wide, wide + 1)
