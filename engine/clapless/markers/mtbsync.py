"""Marker files as mtbsync writes them: its CSV, and the JSON of its ``--vis-json``.

Rows have ``marker_id``, ``t_ref`` (time on the reference) and ``t_new_est`` (time on the new run),
all as text, and whatever else a marker carries. The JSON holds them under ``markers`` beside
``params`` (``t_ref = a * t_new + b``) and ``label``. A marker that was not carried has one time,
which stands in both columns.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from clapless.markers.json_file import JsonMarkers
from clapless.markers.tables import COLUMNS, CsvMarkers, cell_of
from clapless.markers.text import write_text
from clapless.model import Marker

FORMATS = ("mtbsync", "mtbsync-json")
"""Names of the two formats."""

ORIGIN = "t_ref"
"""Where a marker's `extra` holds its time before it was carried."""

LABEL = "default"
"""What mtbsync calls a list that has no name."""

OWN = ("marker_id", ORIGIN, "t_new_est", "t_new", "label")


def with_origins(moved: Iterable[Marker], origins: Iterable[Marker]) -> tuple[Marker, ...]:
    """Return carried markers that remember where they came from, one by one."""
    return tuple(
        replace(marker, extra={**marker.extra, ORIGIN: repr(origin.time_s)})
        for marker, origin in zip(moved, origins, strict=True)
    )


def write_visual(
    path: Path,
    markers: Iterable[Marker],
    *,
    params: Mapping[str, float] | None = None,
    label: str = LABEL,
) -> None:
    """Write the JSON of ``--vis-json``, whole or not at all.

    Parameters
    ----------
    path
        The file.
    markers
        Of `with_origins`, or any.
    params
        ``a`` and ``b`` of the line nearest to the map; None for none.
    label
        Name of the list.

    Raises
    ------
    ExportError
        The file cannot be written.
    """
    document = {"params": dict(params or {}), "markers": rows_of(markers), "label": label}
    write_text(path, json.dumps(document, indent=2) + "\n")


def rows_of(markers: Iterable[Marker]) -> list[dict[str, str]]:
    """Return the rows of markers, all with the same columns in the same order."""
    held = list(markers)
    others = sorted(
        {key for one in held for key in one.extra if key and key not in (*OWN, *COLUMNS)}
    )
    return [
        {
            "marker_id": one.id,
            ORIGIN: cell_of(one.extra.get(ORIGIN) or one.time_s),
            "t_new_est": cell_of(one.time_s),
            "label": one.name,
            **{key: cell_of(getattr(one, key)) for key in COLUMNS[3:]},
            **{key: cell_of(one.extra.get(key, "")) for key in others},
        }
        for one in held
    ]


class MtbsyncMarkers(CsvMarkers):
    """Markers as mtbsync's CSV."""

    name = "mtbsync"
    suffixes: tuple[str, ...] = (".csv",)

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
        rows = rows_of(markers)
        out = io.StringIO(newline="")
        names = list(rows[0]) if rows else ["marker_id", ORIGIN, "t_new_est"]
        table = csv.DictWriter(out, names, lineterminator="\r\n")
        table.writeheader()
        table.writerows(rows)
        write_text(path, out.getvalue())


class MtbsyncJson(JsonMarkers):
    """Markers as the JSON of mtbsync's ``--vis-json``."""

    name = "mtbsync-json"
    suffixes: tuple[str, ...] = (".json",)

    def write(
        self,
        path: Path,
        markers: Iterable[Marker],
        *,
        rate: Fraction,  # noqa: ARG002 - times are seconds
        start_s: Fraction = Fraction(0),  # noqa: ARG002 - times are seconds
        drop_frame: bool = False,  # noqa: ARG002 - times are seconds
    ) -> None:
        """Write markers with all that is known of them; there is no map to state."""
        write_visual(path, markers)
