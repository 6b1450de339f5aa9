"""Carrying markers from one clip or group to another, through any placement.

A marker's time goes onto the group's clock and from there into the target's clip time. What lies
outside the target, or in a gap of a time map, is kept at the nearest place there is and marked for
review; nothing is dropped.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace

from clapless.errors import UsageError
from clapless.model import CHECK_CONFIDENCE, Clip, Marker, Placement, Session

REVIEW_THRESHOLD = 0.6
"""Below this confidence a carried marker needs a person's look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Where markers stand: a clip with its placement, or a group.

    Parameters
    ----------
    group
        Id of the group both ends must share.
    placement, clip
        None for the group's own time.
    """

    group: str
    placement: Placement | None = None
    clip: Clip | None = None

    def to_group(self, time_s: float) -> tuple[float, str]:
        """Return the group time of a time of this host, and what is wrong with it, if anything."""
        if self.placement is None or self.clip is None:
            return time_s, ""
        inside, note = _into_clip(self.clip, time_s)
        near, gap = _out_of_gap(self.placement, inside, to_group=True)
        return near, note or gap

    def from_group(self, group_s: float) -> tuple[float, str]:
        """Return the time of this host at a group time, and what is wrong with it, if anything."""
        if self.placement is None or self.clip is None:
            return group_s, ""
        near, gap = _out_of_gap(self.placement, group_s, to_group=False)
        time_s, note = _into_clip(self.clip, near)
        return time_s, note or gap

    @property
    def confidence(self) -> float:
        """Probability that the host's place is right."""
        return 1.0 if self.placement is None else self.placement.confidence

    def std_s(self, time_s: float) -> float:
        """Return the standard deviation of the host's place at one of its times, in seconds."""
        if self.placement is None:
            return 0.0
        whole = self.placement.time_map
        for segment in whole.segments if whole is not None else ():
            (first, *_), (last, *_) = segment.knots[0], segment.knots[-1]
            if segment.std_s and first <= time_s <= last:
                after = min(
                    max(bisect_right([knot[0] for knot in segment.knots], time_s), 1),
                    len(segment.knots) - 1,
                )
                (t_0, _), (t_1, _) = segment.knots[after - 1], segment.knots[after]
                share = (time_s - t_0) / (t_1 - t_0)
                return segment.std_s[after - 1] * (1 - share) + segment.std_s[after] * share
        return self.placement.std_s(time_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A marker at its new host.

    Parameters
    ----------
    marker
        With the new host, time, duration, confidence and needs_review.
    group_s
        Its time on the group's clock, in seconds.
    std_s
        Standard deviation of its new time, in seconds.
    note
        Why it needs review, a clause for people; empty where it does not.
    """

    marker: Marker
    group_s: float
    std_s: float
    note: str


def host_of(session: Session, name: str, *, clip: str | None = None) -> Host:
    """Return the clip or group of a session that is meant.

    Parameters
    ----------
    session
        The session.
    name
        Id of a group, else for the sentence.
    clip
        Id of the clip that `name` was found to mean, None for a group.

    Raises
    ------
    UsageError
        There is no such group, or the clip is not placed.
    """
    if clip is None:
        if any(group.id == name for group in session.groups):
            return Host(group=name)
        raise UsageError(f"There is no clip or group called {name!r} in the session.")
    placed = session.placement(clip)
    if placed is None:
        raise UsageError(
            f"{session.clip(clip).name} is not synced, so no marker can be carried from or to it: "
            "pin it by hand (clapless sync --pin), or leave it out."
        )
    return Host(group=placed[0].id, placement=placed[1], clip=session.clip(clip))


def carry(
    markers: Iterable[Marker],
    *,
    source: Host,
    target: Host,
    threshold: float = REVIEW_THRESHOLD,
) -> tuple[Carried, ...]:
    """Return markers of one host at another, in the order given.

    Parameters
    ----------
    markers
        With times of the source.
    source, target
        Of one group.
    threshold
        Confidence below which a marker needs review.

    Raises
    ------
    UsageError
        The two are not in one group: nothing says where one lies on the other's clock.
    """
    if source.group != target.group:
        raise UsageError(
            "The two clips belong to different groups: nothing is known of the one's time on the "
            "other's clock."
        )
    return tuple(_carried(marker, source, target, threshold) for marker in markers)


def _carried(marker: Marker, source: Host, target: Host, threshold: float) -> Carried:
    group_s, lost = source.to_group(marker.time_s)
    time_s, missed = target.from_group(group_s)
    end_s = target.from_group(source.to_group(marker.time_s + marker.duration_s)[0])[0]
    confidence = marker.confidence * source.confidence * target.confidence
    note = lost or missed
    if note:
        # It is not where it was meant: its place is a help, no statement.
        confidence = min(confidence, CHECK_CONFIDENCE)
    elif confidence < threshold:
        note = f"only {round(confidence * 100)} % sure"
    moved = replace(
        marker,
        clip=None if target.clip is None else target.clip.id,
        group=target.group if target.clip is None else None,
        time_s=time_s,
        duration_s=max(0.0, end_s - time_s) if marker.duration_s else 0.0,
        confidence=confidence,
        needs_review=marker.needs_review or bool(note),
    )
    std_s = math.hypot(source.std_s(marker.time_s), target.std_s(time_s))
    return Carried(marker=moved, group_s=group_s, std_s=std_s, note=note)


def _into_clip(clip: Clip, time_s: float) -> tuple[float, str]:
    """Return the nearest time inside a clip; a microsecond over its end is rounding."""
    length_s = float(clip.duration_s)
    if time_s < -1e-6:
        return 0.0, f"{-time_s:.2f} s before the start of {clip.name}"
    if length_s > 0 and time_s > length_s + 1e-6:
        return length_s, f"{time_s - length_s:.2f} s after the end of {clip.name}"
    return time_s, ""


def _out_of_gap(placement: Placement, time_s: float, *, to_group: bool) -> tuple[float, str]:
    """Return the other side's time, from the nearer end of a gap where the time lies in one."""
    whole = placement.time_map
    if whole is None:
        return (placement.to_group if to_group else placement.to_clip)(time_s), ""
    answer = whole.to_group(time_s) if to_group else whole.to_clip(time_s)
    if answer is not None:
        return answer, ""
    axis = 0 if to_group else 1
    ends = [knot for s in whole.segments for knot in (s.knots[0], s.knots[-1])]
    nearest = min(ends, key=lambda knot: abs(knot[axis] - time_s))
    outside = time_s < ends[0][axis] or time_s > ends[-1][axis]
    where = "outside what was aligned" if outside else "in a gap of the alignment"
    return nearest[1 - axis], f"{abs(nearest[axis] - time_s):.2f} s {where}"
