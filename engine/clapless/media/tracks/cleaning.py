"""What is whole of a list of points, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clapless.errors import printable_name
from clapless.media.tracks.model import Track

Floats = NDArray[np.float64]

EARLIEST_S = datetime(1980, 1, 6, tzinfo=UTC).timestamp()
"""Before the first GPS week nobody had a fix."""

LATEST_S = datetime(2100, 1, 1, tzinfo=UTC).timestamp()

ELSEWHERE_S = 30 * 86400.0
"""Points this long before or after the rest are no part of one recording."""

FASTEST_MPS = 400.0
"""Nobody films from faster than an airliner; a point that needs more both ways is a misreading."""

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius, IUGG."""


@dataclass(slots=True)
class Point:
    """A point as a file states it, NaN where it does not."""

    utc_s: float
    lat_deg: float
    lon_deg: float
    altitude_m: float = float("nan")
    speed_mps: float = float("nan")


@dataclass(slots=True)
class Faults:
    """Counts of what was wrong in a file."""

    damage: list[str] = field(default_factory=list)
    unreadable: int = 0
    nowhere: int = 0
    timeless: int = 0
    lost_times: int = 0
    impossible: int = 0
    backwards: int = 0
    doubled: int = 0

    def sentence(self, path: Path) -> str:
        """Return one sentence, empty where nothing was wrong."""
        left_out = [
            f"{count} {'point' if count == 1 else 'points'} {what}"
            for count, what in (
                (self.unreadable, "that cannot be read"),
                (self.nowhere, "without a fix"),
                (self.timeless, "without a time"),
                (self.impossible, "at impossible times or places"),
                (self.doubled, "at the time of another"),
            )
            if count
        ]
        parts = list(self.damage)
        if left_out:
            parts.append(f"{_listed(left_out)} left out")
        if self.lost_times:
            parts.append(
                f"most points of a track have no time, so the {self.lost_times} times there are "
                "not used"
            )
        if self.backwards:
            times = "time" if self.backwards == 1 else "times"
            parts.append(f"its clock goes backwards {self.backwards} {times}, so points are sorted")
        return f"{printable_name(path)}: {'; '.join(parts)}." if parts else ""


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def clean(points: Sequence[Point], *, name: str, path: Path, faults: Faults) -> Track | None:
    """Return the points that are whole as a track, or None where there are none.

    Nothing is moved, filled or smoothed: a point is kept as it is, or left out and counted.
    """
    table = np.array(
        [(p.utc_s, p.lat_deg, p.lon_deg, p.altitude_m, p.speed_mps) for p in points], np.float64
    ).reshape(-1, 5)
    lat, lon = table[:, 1], table[:, 2]
    there = (np.abs(lat) <= 90) & (np.abs(lon) <= 180) & ~((lat == 0) & (lon == 0))
    faults.nowhere += int(np.sum(~there))
    table = table[there]
    timed = np.isfinite(table[:, 0])
    if timed.sum() < len(timed) / 2:
        # A few times do not make a timed course.
        faults.lost_times += int(timed.sum())
        table[:, 0] = np.nan
    else:
        faults.timeless += int(np.sum(~timed))
        table = _in_order(table[timed], faults)
    if not len(table):
        return None
    altitude = np.where(np.abs(table[:, 3]) < 20_000, table[:, 3], np.nan)
    speed = np.where((table[:, 4] >= 0) & (table[:, 4] < FASTEST_MPS), table[:, 4], np.nan)
    return Track(
        name=name,
        path=path,
        utc_s=table[:, 0].copy(),
        lat_deg=table[:, 1].copy(),
        lon_deg=table[:, 2].copy(),
        altitude_m=altitude,
        speed_mps=speed,
    )


def _in_order(table: Floats, faults: Faults) -> Floats:
    count = len(table)
    table = table[(table[:, 0] > EARLIEST_S) & (table[:, 0] < LATEST_S)]
    if not len(table):
        faults.impossible += count
        return table
    ordered = np.sort(table[:, 0])
    groups = np.split(ordered, np.flatnonzero(np.diff(ordered) > ELSEWHERE_S) + 1)
    main = max(groups, key=len)
    table = table[(table[:, 0] >= main[0]) & (table[:, 0] <= main[-1])]
    faults.backwards += int(np.sum(np.diff(table[:, 0]) < 0))
    table = table[np.argsort(table[:, 0], kind="stable")]
    kept = _without_spikes(table)
    faults.impossible += count - len(kept)
    first = np.concatenate([[True], np.diff(kept[:, 0]) > 0])
    faults.doubled += int(np.sum(~first))
    return np.asarray(kept[first], np.float64)


def _without_spikes(table: Floats) -> Floats:
    """Drop points that lie out of reach of both neighbours, which are in reach of each other."""
    if len(table) < 3:
        return table
    reach = _speeds_mps(table[:-1], table[1:]) <= FASTEST_MPS
    over = _speeds_mps(table[:-2], table[2:]) <= FASTEST_MPS
    spike = np.zeros(len(table), np.bool_)
    spike[1:-1] = ~reach[:-1] & ~reach[1:] & over
    if len(table) >= 5:
        spike[0] = ~reach[0] & reach[1:4].all()
        spike[-1] = ~reach[-1] & reach[-4:-1].all()
    return np.asarray(table[~spike], np.float64)


def _speeds_mps(one: Floats, two: Floats) -> Floats:
    elapsed = np.maximum(two[:, 0] - one[:, 0], 1.0)
    phi_1, phi_2 = np.radians(one[:, 1]), np.radians(two[:, 1])
    half = (
        np.sin((phi_2 - phi_1) / 2) ** 2
        + np.cos(phi_1) * np.cos(phi_2) * np.sin(np.radians(two[:, 2] - one[:, 2]) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0, 1))) / elapsed)
