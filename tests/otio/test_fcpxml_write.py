"""What is written as FCPXML is valid, on the grid, and plays every clip where it belongs."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from clapless.errors import UsageError
from clapless.model import Marker, Placement
from clapless.timing import Segment, TimeMap
from clapless_otio.drift import without_drift
from clapless_otio.fcpxml import read_fcpxml, write_fcpxml
from clapless_otio.fcpxml.check import findings
from clapless_otio.fcpxml.values import VERSIONS
from clapless_otio.layout import layout
from clapless_otio.multicam import as_multicam
from clapless_otio.options import ExportOptions
from tests.otio import fcpxml_times, shoots
from tests.otio.shoots import NTSC_30

DTDS = Path(__file__).parents[3] / "shared" / "data" / "nle" / "dtd"
AUDIO_TOLERANCE_S = Fraction(1, 20000)


def write(session, *, version="1.10", multicam=False, **choices):
    project = layout(session, options=ExportOptions(**choices))
    if multicam:
        project = as_multicam(project, include_check=choices.get("include_check", False))
    data, _ = write_fcpxml(project, version=version)
    return data


def element(data, path):
    return etree.fromstring(data).find(path)


def dtd(version):
    return etree.DTD(str(DTDS / f"FCPXMLv{version.replace('.', '_')}.dtd"))


@pytest.mark.real
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_validates_against_its_dtd(shared_data, version):
    grammar = dtd(version)

    @shoots.few(7)
    @given(session=shoots.shoots(max_clips=8))
    def holds(session):
        for multicam in (False, True):
            root = etree.fromstring(write(session, version=version, multicam=multicam))
            assert grammar.validate(root), grammar.error_log

    holds()


@settings(settings.get_profile("otio"))
@given(session=shoots.shoots())
def test_documents_are_sound_and_play_every_clip_where_it_belongs(session):
    for multicam in (False, True):
        data = write(session, multicam=multicam)
        assert findings(etree.fromstring(data)) == []
        check_places(session, data)


def check_places(session, data):
    """Compare with the placement formula, in floats, as DESIGN has it."""
    frame_s = Fraction(
        element(data, f".//format[@id='{element(data, './/sequence').get('format')}']")
        .get("frameDuration")
        .rstrip("s")
    )
    by_src: dict[str, list[fcpxml_times.Played]] = {}
    for clip in fcpxml_times.played(data):
        by_src.setdefault(clip.src.rsplit("/", 1)[-1].split(".")[0], []).append(clip)
    for group in session.groups:
        reference = session.clip(group.reference)
        zero = None
        for placement in group.placements:
            clip = session.clip(placement.clip)
            if clip.duration_s * frame_s.denominator < 2 * frame_s.numerator:
                continue  # too short for the timeline
            (shown,) = by_src[clip.id]
            rate = float(placement.speed) * (1 + placement.drift_ppm * 1e-6)
            ideal = placement.offset_s + float(shown.source_s) / rate
            tail = placement.offset_s + float(shown.source_end_s) / rate
            if zero is None:
                assert clip is reference
                zero = float(shown.at_s)
            half = float(frame_s) / 2 + 1e-9
            if clip.kind == "audio":
                half = float(AUDIO_TOLERANCE_S)
            assert abs(float(shown.at_s) - zero - ideal) <= half
            assert abs(float(shown.end_s) - zero - tail) <= half


def two_cameras(offset_s=12.3456, *, frames=3000, **placement):
    a = shoots.camera("c1", frames=24000)
    b = shoots.camera("c2", device="B", rate=NTSC_30, frames=frames, timecode="02:00:00;00")
    return shoots.session(
        a,
        b,
        placements=(
            Placement(clip="c1", offset_s=0.0),
            Placement(clip="c2", offset_s=offset_s, **placement),
        ),
    )


def test_another_frame_rate_is_not_conformed_by_speed():
    data = write(two_cameras())
    conform = element(data, ".//asset-clip[@name='C2']/conform-rate")
    assert dict(conform.attrib) == {"scaleEnabled": "0", "srcFrameRate": "29.97"}
    assert element(data, ".//asset-clip[@name='C1']/conform-rate") is None


def test_a_rate_that_conform_rate_has_no_name_for_is_left_out():
    a = shoots.camera("c1", frames=24000)
    b = shoots.camera("c2", device="B", rate=Fraction(240), frames=2400, timecode=None)
    placed = (Placement(clip="c1", offset_s=0.0), Placement(clip="c2", offset_s=1.0))
    data = write(shoots.session(a, b, placements=placed))
    conform = element(data, ".//asset-clip[@name='C2']/conform-rate")
    assert dict(conform.attrib) == {"scaleEnabled": "0"}


def test_drift_is_a_time_map_over_the_whole_file_that_keeps_the_pitch_alone():
    data = write(two_cameras(drift_ppm=32.0))
    time_map = element(data, ".//asset-clip[@name='C2']/timeMap")
    assert time_map.get("preservesPitch") == "0"
    values = [fcpxml_times.sec(p.get("value")) for p in time_map]
    asset = element(data, ".//asset[@name='C2']")
    start = fcpxml_times.sec(asset.get("start"))
    assert values == [start, start + fcpxml_times.sec(asset.get("duration"))]


def test_drift_none_writes_no_time_map_and_shares_the_error():
    session = two_cameras(offset_s=10.0, frames=20000, drift_ppm=200.0)
    project = without_drift(layout(session, options=ExportOptions()))
    data, _ = write_fcpxml(project)
    assert b"timeMap" not in data
    shown = next(p for p in fcpxml_times.played(data) if p.name == "C2")
    errors = [
        float(at) - (10.0 + float(source) / (1 + 200e-6))
        for at, source in ((shown.at_s, shown.source_s), (shown.end_s, shown.source_end_s))
    ]
    assert errors[0] < 0 < errors[1]
    assert abs(sum(errors)) < 1 / 23


def test_a_speed_by_trade_stays_without_drift():
    session = two_cameras(speed=Fraction(1001, 1000), drift_ppm=50.0)
    project = without_drift(layout(session, options=ExportOptions()))
    (item,) = (i for i in project.sequences[0].items() if i.clip == "c2")
    assert item.speed == Fraction(1001, 1000)


def test_drop_frame_of_camera_and_timeline():
    a = shoots.camera("c1", rate=NTSC_30, frames=3000, timecode="10:00:00;00")
    data = write(shoots.session(a, placements=(Placement(clip="c1", offset_s=0.0),)))
    assert element(data, ".//sequence").get("tcFormat") == "DF"
    assert element(data, ".//sequence").get("tcStart") == "8999991/2500s"
    assert element(data, ".//asset-clip").get("tcFormat") == "DF"
    assert element(data, ".//asset").get("start") == "8999991/250s"


def test_a_drop_separator_at_24_frames_is_not_drop_frame():
    a = shoots.camera("c1", rate=Fraction(24), timecode="10:00:00;00")
    data = write(shoots.session(a, placements=(Placement(clip="c1", offset_s=0.0),)))
    assert element(data, ".//asset-clip").get("tcFormat") == "NDF"
    assert element(data, ".//asset").get("start") == "36000s"


def test_the_timeline_starts_at_one_hour_or_at_the_source():
    session = two_cameras()
    assert element(write(session), ".//sequence").get("tcStart") == "18018/5s"
    at_source = write(session, start_timecode="source")
    assert element(at_source, ".//sequence").get("tcStart") == "18018/5s"
    later = write(session, start_timecode="10:00:00:00")
    assert element(later, ".//sequence").get("tcStart") == "36036s"


def test_vertical_video_is_higher_than_wide():
    a = shoots.camera("c1", rotation=90)
    data = write(shoots.session(a, placements=(Placement(clip="c1", offset_s=0.0),)))
    clip_format = element(data, ".//asset").get("format")
    shape = element(data, f".//format[@id='{clip_format}']")
    assert (shape.get("width"), shape.get("height")) == ("1080", "1920")


def test_sound_alone_makes_a_timeline():
    r = shoots.recorder("r1", names=("Boom", "Lav"))
    data = write(shoots.session(r, placements=(Placement(clip="r1", offset_s=0.0),)))
    clip = element(data, ".//asset-clip")
    assert clip.get("lane") == "-1"
    asset = element(data, ".//asset")
    assert asset.get("hasVideo") is None
    assert (asset.get("audioChannels"), asset.get("audioRate")) == ("2", "48000")
    roles = [channel.get("role") for channel in clip.iter("audio-channel-source")]
    assert roles == ["dialogue.Boom", "dialogue.Lav"]


def test_a_time_map_is_cut_at_its_jump():
    a = shoots.camera("c1", frames=24000)
    r = shoots.recorder("r1", seconds=Fraction(100))
    jump = TimeMap((Segment(((0.0, 5.0), (40.0, 45.0))), Segment(((40.0, 45.25), (100.0, 105.25)))))
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="r1", offset_s=5.25, time_map=jump),
    )
    data = write(shoots.session(a, r, placements=placed))
    assert findings(etree.fromstring(data)) == []
    parts = [p for p in fcpxml_times.played(data) if p.name == "R1"]
    assert [(float(p.at_s), float(p.source_s)) for p in parts] == [(5.0, 0.0), (45.25, 40.0)]
    assert [float(p.end_s) for p in parts] == [45.0, 105.25]


def test_what_is_not_synced_follows_the_last_group_and_never_lies_at_zero():
    a, b = shoots.camera("c1"), shoots.camera("c2", device="B")
    data = write(
        shoots.session(a, b, placements=(Placement(clip="c1", offset_s=0.0),), unplaced=("c2",))
    )
    by_name = {p.name: p for p in fcpxml_times.played(data)}
    assert by_name["C2"].at_s >= by_name["C1"].end_s + 10
    lanes = {c.get("name"): c.get("lane") for c in etree.fromstring(data).iter("asset-clip")}
    assert lanes == {"C1": "1", "C2": "2"}


def test_a_clip_to_be_checked_says_so():
    data = write(two_cameras(status="check"))
    names = [c.get("name") for c in etree.fromstring(data).iter("asset-clip")]
    assert names == ["C1", "CHECK SYNC C2"]


def test_markers_keep_name_comment_kind_and_place():
    marks = (
        Marker(id="m1", name="clap", time_s=2.0, group="g1", color="blue", comment="scene 1"),
        Marker(id="m2", name="start", time_s=1.0, clip="c1", kind="chapter"),
        Marker(id="m3", name="fix", time_s=3.0, clip="c1", kind="todo"),
    )
    session = shoots.session(
        shoots.camera("c1", rate=Fraction(25), timecode="01:00:00:00"),
        placements=(Placement(clip="c1", offset_s=0.0),),
        markers=marks,
    )
    root = etree.fromstring(write(session))
    (clap,) = root.findall(".//gap/marker")
    assert (clap.get("start"), clap.get("value")) == ("3602s", "clap")
    assert clap.get("note") == "scene 1 [blue]"
    assert root.find(".//asset-clip/chapter-marker").get("start") == "3601s"
    assert root.find(".//asset-clip/marker").get("completed") == "0"


def test_an_unknown_version_is_refused():
    with pytest.raises(UsageError, match=r"1\.8 is not written"):
        write(two_cameras(), version="1.8")


def test_a_group_is_a_multicam_clip_in_the_event_and_in_the_project():
    data = write(two_cameras(), multicam=True)
    root = etree.fromstring(data)
    angles = root.findall(".//multicam/mc-angle")
    assert [a.get("name") for a in angles] == ["A", "B"]
    assert [c.tag for c in angles[1]] == ["gap", "asset-clip"]
    in_event = root.find("event/mc-clip")
    in_project = root.find(".//spine/mc-clip")
    assert in_event.get("ref") == in_project.get("ref") == root.find(".//media").get("id")
    assert root.find(".//multicam").get("tcStart") == root.find(".//sequence").get("tcStart")
    sources = [dict(s.attrib) for s in in_project.iter("mc-source")]
    assert sources == [{"angleID": angles[0].get("angleID"), "srcEnable": "all"}]


def test_the_recorder_is_what_a_multicam_clip_plays():
    a, r = shoots.camera("c1"), shoots.recorder("r1", seconds=Fraction(600))
    placed = (Placement(clip="c1", offset_s=0.0), Placement(clip="r1", offset_s=-3.21))
    root = etree.fromstring(write(shoots.session(a, r, placements=placed), multicam=True))
    ids = {a.get("name"): a.get("angleID") for a in root.iter("mc-angle")}
    sources = [
        (s.get("angleID"), s.get("srcEnable")) for s in root.find(".//spine").iter("mc-source")
    ]
    assert sources == [(ids["A"], "video"), (ids["Zoom"], "audio")]


def test_clips_to_be_checked_stay_out_of_the_multicam_unless_asked():
    a, b, c = (shoots.camera(f"c{n}", device=f"D{n}") for n in range(3))
    placed = (
        Placement(clip="c0", offset_s=0.0),
        Placement(clip="c1", offset_s=1.0),
        Placement(clip="c2", offset_s=2.0, status="check"),
    )
    session = shoots.session(a, b, c, placements=placed)
    root = etree.fromstring(write(session, multicam=True))
    assert [a.get("name") for a in root.iter("mc-angle")] == ["D0", "D1"]
    assert root.find(".//spine/mc-clip/asset-clip").get("name") == "CHECK SYNC C2"
    root = etree.fromstring(write(session, multicam=True, include_check=True))
    assert len(root.findall(".//mc-angle")) == 3


def test_group_markers_are_on_the_multicam_clip():
    marks = (Marker(id="m1", name="clap", time_s=2.0, group="g1"),)
    a, b = (shoots.camera(f"c{n}", device=f"D{n}", rate=Fraction(25)) for n in (1, 2))
    placed = (Placement(clip="c1", offset_s=0.0), Placement(clip="c2", offset_s=0.0))
    root = etree.fromstring(
        write(shoots.session(a, b, placements=placed, markers=marks), multicam=True)
    )
    for clip in root.iter("mc-clip"):
        assert clip.find("marker").get("start") == "3602s"


def test_a_storyline_among_clips_where_none_may_be_is_a_clip_with_content():
    text = (
        "<fcpxml version='1.10'><resources><format id='f' frameDuration='1/25s'/>"
        "<asset id='a' name='x' start='0s' duration='9s' hasVideo='1' format='f'>"
        "<media-rep src='file:///x.mov'/></asset></resources><event><project>"
        "<sequence format='f'><spine><spine offset='0s'><asset-clip ref='a' offset='0s' name='x' "
        "duration='2s'/></spine></spine></sequence></project></event></fcpxml>"
    )
    project = read_fcpxml(text.encode(), name="a.fcpxml")
    data, _ = write_fcpxml(project)
    root = etree.fromstring(data)
    assert findings(root) == []
    assert root.find("event/project/sequence/spine/clip/asset-clip") is not None
