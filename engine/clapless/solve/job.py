"""One run over the evidence: form groups, find proven overlaps, solve lines, assemble."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clapless.model import (
    SYNCED_CONFIDENCE,
    Clip,
    Device,
    Group,
    Match,
    Pin,
    Placement,
    Refusal,
)
from clapless.solve.assemble import Solved, flagged, placements, predicted
from clapless.solve.delays import corrected, known_delays, measured_delays
from clapless.solve.devices import with_rates
from clapless.solve.doubts import Doubts, Overlap
from clapless.solve.edges import Edge, Node, gap, measured_span
from clapless.solve.groups import Formed, Former
from clapless.solve.jumps import Pieces, take_apart
from clapless.solve.lines import Frame, Lines, LineSolver
from clapless.solve.order import ranks_before, shooting_key
from clapless.solve.pins import pin_edges
from clapless.solve.solution import Solution
from clapless.solve.unplaced import explain


def nodes_of(pieces: Pieces) -> dict[str, Node]:
    """Return all nodes by their ids."""
    return {node.id: node for held in pieces.nodes.values() for node in held}


NAMED_DOUBT = 0.125
"""What is left of the doubt in a clock's label where the user named such signals alone, and so said
that the clocks were set together: seven in eight of wrong labels are of clocks that were not.
Judgement. Where other signals answer too, they and the labels are weighed as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything that was asked, through the repairs."""

    clips: tuple[Clip, ...]
    devices: tuple[Device, ...]
    matches: tuple[Match, ...]
    refusals: tuple[Refusal, ...]
    pins: tuple[Pin, ...]
    named: tuple[str, ...]
    playback: str | None
    finished: tuple[Group, ...]
    late: frozenset[str]
    joint: frozenset[str]
    trusted: frozenset[str]
    distances_m: Mapping[str, float]
    speeds: tuple[Fraction, ...]

    def check_ids(self) -> None:
        """Raise ValueError where something names a clip that was not given."""
        known = {clip.id for clip in self.clips}
        if len(known) != len(self.clips):
            raise ValueError("clip ids must differ from each other")
        ends = {end for match in self.matches for end in (match.a, match.b)}
        ends |= {end for refusal in self.refusals for end in (refusal.a, refusal.b)}
        ends |= {end for pin in self.pins for end in (pin.a, pin.b)}
        if ends - known:
            raise ValueError(f"no clip was given that is called {sorted(ends - known)[0]!r}")

    def _usable(self) -> list[tuple[int, Match]]:
        """Return the matches that may count, with their positions."""
        done = {p.clip for group in self.finished for p in group.placements}
        only_clocks = all(m.ceiling is not None for m in self.matches)
        return [
            (i, self._named(m, alone=only_clocks))
            for i, m in enumerate(self.matches)
            if m.a != m.b
            and not (m.a in done and m.b in done)
            and (self.playback is None or self.playback in (m.a, m.b))
        ]

    def _named(self, match: Match, *, alone: bool) -> Match:
        """Return a match without its ceiling where the user named its signal.

        Where clocks are `alone`, the user's word takes doubt from them too.
        """
        if match.ceiling is None or match.signal not in self.trusted:
            return match
        confidence = match.confidence
        if alone and confidence >= SYNCED_CONFIDENCE:
            confidence = 1 - (1 - confidence) * NAMED_DOUBT
        return dataclasses.replace(match, ceiling=None, confidence=confidence)

    def form(self, barred: frozenset[int]) -> tuple[Pieces, list[Formed]]:
        """Return the nodes, and the groups that all matches but the barred ones hold together."""
        held = {clip.id: clip for clip in self.clips}
        pieces = take_apart(
            self.clips,
            self._usable(),
            finished=self.finished,
            late=self.late,
            joint=self.joint,
            ranks_before=lambda a, b: ranks_before(held[a], held[b], self.named),
        )
        edges = [e for e in pieces.edges if e.given or e.match not in barred]
        edges += pin_edges(self.pins, held, pieces.nodes, speeds=self.speeds)
        nodes = list(nodes_of(pieces).values())
        doubts = Doubts(
            nodes, self.devices, self.refusals, overlaps_allowed=self.playback is not None
        )
        doubts.settle({(e.a, e.b) for e in edges})
        former = Former(
            held,
            doubts,
            finished=self.finished,
            named=self.named,
            jumping=pieces.jumping,
            trusted=self.trusted,
        )
        return pieces, former.form(nodes, edges)

    def proven_overlaps(
        self, pieces: Pieces, formed: Sequence[Formed]
    ) -> list[tuple[Overlap, str, str]]:
        """Return overlaps of one device's clips that are certain at both ends."""
        nodes = nodes_of(pieces)
        return [
            (overlap, nodes[overlap.one].clip, nodes[overlap.two].clip)
            for group in formed
            for overlap in group.overlaps
            if min(group.trusts[n].confidence for n in (overlap.one, overlap.two))
            >= SYNCED_CONFIDENCE
        ]

    def lines(
        self, pieces: Pieces, formed: Sequence[Formed]
    ) -> tuple[list[Solved], Lines, frozenset[int]]:
        """Solve all groups at once; return also the matches that the solution contradicts."""
        nodes = nodes_of(pieces)
        held = {clip.id: clip for clip in self.clips}
        done = {p.clip: p for group in self.finished for p in group.placements}
        frames, all_delays = [], []
        for group in formed:
            frame = Frame(
                reference=group.reference,
                starts=group.poses,
                speeds={n: float(s) for n, s in group.speeds.items()},
                edges=group.accepted,
                fixed={
                    n: done[nodes[n].clip].drift_std_ppm
                    for n in group.poses
                    if nodes[n].clip in done and n != group.reference
                },
            )
            delays = measured_delays(nodes, frame).told(
                known_delays(held, nodes[group.reference].clip, self.distances_m)
            )
            members = {nodes[n].clip for n in group.poses}
            all_delays.append({c: d for c, d in delays.delay_s.items() if c in members})
            frames.append(
                dataclasses.replace(frame, edges=corrected(group.accepted, nodes, delays))
            )
        lines = LineSolver(nodes, frames).solve()
        solved, contradicted = [], set()
        for group, frame, delays_s in zip(formed, frames, all_delays, strict=True):
            misfits = _misfits(frame.edges, lines, nodes)
            contradicted |= {edge.match for edge in misfits}
            solved.append(
                Solved(formed=group, lines=lines.lines, delays_s=delays_s, rejected=group.rejected)
            )
        return solved, lines, frozenset(contradicted)

    def solution(
        self,
        pieces: Pieces,
        solved: Sequence[Solved],
        lines: Lines,
        notes: Sequence[str],
        order: Sequence[str],
    ) -> Solution:
        """Return everything as the caller wants it; `order` is that of the clips."""
        nodes = nodes_of(pieces)
        held = {clip.id: clip for clip in self.clips}
        kept = {p.clip: p for group in self.finished for p in group.placements}
        made = [placements(one, nodes, held, kept=kept) for one in solved]
        made = _each_clip_once(made)
        made.sort(key=lambda group: min(shooting_key(held[p.clip]) for p in group))
        groups = _named_groups(made, self.finished)
        placed = {p.clip for group in groups for p in group.placements}
        accepted = {e.match for one in solved for e in one.formed.accepted if e.match >= 0}
        done = {i for i, m in enumerate(self.matches) if m.a in kept and m.b in kept}
        accepted |= {i for i in done if self.matches[i].accepted}
        matches = flagged(self.matches, accepted)
        names = {clip.id: clip.name for clip in self.clips}
        left = sorted((c for c in self.clips if c.id not in placed), key=shooting_key)
        return Solution(
            groups=groups,
            unplaced=tuple(
                explain(
                    clip,
                    self.refusals,
                    [m for m in matches if clip.id in (m.a, m.b)],
                    names,
                    alone=len(self.clips) < 2,
                )
                for clip in left
            ),
            matches=matches,
            devices=with_rates(self.devices, lines.device_rates),
            clips=tuple(held[name] for name in order),
            notes=tuple(dict.fromkeys(notes)),
        )


