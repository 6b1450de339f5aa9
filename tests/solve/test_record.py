from __future__ import annotations

import dataclasses
import random

from clapless.solve import solve
from tests.solve.worlds import World, place, refusal


def world() -> World:
    made = World()
    made.add("R", 0.0, 2000.0, device="R", audio=True)
    for camera in "ABC":
        for i in range(4):
            made.add(f"{camera}{i}", 20.0 + 400.0 * i, 300.0, device=camera)
    made.add("A9", 0.0, 40.0, device="A", event=1)
    made.add("B9", 0.0, 40.0, device="B", event=2)
    return made


def run(made: World, matches, refusals=(), **options):
    return solve(made.clips, list(made.devices.values()), matches, list(refusals), **options)


def seen(made: World, noise: random.Random, *, right: bool):
    """Return what a second signal says of clips that sound places, right or at random."""
    return [
        made.measure(
            f"A{i}",
            f"B{i}",
            signal="flash",
            confidence=0.99,
            shift_s=0.0 if right else noise.uniform(2.0, 100.0),
        )
        for i in range(4)
    ]


def test_a_signal_that_others_contradict_is_not_believed_where_it_stands_alone():
    made = world()
    heard = [made.measure(a, b, confidence=0.9999) for a, b in made.pairs() if a == "R"]
    lone = made.measure("A9", "B9", signal="flash", confidence=0.99)
    solution = run(made, [*heard, *seen(made, random.Random(1), right=False), lone])
    assert made.wrong(solution) == []
    assert {u.clip for u in solution.unplaced} == {"A9", "B9"}
    assert not any(m.accepted for m in solution.matches if m.signal == "flash")
    # Nor is its word held against those that others place.
    told = [d for g in solution.groups for p in g.placements for d in p.disagreements]
    assert not any(d.signal == "flash" for d in told)


def test_three_equal_answers_of_which_one_is_wrong_sync_nothing():
    made = World()
    for i, name in enumerate("abc"):
        made.add(name, 5.0 * i, 100.0 - i)
    matches = [made.measure("a", "b"), made.measure("b", "c")]
    matches.append(made.measure("a", "c", shift_s=9.0))
    for reference in "abc":
        solution = run(made, matches, reference=reference)
        for group in solution.groups:
            assert all(p.status == "check" for p in group.placements if p.clip != group.reference)


def test_a_signal_that_others_confirm_is_believed_as_it_says():
    made = world()
    made.takes["B9"] = dataclasses.replace(made.takes["B9"], event=1, start_s=5.0)
    heard = [made.measure(a, b, confidence=0.9999) for a, b in made.pairs() if a == "R"]
    lone = made.measure("A9", "B9", signal="flash", confidence=0.99)
    solution = run(made, [*heard, *seen(made, random.Random(1), right=True), lone])
    assert min(place(solution, name).confidence for name in ("A9", "B9")) > 0.985


def test_answers_given_jointly_do_not_confirm_each_other():
    made = World()
    for i, name in enumerate("abc"):
        made.add(name, 5.0 * i, 100.0 - i)
    matches = [made.measure(x, y, signal="flash", confidence=0.8) for x, y in ("ab", "bc", "ac")]
    alone = run(made, matches, joint_signals=("flash",))
    assert max(p.confidence for p in alone.groups[0].placements[1:]) <= 0.8 + 1e-9
    pairwise = run(made, matches)
    assert min(p.confidence for p in pairwise.groups[0].placements) > 0.95


def test_refusals_weigh_more_where_the_signal_misses_nothing():
    """C is said to lie where three others ran too, and was refused by all of them."""
    made = world()
    made.add("C9", 100.0, 200.0, device="D", event=3)
    refused = [refusal("C9", x) for x in ("A0", "B0", "C0")]
    wrong = made.measure("R", "C9", confidence=0.95, shift_s=0.0)
    few = [made.measure("R", x) for x in ("A0", "B0", "C0")]
    many = [made.measure(a, b) for a, b in made.pairs()]
    unsure = run(made, [*few, wrong], refused).placement("C9")
    sure = run(made, [*many, wrong], refused).placement("C9")
    assert unsure is not None
    assert unsure[1].status == "check"
    assert sure is None
