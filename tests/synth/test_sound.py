"""What the generated sound promises: repeatable, exact in time, honest."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from clapless.synth.recording import (
    Microphone,
    Room,
    impulse_response,
    record,
)
from clapless.synth.resampling import resample_at
from clapless.synth.sound import (
    KINDS,
    RATE_HZ,
    REPEATING,
    Kind,
    make_event,
    make_negative,
    make_pair,
)

PERFECT = Microphone(bits=None)


def _lag_s(a, b, rate_hz=RATE_HZ):
    """How much later b is than a, by the slope of the phase of their cross spectrum."""
    cross = np.fft.rfft(b) * np.conj(np.fft.rfft(a))
    correlation = np.fft.irfft(cross, a.size)
    whole = int(np.argmax(correlation))
    whole -= a.size if whole > a.size // 2 else 0
    hz = np.fft.rfftfreq(a.size, 1 / rate_hz)
    aligned = cross * np.exp(2j * np.pi * hz * whole / rate_hz)
    band = (hz > 300) & (hz < 6000)
    turn = 2 * np.pi * hz[band]
    weight = np.abs(aligned[band])
    slope = np.sum(weight * turn * np.angle(aligned[band])) / np.sum(weight * turn**2)
    return whole / rate_hz - slope


def _residual_lags_s(pair, window_s=2.0):
    """Lag of b at its true place, window by window over the shared part."""
    truth = pair.truth
    first_s, last_s = truth.shared_b_s
    lags = []
    for t_s in np.arange(first_s + 0.1, last_s - window_s - 0.1, window_s):
        clip_s = t_s + np.arange(int(window_s * pair.rate_hz)) / pair.rate_hz
        on_a = np.array([truth.to_a(float(t)) for t in (clip_s[0], clip_s[-1])])
        positions = np.interp(clip_s, clip_s[[0, -1]], on_a) * pair.rate_hz
        taper = np.hanning(clip_s.size)
        a = resample_at(pair.a, positions) * taper
        b = resample_at(pair.b, clip_s * pair.rate_hz) * taper
        lags.append(_lag_s(a, b, pair.rate_hz))
    return np.array(lags)


def test_a_band_limited_signal_is_met_between_its_samples():
    rng = np.random.default_rng(0)
    hz, phase = rng.uniform(100, 6800, 20), rng.uniform(0, 6, 20)

    def exact(t_s):
        return np.sin(2 * np.pi * np.outer(hz, t_s) + phase[:, None]).sum(axis=0)

    samples = exact(np.arange(32000) / RATE_HZ).astype(np.float32)
    positions = 1000.37 + np.arange(25000) / (1 + 2e-4)
    truth = exact(positions / RATE_HZ)
    error = resample_at(samples, positions) - truth
    assert np.mean(error**2) < 1e-5 * np.mean(truth**2)
    slope = np.gradient(truth, 1 / RATE_HZ)
    delay_s = -np.sum(error * slope) / np.sum(slope**2)
    assert abs(delay_s) < 1e-8


def test_outside_the_event_there_is_silence():
    event = np.ones(1000, np.float32)
    values = resample_at(event, np.array([-5000.0, -40.0, 500.5, 1040.0, 1e7]))
    assert np.allclose(values, [0, 0, 1, 0, 0], atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_sound_and_another_one_another(kind: Kind):
    one, two = (make_event(np.random.default_rng(5), kind, 6.0) for _ in range(2))
    other = make_event(np.random.default_rng(6), kind, 6.0)
    assert one.dtype == np.float32
    assert one.size == 6 * RATE_HZ + 1
    assert np.array_equal(one, two)
    assert np.all(np.isfinite(one))
    if kind == "silence":
        assert not one.any()
        return
    assert np.mean(np.square(one, dtype=np.float64)) == pytest.approx(1.0, rel=1e-3)
    assert not np.array_equal(one, other)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    drift_ppm=st.floats(-300, 300),
    offset_s=st.floats(-6.0, 6.0),
)
def test_the_truth_holds_at_both_ends_of_the_overlap(seed, drift_ppm, offset_s):
    pair = make_pair(
        seed,
        kind="noise",
        overlap_s=0,
        a_s=12.0,
        b_s=12.0,
        drift_ppm=drift_ppm,
        offset_s=offset_s,
        microphone_a=PERFECT,
        microphone_b=PERFECT,
    )
    assert np.max(np.abs(_residual_lags_s(pair))) < 1e-6


@pytest.mark.parametrize(
    "speed", [Fraction(1001, 1000), Fraction(25, 24), Fraction(24, 25), Fraction(48000, 44100)]
)
def test_a_speed_of_the_trade_is_exact(speed):
    pair = make_pair(
        3,
        kind="speech",
        overlap_s=8.0,
        a_s=20.0,
        b_s=8.0 * float(speed),
        speed=speed,
        microphone_a=PERFECT,
        microphone_b=PERFECT,
    )
    assert pair.truth is not None
    assert pair.truth.speed == speed
    assert np.max(np.abs(_residual_lags_s(pair))) < 2e-6


def test_colour_level_and_gain_do_not_move_the_sound():
    ordinary = Microphone(eq_db=4.0, agc=True, gain_db=3.0, bits=12)
    muffled = Microphone(eq_db=2.0, muffled_hz=1500.0)
    pair = make_pair(
        8,
        kind="speech",
        overlap_s=20.0,
        a_s=20.0,
        b_s=20.0,
        microphone_a=ordinary,
        microphone_b=muffled,
    )
    assert np.median(np.abs(_residual_lags_s(pair))) < 2e-5


def test_dropped_samples_are_a_jump_of_the_time_map():
    pair = make_pair(
        4,
        kind="noise",
        overlap_s=0.0,
        offset_s=2.0,
        a_s=30.0,
        b_s=20.0,
        drift_ppm=80.0,
        microphone_a=PERFECT,
        microphone_b=Microphone(bits=None, drops=((9.0, 0.4321),)),
    )
    truth = pair.truth
    assert truth is not None
    assert truth.time_map is not None
    before, after = truth.time_map.segments
    assert before.knots[-1][0] == after.knots[0][0] == 9.0
    assert after.knots[0][1] - before.knots[-1][1] == pytest.approx(0.4321, abs=1e-9)
    lags = [
        lag
        for t_s, lag in zip(np.arange(0.1, 20.0, 2.0), _residual_lags_s(pair), strict=False)
        if not t_s < 9.0 < t_s + 2.0
    ]
    assert np.max(np.abs(lags)) < 1e-6


def test_the_first_arrival_in_a_room_is_the_direct_sound():
    response = impulse_response(np.random.default_rng(1), Room(first_reflection_s=0.003), RATE_HZ)
    assert response[0] == 1.0
    assert np.abs(response[1 : int(0.003 * RATE_HZ)]).max() < 1e-6
    later = np.sum(response[1:].astype(np.float64) ** 2)
    assert later == pytest.approx(1.0, rel=1e-3)  # direct_db = 0


def test_the_noise_is_as_loud_as_it_says_within_the_shared_part():
    event = make_event(np.random.default_rng(2), "speech", 20.0)
    clean, noisy = (
        record(
            event,
            RATE_HZ,
            start_s=4.0,
            duration_s=10.0,
            microphone=Microphone(bits=None, snr_db=snr_db),
            seed=1,
            snr_span_s=(3.0, 6.0),
        )
        for snr_db in (None, 5.0)
    )
    part = slice(3 * RATE_HZ, 6 * RATE_HZ)
    gain = np.dot(noisy[part], clean[part]) / np.dot(clean[part], clean[part])
    noise = noisy[part] - gain * clean[part]
    ratio = np.mean((gain * clean[part]) ** 2) / np.mean(noise**2)
    assert 10 * np.log10(ratio) == pytest.approx(5.0, abs=0.3)


def test_the_noise_of_two_devices_has_nothing_in_common():
    silence = np.zeros(20 * RATE_HZ, np.float32)
    a, b = (
        record(
            silence,
            RATE_HZ,
            start_s=0.0,
            duration_s=20.0,
            microphone=Microphone(snr_db=0.0, noise="white", bits=None),
            seed=(7, index),
        )
        for index in (1, 2)
    )
    peak = np.abs(signal.correlate(a, b, method="fft")).max()
    assert peak < 7 * np.sqrt(np.mean(a**2) * np.mean(b**2) * a.size)


def _moving_sum(values, width):
    total = np.concatenate(([0.0], np.cumsum(values)))
    return total[width:] - total[:-width] + 1e-9


def _highest_repeat(sound, *, window_s=4.0):
    """Highest normalised correlation of one window with any other place of the sound."""
    width = int(window_s * RATE_HZ)
    best = 0.0
    for start in range(0, sound.size - width, sound.size // 5):
        window = sound[start : start + width]
        correlation = np.abs(signal.correlate(sound, window, mode="valid", method="fft"))
        energy = np.sqrt(_moving_sum(sound**2, width) * np.sum(window**2))
        correlation /= energy
        correlation[max(0, start - width // 2) : start + width // 2] = 0.0
        best = max(best, float(correlation.max()))
    return best


@pytest.mark.parametrize("kind", ["speech", "music", "ambience", "babble", "noise", "mixed"])
def test_provable_kinds_do_not_repeat_themselves(kind: Kind):
    event = make_event(np.random.default_rng(11), kind, 60.0)
    high = signal.sosfilt(signal.butter(4, 150, "high", fs=RATE_HZ, output="sos"), event)
    assert _highest_repeat(high.astype(np.float64)) < 0.7


@pytest.mark.parametrize("kind", ["loop", "machine_music"])
def test_repeating_kinds_repeat_to_the_sample(kind: Kind):
    event = make_event(np.random.default_rng(11), kind, 60.0).astype(np.float64)
    assert _highest_repeat(event) > 0.97


def test_pairs_say_what_can_be_proven():
    def pair(kind: Kind, snr_db: float = 20.0):
        return make_pair(1, kind=kind, overlap_s=5.0, a_s=8.0, b_s=7.0, snr_db=snr_db)

    assert pair("speech", 0.0).provable
    assert not pair("speech", -1.0).provable
    for kind in REPEATING:
        assert not pair(kind).provable
    assert pair("speech").overlap_s == pytest.approx(5.0, abs=1e-9)


def test_a_pair_shares_what_was_asked_for():
    inside = make_pair(2, kind="noise", overlap_s=6.0, a_s=30.0, b_s=6.0)
    assert inside.truth is not None
    assert 0.0 <= inside.truth.offset_s <= 24.0
    assert inside.truth.shared_b_s == pytest.approx((0.0, 6.0), abs=1e-9)
    with pytest.raises(ValueError, match="cannot share"):
        make_pair(2, kind="noise", overlap_s=10.0, a_s=30.0, b_s=6.0)
    with pytest.raises(ValueError, match="nothing in common"):
        make_pair(2, kind="noise", overlap_s=1.0, a_s=30.0, b_s=6.0, offset_s=31.0)


def test_negatives_share_no_moment():
    pair = make_negative(3, "noise", a_s=12.0, b_s=9.0)
    assert pair.truth is None
    assert pair.overlap_s == 0.0
    assert not pair.provable
    peak = np.abs(signal.correlate(pair.a, pair.b, method="fft")).max()
    power = np.sqrt(np.mean(pair.a**2) * np.mean(pair.b**2))
    assert peak < 0.35 * power * pair.b.size


def test_channels_may_be_dead_or_late():
    mic = Microphone(channels=3, dead_channels=(1,), channel_delays_s=(0.0, 0.0, 0.004), bits=None)
    event = make_event(np.random.default_rng(2), "noise", 8.0)
    sound = record(event, RATE_HZ, start_s=1.0, duration_s=6.0, microphone=mic, seed=3)
    assert sound.shape == (3, 6 * RATE_HZ)
    assert not sound[1].any()
    assert _lag_s(sound[0], sound[2]) == pytest.approx(0.004, abs=2e-5)
