"""Geometry over ground, and the lag of two ways of one vehicle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.numerics.movement_lag import movement_lag
from clapless.numerics.routes import (
    by_distance,
    by_time,
    distance_m,
    headings,
    project,
    speeds,
)
from clapless.synth.ride import ride


@given(
    lat=st.floats(-80, 80),
    lon=st.floats(-180, 180),
    north_m=st.floats(-5000, 5000),
    east_m=st.floats(-5000, 5000),
)
def test_the_plane_agrees_with_the_sphere_nearby(lat, lon, north_m, east_m):
    other_lat = lat + np.degrees(north_m / 6_371_008.8)
    other_lon = lon + np.degrees(east_m / 6_371_008.8 / np.cos(np.radians(lat)))
    (place,) = project(np.array([other_lat]), np.array([other_lon]), origin=(lat, lon))
    over_sphere = distance_m(lat, lon, other_lat, other_lon)
    assert np.hypot(*place) == pytest.approx(over_sphere, rel=0.008, abs=0.01)


def test_metres_of_wgs_84():
    # Lengths of a degree at 45 degrees: 111131.8 m of latitude, 78846.8 m of longitude.
    north = project(np.array([45.0005]), np.array([7.0]), origin=(44.9995, 7.0))
    assert north[0, 1] == pytest.approx(111.1318, abs=1e-3)
    east = project(np.array([45.0]), np.array([7.001]), origin=(45.0, 7.0))
    assert east[0, 0] == pytest.approx(78.8468, abs=1e-3)


def test_the_date_line_is_crossed_the_short_way():
    east = project(np.array([0.0]), np.array([-179.999]), origin=(0.0, 179.999))
    assert east[0, 0] == pytest.approx(222.6, abs=0.1)


def test_even_times_have_the_right_velocity_and_leave_gaps_open():
    times = np.concatenate([np.arange(0, 20, 0.5), np.arange(40, 60, 0.5)])
    places = np.stack([3.0 * times, -4.0 * times], axis=-1)
    even = by_time(times, places, rate_hz=5.0, smooth_s=0.5, longest_gap_s=3.0)
    assert even is not None
    known = np.isfinite(even.velocity_mps[:, 0])
    assert np.allclose(speeds(even.velocity_mps[known]), 5.0, rtol=2e-3)
    grid = even.start_s + np.arange(len(known)) / even.rate_hz
    assert not known[(grid > 20) & (grid < 40)].any()
    assert known[(grid > 3) & (grid < 17)].all()


def test_even_distances_follow_the_way_and_not_the_stops():
    times = np.arange(0.0, 60.0)
    along = np.where(times < 20, times, np.where(times < 40, 20.0, times - 20.0)) * 5.0
    places = np.stack([along, np.zeros(60)], axis=-1)
    route = by_distance(places, times_s=times, step_m=2.0, smooth_points=0.01)
    assert route is not None
    assert np.allclose(np.diff(route.along_m), 2.0)
    assert np.allclose(route.places_m[:, 0], route.along_m, atol=0.01)
    assert np.allclose(route.heading_rad, np.pi / 2)
    assert np.all(np.diff(route.times_s) > 0)
    assert by_distance(np.zeros((50, 2)) + 0.001 * np.arange(50)[:, None]) is None


def test_headings_turn_clockwise_from_north():
    ways = {0.0: (0, 1), np.pi / 2: (1, 0), np.pi: (0, -1), -np.pi / 2: (-1, 0)}
    for heading, step in ways.items():
        found = headings(np.outer(np.arange(9.0), step))
        assert np.allclose(np.angle(np.exp(1j * (found - heading))), 0, atol=1e-9)


@given(lag=st.floats(-30, 30), seed=st.integers(0, 5))
def test_the_lag_of_one_ride_is_found(lag, seed):
    way = ride(seed, 220.0)
    event = np.arange(40.0, 180.0)
    a = by_time(event, way.at(event), rate_hz=5.0, smooth_s=0.6, longest_gap_s=4.0)
    event_b = np.arange(50.0, 160.0, 0.1)
    b = by_time(event_b - lag, way.at(event_b), rate_hz=5.0, smooth_s=0.6, longest_gap_s=4.0)
    assert a is not None
    assert b is not None
    found = movement_lag(a, b, least_common_s=20.0, widest_m=20.0)
    assert found is not None
    assert found.lag_s == pytest.approx(lag, abs=0.05)
    assert found.misfit < 0.05
    back = movement_lag(b, a, least_common_s=20.0, widest_m=20.0)
    assert back is not None
    assert back.lag_s == pytest.approx(-found.lag_s, abs=1e-6)


def test_ways_that_never_meet_have_no_lag():
    ways = [ride(seed, 200.0) for seed in (1, 2)]
    event = np.arange(0.0, 190.0)
    one, two = (
        by_time(event, way.at(event) + 1000.0 * i, rate_hz=5.0, smooth_s=0.6, longest_gap_s=4.0)
        for i, way in enumerate(ways)
    )
    assert one is not None
    assert two is not None
    assert movement_lag(one, two, least_common_s=20.0, widest_m=20.0) is None
