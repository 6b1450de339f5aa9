"""From matches and refusals to groups of placements."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from clapless.model import Clip, Device, Group, Marker, Match, Pin, Refusal
from clapless.solve.devices import split_devices
from clapless.solve.job import Job
from clapless.solve.pins import marker_pins
from clapless.solve.solution import Solution

TRADE_SPEEDS: tuple[Fraction, ...] = (
    Fraction(1001, 1000),
    Fraction(1000, 1001),
    Fraction(25, 24),
    Fraction(24, 25),
    Fraction(48000, 44100),
    Fraction(44100, 48000),
)
"""Speeds that the trade makes: 23.976 as 24, 24 as 25, 44.1 kHz as 48, and back."""

MAX_REPAIRS = 6
"""How often devices may be split, or edges that the common solution contradicts taken out."""


def solve(
    clips: Sequence[Clip],
    devices: Sequence[Device],
    matches: Sequence[Match],
    refusals: Sequence[Refusal],
    *,
    pins: Sequence[Pin] = (),
    markers: Sequence[Marker] = (),
    reference: str | None = None,
    playback: str | None = None,
    finished: Sequence[Group] = (),
    late_signals: Collection[str] = (),
    joint_signals: Collection[str] = (),
    trusted_signals: Collection[str] = (),
    distances_m: Mapping[str, float] | None = None,
    speeds: Sequence[Fraction] = TRADE_SPEEDS,
) -> Solution:
    """Place every clip that the evidence holds, and say why the others have no place.

    Parameters
    ----------
    clips
        All clips.
    devices
        All devices that the clips name.
    matches, refusals
        What the signals answered, at most one match per pair of clips and signal.
    pins
        The user's words, by clip id.
    markers
        Equal names on two clips pin them.
    reference
        Id of the clip whose clock its group shall use.
    playback
        Id of the song on which each take is placed alone.
    finished
        Groups that stay; clips join them, and two of them never become one.
    late_signals
        Signals that hear: distance delays them.
    joint_signals
        Signals that judge many clips at once: their answers agree with each other by making.
    trusted_signals
        Signals whose ceiling does not hold, since the user named them.
    distances_m
        Device id -> metres from the source of sound.
    speeds
        Speeds by trade that pins may show.

    Returns
    -------
    Solution
        The same whatever the order of clips, matches and refusals.

    Raises
    ------
    UsageError
        Pins contradict each other.
    ValueError
        A match, refusal or pin names a clip that was not given.

    Examples
    --------
    >>> from pathlib import Path
    >>> from clapless.model import MediaFile
    >>> def clip(name, seconds):
    ...     files = (MediaFile(path=Path(name)),)
    ...     return Clip(id=name, name=name, files=files, duration_s=Fraction(seconds))
    >>> found = Match(a="c1", b="c2", signal="audio", offset_s=12.0, drift_std_ppm=1.0,
    ...               offset_std_s=1e-4, confidence=0.99)
    >>> solution = solve([clip("c1", 60), clip("c2", 20)], [], [found], [])
    >>> [(p.clip, round(p.offset_s, 3), p.status) for p in solution.groups[0].placements]
    [('c1', 0.0, 'synced'), ('c2', 12.0, 'synced')]
    """
    job = Job(
        clips=tuple(sorted(clips, key=lambda c: c.id)),
        devices=tuple(devices),
        matches=tuple(matches),
        refusals=tuple(refusals),
        pins=(*pins, *marker_pins(markers)),
        named=tuple(n for n in (reference, playback) if n is not None),
        playback=playback,
        finished=_released(finished, pins),
        late=frozenset(late_signals),
        joint=frozenset(joint_signals),
        trusted=frozenset(trusted_signals),
        distances_m=dict(distances_m or {}),
        speeds=tuple(speeds),
    )
    job.check_ids()
    barred: frozenset[int] = frozenset()
    notes: list[str] = []
    for repairs in itertools.count():
        pieces, formed = job.form(barred)
        if repairs == MAX_REPAIRS:
            solved, lines, _ = job.lines(pieces, formed)
            break
        proven = job.proven_overlaps(pieces, formed)
        if proven:
            split = split_devices(job.clips, job.devices, proven)
            job = dataclasses.replace(job, clips=split.clips, devices=split.devices)
            notes += split.notes
            continue
        solved, lines, contradicted = job.lines(pieces, formed)
        if not contradicted:
            break
        barred |= contradicted
    return job.solution(pieces, solved, lines, notes, [c.id for c in clips])


def _released(finished: Sequence[Group], pins: Sequence[Pin]) -> tuple[Group, ...]:
    """Return the finished groups without the placements that new pins speak of."""
    pinned = {clip for pin in pins for clip in (pin.a, pin.b)}
    released = []
    for group in finished:
        kept = tuple(
            p for p in group.placements if p.clip == group.reference or p.clip not in pinned
        )
        released.append(dataclasses.replace(group, placements=kept))
    return tuple(released)
