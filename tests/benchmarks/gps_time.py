"""Satellite time over generated receivers: errors, and whether the stated interval holds them.

Run with ``python tests/benchmarks/gps_time.py [PAIRS [SEED]]``. Lags of dates are drawn from gamma
distributions (GPS5: mean 0.5 s, spread 0.4; GPS9: 0.15, 0.15; loggers: whole seconds and 0 to 0.5),
one receiver in twelve lacks 2 or 18 leap seconds, one in four has its first fix while recording.
Riders of pairs that are compared by time alone ride apart; the others are one vehicle.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from clapless.media.gpmf import Telemetry
from clapless.media.tracks import TRACK_KEY
from clapless.model import Clip, Match, MediaFile
from clapless.signals.gps import GpsFeature, GpsSignal
from clapless.synth.receiver import Receiver, telemetry
from clapless.synth.ride import Ride, logged, ride
from clapless.synth.tracks import gpx_text

KINDS = (("GPS5", "GPS5"), ("GPS9", "GPS9"), ("GPS9", "GPS5"), ("GPS9", "GPX"))


def draw(rng: np.random.Generator, source: str) -> Receiver:
    mean, spread = (0.5, 0.4) if source == "GPS5" else (0.15, 0.15)
    shape = (mean / spread) ** 2
    late = bool(rng.random() < 0.25)
    lacks = bool(rng.random() < 1 / 12)
    fix_at_s = float(rng.uniform(3, 30)) if late else 0.0
    knows = fix_at_s + float(rng.uniform(5, 90)) if lacks and rng.random() < 0.5 else None
    return Receiver(
        source=source,
        rate_hz=float(rng.choice([10.0, 18.18])),
        latency_s=float(rng.uniform(0, 0.3)),
        lag_s=float(rng.gamma(shape, mean / shape)),
        ahead_s=float(rng.choice([2.0, 18.0])) if lacks else 0.0,
        leap_known_at_s=knows,
        fix_at_s=fix_at_s,
    )


def feature(
    name: str, way: Ride, source: str, start_s: float, duration_s: float, number: int
) -> GpsFeature:
    """Return what a camera gives that began to record at an event time.

    ``GPX``: its receiver never knew the time, and the user named a logger's track for the clip.
    """
    rng = np.random.default_rng((number, ord(name)))
    receiver = draw(rng, "GPS5" if source == "GPX" else source)
    taken = telemetry(way, receiver, start_s=start_s, duration_s=duration_s, seed=number)
    with tempfile.TemporaryDirectory() as folder:
        metadata = {}
        if source == "GPX":
            taken = without_dates(taken)
            track = Path(folder) / "ride.gpx"
            lag_s = float(rng.uniform(0, 0.5))
            track.write_text(
                gpx_text(logged(way, start_s=0.0, duration_s=390.0, seed=number, lag_s=lag_s))
            )
            metadata = {TRACK_KEY: str(track)}
        clip = Clip(
            id=name,
            name=name,
            files=(MediaFile(path=Path(f"{name}.mp4")),),
            duration_s=Fraction(int(duration_s)),
            metadata=metadata,
        )
        found = GpsSignal(reader=lambda _: taken).extractor(clip).finish()
    assert isinstance(found, GpsFeature), found
    return found


def without_dates(taken: Telemetry) -> Telemetry:
    (stream,) = taken.streams
    stated = {key: value for key, value in stream.stated.items() if key != "GPSU"}
    return replace(taken, streams=(replace(stream, stated=stated),))


def run(pairs: int, first: int) -> None:
    print(f"seeds {first} to {first + pairs - 1}")
    signal = GpsSignal()
    for together in (False, True):
        for sources in KINDS:
            errors, stds, sure = [], [], []
            for number in range(first, first + pairs):
                rng = np.random.default_rng((number, together, len(sources[0])))
                way = ride(number, 400.0)
                other = way if together else ride(number + 1_000_000, 400.0)
                offset_s = float(rng.uniform(-40, 40))
                a = feature("a", way, sources[0], 100.0, 150.0, number)
                b = feature("b", other, sources[1], 100.0 + offset_s, 120.0, number)
                found = signal.match(a, b)
                if isinstance(found, Match):
                    errors.append(found.offset_s - offset_s)
                    stds.append(found.offset_std_s)
                    sure.append(found.confidence)
            off, std = np.abs(errors), np.array(stds)
            right = off <= np.maximum(0.02, 3 * std)
            print(
                f"{'one vehicle' if together else 'apart':12s} {sources[0]}-{sources[1]}: "
                f"{len(off)} of {pairs} answered, error median {np.median(off):.3f} s, "
                f"P90 {np.quantile(off, 0.9):.3f}, interval {np.median(std):.3f} s, "
                f"holds {np.mean(off <= std):.0%}, within 3: {np.mean(right):.0%}, "
                f"mean confidence {np.mean(sure):.2f}"
            )


if __name__ == "__main__":
    run(
        int(sys.argv[1]) if len(sys.argv) > 1 else 120,
        int(sys.argv[2]) if len(sys.argv) > 2 else 100_000,
    )
