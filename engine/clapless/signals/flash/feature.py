"""What is kept of a clip's flashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clapless.model import Clip
from clapless.numerics.flashes import Edge, FlashEvent
from clapless.signals.base import Arrays, Spans

DOUBTS = ("", "long", "faint")
"""Why an event is left out, by the number it is stored under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlashFeature:
    """The flashes of one clip.

    Parameters
    ----------
    clip
        The clip.
    events
        In rising time, doubtful ones too.
    interval_s
        From frame to frame (field to field).
    rows
        Height of the picture.
    """

    clip: Clip
    events: tuple[FlashEvent, ...]
    interval_s: float
    rows: int

    @property
    def usable(self) -> tuple[FlashEvent, ...]:
        """Those without doubt."""
        return tuple(event for event in self.events if not event.doubt)

    def forget(self) -> None:
        """Drop nothing: all of it is small."""

    def without(self, spans_s: Spans) -> FlashFeature:
        """Return the feature without the flashes in stretches of clip time."""
        if not spans_s:
            return self
        left = tuple(
            event
            for event in self.events
            if not any(start_s <= event.time_s < end_s for start_s, end_s in spans_s)
        )
        return replace(self, events=left)

    def to_arrays(self) -> Arrays:
        """Return it as arrays for the store."""
        turned = {None: -1, False: 0, True: 1}
        events = [
            (e.time_s, e.last_s, e.strength, turned[e.upside_down], DOUBTS.index(e.doubt))
            for e in self.events
        ]
        edges = [
            (number, edge.time_s, edge.row, edge.top, edge.row_std)
            for number, event in enumerate(self.events)
            for edge in event.edges
        ]
        return {
            "events": np.array(events, np.float64).reshape(-1, 5),
            "edges": np.array(edges, np.float64).reshape(-1, 5),
            "camera": np.array([self.interval_s, self.rows]),
        }

    @classmethod
    def from_arrays(cls, clip: Clip, arrays: Arrays) -> FlashFeature:
        """Return the feature that `to_arrays` wrote."""
        edges: dict[int, list[Edge]] = {}
        for number, time_s, row, top, row_std in np.asarray(arrays["edges"], np.float64).tolist():
            edges.setdefault(int(number), []).append(Edge(time_s, row, bool(top), row_std))
        events = []
        table: Sequence[Sequence[float]] = np.asarray(arrays["events"], np.float64).tolist()
        for number, (time_s, last_s, strength, turned, doubt) in enumerate(table):
            events.append(
                FlashEvent(
                    time_s=time_s,
                    last_s=last_s,
                    edges=tuple(edges.get(number, ())),
                    strength=strength,
                    upside_down=None if turned < 0 else bool(turned),
                    doubt=DOUBTS[int(doubt)],
                )
            )
        interval_s, rows = np.asarray(arrays["camera"], np.float64).tolist()
        return cls(clip=clip, events=tuple(events), interval_s=interval_s, rows=int(rows))
