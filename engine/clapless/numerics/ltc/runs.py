"""Frames become runs: stretches in which the label counts on without a break.

Conventions
-----------
A run is a line ``frame(t) = anchor_frame + (t - anchor_s) * frames_per_s`` in clip time, with knots
where one line is not enough. Frame numbers go on past midnight instead of beginning again.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.ltc.frames import LtcFrames, count_frames, frames_per_day

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOMINALS = (24, 25, 30)
"""What a second of linear timecode counts."""

RATE_TOLERANCE = 3e-4
"""24 and 23.976 differ by 1e-3; sample clocks by 1e-4 at the worst."""

TRADE_SPEEDS = (
    Fraction(1),
    Fraction(25, 24),
    Fraction(24, 25),
    Fraction(25025, 24000),
    Fraction(24000, 25025),
    Fraction(1001, 1000),
    Fraction(1000, 1001),
    Fraction(48000, 44100),
    Fraction(44100, 48000),
    Fraction(2),
    Fraction(1, 2),
)
"""Speeds at which sound with code in it is played by trade, the likeliest first."""

BREAK_S = 0.5e-3
"""A step of the code against the samples larger than this is a break: a recorder lost samples."""

BREAK_SHARE = 0.003
"""... plus this share of the time between two frames, for tape."""

LEAST_FRAMES = 4
"""Fewer frames in a row are a misreading, if there are longer runs."""

KNOT_S = 10.0
"""Distance of the knots."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LtcRun:
    """A stretch in which the label counts on.

    Parameters
    ----------
    start_s, end_s
        Clip times of the first and after the last frame.
    count
        Frames read in it.
    nominal
        Frames a second of the label counts.
    drop_frame
        Whether the numbers are counted as drop frame.
    flagged_drop
        Whether the frames carry the flag.
    rate
        Exact frames per second at speed 1, as measured against the sample clock.
    speed
        Exact speed by trade, or as measured where it is none; < 0 backwards.
    anchor_s, anchor_frame, frames_per_s
        The line.
    jitter_s
        Robust standard deviation of frame times about the line.
    user_bits
        Of the first frame.
    knots_s, knots_frame
        Averages over `KNOT_S`, shape (k,): clip times, and the frame number (with its fraction)
        there.
    """

    start_s: float
    end_s: float
    count: int
    nominal: int
    drop_frame: bool
    flagged_drop: bool
    rate: Fraction
    speed: Fraction
    anchor_s: float
    anchor_frame: float
    frames_per_s: float
    jitter_s: float
    user_bits: int
    knots_s: Floats
    knots_frame: Floats

    @property
    def frames_per_day(self) -> int:
        """After how many frames the label comes round."""
        return frames_per_day(nominal=self.nominal, drop_frame=self.drop_frame)

    @property
    def day_s(self) -> float:
        """After how much real time, at speed 1, the label comes round."""
        return self.frames_per_day / float(self.rate)

    def frame_at(self, t_s: float) -> float:
        """Return the frame number, with its fraction, at a clip time."""
        return self.anchor_frame + (t_s - self.anchor_s) * self.frames_per_s

    def label_s(self, t_s: float) -> float:
        """Return the code's real time since its 00:00:00:00, in seconds, at a clip time."""
        return self.frame_at(t_s) / float(self.rate)

    @property
    def label_rate(self) -> float:
        """Seconds of the code in one second of clip time; < 0 backwards."""
        return self.frames_per_s / float(self.rate)


def find_runs(frames: LtcFrames) -> list[LtcRun]:
    """Return the runs in decoded frames, in rising time.

    Parameters
    ----------
    frames
        In rising time, as `LtcDecoder.finish` returns them.
    """
    if len(frames) < 2:
        return []
    nominal = _nominal(frames)
    frames = frames.take(frames.frames < nominal)
    groups = _groups(frames, nominal)
    if groups and max(map(len, groups)) >= LEAST_FRAMES:
        keep = np.concatenate([group for group in groups if len(group) >= LEAST_FRAMES])
        groups = [keep[group] for group in _groups(frames.take(keep), nominal)]
    return [_run(frames.take(group), nominal) for group in groups if len(group) >= 2]


def _nominal(frames: LtcFrames) -> int:
    """Return what a second counts: by the last number before the next second, else by the rate."""
    step = np.diff(frames.time_s) / frames.period_s[1:]
    turned = (np.abs(step - 1) < 0.2) & (np.abs(np.diff(frames.seconds)) % 58 == 1)
    last = np.where(frames.direction[1:] > 0, frames.frames[:-1], frames.frames[1:])[turned] + 1
    votes = {nominal: int(np.sum(last == nominal)) for nominal in NOMINALS}
    best = max(votes, key=lambda nominal: votes[nominal])
    if votes[best]:
        return best
    per_second = 1.0 / float(np.median(frames.period_s))
    near = min(NOMINALS, key=lambda nominal: abs(per_second / nominal - 1))
    highest = int(np.quantile(frames.frames, 0.9))
    return near if highest < near else next((n for n in NOMINALS if highest < n), 30)


