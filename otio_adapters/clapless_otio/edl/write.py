"""Tracks as edit decision lists: one list each, since a list has one picture track.

A list holds one frame rate and no drift: speeds are written only where they are exact (``M2`` has
one decimal, which would be seconds off over an hour for a drifting clock).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from clapless.errors import ExportError
from clapless.timing import Timecode, may_drop, nominal_rate
from clapless_otio.cut import Item, Mark, Media, Project, Sequence, Track
from clapless_otio.edl.read import locators
from clapless_otio.exact import frames_round
from clapless_otio.files import one_line, url_name, url_path
from clapless_otio.flat import flattened
from clapless_otio.placing import Place, track_places

CMX_REEL = 8
FILE32_REEL = 32
MOST_EVENTS = 999
"""Events that a CMX3600 list counts to."""

_STEADY = Fraction(1)


@dataclass(frozen=True, slots=True)
class EdlFile:
    """One list: what of the timeline it holds, and its text."""

    label: str
    text: str


def write_edl(project: Project, *, file32: bool = False) -> tuple[list[EdlFile], list[str]]:
    """Return a list per track, and whole sentences about what they could not hold.

    Parameters
    ----------
    project
        What to write.
    file32
        Whether reels may have 32 characters and events six digits.

    Raises
    ------
    ExportError
        A clip drifts, or a track has more events than CMX3600 counts.
    """
    notices: list[str] = []
    files = []
    project = flattened(project)
    reels = reel_names(project, FILE32_REEL if file32 else CMX_REEL)
    for sequence in project.sequences:
        counts = {"video": 0, "audio": 0}
        for track in sequence.tracks:
            counts[track.kind] += 1
            label = f"{track.kind[0].upper()}{counts[track.kind]} {one_line(track.name)}".strip()
            if len(project.sequences) > 1:
                label = f"{one_line(sequence.name)} {label}"
            writer = _Writer(sequence, reels, file32=file32, notices=notices)
            files.append(EdlFile(label, writer.text(track, label)))
    return files, notices


def reel_names(project: Project, length: int) -> Mapping[str, str]:
    """Return a reel name for each file's URL, of capitals and digits.

    Cards that gave the same reel name get different ones: a reel and a timecode must name one
    frame. Files of one card share theirs.
    """
    names: dict[str, str] = {}
    owners: dict[str, tuple[str, str]] = {}
    for sequence in project.sequences:
        for item in sequence.items():
            media = item.source
            if not isinstance(media, Media) or media.url in names:
                continue
            path = url_path(media.url)
            folder = re.split(r"[\\/]", path)[:-1]
            owner = (media.reel, "/".join(folder)) if media.reel else (media.url, "")
            base = _reel(media.reel or url_name(media.url).rsplit(".", 1)[0] or media.name)
            names[media.url] = _unique(base, owner, owners, length)
    return names


def _unique(
    base: str, owner: tuple[str, str], owners: dict[str, tuple[str, str]], length: int
) -> str:
    name = base[:length]
    count = 2
    while owners.setdefault(name, owner) != owner:
        suffix = str(count)
        name = base[: length - len(suffix)] + suffix
        count += 1
    return name


def _reel(text: str) -> str:
    cleaned = re.sub(r"[^A-Z0-9_-]", "_", one_line(text).upper())
    # AX and BL mean something else: an auxiliary source, and black.
    return f"{cleaned}_" if cleaned in ("AX", "BL", "") else cleaned


class _Writer:
    def __init__(
        self,
        sequence: Sequence,
        reels: Mapping[str, str],
        *,
        file32: bool,
        notices: list[str],
    ) -> None:
        self.sequence = sequence
        self.rate = sequence.rate
        self.drop = sequence.drop_frame and may_drop(sequence.rate)
        self.reels = reels
        self.digits, self.width = (6, FILE32_REEL) if file32 else (3, CMX_REEL)
        self.file32 = file32
        self.notices = notices

    def text(self, track: Track, label: str) -> str:
        """Return one track's list."""
        lines = [
            f"TITLE: {one_line(self.sequence.name)} {label}"[:70],
            f"FCM: {'DROP FRAME' if self.drop else 'NON-DROP FRAME'}",
            f"* CLAPLESS FRAME RATE: {self.rate}",
            f"* CLAPLESS START: {self.record(0)}",
            *([f"* CLAPLESS TRACK: {one_line(track.name)}"] if one_line(track.name) else []),
            "",
        ]
        playable = [item for item in track.items if isinstance(item.source, Media)]
        for item in track.items:
            if not isinstance(item.source, Media):
                self.notices.append(f"{one_line(item.name)} has no file and was left out.")
        places, lost = track_places(playable, self.rate, ticks=False)
        self.notices += [
            f"{one_line(item.name)} is shorter than one frame of the timeline and was left out."
            for item in lost
        ]
        if len(places) > MOST_EVENTS and not self.file32:
            raise ExportError(
                f"The track {one_line(track.name)} has {len(places)} events, and a CMX3600 list "
                f"counts to {MOST_EVENTS}: choose --to file32."
            )
        marks = list(self.sequence.marks)
        for number, placed in enumerate(places, 1):
            last = number == len(places)
            own = [m for m in marks if last or frames_round(m.time_s, self.rate) < placed.end]
            marks = [mark for mark in marks if mark not in own]
            lines += self.event(number, placed, own)
        return "\r\n".join(lines) + "\r\n"

    def event(self, number: int, placed: Place, marks: list[Mark]) -> list[str]:
        """Return the lines of one event."""
        item, media = placed.item, placed.item.source
        if not isinstance(media, Media):
            raise TypeError(f"{item.name!r} plays no file")
        source = self.source_frame(media) + placed.source_in
        length = placed.length
        speed = self.speed_line(item, media, source)
        if speed:
            length = round(length * item.speed)
        reel = self.reels[media.url]
        lines = [
            f"{number:0{self.digits}d}  {reel:<{self.width}} {_channels(item):<5} C        "
            f"{self.label(source)} {self.label(source + length)} "
            f"{self.record(placed.start)} {self.record(placed.end)}"
        ]
        lines += speed
        lines.append(f"* FROM CLIP NAME: {one_line(url_name(media.url) or media.name)}")
        if media.url:
            lines.append(f"* SOURCE FILE: {one_line(url_path(media.url))}")
        if item.check:
            lines.append("* COMMENT: CHECK SYNC")
        for mark, text in zip(marks, locators(_clean(m) for m in marks), strict=True):
            lines.append(f"* LOC: {self.record(frames_round(mark.time_s, self.rate))} {text}")
        return [*lines, ""]

    def source_frame(self, media: Media) -> int:
        """Return the frame number of a file's first frame at the list's rate.

        Where the file counts at another rate its label is kept, not its real time: the label is
        what is burnt in and what a relink looks for.
        """
        own = media.timecode_rate or media.rate
        if own is None or own == self.rate:
            return Timecode.at(media.start_s, self.rate).frame
        drop = media.drop_frame and may_drop(own)
        label = str(Timecode.at(media.start_s, own, drop_frame=drop))
        hours, minutes, seconds, frames = (int(part) for part in re.split("[:;]", label))
        nominal = nominal_rate(self.rate)
        frames = min(frames * nominal // nominal_rate(own), nominal - 1)
        try:
            text = f"{hours:02d}:{minutes:02d}:{seconds:02d}:{frames:02d}"
            return Timecode.parse(text, self.rate, drop_frame=self.drop).frame
        except ValueError:  # a number that drop frame leaves out
            text = f"{hours:02d}:{minutes:02d}:{seconds:02d}:{frames + 4:02d}"
            return Timecode.parse(text, self.rate, drop_frame=self.drop).frame

    def label(self, frame: int) -> str:
        """Return a source label; the list's own counting holds for all of them."""
        return str(Timecode(frame % self.day, self.rate, self.drop))

    @property
    def day(self) -> int:
        """Frames from one midnight's label to the next."""
        label = Timecode.parse("23:59:59:00", self.rate, drop_frame=self.drop)
        return label.frame + nominal_rate(self.rate)

    def record(self, frame: int) -> str:
        """Return a record label."""
        start = frames_round(self.sequence.start_s, self.rate)
        return str(Timecode((start + frame) % self.day, self.rate, self.drop))

    def speed_line(self, item: Item, media: Media, source: int) -> list[str]:
        """Return the M2 line of a speed that it holds exactly.

        Raises
        ------
        ExportError
            It would hold a drift wrongly.
        """
        if item.speed == _STEADY:
            return []
        if item.trade is not None and item.trade != item.speed:
            raise ExportError(
                f"{one_line(item.name)} drifts, and an edit decision list holds no drift: choose "
                "--drift slices, --drift wav or --drift none."
            )
        fps = item.speed * nominal_rate(self.rate)
        if item.speed <= 0 or (fps * 10).denominator != 1:
            self.notices.append(
                f"{one_line(item.name)} plays at a speed that an edit decision list does not hold "
                "exactly: set it by hand."
            )
            return []
        reel = self.reels[media.url]
        return [f"M2   {reel:<{self.width}} {float(fps):05.1f}                {self.label(source)}"]


def _channels(item: Item) -> str:
    channels = item.source.channels if isinstance(item.source, Media) else 0
    sound = min(channels, 2) if item.sound else 0
    if item.picture:
        return ("V", "B", "AA/V")[sound]
    return "AA" if sound == 2 else "A"


def _clean(mark: Mark) -> Mark:
    return Mark(
        name=one_line(mark.name),
        time_s=mark.time_s,
        color=re.sub(r"\W", "", mark.color),
        comment=one_line(mark.comment),
    )
