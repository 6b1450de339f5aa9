"""Pairs of many clips: what shares something is kept, most of the rest is not."""

from __future__ import annotations

import numpy as np
import pytest

from clapless.signals.audio import AudioFeature, AudioSignal
from clapless.signals.audio.many import ALL_PAIRS, PARTNERS, pair_scores, worthwhile_pairs
from clapless.signals.audio.signal import feature_of_array
from clapless.synth.events import Kind, make_event
from clapless.synth.recording import record
from clapless.synth.sound import draw_microphone

RATE_HZ = 16000


@pytest.fixture(scope="module")
def shoot() -> tuple[dict[str, AudioFeature], dict[str, tuple[int, float, float]]]:
    """Two events, each heard by five devices that stop and start."""
    rng = np.random.default_rng(7)
    features, places = {}, {}
    kinds: tuple[Kind, ...] = ("speech", "music")
    for number, kind in enumerate(kinds):
        event = make_event(rng, kind, 75.0)
        for device in range(5):
            start_s = 3.0 + 2.0 * device
            while start_s < 50:
                length_s = float(rng.uniform(9, 22))
                name = f"{kind}{device}-{start_s:.0f}"
                samples = record(
                    event,
                    RATE_HZ,
                    start_s=start_s,
                    duration_s=length_s,
                    microphone=draw_microphone(rng, snr_db=12.0),
                    seed=(number, device, int(start_s)),
                )
                found = feature_of_array(samples, RATE_HZ, name)
                assert isinstance(found, AudioFeature)
                features[name] = found
                places[name] = (number, start_s, start_s + length_s)
                start_s += length_s + 3.0
    return features, places


def shared_s(one: tuple[int, float, float], two: tuple[int, float, float]) -> float:
    return min(one[2], two[2]) - max(one[1], two[1]) if one[0] == two[0] else 0.0


def test_clips_that_share_eight_seconds_are_tried(shoot) -> None:
    features, places = shoot
    pairs = {frozenset(pair) for pair in worthwhile_pairs(features)}
    names = list(features)
    sharing = [
        frozenset((a, b))
        for i, a in enumerate(names)
        for b in names[i + 1 :]
        if shared_s(places[a], places[b]) > 8
    ]
    assert len(sharing) > 30
    assert sum(pair in pairs for pair in sharing) >= 0.95 * len(sharing)


def test_most_of_the_rest_is_not(shoot) -> None:
    features, _ = shoot
    count = len(features)
    assert count > ALL_PAIRS
    assert len(worthwhile_pairs(features)) < 0.6 * count * (count - 1) / 2


def test_the_most_promising_come_first(shoot) -> None:
    features, places = shoot
    first = worthwhile_pairs(features)[:20]
    assert all(shared_s(places[a], places[b]) > 5 for a, b in first)


def test_every_clip_keeps_partners(shoot) -> None:
    features, _ = shoot
    pairs = worthwhile_pairs(features)
    for name in features:
        assert sum(name in pair for pair in pairs) >= PARTNERS


def test_few_clips_are_all_compared(shoot) -> None:
    features, _ = shoot
    few = dict(list(features.items())[:5])
    assert len(list(AudioSignal().candidates(few))) == 10


def test_scores_are_symmetric_and_silence_scores_nothing() -> None:
    rng = np.random.default_rng(0)
    noise = feature_of_array(0.1 * rng.standard_normal(5 * RATE_HZ), RATE_HZ, "n")
    quiet = feature_of_array(
        np.concatenate([np.full(100, 0.01), np.zeros(5 * RATE_HZ)]), RATE_HZ, "q"
    )
    assert isinstance(noise, AudioFeature)
    assert isinstance(quiet, AudioFeature)
    scores = pair_scores([noise, quiet, noise])
    assert np.array_equal(scores, scores.T)
    assert np.isfinite(scores).all()
    assert scores[0, 2] > 10
