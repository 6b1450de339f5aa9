"""Whether windows spread over the overlap agree on one course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.evidence import log10_binomial_tail
from clapless.numerics.lines import vote_line
from clapless.numerics.spread import noise_std
from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.search import UNKNOWN_SLOPE, Course, Lead, follow
from clapless.signals.audio.tones import without_tones
from clapless.signals.audio.windows import (
    MOST,
    NOTHING,
    PEAKS,
    PLAN,
    REACH_S,
    Excluded,
    Heard,
    listen,
    place_windows,
)

TOLERANCE_S = 0.0008
"""Windows agree within this: a path wanders by less, another reflection is a delay of its own."""

NOISE_HEIGHT = 4.0
"""The highest of three thousand values of pure noise reaches about this many deviations."""

SAME_S = 0.02
"""Two answers closer than this are the same."""

HEIGHT_CAP = 12.0
"""No window counts for more than this over the noise."""

FEW = 8
"""Windows of a first look."""

GLANCED = 4
"""Windows of a glance."""

ENOUGH = 14
"""Windows that suffice where all of them agree plainly: they prove and measure well enough."""

QUICK_Z = 8.0
"""Leads this high among the lags of loudness are listened to in single blocks first."""

ENOUGH_SHARE = 0.9
ENOUGH_LIKENESS = 4.0
ENOUGH_CLARITY = 1.5
"""What is plain: share of agreeing windows, likeness and clarity."""

AGREEING = 3
"""Fewer agreeing windows need no second look."""

LEFT = 0.5
"""A verdict that keeps more than this share of its likeness without steady tones is not their work:
of 120 pairs of hum that share no moment none does."""

LOOK_LOG10 = -0.8
"""Chance, by the first look, below which a lead is listened to in full."""

STACK_CAP = 6.0
"""Windows that reach higher are scaled down to this before they are stacked, so that it takes
several to stand out."""

STACK_LEAST = 0.8
"""Spread of a stacked curve of pure noise, at least, per root of a window."""

MAIN_LOBE_S = 0.003
"""The second highest peak of the stacked curve is looked for outside this."""


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What the windows say of one lead.

    Parameters
    ----------
    course
        The lead's course moved to where the windows agree.
    heard
        The windows, along the lead's course.
    along
        The course they were heard along.
    chosen
        Which of its delays each window agrees with, -1 for none.
    delays_s
        Agreeing delays against `along`, NaN where there is none.
    log10_chance
        Chance of so much agreement among unrelated windows.
    strength
        Mean height of a window at the agreed delay over the noise, 0 where it does not agree.
    share
        Share of windows that agree.
    stack_z
        Height of the stacked curve of all windows at the agreed delay, in its own robust standard
        deviations.
    clarity
        That height over the next highest delay's: sound that is periodic repeats every delay.
    polarity
        +1 or -1.
    z
        Of the lead.
    """

    course: Course
    heard: tuple[Heard, ...]
    along: Course
    chosen: NDArray[np.int64]
    delays_s: NDArray[np.float64]
    log10_chance: float
    strength: float
    share: float
    stack_z: float
    clarity: float
    polarity: int
    z: float

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Middles of the windows in b's clip time."""
        return np.array([window.time_s for window in self.heard])

    @property
    def agreeing(self) -> NDArray[np.bool_]:
        """Which windows agree."""
        return self.chosen >= 0

    @property
    def effective(self) -> float:
        """Windows that do not overlap, as many as fit in these."""
        return _effective(self.heard)

    @property
    def likeness(self) -> float:
        """Strength that does not grow with the length of the windows."""
        return self.strength / float(np.sqrt(self.heard[0].blocks))

    def apart_s(self, other: Verdict) -> float:
        """Return how far apart two places are, in seconds, in the middle of this one's windows."""
        middle_s = float(np.mean(self.times_s))
        return abs(self.course.to_a(middle_s) - other.course.to_a(middle_s))

    def same_place(self, other: Verdict) -> bool:
        """Return whether both mean one alignment."""
        return other.apart_s(self) < SAME_S


