"""Compare what a sync found with the truth of a shoot.

An answer is right where it is within half a frame at both ends of the clip: the clip's own frame,
or 20 ms where it has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clapless.model import Placement, Session
from clapless.synth.truth import ClipTruth, Shoot

_NO_FRAME_S = 0.04
"""A frame where the clip has none (DESIGN: half a frame is 20 ms then)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipScore:
    """One clip's answer beside its truth.

    Parameters
    ----------
    clip
        The truth.
    placement
        The answer, None where it was refused.
    reference
        Truth of the clip whose clock the answer is on, None where it was refused.
    errors_s
        Answer minus truth at the start and at the end of the clip; None where it was refused, or
        where the reference belongs to another event and no answer could be right.
    """

    clip: ClipTruth
    placement: Placement | None = None
    reference: ClipTruth | None = None
    errors_s: tuple[float, float] | None = None

    @property
    def is_reference(self) -> bool:
        """Whether it is the clock of its group, which proves nothing."""
        return self.reference is self.clip

    @property
    def worst_s(self) -> float | None:
        """The larger of the two errors, without its sign."""
        return None if self.errors_s is None else max(abs(error) for error in self.errors_s)

    @property
    def frames(self) -> float | None:
        """`worst_s` in frames of the clip."""
        rate = float(self.clip.frame_rate) if self.clip.frame_rate else 1 / _NO_FRAME_S
        return None if self.worst_s is None else self.worst_s * rate

    @property
    def right(self) -> bool:
        """Whether it was placed, within half a frame at both ends."""
        return self.frames is not None and self.frames <= 0.5

    @property
    def wrong(self) -> bool:
        """Whether it was placed and is not right: the worst bug there is."""
        return self.placement is not None and not self.right


def score(shoot: Shoot, session: Session) -> tuple[ClipScore, ...]:
    """Return a score for each clip of the shoot, in its order.

    Parameters
    ----------
    shoot
        The truth.
    session
        What a sync of the shoot's folder found. A clip that it does not know counts as refused.
    """
    found = {clip.path.resolve(): entry for clip, entry in _scores(shoot, session)}
    return tuple(found.get(clip.path.resolve(), ClipScore(clip=clip)) for clip in shoot.clips)


def _scores(shoot: Shoot, session: Session) -> Iterator[tuple[ClipTruth, ClipScore]]:
    paths: dict[str, Path] = {clip.id: clip.path for clip in session.clips}
    for group in session.groups:
        reference = shoot.clip(paths[group.reference])
        for placement in group.placements:
            clip = shoot.clip(paths[placement.clip])
            errors_s = None
            if clip.event == reference.event:
                ends_s = (0.0, float(clip.duration_s))
                first, last = (
                    placement.to_group(t_s) - shoot.group_time_s(clip, reference, t_s)
                    for t_s in ends_s
                )
                errors_s = (first, last)
            yield (
                clip,
                ClipScore(clip=clip, placement=placement, reference=reference, errors_s=errors_s),
            )
