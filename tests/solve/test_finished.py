from __future__ import annotations

import random

import pytest

from clapless.model import Pin
from clapless.solve import solve
from tests.solve.worlds import World, place


def world() -> World:
    made = World()
    for event in (0, 1):
        base = 10_000.0 * event
        made.add(f"R{event}", base, 600.0, device="R", event=event, audio=True)
        made.add(f"A{event}", base + 20.0, 200.0, device="A", ppm=25.0, event=event)
        made.add(f"B{event}", base + 150.0, 30.0, device="A2", ppm=-10.0, event=event)
    return made


def test_finished_placements_stay_to_the_bit_and_new_clips_join():
    made = world()
    noise = random.Random(2)
    old = [c for c in made.clips if not c.id.startswith("B")]
    devices = list(made.devices.values())
    first = solve(old, devices, [made.measure(f"R{e}", f"A{e}", noise=noise) for e in (0, 1)], [])
    new = [made.measure(f"A{e}", f"B{e}", noise=noise, offset_std_s=1e-3) for e in (0, 1)]
    second = solve(made.clips, devices, new, [], finished=first.groups)
    assert [g.id for g in second.groups] == [g.id for g in first.groups]
    for one, two in zip(first.groups, second.groups, strict=True):
        held = {p.clip: p for p in two.placements}
        assert all(held[p.clip] == p for p in one.placements)
        assert len(two.placements) == 3
    assert made.wrong(second, 0.005) == []


def test_a_clip_that_fits_two_finished_groups_joins_them_not():
    made = world()
    devices = list(made.devices.values())
    first = solve(made.clips, devices, [made.measure(f"R{e}", f"A{e}") for e in (0, 1)], [])
    bridge = [
        made.measure("R0", "B0", confidence=0.99),
        made.measure("R1", "B0", confidence=0.7, shift_s=9_000.0),
    ]
    second = solve(made.clips, devices, bridge, [], finished=first.groups)
    assert len(second.groups) == 2
    assert made.wrong(second) == []
    assert [m.accepted for m in second.matches] == [True, False]


def test_a_new_pin_moves_a_finished_placement():
    made = world()
    devices = list(made.devices.values())
    first = solve(made.clips, devices, [made.measure("R0", "A0")], [])
    pin = Pin(a="R0", a_s=33.0, b="A0", b_s=10.0)
    second = solve(made.clips, devices, [], [], finished=first.groups, pins=[pin])
    placed = place(second, "A0")
    assert placed.status == "manual"
    assert placed.to_group(10.0) == pytest.approx(33.0, abs=1e-4)
