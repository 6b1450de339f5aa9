"""All-pairs evidence without all-pairs cost: which pairs are compared, and in what order.

A clip that has no place is compared with everything, the likeliest partner first. Two clips that
both have one are compared to close loops, and to join what two clusters share; two that lie far
apart by what is proven already are not compared at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np

from clapless.model import SYNCED_CONFIDENCE, Clip, Match
from clapless.pipeline.comparer import Comparer, Pair, pair_of
from clapless.pipeline.guess import FAR_S, Guesses
from clapless.pipeline.loops import closing_pairs
from clapless.pipeline.progress import Progress
from clapless.solve.edges import Edge, Node
from clapless.solve.forest import Forest

LOOP_PASSES = 2
"""How often what hangs on one edge alone is looked at again."""

BRIDGE_TRIES_PER_CLIP = 4
"""Pairs of clips in two clusters that are compared to join these, per clip there is."""

BRIDGE_MISSES = (40, 0.5)
"""So many misses in a row, or so many per clip, end the search for such joins."""

BRIDGE_REACH_S = 300.0
"""Clips of two clusters are not compared where their devices put them farther apart than this:
both have their places, and only the join of the clusters would be missed."""


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
    loose
        Devices that only a folder or a naming makes: their clips may turn out to overlap.
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
        loose: frozenset[str] = frozenset(),
        hub: str | None = None,
    ) -> None:
        self._comparer = comparer
        self._clips = {name: clips[name] for name in comparer.features}
        self._length_s = {name: float(c.duration_s) for name, c in self._clips.items()}
        self._old = old
        self._loose = loose
        self._hub = hub
        self._forest = Forest(
            Node(id=c.id, clip=c.id, device=c.device, start_s=0.0, end_s=float(c.duration_s))
            for c in self._clips.values()
        )
        for relation in together:
            if {relation.a, relation.b} <= self._clips.keys():
                self._join(relation)
        self._guesses = Guesses(list(self._clips.values()))
        self._order: dict[Pair, int] = {}
        self._doubtful: dict[Pair, int] = {}
        """Pairs of one device that only a folder makes, for clips that nothing else places."""
        for rank, (a, b) in enumerate(comparer.signal.candidates(comparer.features)):
            if self._allowed(a, b):
                self._order[pair_of(a, b)] = rank
            elif self._clips[a].device in loose and not {a, b} <= old:
                self._doubtful[pair_of(a, b)] = rank

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
        if self._hub is None and self._doubtful:
            yield from self._inside_devices()
        yield from self._rounds(
            self._between,
            limit=BRIDGE_TRIES_PER_CLIP * len(self._clips),
            misses=max(BRIDGE_MISSES[0], BRIDGE_MISSES[1] * len(self._clips)),
            reach_s=BRIDGE_REACH_S,
        )
        for _ in range(LOOP_PASSES):
            open_pairs = (p for p in self._order if not self._comparer.known(*p))
            pairs = closing_pairs(self._forest, self._comparer.matches.values(), open_pairs)
            if not pairs:
                break
            yield from pairs

    def _inside_devices(self) -> Iterator[Pair]:
        """Yield pairs of one device for clips that nothing else places.

        Where a device proves to be several by a match inside, all its pairs are as good as others.
        """
        usual = dict(self._order)
        self._order |= self._doubtful
        yield from self._rounds(self._homeless)
        several = {self._clips[a].device for a, _ in self._doubtful.keys() & self._comparer.matches}
        kept = {p: r for p, r in self._doubtful.items() if self._clips[p[0]].device in several}
        self._order = usual | kept

    def _rounds(
        self,
        wanted: Callable[[], Callable[[str, str], bool]],
        *,
        limit: float = math.inf,
        misses: float = math.inf,
        reach_s: float = math.inf,
    ) -> Iterator[Pair]:
        """Yield wanted pairs, the likeliest first; the order is made anew as matches come in."""
        tried = missed = 0
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
                if tried >= limit or missed >= misses:
                    return
                tried += 1
                yield a, b
                missed = 0 if self._comparer.matched(a, b) else missed + 1
                still = wanted()
                if len(self._comparer.matches) >= found + fresh:
                    break
            else:
                return

    def _sorted(self, pairs: Sequence[Pair]) -> list[tuple[float, Pair]]:
        """Return pairs with their distances, the nearest first.

        Of equally near ones those of the longest clip come first and one after the other: it joins
        most, and what was opened of it serves them all.
        """
        place = {name: i for i, name in enumerate(self._clips)}
        clusters = [
            {n: self._forest.interval(n) for n in members}
            for members in self._forest.clusters()
            if len(members) > 1
        ]
        distances = self._guesses.distances(clusters)
        ends = np.array([(place[a], place[b]) for a, b in pairs])
        keys = distances[ends[:, 0], ends[:, 1]]
        ranks = np.array([self._order[p] for p in pairs])
        lengths = np.array(list(self._length_s.values()))[ends]
        longer = ends[np.arange(len(ends)), lengths.argmax(axis=1)]
        order = np.lexsort((ranks, longer, -lengths.max(axis=1), np.round(keys, 1)))
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
