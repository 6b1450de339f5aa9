"""How probable it is that an answer is the true alignment."""

from __future__ import annotations

from dataclasses import dataclass

from clapless.numerics.evidence import logistic

DECADES_CAP = 12.0
"""Agreement rarer than this proves no more."""

Z_CAP = 14.0
"""Nor does a higher stacked curve."""

CLARITY_CAP = 3.0
"""Nor a clearer one."""

LEAD_CAP = 0.35
"""Nor a greater lead over the best rival."""

LEAD_T_CAP = 6.0
"""Nor a surer one."""

WINDOWS_CAP = 8.0
"""Nor do more windows."""

WEIGHTS = (-12.0, 0.0, 0.7, 0.0, 1.0, 1.0, -5.0, -4.0, 0.5)
"""Of one and of `Evidence.statistics`; to be fitted."""


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
    lead, lead_t, tied
        Least lead over a serious rival heard in the same windows, 0 is a tie, 1 where there is
        none; that over its standard error; largest share of windows in which a rival is as good.
    own
        How far the recordings' own repeats stand out over their other repeats, on the scale of
        `lead` (see `repeats.self_lead`): above it the lead proves nothing.
    """

    log10_chance: float
    stack_z: float
    clarity: float
    share: float
    windows: float
    lead: float = 1.0
    lead_t: float = 99.0
    tied: float = 0.0
    own: float = 0.0

    @property
    def statistics(self) -> tuple[float, ...]:
        """What the score is linear in."""
        return (
            min(-self.log10_chance, DECADES_CAP),
            min(self.stack_z, Z_CAP),
            min(self.clarity, CLARITY_CAP),
            max(0.0, min(self.lead, LEAD_CAP)),
            max(0.0, min(self.lead_t, LEAD_T_CAP)),
            self.tied,
            self.own,
            min(self.windows * self.share, WINDOWS_CAP),
        )

    @property
    def contested(self) -> bool:
        """Whether another place fits as well, or nearly so."""
        return self.lead < TIE_LEAD or self.tied > TIE_SHARE or self.own > OWN_LEAD


TIE_LEAD = 0.12
"""A lead smaller than this in the same windows is a tie."""

TIE_SHARE = 0.4
"""So is this share of windows in which a rival is as good."""


OWN_LEAD = 0.4
"""Recordings whose own repeats stand out by more repeat whole sections to the sample: 18 of 18 of
sequenced music that share no moment stood out by 0.2 to 0.8, 2 of 16 of a band over a drum machine
by more than this."""


def confidence_of(evidence: Evidence) -> float:
    """Return the probability that the answer is right, 0 to 1."""
    score = WEIGHTS[0] + sum(
        weight * value for weight, value in zip(WEIGHTS[1:], evidence.statistics, strict=True)
    )
    return logistic(score)
