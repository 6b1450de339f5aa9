"""Pictures are decoded once, at exact times, whatever the file looks like."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from clapless.media import FrameBlock, FrameWish, Need, frame_blocks, probe, read_once
from clapless.model import Clip
from clapless.synth.movie import Encoding, write_movie

pytestmark = pytest.mark.media

RATE = Fraction(30000, 1001)


def shades(count: int, height: int = 96, width: int = 128) -> list[np.ndarray]:
    """Return pictures whose brightness tells their number."""
    slope = np.linspace(0, 40, height)[:, None] + np.zeros(width)
    return [(slope + 20 + k % 60 * 2).astype(np.uint8) for k in range(count)]


def movie(path: Path, count: int = 90, **encoding: object) -> Clip:
    settings = {"crf": 12, "keyframe_every": 15, **encoding}
    write_movie(
        path,
        frames=shades(count),
        frame_rate=RATE,
        sound=None,
        encoding=Encoding(**settings),  # type: ignore[arg-type]
    )
    return probe(path)


def numbers(blocks: list[FrameBlock]) -> np.ndarray:
    """Return which pictures these are, by their brightness."""
    grey = np.concatenate([block.grey for block in blocks if block.grey is not None])
    return np.asarray(np.rint((grey.mean(axis=(1, 2)) - 40) / 2), int)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_times_are_those_of_presentation(tmp_path: Path, b_frames: int) -> None:
    clip = movie(tmp_path / "a.mp4", b_frames=b_frames)
    blocks = list(frame_blocks(clip, FrameWish(width=64, rows=True)))
    times_s = np.concatenate([block.times_s for block in blocks])
    assert times_s == pytest.approx(np.arange(90) * 1001 / 30000, abs=1e-9)
    assert np.abs(numbers(blocks) - np.arange(90) % 60).max() <= 1
    assert np.flatnonzero(np.concatenate([b.keyframes for b in blocks])).tolist() == list(
        range(0, 90, 15)
    )
    assert [b.after_gap.sum() for b in blocks] == [1, *[0] * (len(blocks) - 1)]
    assert blocks[0].rows is not None
    assert blocks[0].rows.shape[1:] == (96, 8)
    assert blocks[0].grey is not None
    assert blocks[0].grey.shape[1:] == (48, 64)


def test_rows_hold_the_brightness_of_each_row(tmp_path: Path) -> None:
    clip = movie(tmp_path / "a.mp4", count=3)
    (block,) = frame_blocks(clip, FrameWish(rows=True))
    assert block.grey is None
    assert block.rows is not None
    expected = np.array([picture.mean(axis=1) for picture in shades(3)])
    assert np.abs(block.rows.mean(axis=2) - expected).max() < 2.5


def test_keyframes_alone_are_a_sixteenth_of_the_work(tmp_path: Path) -> None:
    clip = movie(tmp_path / "a.mp4")
    blocks = list(frame_blocks(clip, FrameWish(width=64, keyframes_only=True)))
    times_s = np.concatenate([block.times_s for block in blocks])
    assert times_s == pytest.approx(np.arange(0, 90, 15) * 1001 / 30000, abs=1e-9)


def test_stretches_are_read_by_seeking(tmp_path: Path) -> None:
    clip = movie(tmp_path / "a.mp4", count=240, b_frames=2)
    wish = FrameWish(width=64, spans_s=((2.0, 3.0), (5.0, 5.4)))
    blocks = list(frame_blocks(clip, wish))
    times_s = np.concatenate([block.times_s for block in blocks])
    assert (np.diff(times_s) > 0).all()
    for start_s, end_s in wish.spans_s or ():
        inside = times_s[(times_s >= start_s) & (times_s < end_s)]
        assert len(inside) == pytest.approx((end_s - start_s) * float(RATE), abs=1)
    # Seeking goes back to the keyframe before, no farther.
    assert times_s[0] > 1.4
    assert len(times_s) < 80
    gaps = np.concatenate([block.after_gap for block in blocks])
    assert gaps.sum() == 2
    assert np.diff(times_s)[gaps[1:]].min() > 0.1
    at = np.rint(times_s * float(RATE)).astype(int)
    assert np.abs(numbers(blocks) - at % 60).max() <= 1


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.mkv", "libx264", "matroska"),
        ("a.MTS", "libx264", "mpegts"),
        ("a.m2t", "mpeg2video", "mpegts"),
        ("a.mpg", "mpeg2video", "dvd"),
        ("a.mxf", "mpeg2video", "mxf"),
        ("cut.mxf", "mpeg2video", "mxf"),
        ("cut.MTS", "libx264", "mpegts"),
    ],
)
def test_stretches_are_those_of_a_whole_read(
    tmp_path: Path, name: str, codec: str, container: str
) -> None:
    path = tmp_path / name
    with av.open(str(path), "w", format=container) as out:
        options = {"bf": "2"} if "264" in codec else {}
        stream: Any = out.add_stream(codec, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.gop_size = 15
        stream.bit_rate = 2_000_000
        for number, grey in enumerate(shades(240)):
            frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, 1 / RATE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    if name.startswith("cut"):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) * 3 // 4])
    clip = probe(path)
    whole = list(frame_blocks(clip, FrameWish(width=64)))
    times_s = np.concatenate([block.times_s for block in whole])
    spans_s = ((2.0, 3.0), (4.0, 4.5))
    parts = list(frame_blocks(clip, FrameWish(width=64, spans_s=spans_s)))
    part_s = np.concatenate([block.times_s for block in parts])
    for start_s, end_s in spans_s:
        wanted = (times_s >= start_s) & (times_s < end_s)
        got = (part_s >= start_s) & (part_s < end_s)
        assert part_s[got] == pytest.approx(times_s[wanted], abs=1e-6)
        assert np.abs(numbers(parts)[got] - numbers(whole)[wanted]).max() <= 1


def test_variable_rates_keep_their_times(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    ticks = np.cumsum([0, *([40, 33, 50] * 20)])
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for picture, tick in zip(shades(len(ticks)), ticks, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = int(tick), Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    times_s = np.concatenate(
        [block.times_s for block in frame_blocks(probe(path), FrameWish(width=32))]
    )
    assert times_s == pytest.approx(ticks / 1000, abs=1e-4)


@pytest.mark.parametrize(
    ("pixels", "codec", "suffix"),
    [
        ("yuv420p10le", "libx264", ".mp4"),
        ("yuv422p12le", "ffv1", ".mkv"),
        ("yuva420p", "ffv1", ".mkv"),
        ("bgra", "ffv1", ".mkv"),
        ("gray", "ffv1", ".mkv"),
        ("yuyv422", "rawvideo", ".avi"),
    ],
)
def test_depths_and_alpha_are_read_alike(
    tmp_path: Path, pixels: str, codec: str, suffix: str
) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"{codec} is missing from PyAV")
    path = tmp_path / f"p{suffix}"
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 128, 96, pixels
        for k, picture in enumerate(shades(8)):
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format=pixels)
            frame.pts = k
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    (block,) = frame_blocks(probe(path), FrameWish(width=64, rows=True))
    assert block.rows is not None
    assert block.grey is not None
    # 16 to 235 in YUV, 0 to 255 in RGB and grey: brighter from frame to frame either way.
    means = block.grey.mean(axis=(1, 2))
    assert means == pytest.approx(40 + 2 * np.arange(8), abs=12)
    assert block.rows.mean(axis=(1, 2)) == pytest.approx(means, abs=1)


def test_a_corrupt_group_of_pictures_is_skipped_and_said(tmp_path: Path) -> None:
    clip = movie(tmp_path / "a.mp4", count=150)
    path = clip.path
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for position, size in packets[62:68]:
        assert position is not None
        data[position + 4 : position + size] = bytes([0xFF]) * (size - 4)
    path.write_bytes(data)
    said: list[str] = []
    blocks = list(frame_blocks(probe(path), FrameWish(width=64), warnings=said))
    times_s = np.concatenate([block.times_s for block in blocks])
    assert 120 <= len(times_s) < 150
    assert times_s[-1] == pytest.approx(149 * 1001 / 30000)
    assert len(said) == 1
    assert "a.mp4" in said[0]
    assert "cannot be decoded" in said[0]
    gaps = np.concatenate([block.after_gap for block in blocks])
    assert gaps.sum() >= 2


def test_a_clip_without_pictures_yields_none(tmp_path: Path) -> None:
    clip = Clip(id="c", name="c", files=(), kind="audio")
    assert list(frame_blocks(clip, FrameWish(width=64))) == []


class Watcher:
    """Counts what it is fed."""

    def __init__(self, wish: FrameWish) -> None:
        self.frame_wish = wish
        self.needs = frozenset({Need.FRAMES})
        self.blocks: list[FrameBlock] = []

    def feed(self, block: object) -> None:
        assert isinstance(block, FrameBlock)
        self.blocks.append(block)


def test_everyone_is_fed_from_one_decoding(tmp_path: Path) -> None:
    clip = movie(tmp_path / "a.mp4", count=40)
    two = [Watcher(FrameWish(width=64)), Watcher(FrameWish(rows=True, spans_s=((0.0, 0.5),)))]
    result = read_once(clip, two)
    assert result.warnings == ()
    assert [id(block) for block in two[0].blocks] == [id(block) for block in two[1].blocks]
    assert sum(len(block.times_s) for block in two[1].blocks) == 40
