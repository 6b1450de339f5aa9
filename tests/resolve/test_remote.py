"""Objects that live in another process: the same answers, in few messages."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from clapless_resolve.applying import apply_session
from clapless_resolve.connect import connect
from clapless_resolve.errors import ResolveError
from clapless_resolve.protocols import constant, has
from clapless_resolve.reading import selected
from clapless_resolve.remote import Call, Remote, ask_each
from tests.fakes.resolve.entry import Wire, remote
from tests.fakes.resolve.world import World
from tests.resolve.shooting import fill, many, shoot

pytestmark = pytest.mark.resolve


def standing(world: World) -> list[tuple[Any, ...]]:
    assert world.project is not None
    return [
        (i.GetName(), i.picture, i.start, i.end, i.source, i.color)
        for i in world.project.timelines[-1].items
    ]


@pytest.mark.parametrize("version", ["18.6", "21.1"])
def test_the_same_timeline_comes_of_it(version: str):
    session = shoot(Fraction(25), Fraction(50), False)
    here, there = World(version), World(version)
    for world in (here, there):
        fill(world, session)
    one = apply_session(connect(here.resolve), session, exists=lambda _: True, multicam=True)
    other = apply_session(connect(remote(there)), session, exists=lambda _: True, multicam=True)
    assert standing(here) == standing(there)
    assert len(standing(there)) == 9
    assert (one.multicams, one.notices) == (other.multicams, other.notices)
    assert len(other.multicams) == (version == "21.1")


def test_five_hundred_clips_take_few_messages():
    world = World()
    session = many(500)
    fill(world, session)
    wire = Wire(world)
    (placed,) = apply_session(connect(Remote(wire)), session, exists=lambda _: True).timelines
    assert (placed.placed, placed.differences) == (500, ())
    # Each takes some 60 ms where it passes through preferences.
    assert wire.messages < 200
    assert wire.longest < 128 * 1024


def test_what_is_too_long_is_asked_for_in_parts():
    world = World()
    session = many(60)
    fill(world, session)
    wire = Wire(world, most=3000)
    found = selected(connect(Remote(wire)), exists=lambda _: True)
    assert len(found.clips) == 60
    folder = connect(Remote(wire)).pool.GetRootFolder()
    assert folder is not None
    items = list(folder.GetClipList() or [])
    rows = ask_each(items, (("GetMarkers",),), (("GetName",),), (("GetClipProperty", "FPS"),))
    assert rows == [[{}, f"c{n}.mov", 25] for n in range(60)]


def test_a_single_answer_that_is_too_long_is_a_sentence():
    wire = Wire(World(), most=10)
    with pytest.raises(ResolveError, match="answer to GetVersionString is too long"):
        connect(Remote(wire))


def test_a_chain_ends_where_nothing_is():
    world = World()
    world.add("/a/c.mov", 10, rate=Fraction(25))
    connection = connect(remote(world))
    world.refuses["MediaPool.GetCurrentFolder"] = None
    steps = (("GetCurrentFolder",), ("GetName",))
    assert ask_each([connection.pool], steps) == [[None]]


def test_a_call_that_raises_is_a_sentence():
    app: Any = remote(World())
    with pytest.raises(ResolveError, match="Resolve refused Nonsense: ValueError"):
        app.Nonsense()


def test_names_constants_and_markers():
    world = World("21.1")
    clip = world.add("/a/c.mov", 10, rate=Fraction(25))
    app = remote(world)
    assert has(app, "IsStudio")
    assert not has(app, "Nonsense")
    assert constant(app, "MULTICAM_ANGLE_SYNC_MARKER") == 11
    assert constant(world.resolve, "MULTICAM_ANGLE_SYNC_MARKER") == 11.0
    clip.AddMarker(1, "Blue", "x", "", 1, "own")
    folder = connect(app).pool.GetRootFolder()
    assert folder is not None
    (item,) = folder.GetClipList() or []
    markers = item.GetMarkers() or {}
    assert {f: m["name"] for f, m in markers.items()} == {1.0: "x"}


def test_lua_numbers_its_markers_as_a_list():
    def lua(calls: Sequence[Call]) -> list[dict[str, object]]:
        assert len(calls) == 1
        return [{"ok": [{"name": "first"}]}]

    clip: Any = Remote(lua, 3)
    assert clip.GetMarkers() == {1.0: {"name": "first"}}
