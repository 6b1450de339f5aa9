"""What a user may ask of an export."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

Drift = Literal["auto", "none", "retime", "slices", "wav"]
Groups = Literal["one", "separate"]
Flavour = Literal["resolve", "premiere"]

DRIFTS: tuple[str, ...] = get_args(Drift)
GROUPS: tuple[str, ...] = get_args(Groups)
FLAVOURS: tuple[str, ...] = get_args(Flavour)

DEFAULT_START = "01:00:00:00"
"""Where programmes begin, so that there is room before them."""

SOURCE_START = "source"
"""The timeline shows the time of day of its first timecoded clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """Choices that hold for every format; a format refuses those it cannot hold.

    Parameters
    ----------
    drift
        How clock drift is carried: ``retime`` (a speed), ``none``, ``slices`` (frame slips),
        ``wav`` (new sound files), or what `clapless_otio.drift` calls ``auto``.
    groups
        One timeline for all groups, or one each.
    rate
        Frames per second of the timeline; None takes the camera's with the most synced time.
    start_timecode
        ``HH:MM:SS:FF`` or ``source``.
    include_check
        Whether clips to be checked take part in multicam clips.
    multicam
        Whether groups become multicam clips, where the format has them.
    flavour
        Whose reading an .otio is for: its retime convention, on whole frames. None keeps
        positions as exact as the format holds.
    format_version
        Of FCPXML.
    sound_folder
        Where new sound files go; beside the export where None.
    """

    drift: Drift = "auto"
    groups: Groups = "one"
    rate: Fraction | None = None
    start_timecode: str = DEFAULT_START
    include_check: bool = False
    multicam: bool = True
    flavour: Flavour | None = None
    format_version: str = "1.10"
    sound_folder: Path | None = None
