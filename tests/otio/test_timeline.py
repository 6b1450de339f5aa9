"""A session on an OpenTimelineIO timeline: where clips lie, what is kept, and the way back."""

from dataclasses import replace
from fractions import Fraction

import opentimelineio as otio
import pytest
from hypothesis import given, settings

from clapless.model import Marker, Placement
from clapless.timing import Segment, TimeMap
from clapless_otio.cut import Item, Media, Project, Sequence, Track, Transition
from clapless_otio.layout import GROUP_GAP_S, layout
from clapless_otio.options import ExportOptions
from clapless_otio.otio_reading import read_timeline
from clapless_otio.otio_writing import project_timelines
from clapless_otio.timeline import to_session, to_timeline
from tests import strategies
from tests.otio import shoots
from tests.otio.shoots import NTSC_24, NTSC_60


def starts_s(timeline):
    """Where every clip begins, in seconds, by OpenTimelineIO's own arithmetic."""
    return {
        (clip.name, clip.parent().kind): clip.transformed_time(
            clip.source_range.start_time, timeline.tracks
        ).to_seconds()
        for clip in timeline.find_clips()
    }


def test_clips_lie_where_the_placements_say_to_a_microsecond():
    a = shoots.camera("c1", frames=24000)
    b = shoots.camera("c2", device="B", rate=NTSC_60, frames=6000)
    r = shoots.recorder("r1", seconds=Fraction(900))
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=12.345678, drift_ppm=-40.0),
        Placement(clip="r1", offset_s=-3.2109876, drift_ppm=100.0),
    )
    timeline = to_timeline(shoots.session(a, b, r, placements=placed))
    at = starts_s(timeline)
    zero = at["C1", "Video"]
    assert 0.0 <= at["R1", "Audio"] < 0.05
    assert at["C2", "Video"] - zero == pytest.approx(12.345678, abs=1e-6)
    assert at["C2", "Audio"] == at["C2", "Video"]
    assert at["R1", "Audio"] - zero == pytest.approx(-3.2109876, abs=1e-6)


def test_drift_is_a_linear_time_warp_and_lengths_are_the_timelines():
    r = shoots.recorder("r1", seconds=Fraction(1000))
    a = shoots.camera("c1")
    placed = (Placement(clip="c1", offset_s=0.0), Placement(clip="r1", offset_s=0, drift_ppm=100.0))
    timeline = to_timeline(shoots.session(a, r, placements=placed))
    (clip,) = (c for c in timeline.find_clips() if c.name == "R1")
    (warp,) = clip.effects
    assert type(warp) is otio.schema.LinearTimeWarp
    assert warp.time_scalar == 1.0001
    assert clip.source_range.duration.to_seconds() == pytest.approx(1000 / 1.0001, abs=1e-9)


def test_one_track_per_device_with_gaps():
    clips = [shoots.camera(f"c{n}", frames=240) for n in range(3)]
    placed = tuple(Placement(clip=f"c{n}", offset_s=60.0 * n) for n in range(3))
    timeline = to_timeline(shoots.session(*clips, placements=placed))
    (video,) = timeline.video_tracks()
    (audio,) = timeline.audio_tracks()
    assert video.name == "A"
    for track in (video, audio):
        kinds = [type(child).__name__ for child in track]
        assert kinds == ["Clip", "Gap", "Clip", "Gap", "Clip"]


def test_camera_sound_is_linked_to_its_picture():
    timeline = to_timeline(
        shoots.session(shoots.camera("c1"), placements=(Placement(clip="c1", offset_s=0.0),))
    )
    links = [c.metadata["Resolve_OTIO"]["Link Group ID"] for c in timeline.find_clips()]
    assert links == [1, 1]


def test_a_recorder_that_names_its_channels_has_a_track_for_each():
    r = shoots.recorder("r1", names=("Boom", "Lav"))
    timeline = to_timeline(shoots.session(r, placements=(Placement(clip="r1", offset_s=0.0),)))
    assert [track.name for track in timeline.audio_tracks()] == ["Zoom Boom", "Zoom Lav"]


def test_groups_follow_each_other_in_shooting_order_with_a_gap():
    first = shoots.camera("c1", metadata={"creation_time": "2026-01-02T00:00:00Z"})
    earlier = shoots.camera("c2", metadata={"creation_time": "2026-01-01T00:00:00Z"})
    session = shoots.session(first, earlier, placements=(Placement(clip="c1", offset_s=0.0),))
    other = shoots.session(earlier, placements=(Placement(clip="c2", offset_s=0.0),)).groups[0]
    both = type(session)(
        clips=session.clips,
        devices=session.devices,
        groups=(
            session.groups[0],
            type(other)(id="g2", reference="c2", placements=other.placements),
        ),
    )
    at = starts_s(to_timeline(both))
    assert at["C2", "Video"] == 0.0
    assert GROUP_GAP_S <= at["C1", "Video"] - float(2400 / NTSC_24) < GROUP_GAP_S + 0.1


