"""Rigid clusters of nodes, and the tree of edges that holds each together."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from clapless.model import Match, compose, inverse
from clapless.solve.edges import Edge, Node, Pose, pose_of


class Forest:
    """Clusters that grow by joining, each with a pose per node and a spanning tree.

    Parameters
    ----------
    nodes
        Every node starts as its own cluster.
    """

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes: Mapping[str, Node] = {node.id: node for node in nodes}
        self._root: dict[str, str] = {n: n for n in self.nodes}
        self._members: dict[str, list[str]] = {n: [n] for n in self.nodes}
        self._tree: dict[str, list[tuple[str, Match, Edge]]] = {n: [] for n in self.nodes}
        self._pose: dict[str, Pose] = {n: Pose() for n in self.nodes}
        self._finished: dict[str, frozenset[str]] = {
            n: frozenset() if node.group is None else frozenset((node.group,))
            for n, node in self.nodes.items()
        }

    def root(self, node: str) -> str:
        """Return the name of the node's cluster."""
        return self._root[node]

    def members(self, root: str) -> list[str]:
        """Return the nodes of a cluster."""
        return self._members[root]

    def clusters(self) -> list[list[str]]:
        """Return all clusters, each sorted, in the order of their first nodes."""
        return sorted(sorted(members) for members in self._members.values())

    def finished(self, root: str) -> frozenset[str]:
        """Return the finished groups that a cluster holds nodes of."""
        return self._finished[root]

    def pose(self, node: str) -> Pose:
        """Return where the node lies in its cluster's frame."""
        return self._pose[node]

    def interval(self, node: str, via: Pose | None = None) -> tuple[float, float]:
        """Return start and end of a node in its cluster's frame, or in the one `via` leads to."""
        pose = self._pose[node] if via is None else via.then(self._pose[node])
        held = self.nodes[node]
        return pose.to_frame(held.start_s), pose.to_frame(held.end_s)

    def bridge(self, edge: Edge) -> Pose:
        """Return where the frame of b's cluster lies in that of a's, if `edge` is right."""
        inner = pose_of(edge.relation)
        return self._pose[edge.a].then(inner).then(self._pose[edge.b].inverse())

    def neighbours(self, node: str) -> list[tuple[str, Match, Edge]]:
        """Return tree neighbours: the node, where it lies on this node's clock, the edge."""
        return self._tree[node]

    def join(self, edge: Edge) -> None:
        """Make one cluster of the two that `edge` connects."""
        keep, gone = self._root[edge.a], self._root[edge.b]
        if keep == gone:
            raise ValueError(f"{edge.a} and {edge.b} are already in one cluster")
        across = self.bridge(edge)
        if len(self._members[keep]) < len(self._members[gone]):
            keep, gone, across = gone, keep, across.inverse()
        self._finished[keep] |= self._finished.pop(gone)
        for node in self._members.pop(gone):
            self._root[node] = keep
            self._pose[node] = across.then(self._pose[node])
            self._members[keep].append(node)
        self._tree[edge.a].append((edge.b, edge.relation, edge))
        self._tree[edge.b].append((edge.a, inverse(edge.relation), edge))

    def path(self, start: str, end: str) -> list[tuple[Match, Edge]]:
        """Return the tree's edges from `start` to `end`, each turned to lead onwards.

        Raises
        ------
        ValueError
            The two are in different clusters.
        """
        came: dict[str, tuple[str, Match, Edge]] = {}
        queue = deque([start])
        seen = {start}
        while queue and end not in seen:
            node = queue.popleft()
            for neighbour, relation, edge in self._tree[node]:
                if neighbour not in seen:
                    seen.add(neighbour)
                    came[neighbour] = (node, relation, edge)
                    queue.append(neighbour)
        if end not in seen:
            raise ValueError(f"{start} and {end} are not connected")
        steps: list[tuple[Match, Edge]] = []
        while end != start:
            end, relation, edge = came[end]
            steps.append((relation, edge))
        return steps[::-1]

    def predict(self, start: str, end: str) -> tuple[Match, frozenset[bool]] | None:
        """Return where `end` lies on the clock of `start` by the tree, and the kinds on the way.

        The kinds are the values of `Edge.late` that were met. None where start is end.
        """
        relation: Match | None = None
        kinds: set[bool] = set()
        for step, edge in self.path(start, end):
            relation = step if relation is None else compose(relation, step)
            kinds.add(edge.late)
        return None if relation is None else (relation, frozenset(kinds))
