r"""Resolve's "Timeline Markers from EDL": one event per marker, its facts in the line below.

::

    001  001      V     C        01:00:18:06 01:00:18:07 01:00:18:06 01:00:18:07
    the note |C:ResolveColorBlue |M:the name |D:1
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from clapless.errors import TimelineError, printable_name
from clapless.markers.formats import TIMELINE, read_bytes
from clapless.model import Marker
from clapless.timing import Timecode, may_drop
from clapless_otio.cut import Mark, Sequence
from clapless_otio.edl.events import decode
from clapless_otio.exact import frames_round
from clapless_otio.files import one_line, write_whole

COLORS = (
    "blue",
    "cyan",
    "green",
    "yellow",
    "red",
    "pink",
    "purple",
    "fuchsia",
    "rose",
    "lavender",
    "sky",
    "mint",
    "lemon",
    "sand",
    "cocoa",
    "cream",
)
"""Resolve's marker colours."""

NEAREST = {"orange": "sand", "white": "cream", "magenta": "fuchsia", "black": "cocoa"}
"""Words for colours that Resolve does not have, and which one stands for them."""

REEL = "001"
"""Of events whose markers name none."""

_TC = r"\d{2}[:;]\d{2}[:;]\d{2}[:;]\d{2,3}"
_EVENT = re.compile(rf"^\d+\s+(\S+)\s+V\s+C\s+({_TC})\s+({_TC})\s+({_TC})\s+({_TC})\s*$")
_FACTS = re.compile(r"^(.*?)\s*\|C:ResolveColor(\w+)\s*\|M:(.*?)\s*\|D:(\d+)\s*$", re.DOTALL)


def write_marker_edl(sequence: Sequence, marks: Iterable[Mark]) -> str:
    """Return marks, in sequence time, as a list that Resolve imports onto its timeline."""
    rate = sequence.rate
    drop = sequence.drop_frame and may_drop(rate)
    start = frames_round(sequence.start_s, rate)
    lines = [
        f"TITLE: {one_line(sequence.name)}",
        f"FCM: {'DROP FRAME' if drop else 'NON-DROP FRAME'}",
        "",
    ]
    for number, mark in enumerate(sorted(marks, key=lambda mark: mark.time_s), 1):
        frame = start + frames_round(mark.time_s, rate)
        begin, end = (str(Timecode(f, rate, drop)) for f in (frame, frame + 1))
        length = max(1, frames_round(mark.duration_s, rate))
        color = NEAREST.get(mark.color, mark.color)
        color = color if color in COLORS else COLORS[0]
        lines += [
            f"{number:03d}  {_reel(mark):<8} V     C        {begin} {end} {begin} {end}  ",
            f"{_clean(mark.comment)} |C:ResolveColor{color.capitalize()} "
            f"|M:{_clean(mark.name)} |D:{length}",
            "",
        ]
    return "\r\n".join(lines) + "\r\n"


def read_marker_edl(
    data: bytes, *, name: str, rate: Fraction | None = None, start_s: Fraction = Fraction(0)
) -> list[Mark]:
    """Return the marks of a list, in the file's order.

    Parameters
    ----------
    data
        The file's bytes.
    name
        Its name, for sentences.
    rate
        Frames per second of its timecode, which it does not say; None guesses from the highest
        frame number.
    start_s
        Real time of the timeline's first frame's timecode; times are counted from there.

    Raises
    ------
    TimelineError
        It holds no such markers, or a timecode that does not exist at the rate.
    """
    text = decode(data)
    drop = re.search(r"^FCM:\s*DROP", text, re.MULTILINE) is not None
    blocks = _blocks(text)
    if not blocks:
        raise TimelineError(f"{name} holds no timeline markers of Resolve.")
    rate = rate or _guessed([label for _, label, _ in blocks], drop)
    marks = []
    for reel, label, below in blocks:
        found = _FACTS.match(below)
        if not found:
            continue
        try:
            at = Timecode.parse(label.replace(";", ":"), rate, drop_frame=drop or ";" in label)
        except ValueError as error:
            raise TimelineError(f"{name}: {error}.") from error
        frames = int(found[4])
        marks.append(
            Mark(
                name=found[3],
                time_s=at.seconds - start_s,
                duration_s=frames / rate if frames > 1 else Fraction(0),
                color=found[2].lower(),
                comment=found[1].strip(),
                metadata={} if reel == REEL else {"reel": reel},
            )
        )
    if not marks:
        raise TimelineError(f"{name} holds no timeline markers of Resolve.")
    return marks


