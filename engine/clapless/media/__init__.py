"""Reading media: files become clips and streams."""

from clapless.media.catalog import Catalog, scan
from clapless.media.finding import MEDIA_SUFFIXES, Failure
from clapless.media.fingerprint import fingerprint
from clapless.media.frames import frame_blocks
from clapless.media.kept_indexes import adopt_sound_indexes, sound_indexes
from clapless.media.kept_sounds import KeptSound, keep_sound, keeping_sounds, kept_sound
from clapless.media.probe import probe
from clapless.media.reader import ANALYSIS_RATE_HZ, ReadResult, read_mono, read_once, sound_blocks
from clapless.media.reading import (
    Block,
    FrameBlock,
    FrameWish,
    Need,
    SoundBlock,
    SoundWindows,
    Subscriber,
    TelemetryBlock,
)
from clapless.media.windows import ClipSound, open_sound

__all__ = [
    "ANALYSIS_RATE_HZ",
    "MEDIA_SUFFIXES",
    "Block",
    "Catalog",
    "ClipSound",
    "Failure",
    "FrameBlock",
    "FrameWish",
    "KeptSound",
    "Need",
    "ReadResult",
    "SoundBlock",
    "SoundWindows",
    "Subscriber",
    "TelemetryBlock",
    "adopt_sound_indexes",
    "fingerprint",
    "frame_blocks",
    "keep_sound",
    "keeping_sounds",
    "kept_sound",
    "open_sound",
    "probe",
    "read_mono",
    "read_once",
    "scan",
    "sound_blocks",
    "sound_indexes",
]
