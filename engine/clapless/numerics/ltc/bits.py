"""The 80 bits of one frame of linear timecode.

Conventions
-----------
Bits are numbered as they are sent, 0 to 79; the arrays hold one bit per element, uint8. Digits are
binary coded decimals, lowest bit first. User bits are a 32-bit number: the first group (bits 4 to
7) is its lowest nibble.

References
----------
SMPTE ST 12-1:2014, table 5 (bit assignment) and 9.2.2 (synchronisation word, biphase mark
polarity correction: bit 27, or 59 at 25 frames per second).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]
Ints = NDArray[np.int64]

BITS = 80
"""Bits in a frame."""

SYNC = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1], np.uint8)
"""The synchronisation word, bits 64 to 79; read backwards it is another word, which tells the
direction."""

DROP_BIT, COLOUR_BIT = 10, 11

_FIELDS = (
    ("frame_units", 0, 4),
    ("frame_tens", 8, 2),
    ("second_units", 16, 4),
    ("second_tens", 24, 3),
    ("minute_units", 32, 4),
    ("minute_tens", 40, 3),
    ("hour_units", 48, 4),
    ("hour_tens", 56, 2),
)
_USER_STARTS = (4, 12, 20, 28, 36, 44, 52, 60)


def pack(
    hours: Ints,
    minutes: Ints,
    seconds: Ints,
    frames: Ints,
    *,
    drop_frame: bool = False,
    colour_frame: bool = False,
    user_bits: int = 0,
    polarity_bit: int | None = 27,
) -> Bits:
    """Return the bits of frames.

    Parameters
    ----------
    hours, minutes, seconds, frames
        Labels, integers of shape (n,).
    drop_frame, colour_frame
        The two flags.
    user_bits
        The 32 user bits.
    polarity_bit
        Where the bit lies that makes the number of zeros even, so that every frame begins with the
        same polarity; None leaves it out, as many generators do.

    Returns
    -------
    numpy.ndarray
        uint8, shape (n, 80).

    Examples
    --------
    >>> bits = pack(*(np.array([value]) for value in (1, 2, 3, 4)))
    >>> [int(field[0]) for field in unpack(bits)[:4]]
    [1, 2, 3, 4]
    """
    out = np.zeros((len(frames), BITS), np.uint8)
    digits = [value for field in (frames, seconds, minutes, hours) for value in _digits(field)]
    for (_, start, width), digit in zip(_FIELDS, digits, strict=True):
        out[:, start : start + width] = (digit[:, None] >> np.arange(width)) & 1
    for group, start in enumerate(_USER_STARTS):
        out[:, start : start + 4] = (user_bits >> (4 * group + np.arange(4))) & 1
    out[:, DROP_BIT] = drop_frame
    out[:, COLOUR_BIT] = colour_frame
    out[:, 64:] = SYNC
    if polarity_bit is not None:
        zeros = BITS - out.sum(axis=1)
        out[:, polarity_bit] = zeros % 2
    return out


def _digits(field: Ints) -> tuple[Ints, Ints]:
    return field % 10, field // 10


def _values(bits: Bits) -> dict[str, Ints]:
    return {
        name: bits[:, start : start + width].astype(np.int64) @ (1 << np.arange(width))
        for name, start, width in _FIELDS
    }


def unpack(bits: Bits) -> tuple[Ints, Ints, Ints, Ints, NDArray[np.bool_], NDArray[np.uint32]]:
    """Return hours, minutes, seconds, frames, the drop-frame flag and the user bits of frames.

    Parameters
    ----------
    bits
        uint8, shape (n, 80).
    """
    value = _values(bits)
    user = np.zeros(len(bits), np.uint32)
    for group, start in enumerate(_USER_STARTS):
        nibble = bits[:, start : start + 4].astype(np.uint32) @ (1 << np.arange(4, dtype=np.uint32))
        user |= nibble << np.uint32(4 * group)
    return (
        value["hour_units"] + 10 * value["hour_tens"],
        value["minute_units"] + 10 * value["minute_tens"],
        value["second_units"] + 10 * value["second_tens"],
        value["frame_units"] + 10 * value["frame_tens"],
        bits[:, DROP_BIT].astype(bool),
        user,
    )


def valid(bits: Bits) -> NDArray[np.bool_]:
    """Return which frames hold a synchronisation word and digits that a clock can show.

    Parameters
    ----------
    bits
        uint8, shape (n, 80).
    """
    value = _values(bits)
    good = (bits[:, 64:] == SYNC).all(axis=1)
    for name, _, _ in _FIELDS:
        if name.endswith("units"):
            good &= value[name] <= 9
    hours = value["hour_units"] + 10 * value["hour_tens"]
    frames = value["frame_units"] + 10 * value["frame_tens"]
    good &= (value["second_tens"] <= 5) & (value["minute_tens"] <= 5)
    return np.asarray(good & (hours < 24) & (frames < 30), np.bool_)
