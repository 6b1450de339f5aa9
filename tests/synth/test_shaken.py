"""The shaken camera shows what its rates say, row by row, and has depth."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from clapless.numerics.shake_track import WIDTH, PointTracker
from clapless.synth.shaken import ShakenCamera, Turning, shaken_pictures

SIZE = (320, 180)
FIELD_DEG = 70.0
FOCAL_PX = SIZE[0] / 2 / np.tan(np.radians(FIELD_DEG) / 2)


def turning(rates: NDArray[np.float64]) -> Turning:
    return Turning(times_s=np.arange(rates.shape[0]) / 200.0, rates=rates, seed=3)


def moves(body: Turning, **changes: object) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return rows (from the middle, in pixels) and moves of points between the first two frames."""
    camera = ShakenCamera(
        frame_rate=Fraction(25),
        size=SIZE,
        field_deg=FIELD_DEG,
        exposure_s=0.001,
        noise=0.0,
        mover=False,
        offset_s=0.5,
        **changes,  # type: ignore[arg-type]
    )
    tracker = PointTracker()
    first, second = shaken_pictures(camera, body, 2)
    tracker.add(first)
    found = tracker.add(second)
    assert found is not None
    assert found.moves.shape[0] > 60
    return found.middles * WIDTH, found.moves * WIDTH


def test_orientation_is_the_integral_of_the_rates() -> None:
    rng = np.random.default_rng(1)
    body = turning(rng.standard_normal((100, 3)))
    true = Rotation.identity()
    for before, after in zip(body.rates[:-1], body.rates[1:], strict=True):
        true = true * Rotation.from_rotvec((before + after) / 2 / 200)
    found = body.pose(np.array([body.times_s[-1], 9.0]))
    assert (true.inv() * found).magnitude() == pytest.approx([0.0, 0.0], abs=1e-9)


def test_a_turn_to_the_right_moves_the_picture_to_the_left() -> None:
    # About the axis that points down: 0.5 rad/s are 0.02 rad in a frame.
    body = turning(np.tile([0.0, 0.5, 0.0], (400, 1)))
    at, moved = moves(body, readout_s=0.0)
    centre = np.abs(at[:, 0]) < 40
    # The camera sways as well: what it sees from the side moves by a few tenths of a pixel.
    assert np.median(moved[centre, 0]) == pytest.approx(-0.02 * FOCAL_PX, abs=1.0)


def test_rows_are_read_one_after_the_other() -> None:
    # It turns ever faster to the right: from one row to the last by 20 rad/s^2 * 20 ms, for 40 ms.
    speed = 20.0 * (np.arange(400) / 200.0 - 0.53)
    body = turning(np.stack([0 * speed, speed, 0 * speed], axis=1))
    slopes = []
    for upside_down in (False, True):
        at, moved = moves(body, readout_s=0.02, upside_down=upside_down)
        slopes.append(np.polyfit(at[:, 1] / SIZE[1], moved[:, 0], 1)[0])
    # What sways has the same part in both.
    assert slopes[0] - slopes[1] == pytest.approx(-2 * 20.0 * 0.02 * 0.04 * FOCAL_PX, rel=0.15)


def test_near_things_move_otherwise_than_far_ones() -> None:
    still = turning(np.zeros((400, 3)))
    _, moved = moves(still, readout_s=0.0)
    lengths = np.hypot(*moved.T)
    assert np.percentile(lengths, 95) > 2 * np.percentile(lengths, 30)
