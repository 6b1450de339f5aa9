from __future__ import annotations

import dataclasses
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clapless.model import Match, inverse
from clapless.solve import between, solve
from tests.solve.worlds import World, place, refusal

seeds = st.integers(0, 10_000)


def random_world(seed: int) -> tuple[World, list[Match]]:
    """Return a random shoot in one event, and a connected set of true answers with noise."""
    noise = random.Random(seed)
    world = World()
    world.add("R", 0.0, 2000.0, device="R", ppm=noise.uniform(-30, 30), audio=True)
    for device in "ABC"[: noise.randint(1, 3)]:
        ppm = noise.uniform(-60, 60)
        at_s = noise.uniform(0, 50)
        for i in range(noise.randint(1, 4)):
            seconds = noise.uniform(20, 300)
            world.add(f"{device}{i}", at_s, seconds, device=device, ppm=ppm)
            at_s += seconds + noise.uniform(2, 60)
    return world, [world.measure(a, b, noise=noise) for a, b in world.pairs()]


def run(world: World, matches: list[Match], **options):
    return solve(world.clips, list(world.devices.values()), matches, [], **options)


def lines(solution, reference: str):
    """Return every placement seen from one clip: offset, rate, error bars, confidence."""
    base = place(solution, reference)
    return {
        p.clip: (between(base, p).offset_s, p.rate / base.rate, p.confidence, p.status)
        for g in solution.groups
        for p in g.placements
    }


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_random_shoots_are_solved_right_and_within_their_error_bars(seed):
    world, matches = random_world(seed)
    solution = run(world, matches)
    assert solution.unplaced == ()
    assert all(m.accepted for m in solution.matches)
    (group,) = solution.groups
    for placed in group.placements:
        truth = world.truth(group.reference, placed.clip)
        for t_s in (0.0, float(world.takes[placed.clip].clip.duration_s)):
            error_s = abs(placed.to_group(t_s) - truth.to_a(t_s))
            assert error_s <= 5.0 * placed.std_s(t_s) + 1e-4


@settings(max_examples=20, deadline=None)
@given(seeds, seeds)
def test_the_order_of_clips_matches_and_refusals_changes_nothing(seed, shuffle):
    world, matches = random_world(seed)
    mixed = random.Random(shuffle)
    names = list(world.takes)
    refusals = [refusal(a, b) for a in names for b in names if a < b and mixed.random() < 0.2]
    devices = list(world.devices.values())
    one = solve(world.clips, devices, matches, refusals)
    clips, shuffled = list(world.clips), list(matches)
    mixed.shuffle(clips)
    mixed.shuffle(shuffled)
    mixed.shuffle(refusals)
    two = solve(clips, devices[::-1], shuffled, refusals)
    assert [g.reference for g in one.groups] == [g.reference for g in two.groups]
    assert [u.clip for u in one.unplaced] == [u.clip for u in two.unplaced]
    for first, second in zip(one.groups, two.groups, strict=True):
        assert [p.clip for p in first.placements] == [p.clip for p in second.placements]
        for p, q in zip(first.placements, second.placements, strict=True):
            assert p.offset_s == pytest.approx(q.offset_s, abs=1e-7)
            assert p.drift_ppm == pytest.approx(q.drift_ppm, abs=1e-4)
            assert p.confidence == pytest.approx(q.confidence, abs=1e-9)
            assert p.status == q.status


@settings(max_examples=20, deadline=None)
@given(seeds, seeds)
def test_matches_may_be_given_from_either_side(seed, which):
    world, matches = random_world(seed)
    turns = random.Random(which)
    turned = [inverse(m) if turns.random() < 0.5 else m for m in matches]
    one, two = lines(run(world, matches), "R"), lines(run(world, turned), "R")
    assert one.keys() == two.keys()
    for clip, (offset_s, rate, confidence, status) in one.items():
        assert two[clip][0] == pytest.approx(offset_s, abs=1e-5)
        assert two[clip][1] == pytest.approx(rate, abs=1e-8)
        assert two[clip][2] == pytest.approx(confidence, abs=1e-9)
        assert two[clip][3] == status


def cut_head(match: Match, clip: str, cut_s: float) -> Match:
    """Return a match after `cut_s` were taken off the head of one of its clips."""
    if match.b == clip:
        return dataclasses.replace(
            match,
            offset_s=match.offset_s + cut_s / match.rate,
            pivot_s=match.pivot_s - cut_s,
            spans_s=tuple((s - cut_s, e - cut_s) for s, e in match.spans_s),
        )
    if match.a == clip:
        return dataclasses.replace(match, offset_s=match.offset_s - cut_s)
    return match


@settings(max_examples=20, deadline=None)
@given(seeds, st.floats(0.0, 10.0))
def test_a_clip_cut_at_its_head_moves_by_what_was_cut(seed, cut_s):
    """Shift equivariance: clip time 0 elsewhere, the same instants."""
    world, matches = random_world(seed)
    one = place(run(world, matches), "A0")
    take = world.takes["A0"]
    left_s = take.clip.duration_s - Fraction(cut_s)
    world.takes["A0"] = dataclasses.replace(
        take, clip=dataclasses.replace(take.clip, duration_s=left_s)
    )
    two = place(run(world, [cut_head(m, "A0", cut_s) for m in matches]), "A0")
    assert two.offset_s == pytest.approx(one.to_group(cut_s), abs=1e-4)
    assert two.drift_ppm == pytest.approx(one.drift_ppm, abs=0.05)
    assert two.confidence == pytest.approx(one.confidence)


@settings(max_examples=20, deadline=None)
@given(seeds, st.sampled_from(["R", "A0", "B0"]))
def test_the_choice_of_reference_changes_no_relation(seed, reference):
    world, matches = random_world(seed)
    if reference not in world.takes:
        reference = "A0"
    one, two = lines(run(world, matches), "R"), lines(run(world, matches, reference=reference), "R")
    assert one.keys() == two.keys()
    for clip in one:
        assert two[clip][0] == pytest.approx(one[clip][0], abs=2e-4)
        assert two[clip][1] == pytest.approx(one[clip][1], abs=2e-6)


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(1, 3))
def test_wrong_edges_never_misplace_a_clip_that_others_hold(seed, count):
    world, matches = random_world(seed)
    noise = random.Random(seed + 1)
    pairs = {(m.a, m.b) for m in matches}
    free = [
        (a, b)
        for a in world.takes
        for b in world.takes
        if a < b and (a, b) not in pairs and (b, a) not in pairs and a[0] != b[0]
    ]
    wrong = [
        world.measure(a, b, shift_s=noise.choice([-1, 1]) * noise.uniform(1, 900), confidence=0.9)
        for a, b in noise.sample(free, min(count, len(free)))
    ]
    solution = run(world, [*matches, *wrong])
    assert world.wrong(solution, 0.01) == []
    for match in solution.matches[len(matches) :]:
        assert not match.accepted


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_exact_answers_close_every_loop(seed):
    world, matches = random_world(seed)
    exact = [
        dataclasses.replace(world.measure(m.a, m.b), offset_std_s=1e-6, drift_std_ppm=1e-3)
        for m in matches
    ]
    solution = run(world, exact)
    (group,) = solution.groups
    held = {p.clip: p for p in group.placements}
    for match in exact:
        relation = between(held[match.a], held[match.b])
        for t_s, _ in match.spans_s:
            assert relation.to_a(t_s) == pytest.approx(match.to_a(t_s), abs=1e-4)
