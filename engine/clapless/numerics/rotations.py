"""Rotations between two sets of directions.

Conventions
-----------
A rotation R takes vectors of b to the axes of a: ``a = R @ b``. Rows of an array are vectors.

References
----------
Kabsch, Acta Cryst. A32 (1976): the rotation that fits best, out of a singular value decomposition.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def best_rotation(cross: Doubles) -> Doubles:
    """Return the proper rotation R that makes the sum of ``a_i . (R b_i)`` largest.

    Parameters
    ----------
    cross
        Sum of the outer products ``a_i b_i^T``, shape (3, 3).

    Returns
    -------
    rotation
        float64, shape (3, 3), determinant 1.

    Examples
    --------
    >>> turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    >>> b = np.random.default_rng(0).standard_normal((10, 3))
    >>> bool(np.allclose(best_rotation((b @ turn.T).T @ b), turn))
    True
    """
    left, _, right = np.linalg.svd(cross)
    sign = np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0
    return np.asarray((left * np.array([1.0, 1.0, sign])) @ right, np.float64)


def rotation_strength(cross: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the largest sum of ``a_i . (R b_i)`` over proper rotations R, for many products.

    This is the nuclear norm with the sign of the determinant on the smallest singular value: what
    agreement there is, whatever the mounting.

    Parameters
    ----------
    cross
        Sums of outer products, shape (3, 3, n).

    Returns
    -------
    strength
        Same type, shape (n,).

    Notes
    -----
    The singular values come from the invariants of ``C^T C`` in closed form, 30 times faster than a
    decomposition of each. Products of nearly rank one are 1e-4 too large in double precision, 1 %
    in single.
    """
    c = cross
    gram = [[(c[:, i] * c[:, j]).sum(axis=0) for j in range(3)] for i in range(3)]
    p, q, r = gram[0][0], gram[1][1], gram[2][2]
    d, e, f = gram[0][1], gram[0][2], gram[1][2]
    mean = (p + q + r) / 3
    tiny = np.finfo(c.dtype).tiny
    off = d * d + e * e + f * f
    spread = np.sqrt(((p - mean) ** 2 + (q - mean) ** 2 + (r - mean) ** 2 + 2 * off) / 6) + tiny
    p, q, r = (p - mean) / spread, (q - mean) / spread, (r - mean) / spread
    d, e, f = d / spread, e / spread, f / spread
    half = (p * (q * r - f * f) - d * (d * r - f * e) + e * (d * f - q * e)) / 2
    angle = np.arccos(np.clip(half, -1, 1)) / 3
    large = mean + 2 * spread * np.cos(angle)
    small = mean + 2 * spread * np.cos(angle + 2 * np.pi / 3)
    middle = 3 * mean - large - small
    values = [np.sqrt(np.maximum(value, 0)) for value in (large, middle, small)]
    determinant = (
        c[0, 0] * (c[1, 1] * c[2, 2] - c[1, 2] * c[2, 1])
        - c[0, 1] * (c[1, 0] * c[2, 2] - c[1, 2] * c[2, 0])
        + c[0, 2] * (c[1, 0] * c[2, 1] - c[1, 1] * c[2, 0])
    )
    return np.asarray(values[0] + values[1] + np.sign(determinant) * values[2])


def angle_between_deg(one: Doubles, other: Doubles) -> float:
    """Return the angle of the turn from one rotation to another, in degrees, 0 to 180.

    >>> half_turn = np.diag([-1.0, -1.0, 1.0])
    >>> round(angle_between_deg(np.eye(3), half_turn), 6)
    180.0
    """
    trace = float(np.trace(one.T @ other))
    return float(np.degrees(np.arccos(np.clip((trace - 1) / 2, -1.0, 1.0))))


def small_rotation(vector: Doubles) -> Doubles:
    """Return the rotation by a rotation vector in radians (Rodrigues), shape (3, 3).

    >>> turn = small_rotation(np.array([0.0, 0.0, np.pi / 2]))
    >>> (turn @ np.array([1.0, 0.0, 0.0])).round(6).tolist()
    [0.0, 1.0, 0.0]
    """
    angle = float(np.linalg.norm(vector))
    x, y, z = vector / angle if angle > 0 else np.zeros(3)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(
        np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross, np.float64
    )
