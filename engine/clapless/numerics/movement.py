"""Three axes of movement on an even grid, ready to be compared whatever way they were mounted.

Conventions
-----------
Movement is divided by its own strength over a second, so that one jolt does not outweigh a minute
of riding; the strength of three axes together does not depend on mounting.

*Evidence* is ``-n / 2 * ln(1 - r^2)`` in nats: r is the agreement (0 to 1), n the number of
independent values there are (Bartlett), which counts what the movements repeat only once: steady
shaking gives many seconds, but little evidence.

References
----------
M. S. Bartlett, "Some aspects of the time-correlation problem", J. R. Stat. Soc. 98 (1935).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

if TYPE_CHECKING:
    # Both take half a second to load: only what has sensors to compare waits for them.
    from scipy.interpolate import CubicSpline

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]

RATE_HZ = 200.0
"""Samples per second of movement as it is kept: what every camera's sensors give at least."""

SLOWEST_HZ = 0.3
"""Slower changes are bias and gravity, and too few to prove anything."""

SWAY_HZ = 20.0
"""Upper edge of what hands, bodies and vehicles do, and what two places of a body that is not quite
rigid have in common."""

TREMOR_HZ = 90.0
"""Upper edge with the tremor of motors and handlebars, in common only where the cameras sit on one
hard frame. Three seconds of a hovering drone have 2 nats of evidence up to 20 Hz, 18 up to here."""

STRENGTH_S = 1.0
"""Movement is divided by its own strength over this long."""

WHITENING = 0.8
"""Exponent of the whitening."""

WHITENING_FLOOR = 0.03
"""Share of the mean power below which no frequency is lifted."""

GAP_S = 0.2
"""Samples farther apart than this have a gap between them."""

