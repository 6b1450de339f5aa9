"""Multicam clips: only where Resolve can and what it made can be proven; else one menu entry."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from clapless.model import Placement, Session
from clapless_otio.options import ExportOptions
from clapless_resolve.applying import Applied, apply_session
from clapless_resolve.connect import connect
from clapless_resolve.undoing import undo
from tests.fakes.resolve import project
from tests.fakes.resolve.project import MediaPoolItem, Multicam, all_folders
from tests.fakes.resolve.world import World
from tests.otio import shoots
from tests.resolve.shooting import NTSC, fill

pytestmark = pytest.mark.resolve

OFFSETS = {"c1": 0.0, "c2": 3.2137, "r1": -2.4871}


def together(*, later: bool = False, **facts: Any) -> Session:
    """Two cameras and a recorder; with `later` a second clip of one camera after the other's."""
    a = shoots.camera("c1", rate=Fraction(25), frames=1500, device="A", timecode="10:00:00:00")
    b = shoots.camera("c2", rate=30 * NTSC, frames=900, device="B", timecode="12:00:00:00")
    r = shoots.recorder("r1", seconds=Fraction(90))
    clips = [a, b, r]
    placements = [
        Placement(clip="c1", offset_s=0.0),
        Placement(clip="c2", offset_s=3.2137, **facts),
        Placement(clip="r1", offset_s=-2.4871),
    ]
    if later:
        clips.append(shoots.camera("c3", rate=30 * NTSC, frames=300, device="B"))
        placements.append(Placement(clip="c3", offset_s=40.0))
    return shoots.session(*clips, placements=tuple(placements))


def apply(world: World, session: Session, **options: Any) -> Applied:
    fill(world, session)
    return again(world, session, **options)


def again(world: World, session: Session, **options: Any) -> Applied:
    return apply_session(
        connect(world.resolve),
        session,
        exists=lambda _: True,
        multicam=True,
        options=ExportOptions(groups="separate"),
        **options,
    )


def multicams(world: World) -> list[Multicam]:
    return [clip for clip in pool_clips(world) if isinstance(clip, Multicam)]


def pool_clips(world: World) -> list[MediaPoolItem]:
    assert world.project is not None
    return [clip for folder in all_folders(world.project.pool.root) for clip in folder.clips]


def starts(made: Multicam) -> dict[str, Fraction]:
    """Return where each clip begins, from the first camera's first frame."""
    by_name = {path.rsplit("/", 1)[1].split(".")[0]: start for path, start in made.starts.items()}
    return {name: start - by_name["c1"] for name, start in by_name.items()}


def test_clips_that_share_an_instant_are_synced_by_markers():
    world = World("21.1", rate="25", legacy=False)
    applied = apply(world, together())
    (made,) = multicams(world)
    assert applied.multicams == ("Sync Multicam",)
    assert (made.GetName(), applied.notices) == ("Sync Multicam", ())
    for name, start_s in starts(made).items():
        # The markers' frames are half a frame off at most.
        assert abs(float(start_s) - OFFSETS[name]) <= 0.5 / 25
    assert applied.timelines[0].differences == ()
    assert all(clip.markers == {} for clip in pool_clips(world) if clip.path)
    assert world.project is not None
    # The user's clips stay in their bin.
    assert len(world.project.pool.root.clips) == 3
    assert [f.name for f in world.project.pool.root.folders] == ["Clapless"]
    undo(connect(world.resolve))
    assert multicams(world) == []
    assert world.project.pool.root.folders == []


@pytest.mark.parametrize("version", ["18.6", "21.0.4"])
def test_before_21_1_a_person_does_it_by_one_menu_entry(version: str):
    world = World(version, rate="25")
    applied = apply(world, together())
    assert applied.multicams == ()
    assert any(
        "(21.1 does). In the Media Pool, right-click its timeline and choose Convert Timelines to "
        "Multicam Clips." in notice
        for notice in applied.notices
    )
    assert applied.timelines[0].differences == ()


