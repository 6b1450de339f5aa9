"""A session laid out on exact timelines: groups in shooting order, one track per device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Sequence as Many
from dataclasses import dataclass, field, replace
from fractions import Fraction

from clapless.errors import UsageError
from clapless.model import Clip, Group, Marker, Placement, Session
from clapless.timing import Timecode, may_drop
from clapless_otio.cut import Item, Mark, Project, Sequence, Span, Track, TrackKind
from clapless_otio.exact import editing_rate, exact_s, frames_up
from clapless_otio.options import SOURCE_START, ExportOptions
from clapless_otio.pieces import Piece, pieces_of
from clapless_otio.sessions import SESSION_KEY, session_text
from clapless_otio.sources import media_of, playable_files, played_duration_s, start_timecode_s

GROUP_GAP_S = 10
"""Empty seconds between groups: wide enough to be seen, narrow enough to be scrolled past."""

UNPLACED_GAP_S = 1
"""Empty seconds between clips that are not synced."""

CHECK_PREFIX = "CHECK SYNC"
UNPLACED_TRACK = "Not synced"
UNPLACED_COLOR = "red"
CHECK_COLOR = "yellow"

_SOUND_ONLY_RATE = Fraction(25)


_Numbered = tuple[int, Marker]
"""A marker and its place among the session's, which tells even markers of one id apart."""


@dataclass
class _Lane:
    """A track that is being filled."""

    device: str
    kind: TrackKind
    number: int
    items: list[Item] = field(default_factory=list)

    @property
    def end_s(self) -> Fraction:
        return self.items[-1].end_s if self.items else Fraction(0)


def layout(session: Session, *, name: str = "Sync", options: ExportOptions) -> Project:
    """Return the timelines of a session.

    Positions are exact; drift is in the items' speeds whatever ``options.drift`` says (see
    `clapless_otio.drift` for what follows).

    Raises
    ------
    UsageError
        The start timecode cannot be read.
    """
    rate, width, height, drop = _format(session, options)
    groups = _in_shooting_order(session)
    parts: list[tuple[str, list[Group], bool]]
    if options.groups == "separate":
        parts = [
            (f"{name} {n}" if len(groups) > 1 else name, [group], False)
            for n, group in enumerate(groups, 1)
        ]
        placed = {p.clip for group in groups for p in group.placements}
        if len(placed) < len(session.clips):
            parts.append((f"{name} {UNPLACED_TRACK.lower()}", [], True))
    else:
        parts = [(name, groups, True)]
    sequences: list[Sequence] = []
    notices: list[str] = []
    for part_name, members, with_unplaced in parts:
        builder = _Builder(session, rate)
        for number, group in enumerate(members, 1):
            builder.add_group(group, f"{part_name} {number}" if len(members) > 1 else part_name)
        if with_unplaced:
            builder.add_unplaced()
        notices += builder.notices
        sequence = Sequence(
            name=part_name,
            rate=rate,
            drop_frame=drop,
            width=width,
            height=height,
            tracks=builder.tracks(),
            marks=tuple(sorted(builder.marks, key=lambda mark: mark.time_s)),
            spans=tuple(builder.spans),
        )
        sequences.append(
            replace(sequence, start_s=_start_s(session, sequence, options.start_timecode))
        )
    return Project(
        name=name,
        sequences=tuple(sequences),
        notices=tuple(notices),
        metadata={SESSION_KEY: session_text(session)},
    )


