"""From measured seconds to exact ones and onto grids."""

from __future__ import annotations

import math
from fractions import Fraction

from clapless.timing import STANDARD_RATES, nominal_rate, round_half_up, snap_rate

EDITING_RATES: tuple[Fraction, ...] = (
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
    Fraction(60),
)
"""Timeline rates that Resolve, Premiere and Final Cut all have."""

TICKS_HZ = 254016000000
"""Premiere's ticks per second: every frame rate and sample rate divides it."""

_NANOSECONDS = 10**9
_DRIFT_GRID = 10**12


def exact_s(seconds: float) -> Fraction:
    """Return measured seconds to the nanosecond.

    >>> exact_s(12.254)
    Fraction(6127, 500)
    """
    return Fraction(round(Fraction(seconds) * _NANOSECONDS), _NANOSECONDS)


def exact_speed(speed: Fraction, drift_ppm: float) -> Fraction:
    """Return ``speed * (1 + drift)`` with the drift to 1e-6 ppm (14 ns over four hours).

    >>> exact_speed(Fraction(1), 100.0)
    Fraction(10001, 10000)
    """
    return speed * (1 + Fraction(round(Fraction(drift_ppm) * 10**6), _DRIFT_GRID))


def frames_round(seconds: Fraction, rate: Fraction) -> int:
    """Return the frame whose start is nearest, halves up."""
    return round_half_up(seconds * rate)


def frames_down(seconds: Fraction, rate: Fraction) -> int:
    """Return the whole frames in a length."""
    return math.floor(seconds * rate)


def frames_up(seconds: Fraction, rate: Fraction) -> int:
    """Return the frames that cover a length."""
    return math.ceil(seconds * rate)


def editing_rate(rate: Fraction) -> Fraction:
    """Return the timeline rate for footage of a frame rate: itself, or an even part of it.

    >>> [str(editing_rate(Fraction(rate))) for rate in (240, 48, Fraction(120000, 1001))]
    ['60', '24', '60000/1001']
    """
    snapped = snap_rate(rate)
    for divisor in range(1, 11):
        if snapped / divisor in EDITING_RATES:
            return snapped / divisor
    return min(EDITING_RATES, key=lambda known: abs(known - snapped))


def known_rate(value: float) -> Fraction:
    """Return the exact frame rate behind a double, as OpenTimelineIO and XML files carry it.

    Integers stay what they are (48000 is a sample rate); 23.976 and 24000/1001 become exact.

    >>> known_rate(23.976023976023978), known_rate(29.97), known_rate(48000.0)
    (Fraction(24000, 1001), Fraction(30000, 1001), Fraction(48000, 1))
    """
    exact = Fraction(value).limit_denominator(1001)
    if exact.denominator == 1 and exact > 0:
        return exact
    near = snap_rate(Fraction(value))
    if near in STANDARD_RATES:
        return near
    by_1001 = Fraction(nominal_rate(near) * 1000, 1001)
    return by_1001 if abs(by_1001 - Fraction(value)) < Fraction(1, 1000) else exact
