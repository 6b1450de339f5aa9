from __future__ import annotations

import dataclasses
import random
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from clapless.errors import UsageError
from clapless.model import Marker, Pin, Session
from clapless.pipeline import SyncOptions, sync_clips
from clapless.solve import Solution
from tests.pipeline.fakes import FakeSignal, no_reading, run
from tests.solve.worlds import World, place, shoot


def as_solution(session: Session) -> Solution:
    return Solution(groups=session.groups, unplaced=session.unplaced)


def pairs_of(signal: FakeSignal) -> list[tuple[str, ...]]:
    return [tuple(sorted((a, b))) for a, b, _ in signal.calls]


def labelled(world: World) -> World:
    """Give every clip a creation time, each device's clock off by minutes."""
    off = {"A": 0, "B": 400, "C": -900, "D": 60, "R": 120, None: 0}
    for name, take in world.takes.items():
        at = int(take.start_s) + 100_000 + off.get(take.clip.device, 0)
        stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        clip = dataclasses.replace(take.clip, metadata={"creation_time": stamp})
        world.takes[name] = dataclasses.replace(take, clip=clip)
    return world


@pytest.mark.parametrize("labels", [True, False])
def test_a_shoot_is_placed_right_without_comparing_all_pairs(labels):
    world = shoot(random.Random(5), cameras=4, takes=12)
    if labels:
        labelled(world)
    signal = FakeSignal(world)
    result = run(world, signal)
    assert world.wrong(as_solution(result.session)) == []
    assert result.session.unplaced == ()
    assert len(result.session.groups) == 2
    count = len(world.clips)
    assert len(signal.calls) < (5 if labels else 9) * count < count * (count - 1) / 2
    assert len(set(pairs_of(signal))) == len(signal.calls)


def test_clips_of_one_device_are_not_compared():
    world = shoot(random.Random(6), cameras=2, takes=5, events=(0,))
    signal = FakeSignal(world)
    run(world, signal)
    devices = {c.id: c.device for c in world.clips}
    assert signal.calls
    assert all(devices[a] != devices[b] for a, b, _ in signal.calls)


def test_clips_of_one_folder_are_compared_where_nothing_else_places_them():
    world = World()
    for i in range(4):
        world.add(f"mic{i}", 3.0 * i, 200.0, device="folder", audio=True)
    world.add("other", 900.0, 100.0, device="elsewhere", event=1)
    result = run(world, FakeSignal(world, confidence=0.9999))
    (group,) = result.session.groups
    assert len(group.placements) == 4
    assert world.wrong(as_solution(result.session)) == []
    devices = {c.device for c in result.session.clips if c.name.startswith("mic")}
    assert len(devices) == 4
    assert any("is not one device" in warning for warning in result.warnings)


def test_clips_that_one_serial_number_made_are_not_compared():
    world = World()
    for i in range(3):
        world.add(f"C{i}", 3.0 * i, 200.0, device="camera", source="serial")
    signal = FakeSignal(world, confidence=0.9999)
    assert run(world, signal).session.groups == ()
    assert signal.calls == []


def test_a_clip_without_a_partner_is_compared_with_every_other_device():
    world = shoot(random.Random(7), cameras=2, takes=5, events=(0,))
    world.add("lost", 0.0, 60.0, event=9, device="Z")
    signal = FakeSignal(world)
    result = run(world, signal)
    (left,) = result.session.unplaced
    assert (left.clip, left.code, left.reason) == ("lost", "no_match", "nothing in common")
    asked = {p for pair in pairs_of(signal) for p in pair if "lost" in pair} - {"lost"}
    assert asked == set(world.takes) - {"lost"}


def test_loops_are_closed_where_clips_overlap():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    for i, device in enumerate("ABC"):
        world.add(f"{device}1", 10.0 + i, 300.0, device=device)
    signal = FakeSignal(world, confidence=0.95)
    result = run(world, signal)
    assert all(p.confidence > 0.98 for g in result.session.groups for p in g.placements)


