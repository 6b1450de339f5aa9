"""Shoots with exact truth: where clips lie, how fast clocks run, what a signal would say."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from clapless.model import Clip, Device, Group, Match, MediaFile, Placement, Refusal, Session
from clapless.solve import Solution


@dataclass(frozen=True)
class Take:
    """A clip's truth: t_true = start_s + t_clip / rate."""

    clip: Clip
    event: int
    start_s: float
    rate: float = 1.0
    speed: Fraction = Fraction(1)

    @property
    def end_s(self) -> float:
        return self.start_s + float(self.clip.duration_s) / (self.rate * float(self.speed))


def make_clip(
    name: str,
    seconds: float,
    *,
    device: str | None = None,
    audio: bool = False,
    rate: Fraction | None = Fraction(25),
    created: str = "",
) -> Clip:
    return Clip(
        id=name,
        name=name,
        files=(MediaFile(path=Path(f"/card/{device}/{name}.mov")),),
        device=device,
        kind="audio" if audio else "video",
        frame_rate=None if audio else rate,
        duration_s=Fraction(seconds).limit_denominator(1000),
        metadata={"creation_time": created} if created else {},
    )


@dataclass
class World:
    takes: dict[str, Take] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)

    def add(
        self,
        name: str,
        start_s: float,
        seconds: float,
        *,
        device: str | None = None,
        ppm: float = 0.0,
        event: int = 0,
        speed: Fraction = Fraction(1),
        audio: bool = False,
        source: str = "folder",
    ) -> None:
        if device is not None:
            self.devices.setdefault(device, Device(id=device, source=source))
        clip = make_clip(name, seconds, device=device, audio=audio)
        self.takes[name] = Take(clip, event, start_s, 1.0 + ppm * 1e-6, speed)

    @property
    def clips(self) -> list[Clip]:
        return [take.clip for take in self.takes.values()]

    def truth(self, a: str, b: str) -> Match:
        """Return where b truly lies on a's clock."""
        one, two = self.takes[a], self.takes[b]
        one_rate = one.rate * float(one.speed)
        return Match(
            a=a,
            b=b,
            signal="truth",
            offset_s=(two.start_s - one.start_s) * one_rate,
            drift_ppm=(two.rate / one.rate - 1.0) * 1e6,
            speed=two.speed / one.speed,
            confidence=1.0,
        )

    def overlap_s(self, a: str, b: str) -> float:
        one, two = self.takes[a], self.takes[b]
        if one.event != two.event:
            return -math.inf
        return min(one.end_s, two.end_s) - max(one.start_s, two.start_s)

    def measure(
        self,
        a: str,
        b: str,
        *,
        noise: random.Random | None = None,
        offset_std_s: float = 1e-4,
        confidence: float = 0.99,
        signal: str = "audio",
        shift_s: float = 0.0,
        ceiling: bool = False,
    ) -> Match:
        """Return what a signal says of two clips that overlap: the truth with its own errors."""
        truth = self.truth(a, b)
        one, two = self.takes[a], self.takes[b]
        start = max(one.start_s, two.start_s)
        end = min(one.end_s, two.end_s)
        if end <= start:
            start, end = two.start_s, min(two.end_s, two.start_s + 10.0)
        rate = two.rate * float(two.speed)
        span = ((start - two.start_s) * rate, (end - two.start_s) * rate)
        drift_std_ppm = max(offset_std_s / (end - start) * math.sqrt(12.0) * 1e6, 0.02)
        pivot_s = 0.5 * (span[0] + span[1])
        at_pivot, drift = 0.0, 0.0
        if noise is not None:
            at_pivot = noise.gauss(0.0, offset_std_s)
            drift = noise.gauss(0.0, drift_std_ppm)
        drift_ppm = truth.drift_ppm + drift
        held = dataclasses.replace(truth, drift_ppm=drift_ppm)
        offset_s = truth.to_a(pivot_s) + at_pivot - pivot_s / held.rate + shift_s
        return Match(
            a=a,
            b=b,
            signal=signal,
            offset_s=offset_s,
            drift_ppm=drift_ppm,
            speed=truth.speed,
            offset_std_s=offset_std_s,
            drift_std_ppm=drift_std_ppm,
            pivot_s=pivot_s,
            confidence=confidence,
            spans_s=(span,),
            ceiling="check" if ceiling else None,
        )

    def pairs(self, least_s: float = 5.0) -> list[tuple[str, str]]:
        names = list(self.takes)
        return [
            (a, b)
            for i, a in enumerate(names)
            for b in names[i + 1 :]
            if self.overlap_s(a, b) >= least_s
            and (
                self.takes[a].clip.device is None
                or self.takes[a].clip.device != self.takes[b].clip.device
            )
        ]

    def error_s(self, group: Group, placement: Placement) -> float:
        """Return the largest error of a placement over its clip, in seconds of group time."""
        truth = self.truth(group.reference, placement.clip)
        duration_s = float(self.takes[placement.clip].clip.duration_s)
        return max(
            abs(placement.to_group(t) - truth.to_a(t)) for t in (0.0, duration_s / 2, duration_s)
        )

    def wrong(self, solution: Solution, bound_s: float = 0.02) -> list[str]:
        """Return clips placed elsewhere than they are, or in a group of another event."""
        found = []
        for group in solution.groups:
            event = self.takes[group.reference].event
            for placement in group.placements:
                if (
                    self.takes[placement.clip].event != event
                    or self.error_s(group, placement) > bound_s
                ):
                    found.append(placement.clip)
        return found


def place(solution: Solution | Session, clip: str) -> Placement:
    """Return a clip's placement; the test fails where it has none."""
    found = solution.placement(clip)
    assert found is not None, f"{clip} is unplaced: {solution.unplaced}"
    return found[1]


def refusal(a: str, b: str, code: str = "no_match") -> Refusal:
    return Refusal(a=a, b=b, signal="audio", code=code, reason="no sound in common")


def shoot(
    noise: random.Random,
    *,
    cameras: int = 4,
    takes: int = 12,
    events: Sequence[int] = (0, 1),
    recorder: bool = True,
) -> World:
    """Return a stop-and-start shoot: a recorder that runs through, cameras that stop and start."""
    world = World()
    for event in events:
        base_s = event * 20_000.0
        if recorder:
            world.add(f"R{event}", base_s, 3600.0, device="R", ppm=3.0, event=event, audio=True)
        for camera in range(cameras):
            ppm = 12.0 * camera - 20.0
            at_s = base_s + noise.uniform(0.0, 60.0)
            for take in range(takes):
                seconds = noise.choice([12.0, 45.0, 180.0, 300.0])
                if at_s + seconds > base_s + 3500.0:
                    break
                world.add(
                    f"{'ABCDEFGH'[camera]}{event}{take:03d}",
                    at_s,
                    seconds,
                    device="ABCDEFGH"[camera],
                    ppm=ppm,
                    event=event,
                )
                at_s += seconds + noise.uniform(2.0, 120.0)
    return world
