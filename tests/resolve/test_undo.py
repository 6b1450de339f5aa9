"""Undoing, and runs that were stopped: ours goes, the user's stays, nothing is there twice."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from clapless.model import Group, Placement, Session
from clapless_otio.options import ExportOptions
from clapless_resolve.applying import Applied, apply_session
from clapless_resolve.connect import connect
from clapless_resolve.errors import ResolveError
from clapless_resolve.undoing import undo
from tests.fakes.resolve.api import VERSIONS
from tests.fakes.resolve.world import OnDisk, World
from tests.otio import shoots
from tests.resolve.shooting import fill, shoot

pytestmark = pytest.mark.resolve


def two_groups() -> Session:
    clips = [
        shoots.camera(f"c{n}", rate=Fraction(25), frames=500, device="AB"[n % 2]) for n in range(4)
    ]
    session = shoots.session(*clips, placements=(Placement(clip="c0", offset_s=0.0),))
    groups = tuple(
        Group(
            id=f"g{n}",
            reference=f"c{2 * n}",
            placements=(
                Placement(clip=f"c{2 * n}", offset_s=0.0),
                Placement(clip=f"c{2 * n + 1}", offset_s=1.0),
            ),
        )
        for n in range(2)
    )
    return Session(devices=session.devices, clips=session.clips, groups=groups)


def apply(world: World, session: Session, *, who: str = "", **options: Any) -> Applied:
    exists = options.pop("exists", lambda _: True)
    return apply_session(connect(world.resolve, who=who), session, exists=exists, **options)


def state(world: World) -> dict[str, Any]:
    """Return everything of the user's that a run could change."""
    assert world.project is not None

    def bin_state(folder: Any) -> dict[str, Any]:
        return {
            "clips": [
                (c.GetName(), {k: dict(v) for k, v in c.markers.items()}, c.start)
                for c in folder.clips
            ],
            "bins": {f.name: bin_state(f) for f in folder.folders},
        }

    return {
        "bins": bin_state(world.project.pool.root),
        "open": world.project.pool.folder.name,
        "timelines": {
            t.name: (
                dict(t.markers),
                [(i.GetName(), i.start, i.end, i.source, i.color) for i in t.items],
                [[lane.name for lane in lanes] for lanes in t.tracks.values()],
            )
            for t in world.project.timelines
        },
    }


def users_project(version: str = "21.1") -> tuple[World, Session]:
    """A project with clips, a bin and a timeline of the user's; one file was not imported."""
    world = World(version, rate="25", studio=version != "18.6")
    session = shoot(Fraction(25), Fraction(50), False)
    fill(world, session)
    assert world.project is not None
    project, pool = world.project, world.project.pool
    pool.DeleteClips([clip for clip in pool.root.clips if clip.path.endswith("c3.mov")])
    world.disk["/shoot/B/c3.mov"] = OnDisk(Fraction(14), rate=Fraction(50))
    theirs = pool.CreateEmptyTimeline("Sync")
    assert theirs is not None
    theirs.AddMarker(0, "Blue", "theirs", "", 1, "")
    pool.AddSubFolder(pool.root, "Day 1")
    pool.folder = pool.root
    pool.root.clips[0].AddMarker(5, "Blue", "theirs", "", 1, "clap")
    pool.selected = [pool.root.clips[0]]
    project.current = theirs
    clip = pool.root.clips[0]
    info = {"mediaPoolItem": clip, "startFrame": 0, "endFrame": 50, "recordFrame": 90000}
    assert pool.AppendToTimeline([info])
    return world, session


@pytest.mark.parametrize("version", VERSIONS)
def test_after_undoing_the_project_is_as_it_was(version: str):
    world, session = users_project(version)
    before = state(world)
    applied = apply(world, session)
    assert applied.timelines[0].differences == ()
    during = state(world)
    assert during["timelines"]["Sync"] == before["timelines"]["Sync"]
    assert "Sync 2" in during["timelines"]
    assert during["bins"]["bins"]["Clapless"]["bins"]["Imported"]["clips"][0][0] == "c3.mov"
    assert during["open"] == before["open"]
    undone = undo(connect(world.resolve))
    assert state(world) == before
    assert undone.sentence == "Taken away: 1 timeline, 1 clip, 1 marker, 2 bins."
    assert undone.notices == []
    again = undo(connect(world.resolve))
    assert again.sentence == "There is nothing of Clapless in this project."


