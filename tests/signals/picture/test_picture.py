"""What moves in one view moves in the others at the same time; all else is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from clapless.model import Clip, Match, Placement, Refusal
from clapless.signals.picture import PictureFeature, PictureSignal
from clapless.signals.picture.extractor import PictureExtractor
from clapless.signals.stretches import SLOT_S, STRETCH_S, stretches
from clapless.synth.views import View
from tests.signals.picture.example import A, B, feature

THIRD = View(frame_rate=Fraction(30), offset_s=3.2, left=0.1, scale=0.8, turns=2, seed=3)


@cache
def seen(name: str) -> PictureFeature:
    views = {"a": A, "b": B, "c": THIRD}
    return feature(name, views[name], 1)


@pytest.mark.parametrize("name", ["b", "c"])
def test_mirrored_turned_and_partial_views_are_placed_within_a_quarter_frame(name: str) -> None:
    match = PictureSignal().match(seen("a"), seen(name))
    assert isinstance(match, Match)
    assert match.confidence >= 0.9
    truth_s = {"b": B.offset_s, "c": THIRD.offset_s}[name]
    middle_s = sum(match.spans_s[0]) / 2
    assert match.to_a(middle_s) - middle_s == pytest.approx(truth_s, abs=0.010)
    assert match.offset_std_s < 0.02


def test_a_clip_is_judged_against_the_whole_group() -> None:
    """Cut short, it is not proven by one pair; beside two aligned clips it has a place."""
    short = seen("b")
    keep = short.times_s < 7.0
    few = PictureFeature(
        clip=replace(short.clip, id="s"),
        times_s=short.times_s[keep],
        valid=short.valid[keep],
        energy=short.energy[keep],
        flow=short.flow[keep],
        light=short.light[keep],
        interval_s=short.interval_s,
    )
    features = {"a": seen("a"), "c": seen("c"), "s": few}
    aligned = [
        {
            "a": Placement(clip="a", offset_s=0.0),
            "c": Placement(clip="c", offset_s=THIRD.offset_s),
        }
    ]
    answers = PictureSignal().match_group(features, aligned=aligned)
    assert [type(answer) for answer in answers] == [Match]
    (match,) = answers
    assert isinstance(match, Match)
    base_s = aligned[0][match.a].offset_s
    assert match.to_a(3.0) + base_s == pytest.approx(B.offset_s + 3.0, abs=0.04)


def test_three_clips_without_places_are_aligned_at_once() -> None:
    features = {name: seen(name) for name in "abc"}
    answers = PictureSignal().match_group(features)
    assert {frozenset((m.a, m.b)) for m in answers} == {
        frozenset("ab"),
        frozenset("ac"),
        frozenset("bc"),
    }
    offsets = {"a": 0.0, "b": B.offset_s, "c": THIRD.offset_s}
    for match in answers:
        assert isinstance(match, Match)
        expected_s = offsets[match.b] - offsets[match.a]
        assert match.offset_s == pytest.approx(expected_s, abs=0.02)


def test_differences_into_keyframes_are_missing() -> None:
    one = seen("a")
    assert (~one.valid[24:]).sum() == pytest.approx(len(one.valid) / 25, abs=1)


def test_the_first_group_of_pictures_is_left_out() -> None:
    """Encoder and exposure settle there, alike whatever is seen: starts would meet."""
    assert not seen("a").valid[:24].any()
    assert seen("a").valid[25:49].all()


def test_the_same_keyframe_distance_tells_nothing() -> None:
    """Two still scenes whose encoders flicker alike have no movement in common."""

    def flicker(name: str, seed: int) -> PictureFeature:
        base = seen("a")
        own = np.random.default_rng(seed)
        count = len(base.times_s)
        energy = own.gamma(1.0, 0.2, (count, 12))
        energy[~base.valid] += 6.0
        return replace(
            base,
            clip=replace(base.clip, id=name),
            energy=energy.astype(np.float16),
            flow=(own.standard_normal((count, 24)) * 0.05).astype(np.float16),
            light=np.full(count, 100.0, np.float32),
        )

    answer = PictureSignal().match(flicker("x", 1), flicker("y", 2))
    assert isinstance(answer, Refusal)


def test_a_movement_that_repeats_is_refused() -> None:
    base = seen("a")
    time_s = base.times_s
    wave = 3 * (1 + np.sin(2 * np.pi * time_s / 1.2))[:, None] * np.ones((1, 12))
    periodic = replace(base, energy=wave.astype(np.float16))
    periodic = replace(
        periodic,
        flow=np.repeat(np.cos(2 * np.pi * time_s / 1.2)[:, None], 24, axis=1).astype(np.float16),
        light=np.full(len(time_s), 90.0, np.float32),
    )
    other = replace(periodic, clip=replace(base.clip, id="other"))
    answer = PictureSignal().match(periodic, other)
    assert isinstance(answer, Refusal)


def test_nothing_moves_and_too_short_are_said() -> None:
    clip = Clip(id="e", name="e", files=())
    answer = PictureExtractor(clip).finish()
    assert isinstance(answer, Refusal)
    assert answer.code == "too_short"


def test_two_seconds_prove_nothing_however_many_frames_they_have() -> None:
    long, short = seen("a"), feature("short", B, 1, 2.2)
    for one, other in ((long, short), (short, long)):
        answer = PictureSignal().match(one, other)
        assert isinstance(answer, Refusal)
        assert answer.code == "too_short"


def test_long_clips_are_looked_at_in_stretches() -> None:
    hour = Clip(id="a", name="a", files=(), duration_s=Fraction(3600))
    one, other = stretches(hour), stretches(replace(hour, id="b"))
    assert one is not None
    assert other is not None
    assert one != other
    assert sum(end - start for start, end in one) / 3600 == pytest.approx(STRETCH_S / SLOT_S)
    # Wherever they lie, the two have minutes in common.
    grid = np.arange(0, 3600, 0.5)

    def looked(spans: tuple[tuple[float, float], ...]) -> np.ndarray:
        return np.array([any(start <= t < end for start, end in spans) for t in grid])

    x, y = looked(one), looked(other)
    for lag in (0, 37, 411, 1803):
        common_s = 0.5 * float((x[lag:] & y[: len(y) - lag]).sum())
        assert common_s > 0.5 * (3600 - lag / 2) / 16


def test_light_that_changes_everywhere_is_a_cue() -> None:
    """Still scenes under one light that flickers like a screen."""
    rng = np.random.default_rng(4)
    base = seen("a")
    count = len(base.times_s)
    light = 100 * np.exp(0.06 * rng.standard_normal(count + 200))

    def lit(name: str, first: int, seed: int) -> PictureFeature:
        own = np.random.default_rng(seed)
        return replace(
            base,
            clip=replace(base.clip, id=name),
            valid=np.ones(count, bool),
            energy=own.gamma(1.0, 0.1, (count, 12)).astype(np.float16),
            flow=(own.standard_normal((count, 24)) * 0.02).astype(np.float16),
            light=light[first : first + count].astype(np.float32),
        )

    match = PictureSignal().match(lit("x", 0, 1), lit("y", 90, 2))
    assert isinstance(match, Match)
    assert match.offset_s == pytest.approx(90 / 25, abs=0.01)