@pytest.mark.parametrize(
    ("rate", "expected"),
    [(NTSC_24, NTSC_24), (Fraction(240), Fraction(60)), (Fraction(100), Fraction(50))],
)
def test_the_rate_is_the_most_used_cameras_at_most_60(rate, expected):
    a = shoots.camera("c1", rate=rate, frames=int(100 * rate))
    b = shoots.camera("c2", device="B", rate=Fraction(25), frames=250)
    placed = (Placement(clip="c1", offset_s=0.0), Placement(clip="c2", offset_s=0.0))
    timeline = to_timeline(shoots.session(a, b, placements=placed))
    assert timeline.global_start_time.rate == float(expected)


def test_markers_keep_colour_comment_and_length():
    marks = (
        Marker(id="m1", name="a", time_s=2.0, group="g1", color="blue", comment="no <b>"),
        Marker(id="m2", name="b", time_s=1.0, duration_s=0.5, clip="c1", color="red"),
    )
    timeline = to_timeline(
        shoots.session(
            shoots.camera("c1"), placements=(Placement(clip="c1", offset_s=0.0),), markers=marks
        )
    )
    (on_timeline,) = timeline.tracks.markers
    assert (on_timeline.color, on_timeline.comment) == ("BLUE", "no <b>")
    assert on_timeline.metadata["Resolve_OTIO"]["Note"] == "no <b>"
    assert on_timeline.marked_range.start_time.to_seconds() == pytest.approx(2.0)
    (on_clip,) = timeline.video_tracks()[0][0].markers
    assert on_clip.marked_range.duration.to_seconds() == pytest.approx(0.5)
    start = timeline.video_tracks()[0][0].source_range.start_time
    assert (on_clip.marked_range.start_time - start).to_seconds() == pytest.approx(1.0)


def through_text(timeline):
    return otio.adapters.read_from_string(timeline.to_json_string(), "otio_json")


@settings(settings.get_profile("otio"))
@given(session=shoots.shoots())
def test_the_session_comes_back_from_its_timeline(session):
    back, notices = to_session(through_text(to_timeline(session)))
    assert back == session
    assert notices == []


def possible(session):
    """Make a drawn session one that could be: own files, and chapters that follow each other."""
    return replace(session, clips=tuple(_possible(clip) for clip in session.clips))


def _possible(clip):
    files, end_s = [], Fraction(0)
    for number, file in enumerate(clip.files):
        length_s = max(file.duration_s, Fraction(1))
        own = replace(
            file,
            path=file.path.parent / f"{clip.id}-{number}" / file.path.name,
            duration_s=length_s,
            start_s=end_s if file.role == "chapter" else file.start_s,
        )
        if number == 0 or file.role == "chapter":
            end_s += length_s
        files.append(own)
    return replace(clip, files=tuple(files), duration_s=max(clip.duration_s, end_s))


@settings(settings.get_profile("otio"))
@given(session=strategies.sessions().map(possible))
def test_any_session_comes_back_whatever_it_holds(session):
    back, _ = to_session(through_text(to_timeline(session)))
    assert back == session


def test_chapters_whose_files_overrun_the_next_one_lie_end_to_end():
    """Containers may say a little more than what plays before the next chapter."""
    c = shoots.camera("c1", frames=2400)
    first = replace(c.files[0], duration_s=Fraction(60))
    second = replace(first, path=first.path.with_name("c2.mov"), role="chapter")
    later = replace(second, start_s=Fraction(50), duration_s=c.duration_s - 50)
    session = shoots.session(
        replace(c, files=(first, later)), placements=(Placement(clip="c1", offset_s=0.0),)
    )
    project = layout(session, options=ExportOptions())
    (track,) = project.sequences[0].tracks
    assert [item.start_s for item in track.items] == [0, 50]
    assert [item.end_s for item in track.items] == [50, c.duration_s]
    source = track.items[0].source
    assert isinstance(source, Media)
    assert source.duration_s == 60
    back, notices = to_session(through_text(to_timeline(session)))
    assert (back, notices) == (session, [])


def test_files_that_say_they_play_at_once_have_a_track_each():
    c = shoots.camera("c1", frames=2400)
    (file,) = c.files
    twin = replace(file, path=file.path.with_name("twin.mov"), role="chapter")
    session = shoots.session(
        replace(c, files=(file, twin)), placements=(Placement(clip="c1", offset_s=0.0),)
    )
    project = layout(session, options=ExportOptions())
    assert [len(track.items) for track in project.sequences[0].tracks] == [1, 1]
    back, notices = to_session(through_text(to_timeline(session)))
    assert (back, notices) == (session, [])


