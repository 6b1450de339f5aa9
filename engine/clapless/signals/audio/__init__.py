"""Sound that two clips have in common."""

from clapless.signals.audio.feature import AudioFeature
from clapless.signals.audio.signal import AudioSignal, match_arrays

__all__ = ["AudioFeature", "AudioSignal", "match_arrays"]
