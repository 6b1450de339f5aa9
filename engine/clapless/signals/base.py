"""What a kind of evidence has to offer.

A signal is three steps: an extractor turns one clip into a feature (cached), `candidates` names the
pairs worth trying, `match` answers with a `Match` or a `Refusal`. Extractors do not open files
themselves: they state what they need and are fed from one read of the clip, so that nothing is
decoded twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from clapless.media.reading import Block, Need
from clapless.model import Clip, Match, Refusal

Spans = Sequence[tuple[float, float]]
"""Stretches of clip time, pairs (start_s, end_s)."""

Proves = Literal["moment", "route"]
"""Whether a signal proves one moment (sync) or only one place or piece (align)."""

Cost = Literal["cheap", "pictures"]
"""Whether all pictures are decoded for a signal."""

Arrays = Mapping[str, NDArray[np.generic]]
"""A feature as plain arrays, which is how the store keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """What is already believed of a pair before a signal looks at it.

    Parameters
    ----------
    offset_s, offset_std_s
        Where b probably lies on a's clock; None where nothing is known.
    drift_ppm, drift_std_ppm
        Probable drift of b against a, from other clips of the two devices.
    speeds
        Speeds by trade to try; the first one is tried alone first.
    hard
        The place is sure and only to be measured again (verify): nothing else is searched.
    """

    offset_s: float | None = None
    offset_std_s: float | None = None
    drift_ppm: float = 0.0
    drift_std_ppm: float = 30.0
    speeds: tuple[Fraction, ...] = (Fraction(1),)
    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashChoice:
    """The user's word on one flash: whether to keep what `clip` (an id) shows at `time_s`."""

    clip: str
    time_s: float
    keep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSettings:
    """What the user says of cameras, for signals that have a method ``configured``.

    Parameters
    ----------
    readouts_s
        Readout of cameras, by device or clip id, in seconds from the first row to the last.
    flashes
        Flashes that are kept or dropped.
    """

    readouts_s: Mapping[str, float] = field(default_factory=dict)
    flashes: tuple[FlashChoice, ...] = ()


def configured(signal: Signal, settings: SignalSettings) -> Signal:
    """Return the signal with the user's settings, where it takes any."""
    with_settings = getattr(signal, "configured", None)
    if with_settings is None:
        return signal
    changed: Signal = with_settings(settings)
    return changed


def needs_pictures(signal: Signal) -> bool:
    """Return whether all pictures must be decoded for a signal.

    It says so by an attribute ``cost`` of ``pictures``. Such signals are used where they are asked
    for, and where the cheap ones leave clips without a place.
    """
    return str(getattr(signal, "cost", "cheap")) == "pictures"


def candidates_only(signal: Signal) -> bool:
    """Return whether only the pairs that `Signal.candidates` names may be asked.

    A signal says so by an attribute of that name, where only all clips together show which pairs
    mean something. Others may be asked about any pair a second time.
    """
    return bool(getattr(signal, "candidates_only", False))


class Feature(Protocol):
    """What a signal keeps of a clip: small, since all clips' features are held at once."""

    @property
    def clip(self) -> Clip:
        """The clip it was taken from."""
        ...

    def to_arrays(self) -> Arrays:
        """Return it as arrays for the store."""
        ...

    def forget(self) -> None:
        """Drop what was computed or opened on the way; it comes back when it is asked for."""
        ...


class Extractor(Protocol):
    """Takes one clip in, block by block."""

    @property
    def needs(self) -> frozenset[Need]:
        """What must be read for it."""
        ...

    def feed(self, block: Block) -> None:
        """Take the next block, in rising time per stream."""
        ...

    def finish(self) -> Feature | Refusal:
        """Return the feature, or why there is none (a and b of the refusal are the clip itself)."""
        ...


class Signal(Protocol):
    """One kind of evidence."""

    @property
    def name(self) -> str:
        """Its name on the command line and in documents."""
        ...

    @property
    def version(self) -> int:
        """Raised whenever its features change, so that caches are not mixed up."""
        ...

    @property
    def proves(self) -> Proves:
        """Whether it proves one moment (sync) or only one place or piece (align)."""
        ...

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has what this signal needs at all."""
        ...

    def extractor(self, clip: Clip) -> Extractor:
        """Return an empty extractor for the clip."""
        ...

    def from_arrays(self, clip: Clip, arrays: Arrays) -> Feature:
        """Return the feature again that `Feature.to_arrays` wrote."""
        ...

    def candidates(self, features: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """Return pairs of clip ids worth trying, the most promising first."""
        ...

    def match(
        self, a: Any, b: Any, *, prior: Prior | None = None, exclude_spans: Spans = ()
    ) -> Match | Refusal:
        """Return where clip b lies on the clock of clip a, or why that is not known.

        Parameters
        ----------
        a, b
            Features of two different clips.
        prior
            What is believed already.
        exclude_spans
            Stretches of b's clip time not to be used (verify measures on the rest).
        """
        ...
