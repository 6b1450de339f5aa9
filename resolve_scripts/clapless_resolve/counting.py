"""Frames of a file as Resolve counts them, and whether they are the file's own."""

from __future__ import annotations

from fractions import Fraction

from clapless_otio.cut import Media
from clapless_resolve.reading import PoolClip

RATES_APART = Fraction(5, 10_000)
"""23.976 and 24 are twice as far apart."""

LENGTHS_APART = Fraction(2, 10_000)
"""Longest difference between what Resolve counts of a file and what it lasts, by its length: a
92-minute WAV that was 0.97 permille short in Resolve is on record."""


def floor_frames(frames: int, source_rate: Fraction, rate: Fraction) -> int:
    """Return the timeline frames that Resolve makes of source frames.

    >>> floor_frames(24, Fraction(25), Fraction(24))
    23
    """
    return int(frames * rate / source_rate)


def whole_source_frames(length: int, source_rate: Fraction, rate: Fraction) -> int:
    """Return the source frames that become `length` timeline frames, or the most that are less.

    >>> whole_source_frames(23, Fraction(25), Fraction(24))
    24
    """
    frames = -int(-length * source_rate // rate)
    return frames if floor_frames(frames, source_rate, rate) <= length else frames - 1


def miscounted(clip: PoolClip, media: Media) -> str:
    """Return why frames that Resolve counts are no time of the file; empty where they are."""
    if clip.picture:
        # How Resolve counts frames that come as they please is not known.
        known = media.rate and not media.variable_frame_rate
        if known and media.rate and abs(clip.rate / media.rate - 1) > RATES_APART:
            return (
                f"Resolve plays it at {float(clip.rate):g} frames per second, and it was recorded "
                f"at {float(media.rate):g}. Set its frame rate back in Clip Attributes."
            )
        return ""
    counted_s = clip.frames / clip.rate
    slack_s = 2 / clip.rate + media.duration_s * LENGTHS_APART
    if media.duration_s and abs(counted_s - media.duration_s) > slack_s:
        return (
            f"Resolve counts {float(counted_s):.2f} s of it, and it lasts "
            f"{float(media.duration_s):.2f} s. Import it anew, or export a timeline file for it."
        )
    return ""
