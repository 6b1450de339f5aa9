"""The second look: what refused is asked again, with what the first solution knows."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from clapless.model import SYNCED_CONFIDENCE, Clip, Group, Match, Placement
from clapless.pipeline.comparer import Comparer, pair_of
from clapless.pipeline.guess import Guesses
from clapless.pipeline.loops import LOOP_OVERLAP_S
from clapless.pipeline.progress import Progress
from clapless.signals.base import Prior, candidates_only
from clapless.solve import TRADE_SPEEDS, Solution, between

PARTNERS = 3
"""Clips that an unplaced one is compared with again, the likeliest ones."""

NEIGHBOURS = 3
"""Clips that a doubtful placement is compared with again, where both should overlap."""

UNKNOWN_STD_PPM = 30.0
"""Spread of two clocks that nothing was measured of."""


class SecondLook:
    """Asks again what the first solution leaves open.

    Parameters
    ----------
    clips
        By id.
    solution
        The first solution.
    """

    def __init__(self, clips: Mapping[str, Clip], solution: Solution) -> None:
        self._clips = clips
        self._solution = solution
        self._rates = {
            d.id: (d.drift_ppm, d.drift_std_ppm or 0.0)
            for d in solution.devices
            if d.drift_ppm is not None
        }
        self._proven: dict[str, Fraction] = {}
        self._together = [
            {clips[p.clip].device for p in group.placements} for group in solution.groups
        ]

    def run(self, comparer: Comparer, progress: Progress, *, hub: str | None) -> int:
        """Ask again by one signal and return how many matches came of it.

        Parameters
        ----------
        comparer
            Asks and keeps the answers.
        progress
            Told how far the work is.
        hub
            The song on which takes are placed alone, None where there is none.
        """
        asked = [*self._doubtful(comparer), *self._unplaced(comparer, hub)]
        if candidates_only(comparer.signal):
            worth = {pair_of(*pair) for pair in comparer.signal.candidates(comparer.features)}
            asked = [question for question in asked if pair_of(*question[:2]) in worth]
        if not asked:
            return 0
        progress.stage(f"looking again by {comparer.signal.name}", len(asked))
        found = 0
        settled: set[str] = set()
        for a, b, prior in asked:
            progress.advance(detail=f"{self._clips[a].name} - {self._clips[b].name}")
            if b in settled and prior.offset_s is None:
                continue
            if prior.offset_s is None:
                prior = replace(prior, speeds=self._speeds(a, b, prior.speeds))
            answer = comparer.compare(a, b, prior=prior)
            if isinstance(answer, Match):
                found += 1
                if answer.confidence >= SYNCED_CONFIDENCE:
                    settled |= {b} if prior.offset_s is None else set()
                    self._remember(answer)
        progress.done()
        return found

    def prior(self, a: str, b: str) -> Prior:
        """Return what the devices' clocks say of two clips."""
        one, two = self._clips[a].device, self._clips[b].device
        known = (
            one is not None
            and two is not None
            and {one, two} <= self._rates.keys()
            and any({one, two} <= devices for devices in self._together)
        )
        if not known or one is None or two is None:
            return Prior(drift_std_ppm=UNKNOWN_STD_PPM)
        rate_a, std_a = self._rates[one]
        rate_b, std_b = self._rates[two]
        drift = (1.0 + rate_b * 1e-6) / (1.0 + rate_a * 1e-6) - 1.0
        return Prior(drift_ppm=drift * 1e6, drift_std_ppm=max(math.hypot(std_a, std_b), 0.5))

    def _doubtful(self, comparer: Comparer) -> Iterator[tuple[str, str, Prior]]:
        """Yield neighbours of doubtful placements, with where they should lie."""
        for group in self._solution.groups:
            for placed in group.placements:
                sure = placed.confidence >= SYNCED_CONFIDENCE and placed.status != "check"
                if sure or placed.time_map is not None:
                    continue
                for other in self._overlapping(group, placed, comparer)[:NEIGHBOURS]:
                    relation = between(other, placed)
                    prior = self.prior(other.clip, placed.clip)
                    yield (
                        other.clip,
                        placed.clip,
                        replace(
                            prior,
                            offset_s=relation.offset_s,
                            offset_std_s=max(relation.offset_std_s, 0.02),
                            drift_ppm=relation.drift_ppm,
                            speeds=(relation.speed,),
                        ),
                    )

    def _overlapping(self, group: Group, placed: Placement, comparer: Comparer) -> list[Placement]:
        """Return neighbours of other devices that did not match yet, the longest overlap first."""
        ranked = []
        for other in group.placements:
            pair = tuple(sorted((other.clip, placed.clip)))
            usable = {other.clip, placed.clip} <= comparer.features.keys()
            same = other.clip == placed.clip or self._same(other.clip, placed.clip)
            if same or not usable or pair in comparer.matches:
                continue
            shared_s = min(self._end_s(other), self._end_s(placed)) - max(
                other.offset_s, placed.offset_s
            )
            if shared_s >= LOOP_OVERLAP_S:
                ranked.append((-shared_s, other.clip, other))
        return [other for _, _, other in sorted(ranked, key=lambda r: r[:2])]

    def _end_s(self, placed: Placement) -> float:
        return placed.to_group(float(self._clips[placed.clip].duration_s))

    def _unplaced(self, comparer: Comparer, hub: str | None) -> Iterator[tuple[str, str, Prior]]:
        """Yield unplaced clips with the likeliest partners, for any speed of the trade.

        A clip whose device made others of the same kind that run at their own speed does so too:
        it is asked again only with what is known of the clocks.
        """
        guesses = Guesses([self._clips[name] for name in comparer.features])
        known = comparer.features.keys()
        distances = guesses.distances([self._intervals(g, known) for g in self._solution.groups])
        place = {name: i for i, name in enumerate(comparer.features)}
        for left in self._solution.unplaced:
            clip = left.clip
            if clip not in comparer.features or clip == hub:
                continue
            others = [n for n in comparer.features if n != clip and not self._same(n, clip)]
            others.sort(
                key=lambda n: (
                    round(float(distances[place[clip], place[n]]), 1),
                    -self._clips[n].duration_s,
                    n,
                )
            )
            partners = [hub] if hub is not None and hub in comparer.features else others[:PARTNERS]
            normal = self._normal(clip)
            for partner in partners:
                prior = self.prior(partner, clip)
                speeds = (Fraction(1), *self._capture(partner, clip))
                if not normal:
                    speeds = (*speeds, *TRADE_SPEEDS)
                if len(speeds) > 1 or prior.drift_std_ppm < UNKNOWN_STD_PPM:
                    yield partner, clip, replace(prior, speeds=speeds)

    def _intervals(self, group: Group, known: Collection[str]) -> dict[str, tuple[float, float]]:
        return {
            p.clip: (p.to_group(0.0), self._end_s(p)) for p in group.placements if p.clip in known
        }

    def _same(self, a: str, b: str) -> bool:
        device = self._clips[a].device
        return device is not None and device == self._clips[b].device

    def _normal(self, clip: str) -> bool:
        """Return whether the clip's device made clips of its kind that play at their own speed."""
        wanted = self._kind(clip)
        return any(
            placed.speed == 1
            and self._same(placed.clip, clip)
            and self._kind(placed.clip) == wanted
            for group in self._solution.groups
            for placed in group.placements
        )

    def _kind(self, clip: str) -> tuple[object, ...]:
        held = self._clips[clip]
        rates = tuple(stream.sample_rate_hz for stream in held.audio)
        return (held.kind, held.frame_rate, held.capture_rate, rates)

    def _speeds(self, a: str, b: str, speeds: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
        """Return the speeds to try, what the two devices showed before in front."""
        return tuple(dict.fromkeys((*self._shown(a, b), *speeds)))

    def _shown(self, a: str, b: str) -> tuple[Fraction, ...]:
        one, two = self._clips[a].device, self._clips[b].device
        if one is None or two is None:
            return ()
        key = f"{one}\x1f{two}"
        return (self._proven[key],) if key in self._proven else ()

    def _capture(self, a: str, b: str) -> tuple[Fraction, ...]:
        """Return the speed that capture rates against playback rates state."""
        speed = Fraction(1)
        for clip, sign in ((self._clips[b], 1), (self._clips[a], -1)):
            if clip.capture_rate and clip.frame_rate:
                speed *= (clip.capture_rate / clip.frame_rate) ** sign
        return () if speed == 1 else (speed,)

    def _remember(self, match: Match) -> None:
        one, two = self._clips[match.a].device, self._clips[match.b].device
        if one is not None and two is not None and match.speed != 1:
            self._proven[f"{one}\x1f{two}"] = match.speed
            self._proven[f"{two}\x1f{one}"] = 1 / match.speed
