"""One track of an MP4 through its tables: what it finds, and that nothing makes it run away."""

from __future__ import annotations

import contextlib
import os
import struct
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clapless.errors import ClaplessError, DamagedMediaError, MediaError, NotMediaError
from clapless.media.mp4_tables import Mp4File
from clapless.synth.mp4_track import Track, add_telemetry
from tests.media.making import Picture, Sound, speech_like, write_media

PAYLOADS = [bytes([k]) * (40 + 4 * k) for k in range(7)]


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_media(
        tmp_path_factory.mktemp("movie") / "plain.mp4",
        sounds=[Sound(samples=speech_like(7.0))],
        picture=Picture(count=175),
    )


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def full(kind: bytes, content: bytes, version: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24) + content)


def made(
    *,
    sizes: bytes = full(b"stsz", struct.pack(">III", 0, 2, 4) + struct.pack(">I", 6)),
    durations: bytes = full(b"stts", struct.pack(">III", 1, 2, 1000)),
    runs: bytes = full(b"stsc", struct.pack(">IIII", 1, 1, 2, 1)),
    chunks: bytes = full(b"stco", struct.pack(">II", 1, 8)),
    edits: bytes = b"",
    scale: int = 1000,
    more_movie: bytes = b"",
) -> bytes:
    """Return a small file whose one track has two samples, "aaaa" and "bbbbbb"."""
    table = box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1) + box(b"gpmd", bytes(8)))
        + durations
        + runs
        + sizes
        + chunks,
    )
    media = box(
        b"mdia",
        full(b"mdhd", struct.pack(">IIIIHH", 0, 0, scale, 2000, 0, 0))
        + full(b"hdlr", bytes(4) + b"meta" + bytes(12))
        + box(b"minf", table),
    )
    movie = box(
        b"moov",
        full(b"mvhd", struct.pack(">IIII", 0, 0, 600, 1200)) + box(b"trak", edits + media),
    )
    return box(b"mdat", b"aaaabbbbbb") + movie[:4] + movie[4:] + more_movie


def track_of(path: Path, data: bytes) -> tuple[list[bytes], list[float]]:
    path.write_bytes(data)
    with Mp4File(path) as file:
        track = file.track("gpmd")
        assert track is not None
        return list(file.samples(track)), track.times_s.tolist()


@pytest.mark.parametrize("wide", [False, True])
def test_finds_every_sample_at_its_time(movie: Path, tmp_path: Path, wide: bool) -> None:
    target = add_telemetry(
        movie, tmp_path / "with.mp4", PAYLOADS, track=Track(payload_s=Fraction(1), wide=wide)
    )
    with Mp4File(target) as file:
        track = file.track("gpmd")
        assert track is not None
        assert list(file.samples(track)) == PAYLOADS
        assert track.times_s.tolist() == [float(k) for k in range(7)]
        assert file.bytes_read < 20_000
        assert file.track("tmcd") is None


def test_ffmpeg_reads_the_same_track(movie: Path, tmp_path: Path) -> None:
    target = add_telemetry(movie, tmp_path / "with.mp4", PAYLOADS, track=Track(wide=True))
    with av.open(str(target)) as container:
        stream = next(s for s in container.streams if s.type == "data")
        packets = [p for p in container.demux(stream) if p.size]
    assert [bytes(p) for p in packets] == PAYLOADS


def test_a_cut_by_stream_copy_keeps_the_true_times(movie: Path, tmp_path: Path) -> None:
    layout = Track(payload_s=Fraction(1), media_start_s=Fraction(3, 10))
    target = add_telemetry(movie, tmp_path / "cut.mp4", PAYLOADS, track=layout)
    with Mp4File(target) as file:
        track = file.track("gpmd")
        assert track is not None
        assert track.times_s[:2] == pytest.approx([-0.3, 0.7])
        assert track.times_s.size == len(PAYLOADS)


