"""Text that editing programs exchange: Avid's marker list and Premiere's marker table.

Both count in timecode: a time falls on a whole frame, and the rate is not in the file. Reading
without a rate guesses it from the highest frame number.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from clapless.errors import TimelineError, printable_name
from clapless.markers.colors import color_of, nearest
from clapless.markers.formats import TIMELINE
from clapless.markers.text import (
    flat,
    frames_of,
    guess_rate,
    label_of,
    numbered,
    read_text,
    time_of_label,
    write_text,
)
from clapless.model import Marker, MarkerKind

AVID_COLORS = ("red", "green", "blue", "cyan", "magenta", "yellow", "black", "white")
"""Media Composer's marker colours, its default first."""

AVID_TRACK = "V1"

PREMIERE_COLUMNS = ("Marker Name", "Description", "In", "Out", "Duration", "Marker Type")
"""First row of Premiere's export; its words change with the program's language, its order not."""

PREMIERE_KINDS: dict[str, MarkerKind] = {"comment": "standard", "chapter": "chapter"}


class AvidMarkers:
    """Media Composer's marker text: name, timecode, track, colour, comment and length, by tabs."""

    name = "avid"
    suffixes: tuple[str, ...] = (".txt",)

    def read(
        self, path: Path, *, rate: Fraction | None = None, start_s: Fraction = Fraction(0)
    ) -> tuple[Marker, ...]:
        """Return the markers of a file.

        Raises
        ------
        TimelineError
            A line is no marker, or its timecode does not exist.
        """
        rows = [
            [*line.split("\t"), "", "", "", "", ""]
            for line in read_text(path).splitlines()
            if line.strip()
        ]
        rate = rate or guess_rate((row[1] for row in rows), path)
        markers: list[Marker] = []
        for number, row in enumerate(rows, 1):
            frames = row[5].strip()
            markers.append(
                Marker(
                    id=f"m{number}",
                    name=row[0],
                    group=TIMELINE,
                    time_s=time_of_label(row[1], rate=rate, start_s=start_s, path=path),
                    # One frame is how a marker without length is written.
                    duration_s=float(int(frames) / rate) if _whole(frames) > 1 else 0.0,
                    color=color_of(row[3]),
                    comment=row[4],
                )
            )
        return tuple(markers)

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,
        start_s: Fraction = Fraction(0),
        drop_frame: bool = False,
    ) -> None:
        """Write markers; a colour that Media Composer does not have becomes the nearest it has."""
        lines = []
        for _, marker in numbered(markers):
            at = label_of(marker.time_s, rate=rate, start_s=start_s, drop_frame=drop_frame)
            frames = max(1, frames_of(marker.duration_s, rate))
            color = nearest(marker.color, AVID_COLORS)
            fields = (flat(marker.name), at, AVID_TRACK, color, flat(marker.comment), str(frames))
            lines.append("\t".join(fields) + "\r\n")
        write_text(path, "".join(lines))


class PremiereTable:
    """Premiere's marker export: a table by tabs, UTF-16 with its byte order mark."""

    name = "premiere-csv"
    suffixes: tuple[str, ...] = (".csv", ".txt")

    def read(
        self, path: Path, *, rate: Fraction | None = None, start_s: Fraction = Fraction(0)
    ) -> tuple[Marker, ...]:
        """Return the markers of a file.

        Raises
        ------
        TimelineError
            It is no such table, or a timecode does not exist.
        """
        lines = [line for line in read_text(path).splitlines() if line.strip()]
        rows = [[*line.split("\t"), "", "", "", "", ""] for line in lines[1:]]
        if not rows or lines[0].count("\t") < len(PREMIERE_COLUMNS) - 1:
            raise TimelineError(f"{printable_name(path)} holds no marker table of Premiere.")
        rate = rate or guess_rate((label for row in rows for label in row[2:5]), path)
        markers: list[Marker] = []
        for number, row in enumerate(rows, 1):
            begin, end = (
                time_of_label(row[column], rate=rate, start_s=start_s, path=path)
                for column in (2, 3)
            )
            markers.append(
                Marker(
                    id=f"m{number}",
                    name=row[0],
                    group=TIMELINE,
                    time_s=begin,
                    duration_s=max(0.0, end - begin),
                    comment=row[1],
                    kind=PREMIERE_KINDS.get(row[5].strip().lower(), "standard"),
                )
            )
        return tuple(markers)

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,
        start_s: Fraction = Fraction(0),
        drop_frame: bool = False,
    ) -> None:
        """Write markers; the table has no colours."""
        lines = ["\t".join(PREMIERE_COLUMNS) + "\t\r\n"]
        for _, marker in numbered(markers):
            begin = frames_of(marker.time_s, rate) / rate
            length = frames_of(marker.duration_s, rate) / rate
            labels = [
                label_of(float(begin), rate=rate, start_s=start_s, drop_frame=drop_frame),
                label_of(float(begin + length), rate=rate, start_s=start_s, drop_frame=drop_frame),
                label_of(float(length), rate=rate, start_s=Fraction(0), drop_frame=drop_frame),
            ]
            kind = "Chapter" if marker.kind == "chapter" else "Comment"
            lines.append(
                "\t".join([flat(marker.name), flat(marker.comment), *labels, kind]) + "\t\r\n"
            )
        write_text(path, "\ufeff" + "".join(lines), encoding="utf-16-le")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