def _blocks(text: str) -> list[tuple[str, str, str]]:
    """Return each event's reel, its record timecode and the text below it."""
    blocks: list[tuple[str, str, str]] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if found := _EVENT.match(line.strip()):
            blocks.append((found[1], found[4], ""))
        elif blocks and (line.strip() or blocks[-1][2]):
            reel, label, below = blocks[-1]
            blocks[-1] = (reel, label, f"{below}\n{line}" if below else line)
    return [(reel, label, below.strip("\n").rstrip()) for reel, label, below in blocks]


def _guessed(labels: list[str], drop: bool) -> Fraction:
    highest = max(int(re.split("[:;]", label)[-1]) for label in labels)
    if highest >= 30:
        return Fraction(60000, 1001) if drop else Fraction(60)
    if drop or highest >= 25:
        return Fraction(30000, 1001) if drop else Fraction(30)
    return Fraction(25) if highest >= 24 else Fraction(24)


def _reel(mark: Mark) -> str:
    """Return the reel in the letters that lists hold: none of its words may be parted."""
    return re.sub(r"[^\w.-]+", "_", str(mark.metadata.get("reel", "")))[:32].strip("_") or REEL


def _clean(text: str) -> str:
    return one_line(text).replace("|", "/")


class ResolveMarkers:
    """Resolve's marker lists, for the engine's marker formats."""

    name = "resolve-markers"
    suffixes = (".edl",)

    def read(
        self, path: Path, *, rate: Fraction | None = None, start_s: Fraction = Fraction(0)
    ) -> tuple[Marker, ...]:
        """Return the markers of a file, on the timeline."""
        marks = read_marker_edl(
            read_bytes(path), name=printable_name(path), rate=rate, start_s=start_s
        )
        return timeline_markers(marks)

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,
        start_s: Fraction = Fraction(0),
        drop_frame: bool = False,
    ) -> None:
        """Write markers, in timeline time."""
        sequence = Sequence(name=path.stem, rate=rate, start_s=start_s, drop_frame=drop_frame)
        held = list(markers)
        marks = [
            replace(mark, metadata={"reel": str(marker.extra["reel"])})
            if marker.extra.get("reel")
            else mark
            for mark, marker in zip(marks_of(held), held, strict=True)
        ]
        text = write_marker_edl(sequence, marks)
        write_whole(path, text.encode("utf-8"))


def timeline_markers(marks: Iterable[Mark]) -> tuple[Marker, ...]:
    """Return marks as the engine's markers on the timeline."""
    return tuple(
        Marker(
            id=f"m{number}",
            name=mark.name,
            group=TIMELINE,
            time_s=float(mark.time_s),
            duration_s=float(mark.duration_s),
            color=mark.color,
            comment=mark.comment,
            kind=mark.kind,
            extra={"reel": mark.metadata["reel"]} if "reel" in mark.metadata else {},
        )
        for number, mark in enumerate(marks, 1)
    )


def marks_of(markers: Iterable[Marker]) -> list[Mark]:
    """Return the engine's markers as exact marks."""
    return [
        Mark(
            name=marker.name,
            time_s=Fraction(round(marker.time_s * 10**9), 10**9),
            duration_s=Fraction(round(marker.duration_s * 10**9), 10**9),
            color=marker.color,
            comment=marker.comment,
            kind=marker.kind,
        )
        for marker in markers
    ]
