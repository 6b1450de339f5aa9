"""Shooting order and the choice of a reference: names and file times order, and never decide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from clapless.model import Clip

_DIGITS = re.compile(r"(\d+)")

_LABELLED = Fraction(48000, 44100)
"""A 48 kHz recording labelled 44.1 kHz: an error that recorders make and cameras do not."""


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts C9 before C10.

    >>> sorted(["C10", "C9", "c1"], key=natural_key)
    ['c1', 'C9', 'C10']
    """
    parts = _DIGITS.split(name.casefold())
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)


def shooting_key(clip: Clip) -> tuple[object, ...]:
    """Return what orders clips as they were shot, as far as files tell: time, label, name."""
    created = clip.metadata.get("creation_time", "")
    label = clip.start_timecode or ""
    return (created or "9999", label, natural_key(clip.name), clip.id)


def shooting_order(clips: Iterable[Clip]) -> list[Clip]:
    """Return clips sorted by creation time, then timecode label, then name, numbers as numbers."""
    return sorted(clips, key=shooting_key)


def choose_reference(
    clips: Sequence[Clip],
    speeds: Mapping[str, Fraction],
    *,
    jumping: frozenset[str],
    named: Sequence[str] = (),
) -> str:
    """Return the id of the clip whose clock a group uses.

    The longest separate recording (a recorder has sound alone), else the longest clip; not one
    that plays off speed or jumps, unless the user named it or there is no other.

    Parameters
    ----------
    clips
        The group's clips.
    speeds
        Speed by trade of each clip against any one of them, by id.
    jumping
        Ids of clips with a jump.
    named
        Ids the user named, the most wanted first.
    """
    held = {clip.id: clip for clip in clips}
    for wanted in named:
        if wanted in held:
            return wanted
    steady = [clip for clip in clips if clip.id not in jumping] or list(clips)
    speed = _usual_speed(steady, speeds)
    steady = [clip for clip in steady if speeds[clip.id] == speed]
    return min(steady, key=_rank).id


def ranks_before(one: Clip, two: Clip, named: Sequence[str] = ()) -> bool:
    """Return whether `one` comes before `two` as a reference."""
    if (one.id in named) != (two.id in named):
        return one.id in named
    return _rank(one) < _rank(two)


def _rank(clip: Clip) -> tuple[object, ...]:
    return (clip.kind != "audio", -clip.duration_s, shooting_key(clip))


def _usual_speed(clips: Sequence[Clip], speeds: Mapping[str, Fraction]) -> Fraction:
    """Return the speed most devices share; between equals the one whose clips bear no mark."""
    classes: dict[Fraction, list[Clip]] = {}
    for clip in clips:
        classes.setdefault(speeds[clip.id], []).append(clip)
    votes = {
        speed: len({clip.device or f"clip {clip.id}" for clip in held})
        for speed, held in classes.items()
    }
    tied = {s: held for s, held in classes.items() if votes[s] == max(votes.values())}
    if len(tied) == 1:
        return next(iter(tied))

    def strangeness(speed: Fraction) -> tuple[object, ...]:
        held = tied[speed]
        ratios = {speed / other for other in tied if other != speed}
        relabelled = bool(ratios & {_LABELLED, 1 / _LABELLED})
        return (
            any(clip.capture_rate not in (None, clip.frame_rate) for clip in held),
            any((clip.kind == "audio") == relabelled for clip in held),
            min(_rank(clip) for clip in held),
        )

    return min(tied, key=strangeness)
