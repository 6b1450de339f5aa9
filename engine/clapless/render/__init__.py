"""Media written out: sound at a corrected speed, and stretches of it."""

from clapless.render.corrected import correct_wav, cut_wav
from clapless.render.wav import WavWriter

__all__ = ["WavWriter", "correct_wav", "cut_wav"]