REACH_S = 10.0
"""Seconds over which a movement may repeat itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Three axes on an even grid.

    Parameters
    ----------
    start_s
        Time of the first sample, in the clip's time.
    values
        Shape (n, 3), in the sensor's unit; NaN where nothing was recorded.
    rate_hz
        Samples per second.
    """

    start_s: float
    values: NDArray[np.floating]
    rate_hz: float = RATE_HZ

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.values.shape[0] / self.rate_hz)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A movement ready to be matched, in one band.

    Parameters
    ----------
    start_s
        Time of the first sample.
    rate_hz
        Samples per second: five times the band's upper edge at most.
    fastest_hz
        Upper edge of the band.
    raw
        The movement about its mean, float64, shape (n, 3), gaps bridged.
    missing
        Where the gaps are, shape (n,).
    even
        Band-passed, divided by its strength, float32, shape (n, 3), zero where nothing moves.
    lively
        Share of the time in which it moves clearly more than the sensor's noise.
    floor
        Strength that is added before anything is divided by it, in the sensor's unit.
    """

    start_s: float
    rate_hz: float
    fastest_hz: float
    raw: Doubles
    missing: NDArray[np.bool_]
    even: Floats
    lively: float
    floor: float
    _curve: list[CubicSpline] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.raw.shape[0] / self.rate_hz)

    def between(self, after_s: Doubles) -> Doubles:
        """Return `raw` at times after the first sample, in seconds, shape (n, 3)."""
        from scipy.interpolate import CubicSpline

        if not self._curve:
            times_s = np.arange(self.raw.shape[0]) / self.rate_hz
            self._curve.append(CubicSpline(times_s, self.raw))
        return np.asarray(self._curve[0](after_s), np.float64)


def on_grid(times_s: Doubles, values: Doubles, *, rate_hz: float = RATE_HZ) -> Movement:
    """Bring samples to an even grid.

    Parameters
    ----------
    times_s
        Rising, shape (n,).
    values
        Shape (n, 3).
    rate_hz
        Rate of the grid. What lies above half of it is taken out first.

    Returns
    -------
    Movement
        Gaps of more than `GAP_S` are NaN.
    """
    from scipy.interpolate import CubicSpline

    fine = max(1, round((times_s.size - 1) / max(times_s[-1] - times_s[0], 1e-9) / rate_hz))
    step_s = 1.0 / (rate_hz * fine)
    count = int((times_s[-1] - times_s[0]) / step_s) + 1
    grid_s = times_s[0] + np.arange(count) * step_s
    gaps = np.flatnonzero(np.diff(times_s) > GAP_S)
    dense = CubicSpline(times_s, values)(grid_s)
    for index in gaps:
        # A cubic swings out in a gap.
        first, last = np.searchsorted(grid_s, times_s[index : index + 2])
        for axis in range(3):
            dense[first:last, axis] = np.interp(
                grid_s[first:last], times_s[index : index + 2], values[index : index + 2, axis]
            )
    if fine > 1:
        dense = _thinned(dense, fine)
    out = np.asarray(dense, np.float64)
    for index in gaps:
        first = int(np.ceil((times_s[index] - times_s[0]) * rate_hz))
        last = int((times_s[index + 1] - times_s[0]) * rate_hz)
        out[first + 1 : last] = np.nan
    return Movement(start_s=float(times_s[0]), values=out, rate_hz=rate_hz)


def _thinned(values: Doubles, step: int) -> Doubles:
    """Keep every step-th sample of what lies below half the new rate; no delay."""
    from scipy import signal

    return np.asarray(
        signal.resample_poly(values, 1, step, axis=0, window=("kaiser", 8.0), padtype="line")
    )


def prepare(movement: Movement, *, noise: float, fastest_hz: float = SWAY_HZ) -> Prepared:
    """Return a movement ready to be matched.

    Parameters
    ----------
    movement
        At least 1 s long.
    noise
        Root mean square of the sensor's own noise over all axes up to `SWAY_HZ`, in its unit.
    fastest_hz
        Upper edge of the band.
    """
    raw, missing = _without_gaps(movement.values)
    step = max(1, int(movement.rate_hz / (5 * fastest_hz)))
    if step > 1:
        raw, missing = _thinned(raw, step), missing[::step]
    rate_hz = movement.rate_hz / step
    noise *= float(np.sqrt(fastest_hz / SWAY_HZ))
    band = band_passed(raw, rate_hz, fastest_hz)
    band[missing] = 0.0
    strength = strength_of(band, rate_hz)
    floor = 2 * noise
    return Prepared(
        start_s=movement.start_s,
        rate_hz=rate_hz,
        fastest_hz=fastest_hz,
        raw=raw,
        missing=missing,
        even=(band / np.hypot(strength, floor)[:, None]).astype(np.float32),
        lively=float(np.mean(strength > 3 * noise)),
        floor=floor,
    )


def _without_gaps(values: NDArray[np.floating]) -> tuple[Doubles, NDArray[np.bool_]]:
    """Return values about their mean with gaps bridged by lines, and where the gaps are."""
    raw = values.astype(np.float64)
    missing = ~np.isfinite(raw).all(axis=1)
    if missing.any() and not missing.all():
        known = np.flatnonzero(~missing)
        for axis in range(3):
            raw[missing, axis] = np.interp(np.flatnonzero(missing), known, raw[known, axis])
    return raw - raw.mean(axis=0), np.asarray(missing)


@lru_cache(maxsize=16)
def _band_pass(rate_hz: float, fastest_hz: float) -> Doubles:
    from scipy import signal

    sections = signal.butter(2, [SLOWEST_HZ, fastest_hz], "bandpass", fs=rate_hz, output="sos")
    return np.asarray(sections, np.float64)


def band_passed(values: Doubles, rate_hz: float, fastest_hz: float) -> Doubles:
    """Return movement between `SLOWEST_HZ` and an upper edge, without delay, shape (n, 3)."""
    from scipy import signal

    sections = _band_pass(rate_hz, fastest_hz)
    pad = min(int(3 * rate_hz), values.shape[0] - 1)
    return np.asarray(signal.sosfiltfilt(sections, values, axis=0, padlen=pad), np.float64)


def strength_of(band: Doubles, rate_hz: float) -> Doubles:
    """Return the root mean square of all axes over `STRENGTH_S` around each sample, shape (n,)."""
    power = ndimage.uniform_filter1d(
        (band**2).sum(axis=1), max(3, int(STRENGTH_S * rate_hz)), mode="nearest"
    )
    return np.sqrt(np.maximum(power, 0.0))


def whitened(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return both with the frequencies that rule them held down, by one filter for both.

    Sway and gait are strong and slow: without this they would hide the tremor above them, which is
    weaker and tells moments apart.
    """
    from scipy import signal

    segment = min(512, a.shape[0], b.shape[0])
    power = np.zeros(segment // 2 + 1)
    for values in (a, b):
        _, density = signal.welch(values, nperseg=segment, axis=0, detrend=False)
        total = density.sum(axis=1)
        power += total / max(float(total.sum()), 1e-30)
    power += WHITENING_FLOOR * power.mean()
    gain = (power / power.mean()) ** (-WHITENING / 2)
    out = []
    for values in (a, b):
        size = fft.next_fast_len(values.shape[0] + segment, real=True)
        bins = np.linspace(0.0, 1.0, size // 2 + 1)
        shape = np.interp(bins, np.linspace(0.0, 1.0, gain.size), gain).astype(np.float32)
        spectrum = fft.rfft(values, size, axis=0) * shape[:, None]
        out.append(np.asarray(fft.irfft(spectrum, size, axis=0)[: values.shape[0]], np.float32))
    return out[0], out[1]


def independent_share(a: Floats, b: Floats, rate_hz: float) -> float:
    """Return the independent values per sample that agreement of a and b is worth (Bartlett)."""
    longest = max(a.shape[0], b.shape[0])
    size = fft.next_fast_len(2 * longest, real=True)
    reach = min(longest, int(REACH_S * rate_hz))
    rows = []
    for values in (a, b):
        spectrum = fft.rfft(values, size, axis=0)
        power = (spectrum.real**2 + spectrum.imag**2).sum(axis=1)
        rho = fft.irfft(power, size)[:reach]
        # Autocorrelation at long lags is an estimate itself: unbiased, it would be noise.
        rows.append(rho / max(float(rho[0]), 1e-12))
    both = rows[0] * rows[1]
    return float(1.0 / max(1.0, both[0] + 2 * both[1:].sum()))


def evidence_of(agreement: NDArray[np.floating], count: NDArray[np.floating] | float) -> Doubles:
    """Return evidence in nats of agreement over a number of independent values."""
    square = np.clip(np.asarray(agreement, np.float64), 0.0, 0.999999) ** 2
    return np.asarray(-0.5 * count * np.log1p(-square))
