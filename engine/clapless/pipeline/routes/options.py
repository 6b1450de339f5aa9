"""What the user can ask of an alignment of two runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a map must reach to be called synced; less than that is `check`.

    Parameters
    ----------
    least_on_route
        Share of the new run that lies on the reference.
    most_apart_m
        Median distance of the two runs' places.
    most_p90_s
        Nine in ten knots are at most this unsure, in seconds.
    """

    least_on_route: float = 0.5
    most_apart_m: float = 15.0
    most_p90_s: float = 3.0


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
