"""Provable pairs: how many are synced and right, by what they have in common.

Provable: 0 dB or better on both within the shared part, no exact repeat of it in either recording.
Aims: 95 % with 10 s or more in common, 70 % with 5 s.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from common import (
    MATERIALS,
    Answer,
    Case,
    answer,
    arguments,
    console,
    draw_case,
    print_seeds,
    print_table,
    run,
)

OVERLAPS_S = (5.0, 10.0, 20.0, 60.0)


def case_of(seed: int) -> Case:
    """Draw a provable pair; material and overlap go round."""
    rng = np.random.default_rng((seed, 7))
    drawn = draw_case(seed, negatives=0.0, snr_db=(0.0, 20.0))
    overlap_s = OVERLAPS_S[seed % len(OVERLAPS_S)]
    more_a_s, more_b_s = rng.uniform(2.0, 180.0, 2)
    contained = rng.random() < 0.5
    return Case(
        seed=seed,
        kind=MATERIALS[seed // len(OVERLAPS_S) % len(MATERIALS)],
        overlap_s=overlap_s,
        a_s=overlap_s + float(more_a_s),
        b_s=overlap_s if contained else overlap_s + float(more_b_s),
        snr_db=drawn.snr_db,
        noise=drawn.noise,
        room=drawn.room,
        drift_ppm=drawn.drift_ppm,
    )


def task(seed: int) -> Answer:
    """Answer one pair."""
    return answer(case_of(seed))


def share(some: list[Answer]) -> str:
    """Share synced and right, in per cent."""
    return f"{100 * sum(x.synced and x.right for x in some) / len(some):.0f}" if some else "-"


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=560)
    seeds = range(options.seed, options.seed + options.pairs)
    found = list(run(task, seeds, options.jobs))
    lines = []
    for kind in (*MATERIALS, "all"):
        some = [x for x in found if kind in (x.case.kind, "all")]
        by_overlap = [[x for x in some if x.case.overlap_s == s] for s in OVERLAPS_S]
        ten = [x for x in some if x.case.overlap_s >= 10]
        lines.append(
            [
                kind,
                *map(share, by_overlap),
                share(ten),
                sum(x.check and x.right for x in some),
                sum(x.synced and not x.right for x in some),
                sum(x.check and not x.right for x in some),
            ]
        )
    heads = (
        "kind",
        *(f"{s:g} s %" for s in OVERLAPS_S),
        "10 s and more %",
        "right, to check",
        "wrong, synced",
        "wrong, to check",
    )
    print_table("provable pairs, synced and right", heads, lines)
    codes = Counter(x.code for x in found if x.code)
    console.print("refused: " + ", ".join(f"{code} {n}" for code, n in codes.most_common()))
    for x in found:
        if x.synced and not x.right:
            console.print(f"wrong: seed {x.case.seed}, {x.case.material}, {x.errors_s}")
    for room in (False, True):
        some = [x for x in found if x.case.room == room and x.case.overlap_s >= 10]
        console.print(f"{'rooms' if room else 'open'}, 10 s and more: {share(some)} %")
    print_seeds(seeds)


if __name__ == "__main__":
    main()
