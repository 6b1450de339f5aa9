"""Edit decision lists: real ones are read whole, ours are read by others, and hold no drift."""

import io
import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pycmx
import pytest
from hypothesis import given, settings

from clapless.errors import ExportError, TimelineError
from clapless.markers.formats import TIMELINE, marker_formats
from clapless.model import Marker, Placement
from clapless.timing import Timecode, may_drop
from clapless_otio.cut import Media, Project, Sequence
from clapless_otio.drift import without_drift
from clapless_otio.edl import ResolveMarkers, read_edl, read_marker_edl, write_edl
from clapless_otio.exact import frames_round
from clapless_otio.fcpxml import read_fcpxml, write_fcpxml
from clapless_otio.flat import flattened
from clapless_otio.layout import layout
from clapless_otio.multicam import as_multicam
from clapless_otio.options import ExportOptions
from tests.otio import shoots
from tests.otio.shoots import NTSC_24, NTSC_30

NLE = Path(__file__).parents[3] / "shared" / "data" / "nle"
FILES = sorted(p for p in (NLE / "edl").glob("*.edl") if "markers" not in p.name)
GOLDENS = Path(__file__).parents[1] / "goldens" / "edl"
TC = re.compile(r"\d\d[:;]\d\d[:;]\d\d[:;]\d\d")


def walked(text):
    """Every line that ends in four timecodes, save black: record in and out, source in."""
    found = []
    for line in text.splitlines():
        codes = TC.findall(line)
        if len(codes) == 4 and line.split()[1] not in ("BL", "BLACK"):
            found.append([re.sub(";", ":", code) for code in (codes[2], codes[3], codes[0])])
    return found


@pytest.mark.real
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_no_event_is_lost_in_reading(path, shared_data, update_goldens):
    data = path.read_bytes()
    golden = GOLDENS / f"{path.stem}.json"
    if update_goldens:
        golden.parent.mkdir(parents=True, exist_ok=True)
        text = data.decode("utf-8-sig")
        golden.write_text(json.dumps(walked(text), indent=None) + "\n", encoding="utf-8")
    expected = json.loads(golden.read_text(encoding="utf-8"))
    (sequence,) = read_edl(data, name=path.name).sequences
    rate, drop = sequence.rate, sequence.drop_frame
    found = []
    for item in sequence.items():
        record = [
            str(Timecode(frames_round(sequence.start_s + t, rate), rate, drop)).replace(";", ":")
            for t in (item.start_s, item.end_s)
        ]
        assert isinstance(item.source, Media)
        source_s = item.source.start_s + item.source_start_s
        labels = [
            str(Timecode(frames_round(source_s, rate), rate, d)).replace(";", ":")
            for d in (False, may_drop(rate))
        ]
        found.append((record, labels))
    assert len(found) == len(expected)
    for begin, end, source in expected:
        assert any(record == [begin, end] and source in labels for record, labels in found)


def lists(session, **choices):
    project = without_drift(layout(session, options=ExportOptions(**choices)))
    files, _ = write_edl(project)
    return project.sequences[0], files


@settings(settings.get_profile("otio"))
@given(session=shoots.shoots(max_clips=10))
def test_starts_are_within_half_a_frame_through_pycmx(session):
    session = replace(
        session,
        groups=tuple(
            replace(g, placements=tuple(replace(p, speed=Fraction(1)) for p in g.placements))
            for g in session.groups
        ),
    )
    sequence, files = lists(session)
    assert len(files) == len(sequence.tracks)
    for track, file in zip(sequence.tracks, files, strict=True):
        parsed = pycmx.parse_cmx3600(io.StringIO(file.text))
        edits = [edit for event in parsed.events for edit in event.edits]
        items = [i for i in track.items if i.duration_s * sequence.rate >= 2]
        if len(items) != len(track.items):
            continue
        assert len(edits) == len(items)
        for edit, item in zip(edits, items, strict=True):
            at = Timecode.parse(edit.record_in, sequence.rate).seconds - sequence.start_s
            assert abs(at - item.start_s) <= 1 / (2 * sequence.rate)


