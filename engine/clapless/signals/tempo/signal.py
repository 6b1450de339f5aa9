"""The signal `tempo`: one piece of music played twice, each time at a tempo of its own.

It proves a way through the piece, not a moment: two takes of a song are two evenings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

from clapless.model import Clip, Match, Refusal
from clapless.signals.base import Arrays, Prior, Proves, Spans
from clapless.signals.tempo.answer import answer
from clapless.signals.tempo.extractor import SIGNAL, TempoExtractor
from clapless.signals.tempo.feature import TempoFeature


@dataclass(frozen=True)
class TempoSignal:
    """Music known again by its notes and strokes."""

    name: ClassVar[str] = SIGNAL
    version: ClassVar[int] = 2
    proves: ClassVar[Proves] = "route"

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has sound."""
        return bool(clip.audio)

    def extractor(self, clip: Clip) -> TempoExtractor:
        """Return an extractor that listens to the sound."""
        return TempoExtractor(clip)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> TempoFeature:
        """Return the feature again."""
        return TempoFeature.from_arrays(clip, arrays)

    def candidates(self, features: Mapping[str, TempoFeature]) -> Iterable[tuple[str, str]]:
        """Yield all pairs."""
        return combinations(sorted(features), 2)

    def match(
        self,
        a: Any,
        b: Any,
        *,
        prior: Prior | None = None,
        exclude_spans: Spans = (),
    ) -> Match | Refusal:
        """Return the time map of b's take on a's, or why they are not of one piece.

        A prior is of no use: two takes have no offset to begin with.
        """
        del prior
        return answer(a, b.without(exclude_spans))
