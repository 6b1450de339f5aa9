"""Flavours, bundles, tables, dailies, conversions and comparisons."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import opentimelineio as otio
import pytest
from lxml import etree
from typer.testing import CliRunner

from clapless.errors import ExportError, TimelineError, UsageError
from clapless.media.riff import read_riff
from clapless.model import MediaFile, Placement, Unplaced
from clapless.render import WavWriter
from clapless.session import write_session
from clapless_otio.commands import app
from clapless_otio.comparing import compare
from clapless_otio.cut import Media
from clapless_otio.export import export
from clapless_otio.inputs import TimelineInput
from clapless_otio.layout import layout
from clapless_otio.options import ExportOptions
from clapless_otio.reading import read_project
from tests.otio import shoots
from tests.otio.shoots import NTSC_24

FLAT = ExportOptions(multicam=False, drift="retime")


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


def wav(path, seconds, *, level=0.0):
    with WavWriter(path, channels=1, rate_hz=48000) as out:
        out.write(np.full((seconds * 48000, 1), level))


def shoot(folder, *, ppm=0.0):
    """One camera of 10 s that starts 5 s into a recorder of 30 s; files are really there."""
    wav(folder / "r1.wav", 30, level=0.25)
    (folder / "c1.mov").write_bytes(b"a camera file")
    a = replace(
        shoots.camera("c1", frames=240, timecode="10:00:00:00"),
        files=(MediaFile(path=folder / "c1.mov"),),
        scene="12A",
        take="3",
    )
    r = replace(
        shoots.recorder("r1", seconds=Fraction(30), channels=1),
        files=(MediaFile(path=folder / "r1.wav"),),
    )
    placed = (
        Placement(clip="r1", offset_s=0.0),
        Placement(clip="c1", offset_s=5.25, drift_ppm=ppm),
    )
    return shoots.session(a, r, placements=placed)


@pytest.mark.parametrize(("flavour", "in_source"), [("resolve", False), ("premiere", True)])
def test_flavours_are_on_whole_frames_in_their_convention(tmp_path, flavour, in_source):
    a = shoots.camera("c1", frames=24000)
    b = shoots.camera("c2", device="B", frames=240000)
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=12.3456, drift_ppm=100.0),
    )
    out = tmp_path / "a.otio"
    export(
        shoots.session(a, b, placements=placed),
        out,
        options=ExportOptions(drift="retime", flavour=flavour),
    )
    timeline = otio.adapters.read_from_file(str(out))
    for track in timeline.tracks:
        for child in track:
            length = child.source_range.duration
            if not (in_source and child.name == "C2"):
                assert length.value == pytest.approx(round(length.value), abs=1e-6)
    (clip, *_) = (c for c in timeline.find_clips() if c.name == "C2")
    frames = clip.source_range.duration.to_seconds() * float(NTSC_24)
    # 24 frames of the source are not played in the timeline's time.
    assert frames == pytest.approx(240000 if in_source else 239976, abs=1.1)
    again = read_project(out)
    ends = {i.name: i.end_s for i in again.sequences[0].items()}
    assert float(ends["C2"]) == pytest.approx(12.3456 + 10010 / 1.0001, abs=0.05)


def test_a_bundle_holds_the_media_and_says_how_much(tmp_path):
    session = shoot(tmp_path)
    notices = export(session, tmp_path / "a.otioz", options=FLAT)
    assert notices[0] == "The bundle holds 4.1 MiB of media."
    with zipfile.ZipFile(tmp_path / "a.otioz") as archive:
        assert sorted(archive.namelist()) == [
            "content.otio",
            "media/c1.mov",
            "media/r1.wav",
            "version.txt",
        ]
        assert archive.read("media/c1.mov") == b"a camera file"
    timeline = otio.adapters.read_from_file(str(tmp_path / "a.otioz"))
    urls = {clip.media_reference.target_url for clip in timeline.find_clips()}
    assert urls == {"media/c1.mov", "media/r1.wav"}
    assert {i.name for i in read_project(tmp_path / "a.otioz").sequences[0].items()} == {"C1", "R1"}


def test_what_is_not_there_is_not_in_the_bundle_and_it_is_said(tmp_path):
    session = shoot(tmp_path)
    (tmp_path / "c1.mov").unlink()
    notices = export(session, tmp_path / "a.otioz", options=FLAT)
    assert "C1 was not found and is not in the bundle." in notices


def test_the_table_has_every_clip(tmp_path):
    session = shoot(tmp_path, ppm=40.0)
    lost = shoots.camera("c9", name='=x"y,z')
    session = replace(
        session,
        clips=(*session.clips, lost),
        unplaced=(Unplaced(clip="c9", code="no_match", reason="no sound in common"),),
    )
    export(session, tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    rows = {row["clip"]: row for row in csv.DictReader(io.StringIO(text))}
    assert rows["C1"]["offset_s"] == "5.250000"
    assert rows["C1"]["offset_frames"] == "126"
    assert rows["C1"]["drift_frames_per_hour"] == "3.453"
    assert rows['=x"y,z']["status"] == "not synced"
    assert rows['=x"y,z']["reason"] == "no sound in common"


def test_dailies_for_final_cut_are_sync_clips_in_the_event(tmp_path):
    session = shoot(tmp_path)
    export(session, tmp_path / "a.fcpxml", to="merged")
    root = etree.parse(tmp_path / "a.fcpxml").getroot()
    (clip,) = root.findall("event/sync-clip")
    assert clip.get("name") == "12A-3"
    assert clip.get("start") == "36036s"
    camera = clip.find("asset-clip")
    recorder = camera.find("asset-clip")
    assert (recorder.get("lane"), recorder.get("name")) == ("-1", "R1")
    assert recorder.get("start") == "21/4s"
    role = clip.find("sync-source[@sourceID='storyline']/audio-role-source")
    assert (role.get("role"), role.get("active")) == ("dialogue.dialogue-1", "0")


@pytest.mark.real
def test_dailies_validate(tmp_path, shared_data):
    export(shoot(tmp_path, ppm=30.0), tmp_path / "a.fcpxml", to="merged")
    grammar = etree.DTD(str(shared_data / "nle" / "dtd" / "FCPXMLv1_10.dtd"))
    assert grammar.validate(etree.parse(tmp_path / "a.fcpxml")), grammar.error_log


def test_dailies_for_premiere_are_a_sequence_each(tmp_path):
    export(shoot(tmp_path), tmp_path / "a.xml", to="merged")
    project = read_project(tmp_path / "a.xml")
    (sequence,) = project.sequences
    assert sequence.name == "12A-3"
    assert sequence.start_s == 36036
    shown = {(i.name, i.enabled): i for i in sequence.items()}
    assert shown["R1", True].source_start_s == Fraction(21, 4)
    assert shown["12A-3", False].sound


def test_dailies_for_resolve_carry_the_cameras_timecode(tmp_path):
    session = shoot(tmp_path, ppm=50.0)
    export(session, tmp_path / "dailies", to="merged")
    (file,) = (tmp_path / "dailies").iterdir()
    assert file.name == "12A-3.wav"
    riff = read_riff(file)
    reference = int.from_bytes(riff.content("bext")[338:346], "little")
    assert reference == 36036 * 48000
    assert riff.chunks["data"].size == round(10.01 * 48000) * 3


def test_dailies_never_take_the_place_of_a_recording(tmp_path):
    session = shoot(tmp_path)
    r1 = tmp_path / "card" / "12A-3.wav"  # a recorder that names its files by scene and take
    r1.parent.mkdir()
    (tmp_path / "r1.wav").rename(r1)
    clips = tuple(
        replace(c, files=(MediaFile(path=r1),)) if c.id == "r1" else c for c in session.clips
    )
    before = r1.read_bytes()
    with pytest.raises(ExportError, match="one of the recordings"):
        export(replace(session, clips=clips), r1.parent, to="merged")
    assert r1.read_bytes() == before


def test_nothing_to_merge_is_one_sentence(tmp_path):
    alone = shoots.session(shoots.camera("c1"), placements=(Placement(clip="c1", offset_s=0.0),))
    with pytest.raises(ExportError, match="nothing to merge"):
        export(alone, tmp_path / "a.fcpxml", to="merged")


CHAIN = ["a.otio", "a.fcpxml", "a.xml", "b.otio"]


def test_conversions_keep_places_from_program_to_program(tmp_path):
    session = shoot(tmp_path)
    write_session(session, tmp_path / "s.json")
    first = tmp_path / CHAIN[0]
    export(session, first, options=FLAT)
    for before, after in pairwise(CHAIN):
        result = run("convert", tmp_path / before, tmp_path / after)
        assert result.exit_code == 0, result.output
    found = compare(read_project(first), read_project(tmp_path / CHAIN[-1]))
    assert {clip.name for clip in found.clips} == {"c1.mov", "r1.wav"}
    assert all(abs(clip.worst_s) <= 1 / NTSC_24 for clip in found.clips)


def test_convert_to_lists_and_back(tmp_path):
    session = shoot(tmp_path)
    export(session, tmp_path / "a.otio", options=ExportOptions(drift="none"))
    assert run("convert", tmp_path / "a.otio", tmp_path / "a.edl").exit_code == 0
    assert (tmp_path / "a A1 Zoom.edl").exists()
    assert run("convert", tmp_path / "a A1 Zoom.edl", tmp_path / "b.otio").exit_code == 0
    (item,) = read_project(tmp_path / "b.otio").sequences[0].items()
    assert isinstance(item.source, Media)
    assert item.source.url.endswith("/r1.wav")


def test_compare_measures_head_and_tail(tmp_path):
    project = layout(shoot(tmp_path), options=ExportOptions())
    (sequence,) = project.sequences
    moved = tuple(
        replace(
            track,
            items=tuple(
                replace(i, start_s=i.start_s + Fraction(1, 10)) if i.clip == "c1" else i
                for i in track.items
            ),
        )
        for track in sequence.tracks
    )
    other = replace(project, sequences=(replace(sequence, tracks=moved),))
    found = compare(project, other)
    by_name = {clip.name: clip for clip in found.clips}
    apart = by_name["c1.mov"].head_s - by_name["r1.wav"].head_s
    assert apart == Fraction(1, 10)
    assert by_name["c1.mov"].head_s == by_name["c1.mov"].tail_s


def test_compare_speaks_to_people_and_machines(tmp_path):
    session = shoot(tmp_path)
    write_session(session, tmp_path / "s.json")
    export(session, tmp_path / "a.fcpxml", options=FLAT)
    result = run("compare", tmp_path / "s.json", tmp_path / "a.fcpxml")
    assert result.exit_code == 0, result.output
    assert "c1.mov" in result.output
    result = run("compare", tmp_path / "s.json", tmp_path / "a.fcpxml", "--json")
    clips = json.loads(result.stdout)["clips"]
    assert {clip["name"] for clip in clips} == {"c1.mov", "r1.wav"}
    assert all(abs(clip["head_s"]) < 0.021 for clip in clips)


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    session = shoots.session(
        *(
            replace(shoots.camera(n), files=(MediaFile(path=tmp_path / n / "C0001.MP4"),))
            for n in ("A", "B", "C")
        ),
        placements=tuple(Placement(clip=n, offset_s=float(i)) for i, n in enumerate("ABC")),
    )
    moved = replace(  # to another disk, and B is placed elsewhere
        session,
        clips=tuple(
            replace(c, files=(MediaFile(path=tmp_path / "disk" / c.id / "C0001.MP4"),))
            for c in session.clips
        ),
        groups=(
            replace(
                session.groups[0],
                placements=tuple(
                    replace(p, offset_s=4.0) if p.clip == "B" else p
                    for p in session.groups[0].placements
                ),
            ),
        ),
    )
    one, two = (layout(each, options=ExportOptions()) for each in (session, moved))
    found = compare(one, two)
    assert {c.name: round(float(c.head_s)) for c in found.clips} == {
        "A/C0001.MP4": 0,
        "B/C0001.MP4": 3,
        "C/C0001.MP4": 0,
    }
    assert (found.only_first, found.only_second) == ((), ())
    fewer = replace(session, clips=session.clips[:2])
    lost = layout(
        replace(
            fewer,
            groups=(replace(session.groups[0], placements=session.groups[0].placements[:2]),),
        ),
        options=ExportOptions(),
    )
    assert compare(one, lost).only_first == ("C/C0001.MP4",)


def test_comparing_strangers_is_refused(tmp_path):
    one = layout(shoot(tmp_path), options=ExportOptions())
    other = shoots.session(shoots.camera("x"), placements=(Placement(clip="x", offset_s=0.0),))
    with pytest.raises(UsageError, match="no file in common"):
        compare(one, layout(other, options=ExportOptions()))


def test_a_timeline_is_an_input_with_its_tracks_as_devices(tmp_path):
    session = shoot(tmp_path)
    export(session, tmp_path / "a.fcpxml", options=FLAT)
    found = TimelineInput().read(tmp_path / "a.fcpxml")
    assert found.files == ((tmp_path / "c1.mov", "A"), (tmp_path / "r1.wav", "Zoom"))
    assert found.missing == ()


def test_moved_media_are_found_beside_the_timeline_or_in_the_named_folder(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (there / "card" / "A").mkdir(parents=True)
    session = shoot(tmp_path)
    export(session, here / "a.xml", options=FLAT)
    (tmp_path / "c1.mov").rename(here / "c1.mov")
    (tmp_path / "r1.wav").rename(there / "card" / "A" / "r1.wav")
    found = TimelineInput().read(here / "a.xml")
    assert [path for path, _ in found.files] == [here / "c1.mov"]
    assert found.missing == (str(tmp_path / "r1.wav"),)
    assert found.notices[-1] == "r1.wav was not found beside a.xml: name its folder with --media."
    found = TimelineInput().read(here / "a.xml", media=[there])
    assert {path.name for path, _ in found.files} == {"c1.mov", "r1.wav"}
    assert found.missing == ()


BAD = {
    "empty.xml": b"",
    "cut.fcpxml": b"<?xml version='1.0'?><fcpxml version='1.10'><resources>",
    "other.fcpxml": b"<html/>",
    "entity.xml": b"<!DOCTYPE xmeml [<!ENTITY a 'b'>]><xmeml>&a;</xmeml>",
    "laughs.xml": b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]><xmeml>&b;</xmeml>',
    "outside.xml": b"<!DOCTYPE xmeml SYSTEM 'file:///etc/passwd'><xmeml/>",
    "deep.fcpxml": b"<fcpxml>" + b"<spine>" * 5000 + b"</spine>" * 5000 + b"</fcpxml>",
    "time.fcpxml": b"<fcpxml><event><project><sequence duration='1s' tcStart='1/0s'><spine/>"
    b"</sequence></project></event></fcpxml>",
    "utf16.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><xmeml>&a;</xmeml>".encode("utf-16"),
    "no.otio": b"{}",
    "list.otio": b"[1, 2]",
    "cut.otio": b'{"OTIO_SCHEMA": "Timeline.1"}',
    "rate.otio": b'{"OTIO_SCHEMA": "RationalTime.1", "rate": 25}',
    "bytes.otio": b"\xff\xfe\x00",
    "no.edl": b"hello",
    "no.otioz": b"PK nothing",
    "cycle.fcpxml": b"<fcpxml><resources><format id='f' frameDuration='1/25s'/><media id='m'>"
    b"<sequence format='f'><spine><ref-clip ref='m' duration='1s'/></spine></sequence></media>"
    b"</resources><event><project><sequence format='f'><spine><ref-clip ref='m' duration='1s'/>"
    b"</spine></sequence></project></event></fcpxml>",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_sentence_with_their_name(tmp_path, name):
    (tmp_path / name).write_bytes(BAD[name])
    with pytest.raises(TimelineError, match=name.replace(".", r"\.")) as caught:
        read_project(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_large_document_is_read(tmp_path):
    clip = '<asset-clip ref="a" offset="{0}s" name="clip {0}" start="0s" duration="1s"/>'
    body = "".join(clip.format(n) for n in range(8000))
    text = (
        "<fcpxml version='1.10'><resources><format id='f' frameDuration='1/25s'/>"
        "<asset id='a' name='x' start='0s' duration='1s' hasVideo='1' format='f'>"
        f"<media-rep src='file:///x.mov'/><metadata><md key='k' value='{'x' * 3_000_000}'/>"
        "</metadata></asset></resources><event><project><sequence format='f'><spine>"
        f"{body}</spine></sequence></project></event></fcpxml>"
    )
    (tmp_path / "big.fcpxml").write_text(text)
    project = read_project(tmp_path / "big.fcpxml")
    assert len(list(project.sequences[0].items())) == 8000


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("file://localhost/Volumes/A/B%20C.mov", "/Volumes/A/B C.mov"),
        ("file://localhost/D%3a/media/x.mov", "D:/media/x.mov"),
        ("file:///C:/Users/%C3%A4/100%25.mov", "C:/Users/ä/100%.mov"),
        ("file:///Users/a/50%.mov", "/Users/a/50%.mov"),
        ("file://server/share/x.mov", "//server/share/x.mov"),
        (r"S:\path\to\x.exr", r"S:\path\to\x.exr"),
        ("file:///a/q?x#y.mov", "/a/q?x#y.mov"),
        ("file://[bad/x.mov", "/bad/x.mov"),
        ("../../etc/passwd", "../../etc/passwd"),
    ],
)
def test_paths_of_every_system_are_understood_and_kept(url, expected):
    from clapless_otio.files import url_path

    found = url_path(url)
    assert found == expected or url.startswith("file://[")


def test_nothing_is_written_outside_the_folder_asked_for(tmp_path):
    inside = tmp_path / "out"
    inside.mkdir()
    clips = [
        shoots.camera("c1", device="../../../evil"),
        shoots.camera("c2", device="/etc/x"),
        shoots.camera("c3", device="a\x00b"),
    ]
    placed = tuple(Placement(clip=c.id, offset_s=0.0) for c in clips)
    export(shoots.session(*clips, placements=placed), inside / "a.edl")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
    assert len(list(inside.iterdir())) == 3


def test_hostile_words_in_a_strangers_otio_do_no_harm(tmp_path):
    """What we keep as XML text may have been put there by anybody."""
    session = shoot(tmp_path)
    export(session, tmp_path / "a.otio", options=FLAT)
    root = json.loads((tmp_path / "a.otio").read_text())
    bad: dict[str, dict[str, object]] = {
        "fcpxml": {
            "tag": "title",
            "start": "1/0s",
            "children": ["<!DOCTYPE a [<!ENTITY b 'c'>]><note>&b;</note>", "<broken", 7, "<x/>"],
            "attributes": {"onload": "x", "audioRole": 5},
            "effect": "none",
        },
        "xmeml": {"filter": ["<no", "<label/>"], "labels": "x"},
    }

    def poison(value):
        if isinstance(value, dict):
            if "sync" in value:
                start, length = value["source_start"], value["duration"]
                told = {"source_start": start, "source_duration": length}
                value["sync"] = {**bad, "fcpxml": {**bad["fcpxml"], **told}}
            for one in value.values():
                poison(one)
        elif isinstance(value, list):
            for one in value:
                poison(one)

    poison(root)
    (tmp_path / "b.otio").write_text(json.dumps(root))
    for name in ("b.fcpxml", "b.xml", "c.otio", "b.edl"):
        result = run("convert", tmp_path / "b.otio", tmp_path / name)
        assert result.exit_code == 0, result.exception
    assert b"ENTITY" not in (tmp_path / "b.fcpxml").read_bytes()
    assert {i.name for i in read_project(tmp_path / "b.fcpxml").sequences[0].items()} == {
        "C1",
        "R1",
    }


def test_what_a_list_and_premieres_xml_leave_out_is_said(tmp_path):
    timeline = otio.schema.Timeline("cut")
    track = otio.schema.Track("V")
    for n in range(2):
        ranged = otio.opentime.TimeRange(
            otio.opentime.RationalTime(100, 25), otio.opentime.RationalTime(50, 25)
        )
        if n:
            half = otio.opentime.RationalTime(5, 25)
            track.append(otio.schema.Transition("dissolve", in_offset=half, out_offset=half))
        reference = otio.schema.ExternalReference(f"file:///m/{n}.mov")
        track.append(otio.schema.Clip(f"{n}", reference, ranged))
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(tmp_path / "a.otio"))
    for name in ("a.xml", "a.edl"):
        result = run("convert", tmp_path / "a.otio", tmp_path / name)
        assert "1 transition was left out: cuts stand in their place" in result.output
    assert run("convert", tmp_path / "a.otio", tmp_path / "a.fcpxml").exit_code == 0
    names = [e.tag for e in etree.parse(tmp_path / "a.fcpxml").getroot().iter("asset-clip")]
    assert len(names) == 2
