"""What the scenery index and an alignment cost, beside plainly decoding the same files.

Run as ``python tests/benchmarks/scenery_cost.py``. Two runs are made, by default of five minutes at
1920 by 1080 and 25 frames a second, encoded as cameras do. The yardstick is the shortest loop over
PyAV's decoder; the frames that are looked at cannot be had without those between them.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import av
import cv2
from common import FIRST_SEED, console
from scenery_accuracy import indexed

from clapless.signals.scenery import ScenerySignal
from clapless.synth.ride_video import RideCamera, RideRun, write_ride
from clapless.synth.ride_world import Leg


def decode(path: Path) -> int:
    """Decode all pictures of a file with one thread and do nothing with them."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return sum(1 for _ in container.decode(stream))


def timed(label: str, begun: float) -> float:
    """Print and return the CPU time since `begun`."""
    spent = time.process_time() - begun
    console.print(f"{label}: CPU {spent:.1f} s")
    return spent


def make(path: Path, number: int, length_s: float, width: int) -> None:
    """Draw one of the two runs."""
    run = RideRun(
        seed=FIRST_SEED + number,
        legs=(Leg(FIRST_SEED, 0, 8 * length_s + 300),),
        duration_s=length_s,
        speed_mps=5.0 + 0.4 * number,
        stops=((length_s / 5, length_s / 10),) if number else (),
        camera=RideCamera(width=width, height=width * 9 // 16, crf=20, b_frames=2),
    )
    write_ride(path, run)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=float, default=300.0)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--media", type=Path, help="folder to keep the runs in, or to find them")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        name = f"{options.width}_{options.length:.0f}s"
        paths = [(options.media or Path(folder)) / f"{name}_{number}.mp4" for number in range(2)]
        for number, path in enumerate(paths):
            if path.exists():
                continue
            # Drawn elsewhere: what that takes is not what is measured.
            child = multiprocessing.get_context("spawn").Process(
                target=make, args=(path, number, options.length, options.width)
            )
            child.start()
            child.join()
        size_mb = sum(path.stat().st_size for path in paths) / 1e6
        console.print(f"made: {size_mb * 4 / options.length:.1f} Mb/s")
        begun = time.process_time()
        for path in paths:
            decode(path)
        plain = timed("decoding both", begun)
        begun = time.process_time()
        features = [indexed(path) for path in paths]
        index = timed("indexing both", begun)
        begun = time.process_time()
        answer = ScenerySignal().match(*features)
        match = timed("aligning them", begun)
    console.print(f"index / decoding: {index / plain:.2f} (wanted at most 1.3)")
    console.print(f"aligning / indexing both: {match / index:.2f} (wanted at most 1)")
    console.print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")
    console.print(f"answer: {type(answer).__name__}")


if __name__ == "__main__":
    main()
