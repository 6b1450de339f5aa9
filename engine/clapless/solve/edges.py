"""What the clip graph is made of: nodes, edges, and whether two of them say the same.

Conventions
-----------
A node is a clip, or one unbroken stretch of a clip that jumps; its times are clip times. An edge
carries a `Match` between node ids. All lines are as in `clapless.model`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from clapless.model import Match, clock_rate

AGREE_S = 0.02
"""Two answers closer than this are one: a match counts as right within max(20 ms, 3 std)
(DESIGN.md section 2)."""

AGREE_STDS = 3.5
"""... or than this many standard deviations of their difference: 1 in 2000 by chance."""

AGREE_CAP_S = 0.25
"""However wide the error bars of a path, an answer farther from it than this, or than its own error
bar allows, does not agree: a path through poorly known clocks must not close every loop. Answers
that say they are coarse (satellite time) are taken at their word."""

HEARD_LATE_S = 0.3
"""A signal that hears may differ from one that sees by so much, as distance makes it."""

FREE_DRIFT_STD_PPM = 200.0
"""Stands where nothing was said about drift, as by one pin."""

MIN_LOG_ODDS, MAX_LOG_ODDS = -6.0, 12.0
"""Bounds of one answer's log odds: no signal knows its own odds better than 1 in 160,000."""


class Origin(Enum):
    """Where an edge comes from, in rising authority."""

    MEASURED = "measured"
    FIXED = "fixed"
    PINNED = "pinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A clip, or a stretch of one.

    Parameters
    ----------
    id
        The clip's id, with the number of the stretch where it jumps.
    clip
        The clip's id.
    device
        Device id or None.
    start_s, end_s
        The stretch, in clip time.
    group
        Finished group that holds it, None where it is up to be placed.
    """

    id: str
    clip: str
    device: str | None
    start_s: float
    end_s: float
    group: str | None = None

    @property
    def mid_s(self) -> float:
        """The middle of the stretch, in clip time."""
        return 0.5 * (self.start_s + self.end_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One answer about two nodes.

    Parameters
    ----------
    relation
        Where node `b` lies on the clock of node `a`.
    match
        Position among the matches that were given, -1 for a pin or a finished placement.
    origin
        Whether it was measured, is finished (``--add``) or is the user's word.
    late
        Whether the signal hears, so that distance delays it.
    joint
        Whether the signal judged many clips at once: its answers agree with each other by making.
    """

    relation: Match
    match: int
    origin: Origin = Origin.MEASURED
    late: bool = False
    joint: bool = False

    @property
    def a(self) -> str:
        """The node whose clock is meant."""
        return self.relation.a

    @property
    def b(self) -> str:
        """The node that is placed on it."""
        return self.relation.b

    @property
    def log_odds(self) -> float:
        """Natural logarithm of p / (1 - p) of its confidence, bounded."""
        p = min(max(self.relation.confidence, 1e-9), 1.0 - 1e-9)
        return min(max(math.log(p / (1.0 - p)), MIN_LOG_ODDS), MAX_LOG_ODDS)

    @property
    def given(self) -> bool:
        """Whether it is not up for discussion."""
        return self.origin is not Origin.MEASURED

    def other(self, node: str) -> str:
        """Return the node at the other end."""
        return self.b if node == self.a else self.a


@dataclass(frozen=True, slots=True)
class Pose:
    """A line without error bars: ``t_frame = offset_s + t_node / rate``."""

    offset_s: float = 0.0
    rate: float = 1.0

    def to_frame(self, t_s: float) -> float:
        """Return the frame time, in seconds, of a node time."""
        return self.offset_s + t_s / self.rate

    def then(self, inner: Pose) -> Pose:
        """Return the pose in this pose's frame of something posed inside this node."""
        return Pose(self.offset_s + inner.offset_s / self.rate, self.rate * inner.rate)

    def inverse(self) -> Pose:
        """Return the pose of the frame in the node's time."""
        return Pose(-self.offset_s * self.rate, 1.0 / self.rate)


def pose_of(relation: Match) -> Pose:
    """Return the line of a match alone."""
    return Pose(relation.offset_s, clock_rate(relation.speed, relation.drift_ppm))


@dataclass(frozen=True, slots=True)
class Gap:
    """How far an edge lies from a prediction.

    Parameters
    ----------
    difference_s
        The edge's answer minus the predicted one, at the middle of where it was measured, on the
        clock of the edge's clip a.
    agrees
        Whether that is within what the error bars allow, at the middle and both ends.
    """

    difference_s: float
    agrees: bool


def gap(predicted: Match, relation: Match, *, span_s: tuple[float, float], mixed: bool) -> Gap:
    """Compare an answer with what a path through others predicts for the same two nodes.

    Parameters
    ----------
    predicted, relation
        Both between the same two nodes, in the same direction.
    span_s
        Where the answer was measured, in b's time.
    mixed
        Whether one of the two hears and the other sees: distance may then part them by
        `HEARD_LATE_S`.
    """
    middle_s = 0.5 * (span_s[0] + span_s[1])
    floor_s = HEARD_LATE_S if mixed else AGREE_S
    agrees = predicted.speed == relation.speed
    for t_s in (span_s[0], middle_s, span_s[1]):
        std_s = math.hypot(predicted.std_s(t_s), relation.std_s(t_s))
        own_s = AGREE_STDS * relation.std_s(t_s)
        bound_s = max(floor_s, min(AGREE_STDS * std_s, max(AGREE_CAP_S, own_s)))
        agrees = agrees and abs(relation.to_a(t_s) - predicted.to_a(t_s)) <= bound_s
    return Gap(relation.to_a(middle_s) - predicted.to_a(middle_s), agrees)


def measured_span(relation: Match, node_b: Node) -> tuple[float, float]:
    """Return the hull of where a match was measured, in b's time; the whole node where unknown."""
    if not relation.spans_s:
        return (node_b.start_s, node_b.end_s)
    return (min(s for s, _ in relation.spans_s), max(e for _, e in relation.spans_s))
