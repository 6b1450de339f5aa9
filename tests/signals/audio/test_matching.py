"""Hard cases: short overlaps, noise, repeats, jumps, speeds; each right or refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from clapless.model import CHECK_CONFIDENCE, SYNCED_CONFIDENCE, Match, Refusal
from clapless.signals.audio import AudioFeature, AudioSignal, match_arrays
from clapless.signals.audio.signal import feature_of_array
from clapless.signals.audio.speeds import TRADE_SPEEDS
from clapless.signals.base import Prior
from clapless.synth.recording import NoiseKind, Room
from clapless.synth.sound import Kind, Pair, Truth, draw_microphone, make_negative, make_pair

ANY_SPEED = Prior(speeds=(Fraction(1), *TRADE_SPEEDS))


def devices(seed: int, snr_db: float = 15.0, noise: NoiseKind = "pink", **b: Any) -> Any:
    rng = np.random.default_rng((seed, 8))
    one, two = (draw_microphone(rng, snr_db=snr_db, noise=noise) for _ in range(2))
    return {"microphone_a": one, "microphone_b": replace(two, **b)}


def answer(pair: Pair, prior: Prior | None = None) -> Match | Refusal:
    return match_arrays(pair.a, pair.b, pair.rate_hz, prior=prior)


def worst_ms(pair: Pair, match: Match) -> float:
    """Largest error at six moments of the shared part."""
    assert pair.truth is not None
    first, last = pair.truth.shared_b_s
    times = np.linspace(first, last, 6)  # none in the middle, where samples are lost
    return max(abs(to_a(match, t) - pair.truth.to_a(t)) * 1e3 for t in times)


def to_a(match: Match, t: float) -> float:
    mapped = match.time_map.to_group(t) if match.time_map else None
    return match.to_a(t) if mapped is None else mapped


def assert_synced(pair: Pair, match: Match | Refusal, within_ms: float) -> Match:
    assert isinstance(match, Match), match
    assert match.confidence >= 0.9
    assert worst_ms(pair, match) < within_ms
    return match


@pytest.mark.parametrize("kind", ["speech", "music", "mixed", "ambience", "noise"])
def test_a_minute_in_common_is_exact_to_microseconds(kind: Kind) -> None:
    pair = make_pair(
        1, kind=kind, overlap_s=0, a_s=75, b_s=65, offset_s=9.87654, snr_db=20, drift_ppm=-37.5
    )
    match = assert_synced(pair, answer(pair), within_ms=0.05)
    assert match.drift_ppm == pytest.approx(-37.5, abs=0.6)
    assert match.drift_std_ppm < 1


@pytest.mark.parametrize(("kind", "a_s"), [("speech", 40), ("music", 40), ("drum_machine", 60)])
def test_five_seconds_in_common_are_enough(kind: Kind, a_s: float) -> None:
    pair = make_pair(4, kind=kind, overlap_s=5, a_s=a_s, b_s=30, snr_db=10, drift_ppm=20)
    match = assert_synced(pair, answer(pair), within_ms=0.2)
    assert match.drift_std_ppm > 0.3  # five seconds tell little of a clock


def test_short_recordings_over_a_drum_machine_are_placed_to_check() -> None:
    pair = make_pair(4, kind="drum_machine", overlap_s=12, a_s=30, b_s=20, snr_db=20)
    found = answer(pair)
    assert isinstance(found, Match)
    assert CHECK_CONFIDENCE <= found.confidence < SYNCED_CONFIDENCE
    assert worst_ms(pair, found) < 0.2


def test_a_short_clip_inside_a_long_one() -> None:
    pair = make_pair(3, kind="speech", overlap_s=10, a_s=240, b_s=10, snr_db=10, room=True)
    assert_synced(pair, answer(pair), within_ms=1)


@pytest.mark.parametrize(
    ("changes", "within_ms"),
    [
        ({"snr_db": -5.0, "noise": "babble"}, 0.3),
        ({"snr_db": -5.0, "noise": "wind"}, 0.3),
        ({"agc": True}, 0.1),
        ({"gain_db": 12.0}, 0.1),
        ({"muffled_hz": 800.0}, 0.3),
        ({"bits": 8}, 0.1),
        ({"polarity": -1}, 0.1),
        ({"channels": 2, "channel_delays_s": (0.0, 0.02)}, 0.1),
        ({"channels": 2, "dead_channels": (0,)}, 0.1),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_bad_microphones(changes: dict[str, Any], within_ms: float) -> None:
    pair = make_pair(4, kind="speech", overlap_s=25, a_s=35, b_s=30, **devices(4, **changes))
    match = assert_synced(pair, answer(pair), within_ms)
    assert match.details["polarity"] == changes.get("polarity", 1)


def test_babble_of_minus_5_db_on_both() -> None:
    pair = make_pair(
        5, kind="mixed", overlap_s=40, a_s=50, b_s=45, **devices(5, snr_db=-5.0, noise="babble")
    )
    assert_synced(pair, answer(pair), within_ms=0.3)


@pytest.mark.parametrize("seed", [3, 9])
def test_the_direct_sound_counts_where_reflections_are_louder(seed: int) -> None:
    room = Room(rt60_s=1.0, direct_db=-6.0, first_reflection_s=0.004)
    pair = make_pair(seed, kind="speech", overlap_s=30, a_s=45, b_s=40, **devices(seed, room=room))
    match = assert_synced(pair, answer(pair), within_ms=0.3)
    assert match.offset_std_s > 1e-4  # that another path was all but as strong is said


def test_clocks_200_ppm_apart() -> None:
    pair = make_pair(6, kind="speech", overlap_s=280, a_s=300, b_s=290, drift_ppm=200)
    match = assert_synced(pair, answer(pair), within_ms=0.1)
    assert match.drift_ppm == pytest.approx(200, abs=0.3)


def test_inverted_sides_of_a_stereo_track_do_not_cancel() -> None:
    pair = make_pair(7, kind="speech", overlap_s=20, a_s=30, b_s=25)
    match = match_arrays(pair.a, np.stack([pair.b, -pair.b]), pair.rate_hz)
    assert_synced(pair, match, within_ms=0.1)


@pytest.mark.parametrize("lost_s", [0.02, 0.3, 1.7])
def test_samples_lost_in_the_middle_make_two_segments(lost_s: float) -> None:
    pair = make_pair(
        8,
        kind="speech",
        overlap_s=0,
        a_s=120,
        b_s=80,
        offset_s=15,
        drift_ppm=30,
        **devices(8, drops=((40.0, lost_s),)),
    )
    match = assert_synced(pair, answer(pair), within_ms=0.3)
    assert match.time_map is not None
    assert len(match.time_map.segments) == 2
    assert match.time_map.segments[0].knots[-1][0] == pytest.approx(40.0, abs=0.3)
    back = AudioSignal().match(feature(pair.b, "b"), feature(pair.a, "a"))
    assert isinstance(back, Match)
    assert back.time_map is not None
    assert back.time_map.to_clip(70.0) == pytest.approx(match.time_map.to_group(70.0), abs=1e-4)


def test_samples_lost_by_the_longer_clip() -> None:
    lossy = replace(draw_microphone(np.random.default_rng(9)), drops=((60.0, 0.8),))
    pair = make_pair(9, kind="music", overlap_s=0, a_s=120, b_s=80, offset_s=15, microphone_a=lossy)
    match = answer(pair)
    assert isinstance(match, Match)
    assert match.time_map is not None
    truth = pair.truth
    assert truth is not None
    for t in (2.0, 30.0, 60.0, 78.0):
        assert match.time_map.to_group(t) == pytest.approx(truth.to_a(t), abs=2e-4)


def feature(samples: np.ndarray, name: str) -> AudioFeature:
    found = feature_of_array(samples, 16000, name)
    assert isinstance(found, AudioFeature)
    return found


@pytest.mark.parametrize("speed", [Fraction(1001, 1000), Fraction(24, 25), Fraction(48000, 44100)])
def test_speeds_of_the_trade_are_tried_and_named(speed: Fraction) -> None:
    pair = make_pair(
        10, kind="speech", overlap_s=30 / float(speed) - 1, a_s=60, b_s=30, speed=speed, drift_ppm=8
    )
    assert isinstance(answer(pair), Refusal)
    match = assert_synced(pair, answer(pair, ANY_SPEED), within_ms=0.2)
    assert match.speed == speed
    assert match.drift_ppm == pytest.approx(8, abs=2)
    assert match.details["cause"]
    other = AudioSignal().match(feature(pair.b, "b"), feature(pair.a, "a"), prior=ANY_SPEED)
    assert isinstance(other, Match)
    assert other.speed == 1 / speed


@pytest.mark.parametrize("kind", ["machine_music", "loop"])
def test_exact_repeats_are_a_tie(kind: Kind) -> None:
    pair = make_pair(11, kind=kind, overlap_s=12, a_s=60, b_s=14, snr_db=20)
    found = answer(pair)
    if isinstance(found, Match):  # the repeat may lie outside what was recorded
        assert worst_ms(pair, found) < 1
        return
    assert found.code == "ambiguous"
    assert len(found.candidates) > 1


@pytest.mark.parametrize(
    "kind", ["speech", "music", "drum_machine", "machine_music", "loop", "ambience", "hum"]
)
@pytest.mark.parametrize("room", [False, True])
def test_the_same_piece_at_another_moment_is_refused(kind: Kind, room: bool) -> None:
    pair = make_negative(12 + room, kind, a_s=40, b_s=25, room=room)
    found = answer(pair)
    assert isinstance(found, Refusal), found
    assert found.code in {"no_match", "ambiguous", "silent"}


@pytest.mark.parametrize(
    ("seed", "kind", "a_s", "b_s", "snr_db", "drift_ppm", "room"),
    [
        # A few blows at every bar: rivals that were given up at a first look count.
        (
            700064,
            "drum_machine",
            33.60880966168062,
            11.539075152844678,
            2.610053347056085,
            27.74,
            True,
        ),
        # Blows that all bars share add up where no window shows them by itself.
        (
            900957,
            "drum_machine",
            49.01936241550126,
            17.70176949080432,
            2.432114051444414,
            28.87,
            True,
        ),
        # A section under noise, found at once: its rivals are heard where it is not loud.
        (
            900045,
            "machine_music",
            46.57170574694121,
            13.606835511570916,
            2.589922698487437,
            44.09,
            True,
        ),
        # Clean, and found at once: other bars agree half as much.
        (
            1000562,
            "drum_machine",
            32.60410402766222,
            20.48421309060899,
            30.775472468682732,
            53.11,
            True,
        ),
        (
            1000640,
            "machine_music",
            18.369030035880094,
            13.133177493280872,
            9.254640809321941,
            -20.20,
            False,
        ),
        (
            1000904,
            "machine_music",
            31.638283789686323,
            31.226324709880128,
            28.530052756795783,
            -25.69,
            True,
        ),
        # The end of one lies on the start of the other, where little of a section is heard.
        (
            1200961,
            "machine_music",
            23.25734272026249,
            12.38009547162967,
            19.128991087226005,
            34.77292102498849,
            False,
        ),
        # The section that comes again stands out over the bars as it does over itself.
        (
            700527,
            "machine_music",
            16.816437730020496,
            11.799436495526054,
            6.090225699300847,
            -20.48,
            True,
        ),
    ],
)
def test_music_that_was_once_placed_at_another_moment(
    seed: int, kind: Kind, a_s: float, b_s: float, snr_db: float, drift_ppm: float, room: bool
) -> None:
    pair = make_negative(
        seed, kind, a_s=a_s, b_s=b_s, snr_db=snr_db, room=room, drift_ppm=drift_ppm
    )
    found = answer(pair)
    assert isinstance(found, Refusal)
    assert found.code == "ambiguous"


@pytest.mark.parametrize(
    ("seed", "a_s", "b_s", "snr_db", "drift_ppm"),
    [
        # Noise hides whether its bars repeat; nothing tells it from a band over a drum machine.
        (1320256, 21.66858953285322, 10.64400568259895, 1.2414128508210949, 37.47885649831508),
        # One of the two repeats itself more plainly than the place stands out.
        (1200807, 17.25683396345273, 13.030131690630068, 23.98551458120352, 15.451221134880328),
    ],
)
def test_a_short_piece_that_may_be_a_repeat_is_never_more_than_to_check(
    seed: int, a_s: float, b_s: float, snr_db: float, drift_ppm: float
) -> None:
    pair = make_negative(
        seed, "machine_music", a_s=a_s, b_s=b_s, snr_db=snr_db, drift_ppm=drift_ppm
    )
    found = answer(pair)
    assert isinstance(found, Refusal) or found.confidence < SYNCED_CONFIDENCE


@pytest.mark.parametrize(("kind", "seed"), [("loop", 6), ("drum_machine", 12)])
def test_no_other_speed_tells_repeats_apart(kind: Kind, seed: int) -> None:
    pair = make_negative(seed, kind, a_s=40, b_s=25)
    found = answer(pair, ANY_SPEED)
    assert isinstance(found, Refusal)
    assert found.code == "ambiguous"


def test_silence_is_refused_by_name() -> None:
    pair = make_negative(13, "speech", a_s=12, b_s=8)
    found = match_arrays(pair.a, np.zeros(16000 * 8, np.float32), 16000)
    assert isinstance(found, Refusal)
    assert found.code == "silent"


def test_a_belief_of_the_clock_narrows_a_short_overlap() -> None:
    pair = make_pair(14, kind="speech", overlap_s=8, a_s=30, b_s=20, snr_db=5, drift_ppm=40)
    alone = answer(pair)
    helped = answer(pair, Prior(drift_ppm=40.2, drift_std_ppm=0.5))
    assert isinstance(alone, Match)
    assert isinstance(helped, Match)
    assert abs(helped.drift_ppm - 40) < 1.5
    assert helped.drift_std_ppm <= 0.5 < alone.drift_std_ppm


def test_windows_of_the_answer_are_told() -> None:
    pair = make_pair(15, kind="speech", overlap_s=20, a_s=30, b_s=25, snr_db=15)
    match = answer(pair)
    assert isinstance(match, Match)
    times, off = match.details["window_t_s"], match.details["window_residual_s"]
    assert isinstance(times, list)
    assert isinstance(off, list)
    assert len(times) == len(off) == match.details["windows"]
    assert abs(float(np.median(off))) < 1e-4
    assert isinstance(pair.truth, Truth)
    low, high = pair.truth.shared_b_s
    assert all(low < t < high for t in times)


def test_a_refusal_offers_claps_to_pin() -> None:
    rng = np.random.default_rng(16)
    burst = np.exp(-np.arange(600) / 90) * rng.standard_normal(600)
    sounds = []
    for at_s in (4.0, 7.5):
        sound = 0.003 * rng.standard_normal(16000 * 12)
        first = round(at_s * 16000)
        sound[first : first + 600] += 0.8 * burst * rng.uniform(0.5, 1, 600)
        sounds.append(sound.astype(np.float32))
    found = match_arrays(sounds[0], sounds[1], 16000)
    assert isinstance(found, Refusal)
    pin = found.suggested_pins[0]
    assert (pin.a_s, pin.b_s) == pytest.approx((4.0, 7.5), abs=0.005)
