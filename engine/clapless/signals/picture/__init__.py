"""Movement in the pictures: what moves, moves in all views at the same time."""

from clapless.signals.picture.feature import PictureFeature
from clapless.signals.picture.signal import PictureSignal

__all__ = ["PictureFeature", "PictureSignal"]
