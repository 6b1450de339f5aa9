"""Flashes put cameras on one clock by their rows, or refuse."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clapless.media import probe, read_once
from clapless.model import Clip, Match, Refusal, inverse
from clapless.numerics.flash_spikes import SpikeFinder
from clapless.numerics.flashes import find_events
from clapless.signals.base import FlashChoice, Prior
from clapless.signals.flash import FlashFeature, FlashSignal
from clapless.signals.flash.extractor import FlashExtractor
from clapless.synth.movie import Encoding, write_movie
from clapless.synth.rolling_shutter import ShutterCamera, flash_pictures, row_tables

ROWS = 360
Flashes = list[tuple[float, float]]


def flashes(count: int, seed: int = 0, length_s: float = 200.0) -> Flashes:
    rng = np.random.default_rng(seed)
    return [(float(t), 1.0) for t in np.sort(rng.uniform(5, length_s, count))]


CAMERAS = {
    "a": ShutterCamera(
        frame_rate=Fraction(30000, 1001), readout_s=0.018, exposure_s=0.008, rows=ROWS, seed=1
    ),
    "b": ShutterCamera(
        frame_rate=Fraction(25),
        readout_s=0.022,
        exposure_s=0.012,
        offset_s=3.25,
        drift_ppm=40.0,
        rows=ROWS,
        upside_down=True,
        seed=2,
    ),
    "c": ShutterCamera(
        frame_rate=Fraction(60000, 1001),
        readout_s=0.012,
        exposure_s=0.006,
        offset_s=-2.125,
        drift_ppm=-25.0,
        rows=ROWS,
        seed=3,
    ),
}


def feature(name: str, camera: ShutterCamera, seen: Flashes) -> FlashFeature:
    finder = SpikeFinder()
    before_s = None
    for time_s, rows in row_tables(camera, seen):
        if before_s is not None and time_s - before_s > 1.5 / float(camera.frame_rate):
            finder.gap()
        finder.add(time_s, rows)
        before_s = time_s
    interval_s = float(1 / camera.frame_rate)
    return FlashFeature(
        clip=Clip(id=name, name=name, files=(), frame_rate=camera.frame_rate, height=ROWS),
        events=tuple(find_events(finder.frames(), interval_s=interval_s, noise=finder.noise)),
        interval_s=interval_s,
        rows=ROWS,
    )


@pytest.fixture(scope="module")
def features() -> dict[str, FlashFeature]:
    """Three cameras; one misses two flashes and sees one of its own."""
    seen = flashes(24)
    own = sorted([*seen[:5], *seen[6:14], *seen[15:], (77.7, 1.0)])
    return {
        "a": feature("a", CAMERAS["a"], seen),
        "b": feature("b", CAMERAS["b"], seen),
        "c": feature("c", CAMERAS["c"], own),
    }


def error_s(match: Match, event_s: float) -> float:
    one, two = CAMERAS[match.a], CAMERAS[match.b]
    return match.to_a(two.clip_s(event_s)) - one.clip_s(event_s)


def test_three_cameras_are_solved_jointly_to_a_fraction_of_a_frame(
    features: dict[str, FlashFeature],
) -> None:
    answers = FlashSignal().match_group(features)
    assert {frozenset((m.a, m.b)) for m in answers} == {
        frozenset(pair) for pair in (("a", "b"), ("a", "c"), ("b", "c"))
    }
    for match in answers:
        assert isinstance(match, Match)
        assert match.confidence > 0.99
        for event_s in (10.0, 100.0, 190.0):
            found_s = error_s(match, event_s)
            assert abs(found_s) < 4e-4
            assert abs(found_s) < 4 * match.std_s(CAMERAS[match.b].clip_s(event_s))


def test_readout_and_orientation_are_found(features: dict[str, FlashFeature]) -> None:
    for match in FlashSignal().match_group(features):
        assert isinstance(match, Match)
        readouts = match.details["readouts_ms"]
        assert isinstance(readouts, list)
        for name, found_ms in zip((match.a, match.b), readouts, strict=True):
            camera = CAMERAS[name]
            true_ms = camera.readout_s * 1e3 * (-1 if camera.upside_down else 1)
            assert found_ms == pytest.approx(true_ms, rel=0.05)


def test_a_pair_is_answered_alike_from_either_side(features: dict[str, FlashFeature]) -> None:
    signal = FlashSignal()
    there = signal.match(features["a"], features["b"])
    back = signal.match(features["b"], features["a"])
    assert isinstance(there, Match)
    assert isinstance(back, Match)
    turned = inverse(back)
    for t_s in (10.0, 180.0):
        assert turned.to_a(t_s) == pytest.approx(there.to_a(t_s), abs=2e-4)


def test_a_given_readout_narrows_the_answer(features: dict[str, FlashFeature]) -> None:
    few = {
        name: dataclasses.replace(features[name], events=features[name].events[:10])
        for name in ("a", "b")
    }
    free = FlashSignal().match(few["a"], few["b"])
    given = FlashSignal(readouts_s={"a": 0.018, "b": 0.022}).match(few["a"], few["b"])
    assert isinstance(free, Match)
    assert isinstance(given, Match)
    assert given.offset_std_s <= free.offset_std_s * 1.05
    assert abs(error_s(given, 60.0)) < 5e-4


def test_a_clock_that_no_camera_has_is_to_be_checked() -> None:
    seen = flashes(24)
    fast = dataclasses.replace(CAMERAS["b"], drift_ppm=190.0)
    match = FlashSignal().match(feature("a", CAMERAS["a"], seen), feature("b", fast, seen))
    assert isinstance(match, Match)
    assert match.drift_ppm == pytest.approx(190.0, abs=20.0)
    assert 0.5 <= match.confidence < 0.9


def test_other_flashes_are_refused(features: dict[str, FlashFeature]) -> None:
    other = feature("d", CAMERAS["b"], flashes(24, seed=99))
    answer = FlashSignal().match(features["a"], other)
    assert isinstance(answer, Refusal)
    assert answer.code == "no_match"
    joined = FlashSignal().match_group({"a": features["a"], "d": other})
    assert joined == []


def test_even_intervals_are_refused_as_periodic() -> None:
    even = [(10.0 + 2.013 * k, 1.0) for k in range(40)]
    one = feature("a", CAMERAS["a"], even)
    two = feature("b", CAMERAS["b"], even)
    answer = FlashSignal().match(one, two)
    assert isinstance(answer, Refusal)
    assert answer.code == "periodic"


def test_two_flashes_are_never_sure() -> None:
    pair = [(20.0, 1.0), (91.3, 1.0)]
    answer = FlashSignal().match(feature("a", CAMERAS["a"], pair), feature("b", CAMERAS["b"], pair))
    if isinstance(answer, Match):
        assert answer.confidence < 0.9
        assert abs(error_s(answer, 50.0)) < 0.04


def test_one_kind_of_edge_gets_the_interval_it_deserves(
    features: dict[str, FlashFeature],
) -> None:
    """Without the edges of one kind, offset and exposure cannot be told apart."""
    lower = tuple(
        dataclasses.replace(event, edges=tuple(e for e in event.edges if not e.top))
        for event in features["a"].events
    )
    one_kind = dataclasses.replace(features["a"], events=tuple(e for e in lower if e.edges))
    answer = FlashSignal().match(features["c"], one_kind)
    assert isinstance(answer, Match)
    assert answer.offset_std_s > 1e-3
    assert abs(error_s(answer, 100.0)) < 3 * answer.std_s(100.0)


def test_excluded_flashes_are_not_used(features: dict[str, FlashFeature]) -> None:
    half = FlashSignal().match(features["a"], features["b"], exclude_spans=[(0.0, 90.0)])
    assert isinstance(half, Match)
    assert min(start for start, _ in half.spans_s) > 89.0
    assert abs(error_s(half, 150.0)) < 1e-3
    none = FlashSignal().match(features["a"], features["b"], exclude_spans=[(0.0, 1e4)])
    assert isinstance(none, Refusal)


def test_a_sure_place_is_measured_and_not_searched(features: dict[str, FlashFeature]) -> None:
    prior = Prior(offset_s=3.25, offset_std_s=0.01, hard=True)
    near = FlashSignal().match(features["a"], features["b"], prior=prior)
    assert isinstance(near, Match)
    assert abs(error_s(near, 100.0)) < 5e-4
    elsewhere = Prior(offset_s=40.0, offset_std_s=0.01, hard=True)
    answer = FlashSignal().match(features["a"], features["b"], prior=elsewhere)
    assert isinstance(answer, Refusal) or abs(answer.offset_s - 40.0) < 0.2


def test_features_survive_the_store(features: dict[str, FlashFeature]) -> None:
    for one in features.values():
        assert FlashSignal().from_arrays(one.clip, one.to_arrays()) == one


def test_flashes_can_be_dropped_and_kept_by_hand(features: dict[str, FlashFeature]) -> None:
    base = features["a"]
    first = base.events[0]
    drop = FlashSignal(choices=[FlashChoice(clip="a", time_s=first.time_s + 0.02, keep=False)])
    answer = drop.match(base, features["b"])
    assert isinstance(answer, Match)
    full = FlashSignal().match(base, features["b"])
    assert isinstance(full, Match)
    assert answer.details["flashes"] == int(str(full.details["flashes"])) - 1
    doubtful = dataclasses.replace(
        base, events=(dataclasses.replace(first, doubt="long"), *base.events[1:])
    )
    keep = FlashSignal(choices=[FlashChoice(clip="a", time_s=first.time_s, keep=True)])
    kept = keep.match(doubtful, features["b"])
    assert isinstance(kept, Match)
    assert kept.details["flashes"] == full.details["flashes"]


def test_a_global_shutter_is_recognised(features: dict[str, FlashFeature]) -> None:
    whole = ShutterCamera(
        frame_rate=Fraction(30), readout_s=0.0, exposure_s=0.03, offset_s=1.5, rows=ROWS, seed=7
    )
    globe = feature("g", whole, flashes(24))
    assert sum(len(event.edges) for event in globe.events) == 0
    answer = FlashSignal().match(features["a"], globe)
    assert isinstance(answer, Match)
    assert 2e-3 < answer.offset_std_s < 0.02
    t_s = whole.clip_s(100.0)
    assert abs(answer.to_a(t_s) - CAMERAS["a"].clip_s(100.0)) < 3 * answer.std_s(t_s)


def test_a_lamp_that_is_switched_on_is_no_flash() -> None:
    finder = SpikeFinder()
    rng = np.random.default_rng(0)
    for k in range(60):
        level = 60.0 + (40.0 if k >= 20 else 0.0)
        finder.add(k / 30, (level + rng.standard_normal((ROWS, 8))).astype(np.float32))
    assert finder.frames() == []


@pytest.mark.media
def test_interlaced_fields_are_two_times() -> None:
    """The lower field is half a frame later: the same flash lights one of them."""
    camera = dataclasses.replace(CAMERAS["a"], frame_rate=Fraction(60), rows=ROWS // 2)
    seen = flashes(8, length_s=60.0)
    clip = Clip(id="i", name="i", files=(), frame_rate=Fraction(30), height=ROWS)
    extractor = FlashExtractor(clip)
    from clapless.media import FrameBlock

    tables = list(row_tables(camera, seen, around=9))
    fields = {round(time_s * 60): rows for time_s, rows in tables}
    for k in sorted({number // 2 for number in fields}):
        if 2 * k not in fields or 2 * k + 1 not in fields:
            continue
        woven = np.empty((ROWS, 8), np.float32)
        woven[0::2], woven[1::2] = fields[2 * k], fields[2 * k + 1]
        extractor.feed(
            FrameBlock(
                times_s=np.array([k / 30]),
                keyframes=np.array([False]),
                after_gap=np.array([False]),
                height=ROWS,
                width=640,
                fields=1,
                rows=woven[None],
            )
        )
    found = extractor.finish()
    assert isinstance(found, FlashFeature)
    edges = [edge for event in found.events for edge in event.edges]
    assert len(edges) >= 6
    progressive = feature("p", camera, seen)
    expected = [edge for event in progressive.events for edge in event.edges]
    assert len(edges) == pytest.approx(len(expected), abs=3)
    for edge in edges:
        apart = [
            abs(edge.time_s - e.time_s) + abs(edge.row - e.row)
            for e in expected
            if e.top == edge.top
        ]
        assert min(apart) < 0.03 + edge.row_std


def test_glow_alone_at_a_border_says_little_and_a_split_flash_more() -> None:
    """Half of the glow is not half of the flash; what shows its full light is another matter."""
    camera = dataclasses.replace(CAMERAS["a"], readout_s=0.010, exposure_s=0.003)
    interval_s = float(1 / camera.frame_rate)
    before = [50.3 * interval_s * k for k in range(1, 13)]
    # 0.2 ms before the first row of a frame opens, and long after the last of the one before.
    glow = [(round(t / interval_s) * interval_s - 0.0017, 1.0) for t in before]
    found = feature("glow", camera, glow)
    edges = [edge for event in found.events for edge in event.edges]
    assert len(edges) >= 6
    assert all(edge.row_std > 0.03 for edge in edges)
    # Read out so slowly that the end of one frame and the beginning of the next are lit.
    slow = dataclasses.replace(CAMERAS["a"], readout_s=0.030, exposure_s=0.012)
    split = [(round(t / interval_s) * interval_s - 0.0005, 1.0) for t in before]
    found = feature("split", slow, split)
    pairs = [event.edges for event in found.events if len(event.edges) == 2]
    pairs = [(one, two) for one, two in pairs if one.time_s < two.time_s and one.row > two.row]
    assert len(pairs) >= 8
    apart_s = [
        two.time_s - one.time_s + slow.readout_s * (two.row - one.row) - slow.exposure_s
        for one, two in pairs
    ]
    assert np.median(np.abs(apart_s)) < 2e-4


@pytest.mark.media
def test_real_files_are_synced_by_flashes(tmp_path: Path) -> None:
    seen = flashes(6, seed=4, length_s=18.0)
    found = {}
    for name in ("a", "c"):
        camera = dataclasses.replace(CAMERAS[name], noise=3.0, light=45.0, offset_s=0.0)
        frames = range(int(20 * camera.frame_rate))
        path = tmp_path / f"{name}.mp4"
        write_movie(
            path,
            frames=flash_pictures(camera, seen, frames, width=96),
            frame_rate=camera.frame_rate,
            sound=None,
            encoding=Encoding(crf=20),
        )
        clip = dataclasses.replace(probe(path), id=name)
        extractor = FlashExtractor(clip)
        read_once(clip, [extractor])
        answer = extractor.finish()
        assert isinstance(answer, FlashFeature)
        found[name] = answer
    match = FlashSignal().match(found["a"], found["c"])
    assert isinstance(match, Match)
    assert abs(match.to_a(10.0) - 10.0) < 3 * match.std_s(10.0) + 1e-3
    assert abs(match.to_a(10.0) - 10.0) < 0.02
