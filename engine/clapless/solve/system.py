"""Rows of a sparse weighted linear system, and its normal equations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor


@dataclass(frozen=True, slots=True)
class Rows:
    """The linear system: ``matrix @ step = residual``, each row with its standard deviation."""

    matrix: sparse.csr_array
    residual: NDArray[np.float64]
    std: NDArray[np.float64]
    robust: NDArray[np.bool_]
    frame: NDArray[np.int64]

    def normal(
        self, scale: NDArray[np.float64], size: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the normal equations: matrix (size, size) and right side (size,)."""
        scaled = self.matrix.multiply(scale[:, None]).tocsr()
        normal = np.asarray((scaled.T @ scaled).toarray(), dtype=np.float64)
        right = np.asarray(scaled.T @ (self.residual * scale), dtype=np.float64)
        return normal.reshape(size, size), right

    def inflation(self, frame: int, unknown: int, weights: NDArray[np.float64]) -> float:
        """Return by how much a group's error bars fall short of its own residuals, at least 1."""
        mine = (self.frame == frame) & self.robust
        freedom = int(np.count_nonzero(mine)) - unknown
        if freedom <= 0:
            return 1.0
        chi2 = float(np.sum(weights[mine] * (self.residual[mine] / self.std[mine]) ** 2))
        return max(1.0, math.sqrt(chi2 / freedom))


class RowList:
    """Collects rows."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, float]] = []
        self._residual: list[float] = []
        self._std: list[float] = []
        self._robust: list[bool] = []
        self._frame: list[int] = []

    def add(
        self,
        entries: Sequence[tuple[int, float]],
        residual: float,
        std: float,
        *,
        robust: bool,
        frame: int,
    ) -> None:
        """Add the row ``sum(value * step[column]) = residual``, with its standard deviation."""
        row = len(self._residual)
        self._entries += [(row, column, value) for column, value in entries]
        self._residual.append(residual)
        self._std.append(std)
        self._robust.append(robust)
        self._frame.append(frame)

    def finished(self, columns: int) -> Rows:
        """Return the rows as one system with so many unknowns."""
        table = np.array(self._entries, dtype=np.float64).reshape(-1, 3)
        matrix = sparse.csr_array(
            (table[:, 2], (table[:, 0].astype(np.int64), table[:, 1].astype(np.int64))),
            shape=(len(self._residual), columns),
        )
        return Rows(
            matrix,
            np.array(self._residual),
            np.array(self._std),
            np.array(self._robust, dtype=np.bool_),
            np.array(self._frame, dtype=np.int64),
        )


def factor(
    normal: NDArray[np.float64],
) -> tuple[tuple[NDArray[np.float64], bool], NDArray[np.float64]]:
    """Return the Cholesky factor of the equilibrated matrix, and the scales that equilibrate it.

    Seconds and ppm differ by a million: without the scales the factor would lose all digits.
    """
    equal = 1.0 / np.sqrt(np.diag(normal))
    return cho_factor(equal[:, None] * normal * equal), equal
