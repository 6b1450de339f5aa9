"""Windows spread over what two clips may have in common, and what is heard in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from clapless.numerics.gcc import (
    BlockPlan,
    DelayCurve,
    Floats,
    Spectra,
    Stack,
    block_spectra,
    delay_curves,
    stack,
    whiten,
)
from clapless.numerics.sound import SampleSource
from clapless.signals.audio.bands import FRAME_RATE_HZ, RATE_HZ
from clapless.signals.audio.feature import LEVEL_FRAMES, AudioFeature
from clapless.signals.audio.search import Course

PLAN = BlockPlan(RATE_HZ)
"""Blocks of 1.02 s from 150 to 7000 Hz."""

REACH_S = 0.1
"""Delays are looked for this far from the course."""

SHORT_S = 15.0
"""Shorter overlaps are cut into single blocks that overlap by half."""

BLOCKS = 3
"""Blocks in a window of a longer overlap: 2.05 s."""

MOST = 32
"""Windows spread over an overlap."""

PEAKS = 3
"""Delays kept of a window."""

PEAKS_APART_S = 0.001
"""They are at least this far apart."""

TOGETHER = 8
"""Windows that are transformed at once: more would take no less time each, but more memory."""

MARGIN = 256
"""Samples read beside what is stretched: the filter's reach, and what the slope takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What one window says.

    Parameters
    ----------
    time_s
        Its middle, in b's clip time.
    length_s
        Its length.
    stack
        Spectra along the course.
    curve
        Likeness against delay, along the course.
    delays_s, heights
        The strongest delays against the course, > 0: a hears it later; heights are signed.
    """

    time_s: float
    length_s: float
    stack: Stack
    curve: DelayCurve
    delays_s: tuple[float, ...]
    heights: tuple[float, ...]

    @property
    def blocks(self) -> int:
        """Blocks it is made of."""
        return round(self.length_s * PLAN.rate_hz / PLAN.hop) - 1

    @property
    def span_s(self) -> tuple[float, float]:
        """Its start and end in b's clip time."""
        return self.time_s - self.length_s / 2.0, self.time_s + self.length_s / 2.0

    def height_near(self, delay_s: float, tolerance_s: float) -> float:
        """Return the greatest height within the tolerance of a delay, whatever its sign."""
        middle = len(self.curve.heights) // 2
        centre = middle + round(delay_s / self.curve.step_s)
        reach = round(tolerance_s / self.curve.step_s)
        around = self.curve.heights[max(0, centre - reach) : max(0, centre + reach + 1)]
        return float(np.abs(around).max()) if len(around) else 0.0


@dataclass(frozen=True, slots=True)
class Excluded:
    """Stretches of clip time not to be used, pairs (start_s, end_s) of either clip."""

    a_s: tuple[tuple[float, float], ...] = ()
    b_s: tuple[tuple[float, float], ...] = ()

    def in_b(self, course: Course) -> list[tuple[float, float]]:
        """Return all of them in b's clip time, by a course."""
        return [*self.b_s, *((course.to_b(low), course.to_b(high)) for low, high in self.a_s)]


NOTHING = Excluded()
"""Everything may be used."""


def place_windows(
    a: AudioFeature,
    b: AudioFeature,
    course: Course,
    *,
    most: int = MOST,
    blocks: int | None = None,
    excluded: Excluded = NOTHING,
) -> tuple[NDArray[np.float64], int]:
    """Return where windows start in b's clip time, and how many blocks each has.

    They are spread evenly; within its part of the overlap each goes where both clips are loudest
    against their own usual level.

    Parameters
    ----------
    a, b, course
        The clips and how they are thought to lie.
    most
        At most so many.
    blocks
        Blocks in each, by the length of the overlap where None.
    excluded
        Stretches that no window may touch.
    """
    start_s, end_s = course.overlap_b_s(a, b)
    if blocks is None:
        blocks = 1 if end_s - start_s < SHORT_S else BLOCKS
    length_s = PLAN.samples(blocks) / RATE_HZ
    step_s = PLAN.block_s / 2.0
    count = int(np.floor((end_s - start_s - length_s) / step_s)) + 1
    if count < 1:
        return np.zeros(0), blocks
    starts: NDArray[np.float64] = start_s + np.arange(count, dtype=np.float64) * step_s
    for low, high in excluded.in_b(course):
        starts = starts[(starts + length_s <= low) | (starts >= high)]
    loud_b = _loudness(b, starts, length_s)
    loud_a = _loudness(a, course.offset_s + course.slope * starts, length_s)
    heard = (loud_a > -np.inf) & (loud_b > -np.inf)
    starts, loud = starts[heard], np.minimum(loud_a, loud_b)[heard]
    if len(starts) <= most:
        return starts, blocks
    parts = np.array_split(np.arange(len(starts)), most)
    return np.array([starts[part[np.argmax(loud[part])]] for part in parts]), blocks


def _loudness(
    feature: AudioFeature, starts_s: NDArray[np.float64], length_s: float
) -> NDArray[np.float64]:
    """Loudest quarter second of each window over the clip's usual one; -inf where all is silent."""
    level = feature.level_db.astype(np.float64)
    if len(level) == 0 or len(starts_s) == 0:
        return np.zeros(len(starts_s))
    per_s = FRAME_RATE_HZ / LEVEL_FRAMES
    first = np.floor((starts_s - feature.origin_s) * per_s).astype(np.int64)
    across = np.arange(int(np.ceil(length_s * per_s)) + 1)
    index = np.clip(first[:, None] + across[None, :], 0, len(level) - 1)
    loudest = level[index].max(axis=1)
    return np.where(loudest > 0, loudest - np.median(level), -np.inf)


