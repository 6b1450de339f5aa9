"""What a camera's satellite receiver makes of a ride.

Receivers are wrong in the ways that real ones are: places wander by metres, dates lag, leap seconds
come late, the first fix comes late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from clapless.media.gpmf import Telemetry, TelemetryStream
from clapless.synth.ride import Ride

Floats = NDArray[np.float64]

EPOCH_2000_S = 946_684_800.0
BATTERY_CHANGE_S = 1_445_126_414.0
"""2015-10-18: the date that cameras write which do not know better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """How a receiver errs.

    Parameters
    ----------
    source
        ``GPS5`` or ``GPS9``.
    rate_hz
        Positions per second.
    wander_m, noise_m
        Slow and quick errors of place, in metres.
    latency_s
        How late positions are in clip time.
    lag_s
        How late dates are: they say less than it is.
    ahead_s
        Leap seconds it does not know yet: dates say more than it is.
    leap_known_at_s
        Clip time at which it learns them; None is never in this clip.
    fix_at_s
        Clip time of the first fix.
    """

    source: str = "GPS5"
    rate_hz: float = 18.18
    wander_m: float = 2.0
    noise_m: float = 0.05
    latency_s: float = 0.1
    lag_s: float = 0.4
    ahead_s: float = 0.0
    leap_known_at_s: float | None = None
    fix_at_s: float = 0.0


def telemetry(
    way: Ride, receiver: Receiver, *, start_s: float, duration_s: float, seed: int
) -> Telemetry:
    """Return what a camera's telemetry says that began to record at an event time."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(0.0, duration_s, 1 / receiver.rate_hz)
    count = len(times_s)
    places = way.at(start_s + times_s - receiver.latency_s)
    slow = gaussian_filter1d(rng.standard_normal((count, 2)), 20 * receiver.rate_hz, axis=0)
    places = places + slow / (slow.std() + 1e-9) * receiver.wander_m
    places += receiver.noise_m * rng.standard_normal((count, 2))
    lat, lon = way.degrees(places)
    fixed = times_s >= receiver.fix_at_s
    ahead = np.full(count, receiver.ahead_s)
    if receiver.leap_known_at_s is not None:
        ahead[times_s >= receiver.leap_known_at_s] = 0.0
    dates = way.utc_s + start_s + times_s - receiver.lag_s + ahead
    dates = np.where(fixed, dates, BATTERY_CHANGE_S + times_s)
    lat, lon = np.where(fixed, lat, 0.0), np.where(fixed, lon, 0.0)
    fix = np.where(fixed, 3.0, 0.0)
    still = np.zeros(count)
    starts = np.arange(0.0, duration_s, 1.001)
    first = np.searchsorted(times_s, starts)
    first = first[first < count]
    columns = [lat, lon, still, still, still]
    stated: dict[str, Floats] = {}
    if receiver.source == "GPS9":
        days = np.floor((dates - EPOCH_2000_S) / 86400)
        columns += [days, dates - EPOCH_2000_S - days * 86400, np.full(count, 2.0), fix]
    else:
        jitter = rng.normal(0.0, 0.02, len(first))
        stale = np.zeros(len(first))
        stale[0] = rng.uniform(0.0, 1.5)
        stated["GPSU"] = dates[first] + jitter - stale
        stated["GPSF"] = fix[first]
        stated["GPSP"] = np.where(fixed[first], 200.0, 9999.0)
    stream = TelemetryStream(
        device_id=1,
        device="Camera",
        key=receiver.source,
        times_s=times_s,
        values=np.stack(columns, axis=-1),
        rate_hz=receiver.rate_hz,
        time_std_s=0.005,
        payload_first=first.astype(np.int64),
        payload_time_s=starts[: len(first)],
        stated=stated,
        stamps_s=np.full(len(first), np.nan),
    )
    return Telemetry(streams=(stream,))
