"""Sound of one piece at two tempos: a route through the music, not a moment."""

from clapless.signals.tempo.feature import TempoFeature
from clapless.signals.tempo.signal import TempoSignal

__all__ = ["TempoFeature", "TempoSignal"]
