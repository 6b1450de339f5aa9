"""Aligning two runs of one route or two takes of one piece: evidence in, a session out.

Each kind of evidence gives a map of its own (`clapless.pipeline.routes.evidence`); they are put
together where they agree (`combining`), made straight where a line is enough (`line`) and tied to
the user's anchors (`anchors`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clapless.errors import UsageError, printable, printable_name
from clapless.media.fingerprint import same_content
from clapless.model import (
    Clip,
    Refusal,
    Session,
)
from clapless.numerics.route_warp import Gap
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.pipeline.routes.anchors import against_anchors, anchors_alone, through_anchors
from clapless.pipeline.routes.combining import Combined, combine
from clapless.pipeline.routes.evidence import (
    GPS,
    KINDS,
    SCENERY,
    Evidence,
)
from clapless.pipeline.routes.gates import GateVerdict, verdicts
from clapless.pipeline.routes.gathering import Gathering, plainest
from clapless.pipeline.routes.line import straightened
from clapless.pipeline.routes.options import AlignOptions
from clapless.pipeline.routes.placing import placed_session, refused_session
from clapless.pipeline.routes.quality import MapQuality, map_quality, with_residuals
from clapless.pipeline.routes.runs import Run, read_run
from clapless.store import Store
from clapless.timing import TimeMap

Floats = NDArray[np.float64]

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
    singles_s
        Of each kind of evidence that the map is made of, times of the new run and of the reference
        at places found by themselves, shape (n, 2).
    warnings
        Sentences about damaged files, and about evidence that was named and could not be used.
    """

    session: Session
    quality: MapQuality | None = None
    gates: tuple[GateVerdict, ...] = ()
    gaps: tuple[Gap, ...] = ()
    singles_s: tuple[tuple[str, Floats], ...] = ()
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
        The anchors cannot be meant, a signal is named that there is not, or both runs are one
        recording.
    """
    options = options or AlignOptions()
    _check_names(options)
    progress.stage("reading", 2)
    reference = read_run(Path(ref), track=options.ref_gpx, clip_id=REFERENCE)
    progress.advance(detail=reference.clip.name)
    second = read_run(Path(new), track=options.new_gpx, clip_id=NEW)
    progress.advance(detail=second.clip.name)
    progress.done()
    _check_apart(reference, second)
    warnings = [run.warning for run in (reference, second) if run.warning]
    gathered = Gathering(reference, second, options, progress, store, warnings)
    held, refusals = gathered.gather()
    clips = reference.clip, second.clip
    if not held:
        if len(options.anchors) >= 2:
            by_hand = anchors_alone(options.anchors)
            session = placed_session(*clips, by_hand, None)
            return AlignResult(session=session, warnings=tuple(warnings))
        if options.anchors:
            warnings.append(
                "One anchor says nothing by itself: name two or more where nothing else aligns "
                "the runs."
            )
        return AlignResult(
            session=refused_session(*clips, plainest(refusals)), warnings=tuple(warnings)
        )
    if options.signals is not None:
        warnings += [f"By {one.signal} nothing was found: {one.reason}." for one in refusals]
    found = _contradicted(combine(held), refusals)
    time_map = straightened(found.time_map)
    warnings += against_anchors(time_map, options.anchors)
    time_map = through_anchors(time_map, options.anchors)
    used = [one for one in held if one.signal in found.signals]
    quality = _quality(time_map, used, second.clip)
    gates = verdicts(quality, options.gates)
    if not all(gate.passed for gate in gates):
        found = replace(found, confidence=min(found.confidence, CONTRADICTED))
    warnings += [f"{one.reason[0].upper()}{one.reason[1:]}." for one in found.disagreements]
    return AlignResult(
        session=placed_session(*clips, time_map, found, held),
        quality=quality,
        gates=gates,
        gaps=found.gaps,
        singles_s=tuple((one.signal, one.singles_s) for one in used),
        warnings=tuple(warnings),
    )


def _check_apart(ref: Run, new: Run) -> None:
    """Refuse a recording that is to be aligned with itself.

    Raises
    ------
    UsageError
        Both are the same file, or one is a copy of the other.
    """
    one, two = ref.clip.files[0].path, new.clip.files[0].path
    if one.samefile(two):
        raise UsageError(
            f"{printable_name(one)} was named twice: an alignment needs two recordings."
        )
    if same_content(one, two):
        raise UsageError(
            f"{printable_name(one)} and {printable_name(two)} are the same recording, byte for "
            "byte: an alignment needs two."
        )


def _quality(time_map: TimeMap, held: Sequence[Evidence], new: Clip) -> MapQuality:
    """Return the figures of a map, with those of the evidence that it was made of."""
    used = {one.signal: one for one in held}
    of_map = map_quality(time_map, duration_s=float(new.duration_s))
    of_map = with_residuals(of_map, time_map, [(one.time_map, one.singles_s) for one in held])
    if GPS in used and (places := used[GPS].quality) is not None:
        of_map = replace(
            of_map,
            places=places.places,
            on_route=places.on_route,
            apart_mae_m=places.apart_mae_m,
            apart_p50_m=places.apart_p50_m,
            apart_p90_m=places.apart_p90_m,
            apart_p95_m=places.apart_p95_m,
            cost=places.cost,
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


def _contradicted(found: Combined, refusals: list[Refusal]) -> Combined:
    """Return what was found, less sure where other evidence says that it is wrong."""
    if not found.disagreements and all(one.code != "reversed" for one in refusals):
        return found
    return replace(found, confidence=min(found.confidence, CONTRADICTED))
