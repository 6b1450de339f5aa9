"""Kinds of evidence, one folder each."""

from __future__ import annotations

from clapless.signals.audio import AudioSignal
from clapless.signals.base import Signal
from clapless.signals.flash import FlashSignal
from clapless.signals.gps import GpsSignal
from clapless.signals.ltc import LtcSignal
from clapless.signals.motion import MotionSignal
from clapless.signals.picture import PictureSignal
from clapless.signals.scenery import ScenerySignal
from clapless.signals.shake import ShakeSignal
from clapless.signals.tempo import TempoSignal
from clapless.signals.timecode import TimecodeSignal

SIGNALS: tuple[Signal, ...] = (
    AudioSignal(),
    MotionSignal(),
    LtcSignal(),
    TimecodeSignal(),
    GpsSignal(),
    FlashSignal(),
    PictureSignal(),
    ShakeSignal(),
    ScenerySignal(),
    TempoSignal(),
)
"""Every kind of evidence there is, in the order they are tried. Those that prove a route and not a
moment are used by `align` alone."""
