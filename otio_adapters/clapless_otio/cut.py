"""The exact timeline that every format is written from and read into.

Conventions
-----------
* All time is `fractions.Fraction` seconds. Sequence time is 0 at the sequence's first frame
  (its timecode is `Sequence.start_s`), source time is 0 at the media's first frame or sample (its
  timecode is `Media.start_s`).
* ``t_source = source_start_s + (t_sequence - start_s) * speed``: speed > 1 plays faster.
* Positions are as exact as they are known. Rounding to frames is the business of each writer:
  starts go to the nearest frame, lengths down to whole frames, so that neighbours never overlap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, get_args

from clapless.model import MarkerKind

TrackKind = Literal["video", "audio"]
Shape = Literal["timeline", "multicam", "compound", "sync", "clip", "storyline"]
SHAPES: tuple[Shape, ...] = get_args(Shape)


def _nothing() -> dict[str, object]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A marker on a sequence (in sequence time) or on an item (in source time)."""

    name: str
    time_s: Fraction
    duration_s: Fraction = Fraction(0)
    color: str = ""
    comment: str = ""
    kind: MarkerKind = "standard"
    metadata: Mapping[str, object] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One sound stream of a file: channels, samples per second, a name per channel or none."""

    channels: int
    sample_rate_hz: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One file, with what an editor must know of it to link it.

    Parameters
    ----------
    name
        For people.
    url
        Where it is, as a ``file:`` URL or as the document said; empty where nothing said.
    start_s
        Timecode of its first frame or sample as real time since 00:00:00:00.
    duration_s
        Length, 0 where unknown.
    rate
        Frames per second, None without a picture.
    timecode_rate
        What its timecode counts at; the frame rate where None.
    drop_frame
        How its timecode is shown.
    width, height
        Of the picture as it is shown, after rotation.
    rotation
        Degrees it is turned by when shown.
    still
        Whether its picture is one image without a rate.
    sound
        Its sound streams.
    bin
        Folder for it in the editor: its device.
    """

    name: str
    url: str = ""
    start_s: Fraction = Fraction(0)
    duration_s: Fraction = Fraction(0)
    rate: Fraction | None = None
    timecode_rate: Fraction | None = None
    drop_frame: bool = False
    width: int | None = None
    height: int | None = None
    rotation: int = 0
    still: bool = False
    sound: tuple[Sound, ...] = ()
    reel: str = ""
    scene: str = ""
    take: str = ""
    bin: str = ""
    variable_frame_rate: bool = False
    metadata: Mapping[str, object] = field(default_factory=_nothing)

    @property
    def has_picture(self) -> bool:
        """Whether there is something to see in it."""
        return self.rate is not None or self.still

    @property
    def channels(self) -> int:
        """Number of sound channels over all streams."""
        return sum(stream.channels for stream in self.sound)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A stretch of a source on a track.

    Parameters
    ----------
    start_s, duration_s
        Where it lies on the sequence.
    source
        A file, another sequence, or None (a title, a generator, a caption).
    source_start_s
        Source time that plays at `start_s`.
    speed
        Source seconds per sequence second.
    trade
        The part of the speed that is meant (24 played at 25); the rest is clock drift. None where
        all of it is meant.
    points
        Where the speed changes inside: pairs (sequence seconds since `start_s`, source time),
        linear between them; empty for one speed.
    picture, sound
        Which of the two it plays; an item with both is picture and linked sound.
    marks
        In source time.
    clip
        Id of the session's clip it stands for, empty where there is none.
    check
        Whether a person should check its place.
    alternatives
        Takes of an audition that are not shown.
    """

    name: str
    start_s: Fraction
    duration_s: Fraction
    source: Media | Sequence | None = None
    source_start_s: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)
    trade: Fraction | None = None
    points: tuple[tuple[Fraction, Fraction], ...] = ()
    picture: bool = True
    sound: bool = True
    enabled: bool = True
    color: str = ""
    role: str = ""
    marks: tuple[Mark, ...] = ()
    clip: str = ""
    check: bool = False
    alternatives: tuple[Item, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=_nothing)

    @property
    def end_s(self) -> Fraction:
        """Where it ends on the sequence."""
        return self.start_s + self.duration_s

    def source_at(self, t_s: Fraction) -> Fraction:
        """Return the source time that plays at a sequence time."""
        return self.source_start_s + (t_s - self.start_s) * self.speed

    def at_source(self, t_source_s: Fraction) -> Fraction:
        """Return the sequence time at which a source time plays; the inverse of `source_at`."""
        return self.start_s + (t_source_s - self.source_start_s) / self.speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A dissolve or wipe over the cut between two neighbours, in sequence time."""

    name: str
    start_s: Fraction
    duration_s: Fraction
    marks: tuple[Mark, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """Items in rising order that do not overlap.

    `spine` marks Final Cut's primary storyline, which everything else is connected to.
    """

    name: str
    kind: TrackKind
    items: tuple[Item, ...] = ()
    transitions: tuple[Transition, ...] = ()
    spine: bool = False
    device: str = ""
    enabled: bool = True
    metadata: Mapping[str, object] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where one group lies on a sequence: its id, name, start and length."""

    group: str
    name: str
    start_s: Fraction
    duration_s: Fraction
    zero_s: Fraction
    """Sequence time of the group's zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Tracks on one clock, the lowest first.

    Parameters
    ----------
    rate
        Frames per second, exact.
    start_s
        Timecode of its first frame as real time since 00:00:00:00.
    shape
        ``multicam``: every track is an angle. ``compound`` is a nested sequence; ``sync``,
        ``clip`` and ``storyline`` are Final Cut's containers.
    spans
        The groups of a synced session on it.
    """

    name: str
    rate: Fraction
    start_s: Fraction = Fraction(0)
    drop_frame: bool = False
    width: int = 1920
    height: int = 1080
    sample_rate_hz: int = 48000
    tracks: tuple[Track, ...] = ()
    marks: tuple[Mark, ...] = ()
    shape: Shape = "timeline"
    spans: tuple[Span, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=_nothing)

    @property
    def duration_s(self) -> Fraction:
        """Where its last item ends."""
        return max((item.end_s for item in self.items()), default=Fraction(0))

    def items(self) -> Iterator[Item]:
        """Yield every item, track by track."""
        for track in self.tracks:
            yield from track.items


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What one document holds: sequences, and what the user should be told about them.

    Parameters
    ----------
    loose
        Files and sequences in its bins that no sequence plays.
    notices
        Whole sentences.
    """

    name: str
    sequences: tuple[Sequence, ...]
    loose: tuple[Item, ...] = ()
    notices: tuple[str, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=_nothing)
