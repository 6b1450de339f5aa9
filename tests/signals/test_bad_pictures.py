"""Odd, empty and damaged pictures: the signals that look at them refuse, or serve as ever."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.stream
import numpy as np
import pytest

from clapless.media import probe, read_once
from clapless.model import Clip, Refusal
from clapless.signals.flash import FlashFeature
from clapless.signals.flash.extractor import FlashExtractor
from clapless.signals.picture.extractor import PictureExtractor

pytestmark = pytest.mark.media

RATE = Fraction(25)
HEIGHT, WIDTH = 192, 256
FLASHES = (12, 31, 47, 88)
"""Frames that are lit in their lower half."""

Grey = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def room(seed: int = 0) -> Grey:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 110, (6, 8)).astype(np.uint8)
    return np.kron(coarse, np.ones((HEIGHT // 6, WIDTH // 8), np.uint8))


def flashed(count: int = 100) -> list[Grey]:
    pictures = [room() for _ in range(count)]
    for number in FLASHES:
        if number < count:
            pictures[number][HEIGHT // 2 :] += 70
    return pictures


def write(
    path: Path,
    pictures: Sequence[Grey],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rotation: int = 0,
    cover: bool = False,
) -> Clip:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = pixels
        stream.codec_context.gop_size = 10
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "crf": "14"}
        if rotation:
            stream.set_display_rotation(rotation)
        if cover:
            still = out.add_stream("mjpeg", rate=1)
            assert isinstance(still, av.VideoStream)
            still.width, still.height, still.pix_fmt = 64, 64, "yuvj420p"
            still.disposition = av.stream.Disposition.attached_pic
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format=pixels)
            frame.pts, frame.time_base = number, 1 / RATE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if cover:
            image = av.VideoFrame(64, 64, "yuvj420p")
            image.pts, image.time_base = 0, Fraction(1)
            out.mux([*still.encode(image), *still.encode(None)])
    return probe(path)


def looked_at(clip: Clip) -> tuple[object, object, tuple[str, ...]]:
    """Return what flash and picture keep of a clip, and what is said."""
    flash, picture = FlashExtractor(clip), PictureExtractor(clip)
    said = read_once(clip, [flash, picture]).warnings
    return flash.finish(), picture.finish(), tuple(said)


def code(answer: object) -> str:
    assert isinstance(answer, Refusal)
    assert answer.reason
    return answer.code


def lit(answer: object) -> list[int]:
    """Return the frames in which flashes were found."""
    assert isinstance(answer, FlashFeature)
    return [round(event.time_s * float(RATE)) for event in answer.usable]


def test_one_picture_is_too_few(tmp_path: Path) -> None:
    flash, picture, _ = looked_at(write(tmp_path / "one.mp4", [room()]))
    assert code(flash) == "too_short"
    assert code(picture) == "too_short"


def test_sound_alone_has_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="ipod") as out:
        stream = out.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 9600), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 48000, 0
        out.mux([*stream.encode(frame), *stream.encode(None)])
    flash, picture, _ = looked_at(probe(path))
    assert code(flash) == "too_short"
    assert code(picture) == "too_short"


def test_black_shows_neither_flash_nor_movement(tmp_path: Path) -> None:
    black = [np.zeros((HEIGHT, WIDTH), np.uint8)] * 100
    flash, picture, said = looked_at(write(tmp_path / "black.mp4", black))
    assert code(flash) == "no_flash"
    assert code(picture) == "static"
    assert said == ()


def test_a_slideshow_is_neither(tmp_path: Path) -> None:
    slides = [room(number // 30) for number in range(180)]
    flash, picture, _ = looked_at(write(tmp_path / "slides.mp4", slides))
    assert code(flash) == "no_flash"
    assert code(picture) == "static"


def test_a_damaged_stretch_is_left_out_and_said(tmp_path: Path) -> None:
    clip = write(tmp_path / "torn.mp4", flashed())
    with av.open(str(clip.path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(clip.path.read_bytes())
    for position, size in packets[60:66]:
        assert position is not None
        data[position + 4 : position + size] = bytes([0xFF]) * (size - 4)
    clip.path.write_bytes(data)
    flash, _, said = looked_at(probe(clip.path))
    assert lit(flash) == list(FLASHES)
    assert len(said) == 1
    assert "torn.mp4" in said[0]
    assert "cannot be decoded" in said[0]


@pytest.mark.parametrize(
    ("pixels", "codec", "suffix"),
    [
        ("yuv420p10le", "libx264", ".mp4"),
        ("yuv422p12le", "ffv1", ".mkv"),
        ("yuva420p", "ffv1", ".mkv"),
        ("bgra", "ffv1", ".mkv"),
    ],
)
def test_depths_and_alpha_show_the_same_flashes(
    tmp_path: Path, pixels: str, codec: str, suffix: str
) -> None:
    clip = write(tmp_path / f"deep{suffix}", flashed(), codec=codec, pixels=pixels)
    flash, _, said = looked_at(clip)
    assert lit(flash) == list(FLASHES)
    assert isinstance(flash, FlashFeature)
    rows = [edge.row for event in flash.usable for edge in event.edges]
    assert rows == pytest.approx([0.5] * len(FLASHES), abs=0.02)
    assert said == ()


def test_rotation_by_metadata_leaves_the_rows_of_the_sensor(tmp_path: Path) -> None:
    straight, _, _ = looked_at(write(tmp_path / "straight.mp4", flashed()))
    turned, _, _ = looked_at(write(tmp_path / "turned.mp4", flashed(), rotation=90))
    assert isinstance(straight, FlashFeature)
    assert isinstance(turned, FlashFeature)
    assert turned.rows == straight.rows == HEIGHT
    assert [e.edges for e in turned.events] == [e.edges for e in straight.events]


def test_a_cover_beside_the_pictures_is_passed_over(tmp_path: Path) -> None:
    flash, _, said = looked_at(write(tmp_path / "cover.mp4", flashed(), cover=True))
    assert lit(flash) == list(FLASHES)
    assert said == ()


def test_8k_is_looked_at_like_any_other(tmp_path: Path) -> None:
    large = [np.full((4320, 7680), 80, np.uint8) for _ in range(5)]
    large[2][3240:] += 70
    flash, picture, said = looked_at(write(tmp_path / "large.mp4", large))
    assert lit(flash) == [2]
    assert isinstance(flash, FlashFeature)
    assert flash.rows == 4320
    (edge,) = flash.usable[0].edges
    assert edge.row == pytest.approx(0.75, abs=0.01)
    assert code(picture) == "too_short"
    assert said == ()
