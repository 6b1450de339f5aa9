"""Clips that run at another speed, by an exact fraction.

A recording labelled at the wrong sample rate, or conformed from 24 to 25 frames per second, is
brought back to its own speed first; everything else is then as usual.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from clapless.model import Clip, Match
from clapless.numerics.sound import SampleSource, StretchedSound
from clapless.signals.audio.feature import LEVEL_FRAMES, AudioFeature
from clapless.timing import Segment, TimeMap

TRADE_SPEEDS: tuple[Fraction, ...] = (
    Fraction(1001, 1000),
    Fraction(1000, 1001),
    Fraction(25, 24),
    Fraction(24, 25),
    Fraction(25 * 1001, 24000),
    Fraction(24000, 25 * 1001),
    Fraction(48000, 44100),
    Fraction(44100, 48000),
)
"""Speeds that devices and edits go wrong by."""

CAUSES: dict[Fraction, str] = {
    Fraction(1001, 1000): "pulled up by 0.1 %, as from 23.976 to 24 frames per second",
    Fraction(1000, 1001): "pulled down by 0.1 %, as from 24 to 23.976 frames per second",
    Fraction(25, 24): "slowed down, as 25 frames per second played at 24",
    Fraction(24, 25): "sped up, as 24 frames per second played at 25",
    Fraction(25 * 1001, 24000): "slowed down, as 25 frames per second played at 23.976",
    Fraction(24000, 25 * 1001): "sped up, as 23.976 frames per second played at 25",
    Fraction(48000, 44100): "recorded at 48 kHz and labelled 44.1 kHz",
    Fraction(44100, 48000): "recorded at 44.1 kHz and labelled 48 kHz",
}
"""What each of them usually comes from: the rate is that of the clip's own clock."""


def at_own_speed(feature: AudioFeature, speed: Fraction) -> AudioFeature:
    """Return a clip's feature on the clock it was recorded by: clip time divided by `speed`."""
    rate = float(speed)
    count = int(feature.frames / rate)
    # Frame i is centred at origin + (i + 1) frames.
    wanted = np.rint(np.arange(1, count + 1) * rate).astype(np.int64) - 1
    levels = max(1, count // LEVEL_FRAMES)
    places = np.rint(np.arange(levels) * rate).astype(np.int64)
    last = max(len(feature.level_db) - 1, 0)
    opener = feature.opener

    def open_stretched(clip: Clip, stream: int, channel: int) -> SampleSource:
        return StretchedSound(opener(clip, stream, channel), speed)

    return replace(
        feature,
        origin_s=feature.origin_s / rate,
        changes=feature.changes[:, np.clip(wanted, 0, feature.frames - 1)],
        level_db=feature.level_db[np.clip(places, 0, last)],
        claps_s=feature.claps_s / rate,
        opener=open_stretched,
        cache={},
    )


def with_speed(match: Match, speed: Fraction) -> Match:
    """Return a match of a clip brought to its own speed as one of the clip as it is."""
    rate = float(speed)
    details = dict(match.details)
    for name in ("window_t_s", "jumps_s"):
        times = details.get(name)
        if isinstance(times, list):
            details[name] = [t * rate for t in times]
    details["cause"] = CAUSES.get(speed, f"plays at {speed} of its own speed")
    time_map = match.time_map
    if time_map is not None:
        time_map = TimeMap(
            tuple(
                Segment(tuple((t * rate, at) for t, at in segment.knots), segment.std_s)
                for segment in time_map.segments
            )
        )
    return replace(
        match,
        speed=speed,
        pivot_s=match.pivot_s * rate,
        spans_s=tuple((start * rate, end * rate) for start, end in match.spans_s),
        time_map=time_map,
        details=details,
    )
