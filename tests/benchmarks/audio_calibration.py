"""Whether confidence and error bars mean what they say.

Aims: answers pooled to bands of 200 or more are right as often as they say, within the error of
counting; the 95 % interval of the time at both ends of the overlap covers 90 to 98 % in each class
of material (of the answers that are right: the interval of a wrong one says nothing).
"""

from __future__ import annotations

import math

import numpy as np
from common import (
    MATERIALS,
    Answer,
    answer,
    arguments,
    console,
    draw_case,
    print_seeds,
    print_table,
    run,
)

BAND = 200
COVER_Z = 1.96


def task(seed: int) -> Answer:
    """Answer one everyday case."""
    return answer(draw_case(seed))


def bands(found: list[Answer]) -> list[list[object]]:
    """Reliability: answers in order of confidence, pooled to bands of 200 or more."""
    given = sorted((x for x in found if x.confidence > 0), key=lambda x: x.confidence)
    lines: list[list[object]] = []
    count = max(1, len(given) // BAND)
    for part in np.array_split(np.arange(len(given)), count):
        some = [given[i] for i in part]
        if not some:
            continue
        said = [x.confidence for x in some]
        expected = sum(said)
        # A sum of coin tosses with the chances that were said.
        sigma = math.sqrt(sum(p * (1 - p) for p in said) + 0.25)
        right = sum(x.right for x in some)
        lines.append(
            [
                f"{said[0]:.3f} to {said[-1]:.3f}",
                len(some),
                expected / len(some),
                right / len(some),
                (right - expected) / sigma,
            ]
        )
    return lines


def coverage(found: list[Answer]) -> list[list[object]]:
    """How often the 95 % interval holds at either end of the overlap."""
    lines: list[list[object]] = []
    materials = [f"{kind}, {place}" for kind in MATERIALS for place in ("open", "room")]
    for material in (*MATERIALS, *materials, "all"):
        some = [
            x
            for x in found
            if x.synced
            and x.right
            and not x.case.negative
            and material in (x.case.kind, x.case.material, "all")
        ]
        z = np.array(
            [
                error / std
                for x in some
                for error, std in zip(x.errors_s or (), x.stds_s, strict=True)
            ]
        )
        if z.size == 0:
            lines.append([material, 0, "-", "-", "-"])
            continue
        share = float(np.mean(np.abs(z) <= COVER_Z))
        stds_ms = 1e3 * np.array([std for x in some for std in x.stds_s])
        lines.append(
            [
                material,
                len(some),
                f"{100 * share:.1f}",
                float(np.median(np.abs(z)) / 0.6745),
                float(np.median(stds_ms)),
            ]
        )
    return lines


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=2400)
    seeds = range(options.seed, options.seed + options.pairs)
    found = list(run(task, seeds, options.jobs))
    heads = ("confidence", "answers", "said right", "were right", "sigmas off")
    print_table("reliability", heads, bands(found))
    heads = ("material", "answers", "covered %", "spread of error / std", "median std ms")
    print_table("95 % interval at both ends", heads, coverage(found))
    for x in found:
        if x.confidence > 0 and not x.right:
            console.print(f"wrong: seed {x.case.seed}, {x.case.material}, {x.confidence:.3f}")
    print_seeds(seeds)


if __name__ == "__main__":
    main()
