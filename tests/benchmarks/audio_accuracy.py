"""How exact sound is: offset at both ends of the overlap, and drift.

Aims: median at most 0.05 ms clean and 0.3 ms in rooms; drift at most 0.05 ppm over 10 minutes or
more. Truth is the direct sound. (Drift of a 60 s clip of a device with other clips:
``shoot_drift.py``, since the device's other clips take part in it.)
"""

from __future__ import annotations

import numpy as np
from common import Answer, Case, answer, arguments, print_seeds, print_table, run

from clapless.synth.sound import Kind

KINDS: tuple[Kind, ...] = ("speech", "music", "mixed", "ambience")


def case_of(seed: int, *, long: bool) -> Case:
    """Draw a pair between 1 and 5 minutes in common, or one of 10 to 20."""
    rng = np.random.default_rng((seed, 9))
    overlap_s = float(rng.uniform(600, 1200) if long else rng.uniform(60, 300))
    return Case(
        seed=seed,
        kind=KINDS[seed % len(KINDS)],
        overlap_s=overlap_s,
        a_s=overlap_s + float(rng.uniform(5, 60)),
        b_s=overlap_s + float(rng.uniform(5, 60)),
        snr_db=float(rng.uniform(10, 30)),
        room=bool(seed // len(KINDS) % 2),
        drift_ppm=float(rng.uniform(-100, 100)),
    )


def rows(answers: list[Answer]) -> list[list[object]]:
    """One line per place and kind, and one for all kinds."""
    lines: list[list[object]] = []
    for room in (False, True):
        place = "room" if room else "clean"
        for kind in (*KINDS, "all"):
            some = [x for x in answers if x.case.room == room and kind in (x.case.kind, "all")]
            done = [x for x in some if x.synced]
            ends = np.abs([error for x in done for error in x.errors_s or ()]) * 1e3
            drifts = np.abs([x.drift_error_ppm for x in done])
            if not done:
                lines.append([f"{place} {kind}", len(some), 0, *["-"] * 5])
                continue
            lines.append(
                [
                    f"{place} {kind}",
                    len(some),
                    len(done),
                    float(np.median(ends)),
                    float(np.quantile(ends, 0.95)),
                    float(ends.max()),
                    float(np.median(drifts)),
                    float(np.quantile(drifts, 0.95)),
                ]
            )
    return lines


def short(seed: int) -> Answer:
    """Answer one pair of minutes."""
    return answer(case_of(seed, long=False))


def lengthy(seed: int) -> Answer:
    """Answer one pair of 10 to 20 minutes."""
    return answer(case_of(seed, long=True))


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=160)
    seeds = range(options.seed, options.seed + options.pairs)
    long_seeds = range(seeds[-1] + 1, seeds[-1] + 1 + max(8, options.pairs // 4))
    heads = ("", "pairs", "synced", "median ms", "95 % ms", "worst ms", "median ppm", "95 % ppm")
    print_table("1 to 5 minutes in common", heads, rows(list(run(short, seeds, options.jobs))))
    print_seeds(seeds)
    found = list(run(lengthy, long_seeds, options.jobs))
    print_table("10 to 20 minutes in common", heads, rows(found))
    print_seeds(long_seeds)


if __name__ == "__main__":
    main()
