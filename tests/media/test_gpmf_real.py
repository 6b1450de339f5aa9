"""Real telemetry of HERO5, 6, 7, 8, 11 and Karma."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import gpxpy
import numpy as np
import pytest

from clapless.media.gpmf import (
    Telemetry,
    describe_telemetry,
    gps_recordings,
    parse_gpmf,
    parse_settings,
    read_gpmf,
    split_payloads,
)
from clapless.model import Clip, MediaFile

pytestmark = pytest.mark.real

FILES = {
    "raw/consecutive1.raw": 13,
    "raw/consecutive2.raw": 13,
    "raw/hero5.raw": 5,
    "raw/hero6+ble.raw": 10,
    "raw/hero7_17s.raw": 10,
    "raw/hero8_basement_123s_nofix.gpmf": 15,
    "raw/hero8_walking_50s.gpmf": 18,
    "raw/karma.raw": 18,
    "raw/long_hero05.bin": 5,
    "raw/long_hero06+ble.bin": 10,
    "raw/long_hero07.bin": 10,
    "raw/long_hero11.bin": 16,
    "raw/long_karma.bin": 19,
    "raw/mp4header.raw": 2,
    "hero5_karma.mp4": 19,
    "hero7.mp4": 13,
}
"""Every file, and how many streams it has."""


@lru_cache
def read(path: Path, *, step_s: float = 1.001) -> Telemetry:
    if path.suffix == ".mp4":
        return read_gpmf(Clip(id="c", name="c", files=(MediaFile(path=path),)))
    payloads = split_payloads(path.read_bytes())
    return parse_gpmf(payloads, [k * step_s for k in range(len(payloads))])


@pytest.mark.parametrize("name", FILES)
def test_every_stream_is_read_without_a_complaint(shared_data: Path, name: str) -> None:
    telemetry = read(shared_data / "gopro" / name)
    assert telemetry.notes == ()
    assert len(telemetry.streams) == FILES[name]
    assert len(describe_telemetry(telemetry)) >= FILES[name]
    for stream in telemetry.streams:
        assert (np.diff(stream.times_s) > 0).all()
        assert stream.values.shape[0] == stream.count


def test_no_sample_is_lost(shared_data: Path) -> None:
    telemetry = read(shared_data / "gopro" / "raw" / "long_hero07.bin", step_s=1.0)
    counts = {stream.key: stream.count for stream in telemetry.streams}
    assert (counts["ACCL"], counts["GYRO"], counts["GPS5"]) == (19335, 19335, 1767)


def test_ticks_of_early_cameras_are_kept(shared_data: Path) -> None:
    stream = read(shared_data / "gopro" / "raw" / "long_hero05.bin").find("GYRO")
    assert stream is not None
    assert stream.ticks_s[[0, -1]].tolist() == [119.095, 152.120]
    assert np.isnan(stream.stamps_s).all()


def test_gravity_points_the_same_way_in_every_model(shared_data: Path) -> None:
    """Lying or walking upright, every model feels 9.8 m/s^2 mostly along one axis."""
    for name in ("raw/hero8_basement_123s_nofix.gpmf", "raw/long_hero06+ble.bin", "hero7.mp4"):
        stream = read(shared_data / "gopro" / name).find("ACCL")
        assert stream is not None
        assert np.linalg.norm(stream.values.mean(axis=0)) == pytest.approx(9.81, abs=0.6)


@pytest.mark.parametrize(
    ("binary", "gpx", "step_s"),
    [("long_hero05.bin", "hero05.gpx", 1.001), ("long_hero07.bin", "hero07.gpx", 1.0)],
)
def test_positions_and_times_are_those_of_another_reader(
    shared_data: Path, binary: str, gpx: str, step_s: float
) -> None:
    telemetry = read(shared_data / "gopro" / "raw" / binary, step_s=step_s)
    (found,) = gps_recordings(telemetry)
    stream = telemetry.find("GPS5")
    assert stream is not None
    with (shared_data / "gopro" / "derived_gpx" / gpx).open() as file:
        points = [p for t in gpxpy.parse(file).tracks for s in t.segments for p in s.points]
    assert len(points) == found.lat_deg.size
    # It also gives the positions that the receiver held on to without a fix.
    north_m = (stream.values[:, 0] - [p.latitude for p in points]) * 111_195
    east_m = (stream.values[:, 1] - [p.longitude for p in points]) * 111_195
    np.testing.assert_array_equal(found.lat_deg[found.fixed], stream.values[found.fixed, 0])
    assert np.hypot(north_m, east_m * np.cos(np.radians(points[0].latitude))).max() < 1.0
    times_s = np.array([p.time.timestamp() for p in points if p.time is not None])
    apart_s = np.abs(found.utc_s - times_s)
    assert apart_s.max() < 0.050


def test_positions_of_two_receivers(shared_data: Path) -> None:
    telemetry = read(shared_data / "gopro" / "raw" / "long_hero11.bin")
    five, nine = gps_recordings(telemetry)
    assert (five.source, nine.source) == ("GPS5", "GPS9")
    assert nine.utc_s[-1] - nine.utc_s[0] == pytest.approx(339, abs=1)
    both = five.fixed & nine.fixed
    assert both.sum() > 600


def test_every_position_of_another_reader_is_one_of_the_two(shared_data: Path) -> None:
    """The other reader wrote both receivers of HERO11 into one track, one after the other."""
    five, nine = gps_recordings(read(shared_data / "gopro" / "raw" / "long_hero11.bin"))
    with (shared_data / "gopro" / "derived_gpx" / "hero11.gpx").open() as file:
        points = [p for t in gpxpy.parse(file).tracks for s in t.segments for p in s.points]
    assert len(points) == five.lat_deg.size + nine.lat_deg.size
    own = np.concatenate([np.stack([r.lat_deg, r.lon_deg], axis=1) for r in (five, nine)])
    own = own[np.isfinite(own).all(axis=1)]
    theirs = np.array([[p.latitude, p.longitude] for p in points])
    scale_m = 111_195 * np.array([1.0, np.cos(np.radians(theirs[0, 0]))])
    nearest_m = np.hypot(*((theirs[:, None] - own) * scale_m).transpose(2, 0, 1)).min(axis=1)
    assert nearest_m.max() < 1.0


def test_a_reset_clock_is_no_date(shared_data: Path) -> None:
    (found,) = gps_recordings(read(shared_data / "gopro/raw/hero8_basement_123s_nofix.gpmf"))
    assert not found.fixed.any()
    assert np.isnan(found.utc_s).all()


def test_two_recordings_of_one_session(shared_data: Path) -> None:
    """Their dates tell the truth, but without a fix nothing proves it."""
    dates_s = []
    for k in (1, 2):
        telemetry = read(shared_data / "gopro" / "raw" / f"consecutive{k}.raw")
        stream = telemetry.find("GPS5")
        assert stream is not None
        dates_s.append(float(stream.stated["GPSU"][0]))
        assert np.isnan(gps_recordings(telemetry)[0].utc_s).all()
    assert dates_s[1] - dates_s[0] == pytest.approx(6.16, abs=0.01)


def test_settings_of_a_real_file(shared_data: Path) -> None:
    settings = parse_settings((shared_data / "gopro/raw/mp4header.raw").read_bytes())
    assert settings["MINF"] == "HERO7 Black"
    assert settings["FMWR"] == "HD7.01.01.90.00"
    assert settings["CASN"] == "C3281325934846"


def test_the_file_and_its_extract_agree(shared_data: Path) -> None:
    whole = read(shared_data / "gopro" / "hero5_karma.mp4")
    extract = read(shared_data / "gopro" / "raw" / "long_karma.bin")
    for one, other in zip(whole.streams, extract.streams, strict=True):
        assert one.key == other.key
        np.testing.assert_array_equal(one.values, other.values)


def test_the_receiver_of_a_drone(shared_data: Path) -> None:
    """The Karma's own has no dates; its speed is that of its places."""
    clip_file = shared_data / "gopro" / "hero5_karma.mp4"
    clip = Clip(id="c", name="c", files=(MediaFile(path=clip_file),))
    (found,) = gps_recordings(read_gpmf(clip, keys=("GPRI",)))
    assert (found.source, found.device) == ("GPRI", "GoPro Karma v1.0")
    assert found.fixed.all()
    assert found.lat_deg == pytest.approx(33.1257, abs=0.001)
    assert found.lon_deg == pytest.approx(-117.331, abs=0.001)
    assert np.isnan(found.utc_s).all()
    metres = (found.lat_deg[-1] - found.lat_deg[0]) * 111_000
    seconds = found.times_s[-1] - found.times_s[0]
    assert metres / seconds == pytest.approx(float(np.mean(found.speed_mps)), rel=0.15)
