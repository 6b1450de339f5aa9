"""A way as arrays.

Conventions
-----------
Degrees of WGS 84, metres, metres per second. Times are seconds since 1970 UTC, without leap
seconds, as GPX and FIT count. What a file does not say is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Track:
    """One recording of one receiver; every array has the shape (n,).

    Parameters
    ----------
    name
        As the file calls it, may be empty.
    path
        The file.
    utc_s
        Strictly rising, or all NaN where the file has no times.
    lat_deg, lon_deg
        Positions.
    altitude_m, speed_mps
        NaN where the file does not say.
    """

    name: str
    path: Path
    utc_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    altitude_m: Floats
    speed_mps: Floats

    def __len__(self) -> int:
        return len(self.lat_deg)

    @property
    def timed(self) -> bool:
        """Whether it has times."""
        return len(self) > 0 and bool(np.isfinite(self.utc_s[0]))

    @property
    def span_s(self) -> tuple[float, float]:
        """First and last time; NaN without times."""
        return float(self.utc_s[0]), float(self.utc_s[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackFile:
    """What a file holds.

    Parameters
    ----------
    tracks
        In the order of the file; none is empty.
    warning
        One sentence about what was damaged or left out, empty where nothing was.
    """

    tracks: tuple[Track, ...]
    warning: str = ""
