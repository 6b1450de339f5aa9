"""Which pairs would close loops around what hangs on one answer alone."""

from __future__ import annotations

from collections.abc import Iterable

from clapless.model import Match
from clapless.pipeline.comparer import Pair, pair_of
from clapless.solve.edges import Edge
from clapless.solve.forest import Forest

LOOP_OVERLAP_S = 8.0
"""Two placed clips are compared to close a loop if they share at least this."""

SURE_CONFIDENCE = 0.996
"""A clip that hangs on an answer this sure needs no second one (sound is sure of 0.997 at most);
what holds several clips does."""


def closing_pairs(forest: Forest, matches: Iterable[Match], pairs: Iterable[Pair]) -> list[Pair]:
    """Return for every part that hangs on one answer the pair that would tell most of it.

    Parameters
    ----------
    forest
        What is proven, with a tree of the answers that joined it.
    matches
        All answers so far.
    pairs
        Pairs that may be compared and were not yet.

    Returns
    -------
    list of Pair
        Those that overlap longest first.
    """
    held = _well_held(forest, matches)
    best: dict[Pair, tuple[float, Pair]] = {}
    for a, b in pairs:
        if forest.root(a) != forest.root(b):
            continue
        one, two = forest.interval(a), forest.interval(b)
        overlap_s = min(one[1], two[1]) - max(one[0], two[0])
        if overlap_s < LOOP_OVERLAP_S:
            continue
        for step in _steps(forest, a, b):
            if step not in held and overlap_s > best.get(step, (0.0, step))[0]:
                best[step] = (overlap_s, (a, b))
    ranked = sorted(best.values(), key=lambda b: (-b[0], b[1]))
    return list(dict.fromkeys(pair for _, pair in ranked))


def _well_held(forest: Forest, matches: Iterable[Match]) -> set[Pair]:
    """Return the tree's edges that need no second answer across them."""
    crossed: dict[Pair, int] = {}
    held = set()
    for match in matches:
        if forest.root(match.a) != forest.root(match.b):
            continue
        for step in _steps(forest, match.a, match.b):
            crossed[step] = crossed.get(step, 0) + 1
        leaf = any(len(forest.neighbours(end)) == 1 for end in (match.a, match.b))
        if leaf and match.confidence >= SURE_CONFIDENCE:
            held.add(pair_of(match.a, match.b))
    return held | {step for step, count in crossed.items() if count > 1}


def _steps(forest: Forest, a: str, b: str) -> list[Pair]:
    return [_ends(edge) for _, edge in forest.path(a, b)]


def _ends(edge: Edge) -> Pair:
    return pair_of(edge.a, edge.b)
