"""Where the shake of a picture lies in a turning that is known: delay, drift and readout.

Conventions
-----------
``t_known = t + line(t) + row * readout_s``: t is the time of a frame of the picture, row runs from
-0.5 at the top of the stored picture to 0.5 at the bottom, so that the line is the delay of the
centre row. A negative readout means that the bottom row is read first.

The known turning is *integrated* exactly between the times of two frames: nothing is interpolated
at the picture's rate. Any linear map may lie between both (mounting, angle of view), and a bias
that changes from window to window.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.lines import Line, fit_line
from clapless.numerics.movement import Movement

if TYPE_CHECKING:
    # A quarter of a second to load: only what shakes waits for it.
    from scipy.interpolate import CubicSpline

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

ROUNDS = 12
"""Rounds of the fit at most."""

WINDOW_S, FEWEST_WINDOWS = 6.0, 4
"""Length of a window; short clips have windows of a quarter of their length."""

CAUCHY = 2.4
"""Tuning constant of Cauchy's weights: 95 % efficiency where errors are normal."""

CORRELATED = 2.0
"""Errors of the three bands and of neighbouring frames hang together (what moves nearby, what is
followed from picture to picture): standard errors are taken this much wider."""

MOST_STEP_S = 0.02
"""A delay is moved by this much per round at most: it is measured to first order."""


