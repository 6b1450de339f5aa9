"""The clips of a group as angles of a multicam clip, or why they are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from clapless.model import Group, Session
from clapless.timing import Timecode, round_half_up
from clapless_otio.exact import exact_s
from clapless_otio.options import ExportOptions
from clapless_otio.sources import playable_files
from clapless_resolve.plan import path_key
from clapless_resolve.reading import PoolClip

MOST_INSTANTS = 2000
"""Instants looked at for the one that lies best on the frames of all clips."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Angle:
    """A clip of a group: it begins at `start_s` of the group's time, exactly."""

    clip: PoolClip
    name: str
    start_s: Fraction

    @property
    def end_s(self) -> Fraction:
        """Where it ends."""
        return self.start_s + self.clip.frames / self.clip.rate


def angles_of(
    session: Session, group: Group, clips: Mapping[str, PoolClip], options: ExportOptions
) -> list[Angle] | str:
    """Return the clips of a group, or why they make no multicam clip."""
    angles = []
    for placement in group.placements:
        if placement.status == "check" and not options.include_check:
            continue
        clip = session.clip(placement.clip)
        files = playable_files(clip)
        if len(files) > 1:
            return f"{clip.name} has several files"
        found = clips.get(path_key(str(clip.path)))
        if found is None:
            return f"{clip.name} is not in the Media Pool"
        if placement.speed != 1 or placement.time_map is not None:
            return f"{clip.name} does not play at its normal speed"
        slip_s = abs(placement.drift_ppm) * 1e-6 * float(clip.duration_s)
        if slip_s * float(found.rate) >= 1:
            return f"the clock of {clip.name} drifts by {slip_s * float(found.rate):.1f} frames"
        # Its error from drift is shared by head and tail.
        middle_s = float(clip.duration_s) / 2
        start_s = exact_s(placement.to_group(middle_s) - middle_s)
        angles.append(Angle(clip=found, name=clip.name, start_s=start_s))
    return angles if len(angles) > 1 else "fewer than two of its clips are synced"


def shared_instant(angles: Sequence[Angle]) -> Fraction | None:
    """Return the group time that lies best on frames of all clips; None where none is shared."""
    first = max(angle.start_s for angle in angles)
    last = min(angle.end_s - 1 / angle.clip.rate for angle in angles)
    if last < first:
        return None
    base = max(angles, key=lambda angle: angle.clip.rate)
    begin = -int(-(first - base.start_s) * base.clip.rate // 1)
    end = int((last - base.start_s) * base.clip.rate // 1)
    step = max(1, (end - begin) // MOST_INSTANTS)
    times = [base.start_s + frame / base.clip.rate for frame in range(begin, end + 1, step)]
    return min(times or [first], key=lambda time_s: _spread_s(angles, time_s))


def _spread_s(angles: Iterable[Angle], time_s: Fraction) -> Fraction:
    """Return how far apart the frames nearest to an instant are."""
    off = [(time_s - a.start_s) - frame_at(a, time_s) / a.clip.rate for a in angles]
    return max(off) - min(off)


def frame_at(angle: Angle, time_s: Fraction) -> int:
    """Return the frame of a clip nearest to a group time."""
    return round_half_up((time_s - angle.start_s) * angle.clip.rate)


def timecodes_agree(angles: Sequence[Angle]) -> bool:
    """Return whether the clips' timecodes lie as the clips do, to half a frame."""
    zeros = []
    for angle in angles:
        clip = angle.clip
        try:
            label = Timecode.parse(clip.start_timecode, clip.rate, drop_frame=clip.drop_frame)
        except ValueError:
            return False
        zeros.append(label.seconds - angle.start_s)
    slowest = min(angle.clip.rate for angle in angles)
    return max(zeros) - min(zeros) <= 1 / (2 * slowest)
