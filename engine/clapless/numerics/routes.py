"""Geometry of ways over ground: metres, headings, speeds, even steps of time and of distance.

Conventions
-----------
Positions are WGS 84 degrees; metres are east and north of an origin, shape (n, 2). Headings are
radians clockwise from north. Times are seconds on any clock, strictly rising. NaN is unknown.

The plane of `project` uses the ellipsoid's two radii of curvature at the origin's latitude: 10 km
from the origin lengths are right to 0.1 %, 50 km from it to 0.6 % at 47 degrees of latitude.

References
----------
WGS 84: semi-major axis 6378137 m, flattening 1 / 298.257223563 (NIMA TR8350.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)
MEAN_RADIUS_M = 6_371_008.8


def project(lat_deg: Floats, lon_deg: Floats, *, origin: tuple[float, float]) -> Floats:
    """Return metres east and north of an origin.

    Parameters
    ----------
    lat_deg, lon_deg
        Degrees, shape (n,).
    origin
        Latitude and longitude of the origin, in degrees.

    Returns
    -------
    numpy.ndarray
        Shape (n, 2). The way over the date line is the short one.

    Examples
    --------
    >>> project(np.array([47.001]), np.array([8.0]), origin=(47.0, 8.0)).round(1)
    array([[  0. , 111.2]])
    """
    phi = np.radians(origin[0])
    bend = 1 - ECCENTRICITY_2 * np.sin(phi) ** 2
    prime_vertical_m = SEMI_MAJOR_M / np.sqrt(bend)
    meridian_m = SEMI_MAJOR_M * (1 - ECCENTRICITY_2) / bend**1.5
    east_deg = (np.asarray(lon_deg, np.float64) - origin[1] + 180.0) % 360.0 - 180.0
    north_deg = np.asarray(lat_deg, np.float64) - origin[0]
    return np.stack(
        [
            np.radians(east_deg) * prime_vertical_m * np.cos(phi),
            np.radians(north_deg) * meridian_m,
        ],
        axis=-1,
    )


def distance_m(lat_1_deg: float, lon_1_deg: float, lat_2_deg: float, lon_2_deg: float) -> float:
    """Return the distance of two places over a sphere, right to 0.5 % anywhere.

    >>> round(distance_m(0.0, 0.0, 0.0, 1.0))
    111195
    """
    phi_1, phi_2 = np.radians(lat_1_deg), np.radians(lat_2_deg)
    half = (
        np.sin((phi_2 - phi_1) / 2) ** 2
        + np.cos(phi_1) * np.cos(phi_2) * np.sin(np.radians(lon_2_deg - lon_1_deg) / 2) ** 2
    )
    return float(2 * MEAN_RADIUS_M * np.arcsin(np.sqrt(min(1.0, float(half)))))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EvenTrack:
    """A way on an even grid of time; NaN in gaps.

    Parameters
    ----------
    start_s
        Time of the first value.
    rate_hz
        Values per second.
    places_m
        Shape (n, 2), east and north.
    velocity_mps
        Shape (n, 2), east and north.
    """

    start_s: float
    rate_hz: float
    places_m: Floats
    velocity_mps: Floats


def by_time(
    times_s: Floats,
    places_m: Floats,
    *,
    rate_hz: float,
    smooth_s: float,
    longest_gap_s: float,
) -> EvenTrack | None:
    """Return a way at even times, with its velocity.

    Parameters
    ----------
    times_s
        Strictly rising, shape (n,).
    places_m
        Shape (n, 2).
    rate_hz
        Of the result. Its grid lies on multiples of 1 / rate_hz.
    smooth_s
        Standard deviation of the smoothing in time (Gaussian), of places and of velocity alike.
    longest_gap_s
        Longer gaps between points are not filled.

    Returns
    -------
    EvenTrack or None
        None with fewer than two points.
    """
    if len(times_s) < 2:
        return None
    first = int(np.ceil(times_s[0] * rate_hz - 1e-9))
    last = int(np.floor(times_s[-1] * rate_hz + 1e-9))
    if last - first < 2:
        return None
    grid_s = np.arange(first, last + 1) / rate_hz
    even = np.stack([np.interp(grid_s, times_s, places_m[:, axis]) for axis in (0, 1)], axis=-1)
    known = _filled(grid_s, times_s, longest_gap_s)
    weight = gaussian_filter1d(known.astype(np.float64), smooth_s * rate_hz, mode="constant")
    held = np.where(known[:, None], even - even[0], 0.0)
    smooth = gaussian_filter1d(held, smooth_s * rate_hz, axis=0, mode="constant")
    smooth = smooth / np.maximum(weight, 1e-9)[:, None] + even[0]
    # At an end the mean of half a window lags behind: the plain points are better there.
    full = weight > 0.9995
    smooth = np.where(full[:, None], smooth, np.nan)
    velocity = np.full_like(smooth, np.nan)
    velocity[1:-1] = (smooth[2:] - smooth[:-2]) * (rate_hz / 2)
    return EvenTrack(
        start_s=first / rate_hz, rate_hz=rate_hz, places_m=smooth, velocity_mps=velocity
    )


def _filled(grid_s: Floats, times_s: Floats, longest_gap_s: float) -> NDArray[np.bool_]:
    right = np.clip(np.searchsorted(times_s, grid_s), 1, len(times_s) - 1)
    return np.asarray(times_s[right] - times_s[right - 1] <= longest_gap_s, np.bool_)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Route:
    """A way at even steps of distance, as `align` compares it.

    Parameters
    ----------
    along_m
        Distance from the start, shape (n,), a multiple of the step.
    places_m
        Shape (n, 2).
    heading_rad
        Clockwise from north, shape (n,).
    times_s
        When it was there, shape (n,); NaN where the way has no times.
    """

    along_m: Floats
    places_m: Floats
    heading_rad: Floats
    times_s: Floats


def by_distance(
    places_m: Floats,
    *,
    times_s: Floats | None = None,
    step_m: float = 3.0,
    smooth_points: float = 2.0,
    still_m: float = 0.15,
) -> Route | None:
    """Return a way at even steps of distance, or None where it does not go a single step.

    Parameters
    ----------
    places_m
        Shape (n, 2).
    times_s
        Shape (n,), rising.
    step_m
        Distance of two values.
    smooth_points
        Smoothing before, in points (Gaussian): the noise of a receiver at rest is no way. Points
        more than a second apart are smoothed less, over as many seconds: corners stay.
    still_m
        Moves shorter than this from point to point count as standing.
    """
    if len(places_m) < 2:
        return None
    apart_s = float(np.median(np.diff(times_s))) if times_s is not None else 1.0
    smooth = gaussian_filter1d(places_m, smooth_points / max(1.0, apart_s), axis=0, mode="nearest")
    steps = np.hypot(*np.diff(smooth, axis=0).T)
    steps[steps < still_m] = 0.0
    along = np.concatenate([[0.0], np.cumsum(steps)])
    moved = np.concatenate([[True], np.diff(along) > 0])
    if along[-1] < step_m:
        return None
    grid = np.arange(0.0, along[-1], step_m)
    even = np.stack(
        [np.interp(grid, along[moved], smooth[moved, axis]) for axis in (0, 1)], axis=-1
    )
    times = np.full(len(grid), np.nan)
    if times_s is not None:
        times = np.interp(grid, along[moved], times_s[moved])
    return Route(along_m=grid, places_m=even, heading_rad=headings(even), times_s=times)


def headings(places_m: Floats, *, smooth_points: float = 2.0) -> Floats:
    """Return the heading at each place of a way, radians clockwise from north, shape (n,)."""
    if len(places_m) < 2:
        return np.full(len(places_m), np.nan)
    smooth = gaussian_filter1d(places_m, smooth_points, axis=0, mode="nearest")
    east, north = np.gradient(smooth, axis=0).T
    return np.asarray(np.arctan2(east, north))


def speeds(velocity_mps: Floats) -> Floats:
    """Return the length of velocities, shape (n, 2) -> (n,)."""
    return np.asarray(np.hypot(velocity_mps[:, 0], velocity_mps[:, 1]))
