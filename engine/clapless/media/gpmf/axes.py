"""Which way the axes of a camera's sensors point.

Conventions
-----------
Camera axes are GoPro's: X, Y and Z form a right-handed system that is the same for every model,
whatever order the channels are stored in. ORIN says which axis each stored channel is: a capital
letter for the axis, a small one for its opposite. ORIO says the same of what MTRX makes of them.
Models that write neither have a fixed order.

References
----------
gpmf-parser's README, "IMU Orientation" and the tables per model; checked with MTRX, ORIN and ORIO
of real HERO6, HERO7 and HERO8 files, where all three agree and every order is a proper rotation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clapless.media.gpmf.klv import GpmfError

ORIENTED = frozenset({"ACCL", "GYRO", "MAGN"})
"""Streams whose channels are turned to camera axes."""

FIXED_ORDERS: tuple[tuple[str, str], ...] = (
    ("FUSION", "yXZ"),
    ("HERO6", "YxZ"),
    ("HERO7", "YxZ"),
    ("HERO5", "ZXY"),
    ("CAMERA", "ZXY"),
)
"""Beginning of a device's name in capitals, and the order it stores without saying so. HERO5 names
itself Camera."""

NAMES = ("X", "Y", "Z")


def axis_matrix(order: str) -> NDArray[np.float64]:
    """Return the matrix that takes stored channels to X, Y, Z.

    Parameters
    ----------
    order
        Three letters, ORIN's or ORIO's.

    Returns
    -------
    matrix
        float64, shape (3, 3); row = camera axis, column = channel.

    Raises
    ------
    GpmfError
        It is no order of three axes.

    Examples
    --------
    >>> axis_matrix("YxZ") @ np.array([1.0, 2.0, 3.0])
    array([-2.,  1.,  3.])
    """
    if sorted(order.upper()) != ["X", "Y", "Z"]:
        raise GpmfError(f"has an order of axes {order!r} that is none")
    matrix = np.zeros((3, 3))
    for channel, letter in enumerate(order):
        matrix["XYZ".index(letter.upper()), channel] = 1.0 if letter.isupper() else -1.0
    return matrix


def camera_matrix(
    device: str, order_in: str, order_out: str, mixed: tuple[float, ...]
) -> NDArray[np.float64] | None:
    """Return the matrix from stored channels to camera axes, or None where nothing says it.

    Parameters
    ----------
    device
        Name of the device.
    order_in, order_out
        ORIN and ORIO, empty where absent.
    mixed
        MTRX, nine numbers by rows, empty where absent.
    """
    if order_in:
        return axis_matrix(order_in)
    if order_out and len(mixed) == 9:
        return axis_matrix(order_out) @ np.array(mixed, np.float64).reshape(3, 3)
    name = device.upper().replace("GOPRO", "").strip()
    for start, order in FIXED_ORDERS:
        if name.startswith(start):
            return axis_matrix(order)
    return None
