"""One song played twice at two tempos: the map against the grid of beats, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from clapless.media.reading import SoundBlock
from clapless.model import Clip, Match, MediaFile, Refusal
from clapless.numerics.tempo_features import RATE_HZ
from clapless.signals import SIGNALS
from clapless.signals.tempo import TempoFeature, TempoSignal
from clapless.synth.music import song
from clapless.synth.takes import beats, perform_take

Samples = NDArray[np.float32]
SIGNAL = TempoSignal()


def extracted(samples: Samples, name: str = "x", *, block: int = 40_000) -> TempoFeature | Refusal:
    length = Fraction(len(samples), RATE_HZ)
    file = MediaFile(path=Path(f"{name}.wav"), duration_s=length)
    extractor = SIGNAL.extractor(
        Clip(id=name, name=name, kind="audio", files=(file,), duration_s=length)
    )
    steps = np.clip(np.rint(samples * 3000), -32768, 32767).astype(np.int16)[None]
    for start in range(0, steps.shape[1], block):
        extractor.feed(
            SoundBlock(
                stream=0,
                start_s=start / RATE_HZ,
                rate_hz=RATE_HZ,
                samples=steps[:, start : start + block],
            )
        )
    return extractor.finish()


def feature(samples: Samples, name: str = "x") -> TempoFeature:
    found = extracted(samples, name)
    assert isinstance(found, TempoFeature)
    return found


@cache
def take(seed: int, ratio: float, sections: int = 5) -> tuple[Samples, NDArray[np.float64]]:
    piece = song(np.random.default_rng(71))
    rng = np.random.default_rng(seed)
    grid = beats(rng, piece, sections=sections, ratio=ratio)
    return perform_take(rng, piece, grid, RATE_HZ), grid


def matched(a: TempoFeature, b: TempoFeature) -> Match:
    found = SIGNAL.match(a, b)
    assert isinstance(found, Match), found
    return found


@pytest.mark.parametrize("ratio", [0.75, 1.4])
def test_a_second_take_is_mapped_to_hundredths_of_a_second(ratio: float) -> None:
    one, grid_a = take(1, 1.0)
    two, grid_b = take(2, ratio)
    found = matched(feature(one, "a"), feature(two, "b"))
    assert (found.a, found.b, found.signal) == ("a", "b", "tempo")
    assert found.confidence >= 0.9
    assert found.time_map is not None
    at_s = np.arange(grid_b[0], grid_b[-1], 0.2)
    got = [found.time_map.to_group(float(t)) for t in at_s]
    error = np.array(
        [abs(g - t) for g, t in zip(got, np.interp(at_s, grid_b, grid_a), strict=True) if g]
    )
    assert len(error) > 0.95 * len(at_s)
    assert np.median(error) < 0.03
    assert np.percentile(error, 90) < 0.15
    for segment in found.time_map.segments:
        assert (np.diff(np.array(segment.knots), axis=0) > 0).all()
        assert min(segment.std_s) > 0


def test_another_song_and_speechlike_noise_are_refused() -> None:
    one, _ = take(1, 1.0)
    other = song(np.random.default_rng(72))
    rng = np.random.default_rng(3)
    grid = beats(rng, other, sections=5)
    found = SIGNAL.match(feature(one, "a"), feature(perform_take(rng, other, grid, RATE_HZ), "b"))
    assert isinstance(found, Refusal)
    assert (found.code, found.a, found.b) == ("other_piece", "a", "b")
    noise = rng.standard_normal(30 * RATE_HZ).astype(np.float32)
    found = SIGNAL.match(feature(one, "a"), feature(noise, "b"))
    assert isinstance(found, Refusal)


def test_a_passage_that_comes_twice_is_ambiguous() -> None:
    one, _ = take(1, 1.0)
    two, _ = take(4, 1.1)
    found = SIGNAL.match(feature(np.concatenate([one, one]), "a"), feature(two, "b"))
    assert isinstance(found, Refusal)
    assert found.code == "ambiguous"


def test_silence_and_a_few_seconds_hold_no_music() -> None:
    silent = extracted(np.zeros(30 * RATE_HZ, np.float32))
    short = extracted(take(1, 1.0)[0][: 5 * RATE_HZ])
    none = SIGNAL.extractor(feature(take(1, 1.0)[0]).clip).finish()
    codes = [one.code for one in (silent, short, none) if isinstance(one, Refusal)]
    assert codes == ["silent", "too_short", "no_sound"]


def test_what_is_left_out_is_not_answered_for() -> None:
    one, two = feature(take(1, 1.0)[0], "a"), feature(take(2, 1.4)[0], "b")
    found = SIGNAL.match(one, two, exclude_spans=[(10.0, 14.0)])
    assert isinstance(found, Match)
    assert all(end <= 10.0 or start >= 14.0 for start, end in found.spans_s)
    assert isinstance(SIGNAL.match(one, two, exclude_spans=[(-1.0, 1e6)]), Refusal)


def test_blocks_and_the_store_change_nothing() -> None:
    samples = take(2, 1.4)[0]
    one, two = extracted(samples, block=40_000), extracted(samples, block=16_001)
    assert isinstance(one, TempoFeature)
    assert isinstance(two, TempoFeature)
    np.testing.assert_allclose(one.notes, two.notes, atol=1e-5)
    assert len(one) == pytest.approx(len(samples) / 320, abs=2)
    back = SIGNAL.from_arrays(one.clip, one.to_arrays())
    np.testing.assert_allclose(back.notes, one.notes, rtol=1e-3, atol=1e-4)
    assert back.origin_s == one.origin_s
    with pytest.raises(ValueError, match="do not fit"):
        SIGNAL.from_arrays(one.clip, {**one.to_arrays(), "strokes": np.zeros((3, 5))})


def test_it_is_a_signal_of_routes_and_not_of_moments() -> None:
    (held,) = [signal for signal in SIGNALS if signal.name == "tempo"]
    assert held.proves == "route"
    assert held.applies_to(feature(take(1, 1.0)[0]).clip) is False


@pytest.mark.parametrize("level", [0.0, 0.02, 0.3])
def test_what_sounds_before_and_after_the_music_is_none_of_it(level: float) -> None:
    rng = np.random.default_rng(5)
    (one, grid_a), (two, grid_b) = take(1, 1.0), take(2, 1.2)
    before_s, after_s = (9.0, 16.0), (14.0, 7.0)

    def framed(samples: Samples, turn: int) -> Samples:
        edges = [np.zeros(int(s[turn] * RATE_HZ), np.float32) for s in (before_s, after_s)]
        whole = np.concatenate([edges[0], samples, edges[1]])
        return np.asarray(whole + level * rng.standard_normal(len(whole)), np.float32)

    found = matched(feature(framed(one, 0), "a"), feature(framed(two, 1), "b"))
    assert found.time_map is not None
    music_s = grid_b[0] + before_s[1], grid_b[-1] + before_s[1]
    first_s = found.time_map.segments[0].knots[0][0]
    last_s = found.time_map.segments[-1].knots[-1][0]
    assert first_s == pytest.approx(music_s[0], abs=1.5)
    assert last_s == pytest.approx(music_s[1], abs=1.5)
    for beat in range(8, len(grid_b) - 8, 4):
        there = found.time_map.to_group(float(grid_b[beat]) + before_s[1])
        assert there == pytest.approx(grid_a[beat] + before_s[0], abs=0.1)
