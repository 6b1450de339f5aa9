"""An exact sequence on the frames and tracks that Resolve will be asked for.

Conventions
-----------
* Record frames are relative to the timeline's first frame; source frames count from the first
  frame of the file, at the rate that Resolve counts it in (`PoolClip.rate`).
* Items begin on the nearest frame of the timeline, and their source on the nearest frame of its
  own: picture and sound of one clip are one item, so they are never apart.
* A speed is set on the item after it was placed at its normal one: Resolve then keeps where the
  item begins and ends on the timeline, and plays on from its first source frame.
* Resolve makes ``floor(source frames * timeline rate / source rate)`` frames of a clip. So as many
  source frames are asked for as give the planned length, where the file has them.
"""

from __future__ import annotations

import ntpath
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from clapless.timing import Timecode, round_half_up
from clapless_otio.cut import Item, Mark, Media, Sequence, Track, TrackKind
from clapless_otio.files import url_path
from clapless_otio.layout import CHECK_PREFIX
from clapless_otio.placing import Place, track_places
from clapless_resolve.counting import floor_frames, miscounted, whole_source_frames
from clapless_resolve.reading import PoolClip

RATE_NAMES = {
    Fraction(24000, 1001): "23.976",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "29.97",
    Fraction(30): "30",
    Fraction(48000, 1001): "47.952",
    Fraction(48): "48",
    Fraction(50): "50",
    Fraction(60000, 1001): "59.94",
    Fraction(60): "60",
}
"""Timeline rates as Resolve writes them."""

UNPLACED = "not synced"
"""What the layout says of clips that have no place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A track that is wanted: its name and, for sound, Resolve's word for its channels."""

    name: str
    channels: str = "stereo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One item as it shall stand.

    Parameters
    ----------
    clip
        What is placed; `session_clip` is its id in the session.
    picture, sound
        Which of the two; both are one linked item.
    track
        Number from 1, of the video track and of the audio track alike.
    record, length
        Frames of the timeline, `record` from its first one.
    source, frames
        First source frame and how many.
    speed
        Source seconds per second of the timeline.
    enabled
        Whether it is seen and heard.
    status
        ``synced``, ``check`` or ``not synced``; `reason` says why where it is not the first.
    """

    name: str
    clip: PoolClip
    picture: bool
    sound: bool
    track: int
    record: int
    length: int
    source: int
    frames: int
    speed: Fraction = Fraction(1)
    enabled: bool = True
    status: str = "synced"
    reason: str = ""
    session_clip: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def kind(self) -> TrackKind:
        """The kind of track on which it is looked for."""
        return "video" if self.picture else "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMark:
    """A marker on the timeline, in frames from its first one."""

    frame: int
    duration: int
    color: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A timeline as it shall be, and sentences on what cannot be; `lost` items are left out."""

    name: str
    rate: Fraction
    rate_name: str
    start_timecode: str
    video: tuple[Lane, ...]
    audio: tuple[Lane, ...]
    items: tuple[Planned, ...]
    marks: tuple[TimelineMark, ...]
    notices: tuple[str, ...] = ()
    lost: int = 0


def path_key(path: str) -> str:
    r"""Return a path in the form in which two spellings of it are equal.

    >>> path_key("C:/Shoot/a.MOV") == path_key("c:\\shoot\\A.mov"), path_key("/a//b/./c")
    (True, '/a/b/c')
    """
    if ntpath.splitdrive(path)[0]:
        return ntpath.normcase(ntpath.normpath(path))
    return posixpath.normpath(path.replace("//", "/"))


def plan(
    sequence: Sequence,
    clips: Iterable[PoolClip],
    *,
    reasons: Mapping[str, str] | None = None,
    retime: bool = False,
) -> Plan:
    """Return what to place for a sequence.

    Parameters
    ----------
    sequence
        One of the sequences behind the timeline that `clapless_otio` writes, its drift carried.
    clips
        The Media Pool's clips of its files; of two with one path the first counts.
    reasons
        Why clips are to be checked or not synced, by their id in the session.
    retime
        Whether speeds can be set; else clips that need one are left out, and told.
    """
    return _Planner(sequence, clips, reasons or {}, retime).plan()


def needed_speed(item: Item, rate: Fraction) -> Fraction:
    """Return the speed at which an item is to play: its own, or what is meant of it.

    A drift of less than half a frame over the item is no reason to retime it.
    """
    if item.trade is None:
        return item.speed
    frame_s = 1 / rate
    if isinstance(item.source, Media) and item.source.rate:
        frame_s = min(frame_s, 1 / item.source.rate)
    small = abs(item.speed / item.trade - 1) * item.duration_s < frame_s / 2
    return item.trade if small else item.speed


