"""Premiere's XML: real files are read whole, and what is written plays where it belongs."""

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from lxml import etree

from clapless.errors import TimelineError
from clapless.model import Marker, Placement
from clapless_otio.cut import Media, Sequence
from clapless_otio.layout import layout
from clapless_otio.multicam import as_multicam
from clapless_otio.options import ExportOptions
from clapless_otio.xmeml import read_xmeml, write_xmeml
from tests.otio import shoots
from tests.otio.shoots import NTSC_24, NTSC_30
from tests.otio.xmeml_walk import TICKS, rate_of, walked

NLE = Path(__file__).parents[3] / "shared" / "data" / "nle"
FILES = sorted((NLE / "xmeml").glob("*.xml"))
GOLDENS = Path(__file__).parents[1] / "goldens" / "xmeml"


def write(session, *, multicam=False, **choices):
    project = layout(session, options=ExportOptions(**choices))
    if multicam:
        project = as_multicam(project)
    data, _ = write_xmeml(project)
    return data


def shown(sequence):
    clips: Counter[str] = Counter()
    markers = []
    for item in sequence.items():
        name = f"{item.name} {item.start_s} {item.end_s} {item.source_start_s}"
        clips[name] += item.metadata["xmeml"]["parts"]
        markers += [f"clip {mark.time_s}" for mark in item.marks]
    markers += [f"{mark.name} {mark.time_s}" for mark in sequence.marks]
    return {
        "name": sequence.name,
        "start": str(sequence.start_s),
        "clips": dict(sorted(clips.items())),
        "markers": sorted(markers),
    }


def every(project):
    found, todo = {}, list(project.sequences)
    while todo:
        sequence = todo.pop(0)
        found[id(sequence)] = sequence
        todo += [i.source for i in sequence.items() if isinstance(i.source, Sequence)]
    return list(found.values())


@pytest.mark.real
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_nothing_is_lost_in_reading(path, shared_data, update_goldens):
    data = path.read_bytes()
    golden = GOLDENS / f"{path.stem}.json"
    if update_goldens:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(json.dumps(walked(data), indent=1) + "\n", encoding="utf-8")
    expected = json.loads(golden.read_text(encoding="utf-8"))
    project = read_xmeml(data, name=path.name)
    found = sorted((shown(s) for s in every(project)), key=json.dumps)
    # Markers of linked parts are one marker of the clip.
    for one in (*found, *expected["sequences"]):
        one["markers"] = sorted(set(one["markers"]))
    assert found == sorted(expected["sequences"], key=json.dumps)
    files = [i.source for s in every(project) for i in s.items() if isinstance(i.source, Media)]
    labels = {f"{file.name} {file.start_s * (file.timecode_rate or 0)}" for file in files}
    assert set(expected["files"]) <= labels


@pytest.mark.real
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_written_again_everything_is_where_it_was(path, shared_data):
    first = read_xmeml(path.read_bytes(), name=path.name)
    data, _ = write_xmeml(first)
    again = read_xmeml(data, name="again")

    def places(project):
        return sorted(
            (s.name, s.start_s, i.name, i.start_s, i.source_start_s, i.picture, i.sound)
            for s in every(project)
            for i in s.items()
            if i.duration_s
        )

    assert places(again) == places(first)


class Played:
    """One clip item by plain arithmetic: its file, where it starts, what it plays."""

    def __init__(self, element, rate):
        self.name = element.findtext("name")
        self.kind = "audio" if element.find("sourcetrack") is not None else "video"
        self.at_s = float(int(element.findtext("start")) / rate)
        self.end_s = float(int(element.findtext("end")) / rate)
        self.source_s = int(element.findtext("pproTicksIn")) / TICKS
        self.source_end_s = int(element.findtext("pproTicksOut")) / TICKS
        speed = element.xpath(".//parameter[parameterid='speed']/value/text()")
        self.speed = float(speed[0]) / 100 if speed else 1.0
        self.file = element.find("file").get("id") if element.find("file") is not None else None


def played(data):
    root = etree.fromstring(data)
    names = {f.get("id"): f.findtext("pathurl") for f in root.iter("file") if len(f)}
    found = []
    for sequence in root.iterfind("project/children/sequence"):
        for clip in sequence.iterfind("media/*/track/clipitem"):
            one = Played(clip, rate_of(sequence))
            one.file = names[one.file].rsplit("/", 1)[-1].split(".")[0]
            found.append(one)
    return found


