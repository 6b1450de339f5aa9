"""JSON: ``{"schema": "clapless/markers", "version": 1, "markers": [...]}``.

Times are seconds. A list of markers alone is read too, and what mtbsync writes with ``--vis-json``
(rows under ``markers`` beside ``params`` and ``label``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from clapless.errors import TimelineError, printable_name
from clapless.markers.tables import COLUMNS, marker_of_row
from clapless.markers.text import read_text, write_text
from clapless.model import Marker

SCHEMA = "clapless/markers"
VERSION = 1


class JsonMarkers:
    """Markers as JSON."""

    name = "json"
    suffixes: tuple[str, ...] = (".json",)

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
            It is broken, holds no markers, or was written by a newer Clapless.
        """
        name = printable_name(path)
        try:
            document = json.loads(read_text(path))
        except (ValueError, RecursionError) as error:
            raise TimelineError(f"{name} is no JSON: {error}.") from error
        rows = document
        if isinstance(document, dict):
            version = document.get("version", VERSION)
            if document.get("schema") == SCHEMA and isinstance(version, int) and version > VERSION:
                raise TimelineError(
                    f"{name} was written by a newer Clapless (version {version} of its markers; "
                    f"this one knows {VERSION}): update Clapless."
                )
            rows = document.get("markers")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TimelineError(f"{name} holds no list of markers.")
        return tuple(
            marker_of_row(row, number, f"{name}, marker {number}")
            for number, row in enumerate(rows, 1)
        )

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
        rows = [
            {key: value for key, value in marker.extra.items() if key not in COLUMNS}
            | {key: getattr(marker, key) for key in COLUMNS}
            for marker in markers
        ]
        document = {"schema": SCHEMA, "version": VERSION, "markers": rows}
        # Escaped, so that lone surrogates of file names survive.
        write_text(path, json.dumps(document, indent=2, default=str) + "\n")
