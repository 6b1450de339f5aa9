"""Clips of several files, groups apart, and what a timeline is made of."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from clapless.errors import UsageError
from clapless.model import AudioStream, Marker, MediaFile, Placement
from clapless.timing import Segment, TimeMap
from clapless_otio.cut import Media
from clapless_otio.exact import frames_round
from clapless_otio.layout import layout
from clapless_otio.options import ExportOptions
from clapless_otio.placing import track_places
from tests.otio import shoots


def gopro():
    clip = shoots.camera("g1", rate=Fraction(25), frames=2500, device="GoPro")
    files = (
        MediaFile(path=Path("/c/GX010001.MP4"), duration_s=Fraction(60)),
        MediaFile(
            path=Path("/c/GX020001.MP4"),
            role="chapter",
            start_s=Fraction(60),
            duration_s=Fraction(40),
        ),
        MediaFile(path=Path("/c/GL010001.LRV"), role="proxy", duration_s=Fraction(60)),
        MediaFile(path=Path("/d/GX010001.MP4"), role="backup", duration_s=Fraction(60)),
    )
    return replace(clip, files=files)


def items_of(session, **choices):
    (sequence,) = layout(session, options=ExportOptions(**choices)).sequences
    return sequence, {
        i.source.url.rsplit("/", 2)[-1]: i for i in sequence.items() if isinstance(i.source, Media)
    }


def test_chapters_follow_each_other_and_proxies_and_backups_stay_out():
    marks = (Marker(id="m", name="late", time_s=75.0, clip="g1"),)
    reference = shoots.camera("c1", rate=Fraction(25), frames=5000)
    placed = (
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="g1", offset_s=10.5, drift_ppm=100.0),
    )
    session = shoots.session(reference, gopro(), placements=placed, markers=marks)
    sequence, found = items_of(session)
    assert set(found) == {"c1.mov", "GX010001.MP4", "GX020001.MP4"}
    one, two = found["GX010001.MP4"], found["GX020001.MP4"]
    assert one.end_s == two.start_s
    assert float(two.start_s) == pytest.approx(10.5 + 60 / 1.0001, abs=1e-9)
    assert isinstance(two.source, Media)
    assert two.source.start_s == 3600 + 60
    assert [m.time_s for m in two.marks] == [15]
    (track,) = (t for t in sequence.tracks if t.device == "GoPro")
    assert track.items == (one, two)


def test_parallel_files_of_a_recorder_lie_on_tracks_of_their_own():
    take = replace(
        shoots.recorder("r1", channels=1),
        files=(
            MediaFile(path=Path("/z/ZOOM_Tr1.WAV"), duration_s=Fraction(120)),
            MediaFile(path=Path("/z/ZOOM_Tr2.WAV"), role="parallel", duration_s=Fraction(120)),
        ),
        audio=(
            AudioStream(index=0, channels=1, sample_rate_hz=48000),
            AudioStream(index=0, channels=1, sample_rate_hz=48000, file=1),
        ),
    )
    session = shoots.session(take, placements=(Placement(clip="r1", offset_s=0.0),))
    sequence, found = items_of(session)
    assert len(sequence.tracks) == 2
    assert found["ZOOM_Tr1.WAV"].start_s == found["ZOOM_Tr2.WAV"].start_s


def test_takes_of_one_camera_may_overlap_on_a_song():
    clips = [shoots.camera(f"c{n}") for n in range(3)]
    placed = tuple(Placement(clip=c.id, offset_s=float(n)) for n, c in enumerate(clips))
    sequence, _ = items_of(shoots.session(*clips, placements=placed))
    assert [t.name for t in sequence.tracks] == ["A", "A 2", "A 3"]


def test_clips_without_a_device_have_a_track_each_within_a_group():
    clips = [shoots.camera(f"c{n}", device=None) for n in range(2)]
    placed = tuple(Placement(clip=c.id, offset_s=200.0 * n) for n, c in enumerate(clips))
    sequence, _ = items_of(shoots.session(*clips, placements=placed))
    assert [t.name for t in sequence.tracks] == ["Video 1", "Video 2"]


def test_a_bent_map_is_cut_where_straight_pieces_would_leave_it():
    knots = tuple((float(t), float(t) + 0.00001 * t * t) for t in range(0, 101, 5))
    bent = TimeMap((Segment(knots),))
    clip = shoots.camera("c2", device="B")
    placed = (Placement(clip="c1", offset_s=0.0), Placement(clip="c2", offset_s=0.0, time_map=bent))
    session = shoots.session(shoots.camera("c1"), clip, placements=placed)
    sequence, _ = items_of(session)
    (track,) = (t for t in sequence.tracks if t.device == "B")
    assert 1 < len(track.items) < 10
    for item in track.items:
        for share in (Fraction(0), Fraction(1, 2), Fraction(1)):
            at_s = item.start_s + share * item.duration_s
            ideal_s = bent.to_group(float(item.source_at(at_s)))
            assert ideal_s is not None
            assert abs(float(at_s) - ideal_s) <= 1 / (4 * float(sequence.rate)) + 1e-6


def test_the_rate_that_is_asked_for_counts():
    session = shoots.session(shoots.camera("c1"), placements=(Placement(clip="c1", offset_s=0.0),))
    sequence, _ = items_of(session, rate=Fraction(50))
    assert sequence.rate == 50
    with pytest.raises(UsageError, match="start timecode"):
        items_of(session, start_timecode="1:2")


def test_the_reference_lies_on_the_frame_grid():
    a, b = shoots.camera("c1"), shoots.camera("c2", device="B")
    placed = (Placement(clip="c1", offset_s=0.0), Placement(clip="c2", offset_s=-1.2345))
    sequence, found = items_of(shoots.session(a, b, placements=placed))
    at = found["c1.mov"].start_s
    assert at == frames_round(at, sequence.rate) / sequence.rate
    assert found["c2.mov"].start_s == at - Fraction("1.2345")


def test_neighbours_on_frames_never_overlap():
    clip = gopro()
    placed = (Placement(clip="g1", offset_s=0.0, drift_ppm=-200.0),)
    sequence, _ = items_of(shoots.session(clip, placements=placed))
    places, lost = track_places(sequence.tracks[0].items, sequence.rate)
    assert lost == []
    assert places[0].end <= places[1].start
