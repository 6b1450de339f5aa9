"""Source timecode and time references of jam-synced devices."""

from clapless.signals.timecode.signal import TimecodeFeature, TimecodeSignal

__all__ = ["TimecodeFeature", "TimecodeSignal"]
