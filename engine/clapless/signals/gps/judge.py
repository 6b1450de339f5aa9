"""What satellite time and movement say of two clips together."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from clapless.signals.gps.feature import GpsFeature
from clapless.signals.gps.ways import LEAST_MOVED_M, common_way
from clapless.signals.stamps import NEAR_S

VERY_ALIKE = 0.02
"""Misfit below which two ways are one beyond doubt, if they are long."""

OTHER_VEHICLE_S = 21.0
"""Two locked clocks are not farther apart than all leap seconds and a lag: beyond, the movement is
that of another on the same way."""

AGREE_STDS = 3.0

AGREE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The answer for a pair, in real seconds.

    Parameters
    ----------
    later_s
        By how much b's clip time 0 is later than a's.
    std_s
        Standard deviation.
    confidence
        Probability that it is right.
    by
        What it was taken from.
    details
        For reports.
    """

    later_s: float
    std_s: float
    confidence: float
    by: Literal["time", "movement"]
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """Why there is no answer."""

    code: str
    reason: str


def judge(a: GpsFeature, b: GpsFeature) -> Judged | Unsure:
    """Return when b began after a by time and movement, where these agree or one is sound."""
    by_time = _by_time(a, b)
    if isinstance(by_time, Unsure) and by_time.code == "file_time":
        return by_time
    moved = common_way(a, b)
    if moved is None:
        return by_time
    later_s = moved.lag_s
    std_s = math.hypot(moved.std_s, a.time_std_s, b.time_std_s)
    details: dict[str, object] = {
        "misfit": moved.misfit,
        "apart_m": moved.apart_m,
        "common_s": moved.common_s,
        "moved_m": moved.moved_m,
    }
    beyond_doubt = moved.misfit <= VERY_ALIKE and moved.moved_m > 5 * LEAST_MOVED_M
    sure = 0.93 if beyond_doubt else 0.8
    if isinstance(by_time, Unsure):
        if by_time.code in ("other_day", "far_apart") and not beyond_doubt:
            return by_time
        return Judged(
            later_s=later_s, std_s=std_s, confidence=min(sure, 0.8), by="movement", details=details
        )
    off_s = by_time.later_s - later_s
    if abs(off_s) <= max(AGREE_S, AGREE_STDS * math.hypot(by_time.std_s, std_s)):
        return Judged(
            later_s=later_s,
            std_s=std_s,
            confidence=0.97,
            by="movement",
            details={**details, "time_minus_movement_s": off_s},
        )
    if abs(off_s) > OTHER_VEHICLE_S and not _doubted(a, b):
        return Judged(
            later_s=by_time.later_s,
            std_s=by_time.std_s,
            confidence=by_time.confidence * 0.95,
            by="time",
            details={**by_time.details, "another_on_the_same_way_later_by_s": -off_s},
        )
    # The clock is wrong: what both did is not.
    return Judged(
        later_s=later_s,
        std_s=std_s,
        confidence=sure,
        by="movement",
        details={**details, "clock_off_s": off_s, "clock_doubt": _doubted(a, b)},
    )


def _doubted(a: GpsFeature, b: GpsFeature) -> str:
    doubts = [f.clock.doubt for f in (a, b) if f.clock is not None and f.clock.doubt]
    return "; ".join(dict.fromkeys(doubts))


def _by_time(a: GpsFeature, b: GpsFeature) -> Judged | Unsure:
    for feature in (a, b):
        if feature.clock is None:
            return Unsure(
                code="no_time", reason=f"the receiver of {feature.clip.name} never knew the time"
            )
    assert a.clock is not None
    assert b.clock is not None
    for feature, clock in ((a, a.clock), (b, b.clock)):
        if clock.by_file:
            return Unsure(
                code="file_time",
                reason=f"{feature.clip.name} has its place on its track only by the time its file "
                "says it was made",
            )
    later_s = b.clock.zero_s - a.clock.zero_s
    lengths = [float(f.clip.duration_s / f.speed) for f in (a, b)]
    apart_s = max(later_s - lengths[0], -lengths[1] - later_s)
    if NEAR_S < apart_s <= 12 * 3600:
        return Unsure(
            code="far_apart", reason=f"by satellite time they are {apart_s / 3600:.1f} hours apart"
        )
    if abs(later_s) > 12 * 3600:
        days = max(1, round(abs(later_s) / 86400))
        return Unsure(
            code="other_day",
            reason=f"by satellite time they are {days} day{'s' if days > 1 else ''} apart",
        )
    doubt = _doubted(a, b)
    details: dict[str, object] = {"clock_doubt": doubt} if doubt else {}
    return Judged(
        later_s=later_s,
        std_s=math.hypot(a.clock.std_s, b.clock.std_s),
        confidence=0.6 if doubt else 0.92,
        by="time",
        details=details,
    )
