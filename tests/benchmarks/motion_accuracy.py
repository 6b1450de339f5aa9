"""Motion on slices of real telemetry: accuracy, cut patterns, negatives, calm, calibration.

Aims: median error at most 0.1 ms with 60 s of hand-held or riding movement; all slices of eight cut
patterns, two sensors and two files right where they share 3 s or more; of 500 pairs that share no
moment none synced; calm material refused.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
from common import arguments, console, print_seeds, print_table, run
from motion_slices import CALM, RECORDINGS, Slice, error_s, length_s, match_slices

from clapless.model import CHECK_CONFIDENCE, SYNCED_CONFIDENCE, Match

MOVING = tuple(name for name in RECORDINGS if name not in CALM)

PATTERNS = (
    ((0.0, 99.0), (0.0, 99.0)),
    ((0.0, 99.0), (4.0, 99.0)),
    ((0.0, 99.0), (0.0, 8.0)),
    ((0.0, 99.0), (2.0, 6.0)),
    ((0.0, 8.0), (4.0, 99.0)),
    ((3.0, 99.0), (0.0, 9.0)),
    ((0.0, 5.0), (2.0, 10.0)),
    ((5.0, 99.0), (0.0, 8.0)),
)
"""Two slices each, seconds of the recording; the shortest share 3 s."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One pair and its answer; `overlap_s` is 0 of a negative."""

    title: str
    overlap_s: float
    confidence: float
    code: str
    error_s: float = np.nan
    std_s: float = np.nan
    drift_error_ppm: float = np.nan
    evidence: float = 0.0
    cpu_s: float = 0.0

    @property
    def right(self) -> bool:
        """Whether the error is under max(20 ms, 3 std)."""
        return bool(abs(self.error_s) < max(0.020, 3 * self.std_s))


def answer(a: Slice, b: Slice, *, sensors: tuple[str, ...] = ("GYRO", "ACCL")) -> Result:
    """Match two slices and judge the answer."""
    overlap_s = min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
    shared = a.name == b.name and overlap_s > 0
    begin = time.process_time()
    found = match_slices(a, b, sensors=sensors)
    cpu_s = time.process_time() - begin
    title = a.name if a.name == b.name else f"{a.name} | {b.name}"
    if not isinstance(found, Match):
        score = max((c.score for c in found.candidates), default=0.0)
        best = max((c.confidence for c in found.candidates), default=0.0)
        return Result(
            title=title,
            overlap_s=overlap_s if shared else 0.0,
            confidence=min(best, 0.499),
            code=found.code,
            evidence=score,
            cpu_s=cpu_s,
        )
    error = error_s(found, a, b) if shared else np.inf
    middle_s = sum(found.spans_s[0]) / 2
    drift_ppm = b.drift_ppm - a.drift_ppm
    return Result(
        title=title,
        overlap_s=overlap_s if shared else 0.0,
        confidence=found.confidence,
        code="",
        error_s=error,
        std_s=found.std_s(middle_s),
        drift_error_ppm=found.drift_ppm - drift_ppm,
        evidence=float(str(found.details["evidence"])),
        cpu_s=cpu_s,
    )


def positive(seed: int, overlap_s: float | None = None, noise: float | None = None) -> Result:
    """Draw two slices that share a moment."""
    rng = np.random.default_rng((seed, 1))
    if overlap_s is None:
        overlap_s = float(np.exp(rng.uniform(np.log(2.6), np.log(12.0))))
    names = [name for name in MOVING if length_s(name) > overlap_s + 0.5]
    name = str(rng.choice(names))
    whole_s = length_s(name)
    shared_s = rng.uniform(0, whole_s - overlap_s)
    more_a, more_b = rng.uniform(0, 30, 2)
    if noise is None:
        noise = float(np.exp(rng.uniform(np.log(0.01), np.log(1.0))))
    a = Slice(
        name=name,
        start_s=max(0.0, shared_s - more_a),
        end_s=shared_s + overlap_s,
        noise=noise,
        turned=seed,
        seed=2 * seed,
    )
    b = Slice(
        name=name,
        start_s=shared_s,
        end_s=min(whole_s, shared_s + overlap_s + more_b),
        noise=noise,
        turned=seed + 1,
        seed=2 * seed + 1,
        drift_ppm=float(rng.normal(0, 30)),
        rate=float(rng.choice([1.0, 0.9931, 1.37])),
    )
    return answer(a, b)


