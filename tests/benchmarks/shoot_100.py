"""A shoot of 100 clips, stop and start: four cameras of 23.976 to 50 fps, a recorder, two events.

Aims: at least 95 % of the provable clips (10 s or more in common with another device) on the right
frame, none wrong. The media are made once and kept in --folder.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from common import arguments, console, print_seeds, print_table, private_cache
from shoots import PROVABLE_S, hundred_clips, islands

from clapless.pipeline import SyncOptions, sync_paths
from clapless.synth.scoring import ClipScore, score
from clapless.synth.shoot import write_shoot
from clapless.synth.truth import TRUTH_NAME, Shoot, read_shoot


def shoot_of(folder: Path, seed: int) -> Shoot:
    """Return the shoot of a seed, made where it is not there yet."""
    place = folder / f"shoot_100_{seed}"
    if (place / TRUTH_NAME).exists():
        return read_shoot(place)
    place.mkdir(parents=True, exist_ok=True)
    events, devices = hundred_clips(seed)
    return write_shoot(place, events=events, devices=devices, seed=seed, size=(160, 90))


def line(name: str, scores: list[ClipScore], shoot: Shoot) -> list[object]:
    """Sum up one device."""
    provable = [x for x in scores if shoot.overlap_s(x.clip) >= PROVABLE_S]
    counted = [x for x in provable if not x.is_reference]
    right = [x for x in counted if x.right]
    frames = sorted(x.frames or 0.0 for x in right)
    return [
        name,
        len(scores),
        len(counted),
        len(right),
        f"{100 * len(right) / len(counted):.0f}" if counted else "-",
        sum(x.wrong and not to_check(x) for x in scores),
        sum(x.wrong and to_check(x) for x in scores),
        frames[len(frames) // 2] if frames else "-",
        frames[-1] if frames else "-",
    ]


def to_check(score: ClipScore) -> bool:
    """Return whether a clip's placement says that it has to be looked at."""
    return score.placement is not None and score.placement.status == "check"


def more(parser: argparse.ArgumentParser) -> None:
    """Add where the media are kept."""
    parser.add_argument("--folder", type=Path, required=True, help="where media are kept")
    parser.add_argument("--signals", default="", help="these alone, as sync takes them")


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=1, more=more)
    chosen = tuple(options.signals.split(",")) if options.signals else None
    heads = (
        "device",
        "clips",
        "provable",
        "right",
        "right %",
        "wrong",
        "wrong, to check",
        "median frames",
        "worst frames",
    )
    for seed in range(options.seed, options.seed + options.pairs):
        shoot = shoot_of(options.folder, seed)
        begin, cpu = time.monotonic(), time.process_time()
        with private_cache():
            result = sync_paths([shoot.folder], options=SyncOptions(signals=chosen))
        wall_s, cpu_s = time.monotonic() - begin, time.process_time() - cpu
        scores = score(shoot, result.session)
        names = dict.fromkeys(x.clip.device for x in scores)
        lines = [line(n, [x for x in scores if x.clip.device == n], shoot) for n in names]
        lines.append(line("all", list(scores), shoot))
        print_table(f"seed {seed}", heads, lines)
        codes = Counter(x.code for x in result.session.unplaced)
        console.print(
            f"{len(result.session.groups)} groups of {islands(shoot)} possible; unplaced: "
            + (", ".join(f"{code} {n}" for code, n in codes.most_common()) or "none")
            + f"; {wall_s:.0f} s, {cpu_s:.0f} CPU-s"
        )
        for x in scores:
            if x.wrong:
                status = x.placement.status if x.placement is not None else ""
                name = f"{x.clip.path.name} of {x.clip.device}"
                console.print(f"wrong: {name}, {status}: {x.errors_s}")
        for clip in result.failures:
            console.print(f"not read: {clip.message}")
    print_seeds(range(options.seed, options.seed + options.pairs))


if __name__ == "__main__":
    main()
