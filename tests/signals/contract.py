"""What a signal offers so that the contract holds it: a few clips with known truth.

A signal called ``name`` joins the contract by a module ``tests/signals/name/example.py`` with a
function ``example()`` that returns an `Example`. Features are made in memory, quickly.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clapless.model import Clip
from clapless.signals.base import Signal


@dataclass(frozen=True, kw_only=True)
class Example:
    """Clips of one signal with known truth.

    Parameters
    ----------
    signal
        The signal, reading in memory where it reads at all.
    a, b
        Features of two clips; b starts at `offset_s` on a's clock and is `drift_ppm` fast.
    later_b
        Returns the feature of b recorded from so many seconds later on (clip id as b's).
    tolerance_s
        How near an answer must come.
    unrelated
        Feature of a clip that shares nothing with a.
    empty
        Feeds an extractor with what holds no evidence (silence, a camera on a table) and returns
        what it finishes with.
    clip
        Any clip the signal applies to.
    """

    signal: Signal
    a: Any
    b: Any
    offset_s: float
    drift_ppm: float
    later_b: Callable[[float], Any]
    tolerance_s: float
    unrelated: Any
    empty: Callable[[], Any]
    clip: Clip


def has_example(name: str) -> bool:
    """Return whether a signal joined the contract."""
    try:
        return importlib.util.find_spec(f"tests.signals.{name}.example") is not None
    except ModuleNotFoundError:
        return False


def load_example(name: str) -> Example:
    """Return the example of a signal."""
    example: Example = importlib.import_module(f"tests.signals.{name}.example").example()
    return example
