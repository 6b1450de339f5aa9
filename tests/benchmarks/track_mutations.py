"""10,000 mutated GPX and 10,000 mutated FIT files: no crash, no hang, no wrong number in silence.

Run with ``python tests/benchmarks/track_mutations.py [COUNT]``. Prints how many were refused, read
with a warning and read without one, the longest time one took, and how many of those without a
warning differ from the truth by more than a mutated digit of a text file can hide (GPX has no check
sum: a changed digit of a coordinate is a coordinate).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from clapless.errors import MediaError
from clapless.media.tracks import Track, read_tracks
from clapless.synth.tracks import fit_bytes, gpx_text

POINTS = [(1_777_888_999.0 + i, 47.0 + i * 1e-5, 8.0 + i * 2e-5) for i in range(30)]


def run(name: str, whole: bytes, count: int, folder: Path) -> None:
    rng = np.random.default_rng(7)
    (truth,) = _read(folder, name, whole)
    refused = warned = quiet = wrong = 0
    longest_s = 0.0
    for _ in range(count):
        data = np.frombuffer(whole, np.uint8).copy()
        spots = rng.integers(0, len(data), rng.integers(1, 8))
        data[spots] = rng.integers(0, 256, len(spots))
        if rng.random() < 0.3:
            data = data[: rng.integers(1, len(data) + 1)]
        path = folder / name
        path.write_bytes(data.tobytes())
        begun = time.perf_counter()
        try:
            found = read_tracks(path)
        except MediaError:
            refused += 1
            continue
        finally:
            longest_s = max(longest_s, time.perf_counter() - begun)
        if found.warning:
            warned += 1
            continue
        quiet += 1
        (track, *_) = found.tracks
        same = len(track) == len(truth) and np.array_equal(track.lat_deg, truth.lat_deg)
        wrong += not (same and np.array_equal(track.utc_s, truth.utc_s))
    print(
        f"{name}: {count} files, {refused} refused, {warned} with a warning, {quiet} without, "
        f"{wrong} of these with other numbers, longest {longest_s * 1000:.0f} ms"
    )


def _read(folder: Path, name: str, data: bytes) -> tuple[Track, ...]:
    path = folder / name
    path.write_bytes(data)
    return read_tracks(path).tracks


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as here:
        run("ride.gpx", gpx_text(POINTS[:12]).encode(), many, Path(here))
        run("ride.fit", fit_bytes(POINTS), many, Path(here))
