"""Which edges are believed: clusters grow along the strongest evidence and contradictions lose.

Clusters join along the set of agreeing edges between them that weighs most, if it outweighs the
rival sets and the doubts. Then each weak edge that stands in a contradiction is left out in turn,
and the explanation under which everything is most probable is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from clapless.model import compose, inverse
from clapless.solve.doubts import Doubts
from clapless.solve.edges import Edge, Gap, gap, measured_span
from clapless.solve.forest import Forest
from clapless.solve.weights import (
    AGAIN_CAP,
    AGAIN_ODDS,
    edge_key,
    joint_log_odds,
    log_add,
    rival_log_odds,
    telling,
)

EVENT_ODDS = 2.2
"""Log odds needed to join two clusters that both hold several clips (p = 0.9): a wrong bridge
misplaces a whole event, where a missing one costs the user a drag."""

MAX_TRIALS = 60
"""Explanations that are tried beside the first one, at most."""

SUSPECT_MARGIN = 3.0
"""An edge in a contradiction is left out on trial where its side weighs at most so much more than
the other, in log odds."""


@dataclass(slots=True)
class Acceptance:
    """What is believed.

    Parameters
    ----------
    forest
        The clusters and their trees.
    accepted
        Edges that hold and agree, the trees' among them.
    rejected
        Edges inside one cluster that contradict it, with the shift, in seconds, they ask for.
    open
        Edges between clusters: too weak, or too contested, to join them.
    score
        Log odds of this explanation against nothing being joined.
    """

    forest: Forest
    accepted: list[Edge] = field(default_factory=list)
    rejected: list[tuple[float, Edge]] = field(default_factory=list)
    open: list[Edge] = field(default_factory=list)
    score: float = 0.0

    def cuts(self) -> list[Cut]:
        """Return one cut per tree edge, with every edge inside the cluster that crosses it."""
        cuts: dict[int, Cut] = {}
        for edge in self.accepted:
            for _, step in self.forest.path(edge.a, edge.b):
                cuts.setdefault(id(step), Cut(step)).accepted.append(edge)
        for shift_s, edge in self.rejected:
            for relation, step in self.forest.path(edge.a, edge.b):
                along = 1.0 if relation.a == step.a else -1.0
                cuts[id(step)].rejected.append((along * shift_s, edge))
        return list(cuts.values())


@dataclass(slots=True)
class Cut:
    """What holds two parts of a cluster together, and what contradicts it.

    Parameters
    ----------
    tree_edge
        The one edge of the tree between the parts.
    accepted
        All believed edges between them, the tree's too.
    rejected
        All others, with the shift of the part of `tree_edge.b`, in seconds, they ask for.
    """

    tree_edge: Edge
    accepted: list[Edge] = field(default_factory=list)
    rejected: list[tuple[float, Edge]] = field(default_factory=list)


def accept(make_forest: Callable[[], Forest], edges: Sequence[Edge], doubts: Doubts) -> Acceptance:
    """Choose the edges that explain everything best.

    Parameters
    ----------
    make_forest
        Returns a forest in which nothing is joined.
    edges
        All answers, pins and finished placements.
    doubts
        Prices overlaps of devices and telling refusals.
    """
    ordered = sorted(edges, key=edge_key)
    support = _support(make_forest(), ordered)
    best = _Growth(make_forest(), ordered, support, doubts).result(frozenset())
    left_out: frozenset[int] = frozenset()
    trials = 0
    improved = True
    while improved and trials < MAX_TRIALS:
        improved = False
        for suspect in _suspects(best, ordered):
            trials += 1
            trial_out = left_out | {suspect}
            trial = _Growth(make_forest(), ordered, support, doubts).result(trial_out)
            if trial.score > best.score + 1e-6:
                best, left_out, improved = trial, trial_out, True
                break
            if trials >= MAX_TRIALS:
                break
    return best


def compare_inside(forest: Forest, edge: Edge) -> Gap:
    """Compare an edge with the tree of the cluster that holds both its ends."""
    predicted = forest.predict(edge.a, edge.b)
    if predicted is None:
        raise ValueError(f"an edge leads from {edge.a} to itself")
    relation, kinds = predicted
    span_s = measured_span(edge.relation, forest.nodes[edge.b])
    return gap(relation, edge.relation, span_s=span_s, mixed=(not edge.late) in kinds)


def compare_across(forest: Forest, bridge: Edge, edge: Edge) -> Gap:
    """Compare an edge between two clusters with what another one would make of them.

    The difference is the shift of the cluster of ``bridge.b`` that the edge asks for.
    """
    relation, kinds = bridge.relation, {bridge.late}
    turned = forest.root(edge.a) != forest.root(bridge.a)
    if turned:
        relation = inverse(relation)
    before = forest.predict(edge.a, relation.a)
    after = forest.predict(relation.b, edge.b)
    if before is not None:
        relation = compose(before[0], relation)
        kinds |= before[1]
    if after is not None:
        relation = compose(relation, after[0])
        kinds |= after[1]
    span_s = measured_span(edge.relation, forest.nodes[edge.b])
    found = gap(relation, edge.relation, span_s=span_s, mixed=(not edge.late) in kinds)
    return Gap(-found.difference_s, found.agrees) if turned else found


Links = dict[str, dict[str, list[Edge]]]


def _links(ordered: Sequence[Edge]) -> Links:
    links: Links = {}
    for edge in ordered:
        links.setdefault(edge.a, {}).setdefault(edge.b, []).append(edge)
        links.setdefault(edge.b, {}).setdefault(edge.a, []).append(edge)
    return links


def _support(forest: Forest, ordered: Sequence[Edge]) -> dict[int, float]:
    """Return each edge's log odds with what the triangles it stands in add, by identity."""
    links = _links(ordered)
    weights = {}
    for edge in ordered:
        gained = 0.0
        for third in sorted(links[edge.a].keys() & links[edge.b].keys()):
            one, two = (
                max(links[end][third], key=lambda e: (e.log_odds, edge_key(e)))
                for end in (edge.a, edge.b)
            )
            corner = Forest(forest.nodes[n] for n in (edge.a, third, edge.b))
            corner.join(one)
            corner.join(two)
            if compare_inside(corner, edge).agrees:
                gained += max(min(one.log_odds, two.log_odds) + AGAIN_ODDS, 0.0)
        weights[id(edge)] = edge.log_odds + min(gained, AGAIN_CAP)
    return weights


