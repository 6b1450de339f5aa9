from __future__ import annotations

import pytest

from clapless.solve import solve
from tests.solve.worlds import World, place

LATE = ("audio",)


def world() -> World:
    made = World()
    made.add("R", 0.0, 900.0, device="R", audio=True)
    made.add("A", 100.0, 300.0, device="A")
    made.add("B", 150.0, 200.0, device="B")
    return made


def run(made: World, matches, **options):
    return solve(made.clips, list(made.devices.values()), matches, [], late_signals=LATE, **options)


@pytest.mark.parametrize("delay_s", [0.08, -0.08])
def test_sound_that_differs_from_a_clock_within_reason_is_distance(delay_s):
    """A stands farther from the sound: sound alone puts it too early by the delay."""
    made = world()
    solution = run(
        made,
        [
            made.measure("R", "A", shift_s=-delay_s),
            made.measure("R", "A", signal="ltc", offset_std_s=0.001),
        ],
    )
    placed = place(solution, "A")
    assert placed.offset_s == pytest.approx(100.0, abs=0.002)
    assert placed.sound_delay_s == pytest.approx(delay_s, abs=0.003)
    assert placed.disagreements == ()
    assert all(m.accepted for m in solution.matches)
    assert placed.signals == ("audio", "ltc")


def test_a_delay_is_no_surer_than_the_clock_it_was_measured_by():
    made = world()
    solution = run(
        made,
        [
            made.measure("R", "A", shift_s=-0.08),
            made.measure("R", "A", signal="ltc", offset_std_s=0.01),
            made.measure("A", "B", shift_s=0.08),
        ],
    )
    assert place(solution, "A").sound_delay_s == pytest.approx(0.08, abs=0.003)
    assert place(solution, "A").offset_std_s == pytest.approx(0.01, rel=0.05)
    # B is only heard, by A: it lies as far off as A's delay does.
    assert place(solution, "B").offset_std_s == pytest.approx(0.01 * 2**0.5, rel=0.35)


def test_a_difference_within_the_error_bars_is_no_distance():
    made = world()
    solution = run(
        made,
        [
            made.measure("R", "A"),
            made.measure("R", "A", signal="timecode", shift_s=0.03, offset_std_s=0.02),
        ],
    )
    placed = place(solution, "A")
    assert placed.sound_delay_s == 0.0
    assert placed.offset_s == pytest.approx(100.0, abs=0.001)


def test_a_difference_beyond_distance_is_shown_and_not_averaged():
    made = world()
    solution = run(
        made,
        [
            made.measure("R", "A", confidence=0.9999),
            made.measure("R", "A", signal="gps", shift_s=1.5, offset_std_s=0.02, confidence=0.8),
        ],
    )
    placed = place(solution, "A")
    assert placed.offset_s == pytest.approx(100.0, abs=0.001)
    (told,) = placed.disagreements
    assert (told.signal, round(told.difference_s, 2)) == ("gps", 1.5)
    assert [m.accepted for m in solution.matches] == [True, False]
    assert placed.sound_delay_s == 0.0


def test_a_clip_that_is_only_heard_follows_by_sound():
    made = world()
    solution = run(
        made,
        [
            made.measure("R", "A", shift_s=-0.05),
            made.measure("R", "A", signal="motion", offset_std_s=0.001),
            made.measure("A", "B", shift_s=0.05),
            made.measure("R", "B"),
        ],
    )
    assert place(solution, "B").offset_s == pytest.approx(150.0, abs=0.003)
    assert place(solution, "B").sound_delay_s == 0.0
    assert place(solution, "A").offset_s == pytest.approx(100.0, abs=0.003)


def test_a_known_distance_sets_the_delay():
    made = world()
    solution = run(made, [made.measure("R", "A", shift_s=-0.1)], distances_m={"A": 34.3, "R": 0.0})
    placed = place(solution, "A")
    assert placed.sound_delay_s == pytest.approx(0.1)
    assert placed.offset_s == pytest.approx(100.0, abs=0.001)


def test_two_signals_that_agree_make_a_placement_sure():
    made = world()
    solution = run(
        made,
        [
            made.measure("R", "A", confidence=0.8),
            made.measure("R", "A", signal="motion", confidence=0.8),
        ],
    )
    assert place(solution, "A").confidence > 0.99
