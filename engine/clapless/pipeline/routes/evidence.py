"""What each kind of evidence says of two runs, in one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clapless.errors import ClaplessError
from clapless.model import SYNCED_CONFIDENCE, Clip, Match, Refusal
from clapless.numerics.route_path import MOST_CELLS, SIGMA_M, backwards
from clapless.numerics.route_warp import Gap, RouteWarp, warp_routes
from clapless.numerics.routes import Route, by_distance, project
from clapless.pipeline.extract import extract
from clapless.pipeline.progress import Progress
from clapless.pipeline.routes.gates import verdicts
from clapless.pipeline.routes.options import Gates
from clapless.pipeline.routes.quality import MapQuality, map_quality, with_places
from clapless.pipeline.routes.runs import Positions, Run
from clapless.pipeline.routes.scenery import compare_scenery
from clapless.signals.scenery import scenery_gaps
from clapless.signals.tempo import TempoSignal
from clapless.store import Store
from clapless.timing import Segment, TimeMap

Floats = NDArray[np.float64]

GPS, TEMPO, SCENERY = "gps", "tempo", "scenery"

KINDS = (GPS, TEMPO, SCENERY)
"""Evidence there is, the cheapest first."""

SINGLES = "singles_s"
"""Where a match's details hold `Evidence.singles_s`; too many for a session."""

STEP_M = 3.0
"""Places are compared at this distance; long routes at more."""

LEAST_PLACES = 10
"""Ways of fewer places, 30 m, are no route."""

MOST_COST = 2.5
"""Mean cost of a path above which the runs are not of one route: perturbed copies of real tracks
reach 0.5, boats that tack apart on one course 1.1, other courses 4.8 and more."""

CLOSE_SIGMAS = 1.5
"""Where most places of the new run are beside the route, the rest must be as near to it as two
receivers usually are, within this factor: ways that cross and keep near each other by chance are
farther apart (150 made pairs)."""

MOST_SHARED_COST = 1.0
"""Mean cost of the places that such runs share at most: one of them rides a lap more, or begins
before and ends behind the other. Perturbed copies reach 0.5."""

LEAST_TOGETHER_M, LEAST_TOGETHER = 400.0, 0.3
"""Or they go together for so long, which is also this share of the shorter one."""

REVERSED_SHARE = 0.4
"""A run the other way costs less than this share of what it costs forwards."""

LEAST_STRETCH_S = 5.0
"""Less than this in common is no route."""

CONFIDENCE = {True: 0.93, False: 0.6}
"""Of a map by satellites that passes its gates, and of one that does not: the interval of made
rides holds in 94 to 96 of 100 (tests/benchmarks/route_gps.py); real riders do not keep to one
line."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Evidence:
    """A time map by one kind of evidence.

    Parameters
    ----------
    signal
        Its name.
    time_map
        From the new run's time to the reference's.
    confidence
        That it is the true one.
    gaps
        Where it has no answer, in the new run's time.
    singles_s
        Times of the new run and of the reference at places found by themselves, shape (n, 2);
        what the map was drawn through.
    quality
        Figures, of satellites.
    details
        Plain numbers of the signal, for the session.
    """

    signal: str
    time_map: TimeMap
    confidence: float
    gaps: tuple[Gap, ...] = ()
    singles_s: Floats = field(default_factory=lambda: np.empty((0, 2)))
    quality: MapQuality | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def sure(self) -> bool:
        """Whether it may be called synced by itself."""
        return self.confidence >= SYNCED_CONFIDENCE


def by_satellites(reference: Run, second: Run, gates: Gates) -> Evidence | Refusal:
    """Return the map of two runs' positions, or why there is none."""
    warp = _warp(reference, second)
    if isinstance(warp, Refusal):
        return warp
    assert reference.positions is not None  # `_warp` refused otherwise
    assert second.positions is not None
    common_s = float(np.hypot(reference.positions.time_std_s, second.positions.time_std_s))
    time_map = TimeMap(
        tuple(
            Segment(
                tuple(zip(held.t_new_s.tolist(), held.t_ref_s.tolist(), strict=True)),
                tuple(np.hypot(held.std_s, common_s).tolist()),
            )
            for held in warp.stretches
        )
    )
    plain = map_quality(time_map, duration_s=float(second.clip.duration_s))
    quality = with_places(plain, warp)
    said = verdicts(quality, gates)
    return Evidence(
        signal=GPS,
        time_map=time_map,
        confidence=CONFIDENCE[all(gate.passed for gate in said)],
        gaps=warp.gaps,
        singles_s=warp.singles_s,
        quality=quality,
    )


def by_scenery(
    ref: Clip, new: Clip, *, store: Store | None, progress: Progress, warnings: list[str]
) -> Evidence | Refusal:
    """Return the map by what two recordings show, or why there is none.

    Raises
    ------
    ClaplessError
        A file cannot be read.
    """
    found = compare_scenery(ref, new, store=store, progress=progress, warnings=warnings)
    return found if isinstance(found, Refusal) else _of_match(found, scenery_gaps(found))