def test_sound_is_found_as_ffmpeg_finds_it(movie: Path) -> None:
    with Mp4File(movie) as file:
        track = file.track("mp4a")
        assert track is not None
        own = list(file.samples(track))
    with av.open(str(movie)) as container:
        stream = container.streams.audio[0]
        # The first packet only primes the decoder; the edit list does not present it.
        packets = {p.pts: bytes(p) for p in container.demux(stream) if p.pts is not None}
        shown = {pts: data for pts, data in packets.items() if pts >= 0 and data}
        tick_s = float(stream.time_base or 0)
    assert own == list(shown.values())
    assert track.times_s == pytest.approx([pts * tick_s for pts in shown], abs=1e-6)


@pytest.mark.parametrize("frames_of", ["plain", "b_frames", "late_picture"])
def test_clip_time_begins_with_the_first_presented_frame(tmp_path: Path, frames_of: str) -> None:
    options = {"bf": "2"} if frames_of == "b_frames" else {}
    picture = Picture(
        count=60, codec="mpeg4", options=options, start_s=0.4 if frames_of == "late_picture" else 0
    )
    path = write_media(
        tmp_path / "clip.mp4", sounds=[Sound(samples=speech_like(2.4))], picture=picture
    )
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        first = min(p.pts for p in container.demux(stream) if p.pts is not None)
        first_s = first * float(stream.time_base or 0)
    with Mp4File(path) as file:
        assert float(file.zero_s) == pytest.approx(first_s, abs=0.002)


def test_several_samples_in_a_chunk(tmp_path: Path) -> None:
    samples, times_s = track_of(tmp_path / "a.mp4", made())
    assert samples == [b"aaaa", b"bbbbbb"]
    assert times_s == [0.0, 1.0]


@pytest.mark.parametrize(
    ("bits", "table"),
    [(16, struct.pack(">HH", 4, 6)), (8, bytes([4, 6])), (4, bytes([0x46]))],
)
def test_compact_sizes(tmp_path: Path, bits: int, table: bytes) -> None:
    sizes = full(b"stz2", bytes([0, 0, 0, bits]) + struct.pack(">I", 2) + table)
    samples, _ = track_of(tmp_path / "a.mp4", made(sizes=sizes))
    assert samples == [b"aaaa", b"bbbbbb"]


def test_a_last_box_of_length_zero_reaches_to_the_end(tmp_path: Path) -> None:
    data = bytearray(made())
    at = data.index(b"moov") - 4
    data[at : at + 4] = bytes(4)
    samples, _ = track_of(tmp_path / "a.mp4", bytes(data))
    assert samples == [b"aaaa", b"bbbbbb"]


def test_an_empty_edit_delays(tmp_path: Path) -> None:
    entries = struct.pack(">IiHh", 300, -1, 1, 0) + struct.pack(">IiHh", 1200, 0, 1, 0)
    edits = box(b"edts", full(b"elst", struct.pack(">I", 2) + entries))
    _, times_s = track_of(tmp_path / "a.mp4", made(edits=edits))
    assert times_s == [0.5, 1.5]


def test_an_edit_at_another_speed_is_refused(tmp_path: Path) -> None:
    edits = box(b"edts", full(b"elst", struct.pack(">I", 1) + struct.pack(">IiHh", 1200, 0, 2, 0)))
    path = tmp_path / "fast.mp4"
    path.write_bytes(made(edits=edits))
    with pytest.raises(DamagedMediaError, match=r"fast\.mp4.*times its speed"), Mp4File(path):
        pass


FRAGMENTS = (
    "frag_keyframe+empty_moov",
    "frag_keyframe+empty_moov+default_base_moof",
    "frag_keyframe+empty_moov+omit_tfhd_offset",
    "frag_keyframe",
    "frag_keyframe+delay_moov+separate_moof",
)


