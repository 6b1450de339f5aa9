"""Lists of times and names: Audacity's labels and YouTube's chapters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from clapless.errors import ExportError, TimelineError, printable_name
from clapless.markers.formats import TIMELINE
from clapless.markers.text import flat, numbered, read_text, seconds_of, write_text
from clapless.model import Marker

CHAPTERS_LEAST = 3
"""YouTube shows chapters from this many on."""

CHAPTER_LEAST_S = 10
"""YouTube's shortest chapter."""

_CHAPTER = re.compile(r"^\W*((?:\d+:)?\d{1,2}:\d{2})\W*\s+(.*?)\s*$")


class AudacityMarkers:
    """Audacity's label track: start, end and text, by tabs; times in seconds."""

    name = "audacity"
    suffixes: tuple[str, ...] = (".txt",)

    def read(
        self,
        path: Path,
        *,
        rate: Fraction | None = None,  # noqa: ARG002 - times are seconds
        start_s: Fraction = Fraction(0),  # noqa: ARG002 - times are seconds
    ) -> tuple[Marker, ...]:
        """Return the labels of a file.

        Raises
        ------
        TimelineError
            A line is no label.
        """
        markers: list[Marker] = []
        for number, line in enumerate(read_text(path).splitlines(), 1):
            # A line that begins with a backslash holds the frequencies of the label above.
            if not line.strip() or line.startswith("\\"):
                continue
            start, _, rest = line.partition("\t")
            end, _, label = rest.partition("\t")
            begin_s, end_s = seconds_of(start), seconds_of(end)
            if begin_s is None or end_s is None:
                raise TimelineError(f"{printable_name(path)}, line {number} is no Audacity label.")
            markers.append(
                Marker(
                    id=f"m{len(markers) + 1}",
                    name=label,
                    group=TIMELINE,
                    time_s=begin_s,
                    duration_s=max(0.0, end_s - begin_s),
                )
            )
        if not markers:
            raise TimelineError(f"{printable_name(path)} holds no labels.")
        return tuple(markers)

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,  # noqa: ARG002 - times are seconds
        start_s: Fraction = Fraction(0),  # noqa: ARG002 - times are seconds
        drop_frame: bool = False,  # noqa: ARG002 - times are seconds
    ) -> None:
        """Write time, duration and name."""
        lines = [
            f"{marker.time_s:.6f}\t{marker.time_s + marker.duration_s:.6f}\t{flat(marker.name)}\n"
            for _, marker in numbered(markers)
        ]
        write_text(path, "".join(lines))


class YoutubeMarkers:
    """Chapters for the description of a video: one ``0:00 Name`` a line, whole seconds."""

    name = "youtube"
    suffixes: tuple[str, ...] = (".txt",)

    def read(
        self,
        path: Path,
        *,
        rate: Fraction | None = None,  # noqa: ARG002 - times are seconds
        start_s: Fraction = Fraction(0),  # noqa: ARG002 - times are seconds
    ) -> tuple[Marker, ...]:
        """Return the chapters of a description; lines without a time are passed over.

        Raises
        ------
        TimelineError
            There is no chapter in it.
        """
        markers: list[Marker] = []
        for line in read_text(path).splitlines():
            if found := _CHAPTER.match(line):
                markers.append(
                    Marker(
                        id=f"m{len(markers) + 1}",
                        name=found[2],
                        group=TIMELINE,
                        time_s=float(seconds_of(found[1]) or 0.0),
                        kind="chapter",
                    )
                )
        if not markers:
            raise TimelineError(f"{printable_name(path)} holds no chapters.")
        return tuple(markers)

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,  # noqa: ARG002 - times are seconds
        start_s: Fraction = Fraction(0),  # noqa: ARG002 - times are seconds
        drop_frame: bool = False,  # noqa: ARG002 - times are seconds
    ) -> None:
        """Write the chapters' starts and names.

        YouTube wants the first at 0:00 and ten seconds between them. A chapter ``Start`` is put
        at 0:00 where none begins there.

        Raises
        ------
        ExportError
            There are too few, or two lie too close: YouTube would show none of them.
        """
        lines = [(int(marker.time_s + 0.5), flat(marker.name)) for _, marker in numbered(markers)]
        if lines and lines[0][0] < 0:
            raise ExportError(
                f"{printable_name(path)} was not written: chapters begin at 0:00 and "
                f"{lines[0][1]!r} lies before it."
            )
        if lines and lines[0][0] > 0:
            lines.insert(0, (0, "Start"))
        if len(lines) < CHAPTERS_LEAST:
            raise ExportError(
                f"{printable_name(path)} was not written: YouTube wants at least "
                f"{CHAPTERS_LEAST} chapters."
            )
        for (one_s, _), (two_s, name) in pairwise(lines):
            if two_s - one_s < CHAPTER_LEAST_S:
                raise ExportError(
                    f"{printable_name(path)} was not written: YouTube wants {CHAPTER_LEAST_S} s "
                    f"between chapters, and {name!r} follows after {two_s - one_s} s."
                )
        text = "".join(f"{_chapter_time(time_s, lines[-1][0])} {name}\n" for time_s, name in lines)
        write_text(path, text)


def _chapter_time(time_s: int, last_s: int) -> str:
    minutes, seconds = divmod(time_s, 60)
    hours, minutes = divmod(minutes, 60)
    if last_s >= 3600:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}"
