"""What one track of a big file costs: through its own tables, and through FFmpeg's reader.

Aims: telemetry of a 12 s file and of a 10 GB one with under 20 MB read. The 10 GB file is made
sparse: 22 minutes of small pictures, sound and telemetry, laid out second by second as cameras do,
with nothing in between. Bytes are what the process asked the system for (rchar), so the figures are
those of a file that is not sparse.
"""

from __future__ import annotations

import argparse
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from common import console, print_table
from motion_slices import GOPRO

from clapless.media.containers import keep_only, open_container
from clapless.media.gpmf import read_gpmf, split_payloads
from clapless.media.mp4_boxes import Box
from clapless.media.mp4_tables import Mp4File, Mp4Track
from clapless.model import Clip, MediaFile
from clapless.synth.mp4_track import add_telemetry

SECONDS = 1320
FPS = 30
SOUND_HZ = 48000


@dataclass
class Cost:
    """What a piece of work took."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    read: int = 0


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure a block of work."""
    cost = Cost()
    cpu_s, wall_s, read = time.process_time(), time.monotonic(), _rchar()
    yield cost
    cost.cpu_s = time.process_time() - cpu_s
    cost.wall_s = time.monotonic() - wall_s
    cost.read = _rchar() - read


def _rchar() -> int:
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("rchar"):
            return int(line.split()[1])
    return 0


def small_movie(path: Path, seconds: int) -> Path:
    """Write tiny pictures and stereo sound."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as output:
        video = output.add_stream("mpeg4", rate=FPS)
        video.width, video.height = 64, 48
        sound = output.add_stream("aac", rate=SOUND_HZ, layout="stereo")
        second = (rng.standard_normal((2, SOUND_HZ)) * 0.1).astype(np.float32)
        picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
        for k in range(seconds):
            for i in range(FPS):
                picture.pts, picture.time_base = k * FPS + i, Fraction(1, FPS)
                output.mux(video.encode(picture))
            frame = av.AudioFrame.from_ndarray(second, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = SOUND_HZ, k * SOUND_HZ
            output.mux(sound.encode(frame))
        output.mux(video.encode(None))
        output.mux(sound.encode(None))
    return path


def inflated(source: Path, target: Path, size: int) -> Path:
    """Write a file again with each second of each track as one chunk, spread over `size` bytes."""
    with Mp4File(source) as file:
        kinds = [kind for _, kind in file.formats]
        every = {kind: _whole_track(file, kind) for kind in kinds}
        end_s = max(float(t.times_s[-1]) for t in every.values()) + 1
        stride = size // int(end_s)
        chunks: dict[str, list[list[int]]] = {kind: [] for kind in kinds}
        with target.open("wb") as out:
            out.write(struct.pack(">I4s4sI", 16, b"ftyp", b"mp42", 0))
            out.write(struct.pack(">I4sQ", 1, b"mdat", size + 16))
            for k in range(int(end_s)):
                position = 32 + k * stride
                for kind in kinds:
                    track = every[kind]
                    inside = np.flatnonzero((track.times_s >= k) & (track.times_s < k + 1))
                    if not inside.size:
                        continue
                    chunks[kind].append([position, inside.size])
                    out.seek(position)
                    for index in inside.tolist():
                        data = file.read(int(track.offsets[index]), int(track.sizes[index]))
                        out.write(data)
                        position += len(data)
                    if kind == "mp4v":
                        # The picture of a camera fills the second.
                        position = 32 + (k + 1) * stride - 2**16
            out.seek(32 + size)
            out.write(_movie(file, chunks))
    return target


def _whole_track(file: Mp4File, kind: str) -> Mp4Track:
    found = file.track(kind)
    assert found is not None
    return found


def _movie(file: Mp4File, chunks: dict[str, list[list[int]]]) -> bytes:
    """Return the index again with the tables of where things lie replaced."""
    kinds = iter(kind for _, kind in file.formats)

    def again(box: Box, kind: str) -> bytes:
        if box.kind in (b"moov", b"mdia", b"minf", b"stbl"):
            inner = b"".join(again(part, kind) for part in file.boxes(box.start, box.end))
        elif box.kind == b"trak":
            mine = next(kinds)
            inner = b"".join(again(part, mine) for part in file.boxes(box.start, box.end))
        elif box.kind in (b"stco", b"co64"):
            offsets = [offset for offset, _ in chunks[kind]]
            inner = struct.pack(f">II{len(offsets)}Q", 0, len(offsets), *offsets)
            return struct.pack(">I4s", len(inner) + 8, b"co64") + inner
        elif box.kind == b"stsc":
            rows = b"".join(
                struct.pack(">III", number, count, 1)
                for number, (_, count) in enumerate(chunks[kind], start=1)
            )
            inner = struct.pack(">II", 0, len(chunks[kind])) + rows
        elif box.kind in (b"edts", b"sgpd", b"sbgp"):
            return b""
        else:
            inner = file.read(box.start, box.end - box.start)
        return struct.pack(">I4s", len(inner) + 8, box.kind) + inner

    return again(file.movie, "")


def clip_of(path: Path) -> Clip:
    """Return a clip of one file."""
    return Clip(id="c", name="c", files=(MediaFile(path=path),))


def telemetry_by_tables(path: Path) -> int:
    """Read and decode all telemetry; return the samples."""
    return sum(stream.count for stream in read_gpmf(clip_of(path)).streams)


def telemetry_bytes_by_tables(path: Path) -> int:
    """Read the telemetry's bytes alone."""
    with Mp4File(path) as file:
        track = file.track("gpmd")
        assert track is not None
        return sum(len(sample) for sample in file.samples(track))