@pytest.mark.parametrize("flags", FRAGMENTS)
@pytest.mark.parametrize("b_frames", ["0", "2"])
def test_fragments_are_read_as_ffmpeg_reads_them(tmp_path: Path, flags: str, b_frames: str) -> None:
    path = write_media(
        tmp_path / "pieces.mp4",
        sounds=[Sound(samples=speech_like(4.0))],
        picture=Picture(count=100, options={"bf": b_frames, "g": "12"}),
        options={"movflags": flags},
    )
    for kind, handler in (("video", "vide"), ("audio", "soun")):
        with av.open(str(path)) as container:
            stream = next(s for s in container.streams if s.type == kind)
            tick_s = float(stream.time_base or 0)
            packets = [p for p in container.demux(stream) if p.size]
        with Mp4File(path) as file:
            assert file.fragmented
            (own_format,) = [f for h, f in file.formats if h == handler]
            track = file.track(own_format)
            assert track is not None
            assert track.notes == ()
            own = dict(zip(file.samples(track), track.times_s.tolist(), strict=True))
            if kind == "video":
                first = min(p.pts for p in packets if p.pts is not None)
                assert float(file.zero_s) == pytest.approx(first * tick_s, abs=1e-3)
        theirs = {bytes(p): p.dts * tick_s for p in packets if p.dts is not None}
        # Sound that only primes the decoder is not presented.
        assert set(own) <= set(theirs)
        assert len(own) >= len(theirs) - 2
        assert len({round(own[data] - theirs[data], 4) for data in own}) == 1


def in_fragments(source: Path, target: Path, flags: str = FRAGMENTS[1]) -> Path:
    """Write a movie again in fragments, its telemetry too."""
    with (
        av.open(str(source)) as whole,
        av.open(str(target), "w", format="mov", container_options={"movflags": flags}) as out,
    ):
        streams = {
            s.index: out.add_stream_from_template(s, opaque=True)
            for s in whole.streams
            if s.type in ("video", "audio") or (s.type == "data" and s.frames > 2)
        }
        for packet in whole.demux([whole.streams[index] for index in streams]):
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return target


def test_telemetry_in_fragments(movie: Path, tmp_path: Path) -> None:
    layout = Track(payload_s=Fraction(1))
    source = add_telemetry(movie, tmp_path / "with.mp4", PAYLOADS, track=layout)
    path = in_fragments(source, tmp_path / "pieces.mov")
    with Mp4File(path) as file:
        assert file.fragmented
        track = file.track("gpmd")
        assert track is not None
        assert list(file.samples(track)) == PAYLOADS
        assert file.bytes_read < 20_000
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == "data")
        packets = [p for p in container.demux(stream) if p.size and p.dts is not None]
        times_s = [(p.dts or 0) * float(stream.time_base or 0) for p in packets]
    assert track.times_s.tolist() == pytest.approx(times_s, abs=1e-6)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_fragments_that_break_off_serve_as_far_as_they_are_whole(
    movie: Path, tmp_path: Path, share: float
) -> None:
    source = add_telemetry(movie, tmp_path / "with.mp4", PAYLOADS, track=Track())
    path = in_fragments(source, tmp_path / "pieces.mov")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with Mp4File(path) as file:
        track = file.track("gpmd")
        assert track is not None
        whole = list(file.samples(track))
    assert whole == PAYLOADS[: len(whole)]
    assert len(whole) < len(PAYLOADS)


def test_a_fragment_cut_in_its_header_is_said(movie: Path, tmp_path: Path) -> None:
    source = add_telemetry(movie, tmp_path / "with.mp4", PAYLOADS, track=Track())
    path = in_fragments(source, tmp_path / "pieces.mov")
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"moof") + 30])
    with Mp4File(path) as file:
        track = file.track("gpmd")
        assert track is not None
        assert "breaks off in one of its fragments" in track.notes


