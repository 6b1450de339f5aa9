"""Whether two ways over ground are one vehicle's, and at what lag."""

from __future__ import annotations

from clapless.numerics.movement_lag import MovementLag, movement_lag
from clapless.numerics.routes import distance_m
from clapless.signals.gps.feature import GpsFeature

LEAST_COMMON_S = 20.0
"""Less movement in common is not compared."""

WIDEST_M = 20.0
"""Two receivers of one vehicle: 5 m each, and its length."""

NEAR_M = 20_000.0
"""Clips filmed farther apart were not on one vehicle."""

LEAST_MOVED_M = 60.0
"""Who hardly moves proves nothing by it."""

ALIKE = 0.06
"""Misfit of one vehicle: 0.001 to 0.02 with noise of 2 to 5 m; another rider on the same way at the
same pace has 0.2 and more."""

RIVAL_FACTOR = 3.0
"""The best lag elsewhere fits by so much worse, or the way repeats itself."""

SHARPEST_STD_S = 0.5
"""Steady movement says little of time: a lag less sure is not used."""


def common_way(a: GpsFeature, b: GpsFeature) -> MovementLag | None:
    """Return the lag of two ways that are one vehicle's, None where they are not or cannot tell."""
    if not (len(a.times_s) and len(b.times_s)):
        return None
    if a.speed != 1 or b.speed != 1 or distance_m(*a.place, *b.place) > NEAR_M:
        return None
    one, two = a.movement(a.place), b.movement(a.place)
    if one is None or two is None:
        return None
    found = movement_lag(one, two, least_common_s=LEAST_COMMON_S, widest_m=WIDEST_M)
    if (
        found is None
        or found.misfit > ALIKE
        or found.moved_m < LEAST_MOVED_M
        or found.std_s > SHARPEST_STD_S
        or found.rival_misfit < max(RIVAL_FACTOR * found.misfit, 0.1)
    ):
        return None
    return found
