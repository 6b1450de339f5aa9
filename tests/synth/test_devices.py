"""What a device does to sound and picture is in what it writes, and a seed makes it again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from clapless.synth.movie import Encoding, write_movie, write_sound
from clapless.synth.noise import wind
from clapless.synth.picture import clock_frames, scene
from clapless.synth.recording import Microphone, Room, record
from clapless.synth.shoot import DevicePlan, EventPlan, Shoot, Take, write_shoot
from clapless.synth.sound import RATE_HZ, make_event
from tests.synth.plain import first_channel

CLEAR = Microphone(bits=None, noise="none")


def recorded(
    microphone: Microphone, *, event: NDArray[np.float32] | None = None, seed: int = 1
) -> NDArray[np.float64]:
    """Return ten seconds of talk, or of another event, through a microphone."""
    heard = make_event(np.random.default_rng(3), "speech", 14.0) if event is None else event
    sound = record(heard, RATE_HZ, start_s=2.0, duration_s=10.0, microphone=microphone, seed=seed)
    return sound.astype(np.float64)


def bands_db(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the power in bands of a third of an octave from 100 Hz on."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    hz = np.fft.rfftfreq(sound.size, 1 / RATE_HZ)
    edges = 100 * 2 ** (np.arange(19) / 3)
    sums = [power[(hz >= a) & (hz < b)].sum() for a, b in pairwise(edges)]
    return np.asarray(10 * np.log10(np.array(sums) + 1e-12))


def level_db(sound: NDArray[np.float64]) -> float:
    return float(10 * np.log10(np.mean(sound**2)))


def test_automatic_gain_evens_out_what_is_loud_and_what_is_quiet() -> None:
    event = np.random.default_rng(1).normal(0, 0.1, 14 * RATE_HZ).astype(np.float32)
    event[7 * RATE_HZ :] *= 0.1
    plain, even = (recorded(replace(CLEAR, agc=agc), event=event) for agc in (False, True))
    halves = [(s[: 4 * RATE_HZ], s[8 * RATE_HZ :]) for s in (plain, even)]
    apart = [level_db(loud) - level_db(quiet) for loud, quiet in halves]
    assert apart[0] == pytest.approx(20.0, abs=0.5)
    assert apart[1] < 8.0


def test_every_device_colours_the_sound_its_own_way() -> None:
    plain = [bands_db(recorded(CLEAR, seed=seed)) for seed in (1, 2)]
    assert np.abs(plain[0] - plain[1]).max() < 0.01
    one, two, again = (bands_db(recorded(replace(CLEAR, eq_db=5.0), seed=s)) for s in (1, 2, 1))
    assert np.std(one - two) > 2.0
    assert np.array_equal(one, again)


def test_a_jacket_takes_the_high_pitches_away() -> None:
    event = np.random.default_rng(1).normal(0, 0.1, 14 * RATE_HZ).astype(np.float32)
    plain, muffled = (replace(CLEAR, muffled_hz=hz) for hz in (None, 1000.0))
    fall_db = bands_db(recorded(plain, event=event)) - bands_db(recorded(muffled, event=event))
    # Bands are a third of an octave: the first three at 100 Hz, the last three up to 6.4 kHz.
    assert np.ptp(fall_db[:9]) < 0.5
    assert fall_db[-1] - fall_db[-4] == pytest.approx(24.0, abs=2.0)
    assert fall_db[-1] - fall_db[0] > 50.0


def test_wind_is_low_and_a_room_rings_on() -> None:
    gusts = wind(np.random.default_rng(1), 10 * RATE_HZ, RATE_HZ).astype(np.float64)
    power = np.abs(np.fft.rfft(gusts)) ** 2
    hz = np.fft.rfftfreq(gusts.size, 1 / RATE_HZ)
    assert power[hz < 300].sum() > 0.9 * power.sum()
    click = np.zeros(14 * RATE_HZ, np.float32)
    click[5 * RATE_HZ] = 1.0
    rung = recorded(replace(CLEAR, room=Room(rt60_s=0.6)), event=click)
    dry = recorded(CLEAR, event=click)
    after = slice(3 * RATE_HZ + RATE_HZ // 10, 3 * RATE_HZ + RATE_HZ // 2)
    assert np.sum(rung[after] ** 2) > 1e-3 * np.sum(rung**2)
    assert np.sum(dry[after] ** 2) < 1e-6 * np.sum(dry**2)


@pytest.mark.media
def test_codecs_change_what_is_written_and_not_where_it_lies(tmp_path: Path) -> None:
    sound = recorded(CLEAR).astype(np.float32)
    encodings = {
        "24.m4a": Encoding(audio_bit_rate=24_000),
        "192.m4a": Encoding(audio_bit_rate=192_000),
        "plain.mov": Encoding(audio_codec="pcm_s24le"),
    }
    errors, sizes = [], []
    for name, encoding in encodings.items():
        write_sound(tmp_path / name, sound, RATE_HZ, encoding=encoding)
        read, start_s = first_channel(tmp_path / name)
        assert start_s == 0.0
        read = read[: sound.size]
        spectrum = np.fft.rfft(read, 2**20) * np.conj(np.fft.rfft(sound, 2**20))
        assert int(np.fft.irfft(spectrum).argmax()) == 0
        errors.append(level_db(read - sound[: read.size]) - level_db(sound.astype(np.float64)))
        sizes.append((tmp_path / name).stat().st_size)
    assert errors[0] > errors[1] + 6 > errors[2] + 40
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.media
@pytest.mark.parametrize("b_frames", [0, 2])
def test_the_clock_in_the_picture_is_that_of_its_frame(tmp_path: Path, b_frames: int) -> None:
    rate = Fraction(24000, 1001)
    seen = scene(np.random.default_rng(4), duration_s=10.0)
    frames = list(clock_frames(name="A", frames=40, frame_rate=rate, start_s=3.0, seen=seen))
    path = tmp_path / "a.mp4"
    write_movie(
        path, frames=frames, frame_rate=rate, sound=None, encoding=Encoding(b_frames=b_frames)
    )
    with av.open(str(path)) as container:
        shown = [
            (frame.pts * frame.time_base, frame.to_ndarray(format="gray"))
            for frame in container.decode(video=0)
            if frame.pts is not None and frame.time_base is not None
        ]
    drawn = np.stack(frames).astype(float)
    for at_s, grey in shown:
        nearest = int(np.abs(drawn - grey).mean(axis=(1, 2)).argmin())
        assert nearest / rate == at_s
    assert len(shown) == 40


def small_shoot(folder: Path, seed: int) -> Shoot:
    """Write two cameras and a recorder, with all that is drawn by chance."""
    return write_shoot(
        folder,
        events=(EventPlan(kind="mixed", duration_s=6.0),),
        devices=(
            DevicePlan(
                name="A",
                files="A/C{n:04d}.MP4",
                frame_rate=Fraction(25),
                takes=(Take(start_s=0.3, duration_s=2.0), Take(start_s=3.1, duration_s=2.0)),
            ),
            DevicePlan(
                name="B",
                files="B/C{n:04d}.MOV",
                frame_rate=Fraction(30000, 1001),
                takes=(Take(start_s=1.0, duration_s=3.0),),
                timecode=True,
            ),
            DevicePlan(
                name="R",
                files="R/{n}.WAV",
                takes=(Take(start_s=0.0, duration_s=5.0),),
                timecode=True,
            ),
        ),
        seed=seed,
        size=(160, 90),
    )


@pytest.mark.media
def test_a_seed_makes_the_same_shoot_again_to_the_byte(tmp_path: Path) -> None:
    def contents(shoot: Shoot) -> dict[str, str]:
        return {
            str(clip.path.relative_to(shoot.folder)): hashlib.sha256(
                clip.path.read_bytes()
            ).hexdigest()
            for clip in shoot.clips
        }

    one, again, other = (small_shoot(tmp_path / n, s) for n, s in (("1", 7), ("2", 7), ("3", 8)))
    assert contents(one) == contents(again)
    assert not set(contents(one).values()) & set(contents(other).values())
    for a, b in zip(one.clips, again.clips, strict=True):
        assert replace(a, path=b.path) == b
