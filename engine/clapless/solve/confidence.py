"""How probable each placement is, from what holds the tree together.

A clip is placed wrong if any cut between it and the reference is wrong. A cut is wrong with odds
that fall with every agreeing edge across it, and rise with every edge that asks for another place
and with every doubt. Chains multiply; independent paths cross the same cut and lift it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clapless.model import Match, compose, inverse
from clapless.solve.accept import Acceptance, Cut, compare_inside
from clapless.solve.doubts import Doubts, Overlap
from clapless.solve.edges import Edge
from clapless.solve.weights import joint_log_odds, log_add, rival_log_odds

MAX_DETOURS = 200
"""Contradictory ways through other clusters that are weighed, at most."""


@dataclass(frozen=True, slots=True)
class Held:
    """How one tree edge holds what lies beyond it.

    Parameters
    ----------
    edge
        The tree edge.
    probability
        That the parts it connects lie right to each other.
    capped
        Whether everything across is evidence that may give no more than `check`.
    """

    edge: Edge
    probability: float
    capped: bool


@dataclass(frozen=True, slots=True)
class Trust:
    """What a node's placement deserves.

    Parameters
    ----------
    confidence
        Probability that it is right.
    capped
        Whether the status is at most `check`.
    way
        The tree edges from the reference, in order.
    """

    confidence: float
    capped: bool
    way: tuple[Held, ...]


def hold_cuts(result: Acceptance, doubts: Doubts, *, capped: Mapping[int, bool]) -> dict[int, Held]:
    """Return how every tree edge holds, by identity of the edge.

    Parameters
    ----------
    result
        What is believed.
    doubts
        Prices overlaps and refusals.
    capped
        By identity of an edge: whether it may give no more than `check`.
    """
    forest = result.forest
    cuts = {id(cut.tree_edge): cut for cut in result.cuts()}
    _add_detours(result, cuts)
    refused: dict[int, list[tuple[str, str]]] = {}
    for one, two in doubts.refused_pairs:
        if doubts.is_telling(forest, one, two):
            for relation, step in forest.path(one, two):
                sides = (one, two) if relation.a == step.a else (two, one)
                refused.setdefault(id(step), []).append(sides)
    against = {key: doubts.of_refusals(forest, pairs) for key, pairs in refused.items()}
    for device, overlaps in _by_device(doubts.inside(forest)).items():
        crossed = {id(step) for o in overlaps for _, step in forest.path(o.one, o.two)}
        for step_id in crossed:
            against[step_id] = against.get(step_id, 0.0) + doubts.device_odds(device)
    held = {}
    for key, cut in cuts.items():
        weight = joint_log_odds(cut.accepted)
        rivals = log_add(0.0, *rival_log_odds(_rivals(cut, capped)))
        net = weight - rivals - against.get(key, 0.0) if math.isfinite(weight) else math.inf
        held[key] = Held(
            cut.tree_edge,
            1.0 / (1.0 + math.exp(-net)) if net > -700.0 else 0.0,
            all(capped[id(edge)] for edge in cut.accepted),
        )
        if cut.tree_edge.given:
            held[key] = Held(cut.tree_edge, cut.tree_edge.relation.confidence, False)
    return held


def _rivals(cut: Cut, capped: Mapping[int, bool]) -> list[tuple[float, Edge]]:
    """Return the edges that speak against a cut.

    Evidence that may give no more than `check` (cameras whose clocks nobody set) is shown where it
    disagrees, and takes nothing from evidence that may give more.
    """
    if all(capped[id(edge)] for edge in cut.accepted):
        return cut.rejected
    return [(shift_s, edge) for shift_s, edge in cut.rejected if not capped.get(id(edge), False)]


def trust_from(result: Acceptance, held: Mapping[int, Held], reference: str) -> dict[str, Trust]:
    """Return the trust of every node in the reference's cluster.

    Parameters
    ----------
    result
        What is believed.
    held
        From `hold_cuts`.
    reference
        The node to start from.
    """
    trusts = {reference: Trust(1.0, False, ())}
    queue = deque([reference])
    while queue:
        node = queue.popleft()
        trust = trusts[node]
        for neighbour, _, edge in result.forest.neighbours(node):
            if neighbour not in trusts:
                step = held[id(edge)]
                trusts[neighbour] = Trust(
                    trust.confidence * step.probability,
                    trust.capped or step.capped,
                    (*trust.way, step),
                )
                queue.append(neighbour)
    return trusts


def _by_device(overlaps: Iterable[Overlap]) -> dict[str, list[Overlap]]:
    found: dict[str, list[Overlap]] = {}
    for overlap in overlaps:
        found.setdefault(overlap.device, []).append(overlap)
    return found


def _add_detours(result: Acceptance, cuts: Mapping[int, Cut]) -> None:
    """Let two strong edges that contradict each other over a cluster speak against its tree.

    If x-c and c-y are both probable and do not fit where x and y lie, one of the three is wrong,
    although c itself was left out because it cannot be told which.
    """
    forest = result.forest
    by_pair: dict[tuple[str, str], list[tuple[Edge, bool]]] = {}
    for edge in result.open:
        inside, outside = forest.root(edge.a), forest.root(edge.b)
        by_pair.setdefault((inside, outside), []).append((edge, False))
        by_pair.setdefault((outside, inside), []).append((edge, True))
    budget = MAX_DETOURS
    for (_, _), ends in sorted(by_pair.items()):
        for i, (one, one_turned) in enumerate(ends):
            for two, two_turned in ends[i + 1 :]:
                budget -= 1
                if budget < 0:
                    return
                detour = _detour(result, one, one_turned, two, two_turned)
                if detour is None or detour.a == detour.b:
                    continue
                edge = Edge(relation=detour, match=-1, late=one.late)
                found = compare_inside(forest, edge)
                if not found.agrees:
                    for relation, step in forest.path(edge.a, edge.b):
                        along = 1.0 if relation.a == step.a else -1.0
                        cuts[id(step)].rejected.append((along * found.difference_s, edge))


def _detour(
    result: Acceptance, one: Edge, one_turned: bool, two: Edge, two_turned: bool
) -> Match | None:
    """Return the relation of the two inner ends that leads through the outer cluster."""
    out = inverse(one.relation) if one_turned else one.relation
    back = two.relation if two_turned else inverse(two.relation)
    way = result.forest.predict(out.b, back.a)
    middle = out if way is None else compose(out, way[0])
    return compose(middle, back)
