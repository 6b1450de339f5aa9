"""One read feeds everyone, in place and time, whatever the file's state."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import av
import numpy as np
import pytest

from clapless.errors import DamagedMediaError, MediaError
from clapless.media import (
    FrameWish,
    Need,
    SoundBlock,
    frame_blocks,
    open_sound,
    probe,
    read_mono,
    read_once,
    sound_blocks,
)
from clapless.media.reading import Block
from clapless.model import Clip, MediaFile
from tests.media.boxes import trim
from tests.media.conftest import PICTURE, PLAIN_AAC, SOUND_FILES
from tests.media.making import Picture, Sound, speech_like, write_media

pytestmark = pytest.mark.media


class Listener:
    """Keeps what it is fed."""

    needs = frozenset({Need.SOUND})

    def __init__(self) -> None:
        self.blocks: list[SoundBlock] = []

    def feed(self, block: Block) -> None:
        assert isinstance(block, SoundBlock)
        self.blocks.append(block)

    def samples(self, stream: int = 0) -> np.ndarray:
        mine = [block.samples for block in self.blocks if block.stream == stream]
        return np.concatenate(mine, axis=1)


class SlowListener(Listener):
    sound_rate_hz = 8000


class Deaf(Listener):
    needs = frozenset({Need.TELEMETRY})


def resampled(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Return the source at 16 kHz by another resampler, as the truth of place."""
    from scipy.signal import resample_poly

    out: np.ndarray = resample_poly(samples.astype(float), 160, rate_hz // 100)
    return out


TRIMMED = (
    *("s16.wav", "s24_44.wav", "plain.flac", "plain.caf", "aac.m4a", "alac.m4a", "aac.mp4"),
    *("two.mov", "aac.mkv", "opus.mkv", "opus.opus", "vorbis.ogg", "cbr.mp3", "vbr.mp3", "pcm.mxf"),
    *("f64.wav", "u8.wav", "mulaw.wav", "alaw.mov", "24channels.mov", "plain.wv", "plain.tta"),
    *("flac.ogg", "pcm.m2ts", "adpcm_ms.wav", "adpcm_qt.mov", "eac3.mp4"),
)
"""Files that say how long the delay of their encoder is."""


@pytest.mark.parametrize("name", TRIMMED)
def test_sound_lies_where_it_was_recorded(media_files: dict[str, Path], name: str) -> None:
    sound = SOUND_FILES[name]["sounds"][0]  # type: ignore[index]
    clip = probe(media_files[name])
    assert clip.audio[0].start_s == 0
    listener = Listener()
    read_once(clip, [listener])
    got = listener.samples()[0].astype(float)
    truth = resampled(sound.samples[0], sound.rate_hz)
    count = min(len(got), len(truth))
    spectrum = np.fft.rfft(got[:count], 2 * count) * np.conj(np.fft.rfft(truth[:count], 2 * count))
    correlation = np.fft.irfft(spectrum)
    assert int(correlation.argmax()) == 0
    # A part of a sample either way would lift one neighbour over the other.
    assert abs(correlation[1] - correlation[-1]) < 0.02 * correlation[0]


@pytest.mark.parametrize(
    ("name", "codec", "picture"),
    [
        ("a.mov", "pcm_s16le", Picture(count=150, options={"g": "12"})),
        ("a.mp4", "aac", Picture(count=150, codec="libx264", options={"g": "50", "bf": "2"})),
    ],
)
def test_what_an_edit_list_shows_is_the_clip(
    tmp_path: Path, name: str, codec: str, picture: Picture
) -> None:
    source = speech_like(6)
    options = PLAIN_AAC if codec == "aac" else {}
    sound = Sound(samples=source, codec=codec, options=options)
    path = write_media(tmp_path / name, picture=picture, sounds=[sound])
    # From within a group of pictures, and within a packet of sound.
    clip = probe(trim(path, start_s=1.48, length_s=2.0))
    assert clip.duration_s == 2
    assert clip.frame_rate == 25
    assert clip.audio[0].start_s == 0
    listener = Listener()
    read_once(clip, [listener])
    got = listener.samples()[0].astype(float)
    assert len(got) == pytest.approx(2.0 * 16000, abs=400)
    truth = resampled(source[0], 48000)
    size = 2 * len(truth)
    spectrum = np.fft.rfft(truth, size) * np.conj(np.fft.rfft(got, size))
    assert int(np.fft.irfft(spectrum).argmax()) == round(1.48 * 16000)
    with open_sound(clip) as windows:
        assert np.abs(windows.window(8000, 8000) * 32768 - got[8000:16000]).max() < 4
    blocks = list(frame_blocks(clip, FrameWish(width=64)))
    times_s = np.concatenate([block.times_s for block in blocks])
    assert times_s == pytest.approx(np.arange(50) / 25)
    grey = blocks[0].grey
    assert grey is not None
    # The bar grows by five pixels a picture, and begins anew after 64.
    assert round(float((grey[0] > 100).mean()) * 64) == 37 * 5 % 64 + 1


@pytest.mark.parametrize("name", SOUND_FILES)
def test_blocks_follow_each_other_without_a_hole(media_files: dict[str, Path], name: str) -> None:
    clip = probe(media_files[name])
    listener = Listener()
    result = read_once(clip, [listener])
    assert result.warnings == ()
    for stream, audio in enumerate(clip.audio):
        position = 0
        for block in (b for b in listener.blocks if b.stream == stream):
            assert block.samples.dtype == np.int16
            assert block.samples.shape[0] == audio.channels
            assert block.start_s == pytest.approx(float(audio.start_s) + position / 16000)
            position += block.samples.shape[1]
        end_s = float(audio.start_s) + position / 16000
        assert end_s == pytest.approx(result.sound_s, abs=0.2)


def test_each_subscriber_hears_its_rate(media_files: dict[str, Path]) -> None:
    clip = probe(media_files["aac.mp4"])
    fast, slow, deaf = Listener(), SlowListener(), Deaf()
    read_once(clip, [fast, slow, deaf])
    assert {block.rate_hz for block in fast.blocks} == {16000}
    assert {block.rate_hz for block in slow.blocks} == {8000}
    assert not deaf.blocks
    assert slow.samples().shape[1] == fast.samples().shape[1] // 2


def test_progress_rises_to_the_end(media_files: dict[str, Path]) -> None:
    seen: list[float] = []
    clip = probe(media_files["s16.wav"])
    read_once(clip, [Listener()], progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(6.0)


def test_mono_is_the_mean_of_the_channels(media_files: dict[str, Path]) -> None:
    for name in ("s16.wav", "16channels.wav", "aac.mp4"):
        clip = probe(media_files[name])
        listener = Listener()
        read_once(clip, [listener])
        mono = np.concatenate(list(read_mono(clip)))
        mean = listener.samples().mean(axis=0)
        assert len(mono) == len(mean)
        assert np.abs(mono - mean).max() <= 3


def test_every_one_of_32_channels_is_its_own(tmp_path: Path) -> None:
    t = np.arange(48000) / 48000
    samples = np.stack([8000 * np.sin(2 * np.pi * 100 * (k + 1) * t) for k in range(32)])
    path = tmp_path / "many.wav"
    write_media(path, sounds=[Sound(samples=samples.astype(np.int16), codec="pcm_s16le")])
    listener = Listener()
    read_once(probe(path), [listener])
    spectra = np.abs(np.fft.rfft(listener.samples(), axis=1))
    assert spectra.argmax(axis=1).tolist() == [100 * (k + 1) for k in range(32)]


def test_loud_float_sound_is_clipped_not_wrapped(tmp_path: Path) -> None:
    samples = np.full((1, 48000), 3.0, np.float32)
    path = tmp_path / "loud.wav"
    write_media(path, sounds=[Sound(samples=samples, codec="pcm_f32le")])
    mono = np.concatenate(list(read_mono(probe(path))))
    assert mono[1000:-1000].min() == 32767


def test_a_clip_without_sound_gives_nothing(tmp_path: Path) -> None:
    path = write_media(tmp_path / "mute.mp4", picture=PICTURE)
    clip = probe(path)
    listener = Listener()
    assert clip.audio == ()
    assert read_once(clip, [listener]).sound_s == 0
    assert not listener.blocks
    assert list(read_mono(clip)) == []


@pytest.mark.parametrize("name", ["aac.ts", "s16.wav", "cbr.mp3", "aac.mkv", "plain.flac"])
def test_of_a_truncated_file_is_used_what_there_is(
    media_files: dict[str, Path], tmp_path: Path, name: str
) -> None:
    content = media_files[name].read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: len(content) * 6 // 10])
    listener = Listener()
    read_once(probe(path), [listener])
    assert listener.samples().shape[1] > 2.5 * 16000


def test_a_truncated_file_says_so(tmp_path: Path, media_files: dict[str, Path]) -> None:
    whole = write_media(
        tmp_path / "front.mp4",
        sounds=[Sound(samples=speech_like(6, channels=2), options=PLAIN_AAC)],
        options={"movflags": "faststart"},
    )
    content = whole.read_bytes()
    cut = tmp_path / "cut 'short'.mp4"
    cut.write_bytes(content[: len(content) * 6 // 10])
    clip = probe(cut)
    assert clip.metadata["damage"] == "is cut short"
    listener = Listener()
    result = read_once(clip, [listener])
    assert len(result.warnings) == 1
    assert result.warnings[0].startswith("cut 'short'.mp4: ")
    assert result.warnings[0].endswith(".")
    assert "breaks off" in result.warnings[0]
    assert listener.samples().shape[1] > 2.5 * 16000


@pytest.mark.parametrize(
    "name",
    [
        *("s16.wav", "plain.w64", "plain.aiff", "plain.caf", "plain.flac", "aac.mkv", "mp3.avi"),
        *("pcm.mxf", "alac.m4a"),
    ],
)
def test_whatever_states_its_length_says_that_it_was_cut(
    media_files: dict[str, Path], tmp_path: Path, name: str
) -> None:
    content = media_files[name].read_bytes()
    path = tmp_path / name
    path.write_bytes(content[: len(content) * 6 // 10])
    if name.endswith("m4a"):
        with pytest.raises(DamagedMediaError, match="cut off before it was closed"):
            probe(path)
        return
    (sentence,) = read_once(probe(path), [Listener()]).warnings
    assert sentence.startswith(f"{name}: ")
    assert "breaks off after" in sentence or "is cut short" in sentence


def test_files_that_were_never_told_their_length_are_not_called_cut(tmp_path: Path) -> None:
    sound = Sound(samples=speech_like(2), codec="libopus")
    path = write_media(tmp_path / "live.webm", sounds=[sound], options={"live": "1"})
    clip = probe(path)
    assert "damage" not in clip.metadata
    assert read_once(clip, [Listener()]).warnings == ()


@pytest.mark.parametrize("counted", [1, 512])
def test_a_few_bytes_counted_too_many_are_not_called_a_cut(tmp_path: Path, counted: int) -> None:
    sound = Sound(samples=speech_like(2), codec="pcm_s16le")
    path = write_media(tmp_path / "a.wav", sounds=[sound])
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = (2 * 96000 + counted).to_bytes(4, "little")
    path.write_bytes(content)
    assert read_once(probe(path), [Listener()]).warnings == ()


def test_damaged_packets_are_silence_in_their_place(tmp_path: Path) -> None:
    samples = speech_like(6, channels=1)
    path = write_media(
        tmp_path / "bad.mp4", sounds=[Sound(samples=samples, options=PLAIN_AAC)], picture=PICTURE
    )
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(audio=0) if p.size]
    content = bytearray(path.read_bytes())
    for packet in packets[100:110]:
        assert packet.pos is not None
        content[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    good, bad = Listener(), Listener()
    read_once(probe(path), [good])
    path.write_bytes(content)
    result = read_once(probe(path), [bad])
    assert len(result.warnings) == 1
    assert "cannot be decoded" in result.warnings[0]
    one, two = good.samples()[0], bad.samples()[0]
    assert len(one) == len(two)
    assert np.array_equal(one[40000:], two[40000:])
    assert np.array_equal(one[:30000], two[:30000])


def test_a_file_that_is_gone_is_an_error_with_its_name(media_files: dict[str, Path]) -> None:
    audio = probe(media_files["s16.wav"]).audio
    clip = Clip(id="x", name="x", files=(MediaFile(path=Path("/nowhere/gone.wav")),), audio=audio)
    with pytest.raises(MediaError, match=r"gone\.wav"):
        read_once(clip, [Listener()])


def test_parallel_files_are_streams_of_their_own(tmp_path: Path) -> None:
    voices = speech_like(2, channels=2)
    for channel in (0, 1):
        write_media(
            tmp_path / f"t{channel}.wav",
            sounds=[Sound(samples=voices[channel : channel + 1], codec="pcm_s16le")],
        )
    first, second = (probe(tmp_path / f"t{channel}.wav") for channel in (0, 1))
    clip = Clip(
        id="c1",
        name="take",
        files=(first.files[0], MediaFile(path=second.path, role="parallel")),
        audio=(
            first.audio[0],
            type(first.audio[0])(index=0, channels=1, sample_rate_hz=48000, file=1),
        ),
        kind="audio",
    )
    listener = Listener()
    read_once(clip, [listener])
    for stream in (0, 1):
        alone = Listener()
        read_once((first, second)[stream], [alone])
        assert np.array_equal(listener.samples(stream), alone.samples())


def test_pictures_are_not_read_with_the_sound(tmp_path: Path) -> None:
    path = write_media(
        tmp_path / "big.mov",
        sounds=[Sound(samples=speech_like(2, channels=1), bit_rate=64000)],
        picture=Picture(count=50, size=(640, 480), codec="rawvideo"),
    )
    assert path.stat().st_size > 10_000_000
    clip = probe(path)
    before = _bytes_read()
    if before is None:
        pytest.skip("this system does not say how many bytes were read")
    list(read_mono(clip))
    after = _bytes_read()
    assert after is not None
    assert after - before < path.stat().st_size / 2


def _bytes_read() -> int | None:
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return int(dict(line.split(": ") for line in lines)["rchar"])


def test_memory_is_flat_with_length(tmp_path: Path) -> None:
    peaks = []
    for seconds in (20, 120):
        path = tmp_path / f"{seconds}.wav"
        samples = np.zeros((2, 16000 * seconds), np.int16)
        write_media(path, sounds=[Sound(samples=samples, codec="pcm_s16le", rate_hz=16000)])
        clip = probe(path)
        tracemalloc.start()
        for _ in sound_blocks(clip):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2 + 100_000
