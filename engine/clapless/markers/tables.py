"""CSV: one row per marker, its columns named in the first row.

The columns are those of `COLUMNS`; any other column is kept in the marker's `extra`. Files with
the columns ``marker_id, t_ref`` and ``t_new_est`` or ``t_new`` (mtbsync) are read as well.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path

from clapless.errors import TimelineError, printable, printable_name
from clapless.markers.colors import color_of
from clapless.markers.formats import TIMELINE
from clapless.markers.text import read_text, seconds_of, write_text
from clapless.model import Marker, MarkerKind

COLUMNS = (
    "id",
    "name",
    "time_s",
    "duration_s",
    "color",
    "comment",
    "kind",
    "confidence",
    "needs_review",
)
"""What Clapless writes, in this order, then what the markers carried with them."""

OTHER_NAMES: Mapping[str, str] = {
    "marker_id": "id",
    "label": "name",
    "marker name": "name",
    "title": "name",
    "time": "time_s",
    "start": "time_s",
    "start_s": "time_s",
    "t": "time_s",
    "duration": "duration_s",
    "colour": "color",
    "description": "comment",
    "note": "comment",
    "notes": "comment",
    "type": "kind",
}
"""Columns of other programs and what they are here."""

PREDECESSOR_TIMES = ("t_new", "t_new_est", "t_ref")
"""Columns of mtbsync that hold a time, the one that counts first."""

KINDS: tuple[MarkerKind, ...] = ("standard", "chapter", "todo", "done")


class CsvMarkers:
    """Markers as comma separated values."""

    name = "csv"
    suffixes: tuple[str, ...] = (".csv", ".tsv")

    def read(
        self,
        path: Path,
        *,
        rate: Fraction | None = None,  # noqa: ARG002 - times are seconds
        start_s: Fraction = Fraction(0),  # noqa: ARG002 - times are seconds
    ) -> tuple[Marker, ...]:
        """Return the markers of a file, in the file's order.

        Raises
        ------
        TimelineError
            A column is missing, or a row cannot be read; the sentence names the row.
        """
        text = read_text(path)
        first = text.lstrip("\r\n").split("\n", 1)[0]
        rows = csv.DictReader(
            io.StringIO(text.lstrip("\r\n"), newline=""),
            delimiter=max(",;\t", key=first.count),
            restkey="",
        )
        columns = [(name or "").strip() for name in rows.fieldnames or ()]
        if not {*map(_column, columns)} & {"time_s", *PREDECESSOR_TIMES}:
            raise TimelineError(
                f"{printable_name(path)} has no column for the time: its first row must name "
                f"time_s (or t_ref), and has {printable(', '.join(columns) or 'nothing')}."
            )
        rows.fieldnames = columns
        try:
            return tuple(
                marker_of_row(row, number, f"{printable_name(path)}, row {number}")
                for number, row in enumerate(rows, 1)
            )
        except csv.Error as error:
            raise TimelineError(f"{printable_name(path)} is broken: {error}.") from error

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,  # noqa: ARG002 - times are seconds
        start_s: Fraction = Fraction(0),  # noqa: ARG002 - times are seconds
        drop_frame: bool = False,  # noqa: ARG002 - times are seconds
    ) -> None:
        """Write markers with all that is known of them."""
        held = list(markers)
        others = sorted(
            {key for marker in held for key in marker.extra if key and key not in COLUMNS}
        )
        out = io.StringIO(newline="")
        table = csv.writer(out, lineterminator="\r\n")
        table.writerow([*COLUMNS, *others])
        for marker in held:
            kept = [cell_of(marker.extra.get(key, "")) for key in others]
            table.writerow([*(cell_of(getattr(marker, key)) for key in COLUMNS), *kept])
        write_text(path, out.getvalue())


def marker_of_row(row: Mapping[str | None, object], number: int, place: str) -> Marker:
    """Return the marker that a row of names and values describes.

    Parameters
    ----------
    row
        Column names, of this program or another, and values.
    number
        Of the row, for a marker without an id.
    place
        For the sentence where it cannot be read.

    Raises
    ------
    TimelineError
        A value is not what its column holds.
    """
    known: dict[str, str] = {}
    extra: dict[str, object] = {}
    for key, value in row.items():
        column = _column(key or "")
        if column in COLUMNS and column not in known and not isinstance(value, (list, dict)):
            known[column] = "" if value is None else str(value)
        elif key:
            extra[str(key)] = value
    if "time_s" not in known:
        given = next((str(extra[c]) for c in PREDECESSOR_TIMES if extra.get(c)), "")
        known["time_s"] = given
    kind = known.get("kind", "").strip().lower()
    name = known.get("id", "").strip() or f"m{number}"
    return Marker(
        id=name,
        name=known.get("name", "") if "name" in known else name,
        group=TIMELINE,
        time_s=_number(known["time_s"], "a time in seconds", place),
        duration_s=_number(known.get("duration_s") or "0", "a duration in seconds", place),
        color=color_of(known.get("color", "")),
        comment=known.get("comment", ""),
        kind=next((one for one in KINDS if one == kind), "standard"),
        confidence=_number(known.get("confidence") or "1", "a confidence", place),
        needs_review=known.get("needs_review", "").strip().lower() in ("true", "yes", "1"),
        extra=extra,
    )


def _column(name: str) -> str:
    plain = name.strip().lower()
    return OTHER_NAMES.get(plain, plain)


def _number(text: str, wanted: str, place: str) -> float:
    value = seconds_of(text)
    if value is None:
        raise TimelineError(f"{place}: {printable(text) or 'nothing'} is not {wanted}.")
    return value


def cell_of(value: object) -> str:
    """Return how a value stands in a table: all digits of a number, true or false in words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
