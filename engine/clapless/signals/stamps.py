"""The label a clip's start bears, as real time of day: shared by the signals that read clocks.

Conventions
-----------
A stamp is real seconds since the label 00:00:00:00, exact, at clip time 0. Counting at 23.976 or
29.97 without dropped numbers is slower than the clock on the wall, so its day has 86486.4 s; that
of drop frame has 86399.9136 s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Literal

from clapless.model import Clip
from clapless.timing import Timecode, nominal_rate

DEFAULT_HOURS = (0, 1)
"""Full hours at which files begin that never saw a clock."""

DAY_S = Fraction(86400)

NEAR_S = 1800.0
"""Clips that share no moment are put on one clock by their labels only if no more time parts them:
two files of two shoots have labels too."""

LEAST_SPAN_S = 1e-6
"""Shorter stretches are what rounding leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """The label at a clip's start.

    Parameters
    ----------
    start_s
        Real seconds since 00:00:00:00 at clip time 0, exact.
    end_s
        The same at the clip's end.
    day_s
        After how many real seconds the label comes round.
    grain_s
        What one step of the label is worth: a frame, or a sample.
    speed
        Clip seconds per real second: 1 unless the clip is off speed.
    slow
        Whether the label falls behind the clock on the wall by 1 in 1001.
    source
        ``timecode`` or ``bwf`` (time reference of a wave file).
    text
        The label for people.
    default
        Whether it is a label that files bear which never saw a clock.
    created_s
        When the file says it was made, seconds since 1970; None where it does not.
    """

    start_s: Fraction
    end_s: Fraction
    day_s: Fraction
    grain_s: Fraction
    speed: Fraction
    slow: bool
    source: Literal["timecode", "bwf"]
    text: str
    default: bool
    created_s: float | None


def stamp_of(clip: Clip) -> Stamp | None:
    """Return the label a clip starts with, or None where it has none that can be read.

    A sound file's time reference comes before its label: it is exact to the sample, and the label
    is rounded from it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from clapless.model import MediaFile
    >>> clip = Clip(id="c1", name="A", files=(MediaFile(path=Path("A.mov")),),
    ...             start_timecode="01:00:00;02", timecode_rate=Fraction(30000, 1001))
    >>> stamp = stamp_of(clip)
    >>> float(stamp.start_s), stamp.slow
    (3600.063..., False)
    """
    if clip.kind == "audio":
        return _time_reference(clip) or _timecode(clip)
    return _timecode(clip) or _time_reference(clip)


def label_rate(clip: Clip) -> Fraction | None:
    """Return the exact rate a clip's label counts at.

    A track may state 30 for 29.97: a camera that takes 29.97 or 59.94 frames a second does not
    count 30 labels in it.
    """
    rate = clip.timecode_rate or clip.frame_rate
    if rate is None or rate <= 0:
        return None
    frames = clip.capture_rate or clip.frame_rate
    if rate.denominator == 1 and frames is not None and frames.denominator == 1001:
        pulled = Fraction(rate * 1000, 1001)
        if (frames / pulled).denominator == 1:
            return pulled
    return rate


def clip_speed(clip: Clip) -> Fraction:
    """Return clip seconds per real second: capture rate over frame rate."""
    if clip.capture_rate and clip.frame_rate:
        return clip.capture_rate / clip.frame_rate
    return Fraction(1)


def _timecode(clip: Clip) -> Stamp | None:
    rate = label_rate(clip)
    if clip.start_timecode is None or rate is None:
        return None
    try:
        label = Timecode.parse(clip.start_timecode, rate)
    except ValueError:
        return None
    nominal = nominal_rate(rate)
    last = Timecode.parse(f"23:59:59:{nominal - 1:02d}", rate, drop_frame=label.drop_frame)
    speed = clip_speed(clip)
    start_s = label.seconds
    hour, rest = divmod(label.frame, nominal * 3600)
    text = str(label)
    if label.drop_frame:
        rest = 0 if text[2:] == ":00:00;00" else 1
        hour = int(text[:2])
    return Stamp(
        start_s=start_s,
        end_s=start_s + clip.duration_s / speed,
        day_s=(last.frame + 1) / rate,
        grain_s=1 / rate,
        speed=speed,
        slow=not label.drop_frame and rate.denominator == 1001,
        source="timecode",
        text=text,
        default=rest == 0 and hour in DEFAULT_HOURS,
        created_s=created_s(clip),
    )


def _time_reference(clip: Clip) -> Stamp | None:
    samples = clip.time_reference_samples
    if not samples or samples < 0 or not clip.audio:
        # Zero is what recorders write that were never set.
        return None
    sample_rate_hz = clip.audio[0].sample_rate_hz
    start_s = Fraction(samples, sample_rate_hz)
    rate = clip.timecode_rate
    # A recorder that says no rate keeps the time on the wall.
    slow = rate is not None and rate.denominator == 1001 and not _drops(clip)
    day_s = DAY_S * Fraction(1001, 1000) if slow else DAY_S
    if start_s > 2 * DAY_S:
        return None
    speed = _recorded_speed(clip, sample_rate_hz)
    label_s = start_s * Fraction(1000, 1001) if slow else start_s
    return Stamp(
        start_s=start_s % day_s,
        end_s=start_s % day_s + clip.duration_s / speed,
        day_s=day_s,
        grain_s=Fraction(1, sample_rate_hz),
        speed=speed,
        slow=slow,
        source="bwf",
        text=clock_text(float(label_s)),
        default=label_s in {hour * 3600 for hour in DEFAULT_HOURS},
        created_s=created_s(clip),
    )


