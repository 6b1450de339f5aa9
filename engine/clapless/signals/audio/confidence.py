"""How probable it is that an answer is the true alignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clapless.numerics.evidence import logistic

CONSTANT = -6.0
PER_DECADE = 0.9
PER_RIVAL = -8.0
PER_SHARE = 3.0
"""Weights of the score; to be fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the probability is taken from.

    Parameters
    ----------
    log10_chance
        Of so much agreement among unrelated windows.
    share
        Of windows that agree.
    strength
        Mean height of a window over the noise, agreeing or not.
    rival
        Strength of the best other place over that of this one, 0 where there is none.
    windows
        Windows that do not overlap.
    """

    log10_chance: float
    share: float
    strength: float
    rival: float
    windows: float


def confidence_of(evidence: Evidence) -> float:
    """Return the probability that the answer is right, 0 to 1."""
    score = (
        CONSTANT
        + PER_DECADE * min(-evidence.log10_chance, 15.0)
        + PER_SHARE * evidence.share
        + PER_RIVAL * float(np.clip(evidence.rival - 0.3, 0.0, 1.0))
    )
    return logistic(score)