@dataclass(frozen=True, kw_only=True)
class Turned:
    """A turning that is known at any time.

    Parameters
    ----------
    times_s
        Knots, rising, shape (n,).
    angles
        Angle turned since the first knot in rad, shape (n, 3).
    missing
        Whether nothing is known between a knot and the next one, shape (n - 1,).
    """

    times_s: Doubles
    angles: Doubles
    missing: Flags
    _curves: list[CubicSpline] = field(default_factory=list, init=False, repr=False, compare=False)

    @classmethod
    def of_movement(cls, movement: Movement) -> Turned:
        """Return the turning of a gyroscope."""
        from scipy.interpolate import CubicSpline

        values = np.asarray(movement.values, np.float64)
        known = np.asarray(np.isfinite(values).all(axis=1))
        values = np.where(known[:, None], values, 0.0)
        times_s = movement.start_s + np.arange(values.shape[0]) / movement.rate_hz
        angles = np.asarray(CubicSpline(times_s, values).antiderivative()(times_s), np.float64)
        return cls(times_s=times_s, angles=angles, missing=~(known[1:] & known[:-1]))

    @classmethod
    def of_pairs(cls, pairs: ShakePairs) -> Turned:
        """Return the turning of a picture's centre row."""
        turns, _, known = pairs.whole()
        times_s = np.append(pairs.first_s, pairs.last_s[-1])
        steps = np.where(known[:, None], turns, 0.0)
        angles = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
        # Pairs that do not follow each other have a gap between them.
        jump = np.append(np.abs(pairs.first_s[1:] - pairs.last_s[:-1]) > 1e-6, False)
        return cls(times_s=times_s, angles=angles, missing=~known | jump)

    def _curve(self, order: int) -> CubicSpline:
        from scipy.interpolate import CubicSpline

        if not self._curves:
            angle = CubicSpline(self.times_s, self.angles)
            self._curves.extend((angle, angle.derivative()))
        return self._curves[order]

    def between(self, first_s: Doubles, last_s: Doubles) -> Doubles:
        """Return the mean rate between two times in rad/s, shape (..., 3)."""
        angle = self._curve(0)
        return np.asarray((angle(last_s) - angle(first_s)) / (last_s - first_s)[..., None])

    def change(self, first_s: Doubles, last_s: Doubles) -> Doubles:
        """Return how `between` changes when both times are later by a second, shape (..., 3)."""
        rate = self._curve(1)
        return np.asarray((rate(last_s) - rate(first_s)) / (last_s - first_s)[..., None])

    def known(self, first_s: Doubles, last_s: Doubles) -> Flags:
        """Return whether everything between two times is known, shape as given."""
        count = np.concatenate([[0], np.cumsum(self.missing)])
        size = self.missing.size
        low = np.clip(np.searchsorted(self.times_s, first_s, "right") - 1, 0, size)
        high = np.clip(np.searchsorted(self.times_s, last_s, "left"), 0, size)
        inside = (first_s >= self.times_s[0]) & (last_s <= self.times_s[-1])
        return np.asarray(inside & (count[high] == count[low]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShakePairs:
    """How a camera turned between each two pictures that follow each other.

    Parameters
    ----------
    first_s, last_s
        Times of both pictures, shape (n,), rising.
    turns
        Rotation vector of each band of rows in rad, shape (n, bands, 3).
    rows
        Mean row of each band, -0.5 to 0.5, shape (n, bands).
    points
        Points each was had from, 0 for none, shape (n, bands).
    """

    first_s: Doubles
    last_s: Doubles
    turns: Doubles
    rows: Doubles
    points: NDArray[np.int64]

    @property
    def step_s(self) -> float:
        """Usual time from one picture to the next."""
        return float(np.median(self.last_s - self.first_s))

    def only(self, chosen: Flags) -> ShakePairs:
        """Return some of the pairs."""
        return ShakePairs(
            first_s=self.first_s[chosen],
            last_s=self.last_s[chosen],
            turns=self.turns[chosen],
            rows=self.rows[chosen],
            points=self.points[chosen],
        )

    def whole(self) -> tuple[Doubles, Doubles, Flags]:
        """Return what the centre row did: turns (n, 3), points (n,), whether it is known (n,).

        The mean over the bands has the centre row's time: that of all points together would be
        pulled by rows that are read at other times. Where a band is missing the others stand in.
        """
        some = self.points > 0
        share = some / np.maximum(some.sum(axis=1, keepdims=True), 1)
        turns = (self.turns * share[..., None]).sum(axis=1)
        return np.asarray(turns), self.points.sum(axis=1).astype(np.float64), some.sum(axis=1) >= 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ShakeFit:
    """Where a picture's shake lies in a known turning.

    Parameters
    ----------
    line
        Delay of the centre row over the picture's time.
    readout_s, readout_std_s
        From the first stored row to the last; negative where the bottom row is read first.
    agreement
        Share of the picture's turning that is explained, 0 to 1.
    linear
        Takes the known turning's axes to the picture's, shape (3, 3): rotation and angle of view.
    span_s
        First and last time of the picture that was used.
    windows
        How many windows had a say.
    """

    line: Line
    readout_s: float
    readout_std_s: float
    agreement: float
    linear: Doubles
    span_s: tuple[float, float]
    windows: int


def fit_shake(
    pairs: ShakePairs,
    known: Turned,
    start: Line,
    *,
    slope_prior: float = 0.0,
    slope_prior_std: float = 3e-5,
    readout_s: float | None = None,
) -> ShakeFit | None:
    """Measure delay, drift and readout of a picture against a known turning.

    Parameters
    ----------
    pairs
        The picture.
    known
        The turning.
    start
        Delay of the centre row, right to within half a frame.
    slope_prior, slope_prior_std
        What is believed of the line's slope, pure numbers.
    readout_s
        Where it is known beforehand, as in `ShakeFit`.

    Returns
    -------
    ShakeFit or None
        None where less than a second can be compared.
    """
    line, readout = start, readout_s or 0.0
    most_readout_s = pairs.step_s
    state = None
    for _ in range(ROUNDS):
        state = _look(pairs, known, line, readout)
        if state is None:
            return None
        delays_s, stds_s, step_s = _steps(state, None if readout_s is None else 0.0)
        at_s = np.asarray(line.at(state.middles_s)) + np.clip(delays_s, -MOST_STEP_S, MOST_STEP_S)
        moved = fit_line(
            state.middles_s,
            at_s,
            stds_s,
            slope_prior=slope_prior,
            slope_prior_std=slope_prior_std,
        )
        change = float(np.abs(np.asarray(moved.at(pairs.first_s) - line.at(pairs.first_s))).max())
        wanted = float(np.clip(readout + step_s, -most_readout_s, most_readout_s))
        change, readout, line = max(change, abs(wanted - readout)), wanted, moved
        if change < 2e-6:
            break
    assert state is not None
    return ShakeFit(
        line=line,
        readout_s=readout,
        readout_std_s=_readout_std_s(state) if readout_s is None else 0.0,
        agreement=state.agreement,
        linear=state.linear,
        span_s=state.span_s,
        windows=state.middles_s.size,
    )


@dataclass(slots=True)
class _State:
    """Normal equations of each window: delay (1) and readout (2)."""

    middles_s: Doubles
    a11: Doubles
    a12: Doubles
    a22: Doubles
    b1: Doubles
    b2: Doubles
    variance: Doubles
    agreement: float
    linear: Doubles
    span_s: tuple[float, float]


def _look(pairs: ShakePairs, known: Turned, line: Line, readout_s: float) -> _State | None:
    """Compare both where they are believed to lie over each other."""
    middle_s = (pairs.first_s + pairs.last_s) / 2
    delay_s = np.asarray(line.at(middle_s))[:, None] + pairs.rows * readout_s
    first_s, last_s = pairs.first_s[:, None] + delay_s, pairs.last_s[:, None] + delay_s
    usable = known.known(first_s, last_s) & (pairs.points > 0)
    chosen = usable.any(axis=1)
    if chosen.sum() * pairs.step_s < 1.0:
        return None
    length_s = pairs.last_s - pairs.first_s
    seen = pairs.turns[chosen] / length_s[chosen, None, None]
    there = known.between(first_s[chosen], last_s[chosen])
    slope = known.change(first_s[chosen], last_s[chosen])
    rows = pairs.rows[chosen]
    weight = np.asarray(usable[chosen] * np.sqrt(pairs.points[chosen]), np.float64)
    at_s = middle_s[chosen]
    window, count = _windows(at_s)
    linear = np.eye(3)
    robust = weight
    for _ in range(3):
        flat_seen = _centred(seen, robust, window, count)
        flat_there = _centred(there, robust, window, count)
        linear = _linear(flat_there, flat_seen, robust)
        left = flat_seen - flat_there @ linear.T
        off = np.linalg.norm(left, axis=2)
        typical = max(float(np.median(off[weight > 0])), 1e-9) / 1.54
        robust = weight / (1 + (off / (CAUCHY * typical)) ** 2)
    by_delay = slope @ linear.T
    one = _centred(by_delay, robust, window, count)
    two = _centred(by_delay * rows[..., None], robust, window, count)

    def summed(values: Doubles) -> Doubles:
        return np.asarray(np.bincount(window, (robust * values).sum(axis=1), count))

    bands = np.bincount(window, (robust > 0).sum(axis=1), count)
    a11 = summed((one**2).sum(axis=2))
    good = (bands > 30) & (a11 > 1e-12)
    if not good.any():
        return None
    power = float((robust * (flat_seen**2).sum(axis=2)).sum())
    rest = float((robust * (left**2).sum(axis=2)).sum())
    sums = (
        a11,
        summed((one * two).sum(axis=2)),
        summed((two**2).sum(axis=2)),
        summed((one * left).sum(axis=2)),
        summed((two * left).sum(axis=2)),
        # Variance of one component that weighs 1, as if all bands weighed their mean.
        summed((left**2).sum(axis=2)) / 3 / np.maximum(bands, 1),
        np.bincount(window, at_s, count) / np.maximum(np.bincount(window, minlength=count), 1),
    )
    a11, a12, a22, b1, b2, variance, middles_s = (values[good] for values in sums)
    return _State(
        middles_s=middles_s,
        a11=a11,
        a12=a12,
        a22=a22,
        b1=b1,
        b2=b2,
        variance=variance * CORRELATED**2,
        agreement=max(0.0, 1 - rest / max(power, 1e-30)),
        linear=linear,
        span_s=(float(pairs.first_s[chosen][0]), float(pairs.last_s[chosen][-1])),
    )


def _windows(times_s: Doubles) -> tuple[NDArray[np.int64], int]:
    """Return the window of each time and how many there are."""
    span_s = float(times_s[-1] - times_s[0])
    length_s = min(WINDOW_S, max(span_s / FEWEST_WINDOWS, 1.5))
    count = max(1, round(span_s / length_s))
    share = (times_s - times_s[0]) / max(span_s, 1e-9)
    return np.minimum((share * count).astype(np.int64), count - 1), count


def _centred(values: Doubles, weight: Doubles, window: NDArray[np.int64], count: int) -> Doubles:
    """Return values (n, bands, 3) without the mean of their window and band."""
    out = np.empty_like(values)
    for band in range(values.shape[1]):
        total = np.maximum(np.bincount(window, weight[:, band], count), 1e-30)
        for axis in range(3):
            mean = np.bincount(window, weight[:, band] * values[:, band, axis], count) / total
            out[:, band, axis] = values[:, band, axis] - mean[window]
    return out


def _linear(there: Doubles, seen: Doubles, weight: Doubles) -> Doubles:
    """Return the map that takes one to the other best, shape (3, 3)."""
    square = np.einsum("nb,nbi,nbj->ij", weight, there, there)
    cross = np.einsum("nb,nbi,nbj->ij", weight, seen, there)
    square += np.eye(3) * max(float(np.trace(square)) * 1e-4, 1e-12)
    return np.asarray(np.linalg.solve(square, cross.T).T)


def _steps(state: _State, readout_s: float | None) -> tuple[Doubles, Doubles, float]:
    """Return what each window's delay changes by, its standard errors, and the readout's change."""
    rest = state.a22 - state.a12**2 / state.a11
    if readout_s is None:
        right = state.b2 - state.a12 * state.b1 / state.a11
        scale = 1 / np.maximum(state.variance, 1e-30)
        readout_s = float((scale * right).sum() / max(float((scale * rest).sum()), 1e-30))
    delays_s = (state.b1 - state.a12 * readout_s) / state.a11
    return delays_s, np.maximum(np.sqrt(state.variance / state.a11), 1e-6), readout_s


def _readout_std_s(state: _State) -> float:
    """Return the standard error of the readout, from how it differs between windows."""
    rest = np.maximum(state.a22 - state.a12**2 / state.a11, 1e-12)
    found_s = (state.b2 - state.a12 * state.b1 / state.a11) / rest
    stds_s = np.sqrt(state.variance / rest)
    line = fit_line(state.middles_s, found_s, stds_s, slope_prior_std=1e-12)
    return float(line.value_std)
