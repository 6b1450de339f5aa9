"""From ways to times: stops come back, and what one run only did is a gap.

Conventions
-----------
As in `clapless.numerics.route_warp`: ``t_ref = f(t_new)``, strictly rising within a stretch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from clapless.numerics.route_warp import LEAST_RISE, STOP_LEAST_S, Break, Gap, Stretch
from clapless.numerics.scenery_warp import Run
from clapless.numerics.scenery_way import Halt, Way

Floats = NDArray[np.float64]

TOGETHER_STEPS, TOGETHER_STD = 0.4, 2.0
"""Two stops within so many steps of riding and standard deviations are at one place. Who stands two
metres from where the other stood stands alone: else all between the two is off by a whole stop."""

BESIDE_STD = 2.5
"""So many standard deviations beside a stop of the reference alone it is no longer in question on
which side of it the new run is."""

LEAST_RATE = 0.25
"""A rider slower than this share of the usual is taken to be as fast, for the error in time."""

LEAST_STD_S = 0.004
"""Below this no error is believed: a frame is presented, not exposed, at its time."""

LEAST_GAP_S = 1.0
"""Shorter gaps are not told."""

EDGE_S = 1e-3
"""A stop of the reference alone takes so much of the new run's time where it is no gap."""


@dataclass(slots=True)
class _Line:
    """Knots of one stretch as they are collected."""

    new: list[float] = field(default_factory=list)
    ref: list[float] = field(default_factory=list)
    std: list[float] = field(default_factory=list)

    def add(self, new: float, ref: float, std: float) -> None:
        """Add a knot; of one that does not rise enough the doubt alone is kept."""
        if self.new:
            passed = new - self.new[-1]
            if passed <= 1e-6 or ref - self.ref[-1] <= LEAST_RISE * passed:
                self.std[-1] = max(self.std[-1], std)
                return
        self.new.append(new)
        self.ref.append(ref)
        self.std.append(std)


def stretches_of(
    ref: Way, new: Way, runs: Sequence[Run], *, ref_end_s: float, new_end_s: float
) -> tuple[tuple[Stretch, ...], tuple[Gap, ...]]:
    """Return the time map and its gaps.

    Parameters
    ----------
    ref, new
        The ways.
    runs
        Where the new run is on the reference, in rising order.
    ref_end_s, new_end_s
        When the last pictures are shown: those after the last that was looked at are reached by
        going on as before.
    """
    stretches: list[Stretch] = []
    gaps: list[Gap] = []
    reached_s = float(new.times_s[0])
    for run in runs:
        lines = _lines(ref, new, run)
        if not lines:
            continue
        if run.index[-1] >= len(new.times_s) - 1:
            _go_on(lines[-1], ref_end_s, new_end_s)
        for number, line in enumerate(lines):
            if len(line.new) < 2 or not _follows(stretches, line):
                continue
            kind: Break = "stop" if number else "detour"
            if not number and stretches:
                ahead_s = line.ref[0] - stretches[-1].t_ref_s[-1]
                alone = ahead_s > STOP_LEAST_S + 2 * (line.new[0] - reached_s)
                kind = "lap" if alone else "detour"
            if line.new[0] - reached_s >= LEAST_GAP_S or (kind != "detour" and stretches):
                gaps.append(Gap(kind=kind, start_s=reached_s, end_s=line.new[0]))
            stretches.append(
                Stretch(
                    t_new_s=np.array(line.new), t_ref_s=np.array(line.ref), std_s=np.array(line.std)
                )
            )
            reached_s = line.new[-1]
    if stretches and new_end_s - reached_s >= LEAST_GAP_S:
        gaps.append(Gap(kind="detour", start_s=reached_s, end_s=new_end_s))
    return tuple(stretches), tuple(gaps)


def _follows(stretches: Sequence[Stretch], line: _Line) -> bool:
    if not stretches:
        return True
    before = stretches[-1]
    return bool(line.new[0] >= before.t_new_s[-1] and line.ref[0] >= before.t_ref_s[-1])


def _go_on(line: _Line, ref_end_s: float, new_end_s: float) -> None:
    """Lengthen a stretch up to the last picture, at the pace it had."""
    if len(line.new) < 3 or new_end_s <= line.new[-1]:
        return
    back = max(0, len(line.new) - 5)
    passed = line.new[-1] - line.new[back]
    if new_end_s - line.new[-1] > passed:
        return
    pace = (line.ref[-1] - line.ref[back]) / passed
    gone_s = min(new_end_s - line.new[-1], max(0.0, ref_end_s - line.ref[-1]) / pace)
    line.add(line.new[-1] + gone_s, line.ref[-1] + pace * gone_s, line.std[-1] * 1.2)