def moved(timeline, name, frames):
    """Move a clip by making the gap before it longer, in every track that has it."""
    for track in timeline.tracks:
        for n, child in enumerate(track):
            if child.name == name:
                gap = track[n - 1].source_range
                track[n - 1].source_range = otio.opentime.TimeRange(
                    gap.start_time,
                    gap.duration + otio.opentime.RationalTime(frames, gap.duration.rate),
                )
                break


def placement(session, clip):
    found = session.placement(clip)
    assert found is not None
    return found[1]


def test_a_clip_that_was_moved_is_placed_where_it_lies_and_it_is_said():
    a, b = shoots.camera("c1"), shoots.camera("c2", device="B")
    jump = TimeMap((Segment(((0.0, 5.0), (50.0, 55.0))),))
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=5.0, time_map=jump, confidence=0.99),
    )
    timeline = through_text(to_timeline(shoots.session(a, b, placements=placed)))
    moved(timeline, "C2", 24)
    session, notices = to_session(timeline)
    found = placement(session, "c2")
    assert found.time_map is not None
    assert found.offset_s == pytest.approx(5.0 + 1.001, abs=1e-6)
    assert found.time_map.to_group(0.0) == pytest.approx(6.001, abs=1e-6)
    assert found.status == "manual"
    assert notices == [
        "C2 lies 1.0010 s later than it was synced: its place on the timeline counts."
    ]


def test_a_group_that_was_moved_as_a_whole_is_the_same():
    a = shoots.camera("c1")
    b = shoots.camera("c2", device="B")
    early = shoots.recorder("r1")
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=5.0),
        Placement(clip="r1", offset_s=-5.0),
    )
    session = shoots.session(a, b, early, placements=placed)
    timeline = through_text(to_timeline(session))
    for name in ("C1", "C2"):
        moved(timeline, name, 24)
    back, notices = to_session(timeline)
    assert placement(back, "c2") == placement(session, "c2")
    assert [n.split()[0] for n in notices] == ["R1"]


def test_a_foreign_timeline_gives_tracks_as_devices():
    timeline = otio.schema.Timeline("cut")
    for device, start in (("Left", 0), ("Right", 50)):
        track = otio.schema.Track(device)
        if start:
            track.append(otio.schema.Gap(duration=otio.opentime.RationalTime(start, 25)))
        track.append(
            otio.schema.Clip(
                device,
                otio.schema.ExternalReference(
                    f"file:///m/{device}.mov",
                    otio.opentime.TimeRange(
                        otio.opentime.RationalTime(90000, 25), otio.opentime.RationalTime(500, 25)
                    ),
                ),
                otio.opentime.TimeRange(
                    otio.opentime.RationalTime(90000, 25), otio.opentime.RationalTime(500, 25)
                ),
            )
        )
        timeline.tracks.append(track)
    session, notices = to_session(timeline)
    assert notices == []
    assert [device.id for device in session.devices] == ["Left", "Right"]
    assert [p.offset_s for p in session.groups[0].placements] == [0.0, 2.0]
    assert session.clips[0].start_timecode == "01:00:00:00"


def test_separate_groups_are_not_asked_of_one_timeline():
    session = shoots.session(shoots.camera("c1"), placements=(Placement(clip="c1", offset_s=0.0),))
    assert to_timeline(session, options=ExportOptions(groups="separate")).name == "Sync"


def test_a_dissolve_is_a_transition_between_its_neighbours():
    """Through Premiere's XML, which says where the cut is."""
    track = Track(
        name="V",
        kind="video",
        items=tuple(
            Item(
                name=f"c{n}",
                start_s=Fraction(2 * n),
                duration_s=Fraction(2),
                source=Media(name=f"c{n}", url=f"file:///c{n}.mov", rate=Fraction(25)),
                source_start_s=Fraction(1),
            )
            for n in range(2)
        ),
        transitions=(
            Transition(name="Cross Dissolve", start_s=Fraction(9, 5), duration_s=Fraction(2, 5)),
        ),
    )
    sequence = Sequence(name="s", rate=Fraction(25), tracks=(track,))
    (timeline,) = project_timelines(Project(name="p", sequences=(sequence,)))
    kinds = [type(child).__name__ for child in timeline.video_tracks()[0]]
    assert kinds == ["Clip", "Transition", "Clip"]
    dissolve = timeline.video_tracks()[0][1]
    assert (dissolve.in_offset.value, dissolve.out_offset.value) == (5.0, 5.0)
    (again,) = read_timeline(through_text(timeline)).sequences
    assert again.tracks[0].transitions == track.transitions
    assert [i.start_s for i in again.items()] == [0, 2]
