"""Scenery alone: how near maps of made rides come to the truth, and what is refused.

Each seed makes a reference and runs of several kinds as H.264 files, which are indexed and aligned
as `clapless align` does it. Run as ``python tests/benchmarks/scenery_accuracy.py --seeds 4``.

A place counts where the reference passed it the same way. Within `FORK_M` before a fork or a join
two views of one place differ in what lies ahead; such places count apart, and so do answers for
places that the reference did not pass.

An answer is right where nine in ten of all its places, those near forks too, are off by less than
`RIGHT_S`; one for a place not passed is off by any amount.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import tempfile
import time
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from common import FIRST_SEED, console
from numpy.typing import NDArray
from rich.table import Table

from clapless.media import probe, read_once
from clapless.model import Match, Refusal
from clapless.signals.scenery import SceneryFeature, ScenerySignal, scenery_gaps
from clapless.signals.scenery.extractor import SceneryExtractor
from clapless.synth.ride_video import (
    Passage,
    RideCamera,
    RideRun,
    passage,
    same_place_s,
    write_ride,
)
from clapless.synth.ride_world import Leg

FORK_M = 25.0

RIGHT_S = 0.3

LIGHT = RideCamera(above_m=1.6, gain=0.55, gamma=1.5, dirt=6, jitter_deg=2.0, crf=28)
DARK = RideCamera(above_m=1.7, gain=0.3, gamma=1.7, dirt=12, jitter_deg=3.0, noise=4.0, crf=30)


@dataclass
class Tally:
    """Errors of one kind of run."""

    errors_s: list[float] = field(default_factory=list)
    edges_s: list[float] = field(default_factory=list)
    deviations: list[float] = field(default_factory=list)
    covered_s: float = 0.0
    shared_s: float = 0.0
    answers: list[str] = field(default_factory=list)
    fork_errors_s: list[float] = field(default_factory=list)
    fork_deviations: list[float] = field(default_factory=list)
    claims: int = 0
    right: list[bool] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)


def runs(seed: int, length_s: float) -> dict[str, RideRun]:
    """Return the reference and the runs of a seed."""
    rng = np.random.default_rng(seed)
    way = (Leg(seed, 0, 12 * length_s + 200),)
    own = iter(range(seed * 10, seed * 10 + 10))
    speeds = rng.uniform(3.8, 6.2, 9)
    middle_m = 2.4 * length_s
    detour = (
        Leg(seed, 0, middle_m),
        Leg(seed + 5000, 0, 90),
        Leg(seed, middle_m + 30, 12 * length_s),
    )
    lap = (Leg(seed, 0, middle_m), Leg(seed, 40, 12 * length_s))

    def run(number: int, legs: tuple[Leg, ...], start_m: float, **more: object) -> RideRun:
        return RideRun(
            seed=next(own),
            legs=legs,
            start_m=start_m,
            duration_s=length_s,
            speed_mps=float(speeds[number]),
            **more,  # type: ignore[arg-type]
        )

    stops = ((0.3 * length_s, 7.0), (0.7 * length_s, 4.0))
    apart_m = float(rng.uniform(1.5, 2.0) * rng.choice((-1, 1)))
    return {
        "ref": run(0, way, 20.0, stops=((0.55 * length_s, 5.0),)),
        "same light": run(1, way, 40.0, stops=stops),
        "light, height, dirt": run(2, way, 40.0, stops=stops, camera=LIGHT),
        "very dark and dirty": run(3, way, 40.0, stops=stops[:1], camera=DARK),
        "detour": run(4, detour, 40.0),
        "lap more": run(5, lap, 60.0),
        "riders 1.5 to 2 m apart": run(8, way, 40.0, aside_m=apart_m),
        "other way": replace(
            run(6, (Leg(seed, 5.5 * length_s, 0),), 2.0), duration_s=0.4 * length_s
        ),
        "other route": run(7, (Leg(seed + 7000, 0, 12 * length_s),), 20.0),
    }


def indexed(path: Path) -> SceneryFeature:
    """Return the index of a file."""
    clip = probe(path)
    extractor = SceneryExtractor(clip)
    read_once(clip, [extractor])
    found = extractor.finish()
    assert isinstance(found, SceneryFeature), found
    return found


def near_fork(run: Passage, time_s: float) -> bool:
    """Return whether a fork of the run's own road lies close ahead, or behind in sight."""
    at_m, gone_m = run.at(time_s), 0.0
    for leg in run.road.legs[:-1]:
        gone_m += leg.length_m
        if -5.0 <= gone_m - at_m <= FORK_M:
            return True
    return False