def _lines(ref: Way, new: Way, run: Run) -> list[_Line]:
    inside = (run.at >= ref.gone[0]) & (run.at <= ref.gone[-1])
    if inside.sum() < 2:
        return []
    index, at, error = run.index[inside], run.at[inside], run.std[inside]
    t_new = new.times_s[index]
    t_ref = np.interp(at, ref.gone, ref.times_s)
    std = np.maximum(error * _seconds_per_way(ref, at), LEAST_STD_S)
    halts_new = {h.first: h for h in new.halts}
    together = _together(ref, new, index, at, error)
    for halt, other in together:
        # Any moment of the one stop may be meant by any of the other.
        meant_s = (ref.times_s[other.last] - ref.times_s[other.first]) / 2
        there = (index == halt.first) | (index == halt.last)
        std = np.where(there, np.hypot(std, meant_s), std)
        t_ref = np.where(index <= halt.first, np.minimum(t_ref, ref.times_s[other.first]), t_ref)
        t_ref = np.where(index >= halt.last, np.maximum(t_ref, ref.times_s[other.last]), t_ref)
    with_new = {halt.first: other for halt, other in together}
    alone = [h for h in ref.halts if h not in with_new.values()]
    plain = np.maximum(error * _seconds_per_way(ref, at), LEAST_STD_S)
    for halt in alone:
        std = np.hypot(std, _in_question_s(ref, halt, at, error))
    lines = [_Line()]
    for number in range(len(index)):
        if number:
            _pass_stops(lines, ref, alone, (t_new, t_ref, plain), number)
        lines[-1].add(t_new[number], t_ref[number], std[number])
        stop = halts_new.get(int(index[number]))
        if stop is None or number + 1 >= len(index):
            continue
        stood_s = new.times_s[stop.last] - new.times_s[stop.first]
        beside = with_new.get(stop.first)
        if beside is not None:
            stood_s -= ref.times_s[beside.last] - ref.times_s[beside.first]
        if abs(stood_s) > STOP_LEAST_S:
            lines.append(_Line())
    return [line for line in lines if len(line.new) >= 2]


def _in_question_s(ref: Way, halt: Halt, at: Floats, error: Floats) -> Floats:
    """Return the error in time because the reference's stop may lie on the other side."""
    stood_s = ref.times_s[halt.last] - ref.times_s[halt.first]
    beside = np.abs(at - ref.gone[halt.first]) / np.maximum(error, 1e-9)
    wrong = np.where(beside < BESIDE_STD, ndtr(-beside), 0.0)
    return np.asarray(stood_s * np.sqrt(wrong), np.float64)


def _pass_stops(
    lines: list[_Line],
    ref: Way,
    alone: Sequence[Halt],
    knots: tuple[Floats, Floats, Floats],
    number: int,
) -> None:
    """Where the reference stood between two pictures and the new run did not: a step."""
    t_new, t_ref, std = knots
    for halt in alone:
        begin_s, end_s = float(ref.times_s[halt.first]), float(ref.times_s[halt.last])
        if not (t_ref[number - 1] <= begin_s and t_ref[number] >= end_s):
            continue
        before_s, after_s = begin_s - t_ref[number - 1], t_ref[number] - end_s
        passed_s = t_new[number] - t_new[number - 1]
        share = before_s / max(before_s + after_s, 1e-9)
        at_s = t_new[number - 1] + share * passed_s
        own_s = float(std[number])
        # On which side of the stop the new run is, is in question about the step alone.
        wide_s = BESIDE_STD * own_s * passed_s / max(before_s + after_s, 1e-9)
        either_s = float(np.hypot(own_s, (end_s - begin_s) * np.sqrt(0.5)))
        if wide_s < 0.9 * share * passed_s:
            lines[-1].add(at_s - wide_s, begin_s - before_s * wide_s / (share * passed_s), own_s)
        lines[-1].add(at_s - EDGE_S, begin_s, either_s)
        if end_s - begin_s > STOP_LEAST_S:
            lines.append(_Line())
        lines[-1].add(at_s, end_s, either_s)
        left_s = (1.0 - share) * passed_s
        if wide_s < 0.9 * left_s:
            lines[-1].add(at_s + wide_s, end_s + after_s * wide_s / left_s, own_s)


def _together(
    ref: Way, new: Way, index: NDArray[np.int64], at: Floats, error: Floats
) -> list[tuple[Halt, Halt]]:
    """Return stops that both made at one place."""
    found = []
    for halt in new.halts:
        if not (index[0] <= halt.first and halt.last <= index[-1]):
            continue
        place = float(np.interp(halt.first, index, at))
        doubt = float(np.interp(halt.first, index, error))
        reach = max(TOGETHER_STEPS * ref.usual, TOGETHER_STD * doubt)
        near = [h for h in ref.halts if abs(ref.gone[h.first] - place) < reach]
        if near:
            found.append((halt, min(near, key=lambda h: abs(ref.gone[h.first] - place))))
    return found


def _seconds_per_way(ref: Way, at: Floats) -> Floats:
    """Return the reference's seconds per unit of its way."""
    moving = ref.moving
    steps = np.diff(ref.gone[moving])
    took = np.diff(ref.times_s[moving])
    going = steps > 0.3 * LEAST_RATE * ref.usual
    if not going.any():
        return np.full(len(at), 1.0)
    usual = float(np.median(took[going] / steps[going]))
    pace = np.clip(took / np.maximum(steps, 1e-9), 0.0, usual / LEAST_RATE)
    pace = np.where(going, pace, usual / LEAST_RATE)
    middle = (ref.gone[moving][:-1] + ref.gone[moving][1:]) / 2
    return np.asarray(np.interp(at, middle, pace))
