"""Edit lists: which part of a track is presented, and when.

References
----------
ISO/IEC 14496-12, section 8.6.6 (elst).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One entry of an edit list.

    Parameters
    ----------
    start_s
        Presentation time at which it begins.
    duration_s
        How long it lasts; 0 in a last entry means to the end.
    media_s
        Media time that is presented at `start_s`; None for nothing at all.
    """

    start_s: Fraction
    duration_s: Fraction
    media_s: Fraction | None


def presented(
    starts: NDArray[np.int64],
    durations: NDArray[np.int64],
    scale: int,
    edits: tuple[Edit, ...],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return when each sample is presented, and whether it is at all.

    A sample that begins before its edit but reaches into it is presented from before the edit.

    Parameters
    ----------
    starts, durations
        Of each sample in ticks, shape (n,).
    scale
        Ticks per second.
    edits
        In order; none means that everything is presented as it is.

    Returns
    -------
    times_s, shown
        Presentation time in seconds, and whether it is presented; shape (n,).
    """
    played = [edit for edit in edits if edit.media_s is not None]
    if not played:
        return starts / scale, np.ones(starts.size, np.bool_)
    times_s = np.zeros(starts.size)
    shown = np.zeros(starts.size, np.bool_)
    for edit in played:
        assert edit.media_s is not None
        begin = float(edit.media_s * scale)
        last = edit is edits[-1]
        end = np.inf if last and edit.duration_s == 0 else begin + float(edit.duration_s * scale)
        inside = (starts + durations > begin) & (starts < end) & ~shown
        times_s[inside] = (starts[inside] - begin) / scale + float(edit.start_s)
        shown |= inside
    return times_s, shown
