"""The session of an alignment: the new run placed by its map, or both runs left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np

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
from clapless.pipeline.routes.combining import Combined
from clapless.pipeline.routes.evidence import Evidence
from clapless.pipeline.routes.line import line_of
from clapless.timing import TimeMap


def placed_session(
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


def refused_session(ref: Clip, new: Clip, refusal: Refusal) -> Session:
    """Return the session of two runs that were not aligned."""
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
