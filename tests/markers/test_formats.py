"""Every marker format of the engine: read of write keeps every field that the format has.

``KEPT`` is the table of what each one holds; what is not in a row comes back as its default.
"""

from __future__ import annotations

import codecs
import json
import string
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.errors import ExportError, TimelineError
from clapless.markers.colors import RGB, nearest
from clapless.markers.editors import AVID_COLORS, AvidMarkers, PremiereTable
from clapless.markers.formats import TIMELINE, MarkerFormat, marker_formats
from clapless.markers.json_file import JsonMarkers
from clapless.markers.lists import AudacityMarkers, YoutubeMarkers
from clapless.markers.mtbsync import MtbsyncJson, MtbsyncMarkers, with_origins, write_visual
from clapless.markers.tables import COLUMNS, CsvMarkers
from clapless.markers.text import flat
from clapless.model import Marker

TIMES = ("t_ref", "t_new_est")
"""What mtbsync's formats say besides."""

NTSC = Fraction(30000, 1001)
HOUR_S = Fraction(108108, 30)

EXACT = "exact"
FRAME = "frame"
MICRO = "microsecond"

KEPT: dict[str, tuple[MarkerFormat, str, frozenset[str]]] = {
    "csv": (
        CsvMarkers(),
        EXACT,
        frozenset({*COLUMNS, "extra"}),
    ),
    "json": (
        JsonMarkers(),
        EXACT,
        frozenset({*COLUMNS, "extra"}),
    ),
    "mtbsync": (
        MtbsyncMarkers(),
        EXACT,
        frozenset({*COLUMNS, "extra"}),
    ),
    "mtbsync-json": (
        MtbsyncJson(),
        EXACT,
        frozenset({*COLUMNS, "extra"}),
    ),
    "audacity": (AudacityMarkers(), MICRO, frozenset(["name", "time_s", "duration_s"])),
    "avid": (
        AvidMarkers(),
        FRAME,
        frozenset(["name", "time_s", "duration_s", "color", "comment"]),
    ),
    "premiere-csv": (
        PremiereTable(),
        FRAME,
        frozenset(["name", "time_s", "duration_s", "comment", "kind"]),
    ),
}

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
HOSTILE = st.one_of(
    WORDS, st.sampled_from(['a,b"c', "two\nlines", "tab\tbed", "=1+1", "émoji 🎬", "a;b", "\\x"])
)


@st.composite
def markers(draw: st.DrawFn, fields: frozenset[str]) -> list[Marker]:
    def maybe(field: str, strategy: st.SearchStrategy[Any], default: Any) -> Any:
        return draw(strategy) if field in fields else default

    held = []
    for number in range(draw(st.integers(1, 6))):
        held.append(
            Marker(
                id=maybe("id", st.sampled_from(["x", "7", "m-ä"]), "") or f"m{number + 1}",
                name=draw(HOSTILE),
                group=TIMELINE,
                time_s=number * 50.0 + draw(st.floats(0, 49)),
                duration_s=maybe("duration_s", st.one_of(st.just(0.0), st.floats(0.2, 30)), 0.0),
                color=maybe("color", st.sampled_from(AVID_COLORS), ""),
                comment=maybe("comment", HOSTILE, ""),
                kind=maybe("kind", st.sampled_from(["standard", "chapter"]), "standard"),
                confidence=maybe("confidence", st.floats(0, 1), 1.0),
                needs_review=maybe("needs_review", st.booleans(), False),
                extra=maybe("extra", st.sampled_from([{}, {"scene": "12 a"}]), {}),
            )
        )
    return held


