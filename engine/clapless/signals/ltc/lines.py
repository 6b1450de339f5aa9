"""A clip's clock: stretches of clip time, and the label's real time along them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.ltc import LtcRun
from clapless.numerics.ltc.runs import TRADE_SPEEDS
from clapless.signals.base import Spans
from clapless.signals.ltc.feature import LtcFeature
from clapless.signals.stamps import Stamp, clock_text

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClockLine:
    """One stretch on which a clip's clock runs steadily.

    Parameters
    ----------
    start_s, end_s
        In clip time.
    pivot_s, label_s
        A clip time and the real time since 00:00:00:00 of the label there.
    label_rate
        Seconds of the label in one second of clip time.
    speed
        Clip seconds per real second by trade, exact.
    day_s
        After how long the label comes round.
    std_s
        Of the label's place in clip time, at the pivot.
    rate_std_ppm
        Of `label_rate`, against the clock that the label itself runs on; None where not measured.
    slow
        Whether the label falls behind the wall.
    source
        Where the label is from.
    """

    start_s: float
    end_s: float
    pivot_s: float
    label_s: float
    label_rate: float
    speed: Fraction
    day_s: float
    std_s: float
    rate_std_ppm: float | None
    slow: bool
    source: Literal["ltc", "timecode", "bwf"]

    def label_at(self, t_s: float) -> float:
        """Return the label's real time at a clip time."""
        return self.label_s + (t_s - self.pivot_s) * self.label_rate

    def time_of(self, label_s: float) -> float:
        """Return the clip time of a label's real time."""
        return self.pivot_s + (label_s - self.label_s) / self.label_rate

    @property
    def label_span_s(self) -> tuple[float, float]:
        """Labels at both ends."""
        return self.label_at(self.start_s), self.label_at(self.end_s)

    @property
    def text(self) -> str:
        """The label at its start, for people."""
        label_s = self.label_at(self.start_s) * (1000 / 1001 if self.slow else 1.0)
        return clock_text(label_s % 86400)


def clock_lines(feature: LtcFeature, *, exclude_spans: Spans = ()) -> list[ClockLine]:
    """Return the lines of a clip: those heard, else the one its own label gives.

    Parameters
    ----------
    feature
        Of the clip.
    exclude_spans
        Stretches of clip time not to be used; a label that the file states is used nevertheless.
    """
    if feature.runs:
        heard = [_heard(run, exclude_spans) for run in feature.runs if forward(run)]
        return [line for line in heard if line is not None]
    if feature.stamp is not None:
        return [_stated(feature.stamp, float(feature.clip.duration_s))]
    return []


def forward(run: LtcRun) -> bool:
    """Return whether a run plays forwards at a speed by trade."""
    return run.speed in TRADE_SPEEDS


def _heard(run: LtcRun, exclude: Spans) -> ClockLine | None:
    keep = np.ones(len(run.knots_s), np.bool_)
    for start, end in exclude:
        keep &= (run.knots_s < start) | (run.knots_s > end)
    if not keep.any():
        return None
    times, labels = run.knots_s[keep], run.knots_frame[keep] / float(run.rate)
    whole = bool(keep.all())
    if whole:
        pivot_s, label_rate = run.anchor_s, run.label_rate
        label_s = run.anchor_frame / float(run.rate)
    elif len(times) >= 2:
        pivot_s = float(times.mean())
        slope, label_s = np.polyfit(times - pivot_s, labels, 1)
        label_rate, label_s = float(slope), float(label_s)
    else:
        pivot_s, label_s, label_rate = float(times[0]), float(labels[0]), run.label_rate
    length_s = max(run.end_s - run.start_s, 1e-3)
    std_s = run.jitter_s / np.sqrt(run.count) + 1e-6
    return ClockLine(
        start_s=run.start_s,
        end_s=run.end_s,
        pivot_s=float(pivot_s),
        label_s=float(label_s),
        label_rate=float(label_rate),
        speed=1 / run.speed,
        day_s=run.day_s,
        std_s=float(std_s + _bend_s(times, labels, label_rate)),
        rate_std_ppm=float(1e6 * np.sqrt(12) * std_s / length_s),
        slow=not run.drop_frame and run.rate.denominator == 1001,
        source="ltc",
    )


def _bend_s(times: Floats, labels: Floats, label_rate: float) -> float:
    """Return by how much the knots leave the line, as tape does."""
    if len(times) < 3:
        return 0.0
    rest = labels - labels.mean() - (times - times.mean()) * label_rate
    return float(np.std(rest))


def _stated(stamp: Stamp, duration_s: float) -> ClockLine:
    return ClockLine(
        start_s=0.0,
        end_s=duration_s,
        pivot_s=0.0,
        label_s=float(stamp.start_s),
        label_rate=float(1 / stamp.speed),
        speed=stamp.speed,
        day_s=float(stamp.day_s),
        std_s=float(stamp.grain_s) / np.sqrt(12),
        rate_std_ppm=None,
        slow=stamp.slow,
        source=stamp.source,
    )


def longest(lines: Sequence[ClockLine]) -> ClockLine:
    """Return the line that covers most clip time."""
    return max(lines, key=lambda line: line.end_s - line.start_s)
