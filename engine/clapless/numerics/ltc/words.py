"""Chips become frames: the synchronisation word, the bits, the exact time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from clapless.numerics.ltc.bits import BITS, SYNC, unpack, valid
from clapless.numerics.ltc.clock import FADE_S, Chips
from clapless.numerics.ltc.frames import LtcFrames, each_once, joined

Floats = NDArray[np.float64]

SYNC_LIKENESS = 0.72
"""Correlation of 32 chips with the synchronisation word: 1 is clean, 0.95 at 0 dB; chance gives
0.18 rms."""

LEAST_QUALITY = 0.88
"""Share of the chips' swing that a frame's bits must explain: above 0.98 at 0 dB of white noise at
twice the speed of 30; wrong clocks and sound without code stay below."""


def _chips_of(bits: NDArray[np.uint8]) -> Floats:
    """Return the chips of bits, +1 and -1, beginning with +1."""
    level = 1.0
    chips = []
    for bit in bits:
        chips += [level, -level if bit else level]
        level = -chips[-1]
    return np.array(chips)


_SYNC_CHIPS = _chips_of(SYNC)


def read_frames(chips: Chips, work_hz: float) -> LtcFrames:
    """Return the frames whose synchronisation word is seen, in either direction."""
    values = chips.values
    found: list[LtcFrames] = []
    power = np.sqrt(32 * np.convolve(values**2, np.ones(32), mode="valid")) + 1e-30
    likeness = {
        direction: np.abs(np.correlate(values, _SYNC_CHIPS[::direction], mode="valid")) / power
        for direction in (1, -1)
    }
    # The word read backwards resembles itself moved by two bits: the better one counts.
    best = maximum_filter1d(np.maximum(likeness[1], likeness[-1]), 33)
    for direction, like in likeness.items():
        starts = np.flatnonzero((like > SYNC_LIKENESS) & (like >= best))
        # A frame is the 128 chips before the word and the word, or the same the other way.
        first = starts - 128 if direction == 1 else starts
        first = first[(first >= 0) & (first + 2 * BITS <= len(values))]
        faded = 0.5 * FADE_S * work_hz
        first = first[
            (chips.edges[first] >= faded)
            & (chips.edges[first + 2 * BITS] <= len(chips.sound) - faded)
        ]
        if not len(first):
            continue
        rows = values[first[:, None] + np.arange(2 * BITS)[None, :]][:, ::direction]
        bits, quality, signs = _best_bits(rows.reshape(len(first), BITS, 2))
        good = valid(bits) & (quality >= LEAST_QUALITY)
        if not good.any():
            continue
        found.append(
            _timed(chips, work_hz, first[good], bits[good], quality[good], signs[good], direction)
        )
    return each_once(joined(found))


def _best_bits(
    rows: Floats,
) -> tuple[NDArray[np.uint8], Floats, Floats]:
    """Return the likeliest bits of frames.

    Parameters
    ----------
    rows
        Chips in the direction of the code, shape (frames, 80, 2).

    Returns
    -------
    bits
        uint8, shape (frames, 80).
    quality
        Explained share of the swing, shape (frames,).
    signs
        The chips as decided, +1 and -1, shape (frames, 160).
    """
    count = len(rows)
    sign = np.array([1.0, -1.0])
    both = -(rows[:, :, 0] + rows[:, :, 1]).T[:, :, None] * sign
    change = (rows[:, :, 0] - rows[:, :, 1]).T[:, :, None] * sign
    metric = np.zeros((count, 2))  # for the polarity a bit begins with: +1, -1
    ones = np.zeros((count, BITS, 2), np.bool_)
    for bit in range(BITS):
        # To begin the next bit with +1: a 0 that began with -1, or a 1 that began with +1.
        zero = metric[:, ::-1] + both[bit]
        one = metric + change[bit]
        ones[:, bit] = one > zero
        metric = np.maximum(zero, one)
    last = np.argmax(metric, axis=1)
    bits = np.zeros((count, BITS), np.uint8)
    signs = np.zeros((count, BITS, 2))
    every = np.arange(count)
    state = last
    for bit in range(BITS - 1, -1, -1):
        is_one = ones[every, bit, state]
        bits[:, bit] = is_one
        state = np.where(is_one, state, 1 - state)
        begin = 1.0 - 2.0 * state
        signs[:, bit, 0] = begin
        signs[:, bit, 1] = np.where(is_one, -begin, begin)
    swing = np.abs(rows).sum(axis=(1, 2)) + 1e-30
    return bits, metric[every, last] / swing, signs.reshape(count, 2 * BITS)


def _timed(
    chips: Chips,
    work_hz: float,
    first: NDArray[np.int64],
    bits: NDArray[np.uint8],
    quality: Floats,
    signs: Floats,
    direction: int,
) -> LtcFrames:
    """Refine the frames' times from the slopes at their turns."""
    edges = chips.edges[first[:, None] + np.arange(2 * BITS + 1)[None, :]]
    levels = signs[:, ::direction]
    turns = 0.5 * np.diff(levels, axis=1)  # +1 rises, -1 falls, 0 stays
    begin, end = edges[:, 0], edges[:, -1]
    steady = np.linspace(0.0, 1.0, 2 * BITS + 1)[None, :]
    grid = begin[:, None] + (end - begin)[:, None] * steady
    # A straight clock through the frame is quieter than its ticks; tape wow within 1/30 s is less.
    grid += np.mean(edges - grid, axis=1)[:, None]
    chip = (grid[:, -1] - grid[:, 0]) / (2 * BITS)
    sound = chips.sound
    reach = 0.12 * float(np.median(chip))
    for _ in range(3):
        inner = grid[:, 1:-1]
        value = _at(sound, inner)
        slope = _at(sound, inner + reach) - _at(sound, inner - reach)
        steep = np.sum(turns * slope, axis=1) / (2 * reach)
        miss = np.sum(turns * value, axis=1)
        move = -miss / np.where(steep > 0, steep, np.inf)
        grid += np.clip(move, -0.3 * chip, 0.3 * chip)[:, None]
    time = grid[:, 0] if direction == 1 else grid[:, -1]
    hours, minutes, seconds, frames, drop, user = unpack(bits)
    count = len(first)
    return LtcFrames(
        time_s=time / work_hz,
        period_s=(grid[:, -1] - grid[:, 0]) / work_hz,
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        frames=frames,
        drop_frame=drop,
        user_bits=user,
        direction=np.full(count, direction, np.int64),
        quality=quality,
    )


def _at(sound: Floats, positions: Floats) -> Floats:
    """Return the sound between its samples, by straight lines; positions of any shape."""
    left = np.clip(positions.astype(np.int64), 0, len(sound) - 2)
    low = sound[left]
    return np.asarray(low + (positions - left) * (sound[left + 1] - low))
