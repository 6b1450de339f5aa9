"""Offset, rate, readout and exposure of all cameras at once, from the edges of their flashes.

Conventions
-----------
For a flash at T and camera c with clip time t of a frame and rows read from 0 to 1:

* rows whose exposure ended as the flash came: ``T = end_c(t) + readout_c * row``
* rows whose exposure began as it went:         ``T = end_c(t) + readout_c * row - exposure_c``
* a frame that is lit wholly:                   ``T = end_c(t) + (readout_c - exposure_c) / 2``,
  to within the frame

with ``end_c(t) = a_c + (1 + b_c) * t``, the end of the exposure of the row that is read first. The
time of a frame is the *centre* of that exposure, half an exposure before.

A camera that shows one kind of edge only leaves exposure and offset apart undecided: what is
believed of exposures beforehand is then its error, as it should be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.flashes import FlashEvent

Doubles = NDArray[np.float64]

EDGE_STD_S = 0.9e-4
"""Error of the place of an edge: 0.05 ms was measured on simulated flashes (half their spread
between quartiles), and as much again that edges of one kind and camera share (short exposures cut
the flash's tail). It is not estimated anew: with few edges that would reject good ones."""

READOUT_S = (0.017, 0.008)
EXPOSURE_S = (0.008, 0.006)
RATE_STD = 1.0e-4
"""What is believed of cameras beforehand: mean and standard deviation of the readout and of the
exposure, and the spread of clock rates."""

GIVEN_READOUT_SHARE = 0.01
"""Relative error of a readout that the user gives."""

GLOBAL_EVENTS = 5
"""So many flashes, and most of them light a whole frame at once: the shutter is global."""

STARTS = (100.0, 30.0, 8.0)
"""Tightnesses that the weights start from, in errors of an edge: from each another minimum may be
found, and the best counts."""

MOST_OPEN = 3
"""Up to so many cameras that may stand on their heads, all ways are tried; of more, one by one."""

LEAST_TIME_S = 3e-4
"""No exposure and no readout (but that of a global shutter) is shorter: a solution that needs one
is punished."""

LEAST_SCATTER_EDGES = 5
"""Edges of one kind and camera whose scatter is measured."""

USED_WEIGHT = 0.3
"""An edge with at least this share of its weight is one that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashCamera:
    """What is known of a camera beforehand.

    Parameters
    ----------
    name
        Of the clip.
    device
        Clips of one device share their readout.
    interval_s
        From frame to frame.
    readout_s
        Given by the user, else None.
    upside_down
        Whether rows are read from the bottom; None where unknown.
    start_s, slope, slope_std
        Where the clip's time 0 probably lies on the common clock, and its clock: the common clock
        gains `slope` seconds per second of the clip.
    """

    name: str
    device: str
    interval_s: float
    readout_s: float | None = None
    upside_down: bool | None = None
    start_s: float = 0.0
    slope: float = 0.0
    slope_std: float = RATE_STD


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashSolution:
    """All cameras on the clock of the first.

    Parameters
    ----------
    cameras
        In order; `upside_down` is decided.
    alpha_s, slope
        ``t_common = alpha_s + (1 + slope) * t_clip`` for the centre of the exposure of the row that
        is read first; float64, shape (cameras,).
    readout_s, exposure_s
        Of each camera.
    readout_std_s, exposure_std_s
        Their standard deviations.
    covariance
        Of (alpha, slope) of all cameras, float64, shape (2 * cameras, 2 * cameras).
    flashes_s
        Times of the flashes on the common clock.
    residuals_s, weights, owners
        Of each edge: what is left over, its weight from 0 to 1, and (flash, camera) it belongs to.
    """

    cameras: tuple[FlashCamera, ...]
    alpha_s: Doubles
    slope: Doubles
    readout_s: Doubles
    exposure_s: Doubles
    readout_std_s: Doubles
    exposure_std_s: Doubles
    covariance: Doubles
    flashes_s: Doubles
    residuals_s: Doubles
    weights: Doubles
    owners: tuple[tuple[int, int], ...]
    edge_rows: Doubles
    edge_times_s: Doubles
    edge_tops: NDArray[np.bool_]
    cost: float


@dataclass(frozen=True, slots=True)
class _Row:
    """One equation."""

    flash: int
    camera: int
    time_s: float
    row: float
    ex_share: float
    std_s: float
    top: bool
    edge: bool
    kind: int = field(default=0)


def solve_flashes(
    events: Sequence[Sequence[FlashEvent]],
    groups: Sequence[Mapping[int, int]],
    cameras: Sequence[FlashCamera],
) -> FlashSolution:
    """Solve for all cameras at once.

    Parameters
    ----------
    events
        Per camera its flashes.
    groups
        Per flash: camera -> index of its event. A camera in none is drawn by its belief alone.
    cameras
        In the order of `events`.
    """
    known = [_judged(camera, own) for camera, own in zip(cameras, events, strict=True)]
    decided = [replace(c, upside_down=bool(c.upside_down)) for c in known]
    open_ones = [i for i, camera in enumerate(known) if camera.upside_down is None]
    tried: dict[tuple[bool, ...], FlashSolution] = {}

    def solved(turned: tuple[bool, ...]) -> FlashSolution:
        if turned not in tried:
            trial = [replace(c, upside_down=t) for c, t in zip(decided, turned, strict=True)]
            fits = [_solve(events, groups, trial, tightness) for tightness in STARTS]
            tried[turned] = _mixed(fits)
        return tried[turned]

    first = tuple(bool(camera.upside_down) for camera in decided)
    if len(open_ones) <= MOST_OPEN:
        for choice in product((False, True), repeat=len(open_ones)):
            solved(_with(first, dict(zip(open_ones, choice, strict=True))))
    else:
        for _ in range(2):
            for index in open_ones:
                one, other = first, _with(first, {index: not first[index]})
                first = min((one, other), key=lambda turned: solved(turned).cost)
    return _mixed(list(tried.values()))


def _with(turned: tuple[bool, ...], changes: Mapping[int, bool]) -> tuple[bool, ...]:
    return tuple(changes.get(index, value) for index, value in enumerate(turned))


def _mixed(solutions: Sequence[FlashSolution]) -> FlashSolution:
    """Return the best solution; what others that fit nearly as well say widens its errors."""
    best = min(solutions, key=lambda solution: solution.cost)
    shares = np.exp([max(best.cost - s.cost, -50.0) for s in solutions])
    shares /= shares.sum()
    covariance = best.covariance.copy()
    there = np.stack([best.alpha_s, best.slope], axis=1).ravel()
    for share, solution in zip(shares, solutions, strict=True):
        apart = np.stack([solution.alpha_s, solution.slope], axis=1).ravel() - there
        covariance += float(share) * np.outer(apart, apart)
    return replace(best, covariance=covariance)


def _judged(camera: FlashCamera, events: Sequence[FlashEvent]) -> FlashCamera:
    """Return the camera with what its own flashes tell: which way it is read, a global shutter."""
    votes = [event.upside_down for event in events if event.upside_down is not None]
    edges = sum(len(event.edges) for event in events)
    if camera.readout_s is None and len(events) >= GLOBAL_EVENTS and edges <= 0.2 * len(events):
        return replace(camera, readout_s=0.0, upside_down=False)
    if camera.upside_down is None and votes and abs(2 * sum(votes) - len(votes)) > len(votes) / 3:
        return replace(camera, upside_down=2 * sum(votes) > len(votes))
    return camera


def _rows(
    events: Sequence[Sequence[FlashEvent]],
    groups: Sequence[Mapping[int, int]],
    cameras: Sequence[FlashCamera],
) -> list[_Row]:
    rows: list[_Row] = []
    for flash, group in enumerate(groups):
        for camera, index in group.items():
            event, one = events[camera][index], cameras[camera]
            for edge in event.edges:
                rising = edge.top != bool(one.upside_down)
                row = 1 - edge.row if one.upside_down else edge.row
                readout_s = one.readout_s or READOUT_S[0]
                std_s = float(np.hypot(EDGE_STD_S, edge.row_std * readout_s))
                rows.append(
                    _Row(
                        flash,
                        camera,
                        edge.time_s,
                        row,
                        0.0 if rising else 1.0,
                        std_s,
                        edge.top,
                        edge=True,
                        kind=2 * camera + int(rising),
                    )
                )
            if not event.edges:
                middle_s = (event.time_s + event.last_s) / 2
                std_s = one.interval_s / np.sqrt(12.0)
                rows.append(_Row(flash, camera, middle_s, 0.5, 0.5, std_s, top=False, edge=False))
    return rows


def _solve(
    events: Sequence[Sequence[FlashEvent]],
    groups: Sequence[Mapping[int, int]],
    cameras: Sequence[FlashCamera],
    tightness: float,
) -> FlashSolution:
    rows = _rows(events, groups, cameras)
    system = _System(rows, len(groups), cameras)
    stds = np.array([row.std_s for row in rows])
    system.fit(stds, tightness)
    # A camera whose exposure changes scatters at one kind of edge: that kind says less, then.
    kinds = np.array([row.kind if row.edge else -1 for row in rows])
    widened = stds.copy()
    for kind in set(kinds.tolist()) - {-1}:
        mine = kinds == kind
        if mine.sum() >= LEAST_SCATTER_EDGES:
            scatter_s = 1.4826 * float(np.median(np.abs(system.residuals[mine])))
            if scatter_s > 4 * float(np.median(stds[mine])):
                widened[mine] = np.hypot(widened[mine], scatter_s)
    if (widened != stds).any():
        system.fit(widened, tightness)
        # A wide error explains anything: it has its price.
        system.cost += float(np.log(widened / stds).sum())
    return system.solution()


class _System:
    """The linear equations, in units of each one's own error."""

    def __init__(self, rows: Sequence[_Row], flashes: int, cameras: Sequence[FlashCamera]) -> None:
        self.rows, self.cameras, self.flashes = rows, tuple(cameras), flashes
        devices = list(dict.fromkeys(camera.device for camera in cameras))
        count = len(cameras)
        self._end = flashes + np.arange(count)
        self._slope = flashes + count + np.arange(count)
        self._exposure = flashes + 2 * count + np.arange(count)
        first = flashes + 3 * count
        self._readout = np.array([first + devices.index(c.device) for c in cameras], int)
        self.size = first + len(devices)
        times_s = [camera.start_s + row.time_s for row in rows for camera in (cameras[row.camera],)]
        self.middle_s = float(np.median(times_s)) if times_s else 0.0
        self._pivots_s = np.array([self.middle_s - camera.start_s for camera in cameras])
        self._design, self._known = self._equations()
        self._prior, self._believed = self._beliefs()
        self.residuals: Doubles = np.zeros(len(rows))
        self.weights: Doubles = np.ones(len(rows))

    def _equations(self) -> tuple[Doubles, Doubles]:
        """Return T + share * exposure - a - b * (t - pivot) - readout * row = start + t."""
        design = np.zeros((len(self.rows), self.size))
        known = np.zeros(len(self.rows))
        for number, row in enumerate(self.rows):
            camera = self.cameras[row.camera]
            line = design[number]
            line[row.flash] = 1.0
            line[self._exposure[row.camera]] = row.ex_share
            line[self._end[row.camera]] = -1.0
            line[self._slope[row.camera]] = -(row.time_s - self._pivots_s[row.camera])
            line[self._readout[row.camera]] = -row.row
            known[number] = camera.start_s + row.time_s - self.middle_s
        return design, known

    def _beliefs(self) -> tuple[Doubles, Doubles]:
        lines: list[Doubles] = []
        values: list[float] = []

        def believe(index: int, value: float, std: float) -> None:
            line = np.zeros(self.size)
            line[index] = 1.0 / std
            lines.append(line)
            values.append(value / std)

        for number, camera in enumerate(self.cameras):
            if number == 0:
                believe(int(self._end[0]), 0.0, 1e-9)
                believe(int(self._slope[0]), 0.0, 1e-12)
            else:
                believe(int(self._end[number]), 0.0, 1.0)
                believe(int(self._slope[number]), camera.slope, camera.slope_std)
            mean_s = min(EXPOSURE_S[0], camera.interval_s / 2)
            believe(int(self._exposure[number]), mean_s, min(EXPOSURE_S[1], camera.interval_s / 3))
            readout_s = camera.readout_s
            if readout_s is None:
                believe(int(self._readout[number]), *READOUT_S)
            else:
                std_s = max(GIVEN_READOUT_SHARE * readout_s, 1e-4)
                believe(int(self._readout[number]), readout_s, std_s)
        return np.array(lines), np.array(values)

    def fit(self, stds: Doubles, start: float) -> None:
        """Fit with weights that tighten: Geman and McClure's, annealed from `start` errors to 3."""
        scaled = self._design / stds[:, None]
        wanted = self._known / stds
        weights = np.ones(len(stds))
        for turn in range(25):
            joined = np.concatenate([scaled * weights[:, None], self._prior])
            target = np.concatenate([wanted * weights, self._believed])
            self.values = np.linalg.lstsq(joined, target, rcond=None)[0]
            left = wanted - scaled @ self.values
            tightness = max(1.0, start * 0.7**turn)
            if turn > 6:
                weights = 1.0 / (1.0 + (left / (3.0 * tightness)) ** 2)
            else:
                weights = 1.0 / np.sqrt(1.0 + np.abs(left) / tightness)
        self.weights = weights
        self.residuals = left * stds
        believed_left = self._believed - self._prior @ self.values
        self.cost = float(np.log1p((left / 3.0) ** 2).sum() * 4.5 + (believed_left**2).sum() / 2)
        short = LEAST_TIME_S - self.values[self._exposure]
        turned = LEAST_TIME_S - self.values[self._readout]
        turned = turned[[camera.readout_s != 0.0 for camera in self.cameras]]
        for excess in (short, turned):
            self.cost += float((np.maximum(excess, 0.0) / 1e-4).sum())
        freedom = max(len(stds) - self.flashes - 4 * len(self.cameras) + 2, 1)
        spread = max(1.2, float(np.sqrt(((weights * left) ** 2).sum() / freedom)))
        # Few degrees of freedom do not tell the error well (Student).
        spread *= np.sqrt(1.0 + 4.0 / freedom)
        scale = np.linalg.norm(joined, axis=0) + 1e-12
        normal = (joined / scale).T @ (joined / scale)
        self.covariance = np.linalg.inv(normal) / np.outer(scale, scale) * spread**2

    def solution(self) -> FlashSolution:
        """Return what was fitted, for the centre of the exposure."""
        count = len(self.cameras)
        x = self.values
        starts_s = np.array([camera.start_s for camera in self.cameras])
        slope = x[self._slope]
        end_s = starts_s + x[self._end] - slope * self._pivots_s
        exposure_s = x[self._exposure]
        jacobian = np.zeros((2 * count, self.size))
        for number in range(count):
            jacobian[2 * number, self._end[number]] = 1.0
            jacobian[2 * number, self._slope[number]] = -self._pivots_s[number]
            jacobian[2 * number, self._exposure[number]] = -0.5
            jacobian[2 * number + 1, self._slope[number]] = 1.0
        edges = np.array([row.edge for row in self.rows], bool)
        variances = np.diag(self.covariance)
        chosen = [row for row in self.rows if row.edge]
        return FlashSolution(
            cameras=self.cameras,
            alpha_s=end_s - exposure_s / 2,
            slope=slope,
            readout_s=x[self._readout],
            exposure_s=exposure_s,
            readout_std_s=np.sqrt(variances[self._readout]),
            exposure_std_s=np.sqrt(variances[self._exposure]),
            covariance=jacobian @ self.covariance @ jacobian.T,
            flashes_s=x[: self.flashes] + self.middle_s,
            residuals_s=self.residuals[edges],
            weights=self.weights[edges],
            owners=tuple((row.flash, row.camera) for row in chosen),
            edge_rows=np.array([row.row for row in chosen]),
            edge_times_s=np.array([row.time_s for row in chosen]),
            edge_tops=np.array([row.top for row in chosen], bool),
            cost=self.cost,
        )
