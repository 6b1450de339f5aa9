"""Scenery: two runs of one route known by what they pass."""

from clapless.signals.scenery.answer import scenery_gaps
from clapless.signals.scenery.feature import SceneryFeature
from clapless.signals.scenery.signal import ScenerySignal

__all__ = ["SceneryFeature", "ScenerySignal", "scenery_gaps"]