def test_what_the_user_made_of_it_stays():
    world, session = users_project()
    apply(world, session)
    assert world.project is not None
    project, pool = world.project, world.project.pool
    ours = project.timelines[-1]
    copied = pool.CreateEmptyTimeline("My edit")
    assert copied is not None
    copied.markers = {frame: dict(one) for frame, one in ours.markers.items()}
    copied.tracks = ours.tracks
    undone = undo(connect(world.resolve))
    assert [one.name for one in project.timelines] == ["Sync", "My edit"]
    assert undone.notices == ["c3.mov stays: a timeline of yours plays it."]
    assert len(copied.items) == 9
    assert copied.markers


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ("MediaPool.DeleteTimelines", "does not delete the timeline 'Sync 2'"),
        ("MediaPool.DeleteClips", "does not delete c3.mov"),
        ("MediaPool.DeleteFolders", "does not delete the bin 'Imported'"),
        ("MediaPoolItem.DeleteMarkerByCustomData", "1 markers could not be taken off c2.mov"),
    ],
)
def test_what_cannot_be_undone_is_told(call: str, sentence: str):
    world, session = users_project()
    apply(world, session)
    world.refuses[call] = False
    notices = undo(connect(world.resolve)).notices
    assert any(sentence in notice for notice in notices), notices


def test_another_users_timelines_stay():
    world, session = users_project()
    apply(world, session, who="ann")
    apply(world, session, who="bob")
    undone = undo(connect(world.resolve, who="bob"))
    assert undone.timelines == ["Sync 3"]
    assert undone.notices[0] == "The timeline 'Sync 2' was made by another user and stays."


def killed_after(world: World, session: Session, items: int, **options: Any) -> None:
    """Run until so many items were placed, then end as a killed process does: no clean-up."""
    calls = 0

    def count(_text: str, done: int, _of: int) -> None:
        nonlocal calls
        calls = done
        if _text == "placing clips" and done >= items:
            world.refuses.update(everything)
            raise KeyboardInterrupt

    # A killed process asks for nothing more.
    everything = dict.fromkeys(
        ("MediaPool.DeleteTimelines", "MediaPoolItem.DeleteMarkerByCustomData")
    )
    with pytest.raises(KeyboardInterrupt):
        apply(world, session, tell=count, batch=1, **options)
    for name in everything:
        del world.refuses[name]


@pytest.mark.parametrize("items", [1, 2, 3, 4])
def test_a_killed_run_of_several_timelines_starts_clean(items: int):
    world = World(rate="25")
    session = two_groups()
    fill(world, session)
    options: dict[str, Any] = {"options": ExportOptions(groups="separate")}
    killed_after(world, session, items, **options)
    assert world.project is not None
    assert len(world.project.timelines) == (items + 1) // 2
    applied = apply(world, session, **options)
    assert [one.timeline for one in applied.timelines] == ["Sync 1", "Sync 2"]
    assert [one.name for one in world.project.timelines] == ["Sync 1", "Sync 2"]
    assert [len(one.items) for one in world.project.timelines] == [4, 4]


def test_a_refused_run_takes_all_its_timelines_away():
    world = World(rate="25")
    session = two_groups()
    fill(world, session)
    before = state(world)
    made = 0

    def refuse(_text: str, done: int, _of: int) -> None:
        nonlocal made
        if done == 3:
            world.refuses["Project.SetCurrentTimeline"] = False
            world.refuses["Project.GetCurrentTimeline"] = None

    with pytest.raises(ResolveError, match="does not open the new timeline"):
        apply(world, session, tell=refuse, batch=1, options=ExportOptions(groups="separate"))
    assert state(world)["timelines"] == before["timelines"]


def test_a_refused_run_that_cannot_clean_up_says_so():
    world = World(rate="25")
    session = two_groups()
    fill(world, session)

    def refuse(text: str, _done: int, _of: int) -> None:
        if text == "placing clips":
            world.refuses["MediaPool.DeleteTimelines"] = False
            world.refuses["Project.GetCurrentTimeline"] = None

    with pytest.raises(ResolveError, match=r"unfinished 'Sync' could not be deleted"):
        apply(world, session, tell=refuse, batch=1)
    world.refuses.clear()
    world.refuses["MediaPool.DeleteTimelines"] = False
    with pytest.raises(ResolveError, match="An earlier run was stopped while it placed clips"):
        apply(world, session)


def test_what_another_user_is_filling_is_left_alone():
    world = World(rate="25")
    session = two_groups()
    fill(world, session)
    killed_after(world, session, 2, who="ann")
    applied = apply(world, session, who="bob")
    assert applied.notices == (
        "The timeline 'Sync' is being filled by another user's Clapless, or was left by it; it was "
        "not touched.",
    )
    assert world.project is not None
    assert [one.name for one in world.project.timelines] == ["Sync", "Sync 2"]
    assert len(world.project.timelines[1].items) == 8
