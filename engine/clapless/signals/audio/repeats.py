"""Whether a recording repeats itself to the sample, beyond its drums.

Two recordings of sequenced music agree wholly at a place where the same section is played again,
and no sound tells that place from the true one. What tells is the music itself: where its own
sections stand out against its own bars as the place stands out against its rivals, the place
proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.judge import Verdict
from clapless.signals.audio.search import Course, find_leads
from clapless.signals.audio.windows import PLAN, listen, place_windows

LAGS = 10
"""Distances at which a recording is compared with itself."""

LEAST_LAG_S = 0.35
"""Shorter ones are the beat, or echoes."""

LEAST_LAGS = 3
"""So many lags must be heard in a window to see whether one stands out."""

WINDOWS = 24
"""Windows of one block, spread over the recording."""

NEAR_S = 0.03
"""A lag by loudness is this uncertain."""

SEEN_HEIGHT = 6.0
"""Lags that do not reach this in a window repeat nothing there: noise alone reaches 4."""

LEAST_WINDOWS = 4
"""Windows that must tell."""


def self_lead(feature: AudioFeature, best: Verdict, rivals: Sequence[Verdict]) -> float:
    """Return how far one lag of a recording to itself stands out over its other lags.

    It is on the scale of `contest.Contest.lead`: (highest - median) / (highest + median) over the
    lags, in the third of the windows where that is greatest. Music whose drums alone repeat gives
    about 0.1, music whose sections repeat what the sections are over the drums.

    Parameters
    ----------
    feature
        The recording.
    best, rivals
        Places of a pair: the distances between them are distances of repeats.
    """
    lags = _lags(feature, best, rivals)
    if len(lags) < LEAST_LAGS:
        return 0.0
    starts, _ = place_windows(feature, feature, Course(0.0), most=WINDOWS, blocks=1)
    outstanding = []
    for start_s in starts:
        heights = []
        for lag_s in lags:
            for course in (Course(lag_s), Course(-lag_s)):
                at_s = course.to_a(start_s) - feature.origin_s
                if not 0.0 <= at_s <= feature.duration_s - PLAN.block_s:
                    continue
                heard = listen(feature.sound, feature.sound, course, np.array([start_s]), 1)
                if heard:
                    heights.append(heard[0].height_near(0.0, NEAR_S))
        seen = [height for height in heights if height >= SEEN_HEIGHT]
        if len(seen) >= LEAST_LAGS:
            top, usual = max(seen), float(np.median(seen))
            outstanding.append((top - usual) / (top + usual))
    if len(outstanding) < LEAST_WINDOWS:
        return 0.0
    outstanding.sort(reverse=True)
    return float(np.mean(outstanding[: max(1, len(outstanding) // 3)]))


def _lags(feature: AudioFeature, best: Verdict, rivals: Sequence[Verdict]) -> list[float]:
    """Return distances worth comparing, positive, apart from each other."""
    between = [best.apart_s(one) for one in rivals]
    between += [
        one.apart_s(two) for index, one in enumerate(rivals[:4]) for two in rivals[index + 1 : 5]
    ]
    own = [lead.course.offset_s for lead in find_leads(feature, feature, count=2 * LAGS)]
    chosen: list[float] = []
    for lag_s in [*(lag for lag in own if lag > 0), *between]:
        longest = feature.duration_s - 2.0 * PLAN.block_s
        if not LEAST_LAG_S < lag_s < longest:
            continue
        if all(abs(lag_s - other) > NEAR_S for other in chosen):
            chosen.append(float(lag_s))
    return chosen[:LAGS]
