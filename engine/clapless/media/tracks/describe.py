"""A way in words, for people."""

from __future__ import annotations

import numpy as np

from clapless.media.tracks.model import Track
from clapless.numerics.routes import project


def describe_track(track: Track) -> str:
    """Return one line: name, positions, length of the way, when it was, how often it was logged.

    Parameters
    ----------
    track
        The track.
    """
    middle = float(np.median(track.lat_deg)), float(np.median(track.lon_deg))
    places = project(track.lat_deg, track.lon_deg, origin=middle)
    metres = float(np.linalg.norm(np.diff(places, axis=0), axis=1).sum())
    said = f"{track.name or 'track'}: {len(track)} positions, {metres / 1000:.2f} km"
    if not track.timed:
        return f"{said}, without times"
    first, last = (np.datetime64(round(time * 1000), "ms") for time in track.span_s)
    step_s = float(np.median(np.diff(track.utc_s))) if len(track) > 1 else 0.0
    return f"{said}, {first} to {last} UTC, a position every {step_s:.1f} s"