def score(tally: Tally, match: Match, ref: Passage, new: Passage, run: RideRun) -> None:
    """Add a map's errors."""
    assert match.time_map is not None
    last_s = run.duration_s - 1 / float(run.frame_rate)
    every_s: list[float] = []
    for time_s in np.arange(0.0, last_s, 0.1).tolist():
        at_fork = near_fork(new, time_s)
        spans = same_place_s(ref, new, time_s)
        stands = abs(new.at(time_s + 0.05) - new.at(time_s - 0.05)) < 0.02
        tally.shared_s += 0.1 * (bool(spans) and not stands and not at_fork)
        for segment in match.time_map.segments:
            knots = np.array(segment.knots)
            if not knots[0, 0] <= time_s <= knots[-1, 0]:
                continue
            said_s = float(np.interp(time_s, knots[:, 0], knots[:, 1]))
            if not spans:
                tally.claims += 1
                every_s.append(np.inf)
                break
            off_s = abs(min((said_s - min(max(said_s, a), b) for a, b in spans), key=abs))
            deviation = off_s / float(np.interp(time_s, knots[:, 0], segment.std_s))
            every_s.append(off_s)
            if at_fork:
                tally.fork_errors_s.append(off_s)
                tally.fork_deviations.append(deviation)
                break
            tally.errors_s.append(off_s)
            tally.covered_s += 0.1 * (not stands)
            tally.deviations.append(deviation)
            if time_s < 1.0 or time_s > last_s - 1.0:
                tally.edges_s.append(off_s)
            break
    tally.right.append(bool(np.percentile(every_s, 90) < RIGHT_S))
    tally.confidence.append(match.confidence)


def percentile(values: list[float], share: float) -> str:
    """Return a percentile as text, a dash where there are no values."""
    array: NDArray[np.float64] = np.array(values)
    return f"{np.percentile(array, share):.3f}" if len(array) else "-"


def within(deviations: list[float]) -> str:
    """Return the share of deviations inside the 95 % interval as text."""
    return f"{np.mean(np.array(deviations) <= 1.96):.3f}" if deviations else "-"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first", type=int, default=FIRST_SEED)
    parser.add_argument("--length", type=float, default=60.0, help="seconds of each run")
    parser.add_argument("--rate", type=int, default=25, help="frames a second")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    tallies: dict[str, Tally] = {}
    begun = time.process_time()
    for seed in range(options.first, options.first + options.seeds):
        made = {
            name: replace(run, frame_rate=Fraction(options.rate))
            for name, run in runs(seed, options.length).items()
        }
        with tempfile.TemporaryDirectory() as folder:
            truths, features = {}, {}
            for number, (name, run) in enumerate(made.items()):
                path = Path(folder) / f"{number}.mp4"
                truths[name] = write_ride(path, run)
                features[name] = indexed(path)
                path.unlink()
        assert passage(made["ref"]).at(0) == truths["ref"].at(0)
        for name, run in list(made.items())[1:]:
            tally = tallies.setdefault(name, Tally())
            answer = ScenerySignal().match(features["ref"], features[name])
            if isinstance(answer, Refusal):
                tally.answers.append(answer.code)
                continue
            kinds = "+".join(sorted({gap.kind for gap in scenery_gaps(answer)})) or "whole"
            tally.answers.append(kinds)
            score(tally, answer, truths["ref"], truths[name], run)
            console.print(f"{seed} {name}: {kinds}, so far P50 {percentile(tally.errors_s, 50)}")
    table = Table(title=f"seeds {options.first} to {options.first + options.seeds - 1}")
    for column in ("run", "median s", "P90 s", "first, last second: median, P90", "in 95 %"):
        table.add_column(column)
    for column in ("answered", "near forks: P50, P90, in 95 %", "not passed", "right", "said"):
        table.add_column(column)
    for name, tally in tallies.items():
        confidence = f"{np.mean(tally.confidence):.2f}" if tally.confidence else "-"
        table.add_row(
            name,
            percentile(tally.errors_s, 50),
            percentile(tally.errors_s, 90),
            f"{percentile(tally.edges_s, 50)}, {percentile(tally.edges_s, 90)}",
            within(tally.deviations),
            f"{tally.covered_s / tally.shared_s:.2f}" if tally.shared_s else "-",
            f"{percentile(tally.fork_errors_s, 50)}, {percentile(tally.fork_errors_s, 90)}, "
            f"{within(tally.fork_deviations)}",
            f"{tally.claims / 10:.1f} s",
            f"{sum(tally.right)} of {len(tally.right)}",
            confidence,
        )
    every = [d for tally in tallies.values() for d in tally.deviations]
    console.print(table)
    for name, tally in tallies.items():
        console.print(f"{name}: {', '.join(tally.answers)}")
    right = [one for tally in tallies.values() for one in tally.right]
    console.print(f"all within 95 %: {within(every)}; right: {sum(right)} of {len(right)}")
    console.print(f"CPU {time.process_time() - begun:.0f} s")


if __name__ == "__main__":
    main()