def test_clips_without_a_common_instant_get_timecodes_that_are_put_back():
    world = World("21.1", rate="25")
    session = together(later=True)
    fill(world, session)
    before = {clip.path: (clip.start, dict(clip.markers)) for clip in pool_clips(world)}
    applied = again(world, session)
    (made,) = multicams(world)
    for name, start_s in starts(made).items():
        assert abs(float(start_s) - {**OFFSETS, "c3": 40.0}[name]) <= 1 / 25
    assert any("start timecodes of 4 clips were written" in one for one in applied.notices)
    assert applied.timelines[0].differences == ()
    undone = undo(connect(world.resolve))
    assert undone.notices == []
    assert {c.path: (c.start.replace(";", ":"), c.markers) for c in pool_clips(world)} == before


def test_timecodes_that_agree_already_are_not_written():
    world = World("21.1", rate="25")
    a = shoots.camera("c1", rate=Fraction(25), frames=500, device="A", timecode="10:00:00:00")
    b = shoots.camera("c2", rate=Fraction(25), frames=500, device="B", timecode="10:00:30:00")
    session = shoots.session(
        a, b, placements=(Placement(clip="c1", offset_s=0.0), Placement(clip="c2", offset_s=30.01))
    )
    applied = apply(world, session)
    (made,) = multicams(world)
    assert starts(made) == {"c1": 0, "c2": 30}
    assert applied.notices == ()
    assert "MediaPoolItem.SetClipProperty" not in world.calls


def test_timecodes_that_do_not_read_back_are_given_up():
    world = World("21.1", rate="25", keeps_timecode=False)
    applied = apply(world, together(later=True))
    assert (applied.multicams, multicams(world)) == ((), [])
    assert "Resolve keeps no timecode for C1. In the Media Pool" in applied.notices[0]
    assert {clip.start for clip in pool_clips(world) if clip.path.endswith("c1.mov")} == {
        "10:00:00:00"
    }


def test_timecodes_of_clips_on_a_timeline_are_not_touched():
    world = World("21.1", rate="25")
    session = together(later=True)
    fill(world, session)
    apply_session(connect(world.resolve), session, exists=lambda _: True)
    applied = again(world, session)
    assert applied.multicams == ()
    assert any("are on timelines, so that no timecode is written" in n for n in applied.notices)


def test_markers_of_the_users_are_not_taken_for_ours():
    world = World("21.1", rate="25")
    session = together()
    fill(world, session)
    clip = pool_clips(world)[0]
    clip.AddMarker(3, "Blue", "theirs", "", 1, "")
    applied = again(world, session)
    (made,) = multicams(world)
    assert starts(made).keys() == {"c1", "c2", "r1"}
    assert abs(float(starts(made)["c2"]) - OFFSETS["c2"]) <= 1 / 25
    assert any("start timecodes of 3 clips were written" in one for one in applied.notices)
    assert clip.markers[3]["name"] == "theirs"


@pytest.mark.parametrize(
    ("call", "answer", "sentence"),
    [
        ("MediaPool.CreateMulticamClip", None, "was not made: Resolve refused."),
        ("MediaPool.CreateMulticamClip", [], "was not made: Resolve refused."),
        ("MediaPool.CreateMulticamClip", [None], "was not made: Resolve refused."),
        ("MediaPoolItem.AddMarker", False, "no marker could be put on C1"),
    ],
)
def test_what_is_refused_is_told_and_the_timeline_stands(call: str, answer: Any, sentence: str):
    world = World("21.1", rate="25")
    session = together()
    fill(world, session)
    world.refuses[call] = answer
    applied = again(world, session)
    assert applied.multicams == ()
    assert any(sentence in notice for notice in applied.notices), applied.notices
    assert applied.timelines[0].differences == ()
    assert all(clip.markers == {} for clip in pool_clips(world))


