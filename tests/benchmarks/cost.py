"""What a sync costs beside decoding the same files to mono 16 kHz with the product's own reader.

Aims (CPU with children): a 75 min AAC pair at most 1.5 times, three 75 min clips at most 2 times,
200 clips of 2 min from 5 devices at most 2.5 times; peak memory under 400 MB. With --polysync also
polysync 0.3 from PyPI on the same pair, in a virtual environment of its own: Clapless takes no more
CPU and a third of its memory.

Decoding and sync are each a fresh Python process, taken in turn ``--pairs`` times; medians count.
The media are made once and kept in --folder. A sync starts with an empty cache.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import venv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from common import arguments, console, print_table
from usage import Usage, measure

from clapless.synth.movie import Encoding, write_sound
from clapless.synth.recording import record
from clapless.synth.sound import RATE_HZ, draw_microphone, make_event

LONG_S = 75 * 60.0
SHORT_S = 120.0
DEVICES, CLIPS = 5, 40
RATE = 48_000

DECODE = (
    "import sys\nfrom clapless.media import probe, read_mono\n"
    "for path in sys.argv[1:]:\n    for block in read_mono(probe(path)):\n        pass\n"
)
POLYSYNC = "polysync==0.3.0"
FFPROBE = """#!{python}
import re, subprocess, sys
asked = ["{ffmpeg}", "-hide_banner", "-i", sys.argv[-1]]
text = subprocess.run(asked, capture_output=True, text=True).stderr
if "format=duration" in sys.argv:
    h, m, s = re.search(r"Duration: (\\d+):(\\d+):([\\d.]+)", text).groups()
    print(int(h) * 3600 + int(m) * 60 + float(s))
else:
    print("\\n".join(str(i) for i, _ in enumerate(re.findall(r"Stream #.*Audio:", text))))
