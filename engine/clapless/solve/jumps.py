"""Clips that jump (a device dropped samples) become several nodes, one per unbroken stretch.

A match with a time map says that one of its two clips jumps, not which. A clip that another match
crosses in one line, over the same instant, does not; where nothing tells, the one that ranks lower
as a reference is taken.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clapless.model import Clip, Group, Match, inverse, line_std_s
from clapless.solve.edges import Edge, Node, Origin
from clapless.solve.lines import Line
from clapless.timing import Segment, TimeMap

CROSSED_S = 2.0
"""A straight match vindicates a clip where it was measured this long on both sides of the jump."""

SAME_JUMP_S = 15.0
"""Two matches that see one clip jump place the jump within a window or two of each other."""

SHORTEST_STRETCH_S = 1e-6
"""What is left of a stretch that is no longer than this holds no sample."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The nodes of all clips, and the edges between them.

    Parameters
    ----------
    nodes
        Clip id -> its nodes in rising time; one where the clip does not jump.
    edges
        One per match, or several for a match with a time map.
    """

    nodes: Mapping[str, tuple[Node, ...]]
    edges: tuple[Edge, ...]

    @property
    def jumping(self) -> frozenset[str]:
        """Clips with more than one node."""
        return frozenset(clip for clip, nodes in self.nodes.items() if len(nodes) > 1)


def take_apart(
    clips: Sequence[Clip],
    matches: Sequence[tuple[int, Match]],
    *,
    finished: Sequence[Group] = (),
    late: frozenset[str],
    joint: frozenset[str] = frozenset(),
    ranks_before: Callable[[str, str], bool],
) -> Pieces:
    """Return nodes and edges.

    Parameters
    ----------
    clips
        All clips.
    matches
        Position and match.
    finished
        Groups whose placements stay: an edge leads from their reference to each of their clips.
    late
        Signals that hear.
    joint
        Signals that judge many clips at once.
    ranks_before
        Whether the first clip ranks before the second as a reference.
    """
    done = [(group.id, relation) for group in finished for relation in _finished(group)]
    group_of = {group.reference: group.id for group in finished}
    group_of |= {relation.b: group_id for group_id, relation in done}
    breaks: dict[str, list[float]] = {}
    turned: list[tuple[int, Match]] = []
    for _, relation in done:
        if _bends(relation):
            breaks.setdefault(relation.b, []).extend(_break_times(relation))
    for position, match in matches:
        if not _bends(match):
            continue
        culprit_first = _culprit(match, [m for _, m in matches], ranks_before) == match.a
        facing = inverse(match) if culprit_first else match
        turned.append((position, facing))
        breaks.setdefault(facing.b, []).extend(_break_times(facing))
    nodes = {
        clip.id: _stretches(clip, _merged(breaks.get(clip.id, ())), group_of.get(clip.id))
        for clip in clips
    }
    edges = []
    for _, relation in done:
        hung = _bent(relation, -1, nodes) if _bends(relation) else [_straight(relation, -1, nodes)]
        edges += [dataclasses.replace(edge, origin=Origin.FIXED) for edge in hung]
    for position, match in matches:
        if not _bends(match):
            edges.append(
                _straight(
                    match, position, nodes, late=match.signal in late, joint=match.signal in joint
                )
            )
    for position, match in turned:
        edges += _bent(
            match, position, nodes, late=match.signal in late, joint=match.signal in joint
        )
    return Pieces(nodes, tuple(edges))


def _bends(match: Match) -> bool:
    return len(_segments(match)) > 1


def _segments(match: Match) -> tuple[Segment, ...]:
    return () if match.time_map is None else match.time_map.segments


def _break_times(match: Match) -> list[float]:
    segments = _segments(match)
    return [0.5 * (one.knots[-1][0] + two.knots[0][0]) for one, two in itertools.pairwise(segments)]


def _culprit(
    match: Match, matches: Sequence[Match], ranks_before: Callable[[str, str], bool]
) -> str:
    """Return the id of the clip that jumps."""
    on_b = _break_times(match)
    on_a = _break_times(inverse(match))
    a_straight = _crossed(match.a, on_a, matches)
    b_straight = _crossed(match.b, on_b, matches)
    if a_straight != b_straight:
        return match.b if a_straight else match.a
    return match.b if ranks_before(match.a, match.b) else match.a


def _crossed(clip: str, breaks: Sequence[float], matches: Sequence[Match]) -> bool:
    """Return whether a straight match runs through all of a clip's supposed jumps."""
    for match in matches:
        if _bends(match) or clip not in (match.a, match.b):
            continue
        spans = match.spans_s if clip == match.b else inverse(match).spans_s
        if spans:
            start = min(s for s, _ in spans)
            end = max(e for _, e in spans)
            if all(start + CROSSED_S < t < end - CROSSED_S for t in breaks):
                return True
    return False


