"""What reading sound costs: CPU seconds per hour of sound, for each container and each way to ask.

``python tests/benchmarks/bench_media.py [--minutes 20]`` writes one file of each kind (stereo,
48 kHz, coloured noise) and reads it with one thread. `decode` is FFmpeg alone without any of our
code, the floor; `loop` is the shortest program that decodes, collects and resamples to mono 16 kHz.
The lower half is what windows cost when features come from the cache.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.stream import AudioStream
from rich.console import Console
from rich.table import Table

from clapless.media import Need, indexing, open_sound, probe, read_mono, read_once
from clapless.media.reading import Block
from clapless.model import Clip

KINDS = {
    "AAC in MP4": ("aac.mp4", "aac"),
    "AAC in TS": ("aac.ts", "aac"),
    "AAC in MKV": ("aac.mkv", "aac"),
    "MP3": ("sound.mp3", "libmp3lame"),
    "FLAC": ("sound.flac", "flac"),
    "PCM": ("sound.wav", "pcm_s16le"),
}
RATE_HZ = 48000
WINDOWS, WINDOW_S = 40, 4.0


class Listener:
    """Takes blocks and does nothing."""

    needs = frozenset({Need.SOUND})

    def __init__(self, sound_rate_hz: int = 16000) -> None:
        self.sound_rate_hz = sound_rate_hz

    def feed(self, block: Block) -> None:
        """Do nothing."""


def write(path: Path, codec: str, seconds: float) -> None:
    """Write coloured noise, stereo."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=RATE_HZ, layout="stereo")
        assert isinstance(stream, AudioStream)
        total, step = int(seconds * RATE_HZ), 10 * RATE_HZ
        for first in range(0, total, step):
            noise = rng.standard_normal((2, min(step, total - first) + 8)).cumsum(axis=1)
            smooth = (noise[:, 8:] - noise[:, :-8]) * 800
            samples = np.ascontiguousarray(smooth.clip(-32000, 32000).astype(np.int16).T)
            frame = av.AudioFrame.from_ndarray(
                samples.reshape(1, -1), format="s16", layout="stereo"
            )
            frame.sample_rate = RATE_HZ
            frame.pts = first
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def decode(path: Path) -> None:
    """Decode and do nothing else."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass


def loop(path: Path) -> None:
    """Decode to mono 16 kHz in the shortest way there is."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        stream.codec_context.thread_count = 1
        fifo, resampler = AudioFifo(), av.AudioResampler(format="s16p", layout="mono", rate=16000)
        for frame in container.decode(stream):
            frame.pts = None
            fifo.write(frame)
            if fifo.samples >= 65536:
                for part in resampler.resample(fifo.read(65536)):
                    part.to_ndarray()


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of a call."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def ways(path: Path, clip: Clip) -> dict[str, Callable[[], object]]:
    """Return each way to read a whole file."""
    return {
        "decode": lambda: decode(path),
        "loop": lambda: loop(path),
        "read_mono": lambda: sum(len(block) for block in read_mono(clip)),
        "both channels, 16 kHz": lambda: read_once(clip, [Listener()]),
        "both channels, 8 kHz": lambda: read_once(clip, [Listener(8000)]),
        "16 and 8 kHz": lambda: read_once(clip, [Listener(), Listener(8000)]),
    }


def windows(clip: Clip) -> None:
    """Read windows at random places."""
    rng = np.random.default_rng(2)
    with open_sound(clip) as sound:
        count = int(WINDOW_S * sound.rate_hz)
        for first in rng.integers(0, sound.length - count, WINDOWS):
            sound.window(int(first), count)


def measure(path: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return the cost of each way to read all of a file, and of probing and windows."""
    clip = probe(path)
    costs = [min(cpu_s(way) for _ in range(rounds)) for way in ways(path, clip).values()]
    known = min(cpu_s(lambda: windows(clip)) for _ in range(rounds))
    indexing._known.clear()
    cold = cpu_s(lambda: windows(clip))
    return costs, [cpu_s(lambda: probe(path)), known, cold]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    console = Console()
    hours = options.minutes / 60
    whole = Table(title=f"CPU s per hour of sound ({options.minutes:g} min, best of rounds)")
    some = Table(title=f"CPU s for {WINDOWS} windows of {WINDOW_S:g} s")
    for column in ("", "decode", "loop", "read_mono", "2 ch 16k", "2 ch 8k", "16k and 8k"):
        whole.add_column(column, justify="right")
    for column in ("", "probe", "with the index a read left", "cold"):
        some.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        for kind, (name, codec) in KINDS.items():
            path = Path(folder) / name
            write(path, codec, options.minutes * 60)
            costs, extra = measure(path, options.rounds)
            whole.add_row(kind, *(f"{cost / hours:.2f}" for cost in costs))
            some.add_row(kind, *(f"{cost:.3f}" for cost in extra))
            path.unlink()
    console.print(whole)
    console.print(some)


if __name__ == "__main__":
    main()
