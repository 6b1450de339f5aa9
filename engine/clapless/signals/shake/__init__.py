"""The shake of a camera, seen in its picture, against a gyroscope or another camera's shake."""

from clapless.signals.shake.feature import ShakeFeature
from clapless.signals.shake.signal import ShakeSignal

__all__ = ["ShakeFeature", "ShakeSignal"]
