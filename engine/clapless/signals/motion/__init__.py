"""Movement that two rigidly mounted cameras have in common, felt by their sensors."""

from clapless.signals.motion.feature import MotionFeature
from clapless.signals.motion.signal import MotionSignal

__all__ = ["MotionFeature", "MotionSignal"]
