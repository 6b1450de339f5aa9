"""What speaks against a placement although no answer contradicts it.

Two kinds: clips of one device that would overlap, and pairs that were compared, would overlap for
long, and yet gave no match. Both are priced in log odds and weighed against the edges.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from clapless.model import Device, Refusal
from clapless.solve.edges import Edge, Node, Pose
from clapless.solve.forest import Forest

OVERLAP_S = 1.0
"""Clips of one device may overlap by so much without doubt: spanned files carry a pre-roll."""

DEVICE_ODDS: Mapping[str, float] = {
    "named": 6.0,
    "serial": 6.0,
    "metadata": 4.5,
    "card": 4.0,
    "folder": 3.0,
}
"""Log odds that clips said to be of one device are, by what says so: two folders of one in
twenty turn out mixed, serial numbers and the user's word one in four hundred. Judgement."""

TELLING_CODES = frozenset({"no_match"})
"""Refusals that say "compared, and nothing in common", as against "could not compare"."""

TELLING_OVERLAP_S = 20.0
"""A pair that overlaps by less may honestly show nothing."""

DOUBT_BOUNDS = (0.3, 2.5)
"""Least and most log odds of doubt per telling refusal, whatever this material shows."""

CLIP_DOUBT = 3.0
"""Most doubt that the refusals of one clip add: one in twenty microphones is muffled or covered and
refuses with all its partners. Judgement; two clips that refuse add twice as much, at most."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two clips of one device at one time.

    Parameters
    ----------
    device
        Its id.
    one, two
        Nodes.
    seconds
        Of group time.
    """

    device: str
    one: str
    two: str
    seconds: float