def _merged(times: Sequence[float]) -> list[float]:
    """Return one time per jump, the middle one of those that lie together."""
    merged: list[list[float]] = []
    for time_s in sorted(times):
        if merged and time_s - merged[-1][-1] <= SAME_JUMP_S:
            merged[-1].append(time_s)
        else:
            merged.append([time_s])
    return [group[len(group) // 2] for group in merged]


def _finished(group: Group) -> list[Match]:
    """Return the placements of a finished group as matches on its reference's clock."""
    return [
        Match(
            a=group.reference,
            b=placed.clip,
            signal="finished",
            offset_s=placed.offset_s,
            drift_ppm=placed.drift_ppm,
            speed=placed.speed,
            offset_std_s=placed.offset_std_s,
            drift_std_ppm=placed.drift_std_ppm,
            pivot_s=placed.pivot_s,
            confidence=placed.confidence,
            time_map=placed.time_map,
        )
        for placed in group.placements
        if placed.clip != group.reference
    ]


def _stretches(clip: Clip, breaks: Sequence[float], group: str | None) -> tuple[Node, ...]:
    end_s = float(clip.duration_s)
    bounds = [0.0, *(t for t in breaks if 0.0 < t < end_s), end_s]
    only = len(bounds) == 2
    return tuple(
        Node(
            id=clip.id if only else f"{clip.id}\x1f{i}",
            clip=clip.id,
            device=clip.device,
            start_s=start,
            end_s=end,
            group=group,
        )
        for i, (start, end) in enumerate(itertools.pairwise(bounds))
    )


def _shared_s(spans: Sequence[tuple[float, float]], node: Node) -> float:
    return sum(max(0.0, min(end, node.end_s) - max(start, node.start_s)) for start, end in spans)


def _straight(
    match: Match,
    position: int,
    nodes: Mapping[str, Sequence[Node]],
    *,
    late: bool = False,
    joint: bool = False,
) -> Edge:
    """Hang a straight match on the stretches where it was measured most."""
    ends = {}
    for clip, spans in ((match.a, inverse(match).spans_s), (match.b, match.spans_s)):
        ends[clip] = max(nodes[clip], key=lambda n: _shared_s(spans, n))
    a, b = ends[match.a], ends[match.b]
    spans = match.spans_s
    if len(nodes[match.b]) > 1:
        spans = _trimmed(spans, b)
    return Edge(
        relation=dataclasses.replace(match, a=a.id, b=b.id, spans_s=spans, time_map=None),
        match=position,
        late=late,
        joint=joint,
    )


def _trimmed(spans: Sequence[tuple[float, float]], node: Node) -> tuple[tuple[float, float], ...]:
    cut = ((max(s, node.start_s), min(e, node.end_s)) for s, e in spans)
    return tuple((s, e) for s, e in cut if e > s)


def _bent(
    match: Match,
    position: int,
    nodes: Mapping[str, Sequence[Node]],
    *,
    late: bool = False,
    joint: bool = False,
) -> list[Edge]:
    """Return one edge per segment of the time map of a match whose clip b jumps."""
    best: dict[str, tuple[float, Edge]] = {}
    for segment in _segments(match):
        (b0, a0), (b1, a1) = segment.knots[0], segment.knots[-1]
        b_node = max(nodes[match.b], key=lambda n: _shared_s([(b0, b1)], n))
        a_node = max(nodes[match.a], key=lambda n: _shared_s([(a0, a1)], n))
        relation = _segment_line(match, segment, a_node.id, b_node)
        edge = Edge(relation=relation, match=position, late=late, joint=joint)
        if b1 - b0 > best.get(b_node.id, (0.0, edge))[0]:
            best[b_node.id] = (b1 - b0, edge)
    return [edge for _, edge in best.values()]


def _segment_line(match: Match, segment: Segment, a: str, b_node: Node) -> Match:
    (b0, a0), (b1, a1) = segment.knots[0], segment.knots[-1]
    slope = (a1 - a0) / (b1 - b0)
    rate = 1.0 / slope
    drift = rate / float(match.speed) - 1.0
    std_s = max(segment.std_s) if segment.std_s else match.offset_std_s
    whole_s = sum(s.knots[-1][0] - s.knots[0][0] for s in _segments(match))
    # A line's slope is known by the power 3/2 of its length.
    drift_std_ppm = match.drift_std_ppm * (whole_s / (b1 - b0)) ** 1.5
    return dataclasses.replace(
        match,
        a=a,
        b=b_node.id,
        offset_s=a0 - b0 * slope,
        drift_ppm=drift * 1e6,
        offset_std_s=std_s,
        drift_std_ppm=drift_std_ppm,
        pivot_s=0.5 * (b0 + b1),
        spans_s=_trimmed(match.spans_s, b_node) or ((b0, b1),),
        time_map=None,
    )


def put_together(placed: Sequence[tuple[Node, Line]]) -> TimeMap | None:
    """Return the time map of a clip from its placed stretches, None where none is left.

    Where two stretches would overlap in group time (samples were doubled, not dropped), the later
    one begins where the earlier one ends.

    Parameters
    ----------
    placed
        Stretches and their lines, in rising clip time.
    """
    segments: list[Segment] = []
    for node, line in placed:
        start_s, end_s = node.start_s, node.end_s
        if segments:
            group_end_s = segments[-1].knots[-1][1]
            start_s = max(start_s, line.pose.inverse().to_frame(group_end_s))
        if end_s - start_s <= SHORTEST_STRETCH_S:
            continue
        times = (start_s, end_s)
        # There and back again is not always the same number to the last bit.
        begin_s = line.pose.to_frame(start_s)
        if segments:
            begin_s = max(begin_s, segments[-1].knots[-1][1])
        segments.append(
            Segment(
                ((start_s, begin_s), (end_s, line.pose.to_frame(end_s))),
                tuple(
                    line_std_s(t, line.offset_std_s, line.drift_std_ppm, line.pivot_s)
                    for t in times
                ),
            )
        )
    return TimeMap(tuple(segments)) if segments else None
