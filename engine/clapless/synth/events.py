"""What can be heard at an event."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from clapless.synth.music import music
from clapless.synth.noise import (
    Samples,
    click_loop,
    hum,
    pink_noise,
    room_ambience,
    unit_power,
    white_noise,
)
from clapless.synth.speech import babble, speech

RATE_HZ = 16000
"""Samples per second of events and of pairs."""

Kind = Literal[
    "speech",
    "music",
    "drum_machine",
    "machine_music",
    "mixed",
    "ambience",
    "babble",
    "noise",
    "loop",
    "hum",
    "silence",
]
"""What is heard. ``drum_machine`` is a band over sampled drums, ``machine_music`` repeats whole
sections to the sample, ``mixed`` is talk over music in a room, ``noise`` is one noise for all (a
waterfall), ``hum`` is mains hum alone, ``silence`` nothing at all."""

KINDS: tuple[Kind, ...] = get_args(Kind)

REPEATING: frozenset[Kind] = frozenset({"machine_music", "loop", "hum", "silence"})
"""Kinds whose shared part occurs again exactly, or is nothing: no pair of them is provable."""


def make_event(rng: np.random.Generator, kind: Kind, duration_s: float) -> Samples:
    """Return what happens: float32, shape (n,), at `RATE_HZ`, mean power 1 (0 for silence)."""
    n = int(duration_s * RATE_HZ) + 1
    if kind == "silence":
        return np.zeros(n, np.float32)
    if kind == "noise":
        return (
            pink_noise(rng, n, RATE_HZ) if rng.random() < 0.5 else unit_power(white_noise(rng, n))
        )
    if kind == "mixed":
        parts = (speech(rng, n, RATE_HZ), music(rng, n, RATE_HZ), room_ambience(rng, n, RATE_HZ))
        levels = rng.uniform((0.5, 0.2, 0.1), (1.0, 0.7, 0.4)).astype(np.float32)
        return unit_power(
            sum((x * y for x, y in zip(levels, parts, strict=True)), np.zeros(n, np.float32))
        )
    if kind == "music":
        return music(rng, n, RATE_HZ)
    if kind == "drum_machine":
        return music(rng, n, RATE_HZ, performance="drum_machine")
    if kind == "machine_music":
        return music(rng, n, RATE_HZ, performance="machine")
    makers = {
        "speech": speech,
        "ambience": room_ambience,
        "babble": babble,
        "loop": click_loop,
        "hum": hum,
    }
    return makers[kind](rng, n, RATE_HZ)
