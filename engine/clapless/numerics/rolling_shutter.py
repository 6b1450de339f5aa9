"""Which instant a row of a frame shows, and which frame and row show an instant.

Conventions
-----------
``t = drift * t_frame + shift_s + row * time_per_row_s``: t in seconds of the reference's clock,
t_frame the time of a frame in its clip, row from 0 at the top of the stored picture. What a row
shows is the centre of its exposure. With placements, ``drift = 1 / (1 + drift_ppm * 1e-6)`` and
``shift_s = offset_s``, but for sensors that are read bottom first: there the top row comes last,
`time_per_row_s` is negative and `shift_s` is later by the readout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingShutter:
    """The clock of one camera, row by row; see the module's conventions.

    Examples
    --------
    >>> camera = RollingShutter(drift=1.0, shift_s=2.0, time_per_row_s=1e-5, rows=1080)
    >>> camera.time_of(10.0, 500)
    12.005
    >>> camera.position_of(12.005, [9.96, 10.0, 10.04])
    (1, 500.0)
    """

    drift: float
    shift_s: float
    time_per_row_s: float
    rows: int

    @property
    def readout_s(self) -> float:
        """From the first row to the last, not negative."""
        return abs(self.time_per_row_s) * self.rows

    def time_of(self, frame_s: float, row: float) -> float:
        """Return the instant, on the reference's clock, that a row of a frame shows."""
        return round(self.drift * frame_s + self.shift_s + row * self.time_per_row_s, 12)

    def position_of(self, time_s: float, frames_s: ArrayLike) -> tuple[int, float]:
        """Return which frame and row show an instant best.

        Parameters
        ----------
        time_s
            On the reference's clock.
        frames_s
            Times of the clip's frames, rising, shape (n,).

        Returns
        -------
        index, row
            Of the frame whose readout holds the instant, with its row; between two readouts the
            nearer end of one of them (row 0 or `rows`).

        Raises
        ------
        ValueError
            There are no frames.
        """
        times_s = np.asarray(frames_s, np.float64)
        if times_s.ndim != 1 or not times_s.size:
            raise ValueError(f"frame times must be a vector of one or more, got {times_s.shape}")
        starts_s = self.drift * times_s + self.shift_s
        ends_s = starts_s + self.rows * self.time_per_row_s
        low_s, high_s = np.minimum(starts_s, ends_s), np.maximum(starts_s, ends_s)
        apart_s = np.maximum(np.maximum(low_s - time_s, time_s - high_s), 0.0)
        index = int(np.argmin(apart_s))
        if self.time_per_row_s == 0:
            return index, 0.0
        row = (time_s - float(starts_s[index])) / self.time_per_row_s
        return index, round(float(np.clip(row, 0, self.rows)), 6)


def nearest_frames(
    reference: RollingShutter,
    reference_s: Sequence[float] | Doubles,
    camera: RollingShutter,
    frames_s: Sequence[float] | Doubles,
    *,
    most_error_s: float | None = None,
) -> tuple[NDArray[np.int64], Doubles]:
    """Return for each frame of the reference the nearest of another camera, and its sync error.

    Parameters
    ----------
    reference, camera
        Clocks of both.
    reference_s, frames_s
        Times of their frames in their own clips, rising.
    most_error_s
        A frame farther off than this is none: -1 (the camera dropped it, or did not run). Half the
        camera's usual frame interval by default.

    Returns
    -------
    indices
        int64, shape (n,), -1 for none.
    errors_s
        Middle row of the camera's frame minus middle row of the reference's, float64, shape (n,);
        NaN for none.

    Examples
    --------
    >>> one = RollingShutter(drift=1.0, shift_s=0.0, time_per_row_s=0.0, rows=1080)
    >>> two = RollingShutter(drift=1.0, shift_s=0.01, time_per_row_s=0.0, rows=1080)
    >>> indices, errors_s = nearest_frames(one, [0.0, 0.04, 0.08], two, [0.0, 0.04])
    >>> indices.tolist(), errors_s.round(3).tolist()
    ([0, 1, -1], [0.01, 0.01, nan])
    """
    wanted_s = _middles(reference, reference_s)
    there_s = _middles(camera, frames_s)
    if not there_s.size:
        return np.full(wanted_s.size, -1, np.int64), np.full(wanted_s.size, np.nan)
    if most_error_s is None:
        most_error_s = float(np.median(np.diff(there_s))) / 2 if there_s.size > 1 else 0.02
    right = np.clip(np.searchsorted(there_s, wanted_s), 1, max(there_s.size - 1, 1))
    left = right - 1
    right = np.minimum(right, there_s.size - 1)
    nearer = np.where(wanted_s - there_s[left] <= there_s[right] - wanted_s, left, right)
    errors_s = there_s[nearer] - wanted_s
    close = np.abs(errors_s) <= most_error_s * (1 + 1e-9)
    return np.where(close, nearer, -1), np.where(close, errors_s, np.nan)


def _middles(camera: RollingShutter, frames_s: Sequence[float] | Doubles) -> Doubles:
    times_s = np.asarray(frames_s, np.float64)
    return camera.drift * times_s + camera.shift_s + camera.time_per_row_s * camera.rows / 2
