"""Asks a signal about pairs, keeps the answers, and lets go of what it opened."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from clapless.model import Match, Refusal
from clapless.signals.base import Prior, Signal, Spans

Pair = tuple[str, str]
"""Two clip ids, the smaller one first."""

WARM = 4
"""Features that keep what they computed or opened; the others let go of it. More cost memory and
save no time, since pairs come in the order of their likelihood."""


def pair_of(a: str, b: str) -> Pair:
    """Return two clip ids, the smaller one first."""
    return (a, b) if a <= b else (b, a)


class Comparer:
    """Compares pairs by one signal and keeps the answers.

    Parameters
    ----------
    signal
        The signal.
    features
        By clip id.
    """

    def __init__(self, signal: Signal, features: Mapping[str, Any]) -> None:
        self.signal = signal
        self.features = features
        self.matches: dict[Pair, Match] = {}
        self.refusals: dict[Pair, Refusal] = {}
        self._warm: OrderedDict[str, None] = OrderedDict()

    def known(self, a: str, b: str) -> bool:
        """Return whether the pair was compared."""
        key = pair_of(a, b)
        return key in self.matches or key in self.refusals

    def matched(self, a: str, b: str) -> bool:
        """Return whether the pair was compared and matched."""
        return pair_of(a, b) in self.matches

    def compare(
        self, a: str, b: str, *, prior: Prior | None = None, exclude_spans: Spans = ()
    ) -> Match | Refusal:
        """Return and keep the signal's answer; a match takes the place of a refusal."""
        answer = self.ask(a, b, prior=prior, exclude_spans=exclude_spans)
        self.keep(answer)
        return answer

    def keep(self, answer: Match | Refusal) -> None:
        """Keep an answer; a match takes the place of whatever was there, a refusal of none."""
        key = pair_of(answer.a, answer.b)
        if isinstance(answer, Match):
            self.matches[key] = answer
            self.refusals.pop(key, None)
        elif key not in self.matches:
            self.refusals[key] = answer

    def ask(
        self, a: str, b: str, *, prior: Prior | None = None, exclude_spans: Spans = ()
    ) -> Match | Refusal:
        """Return the signal's answer and keep nothing of it."""
        answer = self.signal.match(
            self.features[a], self.features[b], prior=prior, exclude_spans=exclude_spans
        )
        for clip in (a, b):
            self._warm[clip] = None
            self._warm.move_to_end(clip)
        while len(self._warm) > WARM:
            cold, _ = self._warm.popitem(last=False)
            self.features[cold].forget()
        return answer

    def close(self) -> None:
        """Let go of everything that was computed or opened."""
        for clip in self._warm:
            self.features[clip].forget()
        self._warm.clear()
