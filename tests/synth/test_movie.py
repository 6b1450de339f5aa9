"""Where sound and picture lie in the files we write, seen by a plain PyAV decode."""

from fractions import Fraction

import av
import numpy as np
import pytest

from clapless.synth.movie import Encoding, Labels, write_movie, write_sound
from clapless.synth.picture import clock_frames, clock_text, scene
from clapless.synth.wave import RecorderLabels, write_wave
from tests.synth.plain import first_channel, frame_times

RATE_HZ = 48000
CLICKS_S = (0.5, 1.25, 1.7)


def _clicks():
    sound = np.zeros(2 * RATE_HZ, np.float32)
    for at_s in CLICKS_S:
        at = int(at_s * RATE_HZ)
        sound[at : at + 400] = 0.8 * np.hanning(400) * np.sin(0.3 * np.arange(400))
    return sound


def _click_errors(path, sound_start_s=0.0):
    sound, start_s = first_channel(path)
    clicks = _clicks()
    errors = []
    for at_s in CLICKS_S:
        true = int(at_s * RATE_HZ)
        pattern = clicks[true - 1000 : true + 1400]
        here = true + round((sound_start_s - start_s) * RATE_HZ)
        correlation = np.correlate(sound[here - 1000 : here + 1400], pattern, "full")
        errors.append(int(np.argmax(correlation)) - pattern.size + 1)
    return errors


@pytest.mark.media
@pytest.mark.parametrize("sound_start_s", [Fraction(0), Fraction(1, 25)])
@pytest.mark.parametrize(
    ("suffix", "encoding"),
    [
        (".mp4", Encoding()),
        (".mp4", Encoding(b_frames=2)),
        (".mov", Encoding(audio_bit_rate=64_000)),
        (".mov", Encoding(audio_codec="pcm_s24le")),
        (".mkv", Encoding()),
    ],
)
def test_sound_and_picture_lie_where_they_were_put(tmp_path, suffix, encoding, sound_start_s):
    frame_rate = Fraction(30000, 1001)
    path = tmp_path / f"clip{suffix}"
    write_movie(
        path,
        frames=clock_frames(name="A", frames=60, frame_rate=frame_rate, start_s=5.0),
        frame_rate=frame_rate,
        sound=np.stack([_clicks(), _clicks()]),
        sound_start_s=sound_start_s,
        encoding=encoding,
    )
    assert _click_errors(path, float(sound_start_s)) == [0, 0, 0]
    times = frame_times(path)
    assert len(times) == 60
    # Matroska counts in milliseconds.
    grid = Fraction(1, 1000) if suffix == ".mkv" else Fraction(0)
    assert all(abs(t - k / frame_rate) <= grid for k, t in enumerate(times))
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.media
@pytest.mark.parametrize("suffix", [".m4a", ".mp4", ".mov", ".mkv"])
def test_sound_alone_lies_where_it_was_put(tmp_path, suffix):
    path = tmp_path / f"sound{suffix}"
    write_sound(path, _clicks(), RATE_HZ)
    assert _click_errors(path) == [0, 0, 0]


@pytest.mark.media
@pytest.mark.parametrize(("bits", "step"), [(16, 2.0**-15), (24, 2.0**-23), (32, 2.0**-24)])
def test_a_wave_file_keeps_every_sample(tmp_path, bits, step):
    path = tmp_path / "take.wav"
    labels = RecorderLabels(time_reference_samples=36_000 * RATE_HZ, scene="4B", take="7")
    write_wave(path, np.stack([_clicks(), -_clicks()]), RATE_HZ, bits=bits, labels=labels)
    sound, start_s = first_channel(path)
    assert start_s == 0.0
    assert np.max(np.abs(sound - _clicks())) <= step
    with av.open(str(path)) as container:
        assert container.metadata["time_reference"] == str(36_000 * RATE_HZ)
        assert container.metadata["encoded_by"] == "CLAPLESS"
    assert b"<SCENE>4B</SCENE>" in path.read_bytes()


def test_a_wave_file_of_a_width_nobody_reads_is_refused(tmp_path):
    with pytest.raises(ValueError, match="20 bits"):
        write_wave(tmp_path / "x.wav", _clicks(), RATE_HZ, bits=20)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.media
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_timecode_and_date_are_written(tmp_path, suffix):
    path = tmp_path / f"clip{suffix}"
    rate = Fraction(30000, 1001)
    write_movie(
        path,
        frames=clock_frames(name="A", frames=5, frame_rate=rate, start_s=0.0),
        frame_rate=rate,
        sound=None,
        labels=Labels(timecode="10:00:00;02", creation_time="2025-06-14T10:00:00Z"),
    )
    with av.open(str(path)) as container:
        assert container.streams.video[0].metadata["timecode"] == "10:00:00;02"
        assert container.metadata["creation_time"].startswith("2025-06-14T10:00:00")
        assert any(stream.type == "data" for stream in container.streams)


@pytest.mark.media
def test_a_writer_that_fails_leaves_nothing_behind(tmp_path):
    def broken():
        yield np.zeros((16, 16), np.uint8)
        raise RuntimeError("the picture is gone")

    with pytest.raises(RuntimeError, match="the picture is gone"):
        write_movie(tmp_path / "x.mp4", frames=broken(), frame_rate=Fraction(25), sound=None)
    assert list(tmp_path.iterdir()) == []


def test_pictures_differ_and_show_the_time():
    rate = Fraction(25)
    frames = list(clock_frames(name="B", frames=3, frame_rate=rate, start_s=1.0))
    assert frames[0].shape == (180, 320)
    assert frames[0].dtype == np.uint8
    assert not np.array_equal(frames[0], frames[1])
    assert clock_text(3661.0006) == "01:01:01.001"


def test_two_cameras_see_the_same_and_two_events_do_not():
    one, other = (scene(np.random.default_rng(seed), duration_s=60.0) for seed in (1, 2))
    again = scene(np.random.default_rng(1), duration_s=60.0)
    times_s = np.arange(0.0, 60.0, 0.1)
    here, there, same = (np.array([s.angle(t) for t in times_s]) for s in (one, other, again))
    assert np.array_equal(here, same)
    assert abs(np.corrcoef(here, there)[0, 1]) < 0.4
    # Continuous, and never the same twice for long.
    fine = np.array([one.angle(t) for t in np.arange(0.0, 60.0, 0.01)])
    assert np.abs(np.diff(fine)).max() < 0.25
    lags = [np.corrcoef(here[:-k], here[k:])[0, 1] for k in range(20, 300)]
    assert max(lags) < 0.7
