"""What everything in Clapless speaks of, as frozen dataclasses.

Conventions
-----------
* Clip time is 0 at the clip's first presented video frame (first sample without a picture).
* ``t_group = offset_s + t_clip / (speed * (1 + drift_ppm * 1e-6))``. `offset_s` > 0: the clip
  starts later than the reference. `drift_ppm` > 0: the clip's clock is fast.
* A `Match` is the same formula with clip `a` as the group and `b` as the clip.
* ``std(t)^2 = offset_std_s^2 + ((t - pivot_s) * drift_std_ppm * 1e-6)^2`` with t and `pivot_s` in
  the time of the clip that is placed (`b` of a match).
* Durations and rates that are exact are `fractions.Fraction`; measured time is float seconds.
* `extra` holds keys of a document this version does not know, so that they survive rewriting.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

from clapless.timing import TimeMap

FileRole = Literal["main", "chapter", "parallel", "backup", "proxy"]
Status = Literal["synced", "check", "manual"]
Ceiling = Literal["check"]
MarkerKind = Literal["standard", "chapter", "todo", "done"]

SYNCED_CONFIDENCE = 0.9
"""A placement with at least this probability is `synced`."""

CHECK_CONFIDENCE = 0.5
"""A placement with at least this probability is placed, to be checked by a person."""

UNKNOWN_DRIFT_STD_PPM = 30.0
"""Prior spread of one free-running clock against another, where nothing measured it."""


def _no_extra() -> dict[str, object]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """One file of a clip.

    Parameters
    ----------
    path
        Where it is.
    role
        ``main``; ``chapter`` continues the one before; ``parallel`` holds other channels of the
        same time; ``backup`` is the same recording again; ``proxy`` is a small picture of it.
    start_s
        Clip time at which the file's own time 0 lies.
    duration_s
        Length in seconds, 0 where unknown.
    fingerprint
        Size, modification time and hashes of three spots; what caches are keyed by.
    """

    path: Path
    role: FileRole = "main"
    start_s: Fraction = Fraction(0)
    duration_s: Fraction = Fraction(0)
    fingerprint: str = ""
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """One sound stream of a clip.

    Parameters
    ----------
    index
        Position among the sound streams of its file, from 0.
    channels
        Channel count.
    sample_rate_hz
        Samples per second as labelled.
    names
        One name per channel where the recorder wrote them, else empty.
    file
        Position of its file in `Clip.files`; chapters continue the streams of the main file.
    codec
        Codec name as FFmpeg says it.
    start_s
        Clip time of its first presented sample (the camera's sound may start off its picture).
    """

    index: int
    channels: int
    sample_rate_hz: int
    names: tuple[str, ...] = ()
    file: int = 0
    codec: str = ""
    start_s: Fraction = Fraction(0)
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """One recording: what a device wrote between start and stop, in one file or several.

    Parameters
    ----------
    id
        Identifier within the session.
    name
        For people: the main file's stem.
    files
        Main file first; paths are absolute in memory.
    device
        Identifier of its device, None where nothing says so.
    kind
        ``video`` where it has moving pictures, else ``audio``.
    duration_s
        Length in clip time, exact.
    frame_rate, capture_rate
        Playback and capture frames per second, exact; None without picture or where equal.
    start_timecode, timecode_rate
        Label of clip time 0 (``;`` marks drop frame) and the rate it counts at.
    time_reference_samples
        BWF time reference: samples since midnight at the main file's sample rate.
    metadata
        Text that was found: ``creation_time`` (ISO 8601 UTC), ``maker``, ``model``, ``serial``,
        ``notes``, ``circled`` and the like.
    """

    id: str
    name: str
    files: tuple[MediaFile, ...]
    device: str | None = None
    kind: Literal["video", "audio"] = "video"
    duration_s: Fraction = Fraction(0)
    frame_rate: Fraction | None = None
    variable_frame_rate: bool = False
    capture_rate: Fraction | None = None
    start_timecode: str | None = None
    timecode_rate: Fraction | None = None
    time_reference_samples: int | None = None
    width: int | None = None
    height: int | None = None
    rotation: int = 0
    scene: str = ""
    take: str = ""
    reel: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    audio: tuple[AudioStream, ...] = ()
    extra: Mapping[str, object] = field(default_factory=_no_extra)

    @property
    def path(self) -> Path:
        """The main file."""
        return self.files[0].path


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A camera or recorder: its clips do not overlap and share one clock rate.

    Parameters
    ----------
    id
        Identifier and name for people.
    source
        What says so: ``named`` (the user), ``serial``, ``metadata``, ``card``, ``folder``.
    drift_ppm, drift_std_ppm
        Clock rate against the reference of its group, where it was solved.
    """

    id: str
    source: str = ""
    drift_ppm: float | None = None
    drift_std_ppm: float | None = None
    maker: str = ""
    model: str = ""
    serial: str = ""
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where clip `b` lies on the clock of clip `a`, by one signal.

    Parameters
    ----------
    a, b
        Clip ids.
    signal
        Name of the signal.
    offset_s
        Time of b's clip time 0 on a's clock; > 0: b starts later.
    drift_ppm
        > 0: b's clock is fast against a's.
    speed
        Exact speed by trade, 1 unless it was proven.
    offset_std_s, drift_std_ppm, pivot_s
        Uncertainty, see the module's conventions; the systematic part is included.
    confidence
        Probability that this is the true alignment.
    spans_s
        Where it was measured, pairs (start, end) in b's clip time.
    ceiling
        ``check`` where this signal alone may not give more.
    time_map
        Where the relation is not one line; what counts then, from b's time to a's.
    details
        Plain numbers and words for reports.
    """

    a: str
    b: str
    signal: str
    offset_s: float
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    offset_std_s: float = 0.0
    drift_std_ppm: float = UNKNOWN_DRIFT_STD_PPM
    pivot_s: float = 0.0
    confidence: float = 0.0
    spans_s: tuple[tuple[float, float], ...] = ()
    accepted: bool = True
    ceiling: Ceiling | None = None
    time_map: TimeMap | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=_no_extra)

    @property
    def rate(self) -> float:
        """Seconds of b's time that pass in one second of a's: ``speed * (1 + d)``."""
        return clock_rate(self.speed, self.drift_ppm)

    def to_a(self, t_b_s: float) -> float:
        """Return the time on a's clock, in seconds, of a clip time of b (the line, not the map).

        >>> Match(a="c1", b="c2", signal="audio", offset_s=12.0).to_a(3.0)
        15.0
        """
        return self.offset_s + t_b_s / self.rate

    def to_b(self, t_a_s: float) -> float:
        """Return the clip time of b, in seconds, of a time on a's clock (the line, not the map)."""
        return (t_a_s - self.offset_s) * self.rate

    def std_s(self, t_b_s: float) -> float:
        """Return the standard deviation, in seconds, of `to_a` at a clip time of b."""
        return line_std_s(t_b_s, self.offset_std_s, self.drift_std_ppm, self.pivot_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place that was considered and not proven.

    Parameters
    ----------
    a
        Clip whose clock `offset_s` is on.
    offset_s, drift_ppm, speed
        As in `Match`.
    confidence
        Probability that it is the true alignment.
    score
        The signal's own figure of merit, comparable only within one refusal.
    """

    a: str
    offset_s: float
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    confidence: float = 0.0
    score: float = 0.0
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A signal's answer that it has no proof.

    Parameters
    ----------
    code
        One word for machines: ``no_match``, ``ambiguous``, ``silent``, ``no_sound``, ``too_short``,
        ``periodic``, ``stabilised``, ...
    reason
        A clause for people without a full stop: "no sound in common".
    candidates
        Best places considered, best first.
    suggested_pins
        Pairs of instants that look like one clap, for the user to pin.
    """

    a: str
    b: str
    signal: str
    code: str
    reason: str
    candidates: tuple[Candidate, ...] = ()
    suggested_pins: tuple[Pin, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A signal that puts a placed clip elsewhere: shown, never averaged.

    Parameters
    ----------
    signal
        Its name.
    difference_s
        Its answer minus the placement's, at the middle of the clip.
    reason
        A clause for people.
    """

    signal: str
    difference_s: float
    reason: str = ""
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """What an independent measurement left over at one part of a clip, in seconds."""

    part: Literal["head", "middle", "tail"]
    median_s: float
    spread_s: float
    windows: int
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer of `verify` for one placement.

    Parameters
    ----------
    verdict
        ``pass``, ``fail`` or ``not_verifiable`` (no window left over: no failure).
    median_s, spread_s
        Measured minus placed, over all windows: median and robust standard deviation.
    parts
        The same at head, middle and tail.
    suggested_drift_ppm
        The drift that would fix a failing placement, None where there is nothing to fix.
    """

    verdict: Literal["pass", "fail", "not_verifiable"]
    median_s: float = 0.0
    spread_s: float = 0.0
    windows: int = 0
    parts: tuple[Residual, ...] = ()
    suggested_drift_ppm: float | None = None
    reason: str = ""
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where a clip lies on its group's clock; see the module's conventions.

    Examples
    --------
    >>> p = Placement(clip="c2", offset_s=12.0, drift_ppm=100.0, confidence=0.99, status="synced")
    >>> round(p.to_group(3600.0), 4), round(p.to_clip(p.to_group(3600.0)), 9)
    (3611.64, 3600.0)
    """

    clip: str
    offset_s: float
    drift_ppm: float = 0.0
    speed: Fraction = Fraction(1)
    offset_std_s: float = 0.0
    drift_std_ppm: float = 0.0
    pivot_s: float = 0.0
    confidence: float = 1.0
    status: Status = "synced"
    coarse: bool = False
    sound_delay_s: float = 0.0
    signals: tuple[str, ...] = ()
    time_map: TimeMap | None = None
    disagreements: tuple[Disagreement, ...] = ()
    verification: Verification | None = None
    extra: Mapping[str, object] = field(default_factory=_no_extra)

    @property
    def rate(self) -> float:
        """Clip seconds per group second, which is the speed it plays in sync at."""
        return clock_rate(self.speed, self.drift_ppm)

    def to_group(self, t_clip_s: float) -> float:
        """Return the group time, in seconds, of a clip time.

        Outside the segments of a time map (in a gap) the line of its longest segment answers.
        """
        if self.time_map is not None:
            mapped = self.time_map.to_group(t_clip_s)
            if mapped is not None:
                return mapped
        return self.offset_s + t_clip_s / self.rate

    def to_clip(self, t_group_s: float) -> float:
        """Return the clip time, in seconds, of a group time; the inverse of `to_group`."""
        if self.time_map is not None:
            mapped = self.time_map.to_clip(t_group_s)
            if mapped is not None:
                return mapped
        return (t_group_s - self.offset_s) * self.rate

    def std_s(self, t_clip_s: float) -> float:
        """Return the standard deviation of `to_group` at a clip time, in seconds."""
        return line_std_s(t_clip_s, self.offset_std_s, self.drift_std_ppm, self.pivot_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Clips of one event on one clock, the reference's; its placement is offset 0, drift 0."""

    id: str
    reference: str
    placements: tuple[Placement, ...]
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A clip that nothing proves a place for, with the reason and its best candidates."""

    clip: str
    code: str
    reason: str
    candidates: tuple[Candidate, ...] = ()
    suggested_pins: tuple[Pin, ...] = ()
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """The user's word that two clip times are one instant."""

    a: str
    a_s: float
    b: str
    b_s: float
    extra: Mapping[str, object] = field(default_factory=_no_extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A note at a time of a clip or of a group.

    Parameters
    ----------
    clip, group
        Its host: exactly one of them is set.
    time_s, duration_s
        In the host's time.
    color
        A lower-case word, empty where none was given.
    confidence, needs_review
        How sure its place is after it was carried from one clip to another.
    """

    id: str
    name: str
    time_s: float
    clip: str | None = None
    group: str | None = None
    duration_s: float = 0.0
    color: str = ""
    comment: str = ""
    kind: MarkerKind = "standard"
    confidence: float = 1.0
    needs_review: bool = False
    extra: Mapping[str, object] = field(default_factory=_no_extra)

    def __post_init__(self) -> None:
        if (self.clip is None) == (self.group is None):
            raise ValueError(f"marker {self.id!r} needs either a clip or a group as its host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything one sync found out.

    Parameters
    ----------
    created
        ISO 8601 UTC.
    engine
        Version of Clapless that wrote it.
    """

    created: str = ""
    engine: str = ""
    devices: tuple[Device, ...] = ()
    clips: tuple[Clip, ...] = ()
    groups: tuple[Group, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    matches: tuple[Match, ...] = ()
    pins: tuple[Pin, ...] = ()
    markers: tuple[Marker, ...] = ()
    extra: Mapping[str, object] = field(default_factory=_no_extra)

    def clip(self, clip_id: str) -> Clip:
        """Return the clip of this id; `KeyError` where there is none."""
        for clip in self.clips:
            if clip.id == clip_id:
                return clip
        raise KeyError(clip_id)

    def placement(self, clip_id: str) -> tuple[Group, Placement] | None:
        """Return a clip's group and placement, or None where it is unplaced."""
        for group in self.groups:
            for placement in group.placements:
                if placement.clip == clip_id:
                    return group, placement
        return None


def clock_rate(speed: Fraction, drift_ppm: float) -> float:
    """Return ``speed * (1 + drift_ppm * 1e-6)``."""
    return float(speed) * (1.0 + drift_ppm * 1e-6)


def line_std_s(t_s: float, offset_std_s: float, drift_std_ppm: float, pivot_s: float) -> float:
    """Return the standard deviation of a placement line at a time, in seconds."""
    return math.hypot(offset_std_s, (t_s - pivot_s) * drift_std_ppm * 1e-6)


def inverse(match: Match) -> Match:
    """Return the same match seen from the other clip: where a lies on b's clock.

    A time map is inverted with it. `inverse` of the result is the match again, to rounding.

    >>> m = Match(a="c1", b="c2", signal="audio", offset_s=10.0, speed=Fraction(1001, 1000))
    >>> i = inverse(m)
    >>> i.a, i.b, round(i.offset_s, 6), i.speed
    ('c2', 'c1', -10.01, Fraction(1000, 1001))
    """
    rate = match.rate
    drift = match.drift_ppm * 1e-6
    return Match(
        a=match.b,
        b=match.a,
        signal=match.signal,
        offset_s=-match.offset_s * rate,
        drift_ppm=-drift / (1.0 + drift) * 1e6,
        speed=1 / match.speed,
        offset_std_s=match.offset_std_s * rate,
        drift_std_ppm=match.drift_std_ppm,
        pivot_s=match.to_a(match.pivot_s),
        confidence=match.confidence,
        spans_s=tuple((match.to_a(start), match.to_a(end)) for start, end in match.spans_s),
        accepted=match.accepted,
        ceiling=match.ceiling,
        time_map=match.time_map.inverse() if match.time_map else None,
        details=match.details,
        extra=match.extra,
    )


def compose(ab: Match, bc: Match) -> Match:
    """Return where c lies on a's clock, given b on a's and c on b's.

    Both must be lines: a time map cannot be composed here. The errors of the two are taken as
    independent, the confidences as those of two things that must both be true.

    Raises
    ------
    ValueError
        The matches do not share clip b, or one of them bends.
    """
    if ab.b != bc.a:
        raise ValueError(f"matches {ab.a}-{ab.b} and {bc.a}-{bc.b} share no clip in the middle")
    if ab.time_map or bc.time_map:
        raise ValueError("a match with a time map cannot be composed")
    drift = (1.0 + ab.drift_ppm * 1e-6) * (1.0 + bc.drift_ppm * 1e-6) - 1.0
    # Two parabolas of variance over c's time add up to one parabola.
    pivot_ab_s = bc.to_b(ab.pivot_s)
    var_ab, var_bc = ab.drift_std_ppm**2, bc.drift_std_ppm**2
    total = var_ab + var_bc
    pivot_s = (var_ab * pivot_ab_s + var_bc * bc.pivot_s) / total if total else bc.pivot_s
    between = var_ab * var_bc / total * ((pivot_ab_s - bc.pivot_s) * 1e-6) ** 2 if total else 0.0
    return Match(
        a=ab.a,
        b=bc.b,
        signal=ab.signal if ab.signal == bc.signal else f"{ab.signal}+{bc.signal}",
        offset_s=ab.offset_s + bc.offset_s / ab.rate,
        drift_ppm=drift * 1e6,
        speed=ab.speed * bc.speed,
        offset_std_s=math.sqrt(ab.offset_std_s**2 + bc.offset_std_s**2 + between),
        drift_std_ppm=math.sqrt(total),
        pivot_s=pivot_s,
        confidence=ab.confidence * bc.confidence,
        ceiling=ab.ceiling or bc.ceiling,
    )
