"""Satellite time and movement: an honest interval, traps seen, nothing placed by file times."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clapless.media.gpmf import Telemetry, parse_gpmf, split_payloads
from clapless.model import Clip, Match, MediaFile, Refusal, inverse
from clapless.signals.gps import GpsFeature, GpsSignal
from clapless.signals.gps.clocks import LAG_STD_S, utc_clock
from clapless.synth.receiver import Receiver, telemetry
from clapless.synth.ride import logged, ride
from clapless.synth.tracks import fit_bytes, gpx_text

SIGNAL = GpsSignal()
DATA = Path(__file__).parents[4] / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real recordings are not here")


def clip_of(name, *, seconds=120, device=None, **metadata):
    return Clip(
        id=name,
        name=name,
        files=(MediaFile(path=Path(f"{name}.mp4")),),
        device=device,
        duration_s=Fraction(seconds),
        metadata=metadata,
    )


def taken(name, way, receiver=None, *, start_s=100.0, seconds=120.0, seed=0, **metadata):
    """Return the feature of a camera that was on a ride, or its refusal."""
    said = telemetry(way, receiver or Receiver(), start_s=start_s, duration_s=seconds, seed=seed)
    clip = clip_of(name, seconds=int(seconds), **metadata)
    return GpsSignal(reader=lambda _: said).extractor(clip).finish()


def feature(*args, **more) -> GpsFeature:
    found = taken(*args, **more)
    assert isinstance(found, GpsFeature), found
    return found


def matched(a, b) -> Match:
    found = SIGNAL.match(a, b)
    assert isinstance(found, Match), found
    return found


def test_riders_apart_are_placed_by_time_within_their_interval():
    # tests/benchmarks/gps_time.py has the distribution of lags.
    errors, stds = [], []
    for number in range(40):
        rng = np.random.default_rng(number)
        source = "GPS9" if number % 2 else "GPS5"
        lags = rng.gamma(*((1.0, 0.15) if source == "GPS9" else (1.56, 0.32)), 2)
        offset_s = float(rng.uniform(-40, 40))
        a, b = (
            feature(
                name,
                ride(number * 2 + seed, 300.0),
                Receiver(source=source, lag_s=float(lag)),
                start_s=100.0 + seed * offset_s,
                seconds=60.0,
                seed=seed,
            )
            for name, lag, seed in zip("ab", lags, (0, 1), strict=True)
        )
        found = matched(a, b)
        assert found.ceiling == "check"
        assert found.details["by"] == "time"
        errors.append(abs(found.offset_s - offset_s))
        stds.append(found.offset_std_s)
    assert 0.6 <= np.mean(np.array(errors) <= np.array(stds)) <= 0.9
    assert min(stds) > 0.2


def test_one_vehicle_is_placed_by_its_movement():
    way = ride(3, 400.0)
    a = feature("a", way, Receiver(source="GPS9", latency_s=0.1), seed=1)
    b = feature("b", way, Receiver(lag_s=0.9, rate_hz=10.0, latency_s=0.2), start_s=131.7, seed=2)
    found = matched(a, b)
    assert found.details["by"] == "movement"
    assert found.offset_s == pytest.approx(31.7, abs=0.25)
    assert abs(found.offset_s - 31.7) < 2 * found.offset_std_s
    assert found.confidence > 0.9
    assert found.spans_s[0] == pytest.approx((0.0, 120.0 - found.offset_s), abs=1e-6)
    assert matched(b, a).offset_s == pytest.approx(inverse(found).offset_s, abs=1e-6)


@pytest.mark.parametrize("ahead_s", [2.0, 18.0])
def test_movement_catches_missing_leap_seconds(ahead_s):
    way = ride(4, 400.0)
    a = feature("a", way, seed=1)
    b = feature("b", way, Receiver(ahead_s=ahead_s), start_s=110.0, seed=2)
    found = matched(a, b)
    assert found.details["by"] == "movement"
    assert found.offset_s == pytest.approx(10.0, abs=0.3)
    told = found.details.get("clock_off_s", found.details.get("time_minus_movement_s"))
    assert told == pytest.approx(ahead_s, abs=1.0)


def test_another_on_the_same_way_is_not_taken_for_the_same():
    way = ride(5, 500.0)
    behind = replace(way, utc_s=way.utc_s + 45.0)
    a = feature("a", way, start_s=100.0, seed=1)
    b = feature("b", behind, start_s=70.0, seed=2)  # began 15 s later, 45 s behind on the way
    found = matched(a, b)
    assert found.details["by"] == "time"
    assert found.offset_s == pytest.approx(15.0, abs=1.5)
    assert found.details["another_on_the_same_way_later_by_s"] == pytest.approx(-45, abs=1.5)


def test_leap_seconds_that_come_while_recording_are_seen():
    receiver = Receiver(ahead_s=18.0, fix_at_s=4.0, leap_known_at_s=80.0)
    way = ride(6, 400.0)
    found = feature("a", way, receiver)
    assert found.clock is not None
    assert found.clock.zero_s - way.utc_s - 100.0 == pytest.approx(-receiver.lag_s, abs=0.2)
    assert found.clock.doubt == ""


def test_a_first_fix_while_recording_is_doubted():
    found = feature("a", ride(6, 400.0), Receiver(fix_at_s=20.0))
    assert found.clock is not None
    assert "leap seconds" in found.clock.doubt
    answer = matched(found, feature("b", ride(7, 400.0), start_s=130.0))
    assert 0.5 <= answer.confidence < 0.9


def test_no_fix_no_answer_and_the_date_of_2015_is_not_used():
    answer = taken("a", ride(6, 400.0), Receiver(fix_at_s=1000.0))
    assert isinstance(answer, Refusal)
    assert (answer.a, answer.b, answer.code) == ("a", "a", "no_fix")
    nothing = GpsSignal(reader=lambda _: Telemetry()).extractor(clip_of("c")).finish()
    assert isinstance(nothing, Refusal)
    assert nothing.code == "no_telemetry"


def test_the_first_date_may_be_stale():
    times = np.arange(0.0, 30.0)
    dates = 1.7e9 + times - np.where(times == 0, 2.47, 0.0)
    found = utc_clock(times, dates, source="GPS5", first_s=0.0)
    assert found is not None
    assert found.zero_s == pytest.approx(1.7e9, abs=1e-6)
    assert found.std_s == pytest.approx(LAG_STD_S["GPS5"], rel=0.01)


def test_wild_dates_make_no_clock():
    rng = np.random.default_rng(1)
    times = np.arange(0.0, 30.0)
    assert utc_clock(times, 1.7e9 + rng.uniform(0, 900, 30), source="GPS5", first_s=0.0) is None
    assert utc_clock(times, np.full(30, np.nan), source="GPS5", first_s=0.0) is None


def test_a_time_lapse_is_off_speed():
    said = telemetry(
        ride(8, 400.0), Receiver(source="GPS9", rate_hz=1.0), start_s=50.0, duration_s=300.0, seed=1
    )
    (stream,) = said.streams
    lapse = replace(said, lapse=15.0, streams=(replace(stream, times_s=stream.times_s / 15.0),))
    a = GpsSignal(reader=lambda _: lapse).extractor(clip_of("a", seconds=20)).finish()
    assert isinstance(a, GpsFeature)
    assert a.speed == Fraction(1, 15)
    b = feature("b", ride(9, 400.0), Receiver(source="GPS9"), start_s=200.0)
    found = matched(b, a)
    assert found.speed == Fraction(1, 15)
    assert found.offset_s == pytest.approx(-150.0, abs=1.0)
    assert found.to_a(10.0) == pytest.approx(0.0, abs=1.0)


def test_other_days_are_refused_unless_the_movement_is_one_beyond_doubt():
    way, other = ride(3, 400.0), ride(4, 400.0)
    a = feature("a", way)
    later = replace(other, utc_s=way.utc_s + 86400.0)
    answer = SIGNAL.match(a, feature("b", later, seed=2, start_s=110.0))
    assert isinstance(answer, Refusal)
    assert answer.code == "other_day"
    assert "1 day apart" in answer.reason
    # HERO11 kept the year 2016 whatever the satellites said; nobody repeats a ride to 2 %.
    stuck = replace(way, utc_s=way.utc_s - 10 * 365 * 86400.0)
    found = matched(a, feature("b", stuck, seed=2, start_s=110.0))
    assert found.offset_s == pytest.approx(10.0, abs=0.3)
    assert found.confidence < 0.9


def write_track(folder, way, *, name="ride.gpx", lag_s=0.0):
    points = logged(way, start_s=0.0, duration_s=390.0, seed=9, lag_s=lag_s)
    path = folder / name
    if name.endswith(".fit"):
        path.write_bytes(fit_bytes(points))
    else:
        path.write_text(gpx_text(points))
    return path


@pytest.mark.parametrize("name", ["ride.gpx", "ride.fit"])
def test_a_named_track_gives_its_clock_through_the_cameras_own_way(tmp_path, name):
    way = ride(10, 400.0)
    path = write_track(tmp_path, way, name=name)
    made = datetime.fromtimestamp(way.utc_s + 333.0, UTC).isoformat()  # the file's clock is wrong
    a = feature("a", way, Receiver(ahead_s=18.0), track=str(path), creation_time=made)
    assert a.clock is not None
    assert not a.clock.by_file
    assert a.clock.zero_s == pytest.approx(way.utc_s + 100.0, abs=0.3)
    assert a.track == str(path)


def test_a_track_by_file_time_alone_places_nothing(tmp_path):
    way = ride(10, 400.0)
    path = write_track(tmp_path, way)
    made = datetime.fromtimestamp(way.utc_s + 120.0, UTC).isoformat()
    clip = clip_of("a", creation_time=made, track=str(path))
    signal = GpsSignal(reader=lambda _: Telemetry())
    assert signal.applies_to(clip)
    found = signal.extractor(clip).finish()
    assert isinstance(found, GpsFeature)
    assert found.clock is not None
    assert found.clock.by_file
    assert found.clock.zero_s == way.utc_s + 120.0
    answer = SIGNAL.match(found, feature("b", way, start_s=130.0))
    assert isinstance(answer, Refusal)
    assert answer.code == "file_time"
    elsewhere = clip_of("a", creation_time="2020-01-01T00:00:00Z", track=str(path))
    refusal = signal.extractor(elsewhere).finish()
    assert isinstance(refusal, Refusal)
    assert refusal.code == "track_elsewhere"
    gone = clip_of("a", track=str(tmp_path / "gone.gpx"))
    refusal = signal.extractor(gone).finish()
    assert isinstance(refusal, Refusal)
    assert refusal.code == "unreadable"


def test_the_store_gives_it_back_for_the_same_track_only():
    one = feature("a", ride(3, 400.0), Receiver(fix_at_s=20.0))
    again = SIGNAL.from_arrays(one.clip, one.to_arrays())
    assert again.clock == one.clock
    assert again.speed == one.speed
    np.testing.assert_array_equal(again.lat_deg, one.lat_deg)
    other = replace(one.clip, metadata={"track": "ride.gpx"})
    with pytest.raises(ValueError, match="another track"):
        SIGNAL.from_arrays(other, one.to_arrays())


def test_candidates_overlap_first_and_are_of_different_devices():
    way = ride(3, 900.0)
    features = {
        name: feature(name, way, start_s=start_s, seconds=60.0, device=device)
        for name, start_s, device in (
            ("a1", 100.0, "A"),
            ("a2", 500.0, "A"),
            ("b1", 520.0, "B"),
        )
    }
    assert list(SIGNAL.candidates(features)) == [("a2", "b1"), ("a1", "b1")]


@real
@pytest.mark.real
def test_a_real_ride_against_its_own_track():
    data = (DATA / "gopro/raw/long_hero07.bin").read_bytes()
    payloads = split_payloads(data)
    said = parse_gpmf(payloads, [1.001 * i for i in range(len(payloads))])
    signal = GpsSignal(reader=lambda _: said)
    own = signal.extractor(clip_of("a", seconds=96)).finish()
    assert isinstance(own, GpsFeature)
    track = str(DATA / "gopro/derived_gpx/hero07.gpx")
    named = signal.extractor(clip_of("a", seconds=96, track=track)).finish()
    assert isinstance(named, GpsFeature)
    assert own.clock is not None
    assert named.clock is not None
    assert named.clock.zero_s == pytest.approx(own.clock.zero_s, abs=0.5)


@real
@pytest.mark.real
def test_real_boats_of_one_race_are_not_taken_for_one():
    from clapless.media.tracks import read_tracks
    from clapless.signals.gps.ways import common_way

    features = []
    for name in ("track1", "track2", "osm-demo-Alex", "osm-demo-Yury"):
        (track,) = read_tracks(DATA / f"gps_tracks/regatta/{name}.gpx").tracks
        features.append(
            GpsFeature(
                clip=clip_of(name),
                source="GPX",
                times_s=track.utc_s - track.utc_s[0],
                lat_deg=track.lat_deg,
                lon_deg=track.lon_deg,
                time_std_s=0.1,
                clock=None,
            )
        )
    for index, one in enumerate(features):
        for two in features[index + 1 :]:
            assert common_way(one, two) is None
