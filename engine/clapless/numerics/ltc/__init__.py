"""Linear timecode (SMPTE ST 12-1): sound in, labels and their exact times out."""

from clapless.numerics.ltc.bits import pack, unpack, valid
from clapless.numerics.ltc.decoder import LtcDecoder, decode
from clapless.numerics.ltc.frames import LtcFrames
from clapless.numerics.ltc.runs import LtcRun, find_runs

__all__ = ["LtcDecoder", "LtcFrames", "LtcRun", "decode", "find_runs", "pack", "unpack", "valid"]