def listen(
    sound_a: SampleSource,
    sound_b: SampleSource,
    course: Course,
    starts_b_s: NDArray[np.float64],
    blocks: int,
    *,
    stretched: bool = False,
) -> list[Heard]:
    """Read windows of both clips and return what they say; silent ones are left out.

    Parameters
    ----------
    sound_a, sound_b
        The samples.
    course
        How the clips are thought to lie.
    starts_b_s
        Where the windows start in b's clip time.
    blocks
        Blocks in each.
    stretched
        Whether a is brought to b's clock by the course's slope. Otherwise the clocks slip within a
        block, so that its delay is that of wherever in it the sound was loudest.
    """
    starts = np.sort(starts_b_s)
    heard: list[Heard] = []
    for first in range(0, len(starts), TOGETHER):
        reads = [
            _read(sound_a, sound_b, course, float(start_s), blocks, stretched)
            for start_s in starts[first : first + TOGETHER]
        ]
        heard += _compare(reads)
    return heard


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """Samples of one window, where its blocks begin in them, by how much a was read too early."""

    time_s: float
    length_s: float
    begins_a: NDArray[np.int64]
    samples_a: Floats
    begins_b: NDArray[np.int64]
    samples_b: Floats
    early_s: NDArray[np.float64]


def _read(
    sound_a: SampleSource,
    sound_b: SampleSource,
    course: Course,
    start_s: float,
    blocks: int,
    stretched: bool,
) -> _Read:
    first_b = round((start_s - sound_b.origin_s) * RATE_HZ)
    begins_b = PLAN.hop * np.arange(blocks)
    times_b = sound_b.origin_s + (first_b + begins_b) / RATE_HZ
    samples_b = sound_b.window(first_b, PLAN.samples(blocks))
    read = _read_stretched if stretched else _read_plain
    begins_a, samples_a, early_s = read(sound_a, course, times_b)
    length_s = PLAN.samples(blocks) / RATE_HZ
    middle_s = float(times_b[0]) + length_s / 2.0
    return _Read(middle_s, length_s, begins_a, samples_a, begins_b, samples_b, early_s)


def _compare(reads: Sequence[_Read]) -> list[Heard]:
    """Return what windows say, transformed all at once."""
    spectra_a = _spectra([(one.begins_a, one.samples_a) for one in reads])
    spectra_b = _spectra([(one.begins_b, one.samples_b) for one in reads])
    stacks = [
        stack(a, b, one.early_s, PLAN)
        for a, b, one in zip(spectra_a, spectra_b, reads, strict=True)
    ]
    told = [(one, stacked) for one, stacked in zip(reads, stacks, strict=True) if stacked.blocks]
    curves = curves_of([stacked for _, stacked in told])
    return [
        heard_of(one.time_s, one.length_s, stacked, curve)
        for (one, stacked), curve in zip(told, curves, strict=True)
    ]


def _spectra(cuts: Sequence[tuple[NDArray[np.int64], Floats]]) -> list[Spectra]:
    """Return the spectra of each window's blocks, shape (blocks, bins) each."""
    places = np.cumsum([0, *(len(samples) for _, samples in cuts)])
    starts = [begins + place for (begins, _), place in zip(cuts, places[:-1], strict=True)]
    spectra = block_spectra(
        np.concatenate(starts), np.concatenate([samples for _, samples in cuts]), PLAN
    )
    return np.split(spectra, np.cumsum([len(begins) for begins in starts])[:-1])


def heard_of(time_s: float, length_s: float, stacked: Stack, curve: DelayCurve) -> Heard:
    """Return what a window says by its curve (see `Heard`)."""
    peaks = curve.peaks(PEAKS, PEAKS_APART_S)
    return Heard(
        time_s=time_s,
        length_s=length_s,
        stack=stacked,
        curve=curve,
        delays_s=tuple(delay for delay, _ in peaks),
        heights=tuple(height for _, height in peaks),
    )


def _read_plain(
    sound: SampleSource, course: Course, times_b: NDArray[np.float64]
) -> tuple[NDArray[np.int64], Floats, NDArray[np.float64]]:
    """Return where a's blocks begin, its samples, and by how much each was read too early.

    Blocks meet in their middles: within one the clocks slip both ways.
    """
    half_s = PLAN.block_s / 2.0
    middles = course.offset_s + course.slope * (times_b + half_s)
    wanted = (middles - half_s - sound.origin_s) * RATE_HZ
    begins = np.rint(wanted).astype(np.int64)
    first = int(begins[0])
    samples = sound.window(first, int(begins[-1]) - first + PLAN.size)
    return begins - first, samples, (wanted - begins) / RATE_HZ


def _read_stretched(
    sound: SampleSource, course: Course, times_b: NDArray[np.float64]
) -> tuple[NDArray[np.int64], Floats, NDArray[np.float64]]:
    """Return the same of a as it sounds on b's clock."""
    wanted = (course.to_a(float(times_b[0])) - sound.origin_s) * RATE_HZ
    first = int(np.floor(wanted)) - MARGIN
    count = PLAN.samples(len(times_b))
    samples = sound.window(first, int(np.ceil(count * course.slope)) + 2 * MARGIN)
    slower = soxr.resample(samples, course.slope * RATE_HZ, RATE_HZ, quality="MQ")
    begin = round((wanted - first) / course.slope)
    early_s = (wanted - first - begin * course.slope) / RATE_HZ
    begins = begin + PLAN.hop * np.arange(len(times_b))
    return begins, np.asarray(slower, np.float32), np.full(len(times_b), early_s)


def curves_of(stacks: Sequence[Stack], reach_s: float = REACH_S) -> list[DelayCurve]:
    """Return likeness against delay of each stack, whitened as windows are."""
    return delay_curves([whiten(stacked) for stacked in stacks], PLAN, reach_s)
