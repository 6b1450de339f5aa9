"""A clip judged against all that are aligned already, and clips aligned all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from clapless.model import Placement
from clapless.numerics.evidence import logistic
from clapless.numerics.picture_joint import against_others, solve_jointly
from clapless.numerics.picture_match import Curve, Peak, peak_of
from clapless.signals.picture.feature import PictureFeature
from clapless.signals.picture.pairs import Compared, compare, grid_step_s, steps_apart

MOST_TOGETHER = 8
"""Clips that are aligned all at once at most."""

BESIDE_MARGIN, BESIDE_WIDTH = 2.0, 0.27
"""Lead of the best place of a clip beside an aligned group at which it is as likely right as wrong,
and over which the odds grow by e. Of 156 wrong or unrelated ones the largest was 2.5, that one 4.2
high (tests/benchmarks/picture_heads.py)."""

BESIDE_Z, BESIDE_Z_WIDTH = 5.3, 0.15
"""The same for its height over the middle: the highest wrong one reached 5.0, with a lead of 2.0.
Both must be there."""

TOGETHER_MARGIN, TOGETHER_WIDTH = 4.5, 0.6
"""The same for a clip beside others that were aligned with its help: such a lead comes easier."""

TOGETHER_MOST = 0.85
"""Clips that only pictures align, all at once, are to be checked: of 63 such pairs of real cameras
that led by 6 and more two were wrong by a frame or two (tests/benchmarks/picture_heads.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """A pair as the whole group places it."""

    a: str
    b: str
    compared: Compared
    peak: Peak
    confidence: float


def beside_group(
    features: Mapping[str, PictureFeature], aligned: Sequence[Mapping[str, Placement]]
) -> Iterator[Joint]:
    """Yield the place of each loose clip beside each group of two clips or more."""
    placed = {clip for group in aligned for clip in group}
    loose = [name for name in features if name not in placed]
    for group in aligned:
        members = [name for name in group if name in features]
        if len(members) < 2:
            continue
        for name in loose:
            found = _beside(features, group, members, name)
            if found is not None and found.confidence >= 0.5:
                yield found


def _beside(
    features: Mapping[str, PictureFeature],
    group: Mapping[str, Placement],
    members: Sequence[str],
    name: str,
) -> Joint | None:
    step_s = grid_step_s([features[name], *(features[m] for m in members)])
    curves: dict[tuple[int, int], Curve] = {}
    compared: dict[str, Compared] = {}
    positions: dict[int, int] = {}
    for number, member in enumerate(members):
        pair = compare(features[member], features[name], step_s)
        if pair is None:
            continue
        compared[member] = pair
        curves[number, -1] = pair.curve
        positions[number] = round((group[member].offset_s + pair.zero_s) / step_s)
    if len(curves) < 2:
        return None
    total = against_others(curves, -1, positions)
    peak = None if total is None else peak_of(total, apart=steps_apart(step_s))
    if peak is None:
        return None
    return _shown(members, compared, positions, name, peak, beside_confidence(peak))


def beside_confidence(peak: Peak) -> float:
    """Return how sure a place beside an aligned group is: it must lead, and stand out as well."""
    lead = (peak.margin - BESIDE_MARGIN) / BESIDE_WIDTH
    height = (peak.z - BESIDE_Z) / BESIDE_Z_WIDTH
    return logistic(min(lead, height))


def _shown(
    members: Sequence[str],
    compared: Mapping[str, Compared],
    positions: Mapping[int, int],
    name: str,
    peak: Peak,
    confidence: float,
) -> Joint | None:
    """Return the pair with the member that says most at the place of the group."""
    best: tuple[float, str, Peak] | None = None
    for number, member in enumerate(members):
        if member not in compared:
            continue
        curve = compared[member].curve
        index = round(peak.lag) - positions[number] - int(curve.lags[0])
        if not 1 <= index < curve.scores.size - 1:
            continue
        near = slice(max(index - 2, 0), index + 3)
        top = near.start + int(np.argmax(curve.scores[near]))
        score = float(curve.scores[top])
        if best is None or score > best[0]:
            lag = peak.lag - positions[number]
            best = (score, member, replace(peak, lag=lag, score=score))
    if best is None:
        return None
    return Joint(a=best[1], b=name, compared=compared[best[1]], peak=best[2], confidence=confidence)


def together(
    features: Mapping[str, PictureFeature], aligned: Sequence[Mapping[str, Placement]]
) -> Iterator[Joint]:
    """Yield pairs of clips that have no place yet, aligned all at once: three clips or more."""
    placed = {clip for group in aligned for clip in group}
    loose = [name for name in features if name not in placed]
    if not 3 <= len(loose) <= MOST_TOGETHER:
        return
    step_s = grid_step_s([features[name] for name in loose])
    pairs: dict[tuple[int, int], Compared] = {}
    for i, j in combinations(range(len(loose)), 2):
        pair = compare(features[loose[i]], features[loose[j]], step_s)
        if pair is not None:
            pairs[i, j] = pair
    curves = {key: pair.curve for key, pair in pairs.items()}
    positions = solve_jointly(curves, list(range(len(loose))))
    for number in positions:
        rest = {k: p for k, p in positions.items() if k != number}
        total = against_others(curves, number, rest)
        peak = None if total is None else peak_of(total, apart=steps_apart(step_s))
        if peak is None or abs(peak.lag - positions[number]) > 0.6:
            continue
        confidence = logistic((peak.margin - TOGETHER_MARGIN) / TOGETHER_WIDTH)
        confidence = min(TOGETHER_MOST, confidence)
        if confidence < 0.5:
            continue
        for (i, j), pair in pairs.items():
            if number not in (i, j) or i not in positions or j not in positions:
                continue
            lag = float(positions[j] - positions[i])
            moved = peak.lag - positions[number]
            lag += moved if number == j else -moved
            yield Joint(
                a=loose[i],
                b=loose[j],
                compared=pair,
                peak=replace(peak, lag=lag),
                confidence=confidence,
            )
