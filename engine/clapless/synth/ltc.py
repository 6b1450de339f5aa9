"""Linear timecode as a generator sends it and a recorder hears it.

Conventions
-----------
Clip time is 0 at sample 0. The code is drawn from its exact turning times, so that its truth is
exact at any sample rate, speed and clock error.

References
----------
SMPTE ST 12-1:2014, 9.2: biphase mark, rise and fall time 40 +- 10 microseconds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clapless.numerics.ltc.bits import BITS, pack
from clapless.numerics.ltc.frames import frames_per_day
from clapless.timing import Timecode, nominal_rate

Samples = NDArray[np.float32]

RISE_S = 40e-6
"""Rise and fall time of the standard."""


def linear_timecode(
    start: Timecode,
    duration_s: float,
    rate_hz: int,
    *,
    lead_s: float = 0.0,
    stop_s: float | None = None,
    speed: float = 1.0,
    backwards: bool = False,
    drift_ppm: float = 0.0,
    level_db: float = -12.0,
    polarity: int = 1,
    user_bits: int = 0,
    correct_polarity: bool = True,
    rise_s: float = RISE_S,
) -> Samples:
    """Return sound with timecode in it.

    Parameters
    ----------
    start
        The label of the frame whose bit 0 lies at `lead_s`.
    duration_s
        Length of the sound.
    rate_hz
        Samples per second.
    lead_s
        Clip time at which frame `start` begins; it may be negative. Before it is silence.
    stop_s
        Clip time at which the code ends; None is the end of the sound.
    speed
        1 is the right speed, 2 twice as fast.
    backwards
        Labels count down from `lead_s`: the first frame that is heard is the one before `start`,
        from its end.
    drift_ppm
        Of the recorder's sample clock: > 0 is fast, the code then seems slow.
    level_db
        Peak against full scale.
    polarity
        +1 or -1.
    user_bits
        32 user bits.
    correct_polarity
        Whether the generator sets the polarity correction bit.
    rise_s
        Rise time of the edges (in the code's own time).

    Returns
    -------
    samples
        float32, shape (n,), full scale 1.0.
    """
    n = round(duration_s * rate_hz)
    frame_s = float(1 / start.rate)
    true_s = np.arange(n) / rate_hz - lead_s
    code_s = true_s * speed / (1.0 + drift_ppm * 1e-6)
    end_s = duration_s if stop_s is None else min(stop_s, duration_s)
    heard_s = (end_s - lead_s) * speed
    count = max(1, int(np.ceil(heard_s / frame_s)) + 1)
    steps = np.arange(count)
    numbers = start.frame - 1 - steps if backwards else start.frame + steps
    bits = _bits(start, numbers, user_bits, correct_polarity)
    sent = bits[:, ::-1].reshape(-1) if backwards else bits.reshape(-1)
    turns = _turns(sent) * (frame_s / BITS)
    index = np.searchsorted(turns, code_s, side="right")
    sign = 1.0 - 2.0 * (index % 2)
    before = code_s - turns[np.clip(index - 1, 0, len(turns) - 1)]
    after = turns[np.clip(index, 0, len(turns) - 1)] - code_s
    nearest = np.minimum(np.abs(before), np.abs(after))
    shape = np.where(nearest < rise_s / 2, np.sin(np.pi * nearest / rise_s), 1.0)
    wave = sign * shape * polarity * 10 ** (level_db / 20)
    clip_s = np.arange(n) / rate_hz
    wave[(clip_s < lead_s) | (clip_s >= end_s)] = 0.0
    return wave.astype(np.float32)


def _bits(
    start: Timecode, numbers: NDArray[np.int64], user_bits: int, correct: bool
) -> NDArray[np.uint8]:
    nominal = nominal_rate(start.rate)
    counted = numbers % frames_per_day(nominal=nominal, drop_frame=start.drop_frame)
    if start.drop_frame:
        # Numbers that are left out are put back: 2 a minute but every tenth (at 30).
        dropped = nominal // 15
        tens, rest = np.divmod(counted, nominal * 600 - 9 * dropped)
        minutes = np.maximum(0, (rest - nominal * 60) // (nominal * 60 - dropped) + 1)
        counted = counted + dropped * (9 * tens + minutes)
    seconds = counted // nominal
    polarity_bit = 59 if nominal == 25 else 27
    return pack(
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
        counted % nominal,
        drop_frame=start.drop_frame,
        user_bits=user_bits,
        polarity_bit=polarity_bit if correct else None,
    )


def _turns(bits: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return when the polarity turns, in bits, from the first bit on."""
    starts = np.arange(len(bits), dtype=np.float64)
    return np.sort(np.concatenate([starts, starts[bits == 1] + 0.5]))
