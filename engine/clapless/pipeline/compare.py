"""All-pairs evidence without all-pairs cost: which pairs are compared, and in what order.

A clip that has no place is compared with everything, the likeliest partner first. Two clips that
both have one are compared to close loops, and to join what two clusters share; two that lie far
apart by what is proven already are not compared at all.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from clapless.model import SYNCED_CONFIDENCE, Clip, Match, Refusal
from clapless.pipeline.guess import FAR_S, Guesses
from clapless.pipeline.progress import Progress
from clapless.signals.base import Prior, Signal, Spans
from clapless.solve.edges import Edge, Node
from clapless.solve.forest import Forest

Pair = tuple[str, str]
"""Two clip ids, the smaller one first."""

WARM = 6
"""Features that keep what they computed or opened; the others let go of it."""

LOOP_OVERLAP_S = 8.0
"""Two placed clips are compared to close a loop if they share at least this."""

LOOP_PASSES = 2
"""How often what hangs on one edge alone is looked at again."""

BRIDGE_TRIES_PER_CLIP = 4
"""Pairs of clips in two clusters that are compared to join these, per clip there is."""

BRIDGE_REACH_S = 300.0
"""Clips of two clusters are not compared where their devices put them farther apart than this:
both have their places, and only the join of the clusters would be missed."""


class Comparer:
    """Compares pairs by one signal and keeps the answers.

    Parameters
    ----------
    signal
        The signal.
    features
        By clip id.
    """

    def __init__(self, signal: Signal, features: Mapping[str, Any]) -> None:
        self.signal = signal
        self.features = features
        self.matches: dict[Pair, Match] = {}
        self.refusals: dict[Pair, Refusal] = {}
        self._warm: OrderedDict[str, None] = OrderedDict()

    def known(self, a: str, b: str) -> bool:
        """Return whether the pair was compared."""
        key = _key(a, b)
        return key in self.matches or key in self.refusals

    def compare(
        self, a: str, b: str, *, prior: Prior | None = None, exclude_spans: Spans = ()
    ) -> Match | Refusal:
        """Return and keep the signal's answer; a match takes the place of a refusal."""
        answer = self.ask(a, b, prior=prior, exclude_spans=exclude_spans)
        key = _key(a, b)
        if isinstance(answer, Match):
            self.matches[key] = answer
            self.refusals.pop(key, None)
        elif key not in self.matches:
            self.refusals[key] = answer
        return answer

    def ask(
        self, a: str, b: str, *, prior: Prior | None = None, exclude_spans: Spans = ()
    ) -> Match | Refusal:
        """Return the signal's answer and keep nothing of it."""
        answer = self.signal.match(
            self.features[a], self.features[b], prior=prior, exclude_spans=exclude_spans
        )
        for clip in (a, b):
            self._warm[clip] = None
            self._warm.move_to_end(clip)
        while len(self._warm) > WARM:
            cold, _ = self._warm.popitem(last=False)
            self.features[cold].forget()
        return answer

    def close(self) -> None:
        """Let go of everything that was computed or opened."""
        for clip in self._warm:
            self.features[clip].forget()
        self._warm.clear()


def _key(a: str, b: str) -> Pair:
    return (a, b) if a <= b else (b, a)


