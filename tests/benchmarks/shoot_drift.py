"""Drift of 60 s clips of a device with other clips, and of the device.

Aim: at most 2 ppm for such a clip. Each shoot is a recorder and a camera (sound alone) with eight
clips of 60 s within 15 minutes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from common import arguments, console, print_seeds, print_table, private_cache

from clapless.pipeline import sync_paths
from clapless.synth.plan import DevicePlan, EventPlan, Take
from clapless.synth.scoring import ClipScore, score
from clapless.synth.shoot import write_shoot
from clapless.synth.sound import Kind, draw_microphone
from clapless.synth.truth import Shoot

KINDS: tuple[Kind, ...] = ("speech", "music", "mixed", "ambience")


def write(folder: Path, seed: int, *, room: bool) -> Shoot:
    """Write one shoot."""
    rng = np.random.default_rng((seed, 60))
    devices = (
        DevicePlan(
            name="CAMERA",
            files="CAMERA/C{n:04d}.M4A",
            drift_ppm=float(rng.uniform(-60, 60)),
            takes=tuple(
                Take(start_s=110.0 * k + float(rng.uniform(0, 40)), duration_s=60.0)
                for k in range(8)
            ),
            microphone=draw_microphone(rng, snr_db=15.0, room=room),
        ),
        DevicePlan(
            name="RECORDER",
            files="RECORDER/R{n}.WAV",
            takes=(Take(start_s=0.0, duration_s=930.0),),
            microphone=draw_microphone(rng, snr_db=25.0, room=room),
        ),
    )
    plan = (EventPlan(kind=KINDS[seed % len(KINDS)], duration_s=940.0),)
    return write_shoot(folder, events=plan, devices=devices, seed=seed)


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=12)
    found: list[tuple[bool, Shoot, ClipScore]] = []
    for seed in range(options.seed, options.seed + options.pairs):
        room = bool(seed // len(KINDS) % 2)
        with tempfile.TemporaryDirectory() as name, private_cache():
            shoot = write(Path(name), seed, room=room)
            session = sync_paths([shoot.folder]).session
            found += [(room, shoot, x) for x in score(shoot, session) if not x.is_reference]
    lines = []
    for room in (False, True):
        some = [(shoot, x) for place, shoot, x in found if place == room]
        errors = [
            abs(x.placement.drift_ppm - shoot.drift_ppm(x.clip, x.reference))
            for shoot, x in some
            if x.placement is not None and x.reference is not None and x.errors_s is not None
        ]
        ends_ms = [1e3 * (x.worst_s or 0.0) for _, x in some if x.right]
        if not errors:
            continue
        lines.append(
            [
                "room" if room else "clean",
                len(some),
                len(errors),
                sum(x.wrong for _, x in some),
                float(np.median(errors)),
                float(np.quantile(errors, 0.95)),
                max(errors),
                float(np.median(ends_ms)),
            ]
        )
    heads = ("", "clips", "placed", "wrong", "median ppm", "95 % ppm", "worst ppm", "median ms")
    print_table("60 s clips of a device with others", heads, lines)
    console.print("Every shoot: one camera with eight clips, one recorder.")
    print_seeds(range(options.seed, options.seed + options.pairs))


if __name__ == "__main__":
    main()
