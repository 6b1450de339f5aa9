"""Aligning two runs of one route or two takes of one piece: evidence in, a session out.

Each kind of evidence gives a map of its own (`clapless.pipeline.routes.evidence`); they are put
together where they agree (`combining`), made straight where a line is enough (`line`) and tied to
the user's anchors (`anchors`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from clapless.numerics.route_warp import Gap
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.pipeline.routes.anchors import anchors_alone, through_anchors
from clapless.pipeline.routes.combining import Combined, combine
from clapless.pipeline.routes.evidence import (
    GPS,
    KINDS,
    SCENERY,
    TEMPO,
    Evidence,
    by_satellites,
    by_scenery,
    by_tempo,
)
from clapless.pipeline.routes.line import line_of, straightened
from clapless.pipeline.routes.options import AlignOptions
from clapless.pipeline.routes.quality import GateVerdict, MapQuality, map_quality, verdicts
from clapless.pipeline.routes.runs import Run, read_run
from clapless.store import Store
from clapless.timing import TimeMap

LACKING = ("no_positions", "no_pictures", "no_sound", "silent", "too_short", "too_few_features")
"""Refusals that say what a recording does not have; what was compared tells more."""

CONTRADICTED = 0.6
"""Confidence at most of a map that other evidence or a gate speaks against: `check`."""

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
        Sentences about damaged files, and about evidence that was named and could not be used.
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
    """Align a new run of a route, or take of a piece, with a reference.

    Parameters
    ----------
    ref, new
        Media, or GPX or FIT files.
    options
        Track files, anchors, thresholds, kinds of evidence.
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
    _check_names(options)
    progress.stage("reading", 2)
    reference = read_run(Path(ref), track=options.ref_gpx, clip_id=REFERENCE)
    progress.advance(detail=reference.clip.name)
    second = read_run(Path(new), track=options.new_gpx, clip_id=NEW)
    progress.advance(detail=second.clip.name)
    progress.done()
    warnings = [run.warning for run in (reference, second) if run.warning]
    gathered = _Gathering(reference, second, options, progress, store, warnings)
    held, refusals = gathered.gather()
    clips = reference.clip, second.clip
    if not held:
        if len(options.anchors) >= 2:
            by_hand = anchors_alone(options.anchors)
            session = _session(*clips, by_hand, None)
            return AlignResult(session=session, warnings=tuple(warnings))
        return AlignResult(session=_refused(*clips, _plainest(refusals)), warnings=tuple(warnings))
    if options.signals is not None:
        warnings += [f"By {one.signal} nothing was found: {one.reason}." for one in refusals]
    found = _contradicted(combine(held), refusals)
    quality = _quality(found, held, second.clip)
    gates = verdicts(quality, options.gates)
    if not all(gate.passed for gate in gates):
        found = replace(found, confidence=min(found.confidence, CONTRADICTED))
    warnings += [f"{one.reason[0].upper()}{one.reason[1:]}." for one in found.disagreements]
    time_map = through_anchors(straightened(found.time_map), options.anchors)
    return AlignResult(
        session=_session(*clips, time_map, found, held),
        quality=quality,
        gates=gates,
        gaps=found.gaps,
        warnings=tuple(warnings),
    )


def _quality(found: Combined, held: Sequence[Evidence], new: Clip) -> MapQuality:
    """Return the figures of a map, with those of the evidence that it was made of."""
    used = {one.signal: one for one in held if one.signal in found.signals}
    of_map = map_quality(found.time_map, duration_s=float(new.duration_s))
    if GPS in used and (places := used[GPS].quality) is not None:
        of_map = replace(
            places,
            coverage=of_map.coverage,
            std_p50_s=of_map.std_p50_s,
            std_p90_s=of_map.std_p90_s,
            std_p95_s=of_map.std_p95_s,
            drift_ppm=of_map.drift_ppm,
        )
    inliers = used[SCENERY].details.get("inliers") if SCENERY in used else None
    return replace(of_map, inliers=float(inliers)) if isinstance(inliers, float) else of_map


def _check_names(options: AlignOptions) -> None:
    for name in options.signals or ():
        if name not in KINDS:
            raise UsageError(
                f"There is no signal {printable(name)} to align by; there are "
                f"{', '.join(KINDS[:-1])} and {KINDS[-1]}."
            )


