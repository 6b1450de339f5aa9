"""What following the shake costs beside plain decoding of the same pictures, and its memory.

A 1080p H.264 file of a shaken scene with grain is written as a camera would (about 25 Mb/s, long
groups of pictures). Plain decoding is FFmpeg's decoder by the same two threads with nothing done
to its frames. Both are run by turns in one process; CPU is what the process used, all threads.
Run with: python tests/benchmarks/shake_cost.py [seconds [rounds [SIGNAL...]]]
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from clapless.media import probe
from clapless.media.reader import read_once
from clapless.model import Clip
from clapless.signals import SIGNALS
from clapless.synth.movie import Frame
from clapless.synth.shaken import wall

SEED = 100_300
SIZE = (1920, 1080)


def pictures(count: int) -> Iterator[Frame]:
    """Yield pictures of a hand-held camera: a turning view of a wall, something moving, grain."""
    rng = np.random.default_rng(SEED)
    width, height = SIZE
    scene = cv2.resize(wall(SEED, 4096)[:1400, :2400], (2400, 1400))
    grain = [rng.standard_normal((height, width)).astype(np.float32) * 2.5 for _ in range(6)]
    steps = rng.standard_normal((count, 3)) * (6.0, 6.0, 0.004)
    for index in range(count):
        low = max(0, index - 6)
        across, down, turn = steps[low : index + 1].sum(axis=0)
        map_ = cv2.getRotationMatrix2D((1200, 700), float(np.degrees(turn)), 1.0)
        map_[:, 2] += (across - 240, down - 160)
        seen = cv2.warpAffine(scene, map_, SIZE, flags=cv2.INTER_LINEAR).astype(np.float32)
        left = (index * 7) % (width - 400)
        seen[400:700, left : left + 400] = 200 - seen[400:700, left : left + 400] / 2
        yield np.clip(seen + grain[int(rng.integers(6))], 0, 255).astype(np.uint8)


def write(path: Path, seconds: float) -> None:
    """Write the file."""
    rate = Fraction(30000, 1001)
    with av.open(str(path), "w", options={"movie_timescale": "48000"}) as out:
        stream = out.add_stream("libx264", rate=rate)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 25_000_000
        stream.codec_context.gop_size = 15
        stream.options = {"preset": "veryfast", "profile": "high", "bf": "2"}
        for index, picture in enumerate(pictures(int(seconds * rate))):
            planes = np.full((SIZE[1] * 3 // 2, SIZE[0]), 128, np.uint8)
            planes[: SIZE[1]] = picture
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = index, 1 / rate
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def plain(path: Path) -> tuple[float, float, int]:
    """Return CPU, time and frames of decoding alone."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    count = 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "AUTO"
        stream.codec_context.thread_count = 2
        for _ in container.decode(stream):
            count += 1
    return time.process_time() - cpu_s, time.perf_counter() - wall_s, count


def with_signals(clip: Clip, names: list[str]) -> tuple[float, float]:
    """Return CPU and time of taking features."""
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    extractors = [signal.extractor(clip) for signal in SIGNALS if signal.name in names]
    read_once(clip, extractors)
    for extractor in extractors:
        extractor.finish()
    return time.process_time() - cpu_s, time.perf_counter() - wall_s


def main() -> None:
    """Print the figures."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    names = sys.argv[3:] or ["shake"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shaken.mp4"
        # Written by another process, so that its memory does not count.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(write, path, seconds).result()
        rate = path.stat().st_size * 8 / seconds / 1e6
        clip = probe(path)
        alone, taken, walls = [], [], []
        frames = 0
        for _ in range(rounds):
            cpu_s, wall_s, frames = plain(path)
            alone.append(cpu_s)
            cpu_with_s, wall_with_s = with_signals(clip, names)
            taken.append(cpu_with_s)
            walls.append(wall_with_s / wall_s)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratios = np.array(taken) / np.array(alone)
    print(f"seed {SEED}; 1080p H.264, {rate:.0f} Mb/s, {frames} frames, {'+'.join(names)}")
    print(f"plain decoding {np.median(alone) / frames * 1e3:.2f} CPU-ms a frame (median)")
    print(f"with features  {np.median(taken) / frames * 1e3:.2f} CPU-ms a frame (median)")
    print(
        f"CPU ratio of {rounds} rounds: median {np.median(ratios):.3f}, "
        f"{ratios.min():.3f} to {ratios.max():.3f}; time {np.median(walls):.2f}"
    )
    print(f"peak memory of reading {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