def judge(
    a: AudioFeature,
    b: AudioFeature,
    lead: Lead,
    *,
    excluded: Excluded = NOTHING,
    first_look: bool = True,
    most: int = MOST,
) -> Verdict | None:
    """Listen along a lead.

    Parameters
    ----------
    a, b, lead
        The clips and where they may lie.
    excluded
        Stretches not to be used.
    first_look
        Whether to give up after a few windows that do not agree at all.
    most
        At most so many windows.

    Returns
    -------
    Verdict or None
        None where no window can be placed, or a first look found nothing.
    """
    followed = lead if lead.slope_doubt < UNKNOWN_SLOPE else follow(a, b, lead)
    if followed.z >= QUICK_Z:
        starts, blocks = place_windows(
            a, b, followed.course, most=ENOUGH, blocks=1, excluded=excluded
        )
        verdict = weigh(listen(a.sound, b.sound, followed.course, starts, blocks), followed)
        verdict = _without_tones(verdict, followed)
        if verdict is not None and len(verdict.heard) >= ENOUGH - 2 and _is_enough(verdict):
            return verdict
    starts, blocks = place_windows(a, b, followed.course, most=most, excluded=excluded)
    if len(starts) == 0:
        return None
    heard: list[Heard] = []
    verdict = None
    for stage in _stages(starts, first_look):
        heard += listen(a.sound, b.sound, followed.course, stage, blocks)
        heard.sort(key=lambda window: window.time_s)
        verdict = weigh(heard, followed)
        if verdict is None:
            continue
        if first_look and len(heard) <= FEW and verdict.log10_chance > LOOK_LOG10:
            break
        if len(heard) >= ENOUGH - 2 and _is_enough(verdict):
            break
    return _without_tones(verdict, followed)


def glance(
    a: AudioFeature, b: AudioFeature, lead: Lead, *, excluded: Excluded = NOTHING
) -> Verdict | None:
    """Return what a few single blocks along a lead say, None where there is room for none."""
    starts, blocks = place_windows(a, b, lead.course, most=GLANCED, blocks=1, excluded=excluded)
    return weigh(listen(a.sound, b.sound, lead.course, starts, blocks), lead)


def _without_tones(verdict: Verdict | None, lead: Lead) -> Verdict | None:
    """Return what is left of a verdict that steady tones made: hum agrees with any hum."""
    if verdict is None or int(verdict.agreeing.sum()) < AGREEING:
        return verdict
    heard = without_tones(verdict.heard)
    left = weigh(heard, lead) if heard else None
    if left is None or left.likeness > LEFT * verdict.likeness:
        return verdict
    return left


def _stages(starts: NDArray[np.float64], first_look: bool) -> list[NDArray[np.float64]]:
    """Split windows into those of a first look, those that suffice where all is plain, the rest."""
    stages: list[NDArray[np.float64]] = []
    taken = np.zeros(len(starts), np.bool_)
    for count in ((FEW,) if first_look else ()) + (ENOUGH,):
        left = np.flatnonzero(~taken)
        wanted = count - int(taken.sum())
        if wanted < len(left):
            chosen = left[np.linspace(0, len(left) - 1, wanted).astype(np.int64)]
            stages.append(starts[chosen])
            taken[chosen] = True
    stages.append(starts[~taken])
    return stages


def _is_enough(verdict: Verdict) -> bool:
    return (
        verdict.share >= ENOUGH_SHARE
        and verdict.likeness >= ENOUGH_LIKENESS
        and verdict.clarity >= ENOUGH_CLARITY
    )


