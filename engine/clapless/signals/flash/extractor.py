"""Takes the rows of a clip's pictures in and keeps its flashes."""

from __future__ import annotations

import dataclasses

import numpy as np

from clapless.media.reading import Block, FrameBlock, FrameWish, Need
from clapless.model import Clip, Refusal
from clapless.numerics.flash_spikes import SpikeFinder
from clapless.numerics.flashes import FlashEvent, find_events
from clapless.signals.flash.feature import FlashFeature

FEWEST_ROWS = 32
"""A picture of fewer rows tells nothing of its shutter."""

JUMP = 1.6
"""Frames farther apart than this many intervals do not follow each other."""

FAINT_SHARE = 0.04
"""An event fainter than this share of the clip's bright ones is left out: reflections of a lamp,
a person who crosses a window."""


class FlashExtractor:
    """Looks for flashes while the pictures pass by.

    Parameters
    ----------
    clip
        The clip.
    """

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._finders: dict[int, SpikeFinder] = {}
        self._last_s = -np.inf
        self._intervals: list[float] = []
        self._rows = 0
        self._fields = 0
        self._frames = 0

    @property
    def needs(self) -> frozenset[Need]:
        """Every frame: a flash is in one of them only."""
        return frozenset({Need.FRAMES})

    @property
    def frame_wish(self) -> FrameWish:
        """The brightness of rows."""
        return FrameWish(rows=True)

    def feed(self, block: Block) -> None:
        """Take the next pictures."""
        if not isinstance(block, FrameBlock) or block.rows is None:
            return
        self._rows, self._fields = block.height, block.fields
        nominal_s = float(1 / self._clip.frame_rate) if self._clip.frame_rate else 0.0
        for number, time_s in enumerate(block.times_s.tolist()):
            step_s = time_s - self._last_s
            usual_s = nominal_s or (self._intervals[-1] if self._intervals else step_s)
            self._frames += 1
            if block.after_gap[number] or step_s > JUMP * usual_s:
                for finder in self._finders.values():
                    finder.gap()
            elif len(self._intervals) < 1000:
                self._intervals.append(step_s)
            self._last_s = time_s
            self._take(block.rows[number], time_s, usual_s, block.fields)

    def _take(
        self,
        rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
        time_s: float,
        interval_s: float,
        fields: int,
    ) -> None:
        if not fields:
            self._finder(0).add(time_s, rows)
            return
        # The fields were taken one after the other: each is a picture of its own.
        first = fields - 1
        self._finder(first).add(time_s, rows[first::2])
        self._finder(1 - first).add(time_s + interval_s / 2, rows[1 - first :: 2])

    def _finder(self, parity: int) -> SpikeFinder:
        if parity not in self._finders:
            self._finders[parity] = SpikeFinder(parity)
        return self._finders[parity]

    def finish(self) -> FlashFeature | Refusal:
        """Return the flashes, or why there are none."""
        if self._rows < FEWEST_ROWS or self._frames < 3 or not self._intervals:
            return self._refuse("too_short", "it has too few pictures to see a flash")
        interval_s = float(np.median(self._intervals))
        events: list[FlashEvent] = []
        for finder in self._finders.values():
            events += find_events(finder.frames(), interval_s=interval_s, noise=finder.noise)
        if self._fields:
            events = merged_fields(events, interval_s)
            interval_s /= 2
        if not events:
            return self._refuse("no_flash", "no flash lights its pictures")
        events.sort(key=lambda event: event.time_s)
        bright = float(np.percentile([event.strength for event in events], 90))
        judged = tuple(
            dataclasses.replace(event, doubt=event.doubt or "faint")
            if event.strength < FAINT_SHARE * bright
            else event
            for event in events
        )
        return FlashFeature(clip=self._clip, events=judged, interval_s=interval_s, rows=self._rows)

    def _refuse(self, code: str, reason: str) -> Refusal:
        return Refusal(a=self._clip.id, b=self._clip.id, signal="flash", code=code, reason=reason)


def merged_fields(events: list[FlashEvent], interval_s: float) -> list[FlashEvent]:
    """Return the flashes of interlaced pictures, those in neighbouring fields joined."""
    joined: list[FlashEvent] = []
    for event in sorted(events, key=lambda e: e.time_s):
        if joined and event.time_s - joined[-1].last_s < 0.8 * interval_s:
            before = joined[-1]
            joined[-1] = FlashEvent(
                time_s=before.time_s,
                last_s=event.last_s,
                edges=(*before.edges, *event.edges),
                strength=max(before.strength, event.strength),
                upside_down=before.upside_down if event.upside_down is None else event.upside_down,
                doubt=before.doubt or event.doubt,
            )
        else:
            joined.append(event)
    return joined