def _misfits(edges: Sequence[Edge], lines: Lines, nodes: Mapping[str, Node]) -> list[Edge]:
    """Return measured edges that do not fit where the common solution puts their clips."""
    mixed = len({edge.late for edge in edges if not edge.given}) > 1
    misfits = []
    for edge in edges:
        one, two = lines.lines[edge.a].pose, lines.lines[edge.b].pose
        found = gap(
            predicted(one, two, edge.relation),
            edge.relation,
            span_s=measured_span(edge.relation, nodes[edge.b]),
            mixed=mixed,
        )
        if not found.agrees and not edge.given:
            misfits.append(edge)
    return misfits


def _each_clip_once(groups: Sequence[tuple[Placement, ...]]) -> list[tuple[Placement, ...]]:
    """Leave a clip whose stretches lie in two groups to the group that is surer of it."""
    best: dict[str, tuple[float, int]] = {}
    for number, group in enumerate(groups):
        for placement in group:
            best[placement.clip] = max(
                best.get(placement.clip, (-1.0, 0)), (placement.confidence, -number)
            )
    kept = [
        tuple(p for p in group if best[p.clip][1] == -number) for number, group in enumerate(groups)
    ]
    return [group for group in kept if len(group) > 1]


def _named_groups(
    made: Sequence[tuple[Placement, ...]], finished: Sequence[Group]
) -> tuple[Group, ...]:
    """Return groups with ids: finished ones keep theirs."""
    by_reference = {group.reference: group for group in finished}
    taken = {group.id for group in finished}
    groups = []
    number = 0
    for members in made:
        old = by_reference.get(members[0].clip)
        if old is not None:
            groups.append(dataclasses.replace(old, placements=members))
            continue
        number += 1
        while f"g{number}" in taken:
            number += 1
        groups.append(Group(id=f"g{number}", reference=members[0].clip, placements=members))
    return tuple(groups)