class _Builder:
    """Fills the lanes of one sequence."""

    def __init__(self, session: Session, rate: Fraction) -> None:
        self.session = session
        self.notices: list[str] = []
        self.clips = {clip.id: clip for clip in session.clips}
        self.order = {device.id: n for n, device in enumerate(session.devices)}
        self.rate = rate
        self.lanes: list[_Lane] = []
        self.spans: list[Span] = []
        self.marks: list[Mark] = []
        self.cursor_s = Fraction(0)
        self.markers: defaultdict[str, list[_Numbered]] = defaultdict(list)
        self.group_markers: defaultdict[str, list[_Numbered]] = defaultdict(list)
        for number, marker in enumerate(session.markers):
            if marker.clip is not None:
                self.markers[marker.clip].append((number, marker))
            elif marker.group is not None:
                self.group_markers[marker.group].append((number, marker))

    def add_group(self, group: Group, name: str) -> None:
        bend_s = 1 / (4 * self.rate)
        laid = [
            (self.clips[p.clip], p, pieces_of(self.clips[p.clip], p, bend_s=bend_s))
            for p in group.placements
        ]
        starts = [piece.start_s for _, _, pieces in laid for piece in pieces]
        if not starts:
            return
        if self.spans:
            self.cursor_s += GROUP_GAP_S
        # The group's zero, which is the reference's first frame, is on the grid.
        zero = frames_up(self.cursor_s, self.rate) + frames_up(-min(starts), self.rate)
        zero_s = zero / self.rate
        start_s = zero_s + min(starts)
        taken: set[int] = set()
        for clip, placement, pieces in sorted(laid, key=lambda entry: _first_s(entry[2])):
            if not pieces:
                self.notices.append(f"{clip.name} has no known length and was left out.")
            items = [_item(clip, placement, piece, zero_s, group.id) for piece in pieces]
            starts_s = [clip.files[piece.file].start_s for piece in pieces]
            marked = _marked(items, self.markers[clip.id], starts_s)
            for run in _by_file_role(clip, pieces, marked):
                self._lay(clip, run, taken)
        end_s = max(piece.end_s for _, _, pieces in laid for piece in pieces) + zero_s
        self.spans.append(
            Span(
                group=group.id,
                name=name,
                start_s=start_s,
                duration_s=end_s - start_s,
                zero_s=zero_s,
            )
        )
        self.marks += [
            _mark((n, m), zero_s + exact_s(m.time_s)) for n, m in self.group_markers[group.id]
        ]
        self.cursor_s = end_s

    def add_unplaced(self) -> None:
        placed = {p.clip for group in self.session.groups for p in group.placements}
        unplaced = [clip for clip in self.session.clips if clip.id not in placed]
        if self.spans and unplaced:
            self.cursor_s += GROUP_GAP_S
        for clip in unplaced:
            start_s = frames_up(self.cursor_s, self.rate) / self.rate
            items, starts = [], []
            for index, file in playable_files(clip):
                media = media_of(clip, index)
                if media.duration_s > 0:
                    starts.append(file.start_s)
                    items.append(
                        Item(
                            name=media.name,
                            start_s=start_s + max(file.start_s, Fraction(0)),
                            duration_s=played_duration_s(clip, index),
                            source=media,
                            picture=media.rate is not None,
                            sound=bool(media.sound),
                            color=UNPLACED_COLOR,
                            clip=clip.id,
                            metadata={"status": "not synced"},
                        )
                    )
            if not items:
                self.notices.append(f"{clip.name} has no known length and was left out.")
            for item in _marked(items, self.markers[clip.id], starts):
                kind: TrackKind = "video" if item.picture else "audio"
                self._lane(UNPLACED_TRACK, kind, item.start_s, set()).items.append(item)
            self.cursor_s = max([item.end_s for item in items], default=start_s) + UNPLACED_GAP_S

    def _lay(self, clip: Clip, items: list[Item], taken: set[int]) -> None:
        """Put the items of one clip on the first lane of its device that is free.

        Clips without a device have a lane each within a group, and share lanes across groups.
        """
        if not items:
            return
        kind: TrackKind = "video" if items[0].picture else "audio"
        lane = self._lane(clip.device or "", kind, items[0].start_s, taken)
        if clip.device is None:
            taken.add(id(lane))
        lane.items += items

    def _lane(self, device: str, kind: TrackKind, start_s: Fraction, taken: set[int]) -> _Lane:
        number = 1
        for lane in self.lanes:
            if (lane.device, lane.kind) != (device, kind):
                continue
            if lane.end_s <= start_s and id(lane) not in taken:
                return lane
            number += 1
        lane = _Lane(device, kind, number)
        self.lanes.append(lane)
        return lane

    def tracks(self) -> tuple[Track, ...]:
        def rank(lane: _Lane) -> tuple[bool, bool, int, int]:
            return (
                lane.kind == "audio",
                lane.device == UNPLACED_TRACK,
                self.order.get(lane.device, len(self.order)),
                lane.number,
            )

        return tuple(
            Track(
                name=_track_name(lane),
                kind=lane.kind,
                device="" if lane.device == UNPLACED_TRACK else lane.device,
                items=tuple(lane.items),
            )
            for lane in sorted(self.lanes, key=rank)
        )


def _track_name(lane: _Lane) -> str:
    if lane.device:
        return lane.device if lane.number == 1 else f"{lane.device} {lane.number}"
    return f"{'Video' if lane.kind == 'video' else 'Audio'} {lane.number}"


def _first_s(pieces: Many[Piece]) -> Fraction:
    return min((piece.start_s for piece in pieces), default=Fraction(0))


def _by_file_role(clip: Clip, pieces: Many[Piece], items: list[Item]) -> Iterable[list[Item]]:
    """Yield what shares a track: the main file with its chapters, then each parallel file."""
    runs: dict[int, list[Item]] = {}
    for piece, item in zip(pieces, items, strict=True):
        own = piece.file if clip.files[piece.file].role == "parallel" else 0
        runs.setdefault(own, []).append(item)
    for run in runs.values():
        apart: list[list[Item]] = []
        for item in sorted(run, key=lambda item: item.start_s):
            # Files that say they play at once cannot share a track.
            free = next((one for one in apart if one[-1].end_s <= item.start_s), None)
            if free is None:
                apart.append([item])
            else:
                free.append(item)
        yield from apart


