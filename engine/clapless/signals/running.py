"""How far a device's labels are a clock's: shared by the signals that compare them.

A label that runs on (free run) is a clock. One that stands still between takes (record run) is a
counter of tape, and says nothing of other devices. The two look alike in one clip; over a device's
clips the labels of a counter follow each other without a gap while the files' own times do not.
Other labels never saw a clock that anyone set by another: see `label_confidence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from clapless.model import Clip
from clapless.signals.stamps import Stamp

RunMode = Literal["free", "record", "default", "unknown"]

CONTIGUOUS_GRAINS = 2.5
"""Record run goes on with the next label: a gap of at most two frames."""

PAUSE_S = 4.0
"""A pause between takes is longer; file times are whole or even seconds, written at the start or
at the end of the take."""

KEEPS_PACE_S = 6.0
"""A clock's labels and file times differ by no more from take to take."""

LABEL_CONFIDENCE = 0.92
"""A label that looks like a clock's. Whether that clock was set together with another is what the
ceiling is for. Judgement."""

OWN_CLOCK_CONFIDENCE = 0.6
"""A label of a maker whose cameras write the time of day of a clock that nobody jams. Judgement."""

OWN_CLOCKS = ("gopro", "dji", "insta360", "apple", "samsung", "google", "garmin")
"""Such makers, lower case. Some of their models can be set by a code on a screen: then the user
says so by naming the signal, and other signals confirm it."""

DEFAULT_CONFIDENCE = 0.6
"""A full hour that files bear which never saw a clock. Judgement."""


def label_confidence(clip: Clip, stamp: Stamp) -> float:
    """Return how probable it is that a clip's label is that of a clock others were set by."""
    if stamp.default:
        return DEFAULT_CONFIDENCE
    if clip.metadata.get("maker", "").lower().startswith(OWN_CLOCKS):
        return OWN_CLOCK_CONFIDENCE
    return LABEL_CONFIDENCE


@dataclass(frozen=True, slots=True)
class Running:
    """How the timecode of a device runs, and why we think so.

    Parameters
    ----------
    mode
        ``free``, ``record``, ``default`` (labels that files bear which never saw a clock) or
        ``unknown``.
    reason
        A clause for people, empty where it is free or unknown.
    """

    mode: RunMode
    reason: str = ""


def judge(stamps: Sequence[Stamp]) -> Running:
    """Return how a device's timecode runs, from the stamps of all its clips.

    Parameters
    ----------
    stamps
        Of one device, in any order.
    """
    if not stamps:
        return Running("unknown")
    texts = {stamp.text for stamp in stamps}
    if len(stamps) > 1 and (all(stamp.default for stamp in stamps) or len(texts) == 1):
        return Running(
            "default", f"every clip starts at {min(texts)}, as files do that never saw a clock"
        )
    known = [stamp for stamp in stamps if stamp.created_s is not None]
    by_label = _steps(sorted(stamps, key=lambda stamp: stamp.start_s))
    follows = [gap for gap, grain, _ in by_label if abs(gap) <= CONTIGUOUS_GRAINS * grain]
    if len(known) == len(stamps) >= 2:
        return _by_file_times(stamps)
    if len(by_label) >= 2 and len(follows) == len(by_label):
        return Running("unknown", "its labels follow each other without a gap")
    return Running("unknown")


def _by_file_times(known: Sequence[Stamp]) -> Running:
    steps = _steps(sorted(known, key=lambda stamp: (stamp.created_s or 0.0, stamp.start_s)))
    stood = kept = 0
    for gap_s, grain_s, made_gap_s in steps:
        paused = made_gap_s is not None and made_gap_s > PAUSE_S
        if paused and abs(gap_s) <= CONTIGUOUS_GRAINS * grain_s:
            stood += 1
        elif paused and made_gap_s is not None and abs(gap_s - made_gap_s) <= KEEPS_PACE_S:
            kept += 1
    if stood > kept:
        return Running(
            "record", "its timecode stands still between takes (record run), so it is no clock"
        )
    if kept and not stood:
        return Running("free")
    return Running("unknown")


def _steps(ordered: Sequence[Stamp]) -> list[tuple[float, float, float | None]]:
    """Return, from clip to clip, the gap between labels, a frame, and the gap of file times.

    The gap of file times is taken between starts less the length of the first clip; where files
    bear the time of their end it is wrong by the difference of two lengths, hence the sums in
    `judge` and not single steps decide.
    """
    steps: list[tuple[float, float, float | None]] = []
    for one, two in pairwise(ordered):
        made = None
        if one.created_s is not None and two.created_s is not None:
            by_start = two.created_s - one.created_s - float(one.end_s - one.start_s)
            by_end = two.created_s - one.created_s - float(two.end_s - two.start_s)
            # Whichever reading of the file times is nearer to the labels: doubt favours neither.
            label_gap = float(two.start_s - one.end_s)
            made = min((by_start, by_end), key=lambda gap: abs(gap - label_gap))
        steps.append((float(two.start_s - one.end_s), float(one.grain_s), made))
    return steps


def judge_all(stamps: Mapping[str, Stamp], devices: Mapping[str, str | None]) -> dict[str, Running]:
    """Return how each clip's timecode runs, by clip id.

    Parameters
    ----------
    stamps
        Stamp by clip id.
    devices
        Device by clip id; clips without one are judged alone.
    """
    together: dict[str, list[str]] = {}
    for clip, device in devices.items():
        if clip in stamps:
            together.setdefault(f"device {device}" if device else f"clip {clip}", []).append(clip)
    return {
        clip: running
        for clips in together.values()
        for running in [judge([stamps[clip] for clip in clips])]
        for clip in clips
    }


def is_clock(running: Running) -> bool:
    """Return whether labels that run so may be compared with those of other devices."""
    return running.mode not in ("record", "default")
