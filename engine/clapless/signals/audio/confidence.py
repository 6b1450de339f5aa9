"""How probable it is that an answer is the true alignment."""

from __future__ import annotations

from dataclasses import dataclass

from clapless.numerics.evidence import logistic

DECADES_CAP = 12.0
"""Agreement rarer than this proves no more."""

Z_CAP = 14.0
"""Nor does a higher stacked curve."""

LEAD_CAP = 0.35
"""Nor a greater lead over the best rival."""

WINDOWS_CAP = 8.0
"""Nor do more windows."""

WEIGHTS = (-9.0, 0.5, 0.3, 1.0, 12.0, 0.5)
"""Of one, decades, stacked height, clarity, lead and windows; to be fitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the probability is taken from.

    Parameters
    ----------
    log10_chance
        Of so much agreement among unrelated windows.
    stack_z, clarity
        Height of the stacked curve, and that over the next highest.
    share
        Of windows that agree.
    windows
        Windows that do not overlap.
    lead, lead_t
        Least lead over a serious rival heard in the same windows, 0 is a tie, 1 where there is
        none; and that over its standard error.
    """

    log10_chance: float
    stack_z: float
    clarity: float
    share: float
    windows: float
    lead: float = 1.0
    lead_t: float = 99.0

    @property
    def statistics(self) -> tuple[float, float, float, float, float]:
        """What the score is linear in."""
        return (
            min(-self.log10_chance, DECADES_CAP),
            min(self.stack_z, Z_CAP),
            min(self.clarity, 3.0),
            max(0.0, min(self.lead, LEAD_CAP)),
            min(self.windows * self.share, WINDOWS_CAP),
        )


def confidence_of(evidence: Evidence) -> float:
    """Return the probability that the answer is right, 0 to 1."""
    score = WEIGHTS[0] + sum(
        weight * value for weight, value in zip(WEIGHTS[1:], evidence.statistics, strict=True)
    )
    return logistic(score)
