"""Satellite time, and the movement over ground that satellites saw."""

from clapless.signals.gps.feature import GpsFeature
from clapless.signals.gps.signal import GpsSignal

__all__ = ["GpsFeature", "GpsSignal"]
