"""The line of two clips to a small part of a millisecond, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.gcc import Spectra, Stack, shift_phases
from clapless.numerics.lines import Line, fit_line, student_factor
from clapless.numerics.phase import (
    Phases,
    add,
    delay_std_s,
    echo_strength,
    phase_delay,
    stacked_curve,
    unit_spectrum,
    weigh_phases,
)
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.judge import Verdict
from clapless.signals.audio.search import Course
from clapless.signals.audio.windows import PLAN, Heard, listen

GROUPS = 12
"""Windows are stacked in at most so many groups, one delay each."""

LEAST_PER_GROUP = 2
"""Windows in a group, where there are enough for `LEAST_GROUPS`."""

LEAST_GROUPS = 6
"""Fewer delays do not show how much they scatter about a line."""

SLIP_S = 5e-6
"""Windows are heard again, on one clock, where the clocks slip more than this within a block."""

WINDOW_STD_S = 5e-5
"""Standard deviation of the strongest delay of one window, about a sample; the scatter of the
windows widens it where that is larger."""

PATHS_S = 0.015
"""Reflections are looked for this far from the strongest path."""

SUB_BANDS = 6
"""Parts of the band whose delays are compared: filters and reflections delay them differently."""

FLOOR_S = 2e-7
"""No delay is claimed to be known better, about a three-hundredth of a sample."""

BAND_SHARE = 0.65
"""Error of the whole band over the scatter of its parts, which err apart for the most part: with it
95 % of the intervals of 139 pairs, drawn from seeds below 100000, held."""

CORNER_HZ = 30.0
"""By how much the low cuts of two devices may differ. A cut at c turns the phase above it by about
c/f, so that a delay taken from low frequencies alone is off by c/(2 pi f^2): 20 microseconds at
500 Hz. Of 640 drawn pairs (seeds 60000 to 63039) those that share sound below 1000 Hz alone held
89 % of their 95 % intervals with 15 Hz, 93 % with 30, all together 95 and 96 %."""

KNOWN_FREEDOM = 4
"""Degrees of freedom that what theory says of the groups' scatter is worth. Without it intervals
from six or seven groups held too often (97 %, of drum machines 100 %) and those from twelve too
seldom, of the same pairs."""

OTHER_PATH = 0.7
"""A path this high beside the strongest may be the direct one; at equal height one of two is."""

ECHO_LEAD = 0.02
"""Echo that one recording holds of itself over that of the other, from which on a pair of paths is
its: of ten pairs whose reflections outweigh the direct sound by 6 dB it set three right and none
wrong."""

SPOKEN_FOR = 0.1
"""What is left of the doubt about a path where the echoes speak against it."""


@dataclass(frozen=True, slots=True)
class Path:
    """A way of the sound other than the direct one.

    Parameters
    ----------
    delay_s
        Against the direct one.
    height
        Over the direct one's, signed.
    earlier
        Whether the recordings' own echoes say that it came first.
    """

    delay_s: float
    height: float
    earlier: bool


@dataclass(frozen=True, slots=True, eq=False)
class Refined:
    """A measured line.

    Parameters
    ----------
    line
        Delay against `along` over b's clip time; errors are those of chance.
    along
        The course it is measured against.
    systematic_s
        Standard deviation of what all windows share: reflections, filters.
    times_s, delays_s, stds_s
        The groups' delays that the line was fitted to.
    paths
        The strongest other paths of the stack.
    """

    line: Line
    along: Course
    systematic_s: float
    times_s: NDArray[np.float64]
    delays_s: NDArray[np.float64]
    stds_s: NDArray[np.float64]
    paths: tuple[Path, ...]

    @property
    def course(self) -> Course:
        """The course that was measured."""
        return moved_course(self.along, self.line)


def moved_course(along: Course, line: Line) -> Course:
    """Return the course that lies a line of delays beside another."""
    return Course(along.offset_s + line.value - line.slope * line.pivot, along.slope + line.slope)


def refine(
    a: AudioFeature,
    b: AudioFeature,
    verdict: Verdict,
    *,
    drift_ppm: float,
    drift_std_ppm: float,
) -> Refined:
    """Measure the line that the agreeing windows lie on.

    Parameters
    ----------
    a, b
        The clips.
    verdict
        Windows that agree.
    drift_ppm, drift_std_ppm
        What is believed of the clock of b against a; decides where the overlap is too short to
        tell.
    """
    heard = [window for window, use in zip(verdict.heard, verdict.agreeing, strict=True) if use]
    along = verdict.along
    believed = 1.0 / (1.0 + drift_ppm * 1e-6)
    belief_std = max(drift_std_ppm, 1e-3) * 1e-6
    times = np.array([window.time_s for window in heard])
    course = moved_course(
        along,
        fit_line(
            times,
            verdict.delays_s[verdict.agreeing],
            np.full(len(times), WINDOW_STD_S),
            slope_prior=believed - along.slope,
            slope_prior_std=belief_std,
        ),
    )
    if abs(course.slope - 1.0) * PLAN.block_s > SLIP_S:
        along = course
        heard = _hear_again(a, b, along, heard)
    refined = _measure(heard, along, course, verdict.polarity, believed, belief_std)
    if abs(refined.line.slope) * PLAN.block_s > SLIP_S:
        course = refined.course
        heard = _hear_again(a, b, course, heard)
        refined = _measure(heard, course, course, verdict.polarity, believed, belief_std)
    return refined


def _measure(
    heard: list[Heard],
    along: Course,
    course: Course,
    polarity: int,
    believed: float,
    belief_std: float,
) -> Refined:
    """Measure the line of windows heard along one course and thought to lie on another."""
    coarse = np.array([course.to_a(one.time_s) - along.to_a(one.time_s) for one in heard])
    whole = add([window.stack for window in heard], coarse, PLAN)
    phases, top_s, paths = _align(whole, polarity)
    groups = _grouped(heard, coarse + top_s, phases, polarity)
    line = fit_line(
        *groups,
        slope_prior=believed - along.slope,
        slope_prior_std=belief_std,
        caution=student_factor(len(groups[0]) - 2 + KNOWN_FREEDOM),
    )
    systematic = [
        FLOOR_S,
        BAND_SHARE * _band_scatter_s(phases),
        _corner_doubt_s(phases),
        _path_doubt_s(paths),
    ]
    return Refined(
        line=line,
        along=along,
        systematic_s=float(np.linalg.norm(systematic)),
        times_s=groups[0],
        delays_s=groups[1],
        stds_s=groups[2],
        paths=paths,
    )


def _hear_again(
    a: AudioFeature, b: AudioFeature, course: Course, heard: list[Heard]
) -> list[Heard]:
    starts = np.array([window.time_s - window.length_s / 2.0 for window in heard])
    return listen(a.sound, b.sound, course, starts, heard[0].blocks, stretched=True)


def _align(whole: Stack, polarity: int) -> tuple[Phases, float, tuple[Path, ...]]:
    """Return the stack moved to the direct path, that path's delay, and the others about it."""
    curve = stacked_curve(weigh_phases(whole, PLAN, aligned=False), PLAN, PATHS_S)
    peaks = curve.peaks(6, 3e-4)
    direct_s, height = _direct(whole, peaks)
    moved = _turned(whole.cross, -direct_s) * np.complex64(polarity)
    phases = weigh_phases(
        Stack(moved, whole.power_a, whole.power_b, whole.blocks), PLAN, aligned=True
    )
    paths = tuple(
        Path(delay - direct_s, found / height, _earlier(whole, delay - direct_s))
        for delay, found in peaks
        if delay != direct_s
    )
    return phases, direct_s, paths


