"""Where placed clips lie to each other."""

from __future__ import annotations

import math
from fractions import Fraction

from clapless.model import Match, Placement


def between(one: Placement, two: Placement) -> Match:
    """Return where clip `two` lies on the clock of clip `one`, both placed in one group.

    Lines only; time maps are left out. The two error bars are taken as independent, which is on
    the safe side for clips that share evidence.

    >>> a = Placement(clip="c1", offset_s=10.0)
    >>> b = Placement(clip="c2", offset_s=25.0)
    >>> between(a, b).offset_s
    15.0
    """
    speed = Fraction(two.speed) / Fraction(one.speed)
    drift = (1.0 + two.drift_ppm * 1e-6) / (1.0 + one.drift_ppm * 1e-6) - 1.0
    at_one_s = one.to_clip(two.offset_s + two.pivot_s / two.rate)
    return Match(
        a=one.clip,
        b=two.clip,
        signal="solved",
        offset_s=(two.offset_s - one.offset_s) * one.rate,
        drift_ppm=drift * 1e6,
        speed=speed,
        offset_std_s=math.hypot(one.std_s(at_one_s), two.offset_std_s),
        drift_std_ppm=math.hypot(one.drift_std_ppm, two.drift_std_ppm),
        pivot_s=two.pivot_s,
        confidence=min(one.confidence, two.confidence),
    )
