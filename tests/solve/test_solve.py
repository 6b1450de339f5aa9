from __future__ import annotations

import dataclasses
import random
from fractions import Fraction

import pytest

from clapless.solve import solve
from tests.solve.worlds import World, place, refusal, shoot


def solved(world, matches, refusals=(), **options):
    return solve(world.clips, list(world.devices.values()), matches, list(refusals), **options)


def pair_world() -> World:
    world = World()
    world.add("cam", 0.0, 600.0, ppm=0.0)
    world.add("rec", -30.0, 1200.0, ppm=20.0, audio=True)
    return world


def test_the_recorder_is_the_reference_and_the_camera_lies_where_it_was_shot():
    world = pair_world()
    solution = solved(world, [world.measure("cam", "rec")])
    (group,) = solution.groups
    assert group.reference == "rec"
    assert [p.clip for p in group.placements] == ["rec", "cam"]
    placed = group.placements[1]
    assert placed.offset_s == pytest.approx(30.0 * (1 + 20e-6), abs=1e-5)
    assert placed.drift_ppm == pytest.approx(-20.0, abs=0.01)
    assert placed.status == "synced"
    assert placed.confidence == pytest.approx(0.99)
    assert placed.signals == ("audio",)
    assert solution.unplaced == ()


def test_a_named_reference_is_taken():
    world = pair_world()
    (group,) = solved(world, [world.measure("cam", "rec")], reference="cam").groups
    assert group.reference == "cam"


def test_a_whole_shoot_is_placed_without_a_wrong_clip():
    noise = random.Random(5)
    world = shoot(noise)
    matches = [world.measure(a, b, noise=noise) for a, b in world.pairs()]
    solution = solved(world, matches)
    assert len(solution.groups) == 2
    assert world.wrong(solution, 0.002) == []
    assert solution.unplaced == ()
    assert all(match.accepted for match in solution.matches)
    rates = {device.id: device.drift_ppm for device in solution.devices}
    assert rates["B"] - rates["A"] == pytest.approx(12.0, abs=1.0)


def test_a_short_clip_has_the_drift_of_its_device():
    noise = random.Random(1)
    world = World()
    world.add("R", 0.0, 4000.0, device="R", audio=True)
    for i in range(6):
        world.add(f"A{i}", 10.0 + 500.0 * i, 300.0 if i else 20.0, device="A", ppm=40.0)
    matches = [world.measure("R", f"A{i}", noise=noise) for i in range(6)]
    alone = next(m for m in matches if m.b == "A0")
    solution = solved(world, matches)
    placed = place(solution, "A0")
    assert alone.drift_std_ppm > 10.0
    assert abs(placed.drift_ppm - 40.0) < 1.0
    assert placed.drift_std_ppm < 1.5


def test_an_edge_that_loops_contradict_is_listed_and_not_used():
    noise = random.Random(3)
    world = World()
    for i, name in enumerate("abcd"):
        world.add(name, 5.0 * i, 100.0 + i)
    matches = [world.measure(a, b, noise=noise) for a, b in world.pairs()]
    wrong = world.measure("a", "c", shift_s=7.0, confidence=0.999)
    matches = [wrong if (m.a, m.b) == ("a", "c") else m for m in matches]
    solution = solved(world, matches)
    assert world.wrong(solution) == []
    assert solution.unplaced == ()
    assert [(m.a, m.b) for m in solution.matches if not m.accepted] == [("a", "c")]
    (told,) = [d for g in solution.groups for p in g.placements for d in p.disagreements]
    assert told.signal == "audio"
    assert abs(told.difference_s) == pytest.approx(7.0, abs=0.01)


def test_two_answers_that_exclude_each_other_leave_the_clip_unplaced():
    world = World()
    world.add("a", 0.0, 100.0)
    world.add("b", 5.0, 100.0)
    world.add("c", 10.0, 50.0)
    matches = [
        world.measure("a", "b", confidence=0.999),
        world.measure("a", "c", confidence=0.95),
        world.measure("b", "c", confidence=0.95, shift_s=9.0),
    ]
    solution = solved(world, matches)
    assert [p.clip for p in solution.groups[0].placements] == ["b", "a"] or [
        p.clip for p in solution.groups[0].placements
    ] == ["a", "b"]
    (left,) = solution.unplaced
    assert (left.clip, left.code) == ("c", "contradicted")
    assert {c.a for c in left.candidates} == {"a", "b"}
    assert solution.groups[0].placements[1].confidence < 0.999


def two_events() -> World:
    world = World()
    for event in (0, 1):
        base = 10_000.0 * event
        world.add(f"R{event}", base, 600.0, device="R", event=event, audio=True)
        world.add(f"A{event}", base + 20.0, 200.0, device="A", event=event)
        world.add(f"B{event}", base + 30.0, 200.0, device="B", event=event)
    return world


