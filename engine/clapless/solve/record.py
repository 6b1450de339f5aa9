"""How far each signal keeps its word in this material: what others decide tells.

A signal whose answers are contradicted more often than its confidences say is believed less for the
rest of them too. Nothing makes it believed more.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

from clapless.solve.accept import Acceptance
from clapless.solve.edges import Edge, Node
from clapless.solve.forest import Forest

BROKEN = 0.02
"""Probability beforehand that a signal's confidences say nothing in this material. Judgement."""


def weighed(result: Acceptance, edges: Sequence[Edge]) -> list[Edge]:
    """Return the edges with the confidence that their signals' records allow.

    Either a signal is as good as it says, or it is right in a share of cases that only its record
    tells; the two are weighed by how well they foretell the record.

    Parameters
    ----------
    result
        What is believed by the confidences as they were stated.
    edges
        All edges.
    """
    records = {
        signal: _record(*_tested(result, signal))
        for signal in sorted({e.relation.signal for e in edges if not e.given})
    }
    return [
        edge if edge.given else _believed(edge, *records[edge.relation.signal]) for edge in edges
    ]


def _record(right: Sequence[Edge], wrong: Sequence[Edge]) -> tuple[float, float]:
    """Return the probability that a signal's confidences are void, and its own share of right."""
    as_stated = math.log(1.0 - BROKEN)
    as_stated -= sum(math.log1p(math.exp(-e.log_odds)) for e in right)
    as_stated -= sum(math.log1p(math.exp(e.log_odds)) for e in wrong)
    r, w = len(right), len(wrong)
    void = math.log(BROKEN) + math.lgamma(r + 1) + math.lgamma(w + 1) - math.lgamma(r + w + 2)
    share = (r + 1.0) / (r + w + 2.0)
    return 1.0 / (1.0 + math.exp(min(as_stated - void, 700.0))), share


def _believed(edge: Edge, void: float, share: float) -> Edge:
    confidence = edge.relation.confidence
    if void <= BROKEN * 1.001 or confidence <= share:
        return edge
    relation = dataclasses.replace(
        edge.relation, confidence=(1.0 - void) * confidence + void * share
    )
    return dataclasses.replace(edge, relation=relation)


def _tested(result: Acceptance, signal: str) -> tuple[list[Edge], list[Edge]]:
    """Return a signal's believed and contradicted answers among those that others decide.

    Others are the other signals; for one that judges pair by pair, its other pairs too.
    """
    others = [e for e in result.accepted if e.relation.signal != signal]
    apart = _joined(result.forest.nodes.values(), others)
    loops = {
        id(cut.tree_edge): sum(e.relation.signal == signal for e in cut.accepted)
        for cut in result.cuts()
    }
    right = []
    for edge in result.accepted:
        if edge.given or edge.relation.signal != signal:
            continue
        looped = not edge.joint and all(
            loops[id(step)] > 1 for _, step in result.forest.path(edge.a, edge.b)
        )
        if looped or apart.root(edge.a) == apart.root(edge.b):
            right.append(edge)
    wrong = [
        edge
        for _, edge in result.rejected
        if edge.relation.signal == signal
        and (not edge.joint or apart.root(edge.a) == apart.root(edge.b))
    ]
    return right, wrong


def _joined(nodes: Iterable[Node], edges: Iterable[Edge]) -> Forest:
    forest = Forest(nodes)
    for edge in edges:
        if forest.root(edge.a) != forest.root(edge.b):
            forest.join(edge)
    return forest
