"""Linear timecode heard on a channel of a clip."""

from clapless.signals.ltc.feature import LtcFeature
from clapless.signals.ltc.signal import LtcSignal

__all__ = ["LtcFeature", "LtcSignal"]
