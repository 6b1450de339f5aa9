from __future__ import annotations

from fractions import Fraction

import pytest

from clapless.errors import UsageError
from clapless.model import Marker, Pin
from clapless.solve import solve
from clapless.solve.pins import marker_pins
from tests.solve.worlds import World, place, refusal


def world() -> World:
    made = World()
    made.add("R", 0.0, 900.0, device="R", audio=True)
    made.add("A", 100.0, 300.0, device="A", ppm=80.0)
    made.add("B", 150.0, 200.0, device="B")
    return made


def run(made: World, matches=(), **options):
    refused = [refusal("A", "B")]
    return solve(made.clips, list(made.devices.values()), matches, refused, **options)


def true_pin(made: World, a: str, b: str, b_s: float, miss_s: float = 0.0) -> Pin:
    return Pin(a=a, a_s=made.truth(a, b).to_a(b_s) + miss_s, b=b, b_s=b_s)


def test_one_pin_fixes_the_offset_exactly_and_is_manual():
    made = world()
    solution = run(made, pins=[Pin(a="R", a_s=105.0, b="A", b_s=5.0)])
    placed = place(solution, "A")
    assert placed.to_group(5.0) == pytest.approx(105.0, abs=1e-6)
    assert (placed.status, placed.confidence) == ("manual", 1.0)
    assert placed.signals == ("pin",)
    assert placed.offset_std_s == pytest.approx(0.01, rel=0.01)
    assert [u.clip for u in solution.unplaced] == ["B"]


def test_two_pins_fix_the_drift_too():
    made = world()
    pins = [true_pin(made, "R", "A", 5.0), true_pin(made, "R", "A", 295.0)]
    placed = place(run(made, pins=pins), "A")
    assert placed.drift_ppm == pytest.approx(80.0, abs=0.5)
    assert placed.to_group(5.0) == pytest.approx(pins[0].a_s, abs=1e-4)
    assert placed.to_group(295.0) == pytest.approx(pins[1].a_s, abs=1e-4)


def test_two_pins_near_each_other_fix_no_drift():
    made = world()
    pins = [true_pin(made, "R", "A", 5.0), true_pin(made, "R", "A", 9.0, 0.04)]
    placed = place(run(made, pins=pins), "A")
    assert abs(placed.drift_ppm) < 60.0
    assert placed.to_group(7.0) == pytest.approx(107.0 + 0.02, abs=0.002)


def test_two_pins_show_a_speed_by_trade_exactly():
    made = World()
    made.add("R", 0.0, 900.0, audio=True)
    made.add("A", 100.0, 300.0, speed=Fraction(25, 24))
    pins = [true_pin(made, "R", "A", 5.0), true_pin(made, "R", "A", 295.0)]
    assert place(run_two(made, pins), "A").speed == Fraction(25, 24)


def run_two(made: World, pins):
    return solve(made.clips, [], [], [], pins=pins)


def test_a_pin_outweighs_sound_and_the_sound_is_shown_as_disagreeing():
    made = world()
    heard = made.measure("R", "A", confidence=0.9999)
    solution = run(made, [heard], pins=[true_pin(made, "R", "A", 50.0, 4.0)])
    placed = place(solution, "A")
    assert placed.status == "manual"
    assert placed.to_group(50.0) == pytest.approx(made.truth("R", "A").to_a(50.0) + 4.0, abs=1e-3)
    assert not solution.matches[0].accepted
    (told,) = placed.disagreements
    assert (told.signal, round(told.difference_s, 1)) == ("audio", -4.0)


def test_a_clip_hung_on_a_pinned_one_keeps_its_own_confidence():
    made = world()
    solution = run(
        made, [made.measure("A", "B", confidence=0.97)], pins=[true_pin(made, "R", "A", 50.0)]
    )
    placed = place(solution, "B")
    assert placed.status == "synced"
    assert placed.confidence == pytest.approx(0.97)


def test_contradicting_pins_are_refused_by_name():
    made = world()
    pins = [Pin(a="R", a_s=105.0, b="A", b_s=5.0), Pin(a="A", a_s=100.0, b="R", b_s=250.0)]
    with pytest.raises(UsageError, match=r"contradict each other.*R at 105\.000 s = A at 5\.000 s"):
        run(made, pins=pins)


def test_pins_that_contradict_around_three_clips_are_refused():
    made = world()
    pins = [
        true_pin(made, "R", "A", 50.0),
        true_pin(made, "A", "B", 50.0),
        true_pin(made, "R", "B", 60.0, 2.0),
    ]
    with pytest.raises(UsageError, match="contradict"):
        run(made, pins=pins)
    pins[2] = true_pin(made, "R", "B", 60.0, 0.03)
    assert run(made, pins=pins).unplaced == ()


def test_a_pin_within_one_clip_is_refused():
    with pytest.raises(UsageError, match="two clips"):
        run(world(), pins=[Pin(a="A", a_s=1.0, b="A", b_s=2.0)])


def marker(name: str, clip: str, time_s: float) -> Marker:
    return Marker(id=f"{name}-{clip}-{time_s}", name=name, clip=clip, time_s=time_s)


def test_markers_of_equal_name_pin():
    made = world()
    at_a, at_b = marker("Slate 3", "A", 60.0), marker("slate 3", "B", 10.0)
    solution = run(made, markers=[at_a, at_b])
    (group,) = solution.groups
    assert {p.clip: p.status for p in group.placements} == {"A": "synced", "B": "manual"}
    assert place(solution, "B").offset_s == pytest.approx(50.0, abs=0.01)


def test_names_that_editors_give_by_themselves_or_that_repeat_pin_nothing():
    markers = [
        *(
            marker(n, c, 1.0)
            for n in ("Marker 1", "Marker", "", "12", "Markierung 3")
            for c in "AB"
        ),
        marker("take", "A", 1.0),
        marker("take", "A", 9.0),
        marker("take", "B", 1.0),
    ]
    assert marker_pins(markers) == ()


def test_three_clips_with_one_name_hang_on_the_first():
    pins = marker_pins([marker("clap", c, 1.0) for c in "CAB"])
    assert [(p.a, p.b) for p in pins] == [("A", "B"), ("A", "C")]
