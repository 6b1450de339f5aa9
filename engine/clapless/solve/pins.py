"""The user's word that two clip times are one instant, by pins and by markers of equal name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from clapless.errors import UsageError
from clapless.model import Clip, Marker, Match, Pin, clock_rate
from clapless.solve.edges import FREE_DRIFT_STD_PPM, Edge, Node, Origin
from clapless.solve.forest import Forest

PIN_SIGNAL = "pin"
"""Stands in `Match.signal` and `Placement.signals` where the user placed."""

PIN_STD_S = 0.01
"""A pin is set on a frame: half a frame at 25 frames per second, as a standard deviation."""

LEVER_S = 30.0
"""Pins nearer to each other than this say nothing about drift: a frame over 30 s is 1300 ppm."""

MAX_DRIFT_PPM = 1000.0
"""No clock is so wrong; a rate beyond is a speed by trade or a mistake."""

CONTRADICTION_S = 0.1
"""Pins of one pair may miss a common line by two to three frames."""

_NO_NAME = re.compile(r"^\W*(marker|markierung|marqueur|marcador|untitled)?\W*\d*\W*$", re.I)
"""Names that editors give by themselves; two of them being equal says nothing."""


def marker_pins(markers: Iterable[Marker]) -> tuple[Pin, ...]:
    """Return a pin for each name that stands exactly once on each of two or more clips.

    >>> two = [Marker(id="m1", name="clap", time_s=12.0, clip="c1"),
    ...        Marker(id="m2", name="Clap", time_s=0.5, clip="c2")]
    >>> marker_pins(two)
    (Pin(a='c1', a_s=12.0, b='c2', b_s=0.5, extra={}),)
    """
    named: dict[str, dict[str, list[Marker]]] = {}
    for marker in markers:
        name = marker.name.strip().casefold()
        if marker.clip is not None and not _NO_NAME.match(name):
            named.setdefault(name, {}).setdefault(marker.clip, []).append(marker)
    pins = []
    for _, hosts in sorted(named.items()):
        single = sorted((clip, held[0]) for clip, held in hosts.items() if len(held) == 1)
        for (a, first), (b, second) in zip(single[:1] * len(single), single[1:], strict=False):
            pins.append(Pin(a=a, a_s=first.time_s, b=b, b_s=second.time_s))
    return tuple(pins)


def pin_edges(
    pins: Sequence[Pin],
    clips: Mapping[str, Clip],
    nodes: Mapping[str, Sequence[Node]],
    *,
    speeds: Sequence[Fraction],
) -> list[Edge]:
    """Return one edge per pinned pair of nodes.

    One pin fixes the offset, two or more that are `LEVER_S` apart the drift too, or a speed by
    trade where they lie so far off that no clock explains it.

    Parameters
    ----------
    pins
        By clip id.
    clips, nodes
        By clip id; a clip that jumps has several nodes.
    speeds
        Speeds by trade that are believed.

    Raises
    ------
    UsageError
        Pins contradict each other, or name one clip twice.
    """
    pairs: dict[tuple[str, str], list[tuple[float, float, Pin]]] = {}
    for pin in pins:
        if pin.a == pin.b:
            raise UsageError(f"A pin needs two clips, but both ends lie in {clips[pin.a].name}.")
        a = _node_at(nodes[pin.a], pin.a_s)
        b = _node_at(nodes[pin.b], pin.b_s)
        if a <= b:
            pairs.setdefault((a, b), []).append((pin.a_s, pin.b_s, pin))
        else:
            pairs.setdefault((b, a), []).append((pin.b_s, pin.a_s, pin))
    edges = []
    for (a, b), held in sorted(pairs.items()):
        held.sort(key=lambda h: (h[1], h[0]))
        times = np.array([(a_s, b_s) for a_s, b_s, _ in held])
        relation = _line(a, b, times, speeds)
        misses = np.abs([relation.to_a(b_s) - a_s for a_s, b_s in times])
        if misses.max() > CONTRADICTION_S:
            raise UsageError(_contradiction([pin for _, _, pin in held], clips))
        edges.append(Edge(relation=relation, match=-1, origin=Origin.PINNED))
    _check_loops(edges, nodes, pairs, clips)
    return edges


def _node_at(nodes: Sequence[Node], time_s: float) -> str:
    """Return the stretch that holds a clip time, the nearest where none does."""
    return min(nodes, key=lambda n: (max(n.start_s - time_s, time_s - n.end_s, 0.0), n.id)).id


def _line(a: str, b: str, times: np.ndarray, speeds: Sequence[Fraction]) -> Match:
    a_s, b_s = times[:, 0], times[:, 1]
    pivot_s = float(b_s.mean())
    lever_s = float(np.ptp(b_s))
    speed, drift_ppm, drift_std_ppm = Fraction(1), 0.0, FREE_DRIFT_STD_PPM
    if lever_s >= LEVER_S:
        slope = float(np.polyfit(b_s - pivot_s, a_s - a_s.mean(), 1)[0])
        if slope > 0.0:
            speed = min((Fraction(1), *speeds), key=lambda s: (abs(slope * float(s) - 1.0), s != 1))
            found_ppm = (1.0 / (slope * float(speed)) - 1.0) * 1e6
            if abs(found_ppm) <= MAX_DRIFT_PPM:
                drift_ppm = found_ppm
                drift_std_ppm = PIN_STD_S * 2.0**0.5 / lever_s * 1e6
            else:
                speed = Fraction(1)
    offset_s = float(a_s.mean()) - pivot_s / clock_rate(speed, drift_ppm)
    return Match(
        a=a,
        b=b,
        signal=PIN_SIGNAL,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        speed=speed,
        offset_std_s=PIN_STD_S,
        drift_std_ppm=drift_std_ppm,
        pivot_s=pivot_s,
        confidence=1.0,
        spans_s=((float(b_s.min()), float(b_s.max())),),
    )


def _check_loops(
    edges: Sequence[Edge],
    nodes: Mapping[str, Sequence[Node]],
    pairs: Mapping[tuple[str, str], Sequence[tuple[float, float, Pin]]],
    clips: Mapping[str, Clip],
) -> None:
    """Refuse pins that contradict each other over three clips or more."""
    forest = Forest(node for held in nodes.values() for node in held)
    for edge in edges:
        if forest.root(edge.a) != forest.root(edge.b):
            forest.join(edge)
            continue
        predicted = forest.predict(edge.a, edge.b)
        pivot_s = edge.relation.pivot_s
        if predicted is not None:
            way = forest.path(edge.a, edge.b)
            miss_s = abs(predicted[0].to_a(pivot_s) - edge.relation.to_a(pivot_s))
            if miss_s > CONTRADICTION_S * (1 + len(way)):
                around = [edge, *(step for _, step in way)]
                raise UsageError(_contradiction([pairs[e.a, e.b][0][2] for e in around], clips))


def _contradiction(pins: Sequence[Pin], clips: Mapping[str, Clip]) -> str:
    said = "; ".join(
        f"{clips[p.a].name} at {p.a_s:.3f} s = {clips[p.b].name} at {p.b_s:.3f} s" for p in pins
    )
    return f"These pins contradict each other, take one away: {said}."
