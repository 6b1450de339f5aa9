"""Which track a clip was filmed on, and when on it.

A camera without a receiver says only when its file was made, to the second, by a clock that people
set, often in local time under the name of UTC. So a track attached by time tells where a clip was,
and not which moment: its interval says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clapless.media.tracks.model import Track

TRACK_KEY = "track"
"""Key of `Clip.metadata` with the path of a clip's track."""

TRACK_BY_TIME = "track_by"
"""Key of `Clip.metadata` beside it where nobody named the track for the clip: by what it was
found."""

FILE_TIME_STD_S = 2.0
"""File times are whole or even seconds, written some time after the first frame."""

SAME_LENGTH_S = 3.0
"""A track as long as the clip to within this was made from it."""

ZONE_STEP_S = 900.0
"""Time zones lie on quarters of an hour."""

ZONES = range(-14 * 4, 14 * 4 + 1)
"""Quarters of an hour that zones reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A track and where a clip lies on it.

    Parameters
    ----------
    track
        The track.
    start_utc_s
        Time on the track's clock at clip time 0.
    std_s
        Its standard deviation.
    zone_s
        What was added to the file's time to meet the track.
    by
        ``file time``, ``zone`` (file time in local time) or ``length`` (the track is the clip's).
    """

    track: Track
    start_utc_s: float
    std_s: float
    zone_s: float = 0.0
    by: str = "file time"


def attach(
    tracks: Sequence[Track], *, created_s: float | None, duration_s: float
) -> Attached | None:
    """Return the track that covers a clip, or None where none does or several could.

    Parameters
    ----------
    tracks
        Candidates; those without times are left out.
    created_s
        When the file says it was made, in seconds since 1970.
    duration_s
        Length of the clip.
    """
    timed = [track for track in tracks if track.timed]
    if created_s is not None:
        for zones in (range(1), ZONES):
            fits = [
                (track, zone * ZONE_STEP_S)
                for track in timed
                for zone in zones
                if _covers(track, created_s + zone * ZONE_STEP_S, duration_s)
            ]
            if len(fits) == 1:
                track, zone_s = fits[0]
                return Attached(
                    track=track,
                    start_utc_s=created_s + zone_s,
                    std_s=FILE_TIME_STD_S,
                    zone_s=zone_s,
                    by="zone" if zone_s else "file time",
                )
            if fits:
                return None
    own = [t for t in timed if abs(t.span_s[1] - t.span_s[0] - duration_s) <= SAME_LENGTH_S]
    if len(own) == 1 and duration_s > 2 * SAME_LENGTH_S:
        return Attached(
            track=own[0], start_utc_s=own[0].span_s[0], std_s=FILE_TIME_STD_S / 2, by="length"
        )
    return None


def _covers(track: Track, start_s: float, duration_s: float) -> bool:
    first, last = track.span_s
    return first - FILE_TIME_STD_S <= start_s and start_s + duration_s <= last + FILE_TIME_STD_S
