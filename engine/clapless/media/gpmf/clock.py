"""When each sample of a stream was taken.

Conventions
-----------
Samples are numbered by the total count (TSMP) and their times are a function of that number, in
clip time. A nominal rate is never used: real ones differ by 1 % and creep with the temperature.

* *Stamped*: the camera's own microseconds (STMP, of the first sample of a payload), joined by
  lines. Their zero is not the picture's: what is delivered once per frame (orientation, exposure)
  has the stamp of the frame it belongs to, and such a stream fixes the zero. Measured on HERO8:
  these stamps advance by exactly 1001.000 ms per payload of 1.001 s, so one crystal drives both.
* *Counted*: a robust line, or from two minutes on a line with a knot every minute, through (samples
  before a payload, begin of the payload). The first payloads, which hold what was buffered before
  the start, and the last one fall out as outliers.
* *Delivered*: a stream with at most one sample per payload has the payloads' own times.

References
----------
gpmf-parser issues 80, 160 and 189: STMP is the arrival of the first sample of the payload, CORI is
stamped at the start of its frame, ACCL and GYRO run about 10 ms late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

STAMP_SLACK_S = 0.003
"""A stamp may leave its neighbours by this much in any case."""

ClockKind = Literal["stamped", "counted", "delivered"]

KNOT_EVERY_S = 60.0
"""Distance of the knots of a counted clock. Over a minute the rate of a HERO8's sensor creeps by
less than 1 ms, over two minutes by 4 ms (measured on 123 s)."""

BENDS_FROM_S = 120.0
"""Length from which a counted clock has knots at all."""

LOCKED_SHARE = 0.15
"""Spread of payloads about the fit, in sample intervals, below which both keep step; it is 0.29
where they do not."""

UNIFORM_STD = 0.29
"""Standard deviation of a uniform distribution of width 1."""

FEW_PAYLOADS = 6
"""Below this many payloads what was buffered before the start cannot be told from the rate."""

FEW_STD_S = 0.1
"""Uncertainty of such a clock; HERO7 buffers up to 0.22 s (measured)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleClock:
    """Times of numbered samples.

    Parameters
    ----------
    number
        Rising sample numbers, float64, shape (m,), m >= 2.
    time_s
        Their clip times in seconds, float64, rising, shape (m,).
    kind
        How they were found.
    std_s
        Standard deviation of the whole clock's place, in seconds, without the sensor's latency.
    """

    number: NDArray[np.float64]
    time_s: NDArray[np.float64]
    kind: ClockKind
    std_s: float

    def times_s(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return clip times, in seconds, of sample numbers; the ends go on as they came."""
        times = np.interp(numbers, self.number, self.time_s)
        for edge, side in ((0, numbers < self.number[0]), (-1, numbers > self.number[-1])):
            if side.any():
                times[side] = self.time_s[edge] + (numbers[side] - self.number[edge]) * (
                    self._slope(edge)
                )
        return times

    def _slope(self, edge: int) -> float:
        # Over some knots, since one alone may be noisy.
        other = min(8, self.number.size - 1) if edge == 0 else max(self.number.size - 9, 0)
        return float(
            (self.time_s[edge] - self.time_s[other]) / (self.number[edge] - self.number[other])
        )

    @property
    def rate_hz(self) -> float:
        """Samples per second of clip time, over everything."""
        return float((self.number[-1] - self.number[0]) / (self.time_s[-1] - self.time_s[0]))


def stamped_clock(
    number: NDArray[np.float64], stamp_s: NDArray[np.float64], *, zero_s: float, std_s: float
) -> SampleClock | None:
    """Return the clock of a stream with stamps, or None where they cannot be believed.

    Parameters
    ----------
    number
        Number of the first sample of each payload, shape (m,).
    stamp_s
        Its stamp in seconds, shape (m,); NaN where absent.
    zero_s
        Stamp of clip time 0.
    std_s
        Standard deviation of `zero_s`.
    """
    known = np.isfinite(stamp_s)
    if known.sum() < 2 or known.mean() < 0.5:
        return None
    number, stamp_s = number[known], stamp_s[known]
    line = robust_line(number, stamp_s)
    if line is None or line[1] <= 0:
        return None
    # A stamp that leaves its neighbours by more than they scatter is damage; rates may creep.
    off_s = stamp_s - line[0] - line[1] * number
    off_s = np.abs(off_s - ndimage.median_filter(off_s, size=9, mode="mirror"))
    good = off_s <= max(STAMP_SLACK_S, 8 * float(np.median(off_s)))
    good &= np.r_[True, (np.diff(stamp_s) > 0) & (np.diff(number) > 0)]
    if good.sum() < 2 or good.mean() < 0.8:
        return None
    number, stamp_s = number[good], stamp_s[good]
    if (np.diff(stamp_s) <= 0).any() or (np.diff(number) <= 0).any():
        return None
    return SampleClock(number=number, time_s=stamp_s - zero_s, kind="stamped", std_s=std_s)


def counted_clock(number: NDArray[np.float64], time_s: NDArray[np.float64]) -> SampleClock | None:
    """Return the clock fitted to counts, or None where there are fewer than two payloads.

    Parameters
    ----------
    number
        Samples delivered before each payload, shape (m,).
    time_s
        When each payload begins in clip time, shape (m,), rising.
    """
    line = robust_line(number, time_s)
    if line is None or line[1] <= 0:
        return None
    start, slope = line
    ends = np.array([number[0], number[-1]])
    knots = ends
    fitted = start + slope * ends
    span_s = float(time_s[-1] - time_s[0])
    if span_s >= BENDS_FROM_S:
        knots = np.linspace(ends[0], ends[1], int(span_s / KNOT_EVERY_S) + 1)
        fitted = _bent_line(number, time_s, knots, start + slope * knots)
        if (np.diff(fitted) <= 0).any():
            knots, fitted = ends, start + slope * ends
    left_s = time_s - np.interp(number, knots, fitted)
    spread_s = 1.4826 * float(np.median(np.abs(left_s - np.median(left_s))))
    per_knot = max(number.size / max(knots.size - 1, 1), 1.0)
    # The first sample of a payload was taken up to one interval after it began: half of one on
    # average, unless the rate locks to the payloads, when it is always the same unknown part.
    locked = spread_s < LOCKED_SHARE * slope
    if not locked:
        fitted = fitted + slope / 2
    std_s = UNIFORM_STD * slope if locked else spread_s / np.sqrt(per_knot)
    if number.size < FEW_PAYLOADS:
        std_s = max(std_s, FEW_STD_S)
    return SampleClock(number=knots, time_s=fitted, kind="counted", std_s=std_s)


def robust_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return (value at 0, slope) by least squares that outliers cannot bend (Tukey's weights)."""
    if x.size < 2 or x[-1] <= x[0]:
        return None
    # Theil and Sen's slope over pairs half the length apart is a safe start.
    half = max(x.size // 2, 1)
    steps = x[half:] - x[: x.size - half]
    moved = steps > 0
    if not moved.any():
        return None
    slope = float(np.median((y[half:] - y[: y.size - half])[moved] / steps[moved]))
    start = float(np.median(y - slope * x))
    for _ in range(8):
        off = y - start - slope * x
        scale = 1.4826 * float(np.median(np.abs(off))) + 1e-9
        weight = np.clip(1 - (off / (4.685 * scale)) ** 2, 0, None) ** 2
        total = weight.sum()
        mid_x, mid_y = (weight @ x) / total, (weight @ y) / total
        spread = weight @ (x - mid_x) ** 2
        if spread <= 0:
            break
        before = start, slope
        slope = float(weight @ ((x - mid_x) * (y - mid_y)) / spread)
        start = float(mid_y - slope * mid_x)
        if abs(start - before[0]) + abs(slope - before[1]) * float(x[-1] - x[0]) < 1e-7:
            break
    return start, slope


def _bent_line(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    knots: NDArray[np.float64],
    first: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the values at knots of the broken line that fits best and bends little."""
    place = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, knots.size - 2)
    share = (x - knots[place]) / (knots[place + 1] - knots[place])
    base = np.zeros((x.size, knots.size))
    base[np.arange(x.size), place] = 1 - share
    base[np.arange(x.size), place + 1] = share
    bend = np.diff(np.eye(knots.size), n=2, axis=0)
    values = first
    for _ in range(8):
        off = y - base @ values
        scale = 1.4826 * float(np.median(np.abs(off))) + 1e-9
        weight = np.clip(1 - (off / (4.685 * scale)) ** 2, 0, None) ** 2
        normal = base.T @ (base * weight[:, None]) + bend.T @ bend
        values = values + np.linalg.solve(
            normal + 1e-9 * np.eye(knots.size), base.T @ (weight * off) - bend.T @ (bend @ values)
        )
    return values
