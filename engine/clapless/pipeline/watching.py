"""Whose pictures are worth decoding: those of clips without a place, and of likely partners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clapless.model import Clip
from clapless.pipeline.guess import FAR_S, Guesses
from clapless.signals.base import Signal
from clapless.solve import Solution

PARTNERS = 6
"""Clips of other devices whose pictures are held against those of a clip without a place: decoding
costs some hundred times what listening costs, so that it grows with what is open, not with the
shoot."""

REACH_S = 300.0
"""A partner is not looked at where proven places of its device put it farther away than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is looked at.

    Parameters
    ----------
    clips
        The clips whose pictures are decoded, in the solution's order; none where it is not worth
        it.
    homeless
        Ids of those that have no place without.
    """

    clips: tuple[Clip, ...] = ()
    homeless: frozenset[str] = frozenset()

    @property
    def what(self) -> str:
        """Whose pictures they are, with their length, for people."""
        minutes = sum(float(clip.duration_s) for clip in self.clips) / 60.0
        length = f"{minutes:.0f} min" if minutes >= 1.0 else f"{60.0 * minutes:.0f} s"
        return f"pictures of {len(self.clips)} clips ({length})"

    def notice(self, signals: Sequence[Signal]) -> str:
        """Return the sentence that says what was done, and how to do without.

        Parameters
        ----------
        signals
            Those that need no pictures.
        """
        count = len(self.homeless)
        some = "1 clip has" if count == 1 else f"{count} clips have"
        names = ",".join(signal.name for signal in signals)
        return (
            f"The {self.what} were looked at too, since {some} no place without; "
            f"--signals {names} does without pictures."
        )


def worth_watching(solution: Solution) -> Watch:
    """Return whose pictures may place a clip that nothing else places.

    Pictures are dear to decode: where every clip with pictures has its place none is looked at,
    else those without and the likeliest partners of each.
    """
    seeing = [clip for clip in solution.clips if clip.kind == "video"]
    left = {one.clip for one in solution.unplaced}
    homeless = [clip for clip in seeing if clip.id in left]
    distances = Guesses(seeing).distances(_clusters(solution, {clip.id for clip in seeing}))
    place = {clip.id: i for i, clip in enumerate(seeing)}
    watched: set[str] = set()
    for clip in homeless:
        ranked = sorted(
            (float(distances[place[clip.id], place[other.id]]), -other.duration_s, other.id)
            for other in seeing
            if other is not clip and (clip.device is None or clip.device != other.device)
        )
        near = [name for apart_s, _, name in ranked if not REACH_S < apart_s < FAR_S]
        if near:
            watched |= {clip.id, *near[:PARTNERS]}
    return Watch(
        clips=tuple(clip for clip in seeing if clip.id in watched),
        homeless=frozenset(clip.id for clip in homeless if clip.id in watched),
    )


def _clusters(solution: Solution, known: set[str]) -> list[dict[str, tuple[float, float]]]:
    """Return for each group where its clips lie, by clip id."""
    length_s = {clip.id: float(clip.duration_s) for clip in solution.clips}
    return [
        {
            p.clip: (p.to_group(0.0), p.to_group(length_s[p.clip]))
            for p in group.placements
            if p.clip in known
        }
        for group in solution.groups
    ]