@settings(settings.get_profile("otio"))
@given(session=shoots.shoots())
def test_every_clip_plays_where_it_belongs(session):
    data = write(session)
    frame_s = float(1 / rate_of(etree.fromstring(data).find(".//sequence")))
    by_file: dict[str, list[Played]] = {}
    for one in played(data):
        by_file.setdefault(one.file, []).append(one)
    for group in session.groups:
        zero = None
        for placement in group.placements:
            clip = session.clip(placement.clip)
            shown = by_file.get(clip.id, [])
            if float(clip.duration_s) < 2 * frame_s:
                continue
            if zero is None:
                # The reference lies on the grid; its sound alone may begin inside its file.
                zero = shown[0].at_s - shown[0].source_s / shown[0].speed
            assert len(shown) == (clip.kind == "video") + sum(a.channels for a in clip.audio)
            rate = float(placement.speed) * (1 + placement.drift_ppm * 1e-6)
            for one in shown:
                assert one.speed == pytest.approx(rate, abs=1e-10)
                tolerance = 0.00005 if clip.kind == "audio" else frame_s / 2 + 1e-9
                for at_s, source_s in (
                    (one.at_s, one.source_s),
                    (one.end_s, one.source_end_s),
                ):
                    ideal = zero + placement.offset_s + source_s / rate
                    assert abs(at_s - ideal) <= tolerance


@settings(settings.get_profile("otio"))
@given(session=shoots.shoots(max_clips=8))
def test_ids_are_unique_links_reciprocal_and_tracks_free_of_overlaps(session):
    for multicam in (False, True):
        root = etree.fromstring(write(session, multicam=multicam))
        items = {clip.get("id"): clip for clip in root.iter("clipitem")}
        assert len(items) == len(list(root.iter("clipitem")))
        for clip in items.values():
            links = {link.findtext("linkclipref") for link in clip.iterfind("link")}
            for other in links:
                assert clip.get("id") in {
                    link.findtext("linkclipref") for link in items[other].iterfind("link")
                }
        for track in root.iter("track"):
            at = -1
            for clip in track.iterfind("clipitem"):
                assert int(clip.findtext("start")) >= at
                at = int(clip.findtext("end"))
                out, begin = int(clip.findtext("out")), int(clip.findtext("in"))
                assert out - begin == at - int(clip.findtext("start"))
        for link in root.iter("link"):
            clip = items[link.findtext("linkclipref")]
            position = list(clip.getparent().iterfind("clipitem")).index(clip) + 1
            assert int(link.findtext("clipindex")) == position


def synced():
    a = shoots.camera("c1", frames=2400)
    b = shoots.camera("c2", device="B", rate=NTSC_30, frames=3000, timecode="02:00:00;00")
    r = shoots.recorder("r1", names=("Boom", "Lav"))
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=12.3456),
        Placement(clip="r1", offset_s=3.21, drift_ppm=32.0),
    )
    marks = (
        Marker(id="m1", name="clap <1>", time_s=2.002, group="g1", color="blue", comment="one"),
        Marker(id="m2", name="long", time_s=4.004, duration_s=1.001, group="g1", color="purple"),
        Marker(id="m3", name="on clip", time_s=1.001, clip="c1", color="red"),
    )
    return shoots.session(a, b, r, placements=placed, markers=marks)


