"""Aligning two runs of one route: evidence in, a session with a time map out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from clapless.errors import UsageError, printable
from clapless.model import (
    SYNCED_CONFIDENCE,
    UNKNOWN_DRIFT_STD_PPM,
    Clip,
    Group,
    Match,
    Placement,
    Refusal,
    Session,
    Status,
    Unplaced,
)
from clapless.numerics.route_path import MOST_CELLS, backwards, route_path
from clapless.numerics.route_warp import Gap, RouteWarp, warp_routes
from clapless.numerics.routes import Route, by_distance, project
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.pipeline.routes.anchors import anchors_alone, through_anchors
from clapless.pipeline.routes.options import AlignOptions
from clapless.pipeline.routes.quality import GateVerdict, MapQuality, map_quality, verdicts
from clapless.pipeline.routes.runs import Positions, Run, read_run
from clapless.pipeline.routes.scenery import compare_scenery
from clapless.signals.scenery import scenery_gaps
from clapless.store import Store
from clapless.timing import Segment, TimeMap

SIGNAL = "gps"

SCENERY = "scenery"

STEP_M = 3.0
"""Places are compared at this distance; long routes at more."""

MOST_COST = 2.5
"""Mean cost of a path above which the runs are not of one route: perturbed copies of real tracks
reach 0.5, boats that tack apart on one course 1.1, other courses 4.8 and more."""

REVERSED_SHARE = 0.4
"""A run the other way costs less than this share of what it costs forwards."""

LEAST_STRETCH_S = 5.0
"""Less than this in common is no route."""

CONFIDENCE = {"synced": 0.93, "check": 0.6}
"""Of a map that passes its gates, and of one that does not: the interval of made rides holds in 94
to 96 of 100 (tests/benchmarks/route_gps.py); real riders do not keep to one line."""

REFERENCE, NEW = "c1", "c2"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AlignResult:
    """What aligning two runs gave.

    Parameters
    ----------
    session
        The reference and the new run, placed or not.
    quality
        Figures of the map; None where there is none, or anchors alone made it.
    gates
        What each threshold says.
    gaps
        Where the map has no answer, in the new run's time.
    warnings
        Sentences about damaged files.
    """

    session: Session
    quality: MapQuality | None = None
    gates: tuple[GateVerdict, ...] = ()
    gaps: tuple[Gap, ...] = ()
    warnings: tuple[str, ...] = ()


def align(
    ref: Path | str,
    new: Path | str,
    *,
    options: AlignOptions | None = None,
    progress: Progress = NO_PROGRESS,
    store: Store | None = None,
) -> AlignResult:
    """Align a new run of a route with a reference run.

    Parameters
    ----------
    ref, new
        Media with a receiver of their own, or GPX or FIT files.
    options
        Track files, anchors, thresholds.
    progress
        Told how far the work is.
    store
        Cache of features, None for none.

    Returns
    -------
    AlignResult
        Its session's group has the reference's clock; the new run's placement has a time map, or
        the run is unplaced with the reason.

    Raises
    ------
    ClaplessError
        A file cannot be read.
    UsageError
        The anchors cannot be meant, or a signal is named that there is not.
    """
    options = options or AlignOptions()
    progress.stage("reading", 2)
    reference = read_run(Path(ref), track=options.ref_gpx, clip_id=REFERENCE)
    progress.advance(detail=reference.clip.name)
    second = read_run(Path(new), track=options.new_gpx, clip_id=NEW)
    progress.advance(detail=second.clip.name)
    if _by_scenery(reference, second, options):
        return _scenery(reference, second, options, progress, store)
    progress.stage("comparing", 0)
    warp = _warp(reference, second)
    progress.done()
    warnings = tuple(run.warning for run in (reference, second) if run.warning)
    if isinstance(warp, Refusal):
        if len(options.anchors) >= 2:
            by_hand = anchors_alone(options.anchors)
            session = _session(reference.clip, second.clip, by_hand, "manual", "")
            return AlignResult(session=session, warnings=warnings)
        return AlignResult(session=_refused(reference.clip, second.clip, warp), warnings=warnings)
    time_map = through_anchors(_time_map(warp, reference, second), options.anchors)
    _, drift_ppm = _line(time_map)
    quality = map_quality(
        warp, time_map, duration_s=float(second.clip.duration_s), drift_ppm=drift_ppm
    )
    gates = verdicts(quality, options.gates)
    status: Status = "synced" if all(gate.passed for gate in gates) else "check"
    return AlignResult(
        session=_session(reference.clip, second.clip, time_map, status, SIGNAL),
        quality=quality,
        gates=gates,
        gaps=warp.gaps,
        warnings=warnings,
    )


def _by_scenery(reference: Run, second: Run, options: AlignOptions) -> bool:
    named = options.signals or ("gps", SCENERY)
    for name in named:
        if name not in ("gps", SCENERY):
            raise UsageError(
                f"There is no signal {printable(name)} to align by; there are gps and {SCENERY}."
            )
    if SCENERY not in named:
        return False
    if "gps" in named and reference.positions is not None and second.positions is not None:
        return False
    return "gps" not in named or reference.clip.kind == second.clip.kind == "video"


def _scenery(
    reference: Run,
    second: Run,
    options: AlignOptions,
    progress: Progress,
    store: Store | None,
) -> AlignResult:
    said: list[str] = []
    ref, new = reference.clip, second.clip
    found = compare_scenery(ref, new, store=store, progress=progress, warnings=said)
    if isinstance(found, Refusal):
        if len(options.anchors) < 2:
            return AlignResult(session=_refused(ref, new, found), warnings=tuple(said))
        by_hand = anchors_alone(options.anchors)
        session = _session(ref, new, by_hand, "manual", "")
        return AlignResult(session=session, warnings=tuple(said))
    assert found.time_map is not None  # the signal answers with a map or not at all
    time_map = through_anchors(found.time_map, options.anchors)
    status: Status = "synced" if found.confidence >= SYNCED_CONFIDENCE else "check"
    return AlignResult(
        session=_session(ref, new, time_map, status, SCENERY),
        gaps=scenery_gaps(found),
        warnings=tuple(said),
    )


def _warp(reference: Run, second: Run) -> RouteWarp | Refusal:
    if reference.positions is None or second.positions is None:
        lacking = reference if reference.positions is None else second
        return _refuse("no_positions", f"{lacking.clip.name}: {lacking.lacking}")
    ref, new = _routes(reference.positions, second.positions)
    if ref is None or new is None:
        still = reference if ref is None else second
        return _refuse("no_movement", f"{still.clip.name} does not move")
    warp = warp_routes(ref, new)
    if warp.path.cost > MOST_COST:
        back = route_path(ref, backwards(new), sigma_m=warp.sigma_m)
        if back.cost < REVERSED_SHARE * warp.path.cost and back.cost < MOST_COST:
            return _refuse("reversed", "the second run goes the route the other way")
        return _refuse("other_route", "the two runs do not follow one route")
    shared_s = sum(s.t_new_s[-1] - s.t_new_s[0] for s in warp.stretches)
    if shared_s < LEAST_STRETCH_S:
        return _refuse("other_route", "the two runs share no stretch of the route")
    return warp


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


def _time_map(warp: RouteWarp, reference: Run, second: Run) -> TimeMap:
    assert reference.positions is not None  # `_warp` refused otherwise
    assert second.positions is not None
    common = np.hypot(reference.positions.time_std_s, second.positions.time_std_s)
    return TimeMap(
        tuple(
            Segment(
                tuple(zip(held.t_new_s.tolist(), held.t_ref_s.tolist(), strict=True)),
                tuple(np.hypot(held.std_s, common).tolist()),
            )
            for held in warp.stretches
        )
    )


def _line(time_map: TimeMap) -> tuple[float, float]:
    """Return offset and drift of the line nearest to the longest segment."""
    knots = np.array(time_map.longest.knots)
    even = np.linspace(knots[0, 0], knots[-1, 0], 200)
    slope, offset_s = np.polyfit(even, np.interp(even, knots[:, 0], knots[:, 1]), 1)
    return float(offset_s), float((1.0 / slope - 1.0) * 1e6)


def _session(ref: Clip, new: Clip, time_map: TimeMap, status: Status, signal: str) -> Session:
    offset_s, drift_ppm = _line(time_map)
    confidence = 1.0 if status == "manual" else CONFIDENCE[status]
    longest = time_map.longest
    std_s = float(np.median(longest.std_s))
    pivot_s = (longest.knots[0][0] + longest.knots[-1][0]) / 2
    spans = tuple((s.knots[0][0], s.knots[-1][0]) for s in time_map.segments)
    frame_s = float(1 / (new.frame_rate or ref.frame_rate or 25))
    placement = Placement(
        clip=new.id,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        offset_std_s=std_s,
        drift_std_ppm=UNKNOWN_DRIFT_STD_PPM,
        pivot_s=pivot_s,
        confidence=confidence,
        status=status,
        coarse=2 * std_s > frame_s / 2,
        signals=(signal,) if signal else (),
        time_map=time_map,
    )
    match = Match(
        a=ref.id,
        b=new.id,
        signal=signal,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        offset_std_s=std_s,
        pivot_s=pivot_s,
        confidence=confidence,
        spans_s=spans,
        time_map=time_map,
    )
    group = Group(
        id="g1", reference=ref.id, placements=(Placement(clip=ref.id, offset_s=0.0), placement)
    )
    return Session(
        created=_now(),
        engine=version("clapless"),
        clips=(ref, new),
        groups=(group,),
        matches=(match,) if signal else (),
    )


def _refused(ref: Clip, new: Clip, refusal: Refusal) -> Session:
    return Session(
        created=_now(),
        engine=version("clapless"),
        clips=(ref, new),
        unplaced=tuple(
            Unplaced(clip=clip.id, code=refusal.code, reason=refusal.reason) for clip in (ref, new)
        ),
    )


def _refuse(code: str, reason: str) -> Refusal:
    return Refusal(a=REFERENCE, b=NEW, signal=SIGNAL, code=code, reason=reason)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
