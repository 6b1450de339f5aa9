"""How probable it is that an answer is the true alignment."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clapless.numerics.evidence import logistic

DECADES_CAP = 12.0
"""Agreement rarer than this proves no more."""

Z_CAP = 14.0
"""Nor does a higher stacked curve."""

Z_ALONE = 4.5
"""A stacked curve proves more than this only as far as windows agree each by itself: the best of
many leads of talk with nothing in common may reach 7 that way."""

CLARITY_CAP = 0.7
"""Nor one that passes the next delay by more than this, beside it."""

WINDOWS_CAP = 8.0
"""Nor more windows."""

WEIGHTS = (-12.65, 0.0, 2.29, 5.0, 0.42)
"""Of one and of `Evidence.statistics`, by ``tests/benchmarks/fit_audio_confidence.py fit --pairs
1000``: of 919 places, 620 of them no ties, all 498 that were given 0.9 or more were right."""

MOST = 0.997
"""No answer is given more: of 1,076 answers to drawn pairs four were wrong, one of them by an echo
that was louder than the sound itself."""

LEAST_LEAD = 0.12
MOST_TIED = 0.35
LEAST_T = 3.0
PLAIN_LEAD = 0.3
PLAIN_T = 6.0
"""A place with a rival is a tie unless its lead is at least the first, the share of windows where a
rival is as good is below the second, it is the third times its standard error, and it passes that
of the recordings' own repeats. Where it does not, but is as plain as the last two with no window in
which a rival is as good, it is one to check. The share was 0.25 once: by it alone 13 of 240 pairs
over a drum machine (seeds 50000 to 50239) were refused; with 0.35 none of 850 pairs of sequenced
music and 250 over a drum machine that share no moment is synced."""

RIVALLED_LOG10 = -8.0
"""Agreement that is not rarer than this is a tie with any rival: fewer than six windows, or many
that only add up to something."""

FORM_S = 50.0
"""A piece comes back to its sections within this: a shorter recording of it cannot show whether
they are played again to the sample. All 18 pairs without a common moment that were ever placed (of
sequenced music or over a drum machine, of 10 to 240 s) were of shorter ones, 16 of up to 34 s."""

REPEATED_CONFIDENCE = 0.8
"""At most so much where a place with rivals may be a repeat (see `Evidence.may_repeat`). Of 850
pairs of sequenced music that share no moment (seeds 50000 to 54199) six come to it and none to
more; of 584 right places over a drum machine one in 15 does; of five real ones one."""

TIE_CONFIDENCE = 0.1
"""Share of ties, in that sense, whose best place was right: 30 of 299."""


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
        `lead` (see `repeats.self_lead`): below it the lead proves nothing.
    other_bar
        Whether a rival lies a beat or more away, where no reflection is.
    longest_s
        Length of the longer recording.
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
    other_bar: bool = False
    longest_s: float = math.inf

    @property
    def statistics(self) -> tuple[float, ...]:
        """What the score is linear in."""
        return (
            min(-self.log10_chance, DECADES_CAP),
            min(self.stack_z, Z_ALONE - self.log10_chance, Z_CAP),
            max(0.0, min(self.clarity - 1.0, CLARITY_CAP)),
            min(self.windows * self.share, WINDOWS_CAP),
        )

    @property
    def rivalled(self) -> bool:
        """Whether there is a serious rival at all."""
        return self.lead < 1.0

    @property
    def _plain(self) -> bool:
        return self.lead > PLAIN_LEAD and self.lead_t > PLAIN_T and self.tied == 0.0

    @property
    def repeated(self) -> bool:
        """Whether the recordings repeat themselves as plainly as the place stands out."""
        return self.lead <= self.own

    @property
    def may_repeat(self) -> bool:
        """Whether the section may be heard once more outside of what was recorded.

        The recordings repeat themselves as plainly as the place stands out, or neither is long
        enough to show whether it does.
        """
        short = self.other_bar and self.longest_s < FORM_S
        return self.rivalled and (self.repeated or short)

    @property
    def tie(self) -> bool:
        """Whether a rival may as well be the true place."""
        return self.rivalled and (
            self.log10_chance > RIVALLED_LOG10
            or self.lead < LEAST_LEAD
            or self.lead_t < LEAST_T
            or self.tied >= MOST_TIED
            or (self.repeated and not self._plain)
        )


def confidence_of(evidence: Evidence) -> float:
    """Return the probability that the answer is right, 0 to 1."""
    if evidence.tie:
        return TIE_CONFIDENCE
    score = WEIGHTS[0] + sum(
        weight * value for weight, value in zip(WEIGHTS[1:], evidence.statistics, strict=True)
    )
    most = REPEATED_CONFIDENCE if evidence.may_repeat else MOST
    return min(most, logistic(score))
