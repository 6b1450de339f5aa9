"""How long a run of hours takes to be found on a reference of hours, by their words alone.

No video is drawn: each picture has points of its place and of those about it, with some of their
bits turned. Run as ``python tests/benchmarks/scenery_hours.py --hours 2``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import resource
import time

import numpy as np
from common import FIRST_SEED, console
from numpy.typing import NDArray

from clapless.numerics.scenery_points import POINTS
from clapless.numerics.scenery_words import bags, draw_words, nearest_words, weighted
from clapless.signals.scenery.extractor import LONG_EVERY_S
from clapless.signals.scenery.search import _near

SEEN_FOR = 8
"""Pictures in which a point is seen."""

TURNED = 0.08
"""Share of a descriptor's bits that differ from picture to picture."""


def pictures(world: NDArray[np.uint8], first: int, count: int, seed: int) -> NDArray[np.uint8]:
    """Return descriptors of `count` pictures from a place on, one after another."""
    rng = np.random.default_rng(seed)
    bits = np.empty((count, POINTS, 32), np.uint8)
    for number in range(count):
        begin = (first + number) * POINTS // SEEN_FOR
        turned = np.packbits(rng.random((POINTS, 256), np.float32) < TURNED, axis=1)
        bits[number] = world[begin : begin + POINTS] ^ turned
    return bits.reshape(-1, 32)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    options = parser.parse_args()
    count = round(options.hours * 3600 / LONG_EVERY_S)
    rng = np.random.default_rng(FIRST_SEED)
    points = (count + SEEN_FOR + 1) * POINTS // SEEN_FOR + POINTS
    world = rng.integers(0, 256, (points, 32), dtype=np.uint8)
    # The second run is the middle eight tenths of the first.
    start, length = count // 10, count * 8 // 10
    ref = pictures(world, 0, count, FIRST_SEED + 1)
    new = pictures(world, start, length, FIRST_SEED + 2)
    console.print(
        f"{count} pictures of the reference, {length} of the new run, {POINTS} points each"
    )
    begun = time.process_time()
    words = draw_words(ref)
    counted = [
        bags(
            nearest_words(run, words), np.arange(len(run) // POINTS + 1) * POINTS, count=len(words)
        )
        for run in (ref, new)
    ]
    of_words = time.process_time()
    near = _near(*weighted(*counted))
    of_path = time.process_time()
    off = np.abs(near - np.arange(start, start + length))[near >= 0] * LONG_EVERY_S
    console.print(f"words: CPU {of_words - begun:.1f} s; path: CPU {of_path - of_words:.1f} s")
    console.print(
        f"placed {np.mean(near >= 0):.3f} of the pictures, "
        f"to {np.percentile(off, 50):.2f} s (median), {np.percentile(off, 99):.2f} s (P99)"
    )
    console.print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
