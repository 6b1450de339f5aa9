"""Sound in memory: windows, resampling, another speed."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.numerics.sound import (
    ArraySound,
    StretchedSound,
    interpolate,
    is_twin,
    to_float,
)


@given(st.integers(-20, 40), st.integers(0, 60))
def test_a_window_is_the_sound_where_there_is_some_and_zero_elsewhere(first, count):
    samples = np.arange(1, 21, dtype=np.float32)
    window = ArraySound(samples, 16000).window(first, count)
    padded = np.concatenate([np.zeros(60, np.float32), samples, np.zeros(140, np.float32)])
    assert np.array_equal(window, padded[60 + first : 60 + first + count])


def test_int16_has_full_scale_one():
    assert to_float(np.array([-32768, 16384], np.int16)).tolist() == [-1.0, 0.5]


def test_two_dimensions_are_no_channel():
    with pytest.raises(ValueError, match="2 dimensions"):
        ArraySound(np.zeros((2, 8), np.float32), 16000)


def test_resampling_keeps_times():
    wave = np.sin(2 * np.pi * 500 * np.arange(44100) / 44100)
    sound = ArraySound.resampled(wave, 44100, 16000)
    expected = np.sin(2 * np.pi * 500 * np.arange(16000) / 16000)
    middle = slice(1000, 15000)
    assert np.abs(sound.window(0, 16000)[middle] - expected[middle]).max() < 1e-3


@pytest.mark.parametrize("speed", [Fraction(25, 24), Fraction(1000, 1001), Fraction(48000, 44100)])
def test_a_stretched_sound_is_the_same_tone_at_another_pitch(speed):
    rate = 16000
    tone = np.sin(2 * np.pi * 300 * np.arange(4 * rate) / rate).astype(np.float32)
    stretched = StretchedSound(ArraySound(tone, rate, origin_s=2.0), speed)
    assert stretched.origin_s == pytest.approx(2.0 / float(speed))
    assert stretched.length == int(4 * rate / speed)
    first = 5000
    new_time = np.arange(first, first + 2000) / rate
    expected = np.sin(2 * np.pi * 300 * float(speed) * new_time)
    assert np.abs(stretched.window(first, 2000) - expected).max() < 2e-3


def test_windows_of_a_stretched_sound_fit_together():
    rng = np.random.default_rng(0)
    sound = StretchedSound(
        ArraySound(rng.standard_normal(8000).astype(np.float32), 16000), Fraction(25, 24)
    )
    whole = sound.window(1000, 3000)
    assert np.allclose(whole[700:900], sound.window(1700, 200), atol=1e-5)


def test_interpolation_outside_the_samples_is_silence():
    assert interpolate(np.ones(10, np.float32), np.array([-100.0, 200.0])).tolist() == [0.0, 0.0]


@given(st.integers(0, 2**32), st.floats(0.0, 0.02), st.floats(0.2, 1.0))
def test_a_channel_is_its_own_twin_but_for_coding_and_level_tells_channels_apart(
    seed, residue, gain
):
    rng = np.random.default_rng(seed)
    sound = rng.normal(0, 3000, 4000)
    coded = sound + residue * rng.normal(0, 3000, 4000)
    one, other = (np.clip(np.rint(x), -32768, 32767).astype(np.int16) for x in (sound, coded))
    assert is_twin(one, one)
    assert is_twin(one, other)
    assert not is_twin(one, np.rint(one * (gain - 0.1)).astype(np.int16))
    assert not is_twin(one, rng.permutation(one))


def test_silence_and_dither_are_twins_and_a_whisper_on_one_side_is_none():
    silence = np.zeros(1000, np.int16)
    dither = np.tile(np.array([1, 0, -1, 0], np.int16), 250)
    whisper = np.tile(np.array([3, 0, -3, 0], np.int16), 250)
    assert is_twin(silence, dither)
    assert not is_twin(silence, whisper)