def test_one_wrong_edge_does_not_bridge_two_events():
    world = two_events()
    matches = [world.measure(a, b) for a, b in world.pairs()]
    matches.append(world.measure("A0", "B1", confidence=0.97, shift_s=-10_040.0))
    refused = [refusal("A0", "R1"), refusal("B0", "A1"), refusal("R0", "B1"), refusal("R0", "A1")]
    solution = solved(world, matches, refused)
    assert len(solution.groups) == 2
    assert world.wrong(solution) == []
    assert not solution.matches[-1].accepted
    assert all(p.status == "synced" for g in solution.groups for p in g.placements)


def test_a_chain_lowers_confidence_and_a_loop_raises_it():
    world = World()
    for i, name in enumerate("abcd"):
        world.add(name, 50.0 * i, 120.0 - i)
    chain = [world.measure(x, y, confidence=0.95) for x, y in ("ab", "bc", "cd")]
    loose = solved(world, chain, reference="a")
    assert place(loose, "d").confidence == pytest.approx(0.95**3)
    assert place(loose, "d").status == "check"
    closed = solved(
        world,
        [*chain, *(world.measure(x, y, confidence=0.95) for x, y in ("ac", "bd"))],
        reference="a",
    )
    assert place(closed, "d").confidence > 0.98
    assert place(closed, "d").status == "synced"


def test_a_weak_answer_alone_is_no_placement():
    world = pair_world()
    solution = solved(world, [world.measure("cam", "rec", confidence=0.4)])
    assert solution.groups == ()
    assert [u.code for u in solution.unplaced] == ["not_sure", "not_sure"]
    assert solution.unplaced[0].candidates[0].confidence == pytest.approx(0.4)
    check = solved(world, [world.measure("cam", "rec", confidence=0.7)])
    assert place(check, "cam").status == "check"


def test_a_chain_too_weak_is_cut_and_what_lies_beyond_is_a_group_of_its_own():
    world = World()
    for i, name in enumerate("abcdef"):
        world.add(name, 50.0 * i, 100.0 - i)
    world.add("away", 5000.0, 100.0)
    sure = [world.measure("a", "b"), world.measure("d", "e"), world.measure("e", "f")]
    weak = [world.measure(x, y, confidence=0.7) for x, y in ("bc", "cd")]
    # Refusals of clips that are in no group, and of some in each part.
    refused = [refusal("away", x) for x in "abcdef"] + [refusal("a", "f"), refusal("b", "d")]
    solution = solved(world, [*sure, *weak], refused, reference="a")
    assert [{p.clip for p in g.placements} for g in solution.groups] == [
        {"a", "b", "c"},
        {"d", "e", "f"},
    ]
    assert [p.status for p in solution.groups[1].placements] == ["synced"] * 3
    assert [m.accepted for m in solution.matches] == [True, True, True, True, False]
    assert [u.clip for u in solution.unplaced] == ["away"]


def test_a_clip_at_the_end_of_a_weak_chain_is_left_out():
    world = World()
    for i, name in enumerate("abc"):
        world.add(name, 50.0 * i, 100.0 - i)
    world.add("away", 5000.0, 100.0)
    weak = [world.measure(x, y, confidence=0.7) for x, y in ("ab", "bc")]
    refused = [refusal("away", "a"), refusal("away", "c")]
    solution = solved(world, weak, refused, reference="a")
    assert [p.clip for p in solution.groups[0].placements] == ["a", "b"]
    assert {u.clip: u.code for u in solution.unplaced} == {"away": "no_match", "c": "not_sure"}
    assert [m.accepted for m in solution.matches] == [True, False]


def test_a_ceiling_holds_until_another_signal_confirms_the_devices():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    world.add("A1", 10.0, 100.0, device="A")
    world.add("A2", 200.0, 100.0, device="A")
    world.add("B1", 300.0, 100.0, device="B")
    coded = [
        world.measure("R", name, signal="timecode", ceiling=True, offset_std_s=0.01)
        for name in ("A1", "A2", "B1")
    ]
    alone = solved(world, coded)
    assert {place(alone, n).status for n in ("A1", "A2", "B1")} == {"check"}
    heard = solved(world, [*coded, world.measure("R", "A1")])
    status = {n: place(heard, n).status for n in ("A1", "A2", "B1")}
    assert status == {"A1": "synced", "A2": "synced", "B1": "check"}
    trusted = solved(world, coded, trusted_signals=("timecode",))
    assert place(trusted, "B1").status == "synced"


def test_speeds_by_trade_stay_exact_along_a_path():
    world = World()
    world.add("a", 0.0, 300.0, ppm=5.0)
    world.add("b", 20.0, 200.0, ppm=9.0, speed=Fraction(1001, 1000))
    world.add("c", 40.0, 100.0, speed=Fraction(24, 25))
    world.add("d", 30.0, 100.0)
    solution = solved(
        world, [world.measure("a", "b"), world.measure("b", "c"), world.measure("d", "a")]
    )
    assert solution.groups[0].reference == "a"
    assert place(solution, "b").speed == Fraction(1001, 1000)
    assert place(solution, "c").speed == Fraction(24, 25)
    assert world.wrong(solution, 1e-3) == []


