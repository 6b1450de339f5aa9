"""Sound kept for a run is the sound that decoding again gives."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.media import (
    KeptSound,
    keep_sound,
    keeping_sounds,
    kept_sound,
    kept_sounds,
    open_sound,
    probe,
    sound_blocks,
)
from clapless.model import Clip
from tests.media.making import Sound, speech_like, write_media

RATE_HZ = 16000

pytestmark = pytest.mark.media


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    path = tmp_path_factory.mktemp("kept") / "two channels.m4a"
    write_media(path, sounds=[Sound(samples=speech_like(3.0, channels=2))])
    return probe(path)


def keep(clip: Clip, channel: int = 1) -> None:
    blocks = list(sound_blocks(clip))
    pieces = [block.samples[channel] for block in blocks]
    keep_sound(clip, pieces, stream=0, channel=channel, rate_hz=RATE_HZ, origin_s=blocks[0].start_s)


def kept(clip: Clip, channel: int = 1) -> KeptSound | None:
    return kept_sound(clip, stream=0, channel=channel, rate_hz=RATE_HZ)


def test_windows_are_those_of_the_file(clip: Clip) -> None:
    with keeping_sounds():
        keep(clip, 0)
        keep(clip, 1)
        for channel in (0, 1):
            sound = kept(clip, channel)
            assert sound is not None
            with open_sound(clip, channel=channel, rate_hz=RATE_HZ) as decoded:
                assert (sound.length, sound.origin_s) == (decoded.length, decoded.origin_s)
                for first, count in ((-50, 200), (0, decoded.length), (20001, 777)):
                    apart = sound.window(first, count) - decoded.window(first, count)
                    assert np.abs(apart).max() <= 0.51 / 32768


@given(st.integers(-40, 80), st.integers(0, 90))
def test_outside_the_recording_is_silence(first: int, count: int) -> None:
    scratch = kept_sounds._Scratch()
    samples = np.arange(1, 51, dtype=np.int16)
    scratch.add(((), 0, RATE_HZ), [samples[:20], samples[20:]], 0.0)
    sound = scratch.find(((), 0, RATE_HZ))
    assert sound is not None
    padded = np.concatenate([np.zeros(40), samples, np.zeros(200)])
    window = sound.window(first, count) * 32768
    assert np.array_equal(window, padded[40 + first : 40 + first + count])


def test_nothing_is_kept_outside_a_run(clip: Clip) -> None:
    keep(clip)
    assert kept(clip) is None
    with keeping_sounds():
        assert kept(clip) is None
        keep(clip)
        with keeping_sounds():
            assert kept(clip) is not None
        assert kept(clip) is not None
    assert kept(clip) is None


def test_a_sound_outlives_the_run_it_was_kept_in(clip: Clip) -> None:
    with keeping_sounds():
        keep(clip)
        sound = kept(clip)
    assert sound is not None
    assert np.abs(sound.window(0, sound.length)).max() > 0.01


def test_another_channel_and_another_rate_are_not_it(clip: Clip) -> None:
    with keeping_sounds():
        keep(clip, 1)
        assert kept(clip, 0) is None
        assert kept_sound(clip, stream=0, channel=1, rate_hz=8000) is None


def test_a_file_that_changed_since_is_read_again(clip: Clip, tmp_path: Path) -> None:
    path = tmp_path / "changing.m4a"
    path.write_bytes(clip.files[0].path.read_bytes())
    copy = probe(path)
    with keeping_sounds():
        keep(copy)
        assert kept(copy) is not None
        os.utime(path, ns=(1, 1))
        assert kept(copy) is None
        path.unlink()
        assert kept(copy) is None


def test_what_does_not_fit_is_not_kept(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_sounds, "LIMIT_BYTES", 100_000)
    with keeping_sounds():
        keep(clip, 0)  # 96 kB
        keep(clip, 1)
        assert kept(clip, 0) is not None
        assert kept(clip, 1) is None


def test_a_disk_that_fills_up_leaves_what_was_kept(
    clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Filling(io.FileIO):
        left = 100_000

        def write(self, data: Any, /) -> int:
            if not self.left:
                raise OSError(28, "No space left on device")
            done = super().write(memoryview(data)[: self.left])
            self.left -= done
            return done

    monkeypatch.setattr(
        tempfile, "TemporaryFile", lambda **_options: Filling(tmp_path / "disk", "w+")
    )
    with keeping_sounds():
        keep(clip, 0)  # 96 kB
        keep(clip, 1)
        assert kept(clip, 1) is None
        sound = kept(clip, 0)
        assert sound is not None
        with open_sound(clip, channel=0, rate_hz=RATE_HZ) as decoded:
            apart = sound.window(0, sound.length) - decoded.window(0, decoded.length)
        assert np.abs(apart).max() <= 0.51 / 32768


def test_without_a_place_for_the_file_sound_is_decoded_again(
    clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with keeping_sounds():
        keep(clip)
        assert kept(clip) is None
