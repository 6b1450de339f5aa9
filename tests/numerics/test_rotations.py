"""Rotations between two sensors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from clapless.numerics.rotations import (
    angle_between_deg,
    best_rotation,
    rotation_strength,
    small_rotation,
)


@given(st.integers(0, 2**31), st.integers(3, 40))
def test_the_best_rotation_is_found_again(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    turn = Rotation.random(random_state=seed).as_matrix()
    b = rng.standard_normal((count, 3))
    found = best_rotation((b @ turn.T).T @ b)
    assert angle_between_deg(found, turn) < 1e-3
    assert np.linalg.det(found) == pytest.approx(1.0)


def test_a_mirror_image_is_never_answered() -> None:
    b = np.random.default_rng(1).standard_normal((100, 3))
    found = best_rotation((b * [1, 1, -1]).T @ b)
    assert np.linalg.det(found) == pytest.approx(1.0)


@given(st.integers(0, 2**31))
def test_strength_is_what_the_best_rotation_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    cross = rng.standard_normal((3, 3, 5))
    strength = rotation_strength(cross)
    for k in range(5):
        best = np.trace(best_rotation(cross[:, :, k]).T @ cross[:, :, k])
        assert strength[k] == pytest.approx(best, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_strength_of_products_of_low_rank(rank: int) -> None:
    rng = np.random.default_rng(rank)
    cross = np.zeros((3, 3))
    for _ in range(rank):
        cross += np.outer(rng.standard_normal(3), rng.standard_normal(3))
    expected = np.linalg.svd(cross, compute_uv=False).sum()
    assert rotation_strength(cross[:, :, None])[0] == pytest.approx(expected, rel=1e-3, abs=1e-12)
    single = rotation_strength(cross[:, :, None].astype(np.float32))[0]
    assert single == pytest.approx(expected, rel=0.02, abs=1e-6)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_rotation_vectors_turn_as_scipy_turns(vector: list[float]) -> None:
    turn = np.array(vector)
    np.testing.assert_allclose(
        small_rotation(turn), Rotation.from_rotvec(turn).as_matrix(), atol=1e-9
    )
