"""Every call that a run makes, answered with nothing, with no, or with a lie.

What must hold is the same for all of them: a sentence where anything is lost, never a fault of the
program, nothing of the user's changed, and nothing left behind where the run gave up.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from clapless.errors import ClaplessError
from clapless_otio.options import ExportOptions
from clapless_resolve.applying import Applied, apply_session
from clapless_resolve.connect import connect
from clapless_resolve.undoing import undo
from tests.fakes.resolve.entry import remote
from tests.fakes.resolve.world import OnDisk, World
from tests.resolve.shooting import fill, shoot

pytestmark = pytest.mark.resolve


def project(version: str) -> World:
    """A project of the user's with a timeline, a marker and a bin; one file is not imported."""
    world = World(version, rate="25", legacy=version != "21.1")
    session = shoot(Fraction(25), Fraction(50), False)
    fill(world, session)
    assert world.project is not None
    pool = world.project.pool
    pool.DeleteClips([clip for clip in pool.root.clips if clip.path.endswith("c2.mov")])
    world.disk["/shoot/B/c2.mov"] = OnDisk(Fraction(1003, 50), rate=Fraction(50))
    pool.AddSubFolder(pool.root, "Day 1")
    pool.CreateEmptyTimeline("Theirs")
    next(c for c in pool.root.clips if "c9" in c.path).AddMarker(5, "Blue", "theirs", "", 1, "")
    pool.folder, pool.selected = pool.root, list(pool.root.clips[:2])
    world.calls.clear()
    return world


def apply(world: World, through: Callable[[World], Any] | None = None) -> Applied:
    return apply_session(
        connect(world.resolve if through is None else through(world)),
        shoot(Fraction(25), Fraction(50), False),
        exists=lambda _: True,
        options=ExportOptions(groups="separate"),
        multicam=True,
    )


def placed(world: World) -> list[Any]:
    """Return what stands on timelines that are not the user's."""
    assert world.project is not None
    return [
        (t.name, i.GetName(), i.picture, i.start, i.end, i.source, i.color, i.enabled)
        for t in world.project.timelines
        if t.name != "Theirs"
        for i in t.items
    ]


def theirs(world: World) -> Any:
    """Return what is the user's."""
    assert world.project is not None
    pool = world.project.pool
    timeline = next(t for t in world.project.timelines if t.name == "Theirs")
    return (
        [(clip.path, clip.start) for clip in pool.root.clips],
        [folder.name for folder in pool.root.folders if folder.name != "Clapless"],
        (timeline.items, timeline.markers, len(timeline.tracks["video"])),
        [
            one["name"]
            for c in pool.root.clips
            for one in c.markers.values()
            if one["name"] == "theirs"
        ],
    )


@cache
def whole_run(version: str) -> tuple[list[str], list[Any]]:
    world = project(version)
    apply(world)
    return sorted(set(world.calls)), placed(world)


def calls(version: str) -> list[tuple[str, str]]:
    return [(version, call) for call in whole_run(version)[0]]


ALL = [*calls("20.3"), *(c for c in calls("21.1") if c[1] not in whole_run("20.3")[0])]


def ours_left(world: World) -> list[str]:
    """Return the names of what a run that gave up should not leave."""
    assert world.project is not None
    return [t.name for t in world.project.timelines if t.name != "Theirs"]


def check(world: World, version: str, call: str) -> None:
    before = theirs(world)
    told: list[str] = []
    gave_up = False
    try:
        applied = apply(world)
        told = [*applied.notices]
        for one in applied.timelines:
            told += [*one.notices, *(d.sentence for d in one.differences)]
    except ClaplessError as error:
        gave_up = True
        told = [str(error)]
    assert theirs(world) == before
    if gave_up:
        # What cannot be deleted is named; the next run deletes it.
        left = ours_left(world)
        assert not left or all(name in told[0] for name in left), (left, told)
    elif placed(world) != whole_run(version)[1]:
        assert told, "something is lost and nobody said so"
    for sentence in told:
        assert sentence[0].isupper()
        assert sentence.rstrip("”").endswith((".", ")")), sentence


@pytest.mark.parametrize("answer", [None, False], ids=["nothing", "no"])
@pytest.mark.parametrize(("version", "call"), ALL)
def test_a_call_that_does_nothing(version: str, call: str, answer: object):
    world = project(version)
    world.refuses[call] = answer
    check(world, version, call)
    world.refuses.clear()
    apply(world)
    undo(connect(world.resolve))
    assert ours_left(world) == []


LIES = [
    (version, call)
    for version, call in ALL
    if call.split(".")[1].startswith(("Set", "Add", "Delete", "Open"))
]


@pytest.mark.parametrize(("version", "call"), LIES)
def test_a_call_that_lies_about_it(version: str, call: str):
    world = project(version)
    world.lies.add(call)
    check(world, version, call)


@pytest.mark.parametrize("call", ["MediaPool.AppendToTimeline", "TimelineItem.GetLeftOffset"])
def test_through_another_process_it_is_the_same(call: str):
    world = project("20.3")
    world.refuses[call] = None
    before = theirs(world)
    applied = apply(world, remote)
    assert all(one.differences for one in applied.timelines)
    assert theirs(world) == before
