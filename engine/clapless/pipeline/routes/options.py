"""What the user can ask of an alignment of two runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a map must reach to be called synced; less than that is `check`.

    Each is asked where the evidence has something to say to it. Judgement: a map that is right
    passes with room to spare, and one that is wrong in a stretch fails.

    Parameters
    ----------
    least_on_route
        Share of the new run's places that lie on the reference, by satellites.
    most_apart_m
        Median distance of the two runs' places, by satellites.
    least_coverage
        Share of the new run's duration that the map answers for.
    least_inliers
        Points that the usual picture has in common with the reference's, by scenery.
    least_inlier_share
        Share of single places (or moments of music) that the map goes through.
    most_mae_s, most_p50_s, most_p90_s, most_p95_s
        Mean, median and percentiles of how far those places lie from the map, in seconds.
    most_unsure_s
        Nine in ten knots are at most this unsure, in seconds.
    most_ppm
        How far the pace of the longest stretch may be from the reference's, in parts per million;
        None for any. It is for recordings that should run alike: two riders never do.
    """

    least_on_route: float = 0.5
    most_apart_m: float = 15.0
    least_coverage: float = 0.25
    least_inliers: float = 15.0
    least_inlier_share: float = 0.5
    most_mae_s: float = 1.0
    most_p50_s: float = 1.0
    most_p90_s: float = 2.0
    most_p95_s: float = 3.0
    most_unsure_s: float = 3.0
    most_ppm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignOptions:
    """What the user asked for.

    Parameters
    ----------
    ref_gpx, new_gpx
        Track files (GPX, FIT) of the reference and of the new run; None for what the recordings
        hold themselves.
    anchors
        Pairs (t_ref_s, t_new_s) that the user knows to be one place.
    gates
        Thresholds of the verdicts.
    signals
        Evidence to use, of ``gps``, ``tempo`` and ``scenery``, all of those named; None for what
        the files have, cheap first: satellites, else music, and scenery of videos without music
        in common.
    """

    ref_gpx: Path | None = None
    new_gpx: Path | None = None
    anchors: tuple[tuple[float, float], ...] = ()
    gates: Gates = field(default_factory=Gates)
    signals: tuple[str, ...] | None = None