def test_what_lies_outside_the_file_is_left_out_with_a_note(tmp_path: Path) -> None:
    chunks = full(b"stco", struct.pack(">III", 2, 8, 2**31))
    runs = full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1))
    path = tmp_path / "short.mp4"
    path.write_bytes(made(chunks=chunks, runs=runs))
    with Mp4File(path) as file:
        track = file.track("gpmd")
        assert track is not None
        assert list(file.samples(track)) == [b"aaaa"]
        assert track.notes == ("is cut short: 1 of 2 samples of its gpmd lie outside the file",)


@pytest.mark.parametrize(
    "broken",
    [
        {"sizes": full(b"stsz", struct.pack(">II", 4, 2**32 - 1))},
        {"runs": full(b"stsc", struct.pack(">IIIIIII", 2, 5, 1, 1, 1, 1, 1))},
        {"runs": full(b"stsc", struct.pack(">IIII", 1, 1, 0, 1))},
        {"scale": 0},
    ],
)
def test_tables_that_cannot_be_true_are_refused(tmp_path: Path, broken: dict[str, bytes]) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(made(**broken))  # type: ignore[arg-type]
    with pytest.raises(DamagedMediaError, match=r"broken\.mp4"), Mp4File(path) as file:
        file.track("gpmd")


def test_no_index_is_no_media(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_bytes(b"not a movie at all, only words")
    with pytest.raises(NotMediaError), Mp4File(path):
        pass
    with pytest.raises(MediaError), Mp4File(tmp_path / "absent.mp4"):
        pass


@pytest.mark.parametrize("fragmented", [False, True])
def test_mutated_indexes_neither_hang_nor_swallow_memory(
    tmp_path: Path, movie: Path, fragmented: bool
) -> None:
    made_with = add_telemetry(movie, tmp_path / "whole.mp4", PAYLOADS)
    if fragmented:
        made_with = in_fragments(made_with, tmp_path / "pieces.mov")
    whole = made_with.read_bytes()
    at = whole.index(b"moof") - 4 if fragmented else whole.rindex(b"moov") - 4
    rng = np.random.default_rng(5)
    path = tmp_path / "mutated.mp4"
    begin = time.process_time()
    read = refused = 0
    for _ in range(600):
        data = bytearray(whole)
        for place in rng.integers(at, len(data), rng.integers(1, 6)):
            data[place] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256))])
        path.write_bytes(bytes(data))
        # Whatever is wrong is said by one of our own errors; any other would come through.
        with contextlib.suppress(ClaplessError), Mp4File(path) as file:
            refused += 1
            track = file.track("gpmd")
            refused -= 1
            if track is not None:
                total = sum(len(sample) for sample in file.samples(track))
                assert total <= 4 * len(data)
                assert np.isfinite(track.times_s).all()
                read += 1
    assert read > 50
    # In fragments damage costs what comes behind it, and not the file.
    assert fragmented or refused > 0
    assert time.process_time() - begin < 60


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="needs sparse files")
def test_ten_gigabytes_cost_what_their_index_costs(movie: Path, tmp_path: Path) -> None:
    whole = add_telemetry(movie, tmp_path / "small.mp4", PAYLOADS, track=Track(wide=True))
    data = whole.read_bytes()
    at = data.rindex(b"mdat") - 4
    # 10 GB of nothing before the telemetry, in a box of a 64-bit length.
    gap = 10 * 2**30
    index = data.rindex(b"moov") - 4
    head, tail = data[:at], bytearray(data[index:])
    table = tail.index(b"co64") + 12
    for k in range(len(PAYLOADS)):
        place = table + 8 * k
        tail[place : place + 8] = struct.pack(">Q", int.from_bytes(tail[place : place + 8]) + gap)
    target = tmp_path / "huge.mp4"
    with target.open("wb") as file:
        file.write(head + struct.pack(">I4sQ", 1, b"free", gap))
        file.seek(len(head) + gap)
        file.write(data[at:index] + tail)
    with Mp4File(target) as huge:
        track = huge.track("gpmd")
        assert track is not None
        assert list(huge.samples(track)) == PAYLOADS
        assert huge.bytes_read < 20_000