def _counts_dropped(frames: LtcFrames, nominal: int) -> bool:
    """Return whether the numbering itself leaves numbers out; the flag alone may be wrong."""
    if nominal != 30:
        return False
    minute = (frames.seconds == 0) & (frames.minutes % 10 != 0)
    there = minute & (frames.frames < 2)
    passed = minute & (frames.frames == 2)
    if there.any() or passed.any():
        return bool(passed.sum() > there.sum() / 2)
    return bool(frames.drop_frame.mean() > 0.5)


def _numbers(frames: LtcFrames, nominal: int) -> tuple[Ints, int]:
    drop = _counts_dropped(frames, nominal)
    numbers = count_frames(
        frames.hours,
        frames.minutes,
        frames.seconds,
        frames.frames,
        nominal=nominal,
        drop_frame=drop,
    )
    return numbers, frames_per_day(nominal=nominal, drop_frame=drop)


def _groups(frames: LtcFrames, nominal: int) -> list[Ints]:
    """Return positions of frames that count on without a break."""
    if not len(frames):
        return []
    numbers, day = _numbers(frames, nominal)
    elapsed = np.diff(frames.time_s)
    steps = np.diff(numbers) * frames.direction[1:]
    steps = (steps + day // 2) % day - day // 2
    period = _local_period(frames, steps, elapsed)
    miss = np.abs(elapsed - steps * period)
    broken = miss > BREAK_S + BREAK_SHARE * elapsed
    broken |= frames.direction[1:] != frames.direction[:-1]
    borders = np.concatenate([[0], np.flatnonzero(broken) + 1, [len(frames)]])
    return [np.arange(a, b) for a, b in pairwise(borders)]


def _local_period(frames: LtcFrames, steps: Ints, elapsed: Floats) -> Floats:
    good = (steps == 1) & (elapsed < 1.5 * frames.period_s[1:])
    each = np.where(good, elapsed, np.nan)
    typical = float(np.nanmedian(each)) if good.any() else float(np.median(frames.period_s))
    # The code's own length of this frame follows tape; a crystal's is the same everywhere.
    own = frames.period_s[1:]
    steady = np.abs(own / typical - 1) < 0.02
    return np.where(steady, typical, own)


def _run(frames: LtcFrames, nominal: int) -> LtcRun:
    numbers, day = _numbers(frames, nominal)
    jumps = np.diff(numbers)
    numbers = numbers + day * np.concatenate(
        [[0], np.cumsum((jumps < -day // 2).astype(np.int64) - (jumps > day // 2))]
    )
    times, exact = frames.time_s, numbers.astype(np.float64)
    middle = float(exact.mean())
    keep = np.ones(len(frames), np.bool_)
    period, anchor_s = 0.0, 0.0
    for _ in range(3):
        period, anchor_s = np.polyfit(exact[keep] - middle, times[keep], 1)
        rest = times - anchor_s - (exact - middle) * period
        spread = 1.4826 * float(np.median(np.abs(rest[keep])))
        keep = np.abs(rest) <= 4 * spread + 1e-9
        if keep.sum() < 2:
            keep[:] = True
            break
    flagged = bool(frames.drop_frame.mean() > 0.5)
    drop = _counts_dropped(frames, nominal)
    per_s = 1.0 / float(period)
    rate, speed = _rate(abs(per_s), nominal, drop)
    knots_s, knots_frame = _knots(times, exact)
    return LtcRun(
        start_s=float((times + np.minimum(0, frames.direction) * frames.period_s)[0]),
        end_s=float((times + np.maximum(0, frames.direction) * frames.period_s)[-1]),
        count=len(frames),
        nominal=nominal,
        drop_frame=drop,
        flagged_drop=flagged,
        rate=rate,
        speed=speed if per_s > 0 else -speed,
        anchor_s=float(anchor_s),
        anchor_frame=middle,
        frames_per_s=per_s,
        jitter_s=spread,
        user_bits=int(frames.user_bits[0]),
        knots_s=knots_s,
        knots_frame=knots_frame,
    )


def _rate(per_s: float, nominal: int, drop: bool) -> tuple[Fraction, Fraction]:
    """Return the exact rate and speed that explain what was measured."""
    slow = Fraction(nominal * 1000, 1001)
    rates = [slow] if drop else [Fraction(nominal)] if nominal == 25 else [Fraction(nominal), slow]
    if drop:
        rates.append(Fraction(nominal))
    for speed in TRADE_SPEEDS:
        for rate in rates:
            if abs(per_s / float(rate * speed) - 1) <= RATE_TOLERANCE:
                return rate, speed
    return rates[0], Fraction(per_s / float(rates[0])).limit_denominator(1_000_000)


def _knots(times: Floats, numbers: Floats) -> tuple[Floats, Floats]:
    """Average the frames over `KNOT_S`: mean time, and the frame number there."""
    block = np.floor((times - times[0]) / KNOT_S).astype(np.int64)
    last = int(block[-1])
    # A short last block joins the one before.
    if last > 0 and times[-1] - times[0] - last * KNOT_S < KNOT_S / 2:
        block[block == last] = last - 1
    _, inverse = np.unique(block, return_inverse=True)
    size = np.bincount(inverse)
    knots_s = np.bincount(inverse, times) / size
    knots_frame = np.bincount(inverse, numbers) / size
    return knots_s, knots_frame
