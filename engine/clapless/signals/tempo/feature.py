"""What is kept of the music a clip holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clapless.model import Clip
from clapless.numerics.tempo_features import FRAME_S, NOTES, STROKES
from clapless.signals.base import Arrays, Spans


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TempoFeature:
    """Notes and strokes of a clip, 50 frames a second.

    Parameters
    ----------
    clip
        The clip.
    origin_s
        Clip time of the first frame.
    notes
        float32, shape (n, 12).
    strokes
        float32, shape (n, 5).
    left_out_s
        Stretches of clip time that are not to be used; nothing sounds in their frames.
    """

    clip: Clip
    origin_s: float
    notes: NDArray[np.float32]
    strokes: NDArray[np.float32]
    left_out_s: tuple[tuple[float, float], ...] = ()

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Clip time of each frame, shape (n,)."""
        return np.asarray(self.origin_s + FRAME_S * np.arange(len(self)), np.float64)

    def without(self, spans_s: Spans) -> TempoFeature:
        """Return the feature with stretches of clip time made silent."""
        times = self.times_s
        out = np.zeros(len(self), np.bool_)
        for start_s, end_s in spans_s:
            out |= (times >= start_s) & (times <= end_s)
        if not out.any():
            return self
        notes, strokes = self.notes.copy(), self.strokes.copy()
        notes[out] = 0.0
        strokes[out] = strokes.min() if len(strokes) else 0.0
        return replace(
            self, notes=notes, strokes=strokes, left_out_s=tuple((a, b) for a, b in spans_s)
        )

    def forget(self) -> None:
        """Drop nothing: what is computed on the way is not kept here."""

    def to_arrays(self) -> Arrays:
        """Return it as arrays for the store: 1.7 kB a second."""
        return {
            "notes": self.notes.astype(np.float16),
            "strokes": self.strokes.astype(np.float16),
            "origin_s": np.array(self.origin_s),
        }

    @classmethod
    def from_arrays(cls, clip: Clip, arrays: Arrays) -> TempoFeature:
        """Return the feature that `to_arrays` wrote.

        Raises
        ------
        KeyError, ValueError
            It is something else.
        """
        notes = np.asarray(arrays["notes"], np.float32)
        strokes = np.asarray(arrays["strokes"], np.float32)
        if notes.shape[1:] != (NOTES,) or strokes.shape != (len(notes), STROKES):
            raise ValueError(f"notes {notes.shape} and strokes {strokes.shape} do not fit")
        return cls(clip=clip, origin_s=float(arrays["origin_s"]), notes=notes, strokes=strokes)
