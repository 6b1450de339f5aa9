"""A session placed through the fake: every item on its frame, whatever the version does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from clapless.model import MediaFile, Placement, Session
from clapless.timing import round_half_up
from clapless_otio.options import ExportOptions
from clapless_resolve import timelines
from clapless_resolve.applying import apply_session
from clapless_resolve.connect import Connection, connect
from clapless_resolve.errors import ResolveError
from clapless_resolve.laying import session_plans
from clapless_resolve.marking import mark_clips, remove_ours
from clapless_resolve.placing import Placed, place
from clapless_resolve.plan import Plan
from clapless_resolve.undoing import undo
from tests.fakes.resolve.api import VERSIONS
from tests.fakes.resolve.entry import remote
from tests.fakes.resolve.project import MediaPool
from tests.fakes.resolve.timeline import Timeline
from tests.fakes.resolve.world import World
from tests.otio import shoots
from tests.resolve.shooting import NTSC, fill, many, pool_clips, shoot

pytestmark = pytest.mark.resolve

MIXES = {
    "all 23.976": (24 * NTSC, 24 * NTSC, False),
    "24 on 25": (Fraction(25), Fraction(24), False),
    "25 on 24": (Fraction(24), Fraction(25), False),
    "29.97 drop frame": (30 * NTSC, 30 * NTSC, True),
    "50 on 59.94 drop frame": (60 * NTSC, Fraction(50), True),
    "59.94 on 50": (Fraction(50), 60 * NTSC, False),
    "23.976 on 60": (Fraction(60), 24 * NTSC, False),
    "30 on 23.976": (24 * NTSC, Fraction(30), False),
}
"""Every one of them with a WAV, which counts in the rate that the project had."""


def run(
    world: World, session: Session, **options: Any
) -> tuple[Connection, Plan, Placed, Timeline]:
    clips = fill(world, session)
    connection = connect(world.resolve)
    (planned,) = session_plans(session, clips)
    placed = place(connection, planned, **options)
    assert world.project is not None
    return connection, planned, placed, world.project.timelines[-1]


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("studio", [True, False], ids=["Studio", "Free"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_item_is_where_the_session_says(version: str, studio: bool, mix: str):
    rate, other, drop = MIXES[mix]
    session = shoot(rate, other, drop)
    world = World(version, studio=studio, failure="dead", legacy=version != "21.1")
    fill(world, session)
    assert world.project is not None
    project, pool = world.project, world.project.pool
    theirs = pool.CreateEmptyTimeline("Sync")
    assert theirs is not None
    before = ([(c, dict(c.markers)) for c in pool.root.clips], list(pool.root.folders))

    # The free edition answers no process from outside: its entry makes the calls.
    connection = connect(world.resolve if studio else remote(world))
    applied = apply_session(connection, session, exists=lambda _: True)

    (placed,) = applied.timelines
    assert (placed.differences, placed.lost, placed.placed) == ((), 0, 5)
    timeline = project.timelines[-1]
    assert timeline.rate == rate
    assert timeline.rate_text.endswith(" DF") is drop
    zero_s = Fraction(24871, 10000)
    start = timeline.GetStartFrame()
    by_name = {(i.GetName(), i.picture): i for i in timeline.items}
    lead = by_name["c1.mov", True].start - start
    assert lead == -((-zero_s * rate).__floor__())
    for clip, offset in (("c2.mov", "3.2137"), ("c3.mov", "47.713"), ("r1.wav", "-2.4871")):
        wanted = round_half_up((Fraction(lead) / rate + Fraction(offset)) * rate)
        parts = [item for (name, _), item in by_name.items() if name == clip]
        assert {item.start - start for item in parts} == {wanted}
        assert len({item.end for item in parts}) == 1
    assert all(item.renders for item in timeline.items)
    assert len(timeline.items) == 9
    # Nothing is lost but what floors and whole frames take.
    for item in timeline.items:
        lost_s = item.clip.file.seconds - (item.end - item.start) / rate
        assert 0 <= lost_s < 1 / rate + 1 / item.clip.rate

    assert (theirs.items, theirs.markers) == ([], {})
    assert undo(connection).notices == []
    assert ([(c, dict(c.markers)) for c in pool.root.clips], list(pool.root.folders)) == before
    assert project.timelines == [theirs]


def test_tracks_bear_the_devices_names_and_are_stereo():
    world = World("19.1")
    _, _, _, timeline = run(world, shoot(Fraction(25), Fraction(25), False))
    assert [lane.name for lane in timeline.tracks["video"]] == ["A", "B", "Not synced"]
    assert [lane.name for lane in timeline.tracks["audio"]] == ["A", "B", "Not synced", "Zoom"]
    assert {lane.sub for lane in timeline.tracks["audio"]} == {"stereo"}


def test_a_mono_recorder_gets_a_mono_track():
    world = World("20.3")
    recorder = shoots.recorder("r1", channels=1)
    session = shoots.session(recorder, placements=(Placement(clip="r1", offset_s=0.0),))
    _, _, placed, timeline = run(world, session)
    assert (placed.placed, [lane.sub for lane in timeline.tracks["audio"]]) == (1, ["mono"])


def test_status_is_told_by_markers_and_colours():
    _, _, _, timeline = run(World(), shoot(Fraction(25), Fraction(25), False))
    markers = {one["name"]: one for one in timeline.markers.values()}
    assert {name: one["color"] for name, one in markers.items()} == {
        "C3: check": "Yellow",
        "C9: not synced": "Red",
        "Made by Clapless": "Cream",
    }
    assert markers["C9: not synced"]["note"] == "no sound"
    assert "62%" in markers["C3: check"]["note"]
    colors = {item.GetName(): item.color for item in timeline.items}
    assert (colors["c3.mov"], colors["c9.mov"], colors["c1.mov"]) == ("Yellow", "Orange", "")


def test_the_users_things_stay_as_they_were():
    world = World()
    session = shoot(Fraction(25), Fraction(25), False)
    fill(world, session)
    assert world.project is not None
    pool = world.project.pool
    theirs = pool.CreateEmptyTimeline("Sync")
    assert theirs is not None
    connection, _, placed, timeline = run(world, session)
    assert (theirs.items, theirs.markers, pool.folder) == ([], {}, pool.root)
    assert (placed.timeline, timeline.folder.name) == ("Sync 2", "Clapless")
    assert len(pool.root.clips) == len(session.clips) + 1
    assert timelines.remove(connection, placed.timeline_id)
    assert world.project.timelines == [theirs]
    assert not timelines.remove(connection, placed.timeline_id)


@pytest.mark.parametrize("failure", ["none", "dead", "short"])
def test_what_cannot_be_placed_is_told(failure: str):
    world = World(failure=failure)
    session = shoot(Fraction(25), Fraction(25), False)
    clips = fill(world, session)
    assert world.project is not None
    offline = next(c for c in world.project.pool.root.clips if c.path.endswith("c3.mov"))
    offline.online = False
    (planned,) = session_plans(session, clips)
    placed = place(connect(world.resolve), planned)
    (difference,) = placed.differences
    assert difference.sentence.startswith("C3: its picture was not placed at frame")
    assert placed.placed == 4


@pytest.mark.parametrize(
    ("limit", "failure"), [(10**6, "none"), (30, "none"), (30, "raise"), (30, "half")]
)
def test_five_hundred_clips_go_in_batches_or_one_by_one(limit: int, failure: str):
    world = World(batch_limit=limit, failure=failure)
    steps: list[tuple[int, int]] = []
    _, _, placed, timeline = run(
        world, many(500), progress=lambda done, of: steps.append((done, of))
    )
    assert world.resolve.GetProjectManager().SaveProject()
    assert (placed.placed, placed.differences, len(timeline.items)) == (500, (), 1000)
    assert placed.notices == ()
    assert steps == [(100 * n, 500) for n in range(1, 6)]
    calls = world.calls.count("MediaPool.AppendToTimeline")
    assert calls == (6 if limit > 500 else 506)


def test_a_clip_that_resolve_fails_on_is_told(monkeypatch: pytest.MonkeyPatch):
    world = World()
    session = many(3)
    (planned,) = session_plans(session, fill(world, session))
    append = MediaPool.AppendToTimeline

    def fail(self: MediaPool, infos: list[Any]) -> list[Any] | None:
        if any(info["mediaPoolItem"].path.endswith("c1.mov") for info in infos):
            raise RuntimeError("oh")
        return append(self, infos)

    monkeypatch.setattr(MediaPool, "AppendToTimeline", fail)
    placed = place(connect(world.resolve), planned)
    assert (placed.placed, len(placed.differences)) == (2, 1)
    assert placed.notices == ("Resolve failed while it placed C1: oh",)


def test_a_killed_run_leaves_nothing_behind_for_the_next():
    world = World()
    session = many(20)
    clips = fill(world, session)
    (planned,) = session_plans(session, clips)
    connection = connect(world.resolve)

    def kill(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        place(connection, planned, progress=kill, batch=5)
    assert world.project is not None
    (left,) = world.project.timelines
    assert len(left.items) == 10
    copied = world.project.pool.CreateEmptyTimeline("The user's copy")
    assert copied is not None
    copied.markers = dict(left.markers)
    placed = place(connection, planned)
    assert placed.placed == 20
    assert [one.name for one in world.project.timelines] == ["The user's copy", "Sync"]
    assert len(world.project.timelines[-1].items) == 40


def test_the_fairlight_page_is_left_for_the_trial():
    world = World(page="fairlight")
    _, _, placed, timeline = run(world, many(3))
    assert (placed.placed, len(timeline.items), world.page) == (3, 6, "edit")


@pytest.mark.parametrize(
    ("call", "answer", "sentence"),
    [
        ("MediaPool.CreateEmptyTimeline", None, "did not make a timeline 'Sync'"),
        ("MediaPool.AddSubFolder", None, "could not make the bin 'Clapless'"),
        ("MediaPool.GetRootFolder", None, "shows no bins"),
        ("Timeline.SetSetting", False, "did not give the new timeline 25 frames per second"),
        ("Timeline.AddTrack", False, "did not add video track 2"),
        ("Timeline.AddMarker", False, "cannot be marked"),
        ("Timeline.DeleteClips", False, "does not delete a clip"),
        ("Timeline.GetStartFrame", None, "does not answer"),
    ],
)
def test_a_refused_step_is_a_sentence_and_leaves_no_timeline(
    call: str, answer: object, sentence: str
):
    world = World("20.3")
    session = shoot(Fraction(25), Fraction(25), False)
    (planned,) = session_plans(session, fill(world, session))
    connection = connect(world.resolve)
    world.refuses[call] = answer
    with pytest.raises(ResolveError, match=sentence):
        place(connection, planned)
    assert world.project is not None
    assert world.project.timelines == []
    assert world.project.pool.folder is world.project.pool.root


def test_nothing_is_placed_on_a_timeline_that_the_user_opened_meanwhile():
    world = World()
    session = many(10)
    (planned,) = session_plans(session, fill(world, session))
    connection = connect(world.resolve)
    assert world.project is not None
    project = world.project
    theirs = project.pool.CreateEmptyTimeline("Theirs")

    def open_theirs(_done: int, _of: int) -> None:
        project.current = theirs
        world.refuses["Project.SetCurrentTimeline"] = False

    with pytest.raises(ResolveError, match="does not open the new timeline"):
        place(connection, planned, progress=open_theirs, batch=5)
    assert project.timelines == [theirs]
    assert theirs is not None
    assert theirs.items == []


def test_an_item_nobody_planned_is_told():
    world = World()
    session = many(2)
    (planned,) = session_plans(session, fill(world, session))
    assert world.project is not None
    project = world.project

    def drop_one(_done: int, _of: int) -> None:
        clip = project.pool.root.clips[0]
        info = {"mediaPoolItem": clip, "startFrame": 0, "endFrame": 9, "recordFrame": 99999}
        assert project.pool.AppendToTimeline([info])

    placed = place(connect(world.resolve), planned, progress=drop_one)
    assert (placed.placed, placed.differences) == (2, ())
    assert placed.notices == ("2 items stand where none was planned: look at the timeline.",)


def test_placed_nowhere_is_told_for_every_item():
    world = World()
    world.refuses["MediaPool.AppendToTimeline"] = None
    _, _, placed, timeline = run(world, many(3))
    assert (placed.placed, len(placed.differences), timeline.items) == (0, 3, [])


def test_a_file_that_is_not_in_the_pool_is_told():
    world = World()
    session = many(2)
    clips = fill(world, session)
    (planned,) = session_plans(session, clips[:1])
    assert planned.notices == (
        "C1 is not in the Media Pool and was left out: import it, then try again.",
    )
    assert place(connect(world.resolve), planned).placed == 1


def test_clip_markers_go_on_the_clip_and_off_again():
    world = World()
    session = shoot(Fraction(25), Fraction(50), False)
    clips = fill(world, session)
    host = next(c for c in clips if c.path.endswith("c2.mov"))
    assert host.item.AddMarker(10, "Blue", "theirs", "", 1, "")
    (planned,) = session_plans(session, clips)
    assert mark_clips(planned.items) == mark_clips(planned.items) == []
    found = host.item.GetMarkers() or {}
    assert {f: (m["name"], m["color"]) for f, m in found.items()} == {
        10.0: ("theirs", "Blue"),
        100.0: ("clap", "Red"),
    }
    assert remove_ours(host.item) == 1
    assert list(host.item.GetMarkers() or {}) == [10.0]


@pytest.mark.parametrize(
    ("rate", "other"),
    [
        (Fraction(25), Fraction(25)),
        (Fraction(25), 24 * NTSC),
        (Fraction(60), Fraction(24)),
        (30 * NTSC, Fraction(50)),
        (24 * NTSC, 60 * NTSC),
    ],
    ids=["25", "23.976 on 25", "24 on 60", "50 on 29.97", "59.94 on 23.976"],
)
def test_drift_is_cut_into_frame_slips_without_gaps(rate: Fraction, other: Fraction):
    world = World()
    a = shoots.camera("c1", rate=rate, frames=int(rate * 3700), device="A")
    b = shoots.camera("c2", rate=other, frames=int(other * 3600), device="B")
    session = shoots.session(
        a,
        b,
        placements=(
            Placement(clip="c1", offset_s=0.0),
            Placement(clip="c2", offset_s=0.0, drift_ppm=50.0),
        ),
    )
    _, planned, placed, timeline = run(world, session)
    assert placed.differences == ()
    pieces = sorted(
        (i for i in timeline.items if i.picture and i.GetName() == "c2.mov"),
        key=lambda item: item.start,
    )
    assert len(pieces) > 3
    for before, after in pairwise(pieces):
        assert before.end == after.start
    # Half a frame of the coarser clock, and what rounding to a frame of each adds.
    most_s = max(1 / rate, 1 / other) / 2 + (1 / rate + 1 / other) / 2
    for piece in pieces:
        time_s = (piece.start - timeline.GetStartFrame()) / rate
        drift_s = time_s * 50 / 10**6
        assert abs(piece.source / other - time_s - drift_s) <= most_s
    assert planned.notices == () or all("slips a frame" in one for one in planned.notices)
    assert len(planned.items) == len(pieces) + 1


def test_a_seam_of_chapters_that_no_frame_meets_is_told():
    world = World()
    a = shoots.camera("c1", rate=Fraction(25), frames=25 * 60, device="A")
    b = shoots.camera("c2", rate=60 * NTSC, frames=2 * 901, device="B")
    one_s = 901 / (60 * NTSC)
    files = (
        MediaFile(path=Path("/shoot/B/c2.mov"), duration_s=one_s),
        MediaFile(path=Path("/shoot/B/c2b.mov"), role="chapter", start_s=one_s, duration_s=one_s),
    )
    b = replace(b, files=files)
    placements = (Placement(clip="c1", offset_s=0.0), Placement(clip="c2", offset_s=0.0))
    session = shoots.session(a, b, placements=placements)
    world.add("/shoot/A/c1.mov", 60, rate=Fraction(25))
    for file in files:
        world.add(str(file.path), one_s, rate=60 * NTSC)
    (planned,) = session_plans(session, pool_clips(world))
    placed = place(connect(world.resolve), planned)
    assert (placed.placed, placed.differences) == (3, ())
    assert planned.notices == (
        "C2 ends 1 frame before what follows it: its frame rate has no frame there.",
    )


def test_another_speed_is_left_out_and_told():
    world = World()
    a = shoots.camera("c1", rate=Fraction(25), frames=500, device="A")
    b = shoots.camera("c2", rate=Fraction(25), frames=500, device="B")
    session = shoots.session(
        a,
        b,
        placements=(
            Placement(clip="c1", offset_s=0.0),
            Placement(clip="c2", offset_s=0.0, speed=Fraction(24, 25)),
        ),
    )
    (planned,) = session_plans(session, fill(world, session), options=ExportOptions())
    assert [item.name for item in planned.items] == ["C1"]
    assert any("C2 would have to play at another speed" in one for one in planned.notices)


def test_a_frame_rate_that_was_changed_in_resolve_is_told():
    world = World()
    a = shoots.camera("c1", rate=Fraction(25), frames=500, device="A")
    b = shoots.camera("c2", rate=Fraction(50), frames=1000, device="B")
    placements = (Placement(clip="c1", offset_s=0.0), Placement(clip="c2", offset_s=1.0))
    session = shoots.session(a, b, placements=placements)
    fill(world, session)
    assert world.project is not None
    for clip in world.project.pool.root.clips:
        clip.fps, clip.rate = 25.0, Fraction(25)
    (planned,) = session_plans(session, pool_clips(world))
    assert ([item.name for item in planned.items], planned.lost) == (["C1"], 1)
    assert planned.notices == (
        "C2 was left out: Resolve plays it at 25 frames per second, and it was recorded at 50. Set "
        "its frame rate back in Clip Attributes.",
    )


def test_sound_that_resolve_counts_short_is_told():
    world = World()
    a = shoots.camera("c1", rate=Fraction(25), frames=500, device="A")
    r = shoots.recorder("r1", seconds=Fraction(5547))
    placements = (Placement(clip="c1", offset_s=0.0), Placement(clip="r1", offset_s=0.0))
    session = shoots.session(a, r, placements=placements)
    fill(world, session)
    assert world.project is not None
    world.project.pool.root.clips[1].frames = round(5541.79 * 24)
    (planned,) = session_plans(session, pool_clips(world))
    assert planned.lost == 1
    assert "Resolve counts 5541.79 s of it, and it lasts 5547.00 s" in planned.notices[0]
