"""GPX and FIT: the way a satellite receiver went."""

from clapless.media.tracks.attach import TRACK_BY_TIME, TRACK_KEY, Attached, attach
from clapless.media.tracks.model import Track, TrackFile
from clapless.media.tracks.reading import TRACK_SUFFIXES, read_tracks

__all__ = [
    "TRACK_BY_TIME",
    "TRACK_KEY",
    "TRACK_SUFFIXES",
    "Attached",
    "Track",
    "TrackFile",
    "attach",
    "read_tracks",
]
