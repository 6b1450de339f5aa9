"""The page that says what each format keeps is made of the tests that hold it."""

from pathlib import Path

from clapless_otio.tables import COLUMNS
from tests.otio import test_edl, test_fields, test_xmeml

PAGE = Path(__file__).parents[2] / "install" / "guides" / "formats.md"

MARKER_LIST = ["name", "comment", "Resolve's colours", "place", "length"]


def page() -> str:
    """Return the page; every row is the name of a test of read(write(x))."""
    plain = [
        ("OpenTimelineIO, `.otio`: of a clip", test_fields.ITEM_FIELDS),
        ("OpenTimelineIO, `.otio`: of a file", test_fields.MEDIA_FIELDS),
        ("OpenTimelineIO, `.otio`: of a timeline", test_fields.SEQUENCE_FIELDS),
        ("Final Cut Pro, `.fcpxml`, multicam and flat", list(test_fields.FCPXML)),
        ("Premiere Pro, `.xml`", test_xmeml.FIELDS),
        ("Edit decision list, `.edl`", test_edl.FIELDS),
        ("Resolve's marker list, `--to resolve-markers`", MARKER_LIST),
        ("Table, `.csv` (written only)", list(COLUMNS)),
    ]
    lines = [
        "# What each format keeps",
        "",
        "What was written and read again is the same in these fields; each row is a test.",
        "`tests/otio/test_formats_page.py` makes this page.",
    ]
    for title, names in plain:
        lines += ["", f"## {title}", "", "| kept |", "| --- |"]
        lines += [f"| {name.replace('_', ' ')} |" for name in names]
    return "\n".join(lines) + "\n"


def test_the_page_is_what_the_tests_hold(update_goldens):
    if update_goldens:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
