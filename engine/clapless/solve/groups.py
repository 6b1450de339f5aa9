"""Clusters become groups: a reference each, and nothing in them that is less than probable."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clapless.model import CHECK_CONFIDENCE, Clip, Group
from clapless.solve.accept import Acceptance, accept
from clapless.solve.confidence import Held, Trust, hold_cuts, trust_from
from clapless.solve.doubts import Doubts, Overlap
from clapless.solve.edges import Edge, Node, Pose
from clapless.solve.forest import Forest
from clapless.solve.order import choose_reference
from clapless.solve.record import weighed


@dataclass(frozen=True, slots=True)
class Formed:
    """A group before its lines are solved.

    Parameters
    ----------
    reference
        Node whose clock counts.
    trusts
        By node id, the reference's too.
    poses, speeds
        On the reference's clock, by node id.
    accepted
        Edges inside that are believed.
    rejected
        Edges inside that are not.
    overlaps
        Clips of one device that overlap where they lie.
    """

    reference: str
    trusts: Mapping[str, Trust]
    poses: Mapping[str, Pose]
    speeds: Mapping[str, Fraction]
    accepted: tuple[Edge, ...]
    rejected: tuple[Edge, ...]
    overlaps: tuple[Overlap, ...]


class Former:
    """Makes groups out of edges.

    Parameters
    ----------
    clips
        By id.
    doubts
        Prices overlaps and refusals.
    finished
        Groups whose reference stays.
    named
        Clips the user wants as reference.
    jumping
        Clips that jump.
    trusted
        Signals whose ceiling does not hold.
    """

    def __init__(
        self,
        clips: Mapping[str, Clip],
        doubts: Doubts,
        *,
        finished: Sequence[Group] = (),
        named: Sequence[str] = (),
        jumping: frozenset[str] = frozenset(),
        trusted: frozenset[str] = frozenset(),
    ) -> None:
        self._clips = clips
        self._doubts = doubts
        self._finished = {group.id: group.reference for group in finished}
        self._named = named
        self._jumping = jumping
        self._trusted = trusted

    def form(self, nodes: Sequence[Node], edges: Sequence[Edge]) -> list[Formed]:
        """Return the groups that the edges hold together, none of a single clip.

        A part whose confidence falls below `CHECK_CONFIDENCE` is cut off at its weakest edge and
        tried as a group of its own.
        """
        first = accept(lambda: Forest(nodes), edges, self._doubts)
        self._doubts.learn(first.forest, first.accepted)
        first = accept(lambda: Forest(nodes), weighed(first, edges), self._doubts)
        capped = self._capped(first)
        groups: list[Formed] = []
        waiting = deque([first])
        while waiting:
            result = waiting.popleft()
            held = hold_cuts(result, self._doubts, capped=capped)
            for members in result.forest.clusters():
                if len({result.forest.nodes[n].clip for n in members}) < 2:
                    continue
                formed, weak = self._look(result, members, held)
                if weak is None:
                    groups.append(formed)
                else:
                    waiting.append(self._without(result, members, weak))
        return groups

    def _look(
        self, result: Acceptance, members: Sequence[str], held: Mapping[int, Held]
    ) -> tuple[Formed, Edge | None]:
        """Return a cluster as a group, and the edge to cut where a part of it is improbable."""
        forest = result.forest
        inside = set(members)
        speeds = _speeds(forest, members[0])
        reference = self._reference(forest, members, speeds)
        trusts = trust_from(result, held, reference)
        back = forest.pose(reference).inverse()
        formed = Formed(
            reference,
            trusts,
            {node: back.then(forest.pose(node)) for node in members},
            {node: speeds[node] / speeds[reference] for node in members},
            tuple(e for e in result.accepted if e.a in inside),
            tuple(e for _, e in result.rejected if e.a in inside),
            tuple(o for o in self._doubts.inside(forest) if o.one in inside),
        )
        weak = min(members, key=lambda node: (trusts[node].confidence, node))
        if trusts[weak].confidence >= CHECK_CONFIDENCE:
            return formed, None
        # Of equally weak edges the farthest from the reference is cut: least is lost.
        movable = [step for step in reversed(trusts[weak].way) if not step.edge.given]
        if not movable:
            return formed, None
        return formed, min(movable, key=lambda step: round(step.probability, 9)).edge

    def _without(self, result: Acceptance, members: Sequence[str], weak: Edge) -> Acceptance:
        """Return a cluster's acceptance again, without what crosses its weakest cut."""
        inside = set(members)
        (cut,) = (c for c in result.cuts() if c.tree_edge is weak)
        barred = {id(edge) for edge in cut.accepted}
        edges = [
            e
            for e in [*result.accepted, *(edge for _, edge in result.rejected)]
            if e.a in inside and id(e) not in barred
        ]
        nodes = [result.forest.nodes[n] for n in members]
        return accept(lambda: Forest(nodes), edges, self._doubts)

    def _reference(
        self, forest: Forest, members: Sequence[str], speeds: Mapping[str, Fraction]
    ) -> str:
        longest: dict[str, Node] = {}
        for name in members:
            node = forest.nodes[name]
            kept = longest.setdefault(node.clip, node)
            if node.end_s - node.start_s > kept.end_s - kept.start_s:
                longest[node.clip] = node
        done = forest.finished(forest.root(members[0]))
        named = [self._finished[group] for group in sorted(done)] or self._named
        clip = choose_reference(
            [self._clips[name] for name in sorted(longest)],
            {name: speeds[node.id] for name, node in longest.items()},
            jumping=self._jumping,
            named=named,
        )
        return longest[clip].id

    def _capped(self, result: Acceptance) -> dict[int, bool]:
        """Return, by identity of an edge, whether it may give no more than `check`.

        A signal with a ceiling is confirmed for two devices where another signal, or a path of
        others, says the same about any two of their clips.
        """
        free = Forest(result.forest.nodes.values())
        for edge in result.accepted:
            if not self._has_ceiling(edge) and free.root(edge.a) != free.root(edge.b):
                free.join(edge)
        confirmed = set()
        for edge in result.accepted:
            if self._has_ceiling(edge) and free.root(edge.a) == free.root(edge.b):
                confirmed.add(self._device_pair(free, edge))
        return {
            id(edge): self._has_ceiling(edge) and self._device_pair(free, edge) not in confirmed
            for edge in [*result.accepted, *result.open, *(e for _, e in result.rejected)]
        }

    def _has_ceiling(self, edge: Edge) -> bool:
        return (
            edge.relation.ceiling is not None
            and not edge.given
            and edge.relation.signal not in self._trusted
        )

    @staticmethod
    def _device_pair(forest: Forest, edge: Edge) -> tuple[str, ...]:
        """Return what a confirmation holds for: two devices, else the two clips alone."""
        one, two = forest.nodes[edge.a], forest.nodes[edge.b]
        if one.device is None or two.device is None:
            return (edge.relation.signal, "clips", *sorted((one.clip, two.clip)))
        return (edge.relation.signal, "devices", *sorted((one.device, two.device)))


def _speeds(forest: Forest, start: str) -> dict[str, Fraction]:
    """Return each node's speed by trade against `start`, exact, along the tree."""
    speeds = {start: Fraction(1)}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for neighbour, relation, _ in forest.neighbours(node):
            if neighbour not in speeds:
                speeds[neighbour] = speeds[node] * relation.speed
                queue.append(neighbour)
    return speeds
