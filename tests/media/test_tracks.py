"""GPX and FIT: what is whole is used, the rest is told in one sentence, nothing is invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from clapless.errors import DamagedMediaError, MediaError, NotMediaError
from clapless.media.tracks import attach, read_tracks
from clapless.synth.tracks import fit_bytes, gpx_text

START = datetime(2026, 5, 4, 10, 0, 0, tzinfo=UTC)
DATA = Path(__file__).parents[3] / "shared" / "data" / "gps_tracks"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the real recordings are not here")


def line(count, *, step_s=1.0):
    return [
        ((START + timedelta(seconds=i * step_s)).isoformat(), 47.0 + i * 1e-5, 8.0 + i * 2e-5)
        for i in range(count)
    ]


def times(count):
    return [(START.timestamp() + i, 47.0 + i * 1e-5, 8.0) for i in range(count)]


def write(folder: Path, name, content) -> Path:
    path: Path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_whole_gpx_text(tmp_path):
    found = read_tracks(write(tmp_path, "ride.gpx", gpx_text(line(50))))
    assert found.warning == ""
    (track,) = found.tracks
    assert track.name == "ride"
    np.testing.assert_allclose(track.utc_s - START.timestamp(), np.arange(50))
    np.testing.assert_allclose(track.lat_deg, 47.0 + 1e-5 * np.arange(50))
    assert np.all(track.altitude_m == 100.5)
    assert np.isnan(track.speed_mps).all()


def test_a_whole_fit(tmp_path):
    for header in (12, 14):
        found = read_tracks(write(tmp_path, "ride.fit", fit_bytes(times(50), header=header)))
        assert found.warning == ""
        (track,) = found.tracks
        np.testing.assert_array_equal(track.utc_s - START.timestamp(), np.arange(50))
        np.testing.assert_allclose(track.lat_deg, 47.0 + 1e-5 * np.arange(50), atol=1e-7)
        np.testing.assert_allclose(track.speed_mps, 5.0)


@pytest.mark.parametrize(
    ("made", "kept", "words"),
    [
        (lambda: gpx_text(line(50)).removesuffix("</trkseg></trk></gpx>"), 50, "breaks off"),
        (lambda: gpx_text(line(50))[:-400], 46, "breaks off"),
        (lambda: gpx_text([(None, 47.0 + i * 1e-5, 8.0) for i in range(9)]), 9, "no times"),
        (lambda: gpx_text(line(9)[::-1]), 9, "goes backwards 8 times"),
        (lambda: gpx_text([*line(20)[:10], *line(20)[9:]]), 20, "1 point at the time of another"),
        (lambda: gpx_text([*line(20), ("yesterday", 47.0, 8.0)]), 20, "1 point without a time"),
        (lambda: gpx_text([*line(20), (START.isoformat(), "4z", 8.0)]), 20, "1 point that cannot"),
        (lambda: gpx_text([(line(1)[0][0], 0.0, 0.0), *line(20)[1:]]), 19, "1 point without a fix"),
        (
            lambda: gpx_text([*line(20), ("2085-01-01T00:00:00Z", 47.0, 8.0)]),
            20,
            "1 point at imposs",
        ),
        (
            lambda: gpx_text([*line(20)[:9], (line(20)[9][0], 12.0, 8.0), *line(20)[10:]]),
            19,
            "1 point at impossible",
        ),
    ],
)
def test_damaged_gpx_is_used_as_far_as_it_is_whole(tmp_path, made, kept, words):
    found = read_tracks(write(tmp_path, "ride.gpx", made()))
    (track,) = found.tracks
    assert len(track) == kept
    assert words in found.warning
    assert found.warning.startswith("ride.gpx: ")
    assert found.warning.endswith(".")
    assert not track.timed or np.all(np.diff(track.utc_s) > 0)


@pytest.mark.parametrize(
    ("made", "kept", "words"),
    [
        (lambda: fit_bytes(times(50), length=0), 50, "header"),
        (lambda: fit_bytes(times(50), length=10**6), 50, "header"),
        (lambda: fit_bytes(times(50), magic=b"\0\0\0\0"), 50, "header"),
        (lambda: fit_bytes(times(50), check_sum=7), 50, "check sum is wrong"),
        (lambda: fit_bytes(times(50))[:-2], 50, "without its check sum"),
        (lambda: fit_bytes(times(50))[:-27], 48, "header"),
        (lambda: fit_bytes([(None, 47.0 + i * 1e-5, 8.0) for i in range(9)]), 9, "no times"),
        (lambda: fit_bytes(times(9)[::-1]), 9, "goes backwards"),
        (lambda: fit_bytes([*times(9), times(9)[-1]]), 9, "at the time of another"),
    ],
)
def test_damaged_fit_is_used_as_far_as_it_is_whole(tmp_path, made, kept, words):
    found = read_tracks(write(tmp_path, "ride.fit", made()))
    (track,) = found.tracks
    assert len(track) == kept
    assert words in found.warning
    assert found.warning.count("ride.fit") == 1


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("empty.gpx", b"", NotMediaError),
        ("empty.fit", b"", NotMediaError),
        ("other.gpx", b"<kml><trk/></kml>", NotMediaError),
        ("other.fit", bytes(range(200)), NotMediaError),
        ("other.bin", bytes(range(200)), NotMediaError),
        ("none.gpx", gpx_text([]).encode(), DamagedMediaError),
        ("zero.gpx", gpx_text([(START.isoformat(), 0, 0)]).encode(), DamagedMediaError),
        ("none.fit", fit_bytes([]), DamagedMediaError),
    ],
)
def test_what_is_no_track_is_refused_by_name(tmp_path, name, content, error):
    with pytest.raises(error, match=name):
        read_tracks(write(tmp_path, name, content))


def test_a_missing_file_is_an_error_with_its_name(tmp_path):
    with pytest.raises(MediaError, match=r"gone\.gpx"):
        read_tracks(tmp_path / "gone.gpx")


def test_entities_are_not_expanded_and_nothing_is_fetched(tmp_path):
    bomb = '<!DOCTYPE gpx [<!ENTITY a "10"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
    text = gpx_text([*line(5), ("&b;", 47.0, 8.0)]).replace("<gpx", bomb + "<gpx")
    found = read_tracks(write(tmp_path, "ride.gpx", text))
    assert len(found.tracks[0]) == 5


def test_several_tracks_stay_apart(tmp_path):
    text = gpx_text(line(5)).replace("</gpx>", "") + gpx_text(line(7)).partition('1/1">')[2]
    found = read_tracks(write(tmp_path, "ride.gpx", text))
    assert [len(track) for track in found.tracks] == [5, 7]


def test_mutated_files_neither_crash_nor_speak_up_falsely(tmp_path):
    # 10,000 of each are in tests/benchmarks/track_mutations.py.
    rng = np.random.default_rng(11)
    for name, whole in (
        ("ride.gpx", gpx_text(line(12)).encode()),
        ("ride.fit", fit_bytes(times(30))),
    ):
        for _ in range(300):
            data = np.frombuffer(whole, np.uint8).copy()
            spots = rng.integers(0, len(data), rng.integers(1, 6))
            data[spots] = rng.integers(0, 256, len(spots))
            data = data[: rng.integers(1, len(data) + 1)] if rng.random() < 0.3 else data
            path = write(tmp_path, name, data.tobytes())
            try:
                found = read_tracks(path)
            except MediaError:
                continue
            for track in found.tracks:
                assert np.all(np.abs(track.lat_deg) <= 90)
                assert not track.timed or np.all(np.diff(track.utc_s) > 0)
            if name == "ride.fit" and data.tobytes()[:-2] != whole[:-2]:
                assert found.warning


def test_a_track_is_attached_by_the_clips_file_time(tmp_path):
    (track,) = read_tracks(write(tmp_path, "ride.gpx", gpx_text(line(600)))).tracks
    made = START.timestamp() + 120
    found = attach([track], created_s=made, duration_s=60.0)
    assert found is not None
    assert (found.start_utc_s, found.by, found.zone_s) == (made, "file time", 0.0)
    local = attach([track], created_s=made + 7200, duration_s=60.0)
    assert local is not None
    assert (local.start_utc_s, local.by, local.zone_s) == (made, "zone", -7200.0)
    assert attach([track], created_s=made + 450, duration_s=120.0) is None
    assert attach([track, track], created_s=made, duration_s=60.0) is None


def test_a_track_of_the_clips_own_length_is_the_clips(tmp_path):
    (track,) = read_tracks(write(tmp_path, "ride.gpx", gpx_text(line(61)))).tracks
    found = attach([track], created_s=None, duration_s=60.4)
    assert found is not None
    assert (found.start_utc_s, found.by) == (START.timestamp(), "length")


@real
@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "count", "words"),
    [
        ("fit/ELEMNT_ROAM_Unterminated.fit", 7225, "breaks off"),
        ("fit/Edge810-Vector-2013-08-16-15-35-10.fit", 4700, ""),
        ("fit/activity-filecrc.fit", 14, "check sum"),
        ("fit/garmin-edge-500-activity.fit", 10662, "15 points at the time of another"),
        ("gpxpy/cerknicko-without-times.gpx", 173, "no times"),
        ("race_katka/jukka.gpx", 591, ""),
        ("regatta/wrong-timestamp-order.gpx", 3, "goes backwards 1 time"),
    ],
)
def test_real_files(name, count, words):
    found = read_tracks(DATA / name)
    assert len(found.tracks[0]) == count
    assert words in found.warning
    assert bool(words) == bool(found.warning)
