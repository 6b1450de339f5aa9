"""How clock drift is carried into a format: as a speed, frame slips, new sound, or not at all.

A laid-out project has every clip at its true speed. Here it becomes what the editor shall play.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

from clapless_otio.cut import Item, Media, Project, Sequence, Track
from clapless_otio.files import one_line
from clapless_otio.options import Drift
from clapless_otio.slices import Grid, sliced

SCRATCH = "scratch"
"""Ends the name of a track with the camera's own sound where a recorder's is heard."""


class Corrector(Protocol):
    """Makes a sound file that plays in time at its normal speed."""

    def __call__(self, media: Media, speed: Fraction) -> Media | None:
        """Return the new file, None where the old one cannot be read."""
        ...


@dataclass
class Carried:
    """A project whose drift is carried, and what the user should know."""

    project: Project
    notices: list[str] = field(default_factory=list)


def carry(
    project: Project, how: Drift, *, grid: Grid = "source", corrector: Corrector | None = None
) -> Carried:
    """Return a project as it shall be played.

    Parameters
    ----------
    project
        Laid out, at true speeds.
    how
        ``retime`` changes nothing; ``none`` takes drift out; ``slices`` slips frames; ``wav``
        gives recorders new files and slips pictures; ``auto`` is ``wav`` for those clips whose
        drift is half a frame or more over their length, and ``none`` for the others.
    grid
        See `clapless_otio.slices`.
    corrector
        Makes new sound files; without it recorders are sliced.
    """
    carried = Carried(project)
    if how == "retime":
        return carried
    sequences = [
        _Carrier(one, how, grid, corrector, carried.notices).sequence() for one in project.sequences
    ]
    carried.project = replace(project, sequences=tuple(sequences))
    return carried


def without_drift(project: Project) -> Project:
    """Return a project whose clips play at their trade speed; head and tail share the error."""
    return carry(project, "none").project


class _Carrier:
    def __init__(
        self,
        sequence: Sequence,
        how: Drift,
        grid: Grid,
        corrector: Corrector | None,
        notices: list[str],
    ) -> None:
        self.whole = sequence
        self.how = how
        self.grid = grid
        self.corrector = corrector
        self.notices = notices
        self.heard = {
            item.metadata.get("group")
            for item in sequence.items()
            if item.sound and not item.picture and item.metadata.get("group")
        }

    def sequence(self) -> Sequence:
        tracks: list[Track] = []
        scratch: list[Track] = []
        for track in self.whole.tracks:
            items: list[Item] = []
            own: list[Item] = []
            for run in runs(track.items):
                played, kept = self.run(run)
                items += played
                own += kept
            tracks.append(replace(track, items=tuple(without_overlaps(items))))
            if own:
                scratch.append(
                    replace(
                        track,
                        name=f"{track.name} {SCRATCH}",
                        kind="audio",
                        items=tuple(without_overlaps(own)),
                    )
                )
        return replace(self.whole, tracks=(*tracks, *scratch))

    def run(self, run: list[Item]) -> tuple[list[Item], list[Item]]:
        """Return what is played of a run, and its own sound where that is only kept."""
        if not drifts(run[0]):
            return run, []
        if self.how == "none" or (self.how == "auto" and self.is_small(run)):
            return _steadied(run), []
        if self.how in ("wav", "auto") and not run[0].picture:
            corrected = [self.corrected(item) for item in run]
            if all(item is not None for item in corrected):
                return [item for item in corrected if item is not None], []
        return self.slices(run)

    def is_small(self, run: list[Item]) -> bool:
        """Return whether the drift stays under half a frame over a run."""
        length_s = run[-1].end_s - run[0].start_s
        trade = run[0].trade or Fraction(1)
        frame_s = 1 / self.whole.rate
        source = run[0].source
        if isinstance(source, Media) and source.rate:
            frame_s = min(frame_s, 1 / source.rate)
        return abs(run[0].speed / trade - 1) * length_s < frame_s / 2

    def corrected(self, item: Item) -> Item | None:
        """Return an item that plays a new file, None where there is none."""
        if self.corrector is None or not isinstance(item.source, Media):
            return None
        media = self.corrector(item.source, item.speed)
        if media is None:
            self.notices.append(
                f"{one_line(item.source.name)} cannot be read, so no drift-corrected sound was "
                "written for it: it is cut into pieces instead."
            )
            return None
        return replace(
            item,
            source=media,
            source_start_s=item.source_start_s / item.speed,
            speed=Fraction(1),
            trade=Fraction(1),
            marks=tuple(replace(mark, time_s=mark.time_s / item.speed) for mark in item.marks),
        )

    def slices(self, run: list[Item]) -> tuple[list[Item], list[Item]]:
        """Return a run in pieces; where a recorder is heard its own sound is kept, silent."""
        pieces = [piece for item in run for piece in sliced(item, self.whole.rate, grid=self.grid)]
        first = run[0]
        if not (first.picture and first.sound) or len(pieces) <= len(run):
            return pieces, []
        if first.metadata.get("group") not in self.heard:
            self.notices.append(
                f"{one_line(first.name)} slips a frame {len(pieces) - len(run)} times to stay in "
                "sync, and its sound slips with it: no recorder is there to be heard instead."
            )
            return pieces, []
        whole = [
            replace(item, picture=False, enabled=False, marks=(), color="")
            for item in _steadied(run)
        ]
        return [replace(piece, sound=False) for piece in pieces], whole


def drifts(item: Item) -> bool:
    """Return whether an item's speed is more than what is meant."""
    return item.trade is not None and item.trade != item.speed


def runs(items: Many[Item]) -> list[list[Item]]:
    """Return the items in runs that one clip plays through without a break (chapters)."""
    found: list[list[Item]] = []
    for item in items:
        last = found[-1][-1] if found else None
        if (
            last is not None
            and item.clip
            and (last.clip, last.end_s, last.speed) == (item.clip, item.start_s, item.speed)
        ):
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _steadied(run: list[Item]) -> list[Item]:
    trade = run[0].trade
    if trade is None or trade == run[0].speed:
        return run
    start_s, end_s = run[0].start_s, run[-1].end_s
    stretch = run[0].speed / trade
    shift_s = (end_s - start_s) * (1 - stretch) / 2
    return [
        replace(
            item,
            speed=trade,
            start_s=start_s + shift_s + (item.start_s - start_s) * stretch,
            duration_s=item.duration_s * stretch,
        )
        for item in run
    ]


def without_overlaps(items: Many[Item]) -> list[Item]:
    """Return the items with each one's tail cut where the next one begins.

    The first of a sequence may reach before its start when it was stretched: its head is cut.
    """
    kept: list[Item] = []
    for item in items:
        if item.start_s < 0:
            item = replace(
                item,
                start_s=Fraction(0),
                source_start_s=item.source_at(Fraction(0)),
                duration_s=item.end_s,
            )
        while kept and kept[-1].end_s > item.start_s:
            before = kept.pop()
            if before.start_s < item.start_s:
                kept.append(replace(before, duration_s=item.start_s - before.start_s))
                break
        kept.append(item)
    return kept
