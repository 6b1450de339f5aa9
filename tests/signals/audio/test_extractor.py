"""What is kept of a clip: blocks, gaps, channels, claps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clapless.media.reading import Need, SoundBlock
from clapless.model import Clip, MediaFile, Refusal
from clapless.numerics.sound import ArraySound
from clapless.signals.audio import AudioFeature
from clapless.signals.audio.bands import FRAME_RATE_HZ, RATE_HZ, liveliness_db, loudness
from clapless.signals.audio.claps import suggest_pins
from clapless.signals.audio.extractor import AudioExtractor
from clapless.signals.audio.feature import cut
from clapless.synth.events import make_event
from clapless.synth.noise import hum, white_noise

CLIP = Clip(id="c", name="c", files=(MediaFile(path=Path("c.wav")),))


def nowhere(_clip, _stream, _channel):
    return ArraySound(np.zeros(0, np.float32), RATE_HZ)


def extract(*streams, start_s=0.0, step=RATE_HZ):
    """Feed streams (channels, n) of int16 in blocks of `step` samples."""
    extractor = AudioExtractor(CLIP, nowhere)
    longest = max(stream.shape[1] for stream in streams)
    for first in range(0, longest, step):
        for number, stream in enumerate(streams):
            block = stream[:, first : first + step]
            extractor.feed(
                SoundBlock(
                    stream=number,
                    start_s=start_s + first / RATE_HZ,
                    rate_hz=RATE_HZ,
                    samples=block,
                )
            )
    return extractor.finish()


def whole(*channels, peak=8000):
    rows = [np.asarray(c, np.float64) / max(np.abs(c).max(), 1e-9) * peak for c in channels]
    return np.rint(np.stack(rows)).astype(np.int16)


@pytest.fixture(scope="module")
def talk():
    return make_event(np.random.default_rng(1), "speech", 40.0)


def test_it_needs_sound():
    assert AudioExtractor(CLIP, nowhere).needs == {Need.SOUND}


@settings(max_examples=8)
@given(st.integers(700, 200_000))
def test_how_the_sound_is_cut_into_blocks_changes_nothing(step):
    sound = whole(white_noise(np.random.default_rng(0), 20 * RATE_HZ))
    one, other = extract(sound, step=20 * RATE_HZ), extract(sound, step=step)
    for key, value in one.to_arrays().items():
        assert np.array_equal(other.to_arrays()[key], value), key


def test_times_are_those_of_the_stream(talk):
    found = extract(whole(talk), start_s=0.0215)
    assert found.origin_s == 0.0215
    assert found.duration_s == pytest.approx(40.0, abs=2 / FRAME_RATE_HZ)


def test_a_gap_is_silence_on_the_grid(talk):
    sound = whole(talk)[:, : 20 * RATE_HZ]
    gap = 3 * RATE_HZ
    extractor = AudioExtractor(CLIP, nowhere)
    for start, part in ((0, sound[:, : 9 * RATE_HZ]), (9 * RATE_HZ + gap, sound[:, 9 * RATE_HZ :])):
        extractor.feed(SoundBlock(stream=0, start_s=start / RATE_HZ, rate_hz=RATE_HZ, samples=part))
    filled = np.concatenate(
        [sound[:, : 9 * RATE_HZ], np.zeros((1, gap), np.int16), sound[:, 9 * RATE_HZ :]], axis=1
    )
    found = extractor.finish()
    assert isinstance(found, AudioFeature)
    assert np.array_equal(found.changes, extract(filled).changes)


def test_blocks_at_another_rate_are_no_sound_to_analyse():
    with pytest.raises(ValueError, match="16000 Hz, but got 48000 Hz"):
        AudioExtractor(CLIP, nowhere).feed(
            SoundBlock(stream=0, start_s=0, rate_hz=48000, samples=np.zeros((1, 9), np.int16))
        )


@pytest.mark.parametrize(
    ("sound", "code"),
    [
        (np.zeros((2, 5 * RATE_HZ), np.int16), "silent"),
        (np.random.default_rng(0).integers(-2, 3, (1, 5 * RATE_HZ)).astype(np.int16), "silent"),
        (np.full((1, RATE_HZ // 2), 1000, np.int16), "too_short"),
    ],
)
def test_a_clip_of_no_use_says_why(sound, code):
    answer = extract(sound)
    assert isinstance(answer, Refusal)
    assert (answer.a, answer.b, answer.code) == ("c", "c", code)


def test_no_blocks_at_all_is_no_sound():
    answer = AudioExtractor(CLIP, nowhere).finish()
    assert isinstance(answer, Refusal)
    assert answer.code == "no_sound"


def test_the_channel_with_speech_is_chosen_whatever_its_level(talk):
    rng = np.random.default_rng(2)
    n = len(talk)
    squeal = np.sign(np.sin(2 * np.pi * 1200 * np.arange(n) / RATE_HZ)) * rng.choice([0.9, 1], n)
    loud = whole(np.zeros(n), hum(rng, n, RATE_HZ), white_noise(rng, n), squeal)
    quiet = whole(talk + 0.05 * white_noise(rng, n), peak=500)
    found = extract(np.concatenate([loud, quiet]))
    assert (found.stream, found.channel) == (0, 4)
    assert 0 not in found.liveliness_db[:, 1]  # the dead one is not even measured


def test_the_best_stream_is_chosen(talk):
    n = len(talk)
    found = extract(whole(white_noise(np.random.default_rng(3), n)), whole(np.zeros(n), talk))
    assert (found.stream, found.channel) == (1, 1)


def test_the_same_sound_twice_is_measured_once(talk):
    found = extract(whole(talk, talk))
    assert found.liveliness_db[:, 1].tolist() == [0.0]


def test_channels_that_part_later_are_both_measured(talk):
    both = whole(talk, talk)
    both[1, 30 * RATE_HZ :] = 0
    found = extract(both)
    assert found.liveliness_db[:, 1].tolist() == [0.0, 1.0]
    alone = extract(both[1:])
    assert found.liveliness_db[1, 2] == pytest.approx(alone.liveliness_db[0, 2])


def test_noise_is_less_lively_than_speech_and_music():
    rng = np.random.default_rng(4)
    lively = {
        kind: liveliness_db(loudness(whole(make_event(rng, kind, 20.0))[0]))
        for kind in ("speech", "music", "noise", "hum")
    }
    assert min(lively["speech"], lively["music"]) > 3 * max(lively["noise"], lively["hum"])


def test_claps_are_found_to_a_few_milliseconds():
    rng = np.random.default_rng(5)
    sound = 0.002 * white_noise(rng, 20 * RATE_HZ)
    burst = np.exp(-np.arange(800) / 120) * rng.standard_normal(800)
    for at_s in (3.0, 9.5, 9.6, 15.25):
        first = round(at_s * RATE_HZ)
        sound[first : first + 800] += burst
    found = extract(whole(sound))
    # The echo a tenth of a second later is not another one.
    assert sorted(found.claps_s) == pytest.approx([3.0, 9.5, 15.25], abs=0.004)


def test_pins_are_pairs_of_claps_that_others_confirm():
    def with_claps(times):
        found = extract(whole(white_noise(np.random.default_rng(6), 8 * RATE_HZ)))
        assert isinstance(found, AudioFeature)
        object.__setattr__(found, "claps_s", np.array(times))
        object.__setattr__(found, "clap_strength", np.full(len(times), 20.0))
        return found

    pins = suggest_pins(with_claps([10.0, 17.0, 30.0]), with_claps([2.0, 22.001, 25.0]))
    assert pins[0].a_s - pins[0].b_s == pytest.approx(8.0, abs=0.002)
    assert len(pins) == 3


def test_a_part_of_a_feature_keeps_its_times(talk):
    found = extract(whole(talk), start_s=1.0)
    part = cut(found, 11.0, 21.0)
    moved = round((part.origin_s - 1.0) * FRAME_RATE_HZ)
    assert part.origin_s == pytest.approx(11.0, abs=0.3)
    assert np.array_equal(part.changes, found.changes[:, moved : moved + part.frames])


def test_forgetting_closes_what_was_opened():
    closed = []

    class Sound(ArraySound):
        def close(self):
            closed.append(True)

    extractor = AudioExtractor(CLIP, lambda *_: Sound(np.zeros(4, np.float32), RATE_HZ))
    sound = whole(white_noise(np.random.default_rng(0), 3 * RATE_HZ))
    extractor.feed(SoundBlock(stream=0, start_s=0, rate_hz=RATE_HZ, samples=sound))
    found = extractor.finish()
    assert isinstance(found, AudioFeature)
    assert found.sound is found.sound
    found.forget()
    assert closed == [True]
