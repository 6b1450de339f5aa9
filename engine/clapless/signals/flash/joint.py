"""Which clips saw the same flashes: series are laid over each other, the surest ones first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.evidence import logistic
from clapless.numerics.flash_pattern import TOLERANCE_S, Pattern, find_patterns
from clapless.numerics.flashes import FlashEvent
from clapless.signals.flash.feature import FlashFeature

MOST_EVENTS = 80
"""Flashes of one clip that are compared: the brightest."""

PROVEN_LOG10, PROVEN_STEEP = -2.4, 2.0
"""log10 of the chance at which two series are as likely the same as not, and how many powers of ten
the odds grow by with each of it. Of 1000 unrelated pairs of series of 12 flashes in 5 minutes one
reached -2.37, no other -0.9; at -3 the answer is 0.94 sure."""

RIVAL_LOG10 = 1.0
"""A second place whose chance is less than this factor of ten greater is a tie."""

RIVAL_SHARE = 0.6
"""So is a proven one with this share of the agreeing flashes: the series repeats itself."""

TWO_FLASHES = 0.85
"""Two flashes are one interval: an answer is never surer than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Clips that saw the same flashes.

    Parameters
    ----------
    names
        Clip ids.
    events
        Per clip the flashes that are compared, in rising time.
    offsets_s
        Where each clip's time 0 lies, on one common clock, to within 50 ms.
    flashes
        Per flash: clip -> index of its event; at least two clips each.
    confidence
        Probability of each pair, and log10 of its chance.
    """

    names: tuple[str, ...]
    events: Mapping[str, tuple[FlashEvent, ...]]
    offsets_s: Mapping[str, float]
    flashes: tuple[Mapping[str, int], ...]
    confidence: Mapping[frozenset[str], float]
    log10_chance: Mapping[frozenset[str], float]


@dataclass(slots=True)
class _Cluster:
    offsets_s: dict[str, float]
    flashes: list[dict[str, int]]
    times_s: NDArray[np.float64]
    sure: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two series say: a pattern with its confidence, or a code for why not."""

    pattern: Pattern | None
    confidence: float
    code: str = ""


def chosen_events(feature: FlashFeature) -> tuple[FlashEvent, ...]:
    """Return the flashes of a clip that are compared."""
    usable = feature.usable
    if len(usable) > MOST_EVENTS:
        brightest = sorted(usable, key=lambda event: -event.strength)[:MOST_EVENTS]
        usable = tuple(sorted(brightest, key=lambda event: event.time_s))
    return usable


def compare(
    a_s: NDArray[np.float64],
    b_s: NDArray[np.float64],
    near_s: tuple[float, float] | None = None,
) -> Verdict:
    """Judge how two series of flashes lie over each other."""
    patterns = find_patterns(a_s, b_s, near_s=near_s)
    if not patterns:
        return Verdict(None, 0.0, "no_match")
    best = patterns[0]
    agreeing = len(best.pairs)
    confidence = logistic(PROVEN_STEEP * math.log(10) * (PROVEN_LOG10 - best.log10_chance))
    if agreeing < 2:
        return Verdict(best, 0.0, "no_match")
    if agreeing == 2:
        confidence = min(confidence, TWO_FLASHES)
    for rival in patterns[1:]:
        alike = rival.log10_chance < best.log10_chance + RIVAL_LOG10
        proven = rival.log10_chance < PROVEN_LOG10
        if alike or (proven and len(rival.pairs) >= RIVAL_SHARE * agreeing):
            code = "periodic" if proven else "no_match"
            return Verdict(best, min(confidence, 0.4), code)
    return Verdict(best, confidence, "" if confidence >= 0.5 else "no_match")


def join(
    features: Mapping[str, FlashFeature], near_s: tuple[float, float] | None = None
) -> list[Joined]:
    """Return the sets of clips that saw the same flashes, at least two in each.

    Parameters
    ----------
    features
        By clip id.
    near_s
        Bounds of the offset of the second clip to the first, where there are just two.
    """
    events = {name: chosen_events(feature) for name, feature in features.items()}
    clusters = [
        _Cluster(
            offsets_s={name: 0.0},
            flashes=[{name: index} for index in range(len(own))],
            times_s=np.array([event.time_s for event in own]),
        )
        for name, own in events.items()
        if own
    ]
    confidence: dict[frozenset[str], float] = {}
    chances: dict[frozenset[str], float] = {}
    known: dict[tuple[int, int], Verdict] = {}
    while len(clusters) > 1:
        best: tuple[float, int, int, Verdict] | None = None
        for i, one in enumerate(clusters):
            for j in range(i + 1, len(clusters)):
                key = (id(one), id(clusters[j]))
                if key not in known:
                    known[key] = compare(one.times_s, clusters[j].times_s, near_s)
                verdict = known[key]
                if verdict.code or verdict.pattern is None:
                    continue
                chance = verdict.pattern.log10_chance
                if best is None or chance < best[0]:
                    best = (chance, i, j, verdict)
        if best is None:
            break
        chance, i, j, verdict = best
        one, two = clusters[i], clusters[j]
        sure = min(one.sure, two.sure, verdict.confidence)
        for a in one.offsets_s:
            for b in two.offsets_s:
                confidence[frozenset((a, b))] = sure
                chances[frozenset((a, b))] = chance
        merged = _merged(one, two, verdict.pattern, events)
        merged.sure = sure
        clusters = [c for k, c in enumerate(clusters) if k not in (i, j)] + [merged]
    return [
        _joined(cluster, events, confidence, chances)
        for cluster in clusters
        if len(cluster.offsets_s) > 1
    ]


def _merged(
    one: _Cluster,
    two: _Cluster,
    pattern: Pattern | None,
    events: Mapping[str, Sequence[FlashEvent]],
) -> _Cluster:
    assert pattern is not None
    offsets_s = dict(one.offsets_s)
    offsets_s |= {name: at_s + pattern.offset_s for name, at_s in two.offsets_s.items()}
    partner = dict(pattern.pairs)
    taken = set(partner.values())
    flashes = [
        {**flash, **(two.flashes[partner[index]] if index in partner else {})}
        for index, flash in enumerate(one.flashes)
    ]
    flashes += [flash for index, flash in enumerate(two.flashes) if index not in taken]
    times_s = np.array(
        [
            np.mean([offsets_s[name] + events[name][k].time_s for name, k in flash.items()])
            for flash in flashes
        ]
    )
    order = np.argsort(times_s, kind="stable")
    return _Cluster(
        offsets_s=offsets_s,
        flashes=[flashes[k] for k in order.tolist()],
        times_s=times_s[order],
    )


def _joined(
    cluster: _Cluster,
    events: Mapping[str, tuple[FlashEvent, ...]],
    confidence: Mapping[frozenset[str], float],
    chances: Mapping[frozenset[str], float],
) -> Joined:
    names = tuple(cluster.offsets_s)
    return Joined(
        names=names,
        events={name: events[name] for name in names},
        offsets_s=cluster.offsets_s,
        flashes=tuple(flash for flash in cluster.flashes if len(flash) > 1),
        confidence={k: v for k, v in confidence.items() if k <= set(names)},
        log10_chance={k: v for k, v in chances.items() if k <= set(names)},
    )


def near_bounds(offset_s: float, std_s: float) -> tuple[float, float]:
    """Return the bounds within which a believed offset is looked for."""
    reach_s = 4 * std_s + TOLERANCE_S
    return offset_s - reach_s, offset_s + reach_s