"""


def media(folder: Path, seed: int) -> tuple[list[Path], Path]:
    """Return three 75 min clips and a folder of 200 clips of 2 min, made where they are missing."""
    place = folder / f"cost_{seed}"
    long = [place / "long" / f"{name}.m4a" for name in "abc"]
    short = place / "short"
    work: list[tuple[Path, float, float, int]] = []
    for index, path in enumerate(long):
        work.append((path, 600.0 * index, LONG_S, index))
    rng = np.random.default_rng((seed, 70))
    for device in range(DEVICES):
        start_s = float(rng.uniform(0, 20))
        for number in range(CLIPS):
            path = short / f"CAM_{device + 1}" / f"C{number:04d}.m4a"
            work.append((path, start_s, SHORT_S, 10 + device))
            start_s += SHORT_S + float(rng.uniform(2, 30))
    missing = [item for item in work if not item[0].exists()]
    if missing:
        length_s = max(start_s + duration_s for _, start_s, duration_s, _ in work) + 10.0
        console.print(f"making {len(missing)} files in {place}")
        event = make_event(np.random.default_rng((seed, 71)), "mixed", length_s)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda item: _write(event, seed, *item), missing))
    return long, short


def _write(
    event: np.typing.NDArray[np.float32],
    seed: int,
    path: Path,
    start_s: float,
    duration_s: float,
    device: int,
) -> None:
    rng = np.random.default_rng((seed, 72, device))
    mono = record(
        event,
        RATE_HZ,
        start_s=start_s,
        duration_s=duration_s,
        microphone=draw_microphone(rng, snr_db=15.0, room=True),
        seed=(seed, device, int(start_s)),
        drift_ppm=float(rng.uniform(-40, 40)),
        device_rate_hz=RATE,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    stereo = np.broadcast_to(mono, (2, mono.size))
    write_sound(path, stereo, RATE, encoding=Encoding(audio_bit_rate=128_000))


def decode(paths: Sequence[Path]) -> Usage:
    """Decode files to mono 16 kHz, one after another."""
    return _checked(measure([sys.executable, "-c", DECODE, *paths]), (0,))


def sync(paths: Sequence[Path]) -> Usage:
    """Sync files with an empty cache."""
    with tempfile.TemporaryDirectory() as scratch:
        return _checked(
            measure(
                [sys.executable, "-m", "clapless", "sync", *paths, "-o", f"{scratch}/s.json"],
                env={"CLAPLESS_CACHE": f"{scratch}/cache"},
            ),
            (0, 3),
        )


def _checked(usage: Usage, codes: tuple[int, ...]) -> Usage:
    if usage.code not in codes:
        raise SystemExit(f"the command ended with {usage.code}:\n{usage.output}")
    return usage


def polysync(folder: Path, pair: Sequence[Path]) -> Usage:
    """Run polysync on a pair; ffmpeg comes from imageio-ffmpeg where there is none."""
    home = folder / "polysync-venv"
    python = home / "bin" / "python"
    if not (home / "bin" / "polysync").exists():
        venv.create(home, with_pip=True)
        install: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            POLYSYNC,
            "imageio-ffmpeg",
        ]
        _checked(measure(install), (0,))
    if shutil.which("ffmpeg") is None and not (home / "bin" / "ffprobe").exists():
        ask = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
        ffmpeg = measure([python, "-c", ask]).output.strip()
        (home / "bin" / "ffmpeg").symlink_to(ffmpeg)
        probe = home / "bin" / "ffprobe"
        probe.write_text(FFPROBE.format(python=f"{python} -S", ffmpeg=ffmpeg))
        probe.chmod(0o755)
    path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        # It writes beside the files: links keep the media clean.
        links = []
        for one in pair:
            links.append(Path(scratch) / one.name)
            links[-1].symlink_to(one)
        return _checked(
            measure([home / "bin" / "polysync", "sync", *links], env={"PATH": path}), (0, 1)
        )


def line(
    name: str, aim: float, files: Sequence[Path], paths: Sequence[Path], times: int
) -> tuple[list[object], float, float]:
    """Measure one set of files in turn; return a row, CPU seconds and memory of the sync."""
    decoded, synced = [], []
    for _ in range(times):
        decoded.append(decode(files))
        synced.append(sync(paths))
    plain_s, cpu_s = (statistics.median(x.cpu_s for x in xs) for xs in (decoded, synced))
    wall_s = statistics.median(x.wall_s for x in synced)
    peak_mb = max(x.peak_mb for x in synced)
    row: list[object] = [
        name,
        plain_s,
        cpu_s,
        cpu_s / plain_s,
        aim,
        wall_s,
        peak_mb,
        max(x.peak_mb for x in decoded),
        synced[-1].code,
    ]
    return row, cpu_s, peak_mb


def more(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--folder", type=Path, required=True, help="where media are kept")
    parser.add_argument("--polysync", action="store_true", help="compare with polysync too")
    parser.add_argument("--only", choices=("pair", "three", "many"), help="this set alone")


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=3, more=more)
    folder = options.folder.resolve()
    long, short = media(folder, options.seed)
    sets = {
        "pair": ("75 min pair", 1.5, long[:2], long[:2]),
        "three": ("three of 75 min", 2.0, long, long),
        "many": ("200 of 2 min", 2.5, sorted(short.rglob("*.m4a")), [short]),
    }
    lines, costs = [], {}
    for key, (name, aim, files, paths) in sets.items():
        if options.only in (None, key):
            row, cpu_s, peak_mb = line(name, aim, files, paths, options.pairs)
            lines.append(row)
            costs[key] = (cpu_s, peak_mb)
    heads = (
        "",
        "decode CPU s",
        "sync CPU s",
        "times",
        "aim",
        "wall s",
        "peak MB",
        "decode MB",
        "exit",
    )
    print_table("cost", heads, lines)
    if options.polysync and "pair" in costs:
        runs = [polysync(folder, long[:2]) for _ in range(options.pairs)]
        cpu_s = statistics.median(x.cpu_s for x in runs)
        peak_mb = max(x.peak_mb for x in runs)
        ours_s, ours_mb = costs["pair"]
        console.print(
            f"polysync 0.3.0: {cpu_s:.2f} CPU s, {peak_mb:.0f} MB; Clapless takes "
            f"{ours_s / cpu_s:.2f} of its CPU, {ours_mb / peak_mb:.2f} of its memory"
        )
    console.print(f"seed {options.seed}, {options.pairs} runs of each")


if __name__ == "__main__":
    main()
