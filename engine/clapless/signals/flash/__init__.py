"""Flashes that several cameras saw, timed by the rows of their rolling shutters."""

from clapless.signals.flash.feature import FlashFeature
from clapless.signals.flash.signal import FlashSignal

__all__ = ["FlashFeature", "FlashSignal"]