def weigh(heard: Sequence[Heard], lead: Lead) -> Verdict | None:
    """Return what windows along a lead agree on, None where there are none."""
    if not heard:
        return None
    n = len(heard)
    per = max(len(window.delays_s) for window in heard)
    delays = np.zeros((n, per))
    heights = np.zeros((n, per))
    for row, window in enumerate(heard):
        delays[row, : len(window.delays_s)] = window.delays_s
        heights[row, : len(window.heights)] = window.heights
    weights = np.clip(np.abs(heights) - NOISE_HEIGHT, 0.1, HEIGHT_CAP) * (heights != 0)
    times = np.array([window.time_s for window in heard])
    max_slope = lead.slope_doubt
    if max_slope * np.ptp(times) < 2.0 * TOLERANCE_S:
        max_slope = 0.0
    vote = vote_line(
        times,
        delays,
        weights,
        tolerance=TOLERANCE_S,
        max_slope=max_slope,
        sign=np.sign(heights).astype(np.int64),
    )
    if vote is None:
        return None
    agreeing = vote.chosen >= 0
    picked = np.where(agreeing, vote.chosen, 0)
    rows = np.arange(n)
    over = np.maximum(np.abs(heights[rows, picked]) - NOISE_HEIGHT, 0.0)
    line = vote.line
    course = Course(
        lead.course.offset_s + line.value - line.slope * line.pivot,
        lead.course.slope + line.slope,
    )
    stack_z, clarity = _stacked(heard, lead.course, course)
    return Verdict(
        course=course,
        heard=tuple(heard),
        along=lead.course,
        chosen=vote.chosen,
        delays_s=np.where(agreeing, delays[rows, picked], np.nan),
        log10_chance=_log10_chance(vote.chosen, heard, max_slope > 0),
        strength=float(np.where(agreeing, over, 0.0).mean()),
        share=float(agreeing.mean()),
        stack_z=stack_z,
        clarity=clarity,
        polarity=int(np.sign(np.sum(heights[rows, picked][agreeing]))) or 1,
        z=lead.z,
    )


def _stacked(heard: Sequence[Heard], along: Course, course: Course) -> tuple[float, float]:
    """Return the height of the stacked curve and how far it passes the next highest."""
    total = np.zeros(len(heard[0].curve.heights), np.float32)
    step_s = heard[0].curve.step_s
    for window in heard:
        delay_s = course.to_a(window.time_s) - along.to_a(window.time_s)
        moved = np.roll(window.curve.heights, -round(delay_s / step_s))
        total += moved * np.float32(STACK_CAP / max(STACK_CAP, float(np.abs(moved).max())))
    size = np.abs(total)
    middle = len(size) // 2
    near = round(TOLERANCE_S / step_s)
    lobe = round(MAIN_LOBE_S / step_s)
    top = float(size[middle - near : middle + near + 1].max())
    rest = np.concatenate([size[: middle - lobe], size[middle + lobe + 1 :]])
    spread = noise_std(rest)
    spread = max(spread, STACK_LEAST * float(np.sqrt(len(heard))))
    return top / spread, top / max(float(rest.max()), 1e-9)


def _effective(heard: Sequence[Heard]) -> float:
    """Windows that overlap tell less: count how many half-windows they cover.

    Neighbouring Hann blocks share a sixth of their amplitude, so that their cross-spectra are all
    but independent; windows of several blocks share whole ones.
    """
    covered, last = 0.0, -np.inf
    for window in heard:
        start, end = window.time_s - window.length_s / 2, window.time_s + window.length_s / 2
        covered += end - max(start, last) if end > last else 0.0
        last = max(last, end)
    hop_s = PLAN.hop / PLAN.rate_hz
    blocks = max(1.0, round(heard[0].length_s / hop_s) - 1.0)
    return max(1.0, min(float(len(heard)), covered / (hop_s * blocks) - 1.0))


def _log10_chance(chosen: NDArray[np.int64], heard: Sequence[Heard], sloped: bool) -> float:
    """Chance that unrelated windows agree so.

    Counted twice, by the strongest delay of each window and by all that were kept (where a
    reflection is now and then the stronger one); the better count is taken and paid for.
    """
    ratio = _effective(heard) / len(heard)
    trials = len(heard) * ratio
    # The line itself was fitted to one delay, or two where it slopes.
    taken = 2.0 if sloped else 1.0
    best = 0.0
    for kept in (1, PEAKS):
        hits = float(((chosen >= 0) & (chosen < kept)).sum()) * ratio - taken
        if hits > 0:
            chance = min(0.5, kept * TOLERANCE_S / REACH_S)
            tail = log10_binomial_tail(hits, max(trials - taken, hits), chance)
            looks = taken * np.log10(max(trials * kept, 1.0)) + np.log10(2.0)
            best = min(best, tail + float(looks))
    return best
