"""Answers that agree as places go, and yet lie frames apart.

Two answers within 20 ms are one place (DESIGN.md, section 2), but a sound that repeats every few
milliseconds, or is reflected, can take an answer some way off with a small error bar. Where answers
about one clip leave more than half a frame between them, and more than their error bars allow, it
is open which of them is right: that is shown, not averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clapless.model import inverse
from clapless.solve.edges import AGREE_STDS, Edge, Node, Origin, measured_span
from clapless.solve.lines import Line


def strains(
    accepted: Sequence[Edge],
    lines: Mapping[str, Line],
    nodes: Mapping[str, Node],
    half_frames_s: Mapping[str, float],
) -> dict[str, list[tuple[Edge, float]]]:
    """Return for each clip the believed answers that it is half a frame and more away from.

    Such an answer is told at the end that fewer others hold, at both where they are equal. Where
    distance may part what is heard from what is seen, nothing is said.

    Parameters
    ----------
    accepted
        Edges of one group.
    lines
        Where its nodes lie.
    nodes
        By node id.
    half_frames_s
        Half a frame, by clip id.

    Returns
    -------
    dict
        Clip id -> edges with the shift of the clip, in seconds, that each asks for.
    """
    measured = [edge for edge in accepted if edge.origin is Origin.MEASURED]
    if len({edge.late for edge in measured}) > 1:
        return {}
    holds: dict[str, int] = {}
    wide: list[tuple[Edge, float]] = []
    for edge in measured:
        shift_s = _shift_s(edge, lines, nodes)
        bound_s = min(half_frames_s[nodes[end].clip] for end in (edge.a, edge.b))
        low, high = measured_span(edge.relation, nodes[edge.b])
        if abs(shift_s) > max(bound_s, AGREE_STDS * edge.relation.std_s(0.5 * (low + high))):
            wide.append((edge, shift_s))
        else:
            for end in (edge.a, edge.b):
                holds[end] = holds.get(end, 0) + 1
    found: dict[str, list[tuple[Edge, float]]] = {}
    for edge, shift_s in wide:
        a, b = holds.get(edge.a, 0), holds.get(edge.b, 0)
        if b <= a:
            found.setdefault(nodes[edge.b].clip, []).append((edge, shift_s))
        if a <= b:
            turned_s = _shift_s(edge, lines, nodes, at_a=True)
            found.setdefault(nodes[edge.a].clip, []).append((edge, turned_s))
    return found


def _shift_s(
    edge: Edge, lines: Mapping[str, Line], nodes: Mapping[str, Node], *, at_a: bool = False
) -> float:
    """Return by how much later an edge would put its clip b (or a), in group seconds."""
    seen = inverse(edge.relation) if at_a else edge.relation
    low, high = measured_span(seen, nodes[seen.b])
    mid_s = 0.5 * (low + high)
    asked_s = lines[seen.a].pose.to_frame(seen.to_a(mid_s))
    return asked_s - lines[seen.b].pose.to_frame(mid_s)
