"""Fit, or check, the probability that an answer by sound is right.

``fit`` prints the constants of `clapless.signals.audio.confidence` again, from seeds below 100000;
``check`` takes the next seeds below 100000 and sets what is said beside what is right. (The
published figures come from ``audio_calibration.py`` and its like, on seeds from 100000 on.)
``--save FILE`` keeps the statistics, ``--load FILE`` fits them again without listening.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import audio_negatives
import audio_provable
import numpy as np
from common import Case, build, draw_case, feature_of, run
from numpy.typing import NDArray
from scipy import optimize

from clapless.model import Refusal
from clapless.numerics.evidence import logistic
from clapless.signals.audio.confidence import TIE_CONFIDENCE, WEIGHTS, Evidence
from clapless.signals.audio.matching import locate
from clapless.signals.audio.windows import NOTHING
from clapless.signals.base import Prior
from clapless.synth.sound import REPEATING, Kind

RIGHT_S = 0.02
"""The best place is right where it is off by less at both ends of what is shared."""

STATISTICS = ("decades", "stack_z", "clarity", "windows")
"""What `Evidence.statistics` holds."""

PULL = 1e-2

REPEATS: tuple[Kind, ...] = ("machine_music", "drum_machine", "loop")
"""Kinds whose wrong places agree as well as the right one."""

BANDS = (0.0, 0.1, 0.5, 0.9, 0.97, 0.99, 0.997, 1.01)


@dataclass(frozen=True)
class Outcome:
    """One pair and its best place."""

    seed: int
    kind: str
    negative: bool
    provable: bool
    overlap_s: float
    snr_db: float
    room: bool
    evidence: Evidence
    right: bool


def case_of(seed: int) -> Case:
    """Draw everyday, provable and unrelated pairs in turn, and music that repeats more often."""
    turn, which = divmod(seed, 5)
    if which == 0:
        return draw_case(seed, negatives=0.3)
    if which == 1:
        return audio_provable.case_of(turn)
    if which == 2:
        return audio_negatives.case_of(turn)
    rng = np.random.default_rng((seed, 5))
    if which == 3:
        kind = REPEATS[rng.integers(len(REPEATS))]
        return replace(audio_negatives.case_of(seed), kind=kind)
    return replace(audio_provable.case_of(seed), kind="drum_machine")


def locate_case(seed: int) -> Outcome | None:
    """Locate one pair and say whether its best place is the true one."""
    case = case_of(seed)
    pair = build(case)
    a, b = (feature_of(x, pair.rate_hz, name) for x, name in ((pair.a, "a"), (pair.b, "b")))
    if isinstance(a, Refusal) or isinstance(b, Refusal):
        return None
    finding = locate(a, b, prior=Prior(), excluded=NOTHING)
    if finding.verdict is None or finding.evidence is None:
        return None
    course = finding.verdict.course
    truth = pair.truth
    right = truth is not None and all(
        abs(course.to_a(t) - truth.to_a(t)) < RIGHT_S for t in truth.shared_b_s
    )
    return Outcome(
        seed=seed,
        kind=case.kind,
        negative=case.negative,
        provable=pair.provable,
        overlap_s=pair.overlap_s,
        snr_db=case.snr_db or 99.0,
        room=case.room,
        evidence=finding.evidence,
        right=right,
    )


def fit_weights(statistics: NDArray[np.float64], right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the constant and the weights of a logistic score.

    More evidence may not lower the probability: no weight is negative. A weak pull towards zero
    keeps them finite.
    """
    design = np.concatenate([np.ones((len(statistics), 1)), statistics], axis=1)

    def loss(weights: NDArray[np.float64]) -> float:
        score = design @ weights
        miss = np.logaddexp(0.0, np.where(right, -score, score)).sum()
        return float(miss + PULL * (weights[1:] ** 2).sum())

    bounds = [(None, None), *((0.0, None) for _ in STATISTICS)]
    start = np.array([-5.0, *(0.1 for _ in STATISTICS)])
    found = optimize.minimize(loss, start, bounds=bounds, method="L-BFGS-B")
    return np.asarray(found.x, np.float64)


def show(outcomes: list[Outcome], chances: NDArray[np.float64]) -> None:
    """Print how often places are right by what is said of them."""
    right = np.array([one.right for one in outcomes])
    for low, high in pairwise(BANDS):
        band = (chances >= low) & (chances < high)
        if band.any():
            said, were = chances[band].mean(), right[band].mean()
            print(f"{low:.3f} to {high:.3f}: {band.sum():5d}, said {said:.4f}, right {were:.4f}")
    print("wrong or missed by much:")
    for one, chance in zip(outcomes, chances, strict=True):
        if (chance > 0.5) != one.right and (not one.right or one.provable):
            words = f"{one.kind} snr {one.snr_db:.0f} room {one.room} {one.overlap_s:.1f} s"
            print(f"  {chance:.3f} right {one.right} seed {one.seed} {words} {one.evidence}")
    pools = {
        "provable, 10 s and more": [o.provable and o.overlap_s >= 9.9 for o in outcomes],
        "provable, 4.9 to 9.9 s": [o.provable and 4.9 <= o.overlap_s < 9.9 for o in outcomes],
        "nothing shared": [o.negative for o in outcomes],
        "repeats": [o.kind in REPEATING and not o.negative for o in outcomes],
    }
    for name, chosen in pools.items():
        use = np.array(chosen)
        synced, check = chances[use] >= 0.9, (chances[use] >= 0.5) & (chances[use] < 0.9)
        good = right[use]
        print(
            f"{name}: {use.sum()}, synced right {np.sum(synced & good)} wrong"
            f" {np.sum(synced & ~good)}, check right {np.sum(check & good)} wrong"
            f" {np.sum(check & ~good)}, best place right {good.sum()}"
        )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fit", "check"))
    parser.add_argument("--pairs", type=int, default=1500)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--load", type=Path)
    options = parser.parse_args()
    if options.load:
        rows = json.loads(options.load.read_text())
        outcomes = [Outcome(**{**row, "evidence": Evidence(**row["evidence"])}) for row in rows]
    else:
        first = 0 if options.what == "fit" else 50_000
        found = run(locate_case, range(first, first + options.pairs), options.jobs)
        outcomes = [one for one in found if one is not None]
    if options.save:
        options.save.write_text(json.dumps([asdict(one) for one in outcomes]))
    statistics = np.array([one.evidence.statistics for one in outcomes], np.float64)
    ties = np.array([one.evidence.tie for one in outcomes])
    right = np.array([one.right for one in outcomes])
    if options.what == "fit":
        weights = fit_weights(statistics[~ties], right[~ties])
        print(f"ties: {ties.sum()}, best place right {right[ties].sum()}")
        print("WEIGHTS = (" + ", ".join(f"{weight:.2f}" for weight in weights) + ")")
    else:
        weights = np.array(WEIGHTS)
    chances = np.array([logistic(float(weights[0] + s @ weights[1:])) for s in statistics])
    show(outcomes, np.where(ties, TIE_CONFIDENCE, chances))


if __name__ == "__main__":
    main()
