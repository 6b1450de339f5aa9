"""All placements at once: weighted least squares over every accepted edge, with covariance.

Unknown are, per node, the group time of its middle and its clock rate against the group's
reference; per device its own rate. An edge gives two independent rows: the instant at its pivot,
and the difference of rates. A clip's rate is drawn to its device's, so that a clip of ten seconds
has the rate of its device and a clip of an hour has its own. Rows that do not fit are weighted down
(Huber), never dropped here: what contradicts was taken out before.

Rates are in ppm of log rate; speeds by trade stay exact and stand outside the unknowns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve

from clapless.model import UNKNOWN_DRIFT_STD_PPM
from clapless.solve.edges import FREE_DRIFT_STD_PPM, Edge, Node, Pose
from clapless.solve.system import RowList, Rows, factor

OWN_RATE_STD_PPM = UNKNOWN_DRIFT_STD_PPM / math.sqrt(2.0)
"""Prior spread of one clock against true time, so that two differ by `UNKNOWN_DRIFT_STD_PPM`."""

DEVICE_RATE_STD_PPM = 0.7
"""How far the rate of one device wanders from clip to clip, as crystals do while they warm up."""

MIN_OFFSET_STD_S = 2e-5
"""No edge is believed to less than a sample: clocks and paths wander more than that."""

MIN_DRIFT_STD_PPM = 0.02
"""No edge's rate is believed to less than this, for the same reason."""

GIVEN_STD_S = 2e-6
"""What was pinned or placed before is obeyed: it outweighs every measurement."""

GIVEN_DRIFT_STD_PPM = 1e-3
"""The same for a rate that pins far apart, or a finished placement, gave."""

HUBER = 2.5
"""Rows beyond so many standard deviations are weighted down."""

ROUNDS = 12
"""Of reweighting and linearising, at most."""


@dataclass(frozen=True, slots=True)
class Line:
    """A solved node: its line on the group's clock, with its error bar.

    Parameters
    ----------
    pose
        Line from node time to group time.
    drift_ppm, drift_std_ppm
        Clock rate against the reference's.
    offset_std_s, pivot_s
        As in `clapless.model`.
    """

    pose: Pose
    drift_ppm: float
    drift_std_ppm: float
    offset_std_s: float
    pivot_s: float