def telemetry_bytes_by_ffmpeg(path: Path) -> int:
    """Read the same through FFmpeg's reader with all other streams discarded."""
    with closing(open_container(path)) as container:
        stream = next(s for s in container.streams if s.type == "data" and s.frames > 2)
        keep_only(container, [stream])
        return sum(packet.size for packet in container.demux(stream))


def sound_by_tables(path: Path) -> int:
    """Decode the sound from packets that the tables give; return samples."""
    with closing(open_container(path)) as container:
        context: Any = container.streams.audio[0].codec_context
        with Mp4File(path) as file:
            track = file.track("mp4a")
            assert track is not None
            total = 0
            for data in file.samples(track):
                total += sum(frame.samples for frame in context.decode(av.Packet(data)))
            return total


def sound_by_ffmpeg(path: Path) -> int:
    """Decode the sound through FFmpeg's reader with all other streams discarded."""
    with closing(open_container(path)) as container:
        stream = container.streams.audio[0]
        keep_only(container, [stream])
        return sum(frame.samples for frame in container.decode(stream))


def run(title: str, work: Callable[[Path], int], path: Path) -> list[object]:
    """Measure one way, return a row."""
    with measured() as cost:
        amount = work(path)
    return [title, f"{cost.read / 1e6:.2f}", cost.cpu_s, cost.wall_s, amount]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, default=None, help="where to make the big file")
    options = parser.parse_args()
    heads = ("way", "MB read", "CPU s", "wall s", "bytes or samples")
    ways: tuple[tuple[str, Callable[[Path], int]], ...] = (
        ("telemetry, tables: bytes", telemetry_bytes_by_tables),
        ("telemetry, FFmpeg: bytes", telemetry_bytes_by_ffmpeg),
        ("telemetry, tables: decoded", telemetry_by_tables),
        ("sound, tables", sound_by_tables),
        ("sound, FFmpeg with discard", sound_by_ffmpeg),
    )
    hero = GOPRO / "hero5_karma.mp4"
    telemetry_by_tables(hero)  # imports
    print_table("hero5_karma.mp4, 12 s", heads, [run(*way, hero) for way in ways])
    payloads = split_payloads((GOPRO / "raw" / "long_hero07.bin").read_bytes())
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        small = small_movie(Path(folder) / "small.mp4", SECONDS)
        many = (payloads * (SECONDS // len(payloads) + 1))[:SECONDS]
        with_telemetry = add_telemetry(small, Path(folder) / "telemetry.mp4", many)
        # Every sample has to be laid out, those before the edit too.
        with_telemetry.write_bytes(with_telemetry.read_bytes().replace(b"edts", b"free"))
        size = int(options.gigabytes * 2**30)
        big = inflated(with_telemetry, Path(folder) / "big.mp4", size)
        console.print(f"{big.stat().st_size / 1e9:.1f} GB, {SECONDS} s")
        print_table("the same of a big file", heads, [run(*way, big) for way in ways])


if __name__ == "__main__":
    main()