def _direct(whole: Stack, peaks: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the delay and height of the direct path of both recordings.

    It is the strongest, unless another one is all but as strong and the recording that must then
    have heard a reflection louder than the direct sound does hold an echo at that distance.
    """
    top_s, top = peaks[0]
    best = (top_s, top)
    for delay_s, height in peaks[1:]:
        farther = abs(delay_s - top_s) > abs(best[0] - top_s)
        if farther and height / top >= OTHER_PATH and _earlier(whole, delay_s - top_s):
            best = (delay_s, height)
    return best


def _earlier(whole: Stack, delay_s: float) -> bool:
    """Return whether echoes say that the path at a delay came before the one at 0.

    At a greater delay b heard it earlier, so that the echo is b's; at a smaller one it is a's.
    """
    own_a, own_b = (echo_strength(p, delay_s, PLAN) for p in (whole.power_a, whole.power_b))
    return (own_b - own_a if delay_s > 0 else own_a - own_b) > ECHO_LEAD


def _turned(cross: Spectra, delay_s: float) -> Spectra:
    return np.asarray(cross * shift_phases(np.array([delay_s]), PLAN)[0], np.complex64)


def _grouped(
    heard: list[Heard], coarse: NDArray[np.float64], phases: Phases, polarity: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return times, delays and their standard deviations of groups of windows."""
    count = min(GROUPS, max(len(heard) // LEAST_PER_GROUP, min(len(heard), LEAST_GROUPS)))
    per_block = delay_std_s(phases, PLAN, 1.0)
    times, delays, stds = [], [], []
    for part in np.array_split(np.arange(len(heard)), count):
        windows = [heard[i] for i in part]
        stacked = add([window.stack for window in windows], coarse[part], PLAN)
        unit = unit_spectrum(stacked, PLAN) * np.complex64(polarity)
        # Blocks hold about as much each, so the middle of the group is that of its windows.
        times.append(float(np.mean([window.time_s for window in windows])))
        delays.append(float(coarse[part].mean()) + phase_delay(unit, phases.weight, 0.0, PLAN))
        stds.append(np.hypot(per_block / np.sqrt(stacked.blocks), FLOOR_S))
    return np.array(times), np.array(delays), np.array(stds)


def _band_scatter_s(phases: Phases) -> float:
    """Return by how much parts of the band disagree about the delay."""
    turn = (2.0 * np.pi * PLAN.frequencies_hz.astype(np.float64)) ** 2
    worth = phases.weight * turn
    total = float(worth.sum())
    if total <= 0:
        return 0.0
    edges = np.searchsorted(np.cumsum(worth) / total, np.linspace(0, 1, SUB_BANDS + 1)[1:-1])
    delays, shares = [], []
    for part in np.split(np.arange(len(worth)), edges):
        if len(part) == 0 or worth[part].sum() <= 0:
            continue
        weight = np.zeros_like(phases.weight)
        weight[part] = phases.weight[part]
        delays.append(phase_delay(phases.unit, weight, 0.0, PLAN))
        shares.append(float(worth[part].sum()) / total)
    if len(delays) < 2:
        return 0.0
    share = np.array(shares) / np.sum(shares)
    mean = float(np.sum(share * delays))
    return float(np.sqrt(np.sum(share * (np.array(delays) - mean) ** 2)))


def _corner_doubt_s(phases: Phases) -> float:
    """Return the spread that comes of low cuts that differ, more where only low sound is shared."""
    square = PLAN.frequencies_hz.astype(np.float64) ** 2
    total = float(phases.weight.sum())
    if total <= 0:
        return 0.0
    mean_square = float((phases.weight * square).sum()) / total
    return CORNER_HZ / (2.0 * np.pi * mean_square)


def _path_doubt_s(paths: Sequence[Path]) -> float:
    """Return the spread that comes of another path being perhaps the direct one."""
    doubt = 0.0
    for path in paths:
        near = float(np.clip((path.height - OTHER_PATH) / (1.0 - OTHER_PATH), 0.0, 1.0))
        chance = 0.5 * near**2 * (1.0 if path.earlier else SPOKEN_FOR)
        doubt = max(doubt, abs(path.delay_s) * float(np.sqrt(chance * (1.0 - chance))))
    return doubt
