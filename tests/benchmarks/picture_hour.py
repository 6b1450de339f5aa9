"""What looking at a long recording by picture costs beside decoding all of it.

Five seconds of 1080p H.264 of a shaken scene with grain (about 25 Mb/s) are repeated without being
encoded again until the recording is long. Long clips are looked at in stretches, a quarter of them
whatever their length: some minutes tell what an hour costs. Plain decoding is measured on the five
seconds and counted up. Run with: python tests/benchmarks/picture_hour.py [minutes]
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import av
from shake_cost import SEED, plain, with_signals, write

from clapless.media import probe

SHORT_S = 5.0


def repeat(short: Path, long: Path, times: int) -> None:
    """Write the packets of a file again and again."""
    with av.open(str(short)) as source, av.open(str(long), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        packets = [packet for packet in source.demux(stream) if packet.size]
        base = stream.time_base
        assert base is not None
        data = [(bytes(p), p.pts or 0, p.dts or 0, p.duration or 0, p.is_keyframe) for p in packets]
        length = sum(duration for _, _, _, duration, _ in data)
        for number in range(times):
            for content, pts, dts, duration, key in data:
                packet = av.Packet(content)
                packet.stream, packet.time_base = copy, base
                packet.pts, packet.dts = pts + number * length, dts + number * length
                packet.duration, packet.is_keyframe = duration, key
                out.mux(packet)


def main() -> None:
    """Print the figures."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    with tempfile.TemporaryDirectory() as folder:
        short, long = Path(folder) / "short.mp4", Path(folder) / "long.mp4"
        # Written by another process, so that its memory does not count.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            pool.submit(write, short, SHORT_S).result()
            times = round(minutes * 60 / SHORT_S)
            pool.submit(repeat, short, long, times).result()
        begin_s, _, frames = plain(short)
        clip = probe(long)
        wall_s = time.perf_counter()
        taken_s, _ = with_signals(clip, ["picture"])
        wall_s = time.perf_counter() - wall_s
        end_s, _, _ = plain(short)
    whole_s = (begin_s + end_s) / 2 * times
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"seed {SEED}; 1080p H.264, {float(clip.duration_s):.0f} s, {frames * times} frames")
    print(
        f"plain decoding of all {whole_s:.0f} CPU s; picture {taken_s:.0f} CPU s ({wall_s:.0f} s)"
    )
    print(f"share {taken_s / whole_s:.3f}; peak memory {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
