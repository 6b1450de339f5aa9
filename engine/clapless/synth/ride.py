"""A ride over ground, and what a logger makes of it.

Conventions
-----------
Event time is seconds from the ride's start; its UTC is ``utc_s`` plus event time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from clapless.numerics.routes import MEAN_RADIUS_M

Floats = NDArray[np.float64]

RATE_HZ = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Ride:
    """Where something was, 20 times a second of event time; metres east and north, shape (n, 2)."""

    places_m: Floats
    utc_s: float
    origin: tuple[float, float] = (47.05, 8.3)

    def at(self, event_s: Floats) -> Floats:
        """Return places in metres at event times, shape (n, 2)."""
        times = np.arange(len(self.places_m)) / RATE_HZ
        return np.stack([np.interp(event_s, times, self.places_m[:, i]) for i in (0, 1)], axis=-1)

    def degrees(self, places_m: Floats) -> tuple[Floats, Floats]:
        """Return latitude and longitude of places."""
        lat = self.origin[0] + np.degrees(places_m[:, 1] / MEAN_RADIUS_M)
        shrink = np.cos(np.radians(self.origin[0]))
        return lat, self.origin[1] + np.degrees(places_m[:, 0] / (MEAN_RADIUS_M * shrink))


def ride(seed: int, duration_s: float, *, speed_mps: float = 7.0, utc_s: float = 1.78e9) -> Ride:
    """Return a ride with turns, climbs and stops."""
    rng = np.random.default_rng(seed)
    count = int(duration_s * RATE_HZ)

    def wander(smooth_s: float) -> Floats:
        slow = gaussian_filter1d(rng.standard_normal(count + 400), smooth_s * RATE_HZ)[200:-200]
        return np.asarray(slow / (slow.std() + 1e-9))

    pace = speed_mps * np.exp(0.35 * wander(4.0))
    for _ in range(int(duration_s / 90)):
        stop = rng.integers(0, count)
        pace[stop : stop + int(rng.uniform(2, 12) * RATE_HZ)] = 0.0
    pace = gaussian_filter1d(pace, 0.7 * RATE_HZ)
    heading = np.cumsum(0.12 * wander(3.0)) / RATE_HZ * 2 + rng.uniform(0, 2 * np.pi)
    steps = np.stack([np.sin(heading), np.cos(heading)], axis=-1) * pace[:, None] / RATE_HZ
    return Ride(np.cumsum(steps, axis=0), utc_s)


def logged(
    way: Ride, *, start_s: float, duration_s: float, seed: int, lag_s: float = 0.0
) -> list[tuple[float, float, float]]:
    """Return what a logger at 1 Hz writes: times in seconds since 1970, degrees; see `gpx_text`."""
    rng = np.random.default_rng(seed)
    event_s = np.arange(np.ceil(start_s), start_s + duration_s)
    slow = gaussian_filter1d(rng.standard_normal((len(event_s), 2)), 20, axis=0)
    places = way.at(event_s - lag_s) + slow / (slow.std() + 1e-9) * 2.0
    lat, lon = way.degrees(places)
    return [
        (way.utc_s + float(t), round(float(a), 7), round(float(o), 7))
        for t, a, o in zip(event_s, lat, lon, strict=True)
    ]
