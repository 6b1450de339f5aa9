"""What is kept of a clip's receiver: where it was in clip time, and UTC at clip time 0."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from clapless.model import Clip
from clapless.numerics.routes import EvenTrack, by_time, project
from clapless.signals.base import Arrays, Spans
from clapless.signals.gps.clocks import UtcClock

Floats = NDArray[np.float64]

RATE_HZ = 5.0
"""Movement is compared at this rate; receivers give 1 to 18 positions a second."""

SMOOTH_S = 0.6
"""Smoothing of the positions; riders brake and turn within a second or two."""

GAP_S = 4.0
"""Longer holes are not filled."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GpsFeature:
    """The receiver of a clip.

    Parameters
    ----------
    clip
        The clip.
    source
        ``GPS9``, ``GPS5``, ``GPRI``, ``GPX`` or ``FIT``.
    times_s
        Clip time of each position, rising, shape (n,).
    lat_deg, lon_deg
        Shape (n,).
    time_std_s
        Standard deviation of the positions' place in clip time, all together.
    clock
        UTC, None where the receiver was never locked.
    speed
        Clip seconds per real second, exact.
    track
        Path of the track file it is from, empty where it is the clip's own.
    """

    clip: Clip
    source: str
    times_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    time_std_s: float
    clock: UtcClock | None
    speed: Fraction = Fraction(1)
    track: str = ""

    @property
    def place(self) -> tuple[float, float]:
        """The middle position, latitude and longitude in degrees."""
        return float(np.median(self.lat_deg)), float(np.median(self.lon_deg))

    def movement(self, origin: tuple[float, float]) -> EvenTrack | None:
        """Return the way in metres about an origin, at even clip times."""
        places = project(self.lat_deg, self.lon_deg, origin=origin)
        return by_time(
            self.times_s, places, rate_hz=RATE_HZ, smooth_s=SMOOTH_S, longest_gap_s=GAP_S
        )

    def without(self, spans: Spans) -> GpsFeature:
        """Return it without the positions in some stretches of clip time; its clock stays."""
        keep = np.ones(len(self.times_s), np.bool_)
        for start, end in spans:
            keep &= (self.times_s < start) | (self.times_s > end)
        if keep.all():
            return self
        return replace(
            self,
            times_s=self.times_s[keep],
            lat_deg=self.lat_deg[keep],
            lon_deg=self.lon_deg[keep],
        )

    def to_arrays(self) -> Arrays:
        """Return it as plain arrays."""
        clock = self.clock
        return {
            "words": np.array([self.source, self.track, clock.doubt if clock else ""]),
            "way": np.stack([self.times_s, self.lat_deg, self.lon_deg]),
            "numbers": np.array(
                [
                    self.time_std_s,
                    clock.zero_s if clock else np.nan,
                    clock.std_s if clock else np.nan,
                    float(clock.by_file) if clock else 0.0,
                ]
            ),
            "speed": np.array([self.speed.numerator, self.speed.denominator], np.int64),
        }

    def forget(self) -> None:
        """Keep all: it is small."""


def from_arrays(clip: Clip, arrays: Arrays) -> GpsFeature:
    """Return what `GpsFeature.to_arrays` wrote.

    Raises
    ------
    KeyError, ValueError
        It is something else.
    """
    source, track, doubt = (str(word) for word in arrays["words"])
    times_s, lat_deg, lon_deg = np.asarray(arrays["way"], np.float64)
    time_std_s, zero_s, std_s, by_file = (float(value) for value in arrays["numbers"])
    clock = None
    if np.isfinite(zero_s):
        clock = UtcClock(zero_s=zero_s, std_s=std_s, doubt=doubt, by_file=bool(by_file))
    return GpsFeature(
        clip=clip,
        source=source,
        times_s=times_s,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        time_std_s=time_std_s,
        clock=clock,
        speed=Fraction(int(arrays["speed"][0]), int(arrays["speed"][1])),
        track=track,
    )
