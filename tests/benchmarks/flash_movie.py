"""Flashes through real video: three cameras as H.264 files, synced by the command line.

Cameras of 29.97, 25 (upside down) and 59.94 frames per second, 1080 rows of an eighth of the usual
width at an eighth of 8 Mb/s; two flashes are missing and one is extra in the third. Readout 8 to
30 ms and exposure 1 to 16 ms are drawn anew for each camera; the grain of each pixel is 4 levels.
Run with: python tests/benchmarks/flash_movie.py [draws [seconds [flashes [FOLDER]]]]
FOLDER keeps the files, the session, the model and the charts of the last draw.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import sys
import tempfile
from pathlib import Path

import numpy as np
from flash_series import RATES, draw

from clapless.cli import main as clapless
from clapless.media import probe, read_once
from clapless.session import read_session
from clapless.signals.flash import FlashFeature
from clapless.signals.flash.extractor import FlashExtractor
from clapless.synth.movie import Encoding, write_movie
from clapless.synth.rolling_shutter import ShutterCamera, flash_pictures

SEED = 103_000
WIDTH = 240
BIT_RATE = 1_000_000
NAMES = ("a", "b", "c")

Flashes = list[tuple[float, float]]
Drawn = tuple[list[ShutterCamera], list[Flashes]]


def drawn(seed: int, seconds: float, flashes: int) -> Drawn:
    """Return three cameras and what each could see, squeezed into a shorter time."""
    cameras, _ = draw(seed, flashes, (0.008, 0.030), (0.001, 0.016))
    rng = np.random.default_rng((seed, 7))
    cameras = [dataclasses.replace(camera, noise=4.0) for camera in cameras]
    whole = [
        (float(t), float(rng.uniform(0.6, 1.3)))
        for t in np.sort(rng.uniform(7, seconds - 7, flashes))
    ]
    seen = [list(whole) for _ in cameras]
    for index in sorted(rng.choice(flashes, 2, replace=False).tolist(), reverse=True):
        seen[2].pop(index)
    seen[2] = sorted([*seen[2], (float(rng.uniform(7, seconds - 7)), 1.0)])
    return cameras, seen


def trial(seed: int, seconds: float, flashes: int, folder: Path) -> str:
    """Write, sync and judge one draw."""
    cameras, seen = drawn(seed, seconds, flashes)
    visible = used = 0
    for name, camera, own, rate in zip(NAMES, cameras, seen, RATES, strict=True):
        path = folder / f"{name}.mp4"
        frames = range(int(seconds * rate))
        write_movie(
            path,
            frames=flash_pictures(camera, own, frames, width=WIDTH),
            frame_rate=rate,
            sound=None,
            encoding=Encoding(video_bit_rate=BIT_RATE),
        )
        clip = probe(path)
        extractor = FlashExtractor(clip)
        read_once(clip, [extractor])
        feature = extractor.finish()
        events = feature.usable if isinstance(feature, FlashFeature) else ()
        times = np.array([event.time_s for event in events if event.edges] or [-99.0])
        for event_s, _ in own:
            if camera.visible(event_s):
                visible += 1
                used += bool(np.abs(times - camera.clip_s(event_s)).min() < 0.09)
    session_file = folder / "session.json"
    command = ["sync", *(str(folder / f"{name}.mp4") for name in NAMES), "--signals", "flash"]
    command += ["-o", str(session_file), "--flash-model", str(folder / "model.json")]
    command += ["--plot", str(folder / "charts"), "--reference", str(folder / "a.mp4")]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            code = clapless(command)
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 1
    session = read_session(session_file)
    ids = {Path(clip.name).stem: clip.id for clip in session.clips}
    text = f"seed {seed}: exit {code}, used {used} of {visible} visible"
    placements = {p.clip: p for group in session.groups for p in group.placements}
    for number, name in ((1, "b"), (2, "c")):
        place = placements.get(ids[name])
        if place is None or ids["a"] not in placements:
            text += f"; {name} not synced"
            continue
        errors_ms, stds_ms = [], []
        for event_s in (7.0, seconds / 2, seconds - 7.0):
            t_b = cameras[number].clip_s(event_s)
            errors_ms.append((place.to_group(t_b) - cameras[0].clip_s(event_s)) * 1e3)
            stds_ms.append(place.std_s(t_b) * 1e3)
        shown = ", ".join(f"{e:+.2f}" for e in errors_ms)
        claimed = ", ".join(f"{s:.2f}" for s in stds_ms)
        text += f"; {name} {place.status} {shown} ms (std {claimed})"
    return text


def main() -> None:
    """Print a line per draw."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 60.0
    flashes = int(sys.argv[3]) if len(sys.argv) > 3 else 16
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[4]) if len(sys.argv) > 4 else Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(draws):
            print(trial(SEED + number, seconds, flashes, folder), flush=True)


if __name__ == "__main__":
    main()