class _Planner:
    def __init__(
        self,
        sequence: Sequence,
        clips: Iterable[PoolClip],
        reasons: Mapping[str, str],
        retime: bool,
    ) -> None:
        self.retime = retime
        self.sequence = sequence
        self.rate = sequence.rate
        self.reasons = reasons
        self.by_path: dict[str, PoolClip] = {}
        for clip in clips:
            self.by_path.setdefault(path_key(clip.path), clip)
        self.notices: list[str] = []
        self.items: list[Planned] = []
        self.lost = 0

    def plan(self) -> Plan:
        tracks = self.sequence.tracks
        pictures = [track for track in tracks if track.kind == "video"]
        sounds = [track for track in tracks if track.kind == "audio"]
        video, audio = [], []
        for number, track in enumerate([*pictures, *sounds], 1):
            placed = self.track(track, number)
            self.items += placed
            if track.kind == "video":
                video.append(Lane(name=track.name))
            channels = max((p.clip.channels for p in placed if p.sound), default=2)
            audio.append(Lane(name=track.name, channels=channel_word(channels)))
        drop = self.sequence.drop_frame
        return Plan(
            name=self.sequence.name,
            rate=self.rate,
            rate_name=RATE_NAMES.get(self.rate, "") + (" DF" if drop else ""),
            start_timecode=str(Timecode.at(self.sequence.start_s, self.rate, drop_frame=drop)),
            video=tuple(video),
            audio=tuple(audio),
            items=tuple(self.items),
            marks=tuple(self.marks()),
            notices=tuple(self.notices),
            lost=self.lost,
        )

    def track(self, track: Track, number: int) -> list[Planned]:
        places, lost = track_places(track.items, self.rate, ticks=False)
        self.lost += len(lost)
        self.notices += [f"{item.name} is shorter than a frame and was left out." for item in lost]
        made = []
        for n in range(len(places)):
            after = places[n + 1] if n + 1 < len(places) else None
            place = self.up_to_next(places[n], after)
            planned = self.planned(place, track, number)
            if planned is None:
                self.lost += 1
                continue
            made.append(planned)
            if after is None or not self.follows(place, after):
                continue
            gap = after.start - planned.record - planned.length
            if gap > 0 and _path(after.item) == _path(place.item):
                # No whole number of its frames ends here: the next piece begins that much earlier.
                places[n + 1] = replace(after, start=after.start - gap, length=after.length + gap)
            elif gap > 0:
                self.notices.append(
                    f"{planned.name} ends {gap} frame{'s' if gap > 1 else ''} before what follows "
                    "it: its frame rate has no frame there."
                )
        return made

    def follows(self, place: Place, after: Place) -> bool:
        """Return whether a place carries on where another one of its clip ends."""
        touches = abs(after.item.start_s - place.item.end_s) * self.rate < 1
        return touches and bool(place.item.clip) and after.item.clip == place.item.clip

    def up_to_next(self, place: Place, after: Place | None) -> Place:
        """Return a piece that lasts until the next one of its file: rounding may have cut it."""
        if after is None or after.start <= place.end or not self.follows(place, after):
            return place
        if _path(after.item) != _path(place.item):
            return place
        return replace(place, length=after.start - place.start)

    def planned(self, place: Place, track: Track, number: int) -> Planned | None:
        item = place.item
        clip = self.by_path.get(_path(item))
        if clip is None:
            self.notices.append(
                f"{item.name} is not in the Media Pool and was left out: import it, then try again."
            )
            return None
        speed = needed_speed(item, self.rate)
        if item.points or (speed != 1 and not self.retime):
            self.notices.append(
                f"{item.name} would have to play at another speed, which this way of placing "
                "cannot set: it was left out. Export a timeline file for it."
            )
            return None
        if isinstance(item.source, Media) and (why := miscounted(clip, item.source)):
            self.notices.append(f"{item.name} was left out: {why}")
            return None
        picture = item.picture and track.kind == "video"
        source_s = max(Fraction(0), item.source_at(place.start / self.rate))
        source = round_half_up(source_s * clip.rate)
        frames = whole_source_frames(place.length, clip.rate, self.rate)
        frames = max(0, min(frames, clip.frames - source))
        length = floor_frames(frames, clip.rate, self.rate)
        if length < 1:
            self.notices.append(f"{item.name} is shorter than a frame and was left out.")
            return None
        if speed < 1 and place.length - length > 1:
            self.notices.append(
                f"{item.name} ends {place.length - length} frames early: slowed down, Resolve "
                "lets it end where it ended before."
            )
        status = UNPLACED if item.metadata.get("status") == UNPLACED else "synced"
        if item.check:
            status = "check"
        return Planned(
            name=item.name.removeprefix(CHECK_PREFIX).strip() or clip.name,
            clip=clip,
            picture=picture,
            sound=item.sound and clip.channels > 0,
            track=number,
            record=place.start,
            length=length,
            source=source,
            frames=frames,
            speed=speed,
            enabled=item.enabled,
            status=status,
            reason=self.reasons.get(item.clip, ""),
            session_clip=item.clip,
            marks=item.marks,
        )

    def marks(self) -> list[TimelineMark]:
        made = [
            TimelineMark(
                frame=round_half_up(mark.time_s * self.rate),
                duration=max(1, round_half_up(mark.duration_s * self.rate)),
                color=mark.color,
                name=mark.name,
                note=mark.comment,
            )
            for mark in self.sequence.marks
        ]
        seen: set[str] = set()
        for item in sorted(self.items, key=lambda item: item.record):
            key = item.session_clip or item.name
            if item.status == "synced" or key in seen:
                continue
            seen.add(key)
            made.append(
                TimelineMark(
                    frame=item.record,
                    duration=1,
                    color="yellow" if item.status == "check" else "red",
                    name=f"{item.name}: {item.status}",
                    note=item.reason,
                )
            )
        return made


def channel_word(channels: int) -> str:
    """Return Resolve's word for a sound track of that many channels.

    >>> [channel_word(n) for n in (1, 2, 8)]
    ['mono', 'stereo', 'adaptive8']
    """
    if channels <= 2:
        return "mono" if channels == 1 else "stereo"
    return f"adaptive{min(channels, 24)}"


def _path(item: Item) -> str:
    source = item.source
    return path_key(url_path(source.url)) if isinstance(source, Media) and source.url else ""
