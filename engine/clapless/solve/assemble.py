"""Solved lines become placements: error bars, confidence, status, what disagrees."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clapless.model import (
    CHECK_CONFIDENCE,
    SYNCED_CONFIDENCE,
    Clip,
    Disagreement,
    Match,
    Placement,
    Status,
    inverse,
    line_std_s,
)
from clapless.solve.doubts import overlap_s
from clapless.solve.edges import FREE_DRIFT_STD_PPM, Edge, Node, Origin, Pose
from clapless.solve.groups import Formed
from clapless.solve.jumps import put_together
from clapless.solve.lines import Line
from clapless.solve.strain import strains

HALF_FRAME_WITHOUT_PICTURE_S = 0.02
"""What `coarse` is measured by where neither clip nor reference has a picture."""

DISPROVEN_FROM = 3
"""So many contradictions of one signal at least are its own fault and not the material's."""

DEVICE_SIGNAL = "device"
"""Stands in `Disagreement.signal` where clips of one device would overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """A group whose lines are known.

    Parameters
    ----------
    formed
        Who is in it and why.
    lines
        By node id.
    delays_s
        Sound delay by clip id.
    rejected
        Edges inside that the placements contradict.
    """

    formed: Formed
    lines: Mapping[str, Line]
    delays_s: Mapping[str, float]
    rejected: Sequence[Edge]


def placements(
    solved: Solved,
    nodes: Mapping[str, Node],
    clips: Mapping[str, Clip],
    *,
    kept: Mapping[str, Placement],
) -> tuple[Placement, ...]:
    """Return the placements of a group, the reference's first, then by group time.

    Parameters
    ----------
    solved
        The group.
    nodes
        By node id.
    clips
        By clip id.
    kept
        Finished placements that stay as they are, by clip id.
    """
    formed = solved.formed
    reference = nodes[formed.reference].clip
    stretches: dict[str, list[Node]] = {}
    for name in formed.trusts:
        stretches.setdefault(nodes[name].clip, []).append(nodes[name])
    spans = {
        clip: (
            min(solved.lines[n.id].pose.to_frame(n.start_s) for n in held),
            max(solved.lines[n.id].pose.to_frame(n.end_s) for n in held),
        )
        for clip, held in stretches.items()
    }
    half_frames_s = {clip: _half_frame_s(clips[clip], clips[reference]) for clip in stretches}
    strained = strains(formed.accepted, solved.lines, nodes, half_frames_s)
    made = []
    for clip, held in stretches.items():
        if clip in kept:
            made.append(kept[clip])
            continue
        held.sort(key=lambda n: n.start_s)
        others = [span for other, span in spans.items() if other != clip]
        placed = _placement(solved, clips[clip], clips[reference], held, others, nodes, clips)
        made.append(_open_still(placed, strained.get(clip, ()), nodes, clips))
    made.sort(key=lambda p: (p.clip != reference, p.offset_s, p.clip))
    return tuple(made)


def _placement(
    solved: Solved,
    clip: Clip,
    reference: Clip,
    held: Sequence[Node],
    others: Sequence[tuple[float, float]],
    nodes: Mapping[str, Node],
    clips: Mapping[str, Clip],
) -> Placement:
    formed = solved.formed
    longest = max(held, key=lambda n: n.end_s - n.start_s)
    line = solved.lines[longest.id]
    speed = formed.speeds[longest.id]
    mine = [e for e in formed.accepted if clip.id in (nodes[e.a].clip, nodes[e.b].clip)]
    confidence = min(formed.trusts[n.id].confidence for n in held)
    capped = any(formed.trusts[n.id].capped for n in held)
    is_reference = clip.id == reference.id
    line = _with_pins(line, formed, longest)
    return Placement(
        clip=clip.id,
        offset_s=0.0 if is_reference else line.pose.offset_s,
        drift_ppm=0.0 if is_reference else line.drift_ppm,
        speed=Fraction(1) if is_reference else speed,
        offset_std_s=line.offset_std_s,
        drift_std_ppm=line.drift_std_ppm,
        pivot_s=line.pivot_s,
        confidence=confidence,
        status=_status(formed, held, confidence, capped=capped),
        coarse=not is_reference and _coarse(clip, reference, longest, line, others),
        sound_delay_s=solved.delays_s.get(clip.id, 0.0),
        signals=() if is_reference else tuple(sorted({e.relation.signal for e in mine})),
        time_map=None
        if len(held) == 1 and held[0].id == clip.id
        else put_together([(n, solved.lines[n.id]) for n in held]),
        disagreements=_disagreements(solved, held, nodes, clips),
    )


def _open_still(
    placed: Placement,
    strained: Sequence[tuple[Edge, float]],
    nodes: Mapping[str, Node],
    clips: Mapping[str, Clip],
) -> Placement:
    """Return a placement to be checked where believed answers ask for other frames."""
    if not strained:
        return placed
    told = [
        Disagreement(
            signal=edge.relation.signal,
            difference_s=shift_s,
            reason=f"the match with {clips[_other(edge, placed.clip, nodes)].name} asks for "
            "another frame",
        )
        for edge, shift_s in strained
    ]
    return dataclasses.replace(
        placed,
        status="check" if placed.status == "synced" else placed.status,
        disagreements=(*placed.disagreements, *told),
    )


def _other(edge: Edge, clip: str, nodes: Mapping[str, Node]) -> str:
    ends = (nodes[edge.a].clip, nodes[edge.b].clip)
    return ends[0] if ends[1] == clip else ends[1]


def _half_frame_s(clip: Clip, reference: Clip) -> float:
    rate = clip.frame_rate or reference.frame_rate
    return HALF_FRAME_WITHOUT_PICTURE_S if rate is None else float(1 / (2 * rate))


def _with_pins(line: Line, formed: Formed, node: Node) -> Line:
    """Return a line with the error of the pins on its way: they were obeyed, not believed."""
    pins = [
        step.edge.relation
        for step in formed.trusts[node.id].way
        if step.edge.origin is Origin.PINNED
    ]
    drifts = [p.drift_std_ppm for p in pins if p.drift_std_ppm < FREE_DRIFT_STD_PPM]
    return dataclasses.replace(
        line,
        offset_std_s=math.hypot(line.offset_std_s, *(p.offset_std_s for p in pins)),
        drift_std_ppm=math.hypot(line.drift_std_ppm, *drifts),
    )


def _status(formed: Formed, held: Sequence[Node], confidence: float, *, capped: bool) -> Status:
    """Return `manual` where the way from the reference ends in a pin, else what the odds allow."""
    for node in held:
        way = formed.trusts[node.id].way
        if way and way[-1].edge.origin is Origin.PINNED:
            return "manual"
    return "check" if capped or confidence < SYNCED_CONFIDENCE else "synced"


def _coarse(
    clip: Clip,
    reference: Clip,
    node: Node,
    line: Line,
    others: Sequence[tuple[float, float]],
) -> bool:
    """Return whether 2 std exceed half a frame somewhere in the overlap with other clips."""
    half_frame_s = _half_frame_s(clip, reference)
    mine = (line.pose.to_frame(node.start_s), line.pose.to_frame(node.end_s))
    shared = [
        (max(mine[0], start), min(mine[1], end))
        for start, end in others
        if overlap_s(mine, (start, end)) > 0.0
    ]
    ends = (min(s for s, _ in shared), max(e for _, e in shared)) if shared else mine
    back = line.pose.inverse()
    return any(
        2.0 * line_std_s(back.to_frame(t), line.offset_std_s, line.drift_std_ppm, line.pivot_s)
        > half_frame_s
        for t in ends
    )


def _disagreements(
    solved: Solved,
    held: Sequence[Node],
    nodes: Mapping[str, Node],
    clips: Mapping[str, Clip],
) -> tuple[Disagreement, ...]:
    """Return what puts this clip elsewhere; a contradiction is told at its less certain end."""
    names = {node.id for node in held}
    idle = _disproven(solved.formed.accepted, solved.rejected)
    found = []
    for edge in solved.rejected:
        if edge.origin is not Origin.MEASURED or not {edge.a, edge.b} & names:
            continue
        if edge.relation.signal in idle and edge.relation.confidence < CHECK_CONFIDENCE:
            continue
        inner = max((edge.a, edge.b), key=lambda n: (_depth(solved.formed, n), n))
        if inner not in names:
            continue
        seen = edge.relation if edge.b == inner else inverse(edge.relation)
        mid_s = nodes[inner].mid_s
        asked_s = solved.lines[seen.a].pose.to_frame(seen.to_a(mid_s))
        placed_s = solved.lines[inner].pose.to_frame(mid_s)
        other = clips[nodes[seen.a].clip].name
        found.append(
            Disagreement(
                signal=edge.relation.signal,
                difference_s=asked_s - placed_s,
                reason=f"the match with {other} asks for another place",
            )
        )
    for overlap in solved.formed.overlaps:
        if overlap.one in names or overlap.two in names:
            outer = overlap.two if overlap.one in names else overlap.one
            found.append(
                Disagreement(
                    signal=DEVICE_SIGNAL,
                    difference_s=0.0,
                    reason=f"it would overlap {clips[nodes[outer].clip].name} of the same "
                    f"device by {overlap.seconds:.1f} s",
                )
            )
    found.sort(key=lambda d: (d.signal, d.reason, d.difference_s))
    return tuple(found)


def _disproven(accepted: Iterable[Edge], rejected: Iterable[Edge]) -> frozenset[str]:
    """Return the signals that others contradict more often than they bear them out.

    What such a signal says beside them is a fault of its own in this material (pictures that
    repeat), and no doubt about a placement.
    """
    right = Counter(edge.relation.signal for edge in accepted)
    wrong = Counter(edge.relation.signal for edge in rejected)
    return frozenset(
        signal
        for signal, count in wrong.items()
        if count >= DISPROVEN_FROM and count > right[signal]
    )


def _depth(formed: Formed, node: str) -> tuple[float, int]:
    trust = formed.trusts[node]
    return (-trust.confidence, len(trust.way))


def flagged(matches: Sequence[Match], accepted: Iterable[int]) -> tuple[Match, ...]:
    """Return the matches with `accepted` set as the solution uses them."""
    kept = set(accepted)
    return tuple(
        match if match.accepted == (i in kept) else dataclasses.replace(match, accepted=i in kept)
        for i, match in enumerate(matches)
    )


def predicted(one: Pose, two: Pose, relation: Match) -> Match:
    """Return the relation of two placed nodes as a match without error bars, to compare with."""
    inner = one.inverse().then(two)
    drift = inner.rate / float(relation.speed) - 1.0
    return dataclasses.replace(
        relation,
        offset_s=inner.offset_s,
        drift_ppm=drift * 1e6,
        offset_std_s=0.0,
        drift_std_ppm=0.0,
    )