def _suspects(result: Acceptance, ordered: Sequence[Edge]) -> list[int]:
    """Return positions of believed tree edges that weigh little against what contradicts them."""
    where = {id(edge): i for i, edge in enumerate(ordered)}
    ranked = []
    for cut in result.cuts():
        rejected = telling(cut.accepted, cut.rejected)
        if rejected and not cut.tree_edge.given:
            margin = joint_log_odds(cut.accepted) - max(rival_log_odds(rejected))
            if margin < SUSPECT_MARGIN:
                ranked.append((margin, where[id(cut.tree_edge)]))
    return [position for _, position in sorted(ranked)]


class _Growth:
    """One run of joining clusters, from nothing."""

    def __init__(
        self,
        forest: Forest,
        ordered: Sequence[Edge],
        support: dict[int, float],
        doubts: Doubts,
    ) -> None:
        self._forest = forest
        self._ordered = ordered
        self._support = support
        self._doubts = doubts
        self._incident: dict[str, list[Edge]] = {}
        self._score = 0.0

    def result(self, left_out: frozenset[int]) -> Acceptance:
        """Join until nothing more can be joined, and say what became of every edge."""
        rank = {"pinned": 0, "fixed": 1, "measured": 2}
        positions = [i for i in range(len(self._ordered)) if i not in left_out]
        for i in positions:
            edge = self._ordered[i]
            self._incident.setdefault(edge.a, []).append(edge)
            self._incident.setdefault(edge.b, []).append(edge)
        positions.sort(
            key=lambda i: (
                rank[self._ordered[i].origin.value],
                -self._support[id(self._ordered[i])],
                i,
            )
        )
        queue = [self._ordered[i] for i in positions]
        while self._sweep(queue):
            queue = [e for e in queue if self._forest.root(e.a) != self._forest.root(e.b)]
        return self._sorted_out()

    def _sweep(self, queue: Sequence[Edge]) -> bool:
        joined = False
        for edge in queue:
            if self._forest.root(edge.a) == self._forest.root(edge.b):
                continue
            gain = self._gain(edge)
            if gain is not None:
                self._score += gain
                self._forest.join(edge)
                joined = True
        return joined

    def _crossing(self, edge: Edge) -> list[Edge]:
        """Return the other edges between the two clusters that `edge` connects."""
        forest = self._forest
        ends = {forest.root(edge.a), forest.root(edge.b)}
        small = min(ends, key=lambda r: (len(forest.members(r)), r))
        (big,) = ends - {small}
        return [
            other
            for node in forest.members(small)
            for other in self._incident.get(node, ())
            if other is not edge and forest.root(other.other(node)) == big
        ]

    def _gain(self, edge: Edge) -> float | None:
        """Return the log odds gained by joining along `edge`, None where it must not be."""
        forest = self._forest
        one, two = forest.root(edge.a), forest.root(edge.b)
        if len(forest.finished(one) | forest.finished(two)) > 1:
            return None
        agreeing, rivals = [edge], []
        for other in self._crossing(edge):
            found = compare_across(forest, edge, other)
            if found.agrees:
                agreeing.append(other)
            else:
                rivals.append((found.difference_s, other))
        if edge.given:
            measured = [e for e in agreeing if not e.given]
            return joint_log_odds(measured) if measured else 0.0
        if telling([other for _, other in rivals], [(0.0, e) for e in agreeing]) == []:
            return None
        weight = joint_log_odds(agreeing)
        against = rival_log_odds(telling(agreeing, rivals))
        if against and max(against) > weight:
            return None
        doubt = self._doubts.of_joining(forest, one, two, forest.bridge(edge))
        net = weight - log_add(0.0, *against) - doubt
        several = all(
            len({forest.nodes[n].clip for n in forest.members(root)}) > 1 for root in (one, two)
        )
        return weight - doubt if net > (EVENT_ODDS if several else 0.0) else None

    def _sorted_out(self) -> Acceptance:
        forest = self._forest
        result = Acceptance(forest)
        contested: dict[frozenset[str], list[Edge]] = {}
        for edge in self._ordered:
            one, two = forest.root(edge.a), forest.root(edge.b)
            if one != two:
                result.open.append(edge)
                contested.setdefault(frozenset((one, two)), []).append(edge)
                continue
            found = compare_inside(forest, edge)
            if found.agrees or edge.given:
                result.accepted.append(edge)
            else:
                result.rejected.append((found.difference_s, edge))
        result.score = self._score + sum(
            self._either(edges)
            for _, edges in sorted(contested.items(), key=lambda c: sorted(c[0]))
        )
        return result

    def _either(self, edges: Sequence[Edge]) -> float:
        """Return the log odds that one of several rival answers, or none, is right."""
        first = edges[0]
        shifts = [(compare_across(self._forest, first, edge).difference_s, edge) for edge in edges]
        return log_add(0.0, *rival_log_odds(shifts))