def _drops(clip: Clip) -> bool:
    return bool(clip.start_timecode and clip.start_timecode[-3:-2] in ";,.") or (
        clip.metadata.get("timecode_flag", "").upper() in {"DF", "D"}
    )


def _recorded_speed(clip: Clip, sample_rate_hz: int) -> Fraction:
    """Return how fast the file must play: above 1 where it was taken faster than it is labelled.

    A recorder in pull-up mode takes 48048 samples a second and labels them 48000.
    """
    taken = clip.metadata.get("digitizer_sample_rate_hz", "")
    if taken.isdecimal() and int(taken) > 0:
        ratio = Fraction(int(taken), sample_rate_hz)
        if Fraction(1, 2) <= ratio <= 2:
            return ratio
    return Fraction(1)


def created_s(clip: Clip) -> float | None:
    """Return when a file says it was made, in seconds since 1970, or None.

    Local time stands in where there is no other. It orders and it doubts; it never places.
    """
    text = clip.metadata.get("creation_time") or clip.metadata.get("recorded_local", "")
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        return None
    if made.tzinfo is None:
        made = made.replace(tzinfo=UTC)
    return made.timestamp() if made.year >= 1980 else None


def jam_shift_s(start_b_s: float, *, slow_a: bool, slow_b: bool) -> float:
    """Return what is added to b's real time so that equal labels are one instant.

    Labels at 23.976 or 29.97 without dropped numbers, set by a clock on the wall or by a device
    that keeps pace with it, say the same when they are set, and fall behind from then on: 3.6 s an
    hour. When they were set nobody wrote down; just before b began is what is taken here.

    Parameters
    ----------
    start_b_s
        Real seconds since 00:00:00:00 at b's start.
    slow_a, slow_b
        Which of the two falls behind.

    Examples
    --------
    >>> round(jam_shift_s(36036.0, slow_a=False, slow_b=True), 6)
    -36.0
    """
    if slow_a == slow_b:
        return 0.0
    return start_b_s / 1.001 - start_b_s if slow_b else start_b_s * 1.001 - start_b_s


def pairs_worth_trying(apart_s: Mapping[tuple[str, str], float]) -> list[tuple[str, str]]:
    """Return pairs that overlap, then for each clip left its nearest, up to `NEAR_S`.

    Parameters
    ----------
    apart_s
        Gap of two clips by their labels, negative where they overlap.

    Examples
    --------
    >>> pairs_worth_trying({("a", "b"): 90.0, ("a", "c"): -5.0, ("b", "c"): 60.0})
    [('a', 'c'), ('b', 'c')]
    """
    ordered = sorted(apart_s, key=lambda pair: (apart_s[pair], pair))
    chosen = [pair for pair in ordered if apart_s[pair] <= 0]
    met = {clip for pair in chosen for clip in pair}
    for pair in ordered:
        if 0 < apart_s[pair] <= NEAR_S and not met.issuperset(pair):
            chosen.append(pair)
            met.update(pair)
    return chosen


def left_over(
    spans_s: Iterable[tuple[float, float]], exclude_s: Iterable[tuple[float, float]]
) -> tuple[tuple[float, float], ...]:
    """Return what is left of stretches of time without others, in rising time.

    Examples
    --------
    >>> left_over([(0.0, 10.0)], [(2.0, 3.0), (8.0, 12.0)])
    ((0.0, 2.0), (3.0, 8.0))
    """
    left = sorted((start, end) for start, end in spans_s if end > start)
    for begin, stop in exclude_s:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, begin)), (max(start, stop), end))
            if part[1] - part[0] > LEAST_SPAN_S
        ]
    return tuple(sorted(left))


def file_time_was_set(created: float) -> bool:
    """Return whether a file's time can be one that somebody set.

    Cameras that lost theirs begin again on the first of January of some year, or long ago.

    >>> file_time_was_set(datetime(2016, 1, 1, 0, 3, tzinfo=UTC).timestamp())
    False
    """
    made = datetime.fromtimestamp(created, UTC)
    return made.year >= 2010 and not (made.month == 1 and made.day <= 3)


def far_apart_reason(apart_s: float) -> str:
    """Return why two labels are no relation, as a clause.

    >>> far_apart_reason(8100.0)
    'by their timecodes they are 2.2 hours apart'
    """
    return f"by their timecodes they are {apart_s / 3600:.1f} hours apart"


def clock_text(seconds: float) -> str:
    """Return a time of day for people.

    >>> clock_text(3723.5)
    '01:02:03.500'
    """
    whole = round(seconds * 1000)
    hours, rest = divmod(whole, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def later_by_s(
    a: tuple[Fraction | float, Fraction | float],
    b: tuple[Fraction | float, Fraction | float],
    *,
    day_a_s: Fraction | float,
    day_b_s: Fraction | float,
) -> Fraction | float:
    """Return how much later b starts than a, over midnight if that brings them together.

    Parameters
    ----------
    a, b
        Start and end in real seconds since 00:00:00:00.
    day_a_s, day_b_s
        Length of the days of the two labels.

    Examples
    --------
    >>> later_by_s((86390, 86410), (5, 20), day_a_s=86400, day_b_s=86400)
    15
    """
    length_a, length_b = a[1] - a[0], b[1] - b[0]
    plain = b[0] - a[0]

    def apart(later: Fraction | float) -> tuple[float, float]:
        return float(max(later - length_a, -length_b - later, 0)), abs(float(later))

    return min((plain, plain + day_b_s, plain - day_a_s), key=apart)
