"""Measure placements again, on parts of the material that the sync did not use."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from clapless.errors import MediaError
from clapless.model import (
    SYNCED_CONFIDENCE,
    Clip,
    Group,
    Match,
    Placement,
    Refusal,
    Session,
    Verification,
    inverse,
)
from clapless.pipeline.choosing import choose_signals, hears
from clapless.pipeline.comparer import Comparer
from clapless.pipeline.extract import Extracted, Reader, extract, read_from_disk
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.pipeline.residuals import Residuals, judge
from clapless.pipeline.threads import one_blas_thread
from clapless.signals.base import Prior, Signal, needs_pictures
from clapless.solve import between
from clapless.store import Store
from clapless.timing import Segment

PARTNERS = 3
"""Clips that a placement is measured against in turn until one answers."""

LEAST_LEFT_S = 4.0
"""With less left over, nothing is measured."""

TELLING_LEFT_S = 30.0
"""That nothing is in common where so much is left over says that the placement is wrong."""

HALF_WINDOW_S = 1.1
"""What a signal looked at reaches this far around the middles it tells of."""

FREE_DRIFT_STD_PPM = 100.0
"""The drift is measured anew and not drawn to what was placed."""


@one_blas_thread
def verify(
    session: Session,
    *,
    progress: Progress = NO_PROGRESS,
    store: Store | None = None,
    signals: Sequence[Signal] | None = None,
    jobs: int | None = None,
    reader: Reader = read_from_disk,
) -> Session:
    """Return the session with a `Verification` in every placement but the references'.

    Each placement is measured on windows that the sync did not look at, against its reference or
    the clip that overlaps it longest; nothing but the placed position is believed beforehand, and
    drift is measured anew. Where nothing is left over, or a file is gone or damaged by now, the
    answer is ``not_verifiable`` with its reason.

    Parameters
    ----------
    session
        A finished sync.
    progress
        Told how far the work is.
    store
        Cache of features; the user's own by default.
    signals
        Kinds of evidence there are; all by default.
    jobs
        Files read at once; see `extract`.
    reader
        How a clip is read.
    """
    placed_by = {match.signal for match in session.matches if match.accepted}
    used = [
        signal
        for signal in choose_signals(signals, None)
        # Pictures are decoded again only where the sync was by pictures.
        if not needs_pictures(signal) or signal.name in placed_by
    ]
    placed = {p.clip for g in session.groups for p in g.placements}
    with store if store is not None else Store() as cache:
        taken = extract(
            [clip for clip in session.clips if clip.id in placed],
            used,
            store=cache,
            jobs=jobs,
            progress=progress,
            reader=reader,
        )
    comparers = [Comparer(signal, taken.features[signal.name]) for signal in used]
    progress.stage("verifying", len(placed) - len(session.groups))
    groups = []
    for group in session.groups:
        check = _GroupCheck(session, group, comparers, taken)
        answers = []
        for placement in group.placements:
            if placement.clip == group.reference:
                answers.append(placement)
                continue
            answer = check.verify(placement)
            answers.append(dataclasses.replace(placement, verification=answer))
            progress.advance(detail=session.clip(placement.clip).name)
        groups.append(dataclasses.replace(group, placements=tuple(answers)))
    for comparer in comparers:
        comparer.close()
    progress.done()
    return dataclasses.replace(session, groups=tuple(groups))


class _GroupCheck:
    """Verifies the placements of one group."""

    def __init__(
        self, session: Session, group: Group, comparers: Sequence[Comparer], taken: Extracted
    ) -> None:
        self._clips: Mapping[str, Clip] = {clip.id: clip for clip in session.clips}
        self._group = group
        self._comparers = comparers
        self._refusals: dict[str, list[Refusal]] = {}
        for refusal in taken.refusals:
            self._refusals.setdefault(refusal.a, []).append(refusal)
        self._used: dict[tuple[str, str, str], list[Match]] = {}
        for match in session.matches:
            for key in ((match.a, match.b), (match.b, match.a)):
                self._used.setdefault((match.signal, *key), []).append(match)

    def verify(self, placement: Placement) -> Verification:
        """Return the answer for one placement."""
        looked = False
        refused: tuple[float, str] | None = None
        unreadable = ""
        for comparer in self._comparers:
            for partner in self._partners(placement, comparer.features):
                try:
                    left_s, residuals, told = self._measure(comparer, partner, placement)
                except MediaError as error:
                    # Its features are in the cache, but its samples are not there any more.
                    unreadable = f"{error}"
                    continue
                if residuals is not None:
                    return judge(residuals, self._half_frame_s(placement))
                if left_s >= LEAST_LEFT_S:
                    looked = True
                    if told.code == "no_match" and left_s > (refused or (0.0, ""))[0]:
                        refused = (left_s, self._clips[partner.clip].name)
        if refused is not None and refused[0] >= TELLING_LEFT_S:
            return Verification(
                verdict="fail",
                reason=f"where it is placed it has nothing in common with {refused[1]} in the "
                f"{refused[0]:.0f} s that the sync did not use",
            )
        if refused is not None and not unreadable:
            return Verification(
                verdict="not_verifiable",
                reason=f"in the {refused[0]:.0f} s that the sync did not use nothing in common "
                f"with {refused[1]} was found, which is too short to call it wrong",
            )
        reason = unreadable or self._why(placement, looked=looked)
        return Verification(verdict="not_verifiable", reason=reason)

    def _why(self, placement: Placement, *, looked: bool) -> str:
        if looked:
            return "what the sync did not use shows too little to measure"
        for refusal in self._refusals.get(placement.clip, ()):
            # Of a clip that was heard it is no news that it has no satellite receiver.
            if refusal.code == "unreadable" or refusal.signal in placement.signals:
                return refusal.reason
        compared = [c.features for c in self._comparers if placement.clip in c.features]
        if not compared:
            return "it holds nothing that can be measured"
        if not any(self._partners(placement, features) for features in compared):
            return (
                f"no other camera or recorder has {LEAST_LEFT_S:.0f} s beside it that can be "
                "compared with it"
            )
        by = f" ({', '.join(placement.signals)})" if placement.signals else ""
        return f"the sync used all that there is{by}"

    def _partners(self, placement: Placement, features: Mapping[str, Any]) -> list[Placement]:
        """Return clips to measure against: the reference, then the longest overlaps."""
        ranked = []
        if placement.clip not in features:
            return []
        device = self._clips[placement.clip].device
        for other in self._group.placements:
            if other.clip == placement.clip or other.clip not in features:
                continue
            if device is not None and device == self._clips[other.clip].device:
                continue
            start_s, end_s = self._overlap(other, placement)
            if end_s - start_s >= LEAST_LEFT_S:
                is_reference = other.clip == self._group.reference
                ranked.append((not is_reference, start_s - end_s, other.clip, other))
        return [other for *_, other in sorted(ranked, key=lambda r: r[:3])[:PARTNERS]]

    def _overlap(self, other: Placement, placement: Placement) -> tuple[float, float]:
        """Return what two placed clips share, in the second one's clip time."""
        start_s = max(other.to_group(0.0), placement.to_group(0.0))
        end_s = min(self._end_s(other), self._end_s(placement))
        return placement.to_clip(start_s), placement.to_clip(end_s)

    def _end_s(self, placement: Placement) -> float:
        return placement.to_group(float(self._clips[placement.clip].duration_s))

    def _measure(
        self, comparer: Comparer, partner: Placement, placement: Placement
    ) -> tuple[float, Residuals | None, Refusal]:
        """Return seconds left over, what was measured there, and the last refusal."""
        span = self._overlap(partner, placement)
        used = self._looked_at(comparer, partner.clip, placement.clip)
        left_s, parts = 0.0, []
        told = Refusal(
            a=partner.clip, b=placement.clip, signal=comparer.signal.name, code="", reason=""
        )
        for piece, bounds in _pieces(placement, span):
            relation = between(_straight(partner), piece)
            delay_s = placement.sound_delay_s - partner.sound_delay_s
            if hears(comparer.signal):
                relation = dataclasses.replace(
                    relation, offset_s=relation.offset_s - delay_s * partner.rate
                )
            left_s += _left_over(bounds, used)
            if _left_over(bounds, used) < LEAST_LEFT_S:
                continue
            outside = [(-1e9, bounds[0]), (bounds[1], 1e9)]
            prior = Prior(
                offset_s=relation.offset_s,
                offset_std_s=max(relation.offset_std_s, 0.01),
                drift_ppm=relation.drift_ppm,
                drift_std_ppm=FREE_DRIFT_STD_PPM,
                speeds=(relation.speed,),
                hard=True,
            )
            exclude = [*outside, *used]
            answer = comparer.ask(partner.clip, placement.clip, prior=prior, exclude_spans=exclude)
            if isinstance(answer, Refusal) and answer.code == "no_match":
                told = answer
                wide = dataclasses.replace(prior, offset_s=None, offset_std_s=None, hard=False)
                answer = comparer.ask(
                    partner.clip, placement.clip, prior=wide, exclude_spans=exclude
                )
                if isinstance(answer, Match) and answer.confidence < SYNCED_CONFIDENCE:
                    continue
            if isinstance(answer, Match):
                parts.append(Residuals.of(answer, relation, bounds, partner))
        return left_s, Residuals.joined(parts) if parts else None, told

    def _looked_at(self, comparer: Comparer, a: str, b: str) -> list[tuple[float, float]]:
        """Return what the sync looked at of a pair, in b's clip time."""
        spans: list[tuple[float, float]] = []
        for match in self._used.get((comparer.signal.name, a, b), ()):
            seen = match if match.b == b else inverse(match)
            spans += seen.spans_s
            times = match.details.get("window_t_s", ())
            if isinstance(times, Sequence):
                middles = [float(t) for t in times if isinstance(t, int | float)]
                if match.b != b:
                    middles = [match.to_a(t) for t in middles]
                spans += [(t - HALF_WINDOW_S, t + HALF_WINDOW_S) for t in middles]
        return spans

    def _half_frame_s(self, placement: Placement) -> float:
        for name in (placement.clip, self._group.reference):
            rate = self._clips[name].frame_rate
            if rate is not None:
                return float(1 / (2 * rate))
        return 0.02


