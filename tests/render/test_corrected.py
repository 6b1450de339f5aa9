"""Corrected sound is in time to the microsecond, clean, and keeps what the recorder wrote."""

import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from clapless.errors import NotMediaError
from clapless.media.riff import read_riff
from clapless.render import WavWriter, correct_wav, cut_wav
from clapless.render.samples import blocks, sound_format

RATE = 48000


def write(path, samples, *, chunks=(), sample_format="pcm24", limit=2**32 - 1):
    with WavWriter(
        path,
        channels=samples.shape[1],
        rate_hz=RATE,
        sample_format=sample_format,
        chunks=chunks,
        limit=limit,
    ) as wav:
        wav.write(samples)


def read(path):
    return np.concatenate(list(blocks(path)))


def click(at_s, seconds):
    """A band-limited click whose centre lies between samples."""
    t = np.arange(int(seconds * RATE)) / RATE - at_s
    return (np.sinc(t * 8000) * np.exp(-((t * 2000) ** 2)))[:, None] * 0.5


def centre_s(samples):
    """The time of a click, by the zero of the phase slope of its spectrum."""
    peak = int(np.argmax(np.abs(samples)))
    cut = np.roll(samples[peak - 256 : peak + 256], -256)
    spectrum = np.fft.rfft(cut)
    frequency = np.fft.rfftfreq(512)[8:80]
    phase = np.unwrap(np.angle(spectrum[8:80]))
    slope = np.polyfit(frequency, phase, 1, w=np.abs(spectrum[8:80]))[0]
    return (peak - slope / (2 * np.pi)) / RATE


@pytest.mark.parametrize("ppm", [100, -100, 32])
def test_an_event_is_where_the_clock_says_to_a_microsecond(tmp_path, ppm):
    speed = 1 + Fraction(ppm, 10**6)
    source = click(3.00001, 60) + click(56.50002, 60)
    write(tmp_path / "a.wav", source)
    correct_wav(tmp_path / "a.wav", tmp_path / "b.wav", speed=speed)
    out = read(tmp_path / "b.wav")[:, 0]
    half = len(out) // 2
    assert centre_s(out[:half]) == pytest.approx(3.00001 / float(speed), abs=1e-6)
    tail_s = centre_s(out[half:]) + half / RATE
    assert tail_s == pytest.approx(56.50002 / float(speed), abs=1e-6)
    assert len(out) == pytest.approx(60 * RATE / float(speed), abs=2)


def test_a_sine_stays_a_sine_to_100_db(tmp_path):
    """THD+N of -6 dBFS at 997 Hz, measured by taking the sine out."""
    t = np.arange(4 * RATE) / RATE
    write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 997 * t)[:, None])
    speed = Fraction(1000100, 1000000)
    correct_wav(tmp_path / "a.wav", tmp_path / "b.wav", speed=speed)
    out = read(tmp_path / "b.wav")[RATE : 3 * RATE, 0]
    t = np.arange(len(out)) / RATE
    phase = 2 * np.pi * 997 * float(speed) * t
    basis = np.stack([np.sin(phase), np.cos(phase), np.ones_like(phase)], axis=1)
    fit, *_ = np.linalg.lstsq(basis, out, rcond=None)
    rest = out - basis @ fit
    level_db = 20 * np.log10(np.std(rest) / np.std(basis @ fit))
    assert level_db < -120


def bext(reference):
    return b"scene 1".ljust(338, b"\0") + struct.pack("<Q", reference) + bytes(256)


def test_bext_ixml_channels_and_rate_are_kept(tmp_path):
    ixml = b"<BWFXML><SCENE>12A</SCENE></BWFXML>"
    chunks = [("bext", bext(48000 * 3600)), ("iXML", ixml)]
    write(tmp_path / "a.wav", np.zeros((RATE, 6)), chunks=chunks)
    correct_wav(tmp_path / "a.wav", tmp_path / "b.wav", speed=Fraction(10001, 10000))
    riff = read_riff(tmp_path / "b.wav")
    assert riff.content("bext") == bext(48000 * 3600)
    assert riff.content("iXML") == ixml
    found = sound_format(tmp_path / "b.wav")
    assert (found.channels, found.rate_hz, found.floating) == (6, RATE, False)


def test_float_stays_float_beyond_full_scale(tmp_path):
    loud = np.full((RATE, 1), 1.5)
    write(tmp_path / "a.wav", loud, sample_format="float32")
    correct_wav(tmp_path / "a.wav", tmp_path / "b.wav", speed=Fraction(10001, 10000))
    assert sound_format(tmp_path / "b.wav").floating
    assert read(tmp_path / "b.wav")[RATE // 2, 0] == pytest.approx(1.5, abs=1e-4)


def test_24_bit_samples_come_back_to_the_bit(tmp_path):
    values = np.array([-(2**23), -1, 0, 1, 2**23 - 1]) / 2**23
    write(tmp_path / "a.wav", values[:, None])
    assert np.array_equal(read(tmp_path / "a.wav")[:, 0], values)


def test_a_long_file_is_rf64_and_others_read_it(tmp_path):
    samples = np.linspace(-0.5, 0.5, 3000)[:, None]
    write(tmp_path / "a.wav", samples, limit=4000)
    assert (tmp_path / "a.wav").read_bytes()[:4] == b"RF64"
    riff = read_riff(tmp_path / "a.wav")
    assert riff.whole
    assert riff.chunks["data"].size == 9000
    with av.open(str(tmp_path / "a.wav")) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 3000


def test_what_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"no sound at all")
    with pytest.raises(NotMediaError, match=r"a\.wav: cannot be opened"):
        correct_wav(tmp_path / "a.wav", tmp_path / "b.wav", speed=Fraction(1))
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_a_stretch_has_silence_where_the_file_does_not_reach(tmp_path):
    write(tmp_path / "a.wav", np.full((RATE, 1), 0.25))
    cut_wav(
        tmp_path / "a.wav",
        tmp_path / "b.wav",
        start_s=Fraction(-1, 2),
        duration_s=Fraction(2),
    )
    out = read(tmp_path / "b.wav")[:, 0]
    assert len(out) == 2 * RATE
    assert not out[: RATE // 2].any()
    assert np.allclose(out[RATE // 2 : RATE * 3 // 2], 0.25, atol=1e-6)
    assert not out[RATE * 3 // 2 :].any()


def test_a_stretch_at_a_speed_is_in_time(tmp_path):
    write(tmp_path / "a.wav", click(20.00001, 30))
    speed = Fraction(1000200, 1000000)
    cut_wav(
        tmp_path / "a.wav",
        tmp_path / "b.wav",
        start_s=Fraction(15),
        duration_s=Fraction(10),
        speed=speed,
    )
    at_s = centre_s(read(tmp_path / "b.wav")[:, 0])
    assert at_s == pytest.approx(5.00001 / float(speed), abs=11e-6)


def test_a_stretch_has_the_time_of_day_it_was_given(tmp_path):
    write(tmp_path / "a.wav", np.zeros((RATE, 1)), chunks=[("bext", bext(100 * RATE))])
    for name, given, expected in (("b", None, 100.5), ("c", Fraction(3600), 3600.0)):
        cut_wav(
            tmp_path / "a.wav",
            tmp_path / f"{name}.wav",
            start_s=Fraction(1, 2),
            duration_s=Fraction(1, 4),
            time_reference_s=given,
        )
        content = read_riff(tmp_path / f"{name}.wav").content("bext")
        assert struct.unpack("<Q", content[338:346])[0] / RATE == expected
