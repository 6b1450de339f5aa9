"""Windows hold the same samples as one read of the whole file, for every format."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clapless.errors import MediaError, UsageError
from clapless.media import (
    adopt_sound_indexes,
    indexing,
    open_sound,
    probe,
    sound_blocks,
    sound_indexes,
)
from clapless.media.containers import keep_only, open_container
from clapless.media.indexing import index_from_arrays, index_to_arrays
from clapless.media.limits import OpenFiles, PieceCache
from clapless.media.quick_index import quick_index
from clapless.media.sequence import parts_of
from clapless.media.whole_index import sound_index, whole_index
from clapless.model import Clip, MediaFile
from tests.media.conftest import SOUND_FILES
from tests.media.making import Sound, speech_like, write_media

HAVE_AN_INDEX = {
    *("s16.wav", "s24_44.wav", "float.wav", "16channels.wav", "32channels.wav", "8k.wav"),
    *("192k.wav", "plain.w64", "plain.aiff", "plain.flac", "f64.wav", "u8.wav", "mulaw.wav"),
    *("alaw.mov", "24channels.mov"),
    *("aac.m4a", "8channels.m4a", "alac.m4a", "aac.mp4", "late.mp4", "hole.mp4", "two.mov"),
}

LSB = 1 / 32768

ROUGH = {"ac3.m2ts": 40, "eac3.mp4": 40, "amr.3gp": 150, "adpcm_qt.mov": 400}
"""Codecs whose decoders remember more than their run-up, or draw noise: by how many steps of 16
bits windows may differ. The sounds are some 8000 loud."""

pytestmark = pytest.mark.media


@pytest.fixture
def forget() -> Iterator[None]:
    """Windows are opened as in a new process, without what a whole read has left behind."""
    indexing._known.clear()
    yield
    indexing._known.clear()


def whole(clip: Clip, stream: int = 0, rate_hz: int = 16000) -> np.ndarray:
    blocks = sound_blocks(clip, streams=[stream], rates_hz=(rate_hz,))
    return np.concatenate([block.samples for block in blocks], axis=1)


def expected(samples: np.ndarray, first: int, count: int) -> np.ndarray:
    out = np.zeros(count)
    low, high = max(first, 0), min(first + count, len(samples))
    if high > low:
        out[low - first : high - first] = samples[low:high] / 32768
    return out


def check(clip: Clip, stream: int, channel: int, rng: np.random.Generator, tries: int) -> None:
    samples = whole(clip, stream)[channel]
    with open_sound(clip, stream=stream, channel=channel) as sound:
        assert sound.length == len(samples)
        for _ in range(tries):
            first = int(rng.integers(-500, sound.length))
            count = int(rng.integers(1, 12000))
            window = sound.window(first, count)
            assert window.dtype == np.float32
            difference = np.abs(np.clip(window, -1, 1) - expected(samples, first, count))
            most = ROUGH.get(clip.path.name, 4) * LSB
            assert difference.max() < most, (first, count, int(difference.argmax()))


@pytest.mark.parametrize("name", SOUND_FILES)
def test_windows_are_the_whole_read_again(media_files: dict[str, Path], name: str) -> None:
    clip = probe(media_files[name])
    for stream, audio in enumerate(clip.audio):
        check(clip, stream, audio.channels - 1, np.random.default_rng(1), 8)


@pytest.mark.parametrize("name", SOUND_FILES)
def test_windows_need_no_whole_read_before(
    media_files: dict[str, Path], name: str, forget: None
) -> None:
    clip = probe(media_files[name])
    with open_sound(clip) as sound:
        late = sound.window(sound.length - 9000, 4000)
        early = sound.window(20000, 4000)
        length = sound.length
    samples = whole(clip)[0]
    assert length == len(samples)
    most = ROUGH.get(name, 4) * LSB
    assert np.abs(late - expected(samples, length - 9000, 4000)).max() < most
    assert np.abs(early - expected(samples, 20000, 4000)).max() < most


CUT = (
    *("aac.ts", "s16.wav", "cbr.mp3", "aac.mkv", "plain.flac", "plain.aiff", "media.wma"),
    *("vorbis.ogg", "plain.caf", "plain.w64", "mp3.avi", "pcm.mxf", "fragments.mp4"),
)


@pytest.mark.parametrize("name", CUT)
def test_windows_of_a_cut_file_are_the_whole_read_again(
    media_files: dict[str, Path], tmp_path: Path, name: str
) -> None:
    content = media_files[name].read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: len(content) * 7 // 10])
    clip = probe(path)
    samples = whole(clip)[0]
    assert len(samples) > 3 * 16000
    for first in (16000, len(samples) - 12000):
        with open_sound(clip) as sound:
            window = sound.window(first, 6000)
        assert np.abs(window - expected(samples, first, 6000)).max() < 4 * LSB


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_window_at_any_rate(media_files: dict[str, Path], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["aac.mp4", "cbr.mp3", "aac.mkv", "s24_44.wav", "two.mov"]))
    rate_hz = data.draw(st.sampled_from([8000, 11025, 16000, 22050, 48000]))
    clip = probe(media_files[name])
    samples = whole(clip, rate_hz=rate_hz)[0]
    with open_sound(clip, rate_hz=rate_hz) as sound:
        assert sound.length == len(samples)
        for _ in range(3):
            first = data.draw(st.integers(-100, sound.length + 100))
            count = data.draw(st.integers(0, 5000))
            got = sound.window(first, count)
            assert got.shape == (count,)
            assert np.abs(got - expected(samples, first, count)).max(initial=0) < 4 * LSB


def test_noise_that_aac_makes_itself_lies_at_the_same_place(tmp_path: Path, forget: None) -> None:
    noise = np.random.default_rng(2).normal(0, 2000, (1, 6 * 48000)).astype(np.int16)
    path = write_media(tmp_path / "noise.m4a", sounds=[Sound(samples=noise, bit_rate=48000)])
    clip = probe(path)
    samples = whole(clip)[0] / 32768
    with open_sound(clip) as sound:
        window = sound.window(60000, 16000)
    spectrum = np.fft.rfft(window) * np.conj(np.fft.rfft(samples[60000:76000]))
    assert int(np.fft.irfft(spectrum).argmax()) == 0


def test_channels_can_be_mixed(media_files: dict[str, Path]) -> None:
    clip = probe(media_files["s16.wav"])
    with (
        open_sound(clip, channel=None) as mixed,
        open_sound(clip, channel=0) as left,
        open_sound(clip, channel=1) as right,
    ):
        mean = (left.window(1000, 5000) + right.window(1000, 5000)) / 2
        assert np.abs(mixed.window(1000, 5000) - mean).max() < 2 * LSB


def test_a_window_at_the_files_own_rate_is_the_file(media_files: dict[str, Path]) -> None:
    clip = probe(media_files["s16.wav"])
    source = SOUND_FILES["s16.wav"]["sounds"][0].samples  # type: ignore[index]
    with open_sound(clip, rate_hz=48000) as sound:
        assert np.array_equal(sound.window(100000, 5000), source[0, 100000:105000] / 32768)


def test_what_is_not_there_is_refused(media_files: dict[str, Path]) -> None:
    clip = probe(media_files["s16.wav"])
    with pytest.raises(UsageError, match="sound streams"):
        open_sound(clip, stream=1)
    with pytest.raises(UsageError, match="channels"):
        open_sound(clip, channel=2)
    gone = Clip(id="x", name="x", files=(MediaFile(path=Path("/nowhere/x.wav")),), audio=clip.audio)
    with pytest.raises(MediaError, match="does not exist"):
        open_sound(gone)


def test_an_index_survives_the_store(media_files: dict[str, Path]) -> None:
    for name in ("aac.mkv", "s16.wav", "cbr.mp3"):
        index = sound_index(media_files[name], 0)
        again = index_from_arrays(index_to_arrays(index))
        assert np.array_equal(again.sample, index.sample)
        assert np.array_equal(again.pts, index.pts)
        assert np.array_equal(again.pos, index.pos)
        assert (again.length, again.first_pts, again.timed, again.by_position) == (
            index.length,
            index.first_pts,
            index.timed,
            index.by_position,
        )


def chaptered(folder: Path, *, gap_s: Fraction, suffix: str = "wav") -> tuple[Clip, np.ndarray]:
    """Return a clip of three files with a gap after the first, and its true samples at 16 kHz."""
    source = speech_like(6, channels=1)
    cuts = [(0, 96000), (96000, 180001), (180001, 288000)]
    gap = round(gap_s * 48000)
    files, clips = [], []
    for number, (first, end) in enumerate(cuts):
        path = folder / f"part{number}.{suffix}"
        write_media(path, sounds=[Sound(samples=source[:, first:end], codec="pcm_s16le")])
        clips.append(probe(path))
        start_s = Fraction(first + (gap if number else 0), 48000)
        role = "chapter" if number else "main"
        files.append(MediaFile(path=path, role=role, start_s=start_s))  # type: ignore[arg-type]
    clip = Clip(id="c1", name="take", files=tuple(files), audio=clips[0].audio, kind="audio")
    joined = np.concatenate([source[:, :96000], np.zeros((1, gap)), source[:, 96000:]], axis=1)
    one = write_media(
        folder / f"one.{suffix}", sounds=[Sound(samples=joined.astype(np.int16), codec="pcm_s16le")]
    )
    return clip, whole(probe(one))[0]


@pytest.mark.parametrize("gap_s", [Fraction(0), Fraction(7, 10)])
def test_chapters_are_one_stream(tmp_path: Path, gap_s: Fraction) -> None:
    clip, truth = chaptered(tmp_path, gap_s=gap_s)
    assert parts_of(clip, clip.audio[0])[0].first == 0
    samples = whole(clip)[0]
    assert len(samples) == len(truth)
    assert np.abs(samples.astype(int) - truth).max() <= 1
    with open_sound(clip) as sound:
        assert sound.length == len(truth)
        for first in range(0, sound.length, 7919):
            window = sound.window(first, 9000)
            assert np.abs(window - expected(truth, first, 9000)).max() < 2 * LSB


def test_overlapping_chapters_count_once(tmp_path: Path) -> None:
    source = speech_like(3, channels=1)
    for name, part in (("a", source[:, :72000]), ("b", source[:, 67200:])):
        write_media(tmp_path / f"{name}.wav", sounds=[Sound(samples=part, codec="pcm_s16le")])
    clip = Clip(
        id="c1",
        name="take",
        files=(
            MediaFile(path=tmp_path / "a.wav"),
            MediaFile(path=tmp_path / "b.wav", role="chapter", start_s=Fraction(67200, 48000)),
        ),
        audio=probe(tmp_path / "a.wav").audio,
    )
    truth = write_media(tmp_path / "one.wav", sounds=[Sound(samples=source, codec="pcm_s16le")])
    samples = whole(probe(truth))[0]
    assert np.array_equal(whole(clip)[0], samples)
    with open_sound(clip) as sound:
        assert np.abs(sound.window(20000, 8000) - samples[20000:28000] / 32768).max() < 2 * LSB


@pytest.mark.parametrize("name", SOUND_FILES)
def test_the_containers_own_index_is_that_of_a_whole_read(
    media_files: dict[str, Path], name: str
) -> None:
    with open_container(media_files[name]) as container:
        keep_only(container, container.streams.audio[:1])
        quick = quick_index(container, container.streams.audio[0])
    assert (quick is not None) == (name in HAVE_AN_INDEX)
    if quick is None:
        return
    slow = whole_index(media_files[name], 0)
    assert (quick.length, quick.timed) == (slow.length, slow.timed)
    assert quick.first_pts == slow.first_pts
    shared = np.isin(quick.pts, slow.pts)
    if not quick.timed:
        assert shared.any()
    known = dict(zip(slow.pts.tolist(), slow.sample.tolist(), strict=True))
    assert [known[pts] for pts in quick.pts[shared].tolist()] == quick.sample[shared].tolist()


def test_kept_indexes_spare_reading_it_all(
    media_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, forget: None
) -> None:
    clip = probe(media_files["aac.mkv"])
    samples = whole(clip)[0]
    arrays = sound_indexes(clip)
    indexing._known.clear()
    assert sound_indexes(clip) == {}
    adopt_sound_indexes(clip, arrays)

    def never(*_: object) -> None:
        raise AssertionError("the file was read whole")

    monkeypatch.setattr("clapless.media.whole_index.whole_index", never)
    with open_sound(clip) as sound:
        assert np.abs(sound.window(50000, 4000) - samples[50000:54000] / 32768).max() < 4 * LSB


def test_many_sounds_share_files_and_memory(
    media_files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clapless.media.stretches.open_files", OpenFiles(3))
    monkeypatch.setattr("clapless.media.windows.pieces", PieceCache(200_000))
    clips = [probe(media_files[name]) for name in ("aac.mp4", "s16.wav", "aac.mkv", "cbr.mp3")]
    sounds = [open_sound(clip) for clip in clips for _ in range(3)]
    truths = [whole(clip)[0] for clip in clips for _ in range(3)]
    for first in (0, 30000, 60000, 10000):
        for sound, truth in zip(sounds, truths, strict=True):
            window = sound.window(first, 8000)
            assert np.abs(window - truth[first : first + 8000] / 32768).max() < 4 * LSB
        still_open = sum(
            reader._container is not None for s in sounds for reader in s._readers.values()
        )
        assert still_open <= 3
    for sound in sounds:
        sound.close()
        assert sound.window(0, 10).shape == (10,)
        sound.close()


def test_threads_may_share_a_sound(media_files: dict[str, Path]) -> None:
    clip = probe(media_files["aac.mp4"])
    truth = whole(clip)[0]
    with open_sound(clip) as sound, ThreadPoolExecutor(4) as pool:

        def right(first: int) -> bool:
            window = sound.window(first, 3000)
            return bool(np.abs(window - expected(truth, first, 3000)).max() < 4 * LSB)

        assert all(pool.map(right, [n * 7919 % 90000 for n in range(60)]))
