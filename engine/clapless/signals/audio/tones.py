"""Tones that never change, and windows without them.

Mains hum fits itself at every turn of its period, in any two recordings, and every window agrees:
it says nothing of time. What tells it from a held note is that it sounds in all windows alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, percentile_filter

from clapless.numerics.gcc import Floats, Stack
from clapless.signals.audio.windows import PLAN, Heard, curves_of, heard_of

STANDING_OUT = 8.0
"""A steady tone has so many times the power of what is loud beside it, in the middle one of all
windows: noise does not come near."""

NEIGHBOURHOOD_HZ = 60.0
"""Wide enough to look past a tone and narrow enough to follow a filter."""

LOUD_PERCENT = 80
"""What is loud beside a tone: a tone and its skirts fill a tenth of the neighbourhood; the comb
that strokes at equal distances leave fills most of it and is no tone."""

SKIRT_BINS = 4
"""Bins beside a tone that a Hann window still lets it into."""

LEAST_WINDOWS = 4
"""Windows it takes to call a tone steady."""


def steady_tones(powers: Sequence[Floats]) -> NDArray[np.bool_]:
    """Return which bins hold a tone that sounds in most windows.

    Parameters
    ----------
    powers
        Power spectra of one recording's windows, each float32 of shape (bins,).

    Returns
    -------
    numpy.ndarray
        bool, shape (bins,).
    """
    # Sorting all at once takes a fifth of what `numpy.median` does across rows.
    order = np.sort(np.stack(powers), axis=0)
    half = len(order) // 2
    usual = order[half] if len(order) % 2 else (order[half - 1] + order[half]) / 2
    width = 2 * round(NEIGHBOURHOOD_HZ * PLAN.size / PLAN.rate_hz / 2) + 1
    around = percentile_filter(usual, LOUD_PERCENT, size=width, mode="nearest")
    return np.asarray(binary_dilation(usual > STANDING_OUT * around, iterations=SKIRT_BINS))


def without_tones(heard: Sequence[Heard]) -> list[Heard] | None:
    """Return windows without the steady tones of either recording, None where there are none."""
    if len(heard) < LEAST_WINDOWS:
        return None
    tones = steady_tones([window.stack.power_a for window in heard])
    tones |= steady_tones([window.stack.power_b for window in heard])
    if not tones.any():
        return None
    left = [_without(window.stack, tones) for window in heard]
    return [
        heard_of(window.time_s, window.length_s, stacked, curve)
        for window, stacked, curve in zip(heard, left, curves_of(left), strict=True)
    ]


def _without(stacked: Stack, tones: NDArray[np.bool_]) -> Stack:
    return Stack(
        cross=np.where(tones, np.complex64(0), stacked.cross),
        power_a=np.where(tones, np.float32(0), stacked.power_a),
        power_b=np.where(tones, np.float32(0), stacked.power_b),
        blocks=stacked.blocks,
    )