def long_positive(seed: int) -> Result:
    """Draw two slices that share 60 s (or 45 s of the walk), with 2 % of noise."""
    rng = np.random.default_rng((seed, 3))
    name, overlap_s = (("hero7 ride", 60.0), ("hero8 walking", 45.0))[seed % 2]
    shared_s = float(rng.uniform(0, length_s(name) - overlap_s))
    a = Slice(name=name, start_s=0.0, end_s=shared_s + overlap_s, turned=seed, seed=2 * seed)
    b = Slice(
        name=name,
        start_s=shared_s,
        end_s=length_s(name),
        turned=seed + 1,
        seed=2 * seed + 1,
        drift_ppm=float(rng.uniform(-80, 80)),
        rate=float(rng.choice([1.0, 0.9931, 1.37])),
    )
    return answer(a, b)


def negative(seed: int) -> Result:
    """Draw two slices of one or two recordings that share no moment."""
    rng = np.random.default_rng((seed, 2))
    one, other = (str(name) for name in rng.choice(list(RECORDINGS), 2))
    lengths_s = rng.uniform(3, 45, 2)
    if one == other:
        half_s = length_s(one) / 2
        lengths_s = np.minimum(lengths_s, 0.9 * half_s)
        starts_s = rng.uniform(0, half_s - lengths_s)
        starts_s[1] += half_s
    else:
        lengths_s = np.minimum(lengths_s, [0.9 * length_s(one), 0.9 * length_s(other)])
        starts_s = np.array([rng.uniform(0, length_s(one) - lengths_s[0]), 0.0])
        starts_s[1] = rng.uniform(0, length_s(other) - lengths_s[1])
    order = rng.permutation(2)
    slices = [
        Slice(
            name=name,
            start_s=float(start_s),
            end_s=float(start_s + long_s),
            turned=seed + k if rng.random() < 0.5 else None,
            seed=2 * seed + k,
        )
        for k, (name, start_s, long_s) in enumerate(
            zip((one, other), starts_s, lengths_s, strict=True)
        )
    ]
    return answer(slices[order[0]], slices[order[1]])


def patterns() -> None:
    """Cut two short files in eight ways, each sensor alone."""
    rows, right, total = [], 0, 0
    for name in ("hero5 karma", "hero7 hand"):
        for key in ("GYRO", "ACCL"):
            results = []
            for seed, cut in enumerate(PATTERNS):
                end_s = length_s(name)
                slices = [
                    Slice(
                        name=name,
                        start_s=start_s,
                        end_s=min(stop_s, end_s),
                        seed=10 * seed + k,
                        turned=k or None,
                    )
                    for k, (start_s, stop_s) in enumerate(cut)
                ]
                results.append(answer(slices[0], slices[1], sensors=(key,)))
            good = [r for r in results if not r.code and r.right]
            right, total = right + len(good), total + len(results)
            errors = [abs(r.error_s) * 1e3 for r in good]
            refused = [f"{r.overlap_s:.1f} s {r.code} {r.evidence:.1f}" for r in results if r.code]
            wrong = [f"{r.overlap_s:.1f} s" for r in results if not r.code and not r.right]
            rows.append(
                [name, key, f"{len(good)} of {len(results)}", float(max(errors, default=np.nan)),
                 ", ".join(refused), ", ".join(wrong)]
            )  # fmt: skip
    heads = ("recording", "sensor", "right", "largest error ms", "refused", "wrong")
    print_table(f"cut patterns: {right} of {total} right", heads, rows)