class Doubts:
    """Prices the doubts of joining two clusters.

    Parameters
    ----------
    nodes
        All nodes.
    devices
        All devices.
    refusals
        All refusals.
    overlaps_allowed
        Whether a device's clips may overlap (takes placed on a song).
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        devices: Iterable[Device],
        refusals: Iterable[Refusal],
        *,
        overlaps_allowed: bool,
    ) -> None:
        self._odds = {d.id: DEVICE_ODDS.get(d.source, DEVICE_ODDS["folder"]) for d in devices}
        self._overlaps_allowed = overlaps_allowed
        parts: dict[str, list[str]] = {}
        for node in nodes:
            parts.setdefault(node.clip, []).append(node.id)
        self._refused: dict[str, dict[str, set[str]]] = {}
        for refusal in refusals:
            if refusal.code not in TELLING_CODES or refusal.a == refusal.b:
                continue
            for one in parts.get(refusal.a, ()):
                for two in parts.get(refusal.b, ()):
                    self._refused.setdefault(one, {}).setdefault(two, set()).add(refusal.signal)
                    self._refused.setdefault(two, {}).setdefault(one, set()).add(refusal.signal)
        self._weight: dict[str, float] = {}

    def settle(self, pairs: Collection[tuple[str, str]]) -> None:
        """Forget refusals of node pairs that another signal or round did match."""
        for a, b in pairs:
            self._refused.get(a, {}).pop(b, None)
            self._refused.get(b, {}).pop(a, None)

    @property
    def refused_pairs(self) -> list[tuple[str, str]]:
        """Node pairs with a telling refusal, sorted."""
        return sorted((a, b) for a, held in self._refused.items() for b in held if a < b)

    def learn(self, forest: Forest, accepted: Iterable[Edge]) -> None:
        """Weigh the refusals of each signal by how often it misses what overlaps in this material.

        Parameters
        ----------
        forest
            What is believed.
        accepted
            Answers that are believed.
        """
        found: dict[str, int] = {}
        for edge in accepted:
            if not edge.given and _shared_s(forest, edge.a, edge.b) >= TELLING_OVERLAP_S:
                found[edge.relation.signal] = found.get(edge.relation.signal, 0) + 1
        missed: dict[str, int] = {}
        for one, two in self.refused_pairs:
            if self.is_telling(forest, one, two):
                for signal in self._refused[one][two]:
                    missed[signal] = missed.get(signal, 0) + 1
        low, high = DOUBT_BOUNDS
        for signal in found.keys() | missed.keys():
            hits, misses = found.get(signal, 0), missed.get(signal, 0)
            share = (misses + 1.0) / (hits + misses + 2.0)
            self._weight[signal] = min(max(-math.log(share), low), high)

    def is_telling(self, forest: Forest, one: str, two: str) -> bool:
        """Return whether two nodes lie in one cluster and share enough to have matched."""
        here = one in forest.nodes and two in forest.nodes
        return (
            here
            and forest.root(one) == forest.root(two)
            and _shared_s(forest, one, two) >= TELLING_OVERLAP_S
        )

    def of_refusals(self, forest: Forest, pairs: Iterable[tuple[str, str]]) -> float:
        """Return the doubt of several refusals between two sides, in log odds.

        Parameters
        ----------
        forest
            Holds the nodes.
        pairs
            A node of one side and a node of the other.
        """
        total = 0.0
        sides: tuple[set[str], set[str]] = (set(), set())
        usual = -math.log(0.5)
        for one, two in pairs:
            total += sum(self._weight.get(s, usual) for s in self._refused[one][two])
            sides[0].add(forest.nodes[one].clip)
            sides[1].add(forest.nodes[two].clip)
        return min(total, CLIP_DOUBT * min(len(sides[0]), len(sides[1]), 2))

    def device_odds(self, device: str) -> float:
        """Return the log odds that the device is one."""
        return self._odds.get(device, DEVICE_ODDS["folder"])

    def of_joining(self, forest: Forest, one: str, two: str, across: Pose) -> float:
        """Return the doubt, in log odds, of laying cluster `two` into cluster `one`.

        Parameters
        ----------
        forest
            Holds both clusters.
        one, two
            Their roots.
        across
            Where the frame of `two` lies in that of `one`.
        """
        overlaps = self.overlaps(forest, one, two, across)
        devices = {o.device for o in overlaps}
        refusals = self.of_refusals(forest, self._telling(forest, one, two, across))
        return sum(map(self.device_odds, sorted(devices))) + refusals

    def _telling(
        self, forest: Forest, one: str, two: str, across: Pose
    ) -> Iterable[tuple[str, str]]:
        inside_one = set(forest.members(one))
        for node in forest.members(two):
            against = self._refused.get(node, {}).keys() & inside_one
            if against:
                span = forest.interval(node, across)
                for other in against:
                    if overlap_s(span, forest.interval(other)) >= TELLING_OVERLAP_S:
                        yield node, other

    def inside(self, forest: Forest) -> list[Overlap]:
        """Return pairs of one device's clips that overlap where the clusters put them."""
        if self._overlaps_allowed:
            return []
        found = []
        for members in forest.clusters():
            held: dict[str, list[str]] = {}
            for node in members:
                device = forest.nodes[node].device
                if device is not None:
                    held.setdefault(device, []).append(node)
            for device, nodes in sorted(held.items()):
                found += _overlapping(forest, device, nodes)
        return found

    def overlaps(self, forest: Forest, one: str, two: str, across: Pose) -> list[Overlap]:
        """Return pairs of one device's clips that would overlap by more than `OVERLAP_S`."""
        if self._overlaps_allowed:
            return []
        held: dict[str, list[tuple[str, tuple[float, float]]]] = {}
        for node in forest.members(one):
            device = forest.nodes[node].device
            if device is not None:
                held.setdefault(device, []).append((node, forest.interval(node)))
        found = []
        for node in forest.members(two):
            device = forest.nodes[node].device
            if device is None or device not in held:
                continue
            span = forest.interval(node, across)
            for other, other_span in held[device]:
                seconds = overlap_s(span, other_span)
                same_clip = forest.nodes[other].clip == forest.nodes[node].clip
                if seconds > OVERLAP_S and not same_clip:
                    found.append(Overlap(device, min(node, other), max(node, other), seconds))
        return found


def _overlapping(forest: Forest, device: str, nodes: Sequence[str]) -> list[Overlap]:
    spans = sorted((forest.interval(node), node) for node in nodes)
    found = []
    for i, (span, node) in enumerate(spans):
        for other_span, other in spans[i + 1 :]:
            if other_span[0] > span[1] - OVERLAP_S:
                break
            seconds = overlap_s(span, other_span)
            if seconds > OVERLAP_S and forest.nodes[other].clip != forest.nodes[node].clip:
                found.append(Overlap(device, min(node, other), max(node, other), seconds))
    return found


def _shared_s(forest: Forest, one: str, two: str) -> float:
    return overlap_s(forest.interval(one), forest.interval(two))


def overlap_s(one: Sequence[float], two: Sequence[float]) -> float:
    """Return how long two intervals share, in seconds; negative where a gap parts them."""
    return min(one[1], two[1]) - max(one[0], two[0])
