"""The satellite signal's clips for the contract: two cameras on one rider, and another day."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from clapless.media.gpmf import Telemetry
from clapless.model import Clip, MediaFile
from clapless.signals.gps import GpsFeature, GpsSignal
from clapless.synth.receiver import Receiver, telemetry
from clapless.synth.ride import Ride, ride
from tests.signals.contract import Example

WAY = ride(3, 500.0)
SECONDS = 180.0


def clip_of(name: str) -> Clip:
    return Clip(
        id=name,
        name=name,
        files=(MediaFile(path=Path(f"{name}.mp4")),),
        duration_s=Fraction(int(SECONDS)),
        metadata={"track": ""},
    )


def finish(name: str, said: Telemetry) -> object:
    return GpsSignal(reader=lambda _: said).extractor(clip_of(name)).finish()


def feature(name: str, way: Ride, start_s: float, *, seed: int) -> GpsFeature:
    said = telemetry(way, Receiver(), start_s=start_s, duration_s=SECONDS, seed=seed)
    found = finish(name, said)
    assert isinstance(found, GpsFeature)
    return found


def example() -> Example:
    other = ride(4, 500.0)
    tomorrow = replace(other, utc_s=other.utc_s + 86400.0)
    return Example(
        signal=NearSignal(),
        a=feature("a", WAY, 100.0, seed=1),
        b=feature("b", WAY, 131.7, seed=2),
        offset_s=31.7,
        drift_ppm=0.0,
        later_b=lambda shift_s: feature("b", WAY, 131.7 + shift_s, seed=2),
        tolerance_s=0.25,
        unrelated=feature("c", tomorrow, 110.0, seed=3),
        empty=lambda: finish("d", Telemetry()),
        clip=clip_of("a"),
    )


class NearSignal(GpsSignal):
    """The signal, taking clips in memory for cameras with a receiver."""

    def applies_to(self, clip: Clip) -> bool:
        return clip.id in "abcd"
