"""From two features to a match with a time map, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clapless.model import UNKNOWN_DRIFT_STD_PPM, Match, Refusal
from clapless.numerics.route_warp import Break, Gap, Stretch
from clapless.numerics.scenery_place import SURE_INLIERS
from clapless.numerics.scenery_times import stretches_of
from clapless.numerics.scenery_warp import Run, runs_of
from clapless.signals.scenery.backwards import goes_backwards
from clapless.signals.scenery.extractor import LEAST_PICTURES, SIGNAL
from clapless.signals.scenery.feature import SceneryFeature
from clapless.signals.scenery.search import Found, find, ridden_before
from clapless.timing import Segment, TimeMap

LEAST_SHARED_S = 5.0
"""Less than this in common is no route."""

CONFIDENCE = 0.95
"""Of a map whose every picture is sure by itself: of 108 made rides nothing was fitted on (seeds
100010 to 100035) nine in ten places were right to 0.3 s in 105. Real trails are harder."""

PLAIN_SURE = 0.5
"""Share of sure pictures at which the confidence is half."""


def answer(a: SceneryFeature, b: SceneryFeature) -> Match | Refusal:
    """Return the time map of b's run on a's clock, or why there is none."""
    if min(len(a), len(b)) < LEAST_PICTURES:
        return _refuse(a, b, "too_short", "too few pictures are left of it")
    found = find(a, b)
    runs = runs_of(found.ref, found.new, found.placed)
    stretches, gaps = stretches_of(
        found.ref, found.new, runs, ref_end_s=_end_s(a), new_end_s=_end_s(b)
    )
    shared_s = sum(float(s.t_new_s[-1] - s.t_new_s[0]) for s in stretches)
    if shared_s < LEAST_SHARED_S:
        return _why_not(a, b, found)
    return _match(a, b, found, runs, stretches, _told(found, a, b, gaps))


def _end_s(feature: SceneryFeature) -> float:
    """Return when the last picture of a clip is shown."""
    step_s = float(np.median(np.diff(feature.times_s)))
    duration_s = float(feature.clip.duration_s)
    frame_s = float(1 / feature.clip.frame_rate) if feature.clip.frame_rate else 0.0
    last_s = float(feature.times_s[-1])
    # What was left out at the end, or could not be read, is not reached by going on.
    return last_s if duration_s - last_s > 2 * step_s else max(last_s, duration_s - frame_s)


def _why_not(a: SceneryFeature, b: SceneryFeature, found: Found) -> Refusal:
    if goes_backwards(a, b, found):
        return _refuse(a, b, "reversed", "the second run goes the route the other way")
    return _refuse(a, b, "other_route", "the two runs do not pass the same places")


def _told(
    found: Found, a: SceneryFeature, b: SceneryFeature, gaps: Sequence[Gap]
) -> tuple[Gap, ...]:
    """Return the gaps, those that show known places once more named so."""
    return tuple(
        replace(gap, kind="again")
        if gap.kind == "detour" and ridden_before(found, a, b, (gap.start_s, gap.end_s))
        else gap
        for gap in gaps
    )


def _match(
    a: SceneryFeature,
    b: SceneryFeature,
    found: Found,
    runs: Sequence[Run],
    stretches: Sequence[Stretch],
    gaps: Sequence[Gap],
) -> Match:
    time_map = TimeMap(
        tuple(
            Segment(
                tuple(zip(s.t_new_s.tolist(), s.t_ref_s.tolist(), strict=True)),
                tuple(s.std_s.tolist()),
            )
            for s in stretches
        )
    )
    knots = np.array(time_map.longest.knots)
    even = np.linspace(knots[0, 0], knots[-1, 0], 200)
    slope, offset_s = np.polyfit(even, np.interp(even, knots[:, 0], knots[:, 1]), 1)
    pictures = sum(len(run.index) for run in runs)
    sure = sum(run.sure * len(run.index) for run in runs) / pictures
    std_s = float(np.median(time_map.longest.std_s))
    inliers = found.placed.inliers[
        np.isin(found.placed.index, np.concatenate([r.index for r in runs]))
    ]
    covered_s = sum(s.knots[-1][0] - s.knots[0][0] for s in time_map.segments)
    # Of a line over so long; the map is what counts.
    slope_std = std_s * np.sqrt(12.0) / float(np.ptp(knots[:, 0]))
    return Match(
        a=a.clip.id,
        b=b.clip.id,
        signal=SIGNAL,
        offset_s=float(offset_s),
        drift_ppm=float((1.0 / slope - 1.0) * 1e6),
        offset_std_s=std_s,
        drift_std_ppm=max(UNKNOWN_DRIFT_STD_PPM, float(slope_std) * 1e6),
        pivot_s=float(knots[[0, -1], 0].mean()),
        confidence=float(CONFIDENCE * min(1.0, sure / PLAIN_SURE / 2 + 0.5 * (sure > PLAIN_SURE))),
        spans_s=tuple((s.knots[0][0], s.knots[-1][0]) for s in time_map.segments),
        time_map=time_map,
        details={
            "pictures": pictures,
            "sure": float(sure),
            "on_route": found.on_route,
            "inliers": float(np.median(inliers)),
            "inliers_p10": float(np.percentile(inliers, 10)),
            "coverage": min(1.0, covered_s / float(b.clip.duration_s)),
            "singles_s": _singles(found),
            "gaps": [[gap.kind, float(gap.start_s), float(gap.end_s)] for gap in gaps],
        },
    )


def _singles(found: Found) -> list[list[float]]:
    """Return times of the new run and of the reference of pictures placed by themselves."""
    placed = found.placed
    sure = placed.inliers >= SURE_INLIERS
    new_s = found.new.times_s[placed.index[sure]]
    ref_s = np.interp(placed.at[sure], found.ref.gone, found.ref.times_s)
    return [list(pair) for pair in zip(new_s.tolist(), ref_s.tolist(), strict=True)]


def scenery_gaps(match: Match) -> tuple[Gap, ...]:
    """Return where a match of this signal has no answer, in b's clip time."""
    told: Sequence[tuple[Break, float, float]] = match.details.get("gaps", ())  # type: ignore[assignment]
    return tuple(Gap(kind=kind, start_s=start_s, end_s=end_s) for kind, start_s, end_s in told)


def _refuse(a: SceneryFeature, b: SceneryFeature, code: str, reason: str) -> Refusal:
    return Refusal(a=a.clip.id, b=b.clip.id, signal=SIGNAL, code=code, reason=reason)
