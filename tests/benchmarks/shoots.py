"""Plans of big shoots for the benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from clapless.synth.plan import DevicePlan, EventPlan, Take
from clapless.synth.sound import draw_microphone
from clapless.synth.truth import ClipTruth, Shoot

CAMERAS = (
    ("CAM_A", "CAM_A/PRIVATE/M4ROOT/CLIP/C{n:04d}.MP4", Fraction(24000, 1001)),
    ("CAM_B", "CAM_B/DCIM/100CANON/MVI_{n:04d}.MP4", Fraction(25)),
    ("CAM_C", "CAM_C/CLIP/A001C{n:03d}.MOV", Fraction(30000, 1001)),
    ("CAM_D", "CAM_D/DCIM/100_PANA/P100{n:04d}.MP4", Fraction(50)),
)
PROVABLE_S = 10.0
"""A clip with this much in common with another device can be placed."""


def hundred_clips(seed: int) -> tuple[tuple[EventPlan, ...], tuple[DevicePlan, ...]]:
    """Plan 100 clips: four cameras that stop and start, a recorder, two events, 8 loners."""
    rng = np.random.default_rng((seed, 100))
    lengths_s = (900.0, 600.0)
    loners = 8
    events = [
        EventPlan(kind="mixed", duration_s=lengths_s[0]),
        EventPlan(kind="speech", duration_s=lengths_s[1], begins_s=50_411.37),
        *(
            EventPlan(kind="speech", duration_s=45.0, begins_s=60_000 + 613.37 * k)
            for k in range(loners)
        ),
    ]
    devices = []
    for index, (name, files, frame_rate) in enumerate(CAMERAS):
        takes = [
            take
            for event, count in enumerate((12, 9))
            for take in _stop_and_start(rng, lengths_s[event], count, event)
        ]
        takes += [Take(start_s=0.0, duration_s=40.0, event=2 + 2 * index + k) for k in range(2)]
        devices.append(
            DevicePlan(
                name=name,
                files=files,
                takes=tuple(takes),
                frame_rate=frame_rate,
                drift_ppm=float(rng.normal(0.0, 25.0)),
                microphone=draw_microphone(rng, snr_db=float(rng.uniform(5, 20)), room=True),
                clock_error_s=float(rng.uniform(-90, 90)),
            )
        )
    recorder = [
        take
        for event, count in enumerate((5, 3))
        for take in _stop_and_start(rng, lengths_s[event], count, event, share=0.85)
    ]
    devices.append(
        DevicePlan(
            name="RECORDER",
            files="RECORDER/250614_{n:03d}.WAV",
            takes=tuple(recorder),
            drift_ppm=float(rng.normal(0.0, 5.0)),
            microphone=draw_microphone(rng, snr_db=25.0, room=True),
        )
    )
    return tuple(events), tuple(devices)


def _stop_and_start(
    rng: np.random.Generator, length_s: float, count: int, event: int, share: float = 0.6
) -> Iterator[Take]:
    """Fill a share of an event with `count` takes of random length."""
    lengths_s = rng.dirichlet(np.full(count, 4.0)) * length_s * share
    gaps_s = rng.dirichlet(np.full(count + 1, 1.5)) * length_s * (1 - share)
    start_s = 0.0
    for gap_s, take_s in zip(gaps_s[:-1], lengths_s, strict=True):
        start_s += float(gap_s)
        yield Take(start_s=start_s, duration_s=max(6.0, float(take_s)), event=event)
        start_s += max(6.0, float(take_s))


def islands(shoot: Shoot) -> int:
    """Count the groups that a perfect sync would find: clips chained by provable overlaps."""
    parent = list(range(len(shoot.clips)))

    def root(index: int) -> int:
        while parent[index] != index:
            index = parent[index]
        return index

    for i, one in enumerate(shoot.clips):
        for j, other in enumerate(shoot.clips[:i]):
            if _shared_s(one, other) >= PROVABLE_S:
                parent[root(i)] = root(j)
    sizes = np.bincount([root(i) for i in range(len(parent))])
    return int(np.sum(sizes > 1))


def _shared_s(one: ClipTruth, other: ClipTruth) -> float:
    if one.event != other.event or one.device == other.device:
        return 0.0
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
