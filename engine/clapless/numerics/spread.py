"""The size of noise, which a few high peaks in it do not change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MEDIAN_OF_NORMAL = 0.6745
"""Median size of normal noise over its standard deviation."""


def noise_std(values: NDArray[np.floating]) -> float:
    """Return the standard deviation that the median size of values about zero implies.

    It is asked of every window that is heard: `numpy.median` takes four times as long.

    Parameters
    ----------
    values
        Shape (n,), n > 0.

    Examples
    --------
    >>> round(noise_std(np.array([1.0, -1.0, 1.0, 1000.0])), 4)
    1.4826
    """
    sizes = np.abs(values)
    middle = len(sizes) // 2
    sizes.partition(middle)
    median = float(sizes[middle])
    if len(sizes) % 2 == 0:
        median = 0.5 * (median + float(sizes[:middle].max()))
    return median / MEDIAN_OF_NORMAL
