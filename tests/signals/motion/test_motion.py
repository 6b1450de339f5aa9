"""The motion signal: contract, refusals, evidence of two sensors, files, real telemetry."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motion_slices import Slice, error_s, length_s, match_slices

from clapless.errors import DamagedMediaError
from clapless.media.gpmf import Telemetry, TelemetryStream
from clapless.media.reading import Need
from clapless.model import Clip, Match, MediaFile, Refusal, inverse
from clapless.numerics.rotations import angle_between_deg
from clapless.signals.base import Extractor, Feature, Prior, Signal
from clapless.signals.motion import MotionFeature, MotionSignal
from clapless.signals.motion.feature import Sensor
from clapless.synth.gpmf import Stream, Writer
from clapless.synth.mp4_track import add_telemetry
from tests.media.making import Picture, write_media
from tests.signals.motion.making import FINE_HZ, TURN, Camera, body, calm, stream


def pair(
    seed: int = 1, *, drift_ppm: float = 40.0, keys: tuple[str, ...] = ("GYRO", "ACCL")
) -> tuple[MotionSignal, MotionFeature, MotionFeature]:
    """Return two cameras on one body; b starts 8 s later and is turned by `TURN`."""
    felt, cameras = body(50.0, seed), Camera()
    a = cameras.feature("a", *(stream(k, felt[k], 0.0, 40.0, seed=2 * seed) for k in keys))
    b = cameras.feature(
        "b",
        *(
            stream(k, felt[k], 8.0, 50.0, drift_ppm=drift_ppm, turn=TURN, seed=2 * seed + 1)
            for k in keys
        ),
    )
    return cameras.signal, a, b


def matched(found: Match | Refusal) -> Match:
    assert isinstance(found, Match), found
    return found


def test_it_is_a_signal() -> None:
    signal: Signal = MotionSignal()
    assert (signal.name, signal.proves) == ("motion", "moment")
    clip = Clip(id="a", name="a", files=(MediaFile(path=Path("a.wav")),))
    extractor: Extractor = signal.extractor(clip)
    assert extractor.needs == {Need.TELEMETRY}
    assert not signal.applies_to(clip)


@pytest.mark.parametrize("keys", [("GYRO", "ACCL"), ("GYRO",), ("ACCL",)])
def test_place_drift_and_rotation(keys: tuple[str, ...]) -> None:
    signal, a, b = pair(keys=keys)
    found = matched(signal.match(a, b))
    assert found.to_a(16.0) == pytest.approx(8.0 + 16.0 / (1 + 40e-6), abs=1e-4)
    assert found.drift_ppm == pytest.approx(40.0, abs=3 * found.drift_std_ppm)
    assert found.confidence > 0.99
    assert found.ceiling is None
    rotation = np.array(found.details["rotation"], float)
    assert angle_between_deg(rotation, TURN.T) < 1.0
    names = {"GYRO": "gyroscope", "ACCL": "accelerometer"}
    assert all(names[key] in found.details for key in keys)
    (span,) = found.spans_s
    assert span == pytest.approx((0.0, 32.0), abs=0.1)


def test_the_interval_holds_latency_and_clocks() -> None:
    signal, a, b = pair()
    same = matched(signal.match(a, b))
    other = matched(signal.match(a, replace(b, model="HERO5")))
    assert 0.002 <= same.offset_std_s < 0.003
    assert other.offset_std_s == pytest.approx(0.01414, abs=5e-4)
    assert other.offset_s == same.offset_s


def test_seen_from_the_other_clip_it_is_the_inverse() -> None:
    signal, a, b = pair()
    there, back = matched(signal.match(a, b)), inverse(matched(signal.match(b, a)))
    for t_b_s in (0.0, 15.0, 40.0):
        assert there.to_a(t_b_s) == pytest.approx(back.to_a(t_b_s), abs=2e-4)
    rotations = [
        np.array(matched(signal.match(*order)).details["rotation"], float)
        for order in ((a, b), (b, a))
    ]
    assert angle_between_deg(rotations[0], rotations[1].T) < 0.5


def test_a_feature_survives_the_store() -> None:
    signal, a, b = pair()
    again = signal.from_arrays(b.clip, b.to_arrays())
    feature: Feature = again
    assert feature.clip is b.clip
    assert again.model == b.model
    one, other = matched(signal.match(a, b)), matched(signal.match(a, again))
    assert other == one


def test_forgetting_changes_nothing() -> None:
    signal, a, b = pair()
    one = signal.match(a, b)
    a.forget()
    b.forget()
    assert signal.match(a, b) == one


def test_excluded_spans_are_not_used() -> None:
    signal, a, b = pair()
    sensor = b.sensors["gyroscope"]
    values = np.array(sensor.movement.values)
    values[: 10 * 200] = np.random.default_rng(1).standard_normal((2000, 3))
    movement = replace(sensor.movement, values=values)
    spoiled = replace(b, sensors={"gyroscope": Sensor.of(movement, time_std_s=1e-4)})
    found = matched(signal.match(a, spoiled, exclude_spans=[(0.0, 10.5)]))
    assert found.to_a(20.0) == pytest.approx(8.0 + 20.0 / (1 + 40e-6), abs=2e-4)
    assert isinstance(signal.match(a, spoiled, exclude_spans=[(0.0, 99.0)]), Refusal)


def test_a_hard_prior_looks_nowhere_else() -> None:
    signal, a, b = pair()
    right = Prior(offset_s=8.004, offset_std_s=0.005, hard=True)
    wrong = Prior(offset_s=11.0, offset_std_s=0.01, hard=True)
    assert matched(signal.match(a, b, prior=right)).offset_s == pytest.approx(8.0, abs=1e-3)
    assert isinstance(signal.match(a, b, prior=wrong), Refusal)


def test_a_speed_by_trade_is_tried_when_it_is_asked_for() -> None:
    felt, cameras = body(40.0, 3), Camera()
    speed = Fraction(24, 25)
    a = cameras.feature("a", *(stream(k, felt[k], 0.0, 30.0) for k in felt))
    b = cameras.feature(
        "b", *(stream(k, felt[k], 5.0, 40.0, speed=float(speed), seed=4) for k in felt)
    )
    assert isinstance(cameras.signal.match(a, b), Refusal)
    found = matched(cameras.signal.match(a, b, prior=Prior(speeds=(Fraction(1), speed))))
    assert found.speed == speed
    assert found.to_a(10.0) == pytest.approx(5.0 + 10.0 / float(speed), abs=1e-3)
    assert found.spans_s[0][1] == pytest.approx(25.0 * float(speed), abs=0.1)


@settings(max_examples=10)
@given(st.integers(0, 1000), st.floats(4.0, 30.0), st.floats(4.0, 30.0))
def test_other_movements_are_refused(seed: int, a_s: float, b_s: float) -> None:
    cameras = Camera()
    one, other = body(a_s, 2 * seed), body(b_s, 2 * seed + 1)
    a = cameras.feature("a", *(stream(k, one[k], 0.0, a_s - 0.1) for k in one))
    b = cameras.feature("b", *(stream(k, other[k], 0.0, b_s - 0.1) for k in other))
    found = cameras.signal.match(a, b)
    assert isinstance(found, Refusal)
    assert found.code in ("no_match", "periodic", "ambiguous")
    assert (found.a, found.b, found.signal) == ("a", "b", "motion")


def test_sensors_that_contradict_each_other_are_shown_not_averaged() -> None:
    felt, cameras = body(50.0, 5), Camera()
    a = cameras.feature("a", *(stream(k, felt[k], 0.0, 8.0) for k in felt))
    b = cameras.feature(
        "b",
        stream("GYRO", felt["GYRO"], 4.0, 12.0, seed=1),
        stream("ACCL", felt["ACCL"], 2.0, 10.0, seed=1),
    )
    found = cameras.signal.match(a, b)
    if isinstance(found, Match):
        # Only where one of them proves it alone, beyond doubt, and the other is named.
        assert found.details.get("without")
        assert float(str(found.details["evidence"])) > 33
    else:
        assert found.code == "ambiguous"
        assert len(found.candidates) >= 2


def test_steady_shaking_is_refused_as_periodic() -> None:
    cameras = Camera()
    t = np.arange(0, 60, 1 / FINE_HZ)[:, None]
    shaking = np.sin(2 * np.pi * 3.0 * t + np.array([0.0, 1.0, 2.0])) * [1.0, 0.6, 0.3]
    a = cameras.feature("a", stream("GYRO", shaking, 0.0, 40.0, seed=1))
    b = cameras.feature("b", stream("GYRO", shaking, 7.3, 60.0, seed=2))
    found = cameras.signal.match(a, b)
    assert isinstance(found, Refusal)
    assert found.code == "periodic"
    assert len(found.candidates) > 1


@pytest.mark.parametrize(
    ("streams", "lapse", "code"),
    [
        ((), 1.0, "no_telemetry"),
        (tuple(stream(k, v, 0.0, 20.0) for k, v in calm(20.0, 1).items()), 1.0, "too_calm"),
        ((stream("GYRO", body(2.0, 1)["GYRO"], 0.0, 1.9),), 1.0, "too_short"),
        ((stream("GYRO", body(20.0, 1)["GYRO"], 0.0, 20.0),), 15.0, "time_lapse"),
    ],
    ids=["nothing", "calm", "short", "lapse"],
)
def test_clips_that_cannot_serve_say_why(
    streams: tuple[TelemetryStream, ...], lapse: float, code: str
) -> None:
    cameras = Camera()
    clip = cameras.add("a", *streams, lapse=lapse)
    found = cameras.signal.extractor(clip).finish()
    assert isinstance(found, Refusal)
    assert (found.a, found.b, found.code) == ("a", "a", code)
    assert not found.reason.endswith(".")


def test_a_file_that_cannot_be_read_is_a_refusal() -> None:
    def reader(clip: Clip, keys: Collection[str]) -> Telemetry:
        raise DamagedMediaError(clip.path, "breaks off in its index")

    clip = Clip(id="a", name="a", files=(MediaFile(path=Path("a.mp4")),))
    found = MotionSignal(reader).extractor(clip).finish()
    assert isinstance(found, Refusal)
    assert found.reason == "its telemetry cannot be read: it breaks off in its index"


def test_one_with_a_gyroscope_and_one_without() -> None:
    felt, cameras = body(20.0, 1), Camera()
    a = cameras.feature("a", stream("GYRO", felt["GYRO"], 0.0, 20.0))
    b = cameras.feature("b", stream("ACCL", felt["ACCL"], 0.0, 20.0))
    found = cameras.signal.match(a, b)
    assert isinstance(found, Refusal)
    assert found.code == "no_sensor"


@pytest.mark.media
def test_two_cameras_from_their_files(tmp_path: Path) -> None:
    """A stamped HERO9 and a counted HERO7 on one body, axes stored each in its own order."""
    felt = body(60.0, 9)
    movie = write_media(
        tmp_path / "plain.mp4", picture=Picture(rate=Fraction(30000, 1001), count=1500)
    )
    fine_s = np.arange(felt["GYRO"].shape[0]) / FINE_HZ
    cameras = {
        "GX010001": ("HERO9 Black", "ZXY", True, 0.0, 199.7, None),
        "GH010007": ("Hero7 Black", "YxZ", False, 6.4, 198.3, TURN),
    }
    clips = []
    for name, (device, order, stamped, start_s, rate_hz, turn) in cameras.items():
        own_s = np.arange(0.0, 49.0, 1 / rate_hz)
        streams = []
        for key, unit, scale in (("ACCL", "m/s²", 418), ("GYRO", "rad/s", 2000)):
            values = np.stack(
                [np.interp(own_s + start_s, fine_s, axis) for axis in felt[key].T], axis=1
            )
            streams.append(
                Stream(
                    key=key,
                    times_s=own_s,
                    values=values if turn is None else values @ turn.T,
                    scale=(scale,),
                    unit=unit,
                    order=order,
                    stamped=stamped,
                )
            )
        frame_s = np.arange(0.0, 49.0, 1001 / 30000)
        streams.append(
            Stream(
                key="CORI",
                times_s=frame_s,
                values=np.tile([1.0, 0, 0, 0], (frame_s.size, 1)),
                scale=(32767,),
                stamped=stamped,
            )
        )
        payloads = Writer(device=device).payloads(streams, count=48)
        path = add_telemetry(movie, tmp_path / f"{name}.mp4", payloads)
        clips.append(Clip(id=name, name=name, files=(MediaFile(path=path),)))
    signal = MotionSignal()
    assert all(signal.applies_to(clip) for clip in clips)
    features: list[MotionFeature] = []
    for clip in clips:
        feature = signal.extractor(clip).finish()
        assert isinstance(feature, MotionFeature)
        features.append(feature)
    found = matched(signal.match(features[0], features[1]))
    # A counted clock is right to a part of a sample interval.
    assert found.offset_s == pytest.approx(6.4, abs=0.002)
    assert abs(found.offset_s - 6.4) < 2 * found.offset_std_s
    assert angle_between_deg(np.array(found.details["rotation"], float), TURN.T) < 1.0
    assert found.confidence > 0.99


@pytest.mark.real
def test_slices_of_real_recordings(shared_data: Path) -> None:
    assert shared_data.is_dir()
    for name in ("hero5 karma", "hero7 hand"):
        a = Slice(name=name, start_s=0.0, end_s=8.0, seed=1)
        b = Slice(name=name, start_s=4.0, end_s=length_s(name), seed=2, turned=3, drift_ppm=25.0)
        found = matched(match_slices(a, b))
        assert abs(error_s(found, a, b)) < 5e-4
    a = Slice(name="hero7 ride", start_s=0.0, end_s=75.0, seed=1, turned=1)
    b = Slice(name="hero7 ride", start_s=15.0, end_s=95.0, seed=2, turned=2, drift_ppm=-50.0)
    assert abs(error_s(matched(match_slices(a, b)), a, b)) < 1e-4
    calm = Slice(name="hero8 basement", start_s=20.0, end_s=60.0)
    refused = match_slices(calm, replace(calm, start_s=30.0))
    assert isinstance(refused, Refusal)
    assert refused.code == "too_calm"
    # The first and the second half of one walk have the same gait and no moment.
    first = Slice(name="hero8 walking", start_s=0.0, end_s=24.0, seed=1)
    second = Slice(name="hero8 walking", start_s=25.0, end_s=49.0, seed=2)
    assert isinstance(match_slices(first, second), Refusal)
