"""The signal `scenery`: one route known by what is passed on it.

It proves a route, not a moment: two runs of one trail show the same things on different days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

from clapless.model import Clip, Match, Refusal
from clapless.signals.base import Arrays, Cost, Prior, Proves, Spans
from clapless.signals.scenery.answer import answer
from clapless.signals.scenery.extractor import SIGNAL, SceneryExtractor
from clapless.signals.scenery.feature import SceneryFeature


@dataclass(frozen=True)
class ScenerySignal:
    """Places known again by their points."""

    name: ClassVar[str] = SIGNAL
    version: ClassVar[int] = 2
    proves: ClassVar[Proves] = "route"
    cost: ClassVar[Cost] = "pictures"

    def applies_to(self, clip: Clip) -> bool:
        """Return whether the clip has pictures."""
        return clip.kind == "video"

    def extractor(self, clip: Clip) -> SceneryExtractor:
        """Return an extractor that looks at some pictures a second."""
        return SceneryExtractor(clip)

    def from_arrays(self, clip: Clip, arrays: Arrays) -> SceneryFeature:
        """Return the feature again."""
        return SceneryFeature.from_arrays(clip, arrays)

    def candidates(self, features: Mapping[str, SceneryFeature]) -> Iterable[tuple[str, str]]:
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
        """Return the time map of b's run on a's, or why they are not of one route.

        A prior is of no use: two runs of a route have no offset to begin with.
        """
        del prior
        return answer(a, b.without(exclude_spans))
