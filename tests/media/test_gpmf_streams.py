"""Telemetry as streams in clip time: every model, chapters, cuts, time-lapse, devices, clocks."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clapless.errors import DamagedMediaError, MediaError
from clapless.media import Block, Need, TelemetryBlock, read_once
from clapless.media.gpmf import (
    describe_telemetry,
    gps_recordings,
    has_telemetry,
    parse_gpmf,
    parse_settings,
    read_gpmf,
    read_settings,
    save_plot,
    split_payloads,
)
from clapless.media.gpmf.clock import counted_clock, stamped_clock
from clapless.model import Clip, MediaFile
from clapless.synth.gpmf import PAYLOAD_S, Stream, Writer, joined, nest, numbers, text
from clapless.synth.mp4_track import Track, add_telemetry
from tests.media.gpmf_making import (
    GPS_START_S,
    MODELS,
    Doubles,
    gps_path,
    gps_stream,
    grid,
    payloads_of,
    pulling,
    streams_of,
    turning,
)
from tests.media.making import Picture, write_media


def parse(payloads: list[bytes], payload_s: float = float(PAYLOAD_S)):
    return parse_gpmf(payloads, [k * payload_s for k in range(len(payloads))])


def clip_of(*paths: Path, starts_s: tuple[Fraction, ...] = ()) -> Clip:
    starts_s = starts_s or (Fraction(0),) * len(paths)
    return Clip(
        id="c1",
        name=paths[0].stem,
        files=tuple(
            MediaFile(path=path, role="chapter" if k else "main", start_s=start_s)
            for k, (path, start_s) in enumerate(zip(paths, starts_s, strict=True))
        ),
    )


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_media(
        tmp_path_factory.mktemp("movie") / "plain.mp4",
        picture=Picture(rate=Fraction(30000, 1001), count=300),
    )


@pytest.mark.parametrize("name", MODELS)
def test_every_model_gives_its_sensors_in_camera_axes_and_clip_time(name: str) -> None:
    model = MODELS[name]
    telemetry = parse(payloads_of(model, 20))
    assert telemetry.notes == ()
    assert telemetry.lapse == 1.0
    for key, rate_hz, truth in (
        ("GYRO", model.gyro_hz, turning),
        ("ACCL", model.accel_hz, pulling),
    ):
        stream = telemetry.find(key)
        assert stream is not None
        assert stream.axes == ("X", "Y", "Z")
        assert stream.rate_hz == pytest.approx(rate_hz, rel=3e-4)
        # A counted clock knows its place to a part of a sample, a stamped one much better.
        slack_s = 2e-4 if model.stamped else 0.5 / rate_hz + 5e-4
        offset_s = stream.times_s - (np.arange(stream.count) / rate_hz - model.buffered_s)
        assert np.abs(offset_s).max() < slack_s
        assert np.abs(offset_s).max() < 5 * stream.time_std_s + 2e-4
        steepest = np.abs(np.diff(truth(stream.times_s), axis=0)).max() * rate_hz
        error = np.abs(stream.values - truth(stream.times_s)).max()
        assert error < steepest * slack_s + 0.005
        assert stream.clock == ("stamped" if model.stamped else "counted")


def test_what_was_buffered_before_the_start_lies_before_it() -> None:
    stream = parse(payloads_of(MODELS["HERO7"], 30)).find("GYRO")
    assert stream is not None
    assert stream.times_s[0] == pytest.approx(-0.2, abs=0.01)


def test_a_sensor_that_warms_up_is_followed() -> None:
    """A rate that creeps by 300 ppm over ten minutes leaves less than half a sample of error."""
    t = np.arange(0.0, 600.0, 0.005)
    true_s = t + 150e-6 * t**2 / 600
    writer = Writer(device="Hero7 Black")
    stream = Stream(key="GYRO", times_s=true_s, values=turning(true_s), scale=(3755,), order="YxZ")
    found = parse(writer.payloads([stream], count=590)).find("GYRO")
    assert found is not None
    error_s = found.times_s - true_s[: found.count]
    assert np.abs(error_s).max() < 0.004
    assert np.abs(error_s - np.median(error_s)).max() < 0.0025


def test_stamps_are_followed_through_bends_and_one_wild_value() -> None:
    number = np.arange(50) * np.float64(200)
    stamp_s: Doubles = np.asarray(0.07 + number / 200 + 1e-3 * np.sin(number / 2000), np.float64)
    wild = stamp_s.copy()
    wild[20] += 50.0
    clock = stamped_clock(number, wild, zero_s=0.07, std_s=1e-4)
    assert clock is not None
    np.testing.assert_allclose(clock.times_s(number), stamp_s - 0.07, atol=2e-3)


def test_a_counted_clock_is_not_bent_by_its_first_and_last_payload() -> None:
    number = np.cumsum(np.r_[0, 234, np.full(40, 198.7)])
    begins_s: Doubles = np.asarray(np.arange(number.size) * 1.001, np.float64)
    clock = counted_clock(number, begins_s)
    assert clock is not None
    assert clock.rate_hz == pytest.approx(198.7 / 1.001, rel=1e-3)
    assert clock.times_s(np.zeros(1))[0] == pytest.approx(-(234 - 198.7) / 198.5, abs=0.01)


def test_two_devices_in_one_payload() -> None:
    camera = payloads_of(MODELS["HERO5"], 12)
    wide = grid(4.0, 12.0)
    drone = Writer(device="GoPro Karma v1.0", number=0x0100E511).payloads(
        [
            Stream(
                key="ATTD",
                times_s=wide,
                values=np.tile([1.0, 0.1, 0.2], (wide.size, 1)),
                layout="Lff",
                scale=(1000.0, 1.0, 1.0),
                scale_kind="l",
            )
        ],
        count=12,
    )
    telemetry = parse(joined(camera, drone))
    assert telemetry.devices == ("Camera", "GoPro Karma v1.0")
    attitude = telemetry.find("ATTD")
    assert attitude is not None
    assert (attitude.device_id, attitude.count) == (0x0100E511, wide.size)
    np.testing.assert_allclose(attitude.values[5], [1.0, 0.1, 0.2], rtol=1e-6)


def test_time_lapse_has_one_sample_per_payload_and_says_its_pace() -> None:
    frame_s = Fraction(1001, 30000)
    real = 0.5
    count = 60
    taken_s = np.arange(count) * float(frame_s)
    writer = Writer(device="HERO11 Black", payload_s=frame_s)

    def payload(k: int) -> bytes:
        stamp = numbers("STMP", "J", [[(k * real + 0.131) * 1e6]])
        total = numbers("TSMP", "L", [[k + 1]])
        return nest(
            "DEVC",
            numbers("DVID", "L", [[1]]),
            text("DVNM", writer.device),
            nest("STRM", stamp, total, numbers("GYRO", "s", [[1, 2, 3]])),
            nest("STRM", stamp, total, numbers("CORI", "s", [[32767, 0, 0, 0]])),
        )

    telemetry = parse([payload(k) for k in range(count)], float(frame_s))
    assert telemetry.lapse == pytest.approx(real / float(frame_s), rel=1e-6)
    gyro = telemetry.find("GYRO")
    assert gyro is not None
    np.testing.assert_allclose(gyro.times_s, taken_s, atol=1e-9)
    assert gyro.clock == "delivered"


def test_samples_that_are_missing_leave_a_hole_and_a_note() -> None:
    model = MODELS["HERO6"]
    payloads = payloads_of(model, 20)
    whole = parse(payloads).find("GYRO")
    begins_s = [k * float(PAYLOAD_S) for k in range(20)]
    del payloads[8], begins_s[8]
    telemetry = parse_gpmf(payloads, begins_s)
    gyro = telemetry.find("GYRO")
    assert whole is not None
    assert gyro is not None
    lacking = whole.count - gyro.count
    assert lacking == pytest.approx(199.5, abs=1)
    assert np.diff(gyro.times_s).max() == pytest.approx(float(PAYLOAD_S), abs=0.02)
    assert any(f"GYRO lacks {lacking} samples" in note for note in telemetry.notes)


def test_a_contradicting_payload_is_left_out() -> None:
    model = MODELS["HERO6"]
    payloads = payloads_of(model, 12)
    # One scale is damaged: the numbers of that payload would be wrong by a factor.
    payloads[5] = payloads[5].replace(
        numbers("SCAL", "s", [[3755]]), numbers("SCAL", "s", [[1000]])
    )
    telemetry = parse(payloads)
    gyro = telemetry.find("GYRO")
    assert gyro is not None
    assert np.abs(gyro.values).max() < 0.81
    assert any("GYRO contradicts itself in 1 of 12 payloads" in note for note in telemetry.notes)


def test_read_from_a_file_and_its_chapters(movie: Path, tmp_path: Path) -> None:
    model = MODELS["HERO9"]
    payloads = payloads_of(model, 18)
    one = add_telemetry(movie, tmp_path / "GX010001.mp4", payloads[:9])
    two = add_telemetry(movie, tmp_path / "GX020001.mp4", payloads[9:])
    begin_s = 9 * PAYLOAD_S
    telemetry = read_gpmf(clip_of(one, two, starts_s=(Fraction(0), begin_s)))
    assert telemetry.notes == ()
    gyro = telemetry.find("GYRO")
    assert gyro is not None
    assert gyro.times_s[-1] > 17.9
    assert np.abs(np.diff(gyro.times_s) - 1 / model.gyro_hz).max() < 1e-4
    assert np.abs(gyro.values - turning(gyro.times_s)).max() < 0.01


def test_a_chapter_alone_has_its_own_zero(movie: Path, tmp_path: Path) -> None:
    payloads = payloads_of(MODELS["HERO9"], 18)
    two = add_telemetry(movie, tmp_path / "GX020001.mp4", payloads[9:])
    gyro = read_gpmf(clip_of(two)).find("GYRO")
    assert gyro is not None
    begin_s = 9 * float(PAYLOAD_S)
    assert gyro.times_s[0] == pytest.approx(0.0, abs=0.006)
    assert np.abs(gyro.values - turning(gyro.times_s + begin_s)).max() < 0.01


@pytest.mark.parametrize("model", ["HERO6", "HERO9"])
def test_a_cut_by_stream_copy_keeps_the_sensors_in_place(
    movie: Path, tmp_path: Path, model: str
) -> None:
    """The edit list begins inside a payload: FFmpeg would move the track by up to a second."""
    cut_s = Fraction(7, 10)
    path = add_telemetry(
        movie,
        tmp_path / "cut.mp4",
        payloads_of(MODELS[model], 20),
        track=Track(media_start_s=cut_s),
    )
    gyro = read_gpmf(clip_of(path)).find("GYRO")
    assert gyro is not None
    assert gyro.times_s[0] == pytest.approx(-0.7, abs=0.006)
    assert np.abs(gyro.values - turning(gyro.times_s + 0.7)).max() < 0.03


def test_only_the_streams_that_are_asked_for(movie: Path, tmp_path: Path) -> None:
    path = add_telemetry(movie, tmp_path / "a.mp4", payloads_of(MODELS["HERO9"], 9))
    telemetry = read_gpmf(clip_of(path), keys=("GYRO",))
    assert [stream.key for stream in telemetry.streams] == ["GYRO"]
    assert telemetry.streams[0].clock == "stamped"


class Listener:
    """Wants some streams of a clip's telemetry."""

    def __init__(self, *keys: str) -> None:
        self.telemetry_keys = keys
        self.needs = frozenset({Need.TELEMETRY})
        self.blocks: list[Block] = []

    def feed(self, block: Block) -> None:
        self.blocks.append(block)