def accuracy(seeds: range, jobs: int) -> None:
    """Print how fine answers are with a minute of movement."""
    rows = []
    found = list(run(long_positive, seeds, jobs))
    for name in sorted({r.title for r in found}):
        some = [r for r in found if r.title == name and not r.code]
        errors_ms = np.abs([r.error_s * 1e3 for r in some])
        rows.append(
            [
                name,
                f"{len(some)} of {sum(r.title == name for r in found)}",
                float(np.median(errors_ms)),
                float(errors_ms.max()),
                float(np.median(np.abs([r.drift_error_ppm for r in some]))),
                float(np.median([r.cpu_s for r in found if r.title == name])),
            ]
        )
    heads = ("recording", "placed", "median ms", "largest ms", "median ppm", "CPU s")
    print_table("45 to 60 s shared, 2 % noise, other clocks, axes and rates", heads, rows)


def main() -> None:
    """Run and print."""
    options = arguments(__doc__, pairs=500)
    seeds = range(options.seed, options.seed + options.pairs)
    print_seeds(seeds)
    patterns()
    accuracy(range(options.seed, options.seed + max(options.pairs // 10, 10)), options.jobs)

    negatives = list(run(negative, seeds, options.jobs))
    codes = Counter(r.code or "placed" for r in negatives)
    top = sorted(negatives, key=lambda r: -r.evidence)[:5]
    print_table(
        f"{len(negatives)} pairs that share no moment, from {len(RECORDINGS)} recordings",
        ("synced", "check", "highest confidence", "most evidence", "answers"),
        [
            [
                sum(r.confidence >= SYNCED_CONFIDENCE for r in negatives),
                sum(CHECK_CONFIDENCE <= r.confidence < SYNCED_CONFIDENCE for r in negatives),
                max(r.confidence for r in negatives),
                ", ".join(f"{r.evidence:.1f}" for r in top),
                ", ".join(f"{code} {count}" for code, count in codes.most_common()),
            ]
        ],
    )
    console.print("most evidence: " + "; ".join(f"{r.title} {r.evidence:.1f}" for r in top))

    positives = list(run(positive, seeds, options.jobs))
    rows = []
    for low, high in ((2.5, 4.0), (4.0, 7.0), (7.0, 12.0)):
        some = [r for r in positives if low <= r.overlap_s < high]
        placed = [r for r in some if not r.code]
        inside = np.mean([abs(r.error_s) <= r.std_s for r in placed]) if placed else np.nan
        rows.append(
            [
                f"{low:g} to {high:g} s",
                len(some),
                len(placed),
                sum(not r.right for r in placed),
                float(inside),
                ", ".join(f"{c} {n}" for c, n in Counter(r.code for r in some).items() if c),
            ]
        )
    heads = ("overlap", "pairs", "placed", "wrong", "inside 1 std", "refused")
    print_table("pairs that share a moment, 1 to 100 % noise", heads, rows)

    rows = []
    everyone = negatives + positives
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1.01)):
        some = [r for r in everyone if not r.code and low <= r.confidence < high]
        share = float(np.mean([r.right for r in some])) if some else np.nan
        rows.append([f"{low:g} to {min(high, 1):g}", len(some), share])
    print_table("confidence", ("stated", "answers", "share right"), rows)

    calm = [
        answer(
            Slice(name="hero8 basement", start_s=20.0 + 4 * k, end_s=50.0 + 4 * k, seed=k),
            Slice(name="hero8 basement", start_s=30.0 + 4 * k, end_s=60.0 + 4 * k, seed=99 + k),
        )
        for k in range(10)
    ]
    console.print("calm: " + ", ".join(f"{r.code or 'placed'}" for r in calm))


if __name__ == "__main__":
    main()