def synced(**placement):
    a = shoots.camera("c1", frames=2400)
    b = shoots.camera("c2", device="B", frames=1200, timecode="02:00:00:00")
    r = shoots.recorder("r1", time_reference=3600 * 48000)
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=12.3456, status="check"),
        Placement(clip="r1", offset_s=3.21, **placement),
    )
    marks = (
        Marker(id="m1", name="clap", time_s=2.002, group="g1", color="blue", comment="one"),
        Marker(id="m2", name="later", time_s=4.004, group="g1"),
    )
    return shoots.session(a, b, r, placements=placed, markers=marks)


def test_the_text_of_a_list():
    _, files = lists(synced())
    assert [file.label for file in files] == ["V1 A", "V2 B", "A1 Zoom"]
    assert files[0].text.split("\r\n") == [
        "TITLE: Sync V1 A",
        "FCM: NON-DROP FRAME",
        "* CLAPLESS FRAME RATE: 24000/1001",
        "* CLAPLESS START: 01:00:00:00",
        "* CLAPLESS TRACK: A",
        "",
        "001  C1       AA/V  C        01:00:00:00 01:01:40:00 01:00:00:00 01:01:40:00",
        "* FROM CLIP NAME: c1.mov",
        "* SOURCE FILE: /shoot/A/c1.mov",
        "* LOC: 01:00:02:00 BLUE    clap | one",
        "* LOC: 01:00:04:00 WHITE   later",
        "",
        "",
    ]
    assert "* COMMENT: CHECK SYNC" in files[1].text


FIELDS = ["names", "starts", "lengths", "timecode", "streams", "check", "rate and start", "markers"]


@pytest.mark.parametrize("field", FIELDS)
def test_read_of_write_keeps(field):
    sequence, files = lists(synced())
    frame_s = 1 / sequence.rate
    for track, file in zip(sequence.tracks, files, strict=True):
        (again,) = read_edl(file.text.encode(), name="again").sequences
        (item,), (kept,) = track.items, again.items()
        assert isinstance(item.source, Media)
        assert isinstance(kept.source, Media)
        if field == "names":
            assert kept.source.url == f"/shoot/{track.name}/{item.source.url.split('/')[-1]}"
        elif field == "starts":
            assert abs(kept.start_s - item.start_s) <= frame_s
        elif field == "lengths":
            assert abs(kept.duration_s - item.duration_s) <= 2 * frame_s
        elif field == "timecode":
            one = item.source.start_s + item.source_at(kept.start_s)
            two = kept.source.start_s + kept.source_start_s
            assert abs(one - two) <= frame_s
        elif field == "streams":
            assert (kept.picture, kept.sound) == (item.picture, item.sound)
        elif field == "check":
            assert kept.check == item.check
        elif field == "rate and start":
            assert (again.rate, again.start_s) == (sequence.rate, sequence.start_s)
        elif field == "markers":
            facts = [(m.name, m.color or "white", m.comment, m.time_s) for m in sequence.marks]
            assert facts == [(m.name, m.color, m.comment, m.time_s) for m in again.marks]


def test_drift_is_refused_and_never_written_as_m2():
    project = layout(synced(drift_ppm=32.0), options=ExportOptions())
    with pytest.raises(ExportError, match=r"R1 drifts.*choose"):
        write_edl(project)


def test_a_speed_that_m2_holds_exactly_is_written():
    a = shoots.camera("c1", rate=Fraction(25), frames=2500)
    b = shoots.camera("c2", device="B", rate=Fraction(25), frames=1000)
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=10.0, speed=Fraction(24, 25)),
    )
    _, files = lists(shoots.session(a, b, placements=placed))
    assert "M2   C2       024.0" in files[1].text
    (again,) = read_edl(files[1].text.encode(), name="x").sequences
    (item,) = again.items()
    assert item.speed == Fraction(24, 25)


def test_cards_with_the_same_reel_get_different_reels():
    clips = [
        replace(shoots.camera(f"c{n}", device=f"D{n}"), reel="A001C001_LONG") for n in range(3)
    ]
    placed = tuple(Placement(clip=c.id, offset_s=0.0) for c in clips)
    _, files = lists(shoots.session(*clips, placements=placed))
    reels = [file.text.split("\r\n")[6].split()[1] for file in files]
    assert reels == ["A001C001", "A001C002", "A001C003"]