def test_one_read_feeds_all_and_says_what_is_damaged(movie: Path, tmp_path: Path) -> None:
    payloads = payloads_of(MODELS["HERO6"], 9)
    payloads[-1] = payloads[-1][:200]
    path = add_telemetry(movie, tmp_path / "short.mp4", payloads)
    one, other = Listener("GYRO"), Listener("GPS5")
    result = read_once(clip_of(path), [one, other])
    assert any("short.mp4" in warning for warning in result.warnings)
    assert one.blocks == other.blocks
    (block,) = one.blocks
    assert isinstance(block, TelemetryBlock)
    assert {s.key for s in block.telemetry.streams} == {"GYRO", "GPS5"}
    nothing = Listener("GYRO")
    assert read_once(clip_of(movie), [nothing]).warnings == ()
    assert nothing.blocks == []


def test_telemetry_cut_short_gives_what_is_whole(movie: Path, tmp_path: Path) -> None:
    payloads = payloads_of(MODELS["HERO6"], 9)
    payloads[-1] = payloads[-1][: len(payloads[-1]) // 2]
    path = add_telemetry(movie, tmp_path / "short.mp4", payloads)
    telemetry = read_gpmf(clip_of(path))
    gyro = telemetry.find("GYRO")
    assert gyro is not None
    assert gyro.times_s[-1] > 7.9
    assert telemetry.notes
    assert all(note.startswith("short.mp4") and note.endswith(".") for note in telemetry.notes)


def test_files_without_telemetry(movie: Path, tmp_path: Path) -> None:
    assert read_gpmf(clip_of(movie)).streams == ()
    assert not has_telemetry(clip_of(movie))
    words = tmp_path / "words.mp4"
    words.write_text("no movie")
    assert read_gpmf(clip_of(words)).streams == ()
    assert not has_telemetry(clip_of(words))
    with pytest.raises(MediaError):
        read_gpmf(clip_of(tmp_path / "absent.mp4"))


def test_a_damaged_chapter_does_not_cost_the_clip(movie: Path, tmp_path: Path) -> None:
    payloads = payloads_of(MODELS["HERO6"], 9)
    one = add_telemetry(movie, tmp_path / "one.mp4", payloads)
    two = tmp_path / "two.mp4"
    two.write_bytes(b"")
    telemetry = read_gpmf(clip_of(one, two, starts_s=(Fraction(0), Fraction(9))))
    assert telemetry.find("GYRO") is not None
    assert telemetry.notes == ("two.mp4 has no index of an MP4 or MOV file.",)


def test_settings_of_the_file(movie: Path, tmp_path: Path) -> None:
    settings = nest(
        "DEVC",
        numbers("DVID", "L", [[1]]),
        text("DVNM", "Video Global Settings"),
        nest(
            "STRM",
            text("MINF", "HERO9 Black"),
            text("CASN", "C3441320000000"),
            numbers("PIMX", "L", [[1600]]),
        ),
    )
    path = add_telemetry(
        movie, tmp_path / "a.mp4", payloads_of(MODELS["HERO9"], 3), settings=settings
    )
    found = {"MINF": "HERO9 Black", "CASN": "C3441320000000", "PIMX": "1600"}
    assert read_settings(path) == found == parse_settings(settings)
    assert read_gpmf(clip_of(path)).settings == found
    assert has_telemetry(clip_of(path))
    probed = replace(clip_of(path), metadata={"data_streams": "2:tmcd 4:fdsc"})
    assert not has_telemetry(probed)


@pytest.mark.parametrize("key", ["GPS5", "GPS9"])
def test_positions_and_dates_of_a_receiver(key: str) -> None:
    payloads = Writer(device="HERO11 Black").payloads([gps_stream(key, 60.0)], count=59)
    (recording,) = gps_recordings(parse(payloads))
    truth = gps_path(recording.times_s)
    # A sample is placed to a fraction of the receiver's interval.
    assert np.abs(recording.lat_deg - truth[:, 0]).max() < 1e-6
    assert np.abs(recording.lon_deg - truth[:, 1]).max() < 1e-6
    assert np.abs(recording.altitude_m - truth[:, 2]).max() < 0.05
    assert recording.fixed.all()
    assert np.abs(recording.utc_s - GPS_START_S - recording.times_s).max() < 0.06


@pytest.mark.parametrize("key", ["GPS5", "GPS9"])
def test_without_a_fix_there_is_neither_place_nor_date(key: str) -> None:
    payloads = Writer(device="HERO11 Black").payloads([gps_stream(key, 20.0, fix=0)], count=19)
    (recording,) = gps_recordings(parse(payloads))
    assert not recording.fixed.any()
    assert np.isnan(recording.lat_deg).all()
    assert np.isnan(recording.utc_s).all()


def test_a_first_date_that_is_seconds_old_does_not_move_the_others() -> None:
    stream = gps_stream("GPS5", 60.0)
    kind, dates = stream.stated["GPSU"]
    late = {**stream.stated, "GPSU": (kind, ["231114221310.000", *dates[1:]])}
    payloads = Writer(device="GoPro Max").payloads([replace(stream, stated=late)], count=59)
    (recording,) = gps_recordings(parse(payloads))
    assert np.abs(recording.utc_s - GPS_START_S - recording.times_s).max() < 0.06
    assert recording.utc_std_s < 0.05


def test_streams_written_out_on_end_are_split_again() -> None:
    payloads = joined(
        payloads_of(MODELS["HERO5"], 4),
        Writer(device="Drone", number=9).payloads(streams_of(MODELS["Session"], 4.0), count=4),
    )
    assert split_payloads(b"".join(payloads)) == payloads
    with pytest.raises(ValueError, match="devices"):
        split_payloads(b"something else entirely")


def test_description_and_curves(tmp_path: Path) -> None:
    telemetry = parse(payloads_of(MODELS["HERO11"], 6))
    lines = describe_telemetry(telemetry)
    assert any(line.startswith("HERO11 Black: GYRO Gyroscope, ") for line in lines)
    assert any("100% of" in line and "2023-11-14" in line for line in lines)
    assert save_plot(telemetry, tmp_path / "curves.png", title="clip")
    assert (tmp_path / "curves.png").stat().st_size > 10_000
    assert not save_plot(parse([]), tmp_path / "nothing.png")


def test_an_index_that_lies_is_one_sentence(movie: Path, tmp_path: Path) -> None:
    path = add_telemetry(movie, tmp_path / "lies.mp4", payloads_of(MODELS["HERO6"], 3))
    data = bytearray(path.read_bytes())
    at = data.rindex(b"stsc") + 12
    data[at : at + 4] = (7).to_bytes(4, "big")
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedMediaError, match=r"lies\.mp4"):
        read_gpmf(clip_of(path))