def test_a_marker_that_stands_elsewhere_is_no_instant(monkeypatch: pytest.MonkeyPatch):
    world = World("21.1", rate="25")
    session = together()
    fill(world, session)
    made_it = MediaPoolItem.AddMarker

    def elsewhere(self: MediaPoolItem, frame: Any, *rest: Any) -> bool:
        return made_it(self, frame + (200 if self.path.endswith("c2.mov") else 0), *rest)

    monkeypatch.setattr(MediaPoolItem, "AddMarker", elsewhere, raising=False)
    applied = again(world, session)
    assert (applied.multicams, multicams(world)) == ((), [])
    assert any("no marker could be put on C2" in one for one in applied.notices)
    assert all(clip.markers == {} for clip in pool_clips(world))


def test_a_multicam_of_another_length_is_taken_away(monkeypatch: pytest.MonkeyPatch):
    world = World("21.1", rate="25")
    session = together()
    fill(world, session)
    made_it = project.multicam

    def longer(*given: Any) -> Multicam | None:
        made = made_it(*given)
        if made is not None:
            made.frames += 200
        return made

    monkeypatch.setattr(project, "multicam", longer)
    applied = again(world, session)
    assert (applied.multicams, multicams(world)) == ((), [])
    assert any("2450 frames of a group that is 2250 frames long" in n for n in applied.notices)


def test_a_clock_that_drifts_is_no_angle():
    world = World("21.1", rate="25")
    applied = apply(world, together(drift_ppm=2000.0))
    assert applied.multicams == ()
    assert any("the clock of C2 drifts by 1.8 frames" in one for one in applied.notices)


def test_a_stopped_run_leaves_no_multicam_behind():
    world = World("21.1", rate="25")
    session = together()
    fill(world, session)

    def stop(text: str, _done: int, _of: int) -> None:
        if text == "placing clips":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        again(world, session, tell=stop)
    assert multicams(world) == []
    world.refuses["MediaPool.DeleteClips"] = False
    world.refuses["MediaPool.DeleteTimelines"] = False
    with pytest.raises(KeyboardInterrupt):
        again(world, session, tell=stop)
    assert len(multicams(world)) == 1
    world.refuses.clear()
    again(world, session)
    assert [made.GetName() for made in multicams(world)] == ["Sync Multicam"]


def test_a_run_that_is_stopped_while_it_writes_timecodes_puts_them_back():
    world = World("21.1", rate="25")
    session = together(later=True)
    fill(world, session)
    before = {clip.path: (clip.start, dict(clip.markers)) for clip in pool_clips(world)}
    world.raises["MediaPool.CreateMulticamClip"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        again(world, session)
    assert {c.path: (c.start.replace(";", ":"), c.markers) for c in pool_clips(world)} == before


def test_timecodes_that_a_killed_run_wrote_are_put_back_by_the_next():
    world = World("21.1", rate="25")
    session = together(later=True)
    fill(world, session)
    before = {clip.path: (clip.start, dict(clip.markers)) for clip in pool_clips(world)}
    cleaning = ("MediaPool.DeleteClips", "MediaPool.DeleteTimelines")
    world.raises["MediaPool.CreateMulticamClip"] = KeyboardInterrupt()
    world.refuses.update(dict.fromkeys(cleaning, False))
    world.refuses["MediaPoolItem.DeleteMarkerByCustomData"] = False
    written = MediaPoolItem.SetClipProperty
    calls: list[str] = []

    def once(self: MediaPoolItem, name: str, value: Any) -> bool:
        calls.append(value)
        return written(self, name, value) if len(calls) <= 4 else False

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MediaPoolItem, "SetClipProperty", once)
        with pytest.raises(KeyboardInterrupt):
            again(world, session)
    assert {clip.start for clip in pool_clips(world)} != {start for start, _ in before.values()}
    world.refuses.clear()
    world.raises.clear()
    apply_session(connect(world.resolve), session, exists=lambda _: True)
    assert {
        c.path: (c.start.replace(";", ":"), c.markers) for c in pool_clips(world) if c.path
    } == before