def _item(clip: Clip, placement: Placement, piece: Piece, zero_s: Fraction, group: str) -> Item:
    check = placement.status == "check"
    return Item(
        name=f"{CHECK_PREFIX} {piece.media.name}" if check else piece.media.name,
        start_s=zero_s + piece.start_s,
        duration_s=piece.end_s - piece.start_s,
        source=piece.media,
        source_start_s=piece.source_start_s,
        speed=piece.speed,
        trade=placement.speed,
        picture=piece.picture,
        sound=piece.sound,
        color=CHECK_COLOR if check else "",
        clip=clip.id,
        check=check,
        role=clip.device or "",
        metadata={
            "group": group,
            "status": placement.status,
            "offset_s": placement.offset_s,
            "drift_ppm": placement.drift_ppm,
            "offset_std_s": placement.offset_std_s,
            "confidence": placement.confidence,
            "signals": list(placement.signals),
        },
    )


def _marked(items: list[Item], markers: Iterable[_Numbered], starts: Many[Fraction]) -> list[Item]:
    """Return the items with each marker of the clip on the item that plays it, else the nearest.

    `starts` holds the clip time at which each item's file begins.
    """
    added: defaultdict[int, list[Mark]] = defaultdict(list)
    for marker in markers:
        time_s = exact_s(marker[1].time_s)

        def distance(n: int, time_s: Fraction = time_s) -> tuple[Fraction, int]:
            item = items[n]
            from_s = starts[n] + item.source_start_s
            to_s = from_s + item.duration_s * item.speed
            # A seam belongs to the later piece.
            return max(from_s - time_s, time_s - to_s, Fraction(0)), -n

        if items:
            n = min(range(len(items)), key=distance)
            added[n].append(_mark(marker, time_s - starts[n]))
    return [
        replace(item, marks=tuple(sorted(added[n], key=lambda mark: mark.time_s)))
        for n, item in enumerate(items)
    ]


def _mark(numbered: _Numbered, time_s: Fraction) -> Mark:
    number, marker = numbered
    return Mark(
        name=marker.name,
        time_s=time_s,
        duration_s=exact_s(marker.duration_s),
        color=marker.color,
        comment=marker.comment,
        kind=marker.kind,
        metadata={
            "id": marker.id,
            "number": number,
            "confidence": marker.confidence,
            "needs_review": marker.needs_review,
        },
    )


def _in_shooting_order(session: Session) -> list[Group]:
    """Return the groups by when they were shot, where every group says when; else as they are."""
    clips = {clip.id: clip for clip in session.clips}

    def members(group: Group) -> list[Clip]:
        return [clips[p.clip] for p in group.placements]

    by_date = [
        min((d for c in members(g) if (d := c.metadata.get("creation_time"))), default="")
        for g in session.groups
    ]
    if all(by_date):
        order = sorted(range(len(by_date)), key=lambda n: by_date[n])
        return [session.groups[n] for n in order]
    by_timecode = [
        min((t for c in members(g) if (t := start_timecode_s(c)) is not None), default=None)
        for g in session.groups
    ]
    known = [t for t in by_timecode if t is not None]
    if len(known) == len(by_timecode):
        order = sorted(range(len(known)), key=lambda n: known[n])
        return [session.groups[n] for n in order]
    return list(session.groups)


def _format(session: Session, options: ExportOptions) -> tuple[Fraction, int, int, bool]:
    """Return rate, width, height and drop-frame display of the timeline."""
    clips = {clip.id: clip for clip in session.clips}
    synced = [clips[p.clip] for group in session.groups for p in group.placements]
    video = [c for c in synced if c.kind == "video" and c.frame_rate]
    video = video or [c for c in session.clips if c.kind == "video" and c.frame_rate]
    if not video:
        rates = [c.timecode_rate for c in session.clips if c.timecode_rate]
        rate = options.rate or (editing_rate(rates[0]) if rates else _SOUND_ONLY_RATE)
        return rate, 1920, 1080, False
    time_of: defaultdict[str, Fraction] = defaultdict(Fraction)
    for clip in video:
        time_of[clip.device or clip.id] += clip.duration_s
    camera = max(time_of, key=lambda key: time_of[key])
    own = [clip for clip in video if (clip.device or clip.id) == camera]
    longest = max(own, key=lambda clip: clip.duration_s)
    rate = options.rate or editing_rate(longest.frame_rate or _SOUND_ONLY_RATE)
    media = media_of(longest, 0)
    drop = may_drop(rate) and media.drop_frame
    return rate, media.width or 1920, media.height or 1080, drop


def _start_s(session: Session, sequence: Sequence, start: str) -> Fraction:
    if start == SOURCE_START:
        clips = {clip.id: clip for clip in session.clips}
        for item in sorted(sequence.items(), key=lambda item: item.start_s):
            if item.clip and start_timecode_s(clips[item.clip]) is not None:
                source = item.source
                timecode_s = getattr(source, "start_s", Fraction(0)) + item.source_start_s
                frames = Timecode.at(timecode_s - item.start_s, sequence.rate).frame
                day = Timecode.at(Fraction(86400), sequence.rate).frame
                return (frames % day) / sequence.rate
        return _start_s(session, sequence, "01:00:00:00")
    try:
        return Timecode.parse(start, sequence.rate, drop_frame=sequence.drop_frame).seconds
    except ValueError as error:
        raise UsageError(
            f"The start timecode cannot be used: {error}. Write it as HH:MM:SS:FF, or 'source'."
        ) from error