def test_a_wrong_answer_is_outvoted_by_the_loops_that_are_looked_for():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    for i, device in enumerate("ABCD"):
        world.add(f"{device}1", 10.0 + 3 * i, 300.0, device=device)
    signal = FakeSignal(world, confidence=0.95, wrong={("A1", "R"): 31.0})
    result = run(world, signal)
    assert world.wrong(as_solution(result.session)) == []
    assert len(result.session.groups[0].placements) >= 4


def test_signals_that_prove_a_route_only_are_not_used():
    world = shoot(random.Random(1), cameras=1, takes=2, events=(0,))
    moment, route = FakeSignal(world), FakeSignal(world, name="scenery", proves="route")
    run(world, moment, route)
    assert moment.calls
    assert not route.calls
    with pytest.raises(UsageError, match="no signal scenery"):
        run(world, moment, route, signals=("scenery",))


def test_named_signals_alone_are_used_and_trusted():
    world = shoot(random.Random(1), cameras=1, takes=2, events=(0,))
    one, two = FakeSignal(world, name="one"), FakeSignal(world, name="two")
    result = run(world, one, two, signals=("two",))
    assert not one.calls
    assert {m.signal for m in result.session.matches} == {"two"}


def test_two_signals_that_agree_are_both_listed():
    world = shoot(random.Random(1), cameras=1, takes=2, events=(0,))
    result = run(world, FakeSignal(world, name="one"), FakeSignal(world, name="two"))
    assert result.session.groups[0].placements[1].signals == ("one", "two")


def test_playback_compares_takes_with_the_song_alone():
    world = World()
    world.add("song", 0.0, 200.0, audio=True)
    for i in range(4):
        world.add(f"A{i}", 20.0 * i, 90.0, device="A")
    signal = FakeSignal(world)
    result = run(world, signal, playback="song")
    assert all("song" in pair for pair in pairs_of(signal))
    (group,) = result.session.groups
    assert group.reference == "song"
    assert len(group.placements) == 5
    assert world.wrong(as_solution(result.session)) == []


def test_speeds_of_the_trade_are_tried_when_the_normal_search_refuses():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    for i in range(3):
        world.add(f"A{i}", 10.0 + 200.0 * i, 100.0, device="A", speed=Fraction(24, 25))
    signal = FakeSignal(world)
    result = run(world, signal)
    assert result.session.unplaced == ()
    speeds = {p.clip: p.speed for p in result.session.groups[0].placements}
    assert speeds == {"R": 1, **dict.fromkeys(("A0", "A1", "A2"), Fraction(24, 25))}
    tried = [prior.speeds for a, _, prior in signal.calls if prior is not None and a == "R"]
    assert tried[0][0] == 1
    assert tried[-1][0] == Fraction(24, 25)  # what the device showed comes first


def test_the_capture_rate_of_a_high_speed_clip_is_tried():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    world.add("A", 10.0, 100.0, device="A", speed=Fraction(4))
    take = world.takes["A"]
    clip = dataclasses.replace(take.clip, capture_rate=Fraction(100), frame_rate=Fraction(25))
    world.takes["A"] = dataclasses.replace(take, clip=clip)
    result = run(world, FakeSignal(world))
    assert place(result.session, "A").speed == Fraction(4)


def test_doubtful_placements_are_asked_again_with_what_is_known():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    world.add("A", 10.0, 300.0, device="A")
    world.add("B", 290.0, 200.0, device="B")
    signal = FakeSignal(world, least_s=100.0, least_with_hint_s=5.0, confidence=0.85)
    result = run(world, signal)
    hints = [(a, b, p) for a, b, p in signal.calls if p is not None and p.offset_s is not None]
    assert {tuple(sorted((a, b))) for a, b, _ in hints} == {("A", "B")}
    for a, b, prior in hints:
        assert prior.offset_s == pytest.approx(world.truth(a, b).offset_s, abs=0.01)
    assert place(result.session, "B").status == "synced"


