"""Answers seen from the other clip, and at another speed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from clapless.model import Candidate, Match, Pin, Refusal
from clapless.signals.audio.orient import turned, turned_prior
from clapless.signals.audio.speeds import CAUSES, TRADE_SPEEDS, with_speed
from clapless.signals.base import Prior
from clapless.timing import Segment, TimeMap

MATCH = Match(
    a="a",
    b="b",
    signal="audio",
    offset_s=12.5,
    drift_ppm=80.0,
    offset_std_s=1e-5,
    drift_std_ppm=0.5,
    pivot_s=30.0,
    confidence=0.99,
    spans_s=((1.0, 4.0), (50.0, 60.0)),
    time_map=TimeMap((Segment(((0.0, 12.5), (40.0, 52.5))), Segment(((40.0, 53.0), (60.0, 73.0))))),
    details={
        "window_t_s": [2.0, 55.0],
        "window_residual_s": [1e-5, -2e-5],
        "jumps_s": [40.0],
        "channel_a": "0:1",
        "channel_b": "2:0",
    },
)


def test_turning_twice_changes_nothing() -> None:
    again = turned(turned(MATCH))
    assert isinstance(again, Match)
    assert again.offset_s == pytest.approx(MATCH.offset_s)
    assert again.drift_ppm == pytest.approx(MATCH.drift_ppm)
    assert again.details["window_t_s"] == pytest.approx(MATCH.details["window_t_s"])
    assert again.details["window_residual_s"] == pytest.approx([1e-5, -2e-5])
    assert again.details["channel_a"] == "0:1"
    assert again.time_map == MATCH.time_map


def test_windows_are_told_in_the_time_of_the_clip_that_is_placed() -> None:
    back = turned(MATCH)
    assert isinstance(back, Match)
    assert back.details["window_t_s"] == pytest.approx([MATCH.to_a(2.0), MATCH.to_a(55.0)])
    assert back.details["jumps_s"] == [53.0]
    first = back.details["window_residual_s"]
    assert isinstance(first, list)
    assert first[0] == pytest.approx(-1e-5, rel=1e-3)


def test_refusals_are_turned_with_candidates_and_pins() -> None:
    refusal = Refusal(
        a="a",
        b="b",
        signal="audio",
        code="ambiguous",
        reason="twice",
        candidates=(Candidate(a="a", offset_s=10.0, drift_ppm=100.0),),
        suggested_pins=(Pin(a="a", a_s=3.0, b="b", b_s=4.0),),
    )
    back = turned(refusal)
    assert isinstance(back, Refusal)
    assert (back.a, back.b) == ("b", "a")
    assert back.candidates[0].offset_s == pytest.approx(-10.0 * (1 + 1e-4))
    assert back.candidates[0].a == "b"
    assert (back.suggested_pins[0].a_s, back.suggested_pins[0].b_s) == (4.0, 3.0)
    assert turned(back) == refusal or isinstance(turned(back), Refusal)


def test_a_belief_is_turned() -> None:
    prior = Prior(offset_s=5.0, drift_ppm=50.0, speeds=(Fraction(25, 24), Fraction(1)))
    back = turned_prior(turned_prior(prior))
    assert back.offset_s == pytest.approx(5.0)
    assert back.drift_ppm == pytest.approx(50.0)
    assert back.speeds == prior.speeds
    assert turned_prior(prior).speeds[0] == Fraction(24, 25)


def test_a_speed_stretches_everything_in_the_clips_time() -> None:
    speed = Fraction(25, 24)
    match = with_speed(MATCH, speed)
    assert match.speed == speed
    assert match.offset_s == MATCH.offset_s
    # The same instant: what was 24 s of its own time is 25 s of the clip's.
    assert match.to_a(25.0) == pytest.approx(MATCH.to_a(24.0))
    assert match.time_map is not None
    assert match.time_map.to_group(25.0) == pytest.approx(36.5)
    assert match.spans_s[0] == pytest.approx((25 / 24, 100 / 24))
    assert match.details["window_t_s"] == pytest.approx([2.0 * 25 / 24, 55.0 * 25 / 24])


def test_every_speed_of_the_trade_has_a_cause_and_an_inverse() -> None:
    assert set(TRADE_SPEEDS) == set(CAUSES)
    assert {1 / speed for speed in TRADE_SPEEDS} == set(TRADE_SPEEDS)