class Search:
    """One signal's walk over the pairs.

    Parameters
    ----------
    comparer
        Asks the signal.
    clips
        All clips, by id; those without a feature are left out.
    together
        Relations of clips that were placed before (``--add``).
    old
        Clips that were compared with each other before.
    hub
        The song on which takes are placed alone: only pairs with it are compared, and clips of one
        device may overlap.
    """

    def __init__(
        self,
        comparer: Comparer,
        clips: Mapping[str, Clip],
        *,
        together: Iterable[Match] = (),
        old: frozenset[str] = frozenset(),
        hub: str | None = None,
    ) -> None:
        self._comparer = comparer
        self._clips = {name: clips[name] for name in comparer.features}
        self._length_s = {name: float(c.duration_s) for name, c in self._clips.items()}
        self._old = old
        self._hub = hub
        self._forest = Forest(
            Node(id=c.id, clip=c.id, device=c.device, start_s=0.0, end_s=float(c.duration_s))
            for c in self._clips.values()
        )
        for relation in together:
            if {relation.a, relation.b} <= self._clips.keys():
                self._join(relation)
        self._guesses = Guesses(list(self._clips.values()))
        self._order = {
            _key(a, b): rank
            for rank, (a, b) in enumerate(comparer.signal.candidates(comparer.features))
            if self._allowed(a, b)
        }

    def run(self, progress: Progress) -> None:
        """Compare until every clip has its place or was compared with everything."""
        names = list(self._clips)
        progress.stage(f"comparing by {self._comparer.signal.name}", len(names))
        done: set[str] = set()
        for a, b in self._walk():
            self._compare(a, b)
            settled = {n for n in (a, b) if len(self._members(n)) > 1} - done
            done |= settled
            progress.advance(len(settled), detail=f"{self._name(a)} - {self._name(b)}")
        progress.advance(len(names) - len(done))
        progress.done()

    def _walk(self) -> Iterator[Pair]:
        yield from self._rounds(self._homeless)
        limit = BRIDGE_TRIES_PER_CLIP * len(self._clips)
        yield from self._rounds(self._between, limit=limit, reach_s=BRIDGE_REACH_S)
        for _ in range(LOOP_PASSES):
            pairs = list(self._loops())
            if not pairs:
                break
            yield from pairs

    def _rounds(
        self,
        wanted: Callable[[], Callable[[str, str], bool]],
        *,
        limit: float = math.inf,
        reach_s: float = math.inf,
    ) -> Iterator[Pair]:
        """Yield wanted pairs, the likeliest first; the order is made anew as matches come in."""
        tried = 0
        while True:
            still = wanted()
            pairs = [p for p in self._order if still(*p) and not self._comparer.known(*p)]
            if not pairs:
                return
            found = len(self._comparer.matches)
            fresh = max(1, found // 4)
            for distance_s, (a, b) in self._sorted(pairs):
                if reach_s < distance_s < FAR_S or not still(a, b):
                    continue
                if tried >= limit:
                    return
                tried += 1
                yield a, b
                still = wanted()
                if len(self._comparer.matches) >= found + fresh:
                    break
            else:
                return

    def _sorted(self, pairs: Sequence[Pair]) -> list[tuple[float, Pair]]:
        place = {name: i for i, name in enumerate(self._clips)}
        clusters = [
            {n: self._forest.interval(n) for n in members}
            for members in self._forest.clusters()
            if len(members) > 1
        ]
        distances = self._guesses.distances(clusters)
        keys = np.array([distances[place[a], place[b]] for a, b in pairs])
        ranks = np.array([self._order[p] for p in pairs])
        lengths = np.array([self._length_s[a] + self._length_s[b] for a, b in pairs])
        order = np.lexsort((ranks, -np.round(lengths, 1), np.round(keys, 1)))
        return [(float(keys[i]), pairs[i]) for i in order]

    def _compare(self, a: str, b: str) -> None:
        answer = self._comparer.compare(a, b)
        if isinstance(answer, Match) and answer.confidence >= SYNCED_CONFIDENCE:
            self._join(answer)

    def _join(self, relation: Match) -> None:
        if self._forest.root(relation.a) != self._forest.root(relation.b):
            self._forest.join(Edge(relation=relation, match=-1))

    def _members(self, name: str) -> list[str]:
        return self._forest.members(self._forest.root(name))

    def _name(self, clip: str) -> str:
        return self._clips[clip].name

    def _allowed(self, a: str, b: str) -> bool:
        """Return whether two clips may overlap at all, as far as devices tell."""
        if self._hub is not None:
            return self._hub in (a, b)
        if a in self._old and b in self._old:
            return False
        one, two = self._clips[a].device, self._clips[b].device
        return one is None or one != two

    def _homeless(self) -> Callable[[str, str], bool]:
        """Return what tells whether one of two clips has no place yet."""
        alone = {n for n in self._clips if len(self._members(n)) == 1}
        return lambda a, b: a in alone or b in alone

    def _between(self) -> Callable[[str, str], bool]:
        """Return what tells whether two clips lie in clusters that may have to be joined."""
        root = {n: self._forest.root(n) for n in self._clips}
        return lambda a, b: root[a] != root[b]

    def _overlap_s(self, a: str, b: str) -> float:
        one, two = self._forest.interval(a), self._forest.interval(b)
        return min(one[1], two[1]) - max(one[0], two[0])

    def _loops(self) -> Iterator[Pair]:
        """Yield for everything that hangs on one edge alone the pair that would close a loop."""
        crossed: dict[frozenset[str], int] = {}
        for match in self._comparer.matches.values():
            if self._forest.root(match.a) == self._forest.root(match.b):
                for step in self._steps(match.a, match.b):
                    crossed[step] = crossed.get(step, 0) + 1
        best: dict[frozenset[str], tuple[float, Pair]] = {}
        for pair in self._order:
            a, b = pair
            if self._forest.root(a) != self._forest.root(b) or self._comparer.known(a, b):
                continue
            overlap_s = self._overlap_s(a, b)
            if overlap_s < LOOP_OVERLAP_S:
                continue
            for step in self._steps(a, b):
                if crossed.get(step, 0) < 2 and overlap_s > best.get(step, (0.0, pair))[0]:
                    best[step] = (overlap_s, pair)
        seen: set[Pair] = set()
        for _, pair in sorted(best.values(), key=lambda b: (-b[0], b[1])):
            if pair not in seen:
                seen.add(pair)
                yield pair

    def _steps(self, a: str, b: str) -> list[frozenset[str]]:
        return [frozenset((e.a, e.b)) for _, e in self._forest.path(a, b)]
