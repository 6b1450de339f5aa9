"""Sound arrives late: how much later at one clip than at the reference, told apart from conflict.

Where a clip hangs on its reference both by signals that hear and by signals that do not, and the
two differ by more than their errors but no more than distance can make, the difference is the
clip's sound delay: the others decide the offset and sound is corrected by it.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clapless.model import Clip
from clapless.solve.edges import HEARD_LATE_S, Edge, Node
from clapless.solve.lines import Frame, Line, LineSolver

SPEED_OF_SOUND_M_S = 343.0
"""In air at 20 degrees Celsius: 2.9 ms per metre."""

SIGNIFICANT_STDS = 3.0
"""A difference within so many standard deviations is no distance but error."""

LEAST_DELAY_S = 0.002
"""Nor is one below this, two thirds of a metre."""


ALREADY_SEEN = 10.0
"""An edge that hears says nothing more of where a clip lies that is seen and has a sound delay: it
was the measure of that delay. Its error bar is widened so many times; its drift still counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """The sound delays of a group, by clip id.

    Parameters
    ----------
    delay_s
        In seconds; > 0: the clip stood farther from the sound than the reference.
    std_s
        Standard deviation of those that were measured.
    seen
        Clips that hang on the reference by signals that do not hear.
    """

    delay_s: Mapping[str, float] = field(default_factory=dict)
    std_s: Mapping[str, float] = field(default_factory=dict)
    seen: frozenset[str] = frozenset()

    def told(self, known_s: Mapping[str, float]) -> Delays:
        """Return them with those that the user told, which go before measured ones."""
        return dataclasses.replace(
            self,
            delay_s={**self.delay_s, **known_s},
            std_s={clip: std for clip, std in self.std_s.items() if clip not in known_s},
        )


def known_delays(
    clips: Mapping[str, Clip], reference: str, distances_m: Mapping[str, float]
) -> dict[str, float]:
    """Return the sound delay of each clip whose device's distance the user gave, in seconds.

    Parameters
    ----------
    clips
        By id.
    reference
        Clip id; its own distance is taken off, 0 where it was not given.
    distances_m
        Device id -> metres from the source of sound.
    """
    base = distances_m.get(clips[reference].device or "", 0.0)
    return {
        clip.id: (distances_m[clip.device] - base) / SPEED_OF_SOUND_M_S
        for clip in clips.values()
        if clip.id != reference and clip.device is not None and clip.device in distances_m
    }


def measured_delays(nodes: Mapping[str, Node], frame: Frame) -> Delays:
    """Return the sound delay of each clip that is both heard and seen."""
    if len({edge.late for edge in frame.edges}) < 2:
        return Delays()
    heard = _alone(nodes, frame, [e for e in frame.edges if e.late])
    seen = _alone(nodes, frame, [e for e in frame.edges if not e.late])
    delays: dict[str, float] = {}
    stds: dict[str, float] = {}
    for name in sorted(heard.keys() & seen.keys() - {frame.reference}):
        node = nodes[name]
        by_ear, by_eye = heard[name], seen[name]
        delay_s = by_eye.pose.to_frame(node.mid_s) - by_ear.pose.to_frame(node.mid_s)
        std_s = math.hypot(_std_s(by_ear, node), _std_s(by_eye, node))
        if max(SIGNIFICANT_STDS * std_s, LEAST_DELAY_S) < abs(delay_s) <= HEARD_LATE_S:
            delays[node.clip], stds[node.clip] = delay_s, std_s
    return Delays(delay_s=delays, std_s=stds, seen=frozenset(nodes[name].clip for name in seen))


def corrected(edges: Sequence[Edge], nodes: Mapping[str, Node], delays: Delays) -> list[Edge]:
    """Return the edges with the delays taken out of those that hear, and no surer than these."""
    result = []
    for edge in edges:
        ends = nodes[edge.a].clip, nodes[edge.b].clip
        known = [delays.delay_s.get(clip, 0.0) for clip in ends]
        if edge.late and known[0] != known[1]:
            std_s = math.hypot(*(delays.std_s.get(clip, 0.0) for clip in ends))
            if delays.seen.issuperset(ends):
                std_s *= ALREADY_SEEN
            relation = dataclasses.replace(
                edge.relation,
                offset_s=edge.relation.offset_s + known[1] - known[0],
                offset_std_s=math.hypot(edge.relation.offset_std_s, std_s),
            )
            edge = dataclasses.replace(edge, relation=relation)
        result.append(edge)
    return result


def _alone(nodes: Mapping[str, Node], frame: Frame, edges: Sequence[Edge]) -> Mapping[str, Line]:
    """Solve the part of a group that hangs on its reference by the given edges alone."""
    links: dict[str, set[str]] = {}
    for edge in edges:
        links.setdefault(edge.a, set()).add(edge.b)
        links.setdefault(edge.b, set()).add(edge.a)
    reached = {frame.reference}
    queue = deque([frame.reference])
    while queue:
        for neighbour in links.get(queue.popleft(), set()) - reached:
            reached.add(neighbour)
            queue.append(neighbour)
    part = dataclasses.replace(
        frame,
        starts={n: pose for n, pose in frame.starts.items() if n in reached},
        edges=[e for e in edges if e.a in reached],
    )
    return LineSolver(nodes, [part]).solve().lines


def _std_s(line: Line, node: Node) -> float:
    return math.hypot(line.offset_std_s, (node.mid_s - line.pivot_s) * line.drift_std_ppm * 1e-6)
