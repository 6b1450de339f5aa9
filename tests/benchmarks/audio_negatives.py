"""Pairs that share no moment: how many are placed all the same.

Aim: of 1,000 none synced and at most 2 to check. With ``--any-speed`` each is tried at the speeds
of the trade too, as a sync does where sound refuses.
"""

from __future__ import annotations

import argparse
from collections import Counter
from fractions import Fraction
from functools import partial

import numpy as np
from common import Answer, Case, answer, arguments, console, print_seeds, print_table, run

from clapless.signals.audio.speeds import TRADE_SPEEDS
from clapless.signals.base import Prior
from clapless.synth.sound import KINDS

ANY_SPEED = Prior(speeds=(Fraction(1), *TRADE_SPEEDS))


def case_of(seed: int) -> Case:
    """Draw a pair of any kind, of 10 to 240 s."""
    rng = np.random.default_rng((seed, 9))
    return Case(
        seed=seed,
        kind=KINDS[seed % len(KINDS)],
        overlap_s=0.0,
        a_s=float(np.exp(rng.uniform(np.log(15), np.log(240)))),
        b_s=float(np.exp(rng.uniform(np.log(10), np.log(120)))),
        snr_db=float(rng.uniform(0, 35)),
        room=bool(rng.random() < 0.5),
        drift_ppm=float(rng.normal(0, 30)),
        negative=True,
    )


def task(seed: int, *, any_speed: bool) -> Answer:
    """Answer one pair."""
    return answer(case_of(seed), **({"prior": ANY_SPEED} if any_speed else {}))


def more(parser: argparse.ArgumentParser) -> None:
    """Add this program's own option."""
    parser.add_argument("--any-speed", action="store_true", help="try other speeds as well")


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=1000, more=more)
    seeds = range(options.seed, options.seed + options.pairs)
    found = list(run(partial(task, any_speed=options.any_speed), seeds, options.jobs))
    lines = []
    for kind in (*KINDS, "all"):
        some = [x for x in found if kind in (x.case.kind, "all")]
        codes = Counter(x.code or "placed" for x in some).most_common(3)
        lines.append(
            [
                kind,
                len(some),
                sum(x.synced for x in some),
                sum(x.check for x in some),
                max(x.confidence for x in some),
                ", ".join(f"{code} {count}" for code, count in codes),
            ]
        )
    heads = ("kind", "pairs", "synced", "check", "highest confidence", "answers")
    print_table("pairs that share no moment", heads, lines)
    for x in found:
        if x.synced or x.check:
            console.print(f"seed {x.case.seed}, {x.case.material}: {x.confidence:.3f}")
    print_seeds(seeds)


if __name__ == "__main__":
    main()
