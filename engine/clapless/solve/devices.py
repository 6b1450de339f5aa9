"""Devices that prove to be two, and the clock rates of all."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clapless.model import Clip, Device
from clapless.solve.doubts import Overlap
from clapless.solve.order import shooting_order

_PREFIX = re.compile(r"^\D*")


@dataclass(frozen=True, slots=True)
class Split:
    """Clips and devices after devices were split.

    Parameters
    ----------
    clips, devices
        All of them, with the new ids.
    notes
        A sentence per split.
    """

    clips: tuple[Clip, ...]
    devices: tuple[Device, ...]
    notes: tuple[str, ...]


def split_devices(
    clips: Sequence[Clip], devices: Sequence[Device], overlaps: Iterable[tuple[Overlap, str, str]]
) -> Split:
    """Give clips that provably overlap devices of their own.

    The first clips as shot keep the device's name. A clip that overlaps none goes where clips of
    its make, model and naming are.

    Parameters
    ----------
    clips, devices
        All of them.
    overlaps
        A proven overlap, and the ids of the two clips.
    """
    found: dict[str, list[tuple[Overlap, str, str]]] = {}
    for overlap, one, two in overlaps:
        found.setdefault(overlap.device, []).append((overlap, one, two))
    held = {clip.id: clip for clip in clips}
    new_devices: list[Device] = []
    notes = []
    taken = {device.id for device in devices}
    for device in devices:
        new_devices.append(device)
        if device.id not in found:
            continue
        against: dict[str, set[str]] = {}
        for _, one, two in found[device.id]:
            against.setdefault(one, set()).add(two)
            against.setdefault(two, set()).add(one)
        parts = _parts([c for c in clips if c.device == device.id], against)
        for part in parts[1:]:
            number = 2
            while f"{device.id} ({number})" in taken:
                number += 1
            name = f"{device.id} ({number})"
            taken.add(name)
            new_devices.append(dataclasses.replace(device, id=name))
            for clip in part:
                held[clip.id] = dataclasses.replace(clip, device=name)
        overlap, one, two = max(found[device.id], key=lambda o: (o[0].seconds, o[1], o[2]))
        notes.append(
            f"{device.id} is not one device: {held[one].name} and {held[two].name} "
            f"overlap by {overlap.seconds:.1f} s, so it is taken as {len(parts)}."
        )
    return Split(tuple(held[clip.id] for clip in clips), tuple(new_devices), tuple(notes))


def _parts(clips: Sequence[Clip], against: Mapping[str, set[str]]) -> list[list[Clip]]:
    """Colour the clips so that no two that overlap share a part."""
    parts: list[list[Clip]] = []
    ordered = shooting_order(clips)
    ordered.sort(key=lambda clip: clip.id not in against)
    for clip in ordered:
        free = [p for p in parts if not against.get(clip.id, set()) & {c.id for c in p}]
        if free:
            max(free, key=lambda p: sum(_likeness(clip, c) for c in p) / len(p)).append(clip)
        else:
            parts.append([clip])
    first = shooting_order(clips)[0].id
    parts.sort(key=lambda part: first not in {clip.id for clip in part})
    return parts


def _likeness(one: Clip, two: Clip) -> int:
    same = [one.metadata.get(key) == two.metadata.get(key) for key in ("serial", "maker", "model")]
    return (
        4 * all(same)
        + 2 * (one.path.parent == two.path.parent)
        + 2 * (_PREFIX.findall(one.name) == _PREFIX.findall(two.name))
        + ((one.kind, one.width, one.frame_rate) == (two.kind, two.width, two.frame_rate))
    )


def with_rates(
    devices: Iterable[Device], rates: Mapping[str, tuple[float, float]]
) -> tuple[Device, ...]:
    """Return the devices with the clock rates that were solved, ppm."""
    return tuple(
        dataclasses.replace(
            device, drift_ppm=rates[device.id][0], drift_std_ppm=rates[device.id][1]
        )
        if device.id in rates
        else device
        for device in devices
    )
