"""What a receiver's dates say of UTC at clip time 0, and how far that may be wrong.

Traps
-----
* GPSU is written once per payload, at a lag nobody states; the first one may be seconds old. Two
  cameras of two models differ by up to a second (gpmf-parser issue 89), and in HERO11 the dates of
  GPS5 and GPS9 differ by 1.4 s.
* Satellites count without leap seconds and send the difference every 12.5 minutes. A receiver that
  has not heard it yet is ahead by all of them (18 s since 2017) or by those its firmware does not
  know. When it hears, its dates jump back by whole seconds.
* Without a fix a camera writes a date all the same: the one of its last battery change (2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAG_STD_S = {"GPS9": 0.25, "GPS5": 0.6, "GPX": 0.5, "FIT": 1.0}
"""How far dates lie from UTC by lag alone, as standard deviations. GPS5: a second between models is
1.2 times the spread of a difference of two, and 1.4 s between the two receivers of HERO11 then is
twice that of GPS5 and GPS9 together. GPX and FIT: logs at 1 Hz, whole seconds, a second late at the
worst. Judgement from these few differences: nobody measured a lag itself."""

ALMANAC_S = 750.0
"""In 12.5 minutes of reception the leap seconds have come."""

LEAP_SECONDS = (1, 20)
"""By how many whole seconds dates may jump back: from one that a firmware does not know to all."""

SAME_S = 0.45
"""Dates of one regime agree within this: jitter of up to a tenth, and not yet a second."""

LEAST_DATES = 3
"""Fewer dates of one regime are not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtcClock:
    """UTC of a clip.

    Parameters
    ----------
    zero_s
        Seconds since 1970 at clip time 0.
    std_s
        Standard deviation, the receiver's lag included.
    doubt
        Why it may be off by whole seconds, empty where it should not.
    by_file
        Whether it hangs on the time the clip's file says it was made, which orders and never
        places.
    """

    zero_s: float
    std_s: float
    doubt: str = ""
    by_file: bool = False


def utc_clock(
    times_s: Floats,
    dates_s: Floats,
    *,
    source: str,
    first_s: float,
    lapse: float = 1.0,
) -> UtcClock | None:
    """Return the clock that a receiver's dates make, or None where they make none.

    Parameters
    ----------
    times_s
        Clip time of each date, shape (n,), rising.
    dates_s
        Seconds since 1970; NaN where there was no fix.
    source
        A key of `LAG_STD_S`.
    first_s
        Clip time at which the receiver's first sample lies, fixed or not.
    lapse
        Real seconds per clip second.
    """
    good = np.isfinite(dates_s) & np.isfinite(times_s)
    at_s, dates = times_s[good], dates_s[good]
    if len(dates) < LEAST_DATES:
        return None
    origin_s = float(np.median(dates))
    rest = dates - origin_s - at_s * lapse
    kept, leapt = _regime(rest)
    if kept.sum() < LEAST_DATES or kept.sum() < 0.3 * len(rest):
        return None
    middle = float(np.median(rest[kept]))
    jitter_s = 1.4826 * float(np.median(np.abs(rest[kept] - middle)))
    locked_late = at_s[0] - first_s > 1.5 and at_s[-1] - at_s[0] < ALMANAC_S
    doubt = ""
    if locked_late and not leapt:
        doubt = "the receiver had its first fix while recording, and may not know the leap seconds"
    return UtcClock(
        zero_s=origin_s + middle,
        std_s=float(np.hypot(LAG_STD_S[source], jitter_s / np.sqrt(kept.sum()))),
        doubt=doubt,
    )


def _regime(rest: Floats) -> tuple[NDArray[np.bool_], bool]:
    """Return which dates are believed, and whether leap seconds were seen to come.

    Those after a jump back by whole seconds, where there is one; else those that most agree with.
    """
    last = float(np.median(rest[-max(LEAST_DATES, len(rest) // 10) :]))
    after = np.abs(rest - last) <= SAME_S
    begin = len(rest)
    while begin > 0 and after[begin - 1]:
        begin -= 1
    before = rest[:begin]
    if begin >= LEAST_DATES and len(rest) - begin >= LEAST_DATES:
        ahead = float(np.median(before)) - last
        whole = abs(ahead - round(ahead)) <= SAME_S / 2
        if whole and LEAP_SECONDS[0] <= round(ahead) <= LEAP_SECONDS[1]:
            kept = np.zeros(len(rest), np.bool_)
            kept[begin:] = True
            return kept, True
    return np.abs(rest - np.median(rest)) <= SAME_S, False
