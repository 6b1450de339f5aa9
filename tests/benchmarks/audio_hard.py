"""The hard cases, one line each: right, refused or wrong, and how exact.

Of the repeating kinds (exact loops, sequenced music) every answer but a refusal is wrong.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import soxr
from common import (
    Answer,
    Case,
    arguments,
    console,
    judge,
    match_pair,
    print_seeds,
    print_table,
    run,
)

from clapless.model import Match
from clapless.signals.base import Prior
from clapless.synth.movie import Encoding, write_sound
from clapless.synth.recording import Microphone, NoiseKind, Room
from clapless.synth.sound import RATE_HZ, Kind, Pair, draw_microphone, make_pair

MINUTE_S = 60.0
KINDS: tuple[Kind, ...] = ("speech", "music", "mixed")


def pair_of(seed: int, overlap_s: float, a_s: float, b_s: float, **options: Any) -> Pair:
    """Make a pair of everyday material, which goes round by seed."""
    options.setdefault("kind", KINDS[seed % len(KINDS)])
    options.setdefault("drift_ppm", float(np.random.default_rng((seed, 6)).uniform(-50, 50)))
    return make_pair(seed, overlap_s=overlap_s, a_s=a_s, b_s=b_s, **options)


def microphones(seed: int, **changes: Any) -> dict[str, Microphone]:
    """Draw two devices and change the second one."""
    rng = np.random.default_rng((seed, 8))
    snr_db = changes.pop("both_snr_db", 15.0)
    noise: NoiseKind = changes.pop("both_noise", "pink")
    a, b = (draw_microphone(rng, snr_db=snr_db, noise=noise) for _ in range(2))
    return {"microphone_a": a, "microphone_b": replace(b, **changes)}


def through_aac(pair: Pair) -> Pair:
    """Pass b through AAC at 64 kbit/s (48 kHz, as cameras write it) and back."""
    wide = soxr.resample(pair.b, RATE_HZ, 48_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b.m4a"
        write_sound(path, wide, 48_000, encoding=Encoding(audio_bit_rate=64_000))
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    narrow = soxr.resample(np.concatenate(frames), 48_000, RATE_HZ)
    return replace(pair, b=narrow.astype(np.float32)[: pair.b.shape[-1]])


def at_speed(seed: int, speed: Fraction) -> Pair:
    """Make a pair of which b runs at a speed of the trade."""
    return pair_of(seed, 60.0, 150.0, 60.0 * float(speed), speed=speed, drift_ppm=20.0)


def dropped(seed: int) -> Pair:
    """Make a pair of which b lost 0.2 to 2 s in its middle."""
    lost_s = float(np.random.default_rng((seed, 5)).uniform(0.2, 2.0))
    b = microphones(seed, drops=((75.0, lost_s),))
    return pair_of(seed, 0.0, 240.0, 150.0, offset_s=30.0, **b)


def far_room(seed: int) -> Pair:
    """Make a pair in rooms where reflections outweigh the direct sound by 6 dB."""
    b = microphones(seed, room=Room(rt60_s=1.0, direct_db=-6.0, first_reflection_s=0.004))
    return pair_of(seed, 60.0, 120.0, 90.0, **b)


HARD: dict[str, Callable[[int], Pair]] = {
    "5 s in common": lambda s: pair_of(s, 5.0, 90.0, 60.0),
    "3 s in common": lambda s: pair_of(s, 3.0, 90.0, 60.0),
    "60 s in common of 75 min": lambda s: pair_of(s, 60.0, 75 * MINUTE_S, 75 * MINUTE_S),
    "10 s clip in 4 h": lambda s: pair_of(s, 10.0, 240 * MINUTE_S, 10.0, kind="speech"),
    "-5 dB babble on both": lambda s: pair_of(
        s, 60.0, 120.0, 90.0, **microphones(s, snr_db=-5.0, both_snr_db=-5.0, both_noise="babble")
    ),
    "-5 dB wind on b": lambda s: pair_of(
        s, 60.0, 120.0, 90.0, **microphones(s, snr_db=-5.0, noise="wind")
    ),
    "automatic gain": lambda s: pair_of(s, 60.0, 120.0, 90.0, **microphones(s, agc=True)),
    "AAC at 64 kbit/s": lambda s: through_aac(pair_of(s, 60.0, 120.0, 90.0)),
    "clipped by 12 dB": lambda s: pair_of(s, 60.0, 120.0, 90.0, **microphones(s, gain_db=12.0)),
    "muffled at 800 Hz": lambda s: pair_of(s, 60.0, 120.0, 90.0, **microphones(s, muffled_hz=800)),
    "8 bit": lambda s: pair_of(s, 60.0, 120.0, 90.0, **microphones(s, bits=8)),
    "200 ppm": lambda s: pair_of(s, 300.0, 400.0, 350.0, drift_ppm=200.0),
    "200 ppm, 40 min": lambda s: pair_of(
        s, 40 * MINUTE_S, 42 * MINUTE_S, 41 * MINUTE_S, drift_ppm=-200.0
    ),
    "polarity inverted": lambda s: pair_of(s, 60.0, 120.0, 90.0, **microphones(s, polarity=-1)),
    "stereo, one side 20 ms late": lambda s: pair_of(
        s, 60.0, 120.0, 90.0, **microphones(s, channels=2, channel_delays_s=(0.0, 0.020))
    ),
    "first channel dead": lambda s: pair_of(
        s, 60.0, 120.0, 90.0, **microphones(s, channels=2, dead_channels=(0,))
    ),
    "reflections 6 dB over direct": far_room,
    "samples dropped in the middle": dropped,
    "1001/1000": lambda s: at_speed(s, Fraction(1001, 1000)),
    "1000/1001": lambda s: at_speed(s, Fraction(1000, 1001)),
    "25/24": lambda s: at_speed(s, Fraction(25, 24)),
    "24/25": lambda s: at_speed(s, Fraction(24, 25)),
    "48000/44100": lambda s: at_speed(s, Fraction(48000, 44100)),
    "44100/48000": lambda s: at_speed(s, Fraction(44100, 48000)),
    "click loop (must refuse)": lambda s: pair_of(s, 60.0, 120.0, 90.0, kind="loop"),
    "sequenced music (must refuse)": lambda s: pair_of(s, 30.0, 180.0, 60.0, kind="machine_music"),
    "drum machine under a band": lambda s: pair_of(s, 60.0, 120.0, 90.0, kind="drum_machine"),
}
SPEEDS = tuple(
    Fraction(x) for x in ("1", "1001/1000", "1000/1001", "25/24", "24/25", "160/147", "147/160")
)
FEW = {"60 s in common of 75 min", "10 s clip in 4 h", "200 ppm, 40 min"}
"""Long ones, of which fewer are made."""


def task(item: tuple[str, int]) -> tuple[str, Answer, str]:
    """Answer one case; a speed of the trade is tried when the normal search refuses."""
    name, seed = item
    pair = HARD[name](seed)
    begin = time.process_time()
    found = match_pair(pair)
    if not isinstance(found, Match):
        again = match_pair(pair, prior=Prior(speeds=SPEEDS))
        found = again if isinstance(again, Match) else found
    cpu_s = time.process_time() - begin
    case = Case(seed=seed, kind=pair.kind, overlap_s=pair.overlap_s, a_s=0.0, b_s=0.0)
    jump = "jump" if isinstance(found, Match) and found.time_map is not None else ""
    return name, judge(case, pair, found, cpu_s), jump


def line(name: str, results: list[tuple[Answer, str]]) -> list[object]:
    """Sum up one case."""
    found = [answer for answer, _ in results]
    right = [x for x in found if x.right and (x.synced or x.check)]
    ends_ms = 1e3 * np.abs([error for x in right for error in x.errors_s or ()])
    codes = Counter(x.code for x in found if x.code)
    return [
        name,
        len(found),
        sum(x.synced for x in right),
        sum(x.check for x in right),
        sum((x.synced or x.check) and not x.right for x in found),
        float(np.median(ends_ms)) if right else "-",
        float(np.median(np.abs([x.drift_error_ppm for x in right]))) if right else "-",
        sum(bool(jump) for _, jump in results) or "",
        float(np.mean([x.cpu_s for x in found])),
        ", ".join(f"{code} {n}" for code, n in codes.most_common()),
    ]


def more(parser: argparse.ArgumentParser) -> None:
    """Add the choice of cases."""
    parser.add_argument("--only", default="", help="cases whose name contains this")


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=12, more=more)
    items = [
        (name, options.seed + k)
        for name in HARD
        if options.only in name
        for k in range(max(1, options.pairs // 4) if name in FEW else options.pairs)
    ]
    results: dict[str, list[tuple[Answer, str]]] = {}
    for name, answer, jump in run(task, items, options.jobs):
        results.setdefault(name, []).append((answer, jump))
    heads = (
        "case",
        "pairs",
        "synced",
        "check",
        "wrong",
        "median ms",
        "median ppm",
        "jumps",
        "CPU s",
        "refused",
    )
    print_table("hard cases", heads, [line(name, some) for name, some in results.items()])
    for name, some in results.items():
        for answer, _ in some:
            if (answer.synced or answer.check) and not answer.right:
                console.print(f"wrong: {name}, seed {answer.case.seed}, {answer.errors_s}")
    print_seeds(range(options.seed, options.seed + options.pairs))


if __name__ == "__main__":
    main()