def _straight(placement: Placement) -> Placement:
    """Return the line of a placement without its time map."""
    return dataclasses.replace(placement, time_map=None)


def _pieces(
    placement: Placement, span: tuple[float, float]
) -> Iterator[tuple[Placement, tuple[float, float]]]:
    """Yield the straight pieces of a placement inside a span of clip time."""
    if placement.time_map is None:
        yield placement, span
        return
    for segment in placement.time_map.segments:
        bounds = (max(span[0], segment.knots[0][0]), min(span[1], segment.knots[-1][0]))
        if bounds[1] > bounds[0]:
            yield _line_of(placement, segment), bounds


def _line_of(placement: Placement, segment: Segment) -> Placement:
    (t0, g0), (t1, g1) = segment.knots[0], segment.knots[-1]
    rate = (t1 - t0) / (g1 - g0)
    return dataclasses.replace(
        placement,
        offset_s=g0 - t0 / rate,
        drift_ppm=(rate / float(placement.speed) - 1.0) * 1e6,
        time_map=None,
    )


def _left_over(span: tuple[float, float], used: Sequence[tuple[float, float]]) -> float:
    """Return how many seconds of a span no used stretch covers.

    >>> _left_over((0.0, 10.0), [(2.0, 4.0), (3.0, 5.0), (9.0, 20.0)])
    6.0
    """
    left_s, at_s = 0.0, span[0]
    for start_s, end_s in sorted(used):
        if end_s <= at_s:
            continue
        if start_s >= span[1]:
            break
        left_s += max(0.0, start_s - at_s)
        at_s = max(at_s, end_s)
    return left_s + max(span[1] - at_s, 0.0)