def by_tempo(
    ref: Clip, new: Clip, *, store: Store | None, progress: Progress, warnings: list[str]
) -> Evidence | Refusal:
    """Return the map by the music that two recordings hold, or why there is none.

    Raises
    ------
    ClaplessError
        A file cannot be read.
    """
    signal = TempoSignal()
    for clip in (ref, new):
        if not signal.applies_to(clip):
            return _refuse(TEMPO, "no_sound", f"{clip.name} has no sound", ref, new)
    taken = extract([ref, new], [signal], store=store, jobs=1, progress=progress)
    warnings += taken.warnings
    if taken.failures:
        raise ClaplessError(taken.failures[0].message)
    if taken.refusals:
        lost = taken.refusals[0]
        name = ref.name if lost.a == ref.id else new.name
        return _refuse(TEMPO, lost.code, f"{name}: {lost.reason}", ref, new)
    features = taken.features[signal.name]
    found = signal.match(features[ref.id], features[new.id])
    return found if isinstance(found, Refusal) else _of_match(found, _silences(found, new))


def _of_match(found: Match, gaps: tuple[Gap, ...]) -> Evidence:
    assert found.time_map is not None  # a route is told by a map or not at all
    return Evidence(
        signal=found.signal,
        time_map=found.time_map,
        confidence=found.confidence,
        gaps=gaps,
        singles_s=np.array(found.details.get(SINGLES, ()), np.float64).reshape(-1, 2),
        details={key: value for key, value in found.details.items() if key != SINGLES},
    )


def _silences(found: Match, new: Clip) -> tuple[Gap, ...]:
    """Return where the new take plays nothing that the reference does."""
    edges = [0.0, *(t for span in found.spans_s for t in span), float(new.duration_s)]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(Gap(kind="detour", start_s=a, end_s=b) for a, b in pairs if b - a >= 1.0)


def _warp(reference: Run, second: Run) -> RouteWarp | Refusal:
    def refuse(code: str, reason: str) -> Refusal:
        return _refuse(GPS, code, reason, reference.clip, second.clip)

    if reference.positions is None or second.positions is None:
        lacking = reference if reference.positions is None else second
        return refuse("no_positions", f"{lacking.clip.name}: {lacking.lacking}")
    ref, new = _routes(reference.positions, second.positions)
    for way, run in ((ref, reference), (new, second)):
        if way is None:
            return refuse("no_movement", f"{run.clip.name} does not move")
        if len(way.along_m) < LEAST_PLACES:
            return refuse("no_movement", f"{run.clip.name} moves too little to show a route")
    assert ref is not None  # as was asked of both
    assert new is not None
    warp = warp_routes(ref, new)
    if not _one_route(ref, new, warp):
        turned = backwards(new)
        back = warp_routes(ref, turned)
        cheaper = back.path.shared_cost < REVERSED_SHARE * warp.path.shared_cost
        if cheaper and _one_route(ref, turned, back):
            return refuse("reversed", "the second run goes the route the other way")
        return refuse("other_route", "the two runs do not follow one route")
    shared_s = sum(s.t_new_s[-1] - s.t_new_s[0] for s in warp.stretches)
    if shared_s < LEAST_STRETCH_S:
        return refuse("other_route", "the two runs share no stretch of the route")
    return warp


def _one_route(ref: Route, new: Route, warp: RouteWarp) -> bool:
    if warp.path.cost <= MOST_COST:
        return True
    if warp.sigma_m > CLOSE_SIGMAS * SIGMA_M:
        return False
    shorter_m = min(float(ref.along_m[-1]), float(new.along_m[-1]))
    together = warp.together_m >= max(LEAST_TOGETHER_M, LEAST_TOGETHER * shorter_m)
    return together or warp.path.shared_cost <= MOST_SHARED_COST


def _routes(one: Positions, two: Positions) -> tuple[Route | None, Route | None]:
    origin = (float(np.median(one.lat_deg)), float(np.median(one.lon_deg)))
    places = [project(p.lat_deg, p.lon_deg, origin=origin) for p in (one, two)]
    lengths = [float(np.hypot(*np.diff(p, axis=0).T).sum()) for p in places]
    step_m = max(STEP_M, float(np.sqrt(lengths[0] * lengths[1] / MOST_CELLS)) * 1.01)
    ref, new = (
        by_distance(p, times_s=run.times_s, step_m=step_m)
        for p, run in zip(places, (one, two), strict=True)
    )
    return ref, new


def _refuse(signal: str, code: str, reason: str, ref: Clip, new: Clip) -> Refusal:
    return Refusal(a=ref.id, b=new.id, signal=signal, code=code, reason=reason)