def test_a_clip_off_speed_is_no_reference():
    world = World()
    world.add("long", 0.0, 900.0, speed=Fraction(25, 24))
    world.add("a", 20.0, 200.0)
    world.add("b", 40.0, 100.0)
    matches = [world.measure(x, y) for x, y in world.pairs()]
    assert solved(world, matches).groups[0].reference == "a"
    assert solved(world, matches, reference="long").groups[0].reference == "long"


def test_a_proven_overlap_splits_the_device_and_says_so():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    world.add("C0001", 10.0, 100.0, device="card")
    world.add("C0002", 200.0, 100.0, device="card")
    world.add("MVI_1", 50.0, 100.0, device="card")
    world.add("MVI_2", 400.0, 100.0, device="card")
    matches = [
        world.measure("R", name, confidence=0.9999, signal=signal)
        for name in ("C0001", "C0002", "MVI_1", "MVI_2")
        for signal in ("audio", "motion")
    ]
    solution = solved(world, matches)
    assert world.wrong(solution) == []
    assert {c.id: c.device for c in solution.clips} == {
        "R": "R",
        "C0001": "card",
        "C0002": "card",
        "MVI_1": "card (2)",
        "MVI_2": "card (2)",
    }
    assert "card (2)" in {d.id for d in solution.devices}
    assert any("overlap" in note for note in solution.notes)
    assert place(solution, "MVI_1").status == "synced"


def test_an_unproven_overlap_of_one_device_is_not_believed():
    world = World()
    world.add("R", 0.0, 900.0, device="R", audio=True)
    world.add("A1", 10.0, 100.0, device="A", source="serial")
    world.add("A2", 300.0, 100.0, device="A", source="serial")
    right = world.measure("R", "A1", confidence=0.999)
    wrong = world.measure("R", "A2", confidence=0.95, shift_s=-250.0)
    solution = solved(world, [right, wrong])
    assert world.wrong(solution) == []
    assert [u.clip for u in solution.unplaced] == ["A2"]


def test_unplaced_clips_say_why():
    world = pair_world()
    world.add("drone", 0.0, 100.0)
    solution = solved(
        world,
        [world.measure("cam", "rec")],
        [refusal("drone", "drone", "silent"), refusal("drone", "cam")],
    )
    (left,) = solution.unplaced
    assert left.clip == "drone"
    assert left.reason == "no sound in common"


def test_ids_that_are_not_given_are_refused():
    world = pair_world()
    matches = [world.measure("cam", "rec")]
    with pytest.raises(ValueError, match="'rec'"):
        solve([world.takes["cam"].clip], [], matches, [])


def test_playback_places_each_take_on_the_song_alone():
    world = World()
    world.add("song", 0.0, 200.0, audio=True)
    world.add("A1", 10.0, 100.0, device="A")
    world.add("A2", 40.0, 100.0, device="A")
    matches = [
        world.measure("song", "A1"),
        world.measure("song", "A2"),
        world.measure("A1", "A2", shift_s=3.0, confidence=0.9999),
    ]
    solution = solved(world, matches, playback="song")
    assert solution.groups[0].reference == "song"
    assert world.wrong(solution) == []
    assert solution.unplaced == ()
    assert {c.device for c in solution.clips} == {None, "A"}
    assert [m.accepted for m in solution.matches] == [True, True, False]


def test_answers_a_frame_apart_are_shown_and_to_be_checked():
    made = World()
    made.add("R", 0.0, 600.0, audio=True)
    for name, start_s in (("A", 10.0), ("B", 12.0), ("C", 14.0), ("D", 16.0)):
        made.add(name, start_s, 300.0)
        take = made.takes[name]
        clip = dataclasses.replace(take.clip, frame_rate=Fraction(50))
        made.takes[name] = dataclasses.replace(take, clip=clip)
    sure = [made.measure(a, b, offset_std_s=1e-5) for a, b in made.pairs() if "D" not in (a, b)]
    right = made.measure("A", "D", offset_std_s=1e-5)
    plain = solved(made, [*sure, right])
    assert {p.status for p in plain.groups[0].placements} == {"synced"}
    # 17 ms are one place (below 20 ms), but nearly a frame of 50 fps: an echo that two hear alike.
    echo = [made.measure(a, "D", offset_std_s=1e-5, shift_s=0.017) for a in "RC"]
    solution = solved(made, [*sure, right, *echo])
    statuses = {p.clip: p.status for p in solution.groups[0].placements}
    assert statuses == {"R": "synced", "A": "synced", "B": "synced", "C": "synced", "D": "check"}
    (told,) = place(solution, "D").disagreements
    assert told.reason == "the match with A asks for another frame"
    assert abs(told.difference_s) > 0.01