@pytest.mark.parametrize("name", KEPT)
@given(data=st.data())
def test_read_of_write_keeps_every_field_the_format_has(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    form, grain, fields = KEPT[name]
    held = data.draw(markers(fields))
    path = tmp_path_factory.mktemp("m") / f"x{form.suffixes[0]}"
    form.write(path, held, rate=NTSC, start_s=HOUR_S, drop_frame=True)
    back = form.read(path, rate=NTSC, start_s=HOUR_S)
    assert len(back) == len(held)
    one_frame = float(1 / NTSC)
    for was, now in zip(held, back, strict=True):
        assert now.group == TIMELINE
        if grain == EXACT:
            assert replace(now, extra={}) == replace(was, extra={})
            kept = {key: value for key, value in now.extra.items() if value and key not in TIMES}
            assert kept == was.extra
            continue
        limit = 0.51 * one_frame if grain == FRAME else 2e-6
        assert now.name == flat(was.name)
        assert abs(now.time_s - was.time_s) <= limit
        if grain == FRAME and now.time_s:
            assert abs(now.time_s * NTSC - round(now.time_s * NTSC)) < 1e-6
        assert abs(now.duration_s - was.duration_s) <= limit
        assert now.color == was.color
        assert now.comment == flat(was.comment)
        assert now.kind == was.kind


def test_chapters_keep_starts_and_names_in_whole_seconds(tmp_path: Path) -> None:
    path = tmp_path / "chapters.txt"
    held = [
        Marker(id=f"m{n}", name=f"part {n}: a\tb", group=TIMELINE, time_s=n * 1800.4)
        for n in range(4)
    ]
    YoutubeMarkers().write(path, held, rate=NTSC)
    assert path.read_text("utf-8").splitlines()[1] == "0:30:00 part 1: a b"
    back = YoutubeMarkers().read(path)
    assert [(m.time_s, m.name, m.kind) for m in back] == [
        (float(round(m.time_s)), flat(m.name), "chapter") for m in held
    ]


def test_chapters_get_a_start_and_are_refused_where_youtube_shows_none(tmp_path: Path) -> None:
    path = tmp_path / "chapters.txt"

    def write(*times_s: float) -> None:
        YoutubeMarkers().write(
            path,
            [Marker(id=str(t), name="x", group=TIMELINE, time_s=t) for t in times_s],
            rate=NTSC,
        )

    write(20.0, 40.0)
    assert path.read_text("utf-8") == "0:00 Start\n0:20 x\n0:40 x\n"
    with pytest.raises(ExportError, match="at least 3"):
        write(20.0)
    with pytest.raises(ExportError, match="10 s between"):
        write(0.0, 20.0, 25.0)
    with pytest.raises(ExportError, match="before it"):
        write(-5.0, 20.0, 45.0)
    assert path.read_text("utf-8") == "0:00 Start\n0:20 x\n0:40 x\n"


def test_the_predecessors_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "new_markers.csv"
    path.write_text("marker_id,t_ref,t_new_est,rider\nA,10.5,12.25,Jo\nB,20,,Jo\n", "utf-8")
    one, two = CsvMarkers().read(path)
    assert (one.id, one.name, one.time_s, one.extra["rider"]) == ("A", "A", 12.25, "Jo")
    assert one.extra["t_ref"] == "10.5"
    assert two.time_s == 20.0


def test_the_predecessors_visual_json_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new_markers.json"
    path.write_text(
        '{"params": {"a": 1.0, "b": 2.0}, "label": "trail", '
        '"markers": [{"marker_id": "A", "t_ref": "10.5", "t_new_est": "12.25"}]}',
        "utf-8",
    )
    (one,) = JsonMarkers().read(path)
    assert (one.id, one.time_s) == ("A", 12.25)


def test_the_predecessors_visual_json_is_written_as_it_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "new_markers.json"
    origin = Marker(id="A", name="root", group=TIMELINE, time_s=10.5, color="red")
    moved = with_origins([replace(origin, time_s=12.25)], [origin])
    write_visual(path, moved, params={"a": 1.0, "b": -1.75}, label="trail")
    document = json.loads(path.read_text("utf-8"))
    assert document["params"] == {"a": 1.0, "b": -1.75}
    assert document["label"] == "trail"
    (row,) = document["markers"]
    assert list(row)[:3] == ["marker_id", "t_ref", "t_new_est"]
    assert (row["marker_id"], row["t_ref"], row["t_new_est"]) == ("A", "10.5", "12.25")
    assert all(isinstance(value, str) for value in row.values())
    (back,) = JsonMarkers().read(path)
    assert (back.id, back.name, back.time_s, back.color) == ("A", "root", 12.25, "red")


def test_the_predecessors_csv_has_its_columns_and_one_time_where_nothing_was_carried(
    tmp_path: Path,
) -> None:
    path = tmp_path / "markers.csv"
    MtbsyncMarkers().write(
        path, [Marker(id="A", name="a, b", group=TIMELINE, time_s=10.5)], rate=NTSC
    )
    head, row = path.read_text("utf-8").splitlines()
    assert head.startswith("marker_id,t_ref,t_new_est,label,")
    assert row.startswith('A,10.5,10.5,"a, b",')
    MtbsyncMarkers().write(path, [], rate=NTSC)
    assert path.read_text("utf-8").strip() == "marker_id,t_ref,t_new_est"


def test_premieres_table_is_utf_16_with_tabs(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    marker = Marker(id="m1", name="Ä", group=TIMELINE, time_s=61.0, duration_s=2.0)
    PremiereTable().write(path, [marker], rate=Fraction(25))
    data = path.read_bytes()
    assert data.startswith(codecs.BOM_UTF16_LE)
    lines = data.decode("utf-16").split("\r\n")
    assert lines[0].split("\t")[:6] == [
        "Marker Name", "Description", "In", "Out", "Duration", "Marker Type",
    ]  # fmt: skip
    assert lines[1] == "Ä\t\t00:01:01:00\t00:01:03:00\t00:00:02:00\tComment\t"


@pytest.mark.real
def test_a_real_table_of_premiere_is_read(shared_data: Path) -> None:
    back = PremiereTable().read(
        shared_data / "nle/markers_csv/premiere_markers_60p.csv", rate=Fraction(60)
    )
    assert len(back) == 11
    assert back[0].time_s == pytest.approx(4 + 57 / 60)
    assert back[8].time_s == pytest.approx(2 * 60 + 6 + 29 / 60)


BROKEN = {
    "csv": ["", "name,comment\nx,y\n", "time_s\nsoon\n", "time_s,confidence\n1,high\n"],
    "json": ["", "{", "[1]", '{"markers": 1}', '{"schema":"clapless/markers","version":9}'],
    "audacity": ["", "one\ttwo\tthree\n", "just words"],
    "avid": ["", "no tabs at all", "x\t99:99:99:99\tV1\tred\t\t1"],
    "premiere-csv": ["", "a,b,c\n1,2,3\n", "N\tD\tIn\tOut\tDur\tType\n\t\tx\ty\tz\tComment\n"],
    "youtube": ["", "no chapter here"],
}


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, ts in BROKEN.items() for t in ts])
def test_what_cannot_be_read_is_one_sentence_naming_the_file(
    name: str, text: str, tmp_path: Path
) -> None:
    form = next(one for one in marker_formats() if one.name == name)
    path = tmp_path / "held\nnotes.x"
    path.write_text(text, "utf-8")
    with pytest.raises(TimelineError, match=r"held\\nnotes\.x") as caught:
        form.read(path)
    assert "\n" not in str(caught.value)


@given(data=st.binary(max_size=200))
def test_bytes_of_any_kind_are_read_or_refused(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("b") / "x"
    path.write_bytes(data)
    for form, _, _ in KEPT.values():
        try:
            read = form.read(path)
        except TimelineError:
            continue
        assert all(isinstance(marker, Marker) for marker in read)


@given(word=st.sampled_from(sorted(RGB)) | st.text(string.ascii_lowercase))
def test_every_colour_becomes_one_the_program_has(word: str) -> None:
    assert nearest(word, AVID_COLORS) in AVID_COLORS
    assert nearest(word, [word, "red"]) == word
