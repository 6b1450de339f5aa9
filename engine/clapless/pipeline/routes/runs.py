"""One run: its clip, and where it was when, on the clip's clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clapless.errors import ClaplessError, UsageError, printable_name
from clapless.media import fingerprint, scan
from clapless.media.tracks import TRACK_KEY, TRACK_SUFFIXES, Track, read_tracks
from clapless.model import Clip, MediaFile, Refusal
from clapless.signals.gps import GpsSignal
from clapless.signals.gps.feature import GpsFeature

Floats = NDArray[np.float64]

TRACK_STD_S = 0.15
"""How late a logger's positions may be on its own clock, which is clip time where the track is all
there is. Receivers fix at whole seconds and lag by 0.1 to 0.3 s, each model by its own."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Positions:
    """Where a run was.

    Parameters
    ----------
    times_s
        Clip time, strictly rising, shape (n,).
    lat_deg, lon_deg
        Shape (n,).
    time_std_s
        Standard deviation of all positions' place in clip time together.
    source
        ``GPX``, ``FIT``, ``GPS5`` or ``GPS9``.
    """

    times_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    time_std_s: float
    source: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Run:
    """A recording of a run.

    Parameters
    ----------
    clip
        The recording; of a track file alone, a clip without pictures or sound.
    positions
        None where nothing says where it was; `lacking` says why.
    lacking
        A clause for people.
    warning
        One sentence about the file, empty where it is whole.
    """

    clip: Clip
    positions: Positions | None
    lacking: str = ""
    warning: str = ""


def read_run(path: Path, *, track: Path | None, clip_id: str) -> Run:
    """Return the run that a media file or a track file holds.

    Parameters
    ----------
    path
        The file.
    track
        GPX or FIT file of a media file, None for its own receiver.
    clip_id
        Id its clip shall have.

    Raises
    ------
    UsageError
        A track file is given a second one.
    ClaplessError
        It cannot be read.
    """
    if path.suffix.lower() in TRACK_SUFFIXES:
        if track is not None:
            raise UsageError(
                f"{printable_name(path)} is a track file already: leave the other one out."
            )
        return _of_track(path, clip_id)
    catalog = scan([path])
    if not catalog.clips:
        if catalog.failures:
            raise ClaplessError(catalog.failures[0].reason)  # a sentence that names the file
        raise ClaplessError(f"{printable_name(path)} holds no recording.")
    clip = replace(catalog.clips[0], id=clip_id)
    if track is not None:
        clip = replace(clip, metadata={**clip.metadata, TRACK_KEY: str(track.absolute())})
    signal = GpsSignal()
    found = signal.extractor(clip).finish()
    if isinstance(found, Refusal):
        return Run(clip=clip, positions=None, lacking=found.reason)
    return Run(clip=clip, positions=_of_feature(found))


def _of_feature(feature: GpsFeature) -> Positions:
    times_s, kept = np.unique(feature.times_s, return_index=True)
    return Positions(
        times_s=times_s,
        lat_deg=feature.lat_deg[kept],
        lon_deg=feature.lon_deg[kept],
        time_std_s=feature.time_std_s,
        source=feature.source,
    )


def _of_track(path: Path, clip_id: str) -> Run:
    held = read_tracks(path)
    track = max(held.tracks, key=len)
    warning = held.warning
    if len(held.tracks) > 1:
        warning = (
            f"{warning} {printable_name(path)} holds {len(held.tracks)} tracks; the longest one "
            "was taken."
        ).strip()
    timed = track.timed and len(track) > 1
    duration_s = track.span_s[1] - track.span_s[0] if timed else 0.0
    exact = Fraction(round(duration_s * 1000), 1000)
    clip = Clip(
        id=clip_id,
        name=path.stem,
        kind="audio",
        files=(MediaFile(path=path.absolute(), duration_s=exact, fingerprint=fingerprint(path)),),
        duration_s=exact,
        metadata={"track": track.name} if track.name else {},
    )
    if not timed:
        return Run(clip=clip, positions=None, lacking="its track has no times", warning=warning)
    return Run(clip=clip, positions=_of_points(track, path), warning=warning)


def _of_points(track: Track, path: Path) -> Positions:
    return Positions(
        times_s=track.utc_s - track.utc_s[0],
        lat_deg=track.lat_deg,
        lon_deg=track.lon_deg,
        time_std_s=TRACK_STD_S,
        source="FIT" if path.suffix.lower() == ".fit" else "GPX",
    )