def test_drop_frame_lists_say_so():
    a = shoots.camera("c1", rate=NTSC_30, frames=3000, timecode="10:00:00;00")
    _, files = lists(shoots.session(a, placements=(Placement(clip="c1", offset_s=0.0),)))
    assert "FCM: DROP FRAME" in files[0].text
    assert "10:00:00;00 10:01:40;02 01:00:00;00 01:01:40;02" in files[0].text


def test_file32_has_long_reels():
    project = layout(synced(), options=ExportOptions())
    files, _ = write_edl(project, file32=True)
    assert (
        files[0].text.split("\r\n")[6].startswith("000001  C1                               AA/V")
    )


@pytest.mark.real
def test_resolves_own_marker_list_is_read(shared_data):
    path = NLE / "edl" / "resolve_timeline_markers_24p.edl"
    marks = read_marker_edl(path.read_bytes(), name=path.name, rate=Fraction(24))
    assert len(marks) == 9
    seventh = marks[6]
    assert seventh.time_s == Timecode.parse("01:04:55:22", Fraction(24)).seconds
    assert (seventh.name, seventh.color, seventh.comment) == (
        "Yellow Marker",
        "yellow",
        "test 25:01",
    )
    assert seventh.duration_s == Fraction(601, 24)
    assert marks[7].comment == ""
    assert marks[8].comment == "Tache claire en haut a gauche et en bas"


def test_marker_lists_keep_what_they_can_hold(tmp_path):
    path = tmp_path / "m.edl"
    markers = (
        Marker(id="m1", name="a|b", time_s=1.001, group=TIMELINE, color="pink", comment="x\ny"),
        Marker(id="m2", name="long", time_s=10.01, duration_s=2.002, group=TIMELINE),
    )
    written = ResolveMarkers()
    start_s = Timecode.parse("01:00:00:00", NTSC_24).seconds
    written.write(path, markers, rate=NTSC_24, start_s=start_s)
    one, two = written.read(path, rate=NTSC_24, start_s=start_s)
    assert (one.name, one.color, one.comment) == ("a/b", "pink", "x y")
    assert one.time_s == pytest.approx(1.001)
    assert (two.name, two.color) == ("long", "blue")
    assert two.duration_s == pytest.approx(2.002)
    assert one.group == TIMELINE


def test_the_formats_are_found_by_their_entry_points():
    assert "resolve-markers" in {one.name for one in marker_formats()}


@pytest.mark.parametrize("text", ["", "TITLE: x\n", "001 x V C 99:99:99:99 00:00:00:00"])
def test_what_is_no_list_is_refused(text):
    with pytest.raises(TimelineError):
        read_edl(text.encode(), name="a.edl")


def test_a_multicam_clip_is_the_angles_that_it_shows_and_plays():
    """One cut of two angles and a recorder: through FCPXML, where a clip names its angles."""
    project = as_multicam(layout(synced(), options=ExportOptions(drift="none")))
    (whole,) = read_fcpxml(write_fcpxml(without_drift(project))[0], name="m").sequences
    (clip,) = whole.tracks[0].items
    assert isinstance(clip.source, Sequence)
    shorter = replace(
        clip,
        start_s=Fraction(0),
        source_start_s=clip.source_start_s + 20,
        duration_s=Fraction(10),
    )
    cut = replace(whole, tracks=(replace(whole.tracks[0], items=(shorter,)),), marks=())
    (flat,) = flattened(Project(name="m", sequences=(cut,))).sequences
    shown = {(i.name, i.picture, i.sound): i for i in flat.items()}
    assert set(shown) == {("C1", True, False), ("R1", False, True)}
    for item in flat.items():
        assert (item.start_s, item.duration_s) == (Fraction(0), Fraction(10))
    inner = {i.name: i for i in clip.source.items()}
    for (name, _, _), item in shown.items():
        assert item.source_start_s == inner[name].source_at(shorter.source_start_s)
    files, notices = write_edl(Project(name="m", sequences=(cut,)))
    assert [file.label[:2] for file in files] == ["V1", "A1"]
    assert notices == []