@dataclass(slots=True)
class _Gathering:
    """Asks each kind of evidence in turn, the cheap ones first, the dear ones where they help."""

    reference: Run
    second: Run
    options: AlignOptions
    progress: Progress
    store: Store | None
    warnings: list[str]

    def gather(self) -> tuple[list[Evidence], list[Refusal]]:
        held: list[Evidence] = []
        refusals: list[Refusal] = []
        for name in KINDS:
            if not self._wanted(name, held, refusals):
                continue
            answer = self._ask(name)
            if isinstance(answer, Refusal):
                refusals.append(answer)
            else:
                held.append(answer)
        return held, refusals

    def _wanted(self, name: str, held: list[Evidence], refusals: list[Refusal]) -> bool:
        if self.options.signals is not None:
            return name in self.options.signals
        ref, new = self.reference.clip, self.second.clip
        if name == GPS:
            return True
        if any(one.code not in (*LACKING, "no_movement") for one in refusals if one.signal == GPS):
            # Satellites know another route, or the same one the other way.
            return False
        if name == TEMPO:
            return not held and bool(ref.audio and new.audio)
        # Music that was known again is no ride; on a ride pictures are surer than satellites.
        return ref.kind == new.kind == "video" and all(one.signal != TEMPO for one in held)

    def _ask(self, name: str) -> Evidence | Refusal:
        if name == GPS:
            self.progress.stage("comparing", 0)
            answer = by_satellites(self.reference, self.second, self.options.gates)
            self.progress.done()
            return answer
        compare = {TEMPO: by_tempo, SCENERY: by_scenery}[name]
        return compare(
            self.reference.clip,
            self.second.clip,
            store=self.store,
            progress=self.progress,
            warnings=self.warnings,
        )


def _contradicted(found: Combined, refusals: list[Refusal]) -> Combined:
    """Return what was found, less sure where other evidence says that it is wrong."""
    if not found.disagreements and all(one.code != "reversed" for one in refusals):
        return found
    return replace(found, confidence=min(found.confidence, CONTRADICTED))


def _plainest(refusals: list[Refusal]) -> Refusal:
    """Return one refusal for all: of what was compared where anything was."""
    for one in refusals:
        if one.code == "reversed":
            return one
    compared = [one for one in refusals if one.code not in LACKING] or refusals[:1]
    reasons = dict.fromkeys(one.reason for one in compared)
    return replace(compared[-1], reason="; ".join(reasons))


def _session(
    ref: Clip,
    new: Clip,
    time_map: TimeMap,
    found: Combined | None,
    held: Sequence[Evidence] = (),
) -> Session:
    """Return the session of a map, found or (None) made by the user's anchors alone."""
    longest = time_map.longest
    offset_s, drift_ppm = line_of(longest)
    confidence = 1.0 if found is None else found.confidence
    status: Status = "manual"
    if found is not None:
        status = "synced" if confidence >= SYNCED_CONFIDENCE else "check"
    std_s = float(np.median(longest.std_s))
    start_s, end_s = longest.knots[0][0], longest.knots[-1][0]
    straight = len(time_map.segments) == 1 and len(longest.knots) == 2
    # A line is known at its ends as well as the map was there.
    drift_std_ppm = 2e6 * std_s / (end_s - start_s) if straight else UNKNOWN_DRIFT_STD_PPM
    frame_s = float(1 / (new.frame_rate or ref.frame_rate or 25))
    placement = Placement(
        clip=new.id,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        offset_std_s=std_s,
        drift_std_ppm=drift_std_ppm,
        pivot_s=(start_s + end_s) / 2,
        confidence=confidence,
        status=status,
        coarse=2 * std_s > frame_s / 2,
        signals=found.signals if found else (),
        time_map=time_map,
        disagreements=found.disagreements if found else (),
    )
    group = Group(
        id="g1", reference=ref.id, placements=(Placement(clip=ref.id, offset_s=0.0), placement)
    )
    return Session(
        created=_now(),
        engine=version("clapless"),
        clips=(ref, new),
        groups=(group,),
        matches=tuple(_match(ref, new, one, found) for one in held) if found else (),
    )


def _match(ref: Clip, new: Clip, one: Evidence, found: Combined | None) -> Match:
    """Return what one kind of evidence said by itself, used or not."""
    longest = one.time_map.longest
    offset_s, drift_ppm = line_of(longest)
    return Match(
        a=ref.id,
        b=new.id,
        signal=one.signal,
        offset_s=offset_s,
        drift_ppm=drift_ppm,
        offset_std_s=float(np.median(longest.std_s)),
        pivot_s=(longest.knots[0][0] + longest.knots[-1][0]) / 2,
        confidence=one.confidence,
        spans_s=tuple((s.knots[0][0], s.knots[-1][0]) for s in one.time_map.segments),
        accepted=found is not None and one.signal in found.signals,
        time_map=one.time_map,
        details=one.details,
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


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
