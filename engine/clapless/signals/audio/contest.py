"""Two places for one pair, heard in the same windows.

A beat that repeats to the sample agrees at every bar. At the true place all the rest agrees too, so
that in window after window more of the spectrum is alike there than at any other bar; among exact
repeats none is better, which is a tie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.judge import TOLERANCE_S, Verdict
from clapless.signals.audio.search import Course
from clapless.signals.audio.windows import Heard, listen

MOST = 24
"""Windows heard along both courses."""

TIED_RATIO = 0.8
"""A window that the other place reaches this share of the height in is no better here."""

TIED_DOUBT = 2.0
"""Windows by which the share of tied ones is shrunk where there are few."""

LEAST = 4
"""Windows a contest needs."""


@dataclass(frozen=True, slots=True)
class Contest:
    """How much better one place is than another in the same windows.

    Parameters
    ----------
    lead
        Mean of (first - second) / (first + second) over the heights of the windows: 0 is a tie.
    t
        That mean over its standard error.
    tied
        Share of windows in which the second place is all but as good: sequenced music repeats some
        bars to the sample and others by the drums alone.
    windows
        How many were heard.
    """

    lead: float
    t: float
    tied: float
    windows: int


def contest(a: AudioFeature, b: AudioFeature, first: Verdict, second: Verdict) -> Contest:
    """Compare two places in the windows of the first one.

    A window of b is compared with what the second course makes of it; where that lies outside a,
    the same stretch of a is compared instead.
    """
    chosen = np.flatnonzero(first.agreeing)
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(MOST, len(chosen))).astype(np.int64)]
    gains = []
    tied = 0
    for window in (first.heard[i] for i in chosen):
        start_s = _other_start_s(a, b, window, first.course, second.course)
        if start_s is None:
            continue
        heard = listen(a.sound, b.sound, second.course, np.array([start_s]), window.blocks)
        if not heard:
            continue
        moved_s = first.course.to_a(window.time_s) - first.along.to_a(window.time_s)
        own = window.height_near(moved_s, TOLERANCE_S)
        other = heard[0].height_near(0.0, TOLERANCE_S)
        gains.append((own - other) / (own + other))
        tied += other > TIED_RATIO * own
    if len(gains) < LEAST:
        return Contest(0.0, 0.0, 0.0, len(gains))
    mean = float(np.mean(gains))
    error = float(np.std(gains, ddof=1)) / np.sqrt(len(gains)) + 0.01
    return Contest(mean, float(mean / error), tied / (len(gains) + TIED_DOUBT), len(gains))


def _other_start_s(
    a: AudioFeature, b: AudioFeature, window: Heard, first: Course, second: Course
) -> float | None:
    """Return where in b to listen along the second course, None where neither side allows it."""
    half = window.length_s / 2.0
    for time_b in (window.time_s, second.to_b(first.to_a(window.time_s))):
        time_a = second.to_a(time_b)
        inside_a = a.origin_s + half <= time_a <= a.origin_s + a.duration_s - half
        inside_b = b.origin_s + half <= time_b <= b.origin_s + b.duration_s - half
        if inside_a and inside_b:
            return time_b - half
    return None
