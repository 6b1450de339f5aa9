"""The shake signal: gyroscopes and pictures, readouts, refusals with reasons, files."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from clapless.media import probe
from clapless.media.reader import read_once
from clapless.media.reading import FrameBlock, Need
from clapless.model import Clip, Match, Refusal
from clapless.numerics.movement import Movement
from clapless.numerics.shake_fit import ShakePairs, Turned
from clapless.signals.base import Signal, SignalSettings, configured, needs_pictures
from clapless.signals.shake import ShakeFeature, ShakeSignal
from clapless.signals.shake.answer import settled_readout
from clapless.signals.shake.extractor import ShakeExtractor
from clapless.synth.movie import Frame
from clapless.synth.shaken import Turning, shaken_pictures
from tests.signals.shake.making import (
    blocks,
    camera,
    clip_of,
    fed,
    felt,
    gyroscope,
    seen,
    turning,
)

SIGNAL = ShakeSignal()

BODY = turning(40.0, 5)


@cache
def felt_a() -> ShakeFeature:
    return felt("a", BODY, 0.0, 36.0)


@cache
def seen_b() -> ShakeFeature:
    return seen("b", BODY, camera(offset_s=7.0, seed=3), 16.0)


@cache
def seen_c() -> ShakeFeature:
    view = camera(
        frame_rate=Fraction(25),
        offset_s=4.0,
        field_deg=88.0,
        readout_s=0.022,
        mount=np.eye(3),
        seed=9,
    )
    return seen("c", BODY, view, 22.0)


def matched(found: Match | Refusal) -> Match:
    assert isinstance(found, Match), found
    return found


def test_it_is_a_signal_that_decodes_pictures() -> None:
    signal: Signal = SIGNAL
    assert (signal.name, signal.proves) == ("shake", "moment")
    assert needs_pictures(signal)
    extractor = ShakeExtractor(Clip(id="a", name="a", files=()))
    assert extractor.needs == {Need.FRAMES, Need.TELEMETRY}
    assert extractor.frame_wish.spans_s is None
    hour = Clip(id="h", name="h", files=(), duration_s=Fraction(3600))
    assert ShakeExtractor(hour).frame_wish.spans_s is not None


def test_a_picture_against_a_gyroscope() -> None:
    found = matched(SIGNAL.match(felt_a(), seen_b()))
    assert found.to_a(8.0) == pytest.approx(15.0, abs=1e-3)
    assert found.confidence > 0.99
    assert found.details["readouts_ms"] == {"b": pytest.approx(16.0, rel=0.1)}
    # The sensor's own delay is in the interval.
    assert 0.010 <= found.offset_std_s < 0.012
    assert found.details["against"] == "gyroscope of a"


def test_the_bottom_row_read_first_is_recognised() -> None:
    view = camera(offset_s=7.0, readout_s=0.020, upside_down=True, seed=3)
    found = matched(SIGNAL.match(felt_a(), seen("b", BODY, view, 16.0)))
    assert found.to_a(8.0) == pytest.approx(15.0, abs=1.5e-3)
    assert found.details["readouts_ms"] == {"b": pytest.approx(-20.0, rel=0.1)}


def test_a_picture_against_a_picture() -> None:
    found = matched(SIGNAL.match(seen_b(), seen_c()))
    assert found.to_a(10.0) == pytest.approx(7.0, abs=4e-3)
    assert found.offset_std_s < 0.01
    readouts = found.details["readouts_ms"]
    assert isinstance(readouts, dict)
    assert readouts["b"] == pytest.approx(16.0, abs=4)
    assert readouts["c"] == pytest.approx(22.0, abs=4)


def test_readouts_may_be_given() -> None:
    signal = configured(SIGNAL, SignalSettings(readouts_s={"b": 0.016}))
    found = matched(signal.match(felt_a(), seen_b()))
    assert found.details["readouts_ms"] == {"b": 16.0}
    assert found.to_a(8.0) == pytest.approx(15.0, abs=1e-3)


def test_an_unmeasured_readout_widens_the_interval() -> None:
    unknown, given_s = settled_readout(None, None), settled_readout(None, -0.012)
    assert (unknown.std_s, unknown.measured) == (0.008, False)
    assert given_s.half_s == 0.006


def test_both_see_and_feel() -> None:
    both = seen("b", BODY, camera(offset_s=7.0, seed=3), 16.0, gyroscope(BODY, 7.0, 23.0))
    assert both.gyroscope is not None
    assert not both.flaw
    found = matched(SIGNAL.match(both, seen_c()))
    assert found.to_a(10.0) == pytest.approx(7.0, abs=2e-3)
    found = matched(SIGNAL.match(felt_a(), both))
    assert found.to_a(8.0) == pytest.approx(15.0, abs=2e-3)


def test_a_stabilised_picture_is_refused_in_those_words() -> None:
    steady = Turning(times_s=BODY.times_s, rates=0.15 * BODY.rates, seed=BODY.seed)
    own = gyroscope(BODY, 7.0, 23.0)
    feature = seen("b", steady, camera(offset_s=7.0, seed=3), 12.0, own)
    assert (feature.flaw, feature.pairs) == ("stabilised", None)
    found = SIGNAL.match(felt_a(), feature)
    assert isinstance(found, Refusal)
    assert found.code == "stabilised"
    assert "stabilised" in found.reason
    # Its gyroscope still serves another camera's picture.
    assert matched(SIGNAL.match(feature, seen_c())).to_a(10.0) == pytest.approx(7.0, abs=3e-3)


def test_a_calm_picture_of_another_body_beside_a_wild_gyroscope() -> None:
    calm = Turning(times_s=BODY.times_s, rates=0.12 * turning(40.0, 6).rates, seed=2)
    found = SIGNAL.match(felt_a(), seen("b", calm, camera(offset_s=7.0, seed=3), 12.0))
    assert isinstance(found, Refusal)
    assert found.code == "stabilised"
    assert "not of the same rig" in found.reason


def test_other_gyroscopes_are_refused() -> None:
    for seed in range(20, 28):
        found = SIGNAL.match(felt("u", turning(40.0, seed), 0.0, 36.0), seen_b())
        assert isinstance(found, Refusal)
        assert found.code == "no_match"
    backwards = Turning(times_s=BODY.times_s, rates=-BODY.rates[::-1])
    assert isinstance(SIGNAL.match(felt("u", backwards, 0.0, 36.0), seen_b()), Refusal)
    other = seen("u", turning(40.0, 30), camera(seed=4), 12.0)
    assert isinstance(SIGNAL.match(seen_b(), other), Refusal)


def test_shake_that_repeats_itself_is_refused() -> None:
    times_s = BODY.times_s
    phases = np.array([0.0, 1.0, 2.0])
    rates = 0.5 * np.sin(2 * np.pi * 2.0 * times_s[:, None] + phases)
    rates += 0.3 * np.sin(2 * np.pi * 4.0 * times_s[:, None] + 2 * phases)
    machine = Turning(times_s=times_s, rates=rates, seed=1)
    found = SIGNAL.match(
        felt("a", machine, 0.0, 36.0), seen("b", machine, camera(offset_s=7.0, seed=3), 12.0)
    )
    assert isinstance(found, Refusal)
    assert found.code == "periodic"


@pytest.mark.parametrize(
    ("name", "code"), [("black", "featureless"), ("one", "too_short"), ("slides", "too_calm")]
)
def test_what_shows_no_shake_is_refused(name: str, code: str) -> None:
    rng = np.random.default_rng(8)
    slides = [rng.integers(0, 255, (108, 192)).astype(np.uint8) for _ in range(3)]
    pictures = {
        "black": [np.zeros((108, 192), np.uint8)] * 200,
        "one": slides[:1],
        "slides": [slides[number // 90] for number in range(270)],
    }[name]
    rate = Fraction(30)
    found = fed(clip_of(name, rate, len(pictures)), *blocks(pictures, rate))
    assert isinstance(found, Refusal)
    assert found.code == code
    assert found.reason


def test_damage_is_a_gap_and_not_a_jerk() -> None:
    view = camera(offset_s=7.0, seed=3)
    given_blocks = list(blocks(_pictures(), view.frame_rate))
    cut = [*given_blocks[:20], *given_blocks[24:]]
    cut[20] = replace(cut[20], after_gap=np.arange(8) == 0)
    found = fed(clip_of("b", view.frame_rate, 400), *cut)
    assert isinstance(found, ShakeFeature)
    assert found.pairs is not None
    lengths_s = found.pairs.last_s - found.pairs.first_s
    assert lengths_s.max() < 0.04
    assert matched(SIGNAL.match(felt_a(), found)).to_a(6.0) == pytest.approx(13.0, abs=2e-3)


def _pictures() -> list[Frame]:
    return list(shaken_pictures(camera(offset_s=7.0, seed=3), BODY, 400))


def test_interlaced_pictures_show_the_middle_of_their_fields() -> None:
    rate = Fraction(25)
    plain = list(blocks(_pictures()[:150], rate))
    found = ShakeExtractor(clip_of("i", rate, 150))
    for block in plain:
        found.feed(replace(block, fields=1))
    feature = found.finish()
    assert isinstance(feature, ShakeFeature)
    assert feature.pairs is not None
    assert feature.pairs.first_s[0] == pytest.approx(0.01)


def test_a_mistake_in_the_second_thread_is_not_swallowed() -> None:
    extractor = ShakeExtractor(Clip(id="x", name="x", files=()))
    wrong = np.zeros((2, 4, 4, 3), np.uint8)
    block = FrameBlock(
        times_s=np.array([0.0, 0.04]),
        keyframes=np.ones(2, bool),
        after_gap=np.zeros(2, bool),
        height=4,
        width=4,
        grey=wrong,
    )
    extractor.feed(block)
    with pytest.raises(ValueError, match="unpack"):
        extractor.finish()


def test_forgetting_changes_nothing() -> None:
    one = SIGNAL.match(felt_a(), seen_b())
    felt_a().forget()
    seen_b().forget()
    assert SIGNAL.match(felt_a(), seen_b()) == one


def test_long_clips_of_which_stretches_were_looked_at() -> None:
    body = turning(700.0, 50)
    rates = Movement(start_s=0.0, values=body.rates, rate_hz=500.0)
    known = Turned.of_movement(rates)

    def looked_at(name: str, offset_s: float, late_s: float) -> ShakeFeature:
        # A quarter of the clip; both clips have a fifteenth in common.
        first_s = np.arange(0.0, 600.0, 1 / 30)
        first_s = first_s[(first_s - late_s) % 80 < 20]
        last_s = first_s + 1 / 30
        rows = np.tile([-1 / 3, 0.0, 1 / 3], (first_s.size, 1))
        moved_s = offset_s + (rows + 0.5) * 0.016
        turns = known.between(first_s[:, None] + moved_s, last_s[:, None] + moved_s) / 30
        turns += 1e-3 * np.random.default_rng(1).standard_normal(turns.shape)
        points = np.full(rows.shape, 40)
        pairs = ShakePairs(first_s=first_s, last_s=last_s, turns=turns, rows=rows, points=points)
        clip = Clip(id=name, name=name, files=())
        return ShakeFeature(clip=clip, pairs=pairs, gyroscope=None)

    one, two = looked_at("one", 20.0, 5.0), looked_at("two", 60.0, 60.0)
    found = matched(SIGNAL.match(one, two))
    assert found.to_a(300.0) == pytest.approx(340.0, abs=1e-3)
    assert found.confidence > 0.9


@pytest.mark.real
def test_real_recordings(shared_data: Path) -> None:
    found = {}
    for name in ("hero5_karma", "hero7"):
        clip = probe(shared_data / "gopro" / f"{name}.mp4")
        extractor = SIGNAL.extractor(clip)
        read_once(clip, [extractor])
        feature = extractor.finish()
        assert isinstance(feature, ShakeFeature)
        own = replace(feature, pairs=None, clip=replace(feature.clip, id="telemetry"))
        alone = replace(feature, gyroscope=None, clip=replace(feature.clip, id="picture"))
        found[name] = SIGNAL.match(own, alone)
    karma = matched(found["hero5_karma"])
    assert abs(karma.to_a(6.0) - 6.0) < 0.030
    hero7 = found["hero7"]
    assert isinstance(hero7, Refusal)
    assert hero7.code == "stabilised"


def test_threads_do_not_pile_up() -> None:
    before = threading.active_count()
    for _ in range(3):
        fed(
            clip_of("t", Fraction(25), 8), *blocks([np.zeros((36, 64), np.uint8)] * 8, Fraction(25))
        )
    assert threading.active_count() == before