def test_finished_placements_stay_and_only_new_pairs_are_compared():
    world = shoot(random.Random(8), cameras=2, takes=4, events=(0,))
    names = sorted(world.takes)
    late = [n for n in names if n.startswith("B")]
    part = World(
        takes={n: t for n, t in world.takes.items() if n not in late}, devices=world.devices
    )
    first = run(part, FakeSignal(world)).session
    signal = FakeSignal(world)
    result = run(world, signal, add=first)
    assert all(set(pair) & set(late) for pair in pairs_of(signal))
    held = {p.clip: p for g in result.session.groups for p in g.placements}
    for group in first.groups:
        assert all(held[p.clip] == p for p in group.placements)
    assert world.wrong(as_solution(result.session)) == []
    assert set(late) <= held.keys()
    assert result.session.matches[: len(first.matches)] == first.matches


def test_new_clips_get_ids_that_the_session_has_not():
    old, new = World(), World()
    old.add("c1", 0.0, 100.0)
    old.add("c2", 5.0, 100.0)
    new.add("c1", 8.0, 100.0)
    renamed = dataclasses.replace(new.takes["c1"].clip, name="new")
    path = dataclasses.replace(renamed.files[0], path=Path("/other/new.mov"))
    renamed = dataclasses.replace(renamed, files=(path,))
    first = run(old, FakeSignal(old)).session
    both = World(takes=dict(old.takes))
    both.takes["c3"] = dataclasses.replace(new.takes["c1"], clip=renamed)
    result = sync_clips(
        [renamed],
        [],
        options=SyncOptions(add=first),
        signals=[FakeSignal(both)],
        reader=no_reading,
    )
    assert {c.id: c.name for c in result.session.clips} == {"c1": "c1", "c2": "c2", "c3": "new"}
    assert result.session.placement("c3") is not None


def test_pins_and_markers_are_kept_in_the_session_and_place_by_hand():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    world.add("A", 10.0, 100.0, device="A", event=1)
    world.add("B", 10.0, 100.0, device="B", event=2)
    result = run(
        world,
        FakeSignal(world),
        pins=(Pin(a="r", a_s=50.0, b="/card/A/A.mov", b_s=5.0),),
        markers=(
            Marker(id="m1", name="clap", clip="R", time_s=70.0),
            Marker(id="m2", name="clap", clip="B", time_s=2.0),
        ),
    )
    assert result.session.pins == (Pin(a="R", a_s=50.0, b="A", b_s=5.0),)
    assert len(result.session.markers) == 2
    status = {p.clip: p.status for p in result.session.groups[0].placements}
    assert status == {"R": "synced", "A": "manual", "B": "manual"}
    again = run(world, FakeSignal(world), pins=result.session.pins, markers=result.session.markers)
    assert again.session.groups == result.session.groups


def test_a_reference_that_is_not_there_is_refused():
    world = shoot(random.Random(1), cameras=1, takes=1, events=(0,))
    with pytest.raises(UsageError, match=r"No clip is called nobody\.wav"):
        run(world, FakeSignal(world), reference="nobody.wav")


def test_nothing_in_gives_an_empty_session():
    result = run(World(), FakeSignal(World()))
    assert result.session.clips == ()
    assert result.session.engine


def test_a_single_clip_is_unplaced_and_no_group():
    world = World()
    world.add("only", 0.0, 100.0)
    session = run(world, FakeSignal(world)).session
    assert session.groups == ()
    assert [(u.clip, u.code) for u in session.unplaced] == [("only", "alone")]
    silent = FakeSignal(world, name="other", silent=frozenset({"only"}))
    session = run(world, FakeSignal(world), silent).session
    assert [(u.clip, u.code) for u in session.unplaced] == [("only", "alone")]


def test_features_let_go_of_what_they_opened():
    world = shoot(random.Random(2), cameras=3, takes=12, events=(0,))
    signal = FakeSignal(world)
    run(world, signal)
    assert len(signal.made) == len(world.clips)
    assert all(feature.forgotten for feature in signal.made)
