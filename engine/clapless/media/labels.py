"""Which timecode a clip begins with, of all the places where one may be written.

Conventions
-----------
`Clip.start_timecode` labels clip time 0. Its rate is the picture's, or half or a quarter of it
where the label counts fewer frames; drop frame is believed only at rates that have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from clapless.media.mp4_notes import TimecodeTrack
from clapless.timing import Timecode, may_drop, nominal_rate, round_half_up, snap_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A start timecode.

    Parameters
    ----------
    text
        HH:MM:SS:FF, ``;`` where frames are dropped.
    rate
        Exact frames that it counts per second.
    """

    text: str
    rate: Fraction


def label_of_track(track: TimecodeTrack, frame_rate: Fraction | None, zero_s: Fraction) -> Label:
    """Return the label at clip time 0 of a timecode track.

    Parameters
    ----------
    track
        Its first label.
    frame_rate
        Of the picture, None without one.
    zero_s
        Clip time 0, in the file's own time.
    """
    rate = counting_rate(track.rate, frame_rate)
    shift = round_half_up((zero_s - track.start_s) * rate)
    day = nominal_rate(rate) * 86400
    drop = track.drop_frame and may_drop(rate)
    if drop:
        day -= nominal_rate(rate) // 15 * (24 * 60 - 24 * 6)
    return Label(text=str(Timecode((track.frame + shift) % day, rate, drop)), rate=rate)


def label_of_text(
    text: str, frame_rate: Fraction | None, *, counted: Fraction | int | None = None
) -> Label | None:
    """Return a label that is written as text, or None where it is none at any rate known.

    Parameters
    ----------
    text
        HH:MM:SS:FF.
    frame_rate
        Of the picture, None without one.
    counted
        Frames the label counts per second, where that is written.
    """
    if counted is not None:
        rate = counting_rate(Fraction(counted), frame_rate)
    elif frame_rate is not None:
        rate = frame_rate
    else:
        return None
    try:
        return Label(text=str(Timecode.parse(text, rate)), rate=rate)
    except ValueError:
        return None


def label_of_reference(samples: int, rate_hz: int, rate: Fraction, *, drop_frame: bool) -> Label:
    """Return the label of a recorder's time reference: samples since midnight."""
    drop = drop_frame and may_drop(rate)
    return Label(
        text=str(Timecode.at(Fraction(samples, rate_hz), rate, drop_frame=drop)), rate=rate
    )


def counting_rate(written: Fraction, frame_rate: Fraction | None) -> Fraction:
    """Return the exact rate a label counts at.

    A file of 29.97 frames may say that it counts 30, and one of 59.94 that it counts 30.

    >>> counting_rate(Fraction(30), Fraction(60000, 1001))
    Fraction(30000, 1001)
    """
    for divisor in (1, 2, 4):
        if frame_rate is not None and nominal_rate(frame_rate / divisor) == nominal_rate(written):
            return frame_rate / divisor
    return snap_rate(written)
