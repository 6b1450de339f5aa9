"""Where one three-axis movement lies in another, whatever way each sensor was mounted: the search.

Conventions
-----------
Two sensors on one rigid body feel the same turning (gyroscope), in axes that differ by an unknown
rotation, and nearly the same acceleration. ``t_a = t_b + offset_s`` and, apart from a slow bias,
``a(t_a) = gain * R @ b(t_b)``; times are in seconds, each in its clip's time.

A place is found as the lag at which the best rotation explains most of the energy that overlaps
(nuclear norm of the 3x3 cross-correlation over all lags), judged by its evidence (`movement`), so
that short overlaps have to agree better than long ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import fft, ndimage

from clapless.numerics.lines import fit_line
from clapless.numerics.movement import (
    Doubles,
    Floats,
    Prepared,
    evidence_of,
    independent_share,
    whitened,
)
from clapless.numerics.rotations import rotation_strength

LONG_S = 900.0
"""From this length of a and b together the search looks at every second sample only."""

PIECE_S = 120.0
"""b is searched in pieces of this length: 100 ppm move the ends of one by 6 ms."""

SHORTEST_S = 2.5
"""Overlaps shorter than this are not looked at."""

MOST_DRIFT = 2e-4
"""Largest drift between two cameras that is looked for, as a pure number."""

APART_S = 0.25
"""Two lags closer than this are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place of b on a's clock that was looked at.

    Parameters
    ----------
    offset_s, slope
        ``t_a = t_b + offset_s + slope * (t_b - pivot_s)``.
    evidence
        In nats.
    agreement
        0 to 1.
    """

    offset_s: float
    evidence: float
    agreement: float
    slope: float = 0.0
    pivot_s: float = 0.0


def search(
    a: Prepared, b: Prepared, *, count: int = 6, shortest_s: float = SHORTEST_S
) -> list[Place]:
    """Return the places with most evidence, best first.

    Parameters
    ----------
    a, b
        Prepared movements of one kind of sensor, in one band.
    count
        At most this many.
    shortest_s
        Least overlap.
    """
    step = 1 if a.duration_s + b.duration_s < LONG_S else 2
    rate = a.rate_hz / step
    x, y = whitened(a.even[::step], b.even[::step])
    pieces = max(1, round(y.shape[0] / (PIECE_S * rate)))
    edges = np.linspace(0, y.shape[0], pieces + 1).astype(int)
    found: list[list[Place]] = []
    middles_s: list[float] = []
    for first, last in pairwise(edges):
        begin_s = b.start_s + first / rate
        middle_s = begin_s + (last - first) / 2 / rate
        places = _search_piece(x, y[first:last], rate, count, shortest_s)
        found.append(
            [
                Place(
                    offset_s=a.start_s + lag_s - begin_s,
                    evidence=evidence,
                    agreement=agreement,
                    pivot_s=middle_s,
                )
                for lag_s, evidence, agreement in places
            ]
        )
        middles_s.append(middle_s)
    return found[0] if pieces == 1 else _voted(found, middles_s, count)


def _search_piece(
    x: Floats, y: Floats, rate: float, count: int, shortest_s: float
) -> list[tuple[float, float, float]]:
    """Return (lag in seconds of y's first sample from x's, evidence, agreement), best first."""
    n_x, n_y = x.shape[0], y.shape[0]
    least = int(min(shortest_s * rate, 0.9 * min(n_x, n_y)))
    size = fft.next_fast_len(n_x + n_y - 1, real=True)
    spectra_x = [fft.rfft(x[:, i], size) for i in range(3)]
    spectra_y = [np.conj(fft.rfft(y[:, i], size)) for i in range(3)]
    lags = np.arange(-(n_y - least), n_x - least + 1)
    cross = np.empty((3, 3, lags.size), np.float32)
    for i in range(3):
        for j in range(3):
            circular = fft.irfft(spectra_x[i] * spectra_y[j], size)
            cross[i, j] = circular[lags]  # negative lags wrap around
    energy_x = np.concatenate([[0.0], np.cumsum((x.astype(np.float64) ** 2).sum(axis=1))])
    energy_y = np.concatenate([[0.0], np.cumsum((y.astype(np.float64) ** 2).sum(axis=1))])
    start, stop = np.maximum(lags, 0), np.minimum(lags + n_y, n_x)
    energy = (energy_x[stop] - energy_x[start]) * (energy_y[stop - lags] - energy_y[start - lags])
    # What is calm has no energy after the division: it is no part of the overlap.
    least_energy = (0.01 * least) ** 2
    agreement = rotation_strength(cross) / np.sqrt(np.maximum(energy, least_energy))
    moving = np.minimum(np.sqrt(np.maximum(energy, 0.0)), stop - start)
    evidence = evidence_of(agreement, moving * independent_share(x, y, rate))
    return [
        (float(lags[index]) / rate, float(evidence[index]), float(agreement[index]))
        for index in _tops(evidence, count, int(APART_S * rate))
    ]


def _tops(values: Doubles, count: int, apart: int) -> list[int]:
    """Return the indices of the highest values, each the highest within `apart` of it."""
    peaks = np.flatnonzero(values >= ndimage.maximum_filter1d(values, 2 * apart + 1))
    best: list[int] = []
    for index in peaks[np.argsort(-values[peaks], kind="stable")].tolist():
        if all(abs(index - other) > apart for other in best):
            best.append(index)
        if len(best) == count:
            break
    return best


def _voted(found: list[list[Place]], middles_s: list[float], count: int) -> list[Place]:
    """Add up the evidence of pieces that agree to within `MOST_DRIFT`."""
    flat = [(k, place) for k, places in enumerate(found) for place in places]
    voted: list[Place] = []
    for k, seed in sorted(flat, key=lambda item: -item[1].evidence)[: 4 * count]:
        agreeing: list[Place] = []
        for other, places in enumerate(found):
            slack_s = 0.03 + MOST_DRIFT * abs(middles_s[other] - middles_s[k])
            near = [p for p in places if abs(p.offset_s - seed.offset_s) <= slack_s]
            agreeing.extend(sorted(near, key=lambda p: -p.evidence)[:1])
        line = fit_line(
            np.array([p.pivot_s for p in agreeing]),
            np.array([p.offset_s for p in agreeing]),
            0.005 / np.sqrt([max(p.evidence, 0.1) for p in agreeing]),
            slope_prior_std=MOST_DRIFT / 2,
        )
        fits = [p for p in agreeing if abs(p.offset_s - float(line.at(p.pivot_s))) <= 0.03]
        voted.append(
            Place(
                offset_s=line.value,
                slope=line.slope,
                pivot_s=line.pivot,
                evidence=sum(p.evidence for p in fits),
                agreement=seed.agreement,
            )
        )
    voted.sort(key=lambda place: -place.evidence)
    best: list[Place] = []
    middle_s = middles_s[len(middles_s) // 2]
    for place in voted:
        at_s = place.offset_s + place.slope * (middle_s - place.pivot_s)
        if all(
            abs(at_s - other.offset_s - other.slope * (middle_s - other.pivot_s)) > APART_S
            for other in best
        ):
            best.append(place)
    return best[:count]