def test_the_starts_are_the_same_through_opentimelineios_own_reader():
    timeline = next(
        iter(
            otio.adapters.read_from_string(write(synced()), adapter_name="fcp_xml").find_children(
                descended_from_type=otio.schema.Timeline
            )
        ),
        None,
    )
    if timeline is None:
        timeline = otio.adapters.read_from_string(write(synced()), adapter_name="fcp_xml")
    rate = float(NTSC_24)
    starts = {
        (c.name, c.parent().kind): c.range_in_parent().start_time.rescaled_to(rate).value
        for c in timeline.find_clips()
    }
    frames = {"C1": 0, "C2": round(12.3456 * rate), "R1": -(-3.21 * rate // 1)}
    assert starts["C1", "Video"] == frames["C1"]
    assert starts["C2", "Video"] == frames["C2"]
    assert starts["C2", "Audio"] == frames["C2"]
    assert starts["R1", "Audio"] == frames["R1"]
    assert {clip.media_reference.target_url for clip in timeline.find_clips()} == {
        f"file://localhost/shoot/{device}" for device in ("A/c1.mov", "B/c2.mov", "Zoom/r1.wav")
    }


FIELDS = [
    "names",
    "starts",
    "lengths",
    "source starts to the tick",
    "speed to 1e-9",
    "timecode and drop frame",
    "rates",
    "sizes",
    "channels and their names",
    "reel, scene and take of files",
    "markers: name, comment, colour, place, length",
    "enabled",
    "bins",
]


@pytest.mark.parametrize("field", FIELDS)
def test_read_of_write_keeps(field):
    project = layout(synced(), options=ExportOptions())
    data, _ = write_xmeml(project)
    again = read_xmeml(data, name="again")
    (before,), (after,) = project.sequences, again.sequences
    old = {i.name: i for i in before.items()}
    new = {i.name: i for i in after.items()}
    frame_s = 1 / before.rate
    assert old.keys() == new.keys()
    for name, item in old.items():
        kept = new[name]
        check_field(field, item, kept, frame_s)
    if field.startswith("markers"):
        pairs = zip(before.marks, after.marks, strict=True)
        for one, two in pairs:
            assert (one.name, one.comment, one.color) == (two.name, two.comment, two.color)
            assert abs(one.time_s - two.time_s) <= frame_s / 2
            assert abs(one.duration_s - two.duration_s) <= frame_s / 2
    if field == "timecode and drop frame":
        assert (before.start_s, before.drop_frame) == (after.start_s, after.drop_frame)
    if field == "bins":
        bins = {item.metadata["bin"] for item in again.loose}
        assert bins == {"A", "B", "Zoom"}


def check_field(field, item, kept, frame_s):
    one, two = item.source, kept.source
    if field == "starts":
        assert abs(item.start_s - kept.start_s) <= frame_s
    elif field == "lengths":
        # Sound alone loses part of a frame at its head and one at its tail.
        assert abs(item.duration_s - kept.duration_s) <= (1 if item.picture else 2) * frame_s
    elif field == "source starts to the tick":
        at = kept.start_s
        tolerance = Fraction(1, TICKS) if not item.picture else frame_s / 2
        assert abs(item.source_at(at) - kept.source_start_s) <= tolerance
    elif field == "speed to 1e-9":
        assert abs(item.speed - kept.speed) < Fraction(1, 10**9)
    elif field == "timecode and drop frame":
        assert abs(one.start_s - two.start_s) <= frame_s / 2
        assert one.drop_frame == two.drop_frame
    elif field == "rates":
        assert one.rate == two.rate
    elif field == "sizes":
        assert (one.width, one.height) == (two.width, two.height)
    elif field == "channels and their names":
        assert one.sound == two.sound
    elif field == "enabled":
        assert item.enabled == kept.enabled
    elif field.startswith("markers"):
        assert [m.name for m in item.marks] == [m.name for m in kept.marks]


def test_a_group_is_a_sequence_nested_in_the_master():
    root = etree.fromstring(write(synced(), multicam=True))
    master = root.find("project/children/sequence")
    nested = master.find(".//clipitem/sequence")
    assert len(nested.findall("media/video/track")) == 2
    kinds = [c.getparent().getparent().tag for c in master.iterfind("media/*/track/clipitem")]
    assert kinds == ["video", "audio", "audio"]


def test_stereo_is_exploded_and_named_channels_are_mono():
    root = etree.fromstring(write(synced()))
    tracks = [
        (t.get("premiereTrackType"), t.get("currentExplodedTrackIndex"), t.get("MZ.TrackName"))
        for t in root.iterfind(".//sequence/media/audio/track")
    ]
    assert tracks == [
        ("Stereo", "0", "A"),
        ("Stereo", "1", "A"),
        ("Stereo", "0", "B"),
        ("Stereo", "1", "B"),
        ("Mono", "0", "Zoom Boom"),
        ("Mono", "0", "Zoom Lav"),
    ]


def test_a_sequence_that_contains_itself_is_refused():
    text = (
        b"<xmeml><sequence id='s'><rate><timebase>25</timebase></rate><media><video><track>"
        b"<clipitem><start>0</start><end>9</end><sequence id='s'/></clipitem></track></video>"
        b"</media></sequence></xmeml>"
    )
    with pytest.raises(TimelineError, match="contains itself"):
        read_xmeml(text, name="a.xml")
