"""What each marker format keeps: read of write, field by field; the page is made of these tests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from clapless.markers.choice import Preset, read_markers, write_markers
from clapless.markers.formats import TIMELINE, marker_formats
from clapless.model import Marker, MarkerKind

PAGE = Path(__file__).parents[2] / "install" / "guides" / "marker_formats.md"

RATE = Fraction(30000, 1001)
FRAME_S = float(1 / RATE)

FIELDS = (
    "id", "name", "time", "length", "colour", "comment", "chapter", "to do", "confidence",
    "needs review", "reel", "other columns",
)  # fmt: skip

TITLES = {
    "csv": "CSV",
    "json": "JSON",
    "mtbsync": "CSV of mtbsync",
    "mtbsync-json": "JSON of mtbsync",
    "audacity": "Audacity labels",
    "youtube": "YouTube chapters",
    "avid": "Avid marker text",
    "premiere-csv": "Premiere's table",
    "resolve-markers": "Resolve's marker EDL",
    "fcpxml": "FCPXML",
    "premiere": "Premiere XML",
    "otio": "OpenTimelineIO",
}

SUFFIXES = {
    "csv": "csv",
    "json": "json",
    "mtbsync": "csv",
    "mtbsync-json": "json",
    "audacity": "txt",
    "youtube": "txt",
    "avid": "txt",
    "premiere-csv": "csv",
    "resolve-markers": "edl",
    "fcpxml": "fcpxml",
    "premiere": "xml",
    "otio": "otio",
}

TIMED = {"name", "time", "length", "comment"}

KEPT: dict[str, set[str]] = {
    "csv": {*FIELDS},
    "json": {*FIELDS},
    "mtbsync": {*FIELDS},
    "mtbsync-json": {*FIELDS},
    "audacity": {"name", "time", "length"},
    "youtube": {"name", "time", "chapter"},
    "avid": {*TIMED, "colour"},
    "premiere-csv": {*TIMED, "chapter"},
    "resolve-markers": {*TIMED, "colour", "reel"},
    "fcpxml": {*TIMED, "colour", "chapter", "to do"},
    "premiere": {*TIMED},
    "otio": {*TIMED, "colour", "chapter", "to do"},
}
"""What comes back; everything else comes back as its default."""


def held() -> list[Marker]:
    """Return markers on whole seconds of frames, each with all that a marker can have."""
    kinds: tuple[MarkerKind, ...] = ("standard", "chapter", "todo", "standard")
    colors = ("red", "blue", "cyan", "green")
    return [
        Marker(
            id=f"x{n + 7}",
            name=f"root {n}",
            group=TIMELINE,
            time_s=float(Fraction(600 * n) / RATE),
            duration_s=float(Fraction(45) / RATE),
            color=colors[n],
            comment=f"left of it {n}",
            kind=kinds[n],
            confidence=0.75,
            needs_review=True,
            extra={"reel": "A001", "rider": "Jo"},
        )
        for n in range(4)
    ]


def kept(name: str, tmp_path: Path) -> set[str]:
    """Return the fields that a format keeps."""
    path = tmp_path / f"x.{SUFFIXES[name]}"
    was = held()
    write_markers(path, was, preset=Preset(format=name), rate=RATE)
    now = list(read_markers(path, format=name, rate=RATE))
    assert len(now) == len(was)
    pairs = list(zip(was, now, strict=True))
    within_s = 0.51 if name == "youtube" else 0.51 * FRAME_S
    tests = {
        "id": all(a.id == b.id for a, b in pairs),
        "name": all(a.name == b.name for a, b in pairs),
        "time": all(abs(a.time_s - b.time_s) <= within_s for a, b in pairs),
        "length": all(abs(a.duration_s - b.duration_s) <= 0.51 * FRAME_S for a, b in pairs),
        "colour": all(a.color == b.color for a, b in pairs),
        "comment": all(a.comment == b.comment for a, b in pairs),
        "chapter": now[1].kind == "chapter",
        "to do": now[2].kind == "todo",
        "confidence": all(b.confidence == 0.75 for b in now),
        "needs review": all(b.needs_review for b in now),
        "reel": all(b.extra.get("reel") == "A001" for b in now),
        "other columns": all(b.extra.get("rider") == "Jo" for b in now),
    }
    return {field for field, is_kept in tests.items() if is_kept}


@pytest.mark.parametrize("name", KEPT)
def test_a_format_keeps_what_the_page_says(name: str, tmp_path: Path) -> None:
    assert kept(name, tmp_path) == KEPT[name]


def test_every_format_that_writes_is_on_the_page() -> None:
    writing = {one.name for one in marker_formats() if getattr(one, "writes", True)}
    assert writing == set(KEPT)


def page() -> str:
    """Return the page."""
    lines = [
        "# What each marker format keeps",
        "",
        "What was written and read again is the same in these fields; each cell is a test.",
        "`tests/markers/test_formats_page.py` makes this page. Times fall on whole frames where",
        "the format counts in timecode, on whole seconds in YouTube's; CSV and JSON keep every",
        "digit, and those of mtbsync also each marker's time before it was carried. Locators in",
        "edit decision lists (`* LOC`) are read only. A colour that a program does not have",
        "becomes the nearest it has. Line breaks and tabs in names and comments become spaces",
        "outside CSV, JSON and the timelines.",
        "",
        f"| format | {' | '.join(FIELDS)} |",
        f"| --- | {' | '.join(['---'] * len(FIELDS))} |",
    ]
    for name, title in TITLES.items():
        cells = ["yes" if field in KEPT[name] else "" for field in FIELDS]
        lines.append(f"| {title} (`{name}`) | {' | '.join(cells)} |".replace("|  ", "| "))
    return "\n".join(lines) + "\n"


def test_the_page_is_what_the_tests_hold(update_goldens: bool) -> None:
    if update_goldens:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_a_reel_is_one_word_and_events_without_one_have_none(tmp_path: Path) -> None:
    path = tmp_path / "x.edl"
    one, two = held()[:2]
    marks = [replace(one, extra={"reel": "A 1\tx"}), replace(two, extra={})]
    write_markers(path, marks, rate=RATE)
    lines = path.read_text("utf-8").splitlines()
    assert lines[3].split()[:4] == ["001", "A_1_x", "V", "C"]
    assert lines[6].split()[:4] == ["002", "001", "V", "C"]
    assert [dict(m.extra) for m in read_markers(path, rate=RATE)] == [{"reel": "A_1_x"}, {}]
