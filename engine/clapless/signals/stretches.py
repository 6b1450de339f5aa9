"""Stretches of clip time: which of long clips are decoded, and what excluded ones leave.

All signals that must decode pictures look at the same ones, so that nothing is decoded for one
alone.
"""

from __future__ import annotations

import hashlib

import numpy as np

from clapless.model import Clip
from clapless.signals.base import Spans

WHOLE_S = 480.0
"""Clips up to this length are looked at wholly; of longer ones a quarter, in stretches: two clips
then have a sixteenth in common wherever they lie, and decoding is what costs."""

STRETCH_S, SLOT_S = 20.0, 80.0
"""One stretch somewhere in each slot. Where, is drawn from the clip's fingerprint: two clips must
not leave out the same."""


def stretches(clip: Clip) -> tuple[tuple[float, float], ...] | None:
    """Return the stretches of a clip that are looked at, None for all of it.

    >>> stretches(Clip(id="c", name="c", files=())) is None
    True
    """
    length_s = float(clip.duration_s)
    if length_s <= WHOLE_S:
        return None
    words = "|".join([clip.id, clip.name, *(file.fingerprint for file in clip.files)])
    seed = int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big")
    rng = np.random.default_rng(seed)
    slots = int(np.ceil(length_s / SLOT_S))
    starts_s = np.arange(slots) * SLOT_S + rng.uniform(0, SLOT_S - STRETCH_S, slots)
    return tuple((float(s), float(s + STRETCH_S)) for s in starts_s if s < length_s)


def left_of(span_s: tuple[float, float], exclude_spans: Spans) -> tuple[tuple[float, float], ...]:
    """Return what excluded stretches leave of a stretch, in rising order.

    >>> left_of((0.0, 10.0), [(2.0, 3.0), (9.0, 12.0)])
    ((0.0, 2.0), (3.0, 9.0))
    """
    left = [span_s]
    for start_s, end_s in exclude_spans:
        left = [
            piece
            for first_s, last_s in left
            for piece in ((first_s, min(last_s, start_s)), (max(first_s, end_s), last_s))
            if piece[1] > piece[0]
        ]
    return tuple(left)
