"""How well two turnings agree by their energy: strong moments count, rest does not.

`motion_fit` divides movement by its own strength, so that one jolt does not outweigh a minute of
riding. A camera that rests and turns once has nothing but that jolt: here it counts.
"""

from __future__ import annotations

import numpy as np

from clapless.numerics.lines import Line
from clapless.numerics.movement import Prepared, band_passed
from clapless.numerics.rotations import rotation_strength


def energy_agreement(a: Prepared, b: Prepared, line: Line) -> float:
    """Return how much of both turnings the best rotation explains at a place, 0 to 1.

    Parameters
    ----------
    a, b
        Prepared in one band.
    line
        ``t_a = t_b + line.at(t_b)``.
    """
    times_s = b.start_s + np.arange(b.raw.shape[0]) / b.rate_hz
    inner_s = times_s + np.asarray(line.at(times_s)) - a.start_s
    inside = (inner_s >= 0) & (inner_s <= (a.raw.shape[0] - 1) / a.rate_hz)
    if inside.sum() < b.rate_hz:
        return 0.0
    # Both are filtered after they were cut to what they share, so that their ends are alike.
    one = band_passed(a.between(inner_s[inside]), b.rate_hz, b.fastest_hz)
    other = band_passed(b.raw[inside], b.rate_hz, b.fastest_hz)
    gap = b.missing[inside] | a.missing[np.rint(inner_s[inside] * a.rate_hz).astype(int)]
    one[gap] = 0.0
    other[gap] = 0.0
    energy = float((one**2).sum() * (other**2).sum())
    strength = float(rotation_strength((one.T @ other)[:, :, None])[0])
    return strength / max(float(np.sqrt(energy)), 1e-30)
