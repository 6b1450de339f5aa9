"""What several answers weigh together, in log odds.

An answer is right with its stated probability, independent of the others. Wrong answers agree with
each other only by coincidence, or where one cause (a verse that is sung twice) misleads a signal
more than once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from clapless.model import SYNCED_CONFIDENCE
from clapless.solve.edges import AGREE_CAP_S, Edge

AGAIN_ODDS = 1.6
"""Log odds gained when a signal says the same twice, beside its own confidence: one in five wrong
answers would be repeated by the next pair, since the material itself misleads. Judgement."""

AGAIN_CAP = 4.6
"""Most that further answers of one signal can add: a factor of 100. They share their causes."""

OTHER_SIGNAL_ODDS = 2.5
"""Log odds gained when another signal says the same: one in twelve wrong answers would be shared,
since two signals may look at the same pictures. Judgement."""

_CLOCKS = "clocks"
"""Stands for all signals whose answers bear a ceiling."""


def joint_log_odds(edges: Iterable[Edge]) -> float:
    """Return the log odds that edges which agree are right together; infinite for given ones.

    Evidence with a ceiling counts once, however many signals and clips repeat it: labels of one
    camera's clock are all wrong if that clock was set wrong.

    >>> joint_log_odds([])
    -inf
    """
    by_signal: dict[str, list[float]] = {}
    joint = set()
    for edge in edges:
        if edge.given:
            return math.inf
        name = edge.relation.signal if edge.relation.ceiling is None else _CLOCKS
        by_signal.setdefault(name, []).append(edge.log_odds)
        if edge.joint or name == _CLOCKS:
            joint.add(name)
    if not by_signal:
        return -math.inf
    total = OTHER_SIGNAL_ODDS * (len(by_signal) - 1)
    for signal, odds in by_signal.items():
        best, *rest = sorted(odds, reverse=True)
        again = 0.0 if signal in joint else sum(max(o + AGAIN_ODDS, 0.0) for o in rest)
        total += best + min(again, AGAIN_CAP)
    return total


def rival_log_odds(rivals: Sequence[tuple[float, Edge]]) -> list[float]:
    """Return the joint log odds of each set of rivals that agree among themselves.

    Parameters
    ----------
    rivals
        Pairs of the shift, in seconds, that an edge asks for, and the edge.
    """
    weights = []
    cluster: list[Edge] = []
    last_s = 0.0
    for shift_s, edge in sorted(rivals, key=lambda r: (r[0], edge_key(r[1]))):
        if cluster and shift_s - last_s > AGREE_CAP_S:
            weights.append(joint_log_odds(cluster))
            cluster = []
        cluster.append(edge)
        last_s = shift_s
    if cluster:
        weights.append(joint_log_odds(cluster))
    return weights


def telling(held: Iterable[Edge], rivals: Sequence[tuple[float, Edge]]) -> list[tuple[float, Edge]]:
    """Return the rivals that count against edges: clocks do not against sure evidence of moments.

    Labels and satellite time bear a ceiling, and however sure of themselves they outweigh neither
    sound nor movement.
    """
    sure = any(
        edge.relation.ceiling is None and edge.relation.confidence >= SYNCED_CONFIDENCE
        for edge in held
    )
    return [rival for rival in rivals if not (sure and rival[1].relation.ceiling is not None)]


def edge_key(edge: Edge) -> tuple[str, str, str, float]:
    """Return what orders edges whatever order and direction they came in."""
    a, b = sorted((edge.a, edge.b))
    return (a, b, edge.relation.signal, round(edge.relation.confidence, 9))


def log_add(*values: float) -> float:
    """Return log(sum(exp(values))) without overflow.

    >>> round(log_add(0.0, 0.0), 4)
    0.6931
    """
    top = max(values)
    if math.isinf(top):
        return top
    return top + math.log(sum(math.exp(value - top) for value in values))