@dataclass(frozen=True, slots=True)
class Lines:
    """Everything that was solved.

    Parameters
    ----------
    lines
        By node id.
    device_rates
        Device id -> rate and its standard deviation, ppm, against the reference of the first group
        that holds it.
    """

    lines: Mapping[str, Line]
    device_rates: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One group to be solved.

    Parameters
    ----------
    reference
        Node whose clock counts.
    starts
        Node id -> a first pose on the reference's clock, as the tree gives it.
    speeds
        Node id -> speed by trade against the reference.
    edges
        Accepted edges inside.
    fixed
        Nodes that stay where `starts` has them -> standard deviation of their rates, ppm.
    """

    reference: str
    starts: Mapping[str, Pose]
    speeds: Mapping[str, float]
    edges: Sequence[Edge]
    fixed: Mapping[str, float] = field(default_factory=dict)


class LineSolver:
    """The one linear system of all groups.

    Parameters
    ----------
    nodes
        By id.
    frames
        The groups; they share the rates of devices.
    """

    def __init__(self, nodes: Mapping[str, Node], frames: Sequence[Frame]) -> None:
        self._nodes = nodes
        self._frames = frames
        self._column: dict[str, int] = {}
        """First of a node's two columns: middle, rate."""
        self._rate_column: dict[str, int] = {}
        """Column of the own rate of a device, or of a node without a device."""
        self._mid: dict[str, float] = {}
        self._rate: dict[str, float] = {}
        self._speed: dict[str, float] = {}
        for frame in frames:
            for node, pose in frame.starts.items():
                self._speed[node] = frame.speeds[node]
                self._mid[node] = pose.to_frame(nodes[node].mid_s)
                self._rate[node] = math.log(pose.rate / frame.speeds[node]) * 1e6
                if node != frame.reference and node not in frame.fixed:
                    self._column[node] = 2 * len(self._column)
        self._own = 2 * len(self._column)
        for frame in frames:
            for node in frame.starts:
                key = self._rate_key(node)
                self._rate_column.setdefault(key, self._own + len(self._rate_column))
        self._size = self._own + len(self._rate_column)
        self._own_rate = np.zeros(len(self._rate_column))

    def _rate_key(self, node: str) -> str:
        device = self._nodes[node].device
        return f"clip {node}" if device is None else f"device {device}"

    def solve(self) -> Lines:
        """Return every node's line and every device's rate."""
        if not self._frames:
            return Lines({}, {})
        weights = np.ones(self._rows().residual.size)
        for _ in range(ROUNDS):
            rows = self._rows()
            scale = np.sqrt(weights) / rows.std
            normal, right = rows.normal(scale, self._size)
            held, equal = factor(normal)
            step = equal * cho_solve(held, equal * right)
            self._move(step)
            size = np.abs(rows.residual - rows.matrix @ step) / rows.std
            weights = np.where(rows.robust & (size > HUBER), HUBER / np.maximum(size, HUBER), 1.0)
            if float(np.max(np.abs(step), initial=0.0)) < 1e-9:
                break
        rows = self._rows()
        normal, _ = rows.normal(np.sqrt(weights) / rows.std, self._size)
        held, equal = factor(normal)
        covariance = equal[:, None] * cho_solve(held, np.diag(equal))
        return self._read(covariance, rows, weights)

    def _rows(self) -> Rows:
        rows = RowList()
        for number, frame in enumerate(self._frames):
            for edge in frame.edges:
                self._edge_rows(rows, edge, number)
            for node in frame.starts:
                if node != frame.reference:
                    self._rate_row(rows, node, frame)
        for i, value in enumerate(self._own_rate):
            entries = [(self._own + i, 1.0)]
            rows.add(entries, -float(value), OWN_RATE_STD_PPM, robust=False, frame=-1)
        return rows.finished(self._size)

    def _edge_rows(self, rows: RowList, edge: Edge, frame: int) -> None:
        relation, a, b = edge.relation, edge.a, edge.b
        a_s, b_s = relation.to_a(relation.pivot_s), relation.pivot_s
        lever_a_s = (a_s - self._nodes[a].mid_s) / self._clock(a)
        lever_b_s = (b_s - self._nodes[b].mid_s) / self._clock(b)
        residual_s = self._mid[a] + lever_a_s - self._mid[b] - lever_b_s
        position, rate = [], []
        for node, sign, lever_s in ((a, -1.0, lever_a_s), (b, 1.0, lever_b_s)):
            if node in self._column:
                column = self._column[node]
                position += [(column, sign), (column + 1, -sign * lever_s * 1e-6)]
                rate += [(column + 1, sign)]
        offset_std_s = max(relation.offset_std_s, MIN_OFFSET_STD_S)
        drift_std_ppm = max(relation.drift_std_ppm, MIN_DRIFT_STD_PPM)
        if edge.given:
            offset_std_s = GIVEN_STD_S
            if drift_std_ppm < FREE_DRIFT_STD_PPM:
                drift_std_ppm = GIVEN_DRIFT_STD_PPM
        rows.add(position, residual_s, offset_std_s, robust=not edge.given, frame=frame)
        drift = math.log1p(relation.drift_ppm * 1e-6) * 1e6
        rows.add(
            rate,
            drift - (self._rate[b] - self._rate[a]),
            drift_std_ppm,
            robust=not edge.given,
            frame=frame,
        )

    def _rate_row(self, rows: RowList, node: str, frame: Frame) -> None:
        """Draw a node's rate to that of its device less that of the reference's device."""
        own = self._rate_column[self._rate_key(node)]
        base = self._rate_column[self._rate_key(frame.reference)]
        wanted = float(self._own_rate[own - self._own] - self._own_rate[base - self._own])
        column = self._column.get(node)
        entries = [] if column is None else [(column + 1, 1.0)]
        if own != base:
            entries += [(own, -1.0), (base, 1.0)]
        rows.add(
            entries,
            wanted - self._rate[node],
            math.hypot(DEVICE_RATE_STD_PPM * math.sqrt(2.0), frame.fixed.get(node, 0.0)),
            robust=False,
            frame=-1,
        )

    def _clock(self, node: str) -> float:
        return self._speed[node] * math.exp(self._rate[node] * 1e-6)

    def _move(self, step: NDArray[np.float64]) -> None:
        for node, column in self._column.items():
            self._mid[node] += float(step[column])
            self._rate[node] += float(step[column + 1])
        self._own_rate += step[self._own :]

    def _read(
        self, covariance: NDArray[np.float64], rows: Rows, weights: NDArray[np.float64]
    ) -> Lines:
        lines: dict[str, Line] = {}
        rates: dict[str, tuple[float, float]] = {}
        for number, frame in enumerate(self._frames):
            unknown = 2 * sum(1 for node in frame.starts if node in self._column)
            inflate = rows.inflation(number, unknown, weights)
            for node in frame.starts:
                lines[node] = self._line(node, covariance, inflate)
            base = self._rate_column[self._rate_key(frame.reference)]
            for node in frame.starts:
                device = self._nodes[node].device
                if device is None or device in rates:
                    continue
                own = self._rate_column[self._rate_key(node)]
                value = float(self._own_rate[own - self._own] - self._own_rate[base - self._own])
                variance = (
                    covariance[own, own] + covariance[base, base] - 2.0 * covariance[own, base]
                )
                rates[device] = (
                    math.expm1(value * 1e-6) * 1e6,
                    math.sqrt(max(float(variance), 0.0)),
                )
        return Lines(lines, rates)

    def _line(self, node: str, covariance: NDArray[np.float64], inflate: float) -> Line:
        clock, mid_s = self._clock(node), self._nodes[node].mid_s
        pose = Pose(self._mid[node] - mid_s / clock, clock)
        drift_ppm = math.expm1(self._rate[node] * 1e-6) * 1e6
        if node not in self._column:
            return Line(pose, drift_ppm, 0.0, 0.0, mid_s)
        c = self._column[node]
        var_mid, var_rate = float(covariance[c, c]), float(covariance[c + 1, c + 1])
        both = float(covariance[c, c + 1])
        # t_group moves by -(t - mid) / clock * 1e-6 per ppm: least where the two cancel.
        pivot_s = mid_s + both / var_rate * clock * 1e6
        left = max(var_mid - both * both / var_rate, 0.0)
        return Line(
            pose,
            drift_ppm,
            math.sqrt(var_rate) * inflate,
            math.sqrt(left) * inflate,
            pivot_s,
        )
