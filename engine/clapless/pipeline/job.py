"""The clips of one sync with what the user said of them: search, solve, write down."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from clapless.model import Clip, Device, Match, Refusal, Session, Unplaced
from clapless.pipeline.choosing import hears
from clapless.pipeline.comparer import Comparer
from clapless.pipeline.names import ClipNames
from clapless.pipeline.options import SyncOptions
from clapless.pipeline.progress import Progress
from clapless.pipeline.search import Search
from clapless.signals.base import SignalSettings
from clapless.solve import Solution, between, shooting_order, solve

LOOSE_SOURCES = ("folder", "card")
"""What makes a device by its looks alone: two of them may lie in one folder."""


class SyncJob:
    """The clips of one sync with what the user said of them, all by clip id.

    Parameters
    ----------
    clips, devices
        What a scan found.
    options
        What the user asked for.
    playback
        Id of the song.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        devices: Sequence[Device],
        options: SyncOptions,
        playback: str | None,
    ) -> None:
        self.warnings: list[str] = []
        self._before = options.add or Session()
        self._old = frozenset(clip.id for clip in self._before.clips)
        renamed, new = _join_clips(self._before, clips)
        self.playback = renamed.get(playback, playback) if playback is not None else None
        self.clips = tuple(shooting_order((*self._before.clips, *new)))
        self._devices = _join_devices(self._before.devices, devices, self.clips)
        names = self._names = ClipNames(self.clips)
        self._pins = names.pins((*self._before.pins, *options.pins), self.warnings)
        self._new_pins = tuple(p for p in self._pins if p not in self._before.pins)
        self._markers = names.markers((*self._before.markers, *options.markers))
        self._reference = None if options.reference is None else names.find(options.reference)
        self._options = options
        self._device = {clip.id: clip.device for clip in self.clips}
        self._loose = frozenset(d.id for d in self._devices if d.source in LOOSE_SOURCES)
        self._late: set[str] = set()
        self._joint: set[str] = set()

    def search(self, comparer: Comparer, progress: Progress) -> None:
        """Compare pairs by one signal."""
        if hears(comparer.signal):
            self._late.add(comparer.signal.name)
        if hasattr(comparer.signal, "match_group"):
            self._joint.add(comparer.signal.name)
        together: list[Match] = []
        for group in self._before.groups:
            held = {p.clip: p for p in group.placements}
            base = held[group.reference]
            together += [between(base, p) for p in group.placements if p is not base]
        search = Search(
            comparer,
            {clip.id: clip for clip in self.clips},
            together=together,
            old=self._old,
            loose=self._loose,
            hub=self.playback,
        )
        search.run(progress)

    def settings(self) -> SignalSettings:
        """Return what the user said of cameras, by ids."""
        readouts_s: dict[str, float] = {}
        devices = {clip.device for clip in self.clips}
        for name, readout_s in self._options.readouts_s.items():
            key = name if name in devices else self._names.find(name)
            readouts_s[key] = readout_s
        flashes = tuple(
            dataclasses.replace(choice, clip=self._names.find(choice.clip))
            for choice in self._options.flashes
        )
        return SignalSettings(readouts_s=readouts_s, flashes=flashes)

    def keep(
        self,
        comparer: Comparer,
        answers: Iterable[Match | Refusal],
        *,
        placed: Collection[str] = frozenset(),
    ) -> bool:
        """Keep what a signal says of clips jointly, but of pairs that cannot or need not be.

        Clips of one camera never overlap, and pairs that were placed before stay as they are.
        Where only a folder makes a device, it may be several as long as neither clip is in
        `placed`.
        """
        kept = False
        for answer in answers:
            if self._may_share(answer.a, answer.b, placed):
                comparer.keep(answer)
                kept = True
        return kept

    def _may_share(self, a: str, b: str, placed: Collection[str]) -> bool:
        if a in self._old and b in self._old:
            return False
        if a == b:
            return True
        one, two = self._device[a], self._device[b]
        open_still = one in self._loose and a not in placed and b not in placed
        return one is None or one != two or open_still

    def solve(self, comparers: Sequence[Comparer], refusals: Sequence[Refusal]) -> Solution:
        """Place the clips by all that is known now."""
        matches = [m for c in comparers for _, m in sorted(c.matches.items())]
        refused = [r for c in comparers for _, r in sorted(c.refusals.items())]
        solution = solve(
            self.clips,
            self._devices,
            matches,
            [*refusals, *refused],
            pins=self._new_pins,
            markers=self._markers,
            reference=self._reference,
            playback=self.playback,
            finished=self._before.groups,
            late_signals=self._late,
            joint_signals=self._joint,
            trusted_signals=self._options.signals or (),
            distances_m=self._options.distances_m,
        )
        if not self._old:
            return solution
        return dataclasses.replace(
            solution,
            matches=(*self._before.matches, *solution.matches),
            unplaced=tuple(self._explained_before(one) for one in solution.unplaced),
        )

    def session(self, solution: Solution) -> Session:
        """Return the document."""
        used = {clip.device for clip in solution.clips}
        return stamped(
            dataclasses.replace(
                self._before,
                devices=tuple(d for d in solution.devices if d.id in used),
                clips=solution.clips,
                groups=solution.groups,
                unplaced=solution.unplaced,
                matches=solution.matches,
                pins=self._pins,
                markers=self._markers,
            )
        )

    def _explained_before(self, left: Unplaced) -> Unplaced:
        """Return why a clip of a finished session has no place: as before, if nothing is new."""
        if left.candidates or left.code not in ("no_evidence", "alone"):
            return left
        return next((one for one in self._before.unplaced if one.clip == left.clip), left)


def _join_clips(before: Session, clips: Sequence[Clip]) -> tuple[dict[str, str], tuple[Clip, ...]]:
    """Return the new clips beside a session's own, under ids that are free.

    Returns
    -------
    renamed
        Id of the scan -> id of the session, for files that the session has already and for clips
        that got another id.
    new
        Clips that the session does not have.
    """
    names = ClipNames(before.clips)
    taken = {clip.id for clip in before.clips}
    renamed: dict[str, str] = {}
    new: list[Clip] = []
    number = 0
    for clip in clips:
        held = names.by_path(clip.path)
        if held is not None:
            renamed[clip.id] = held
            continue
        name = clip.id
        while name in taken:
            number += 1
            name = f"c{number}"
        taken.add(name)
        if name != clip.id:
            renamed[clip.id] = name
        new.append(clip if name == clip.id else dataclasses.replace(clip, id=name))
    return renamed, tuple(new)


def _join_devices(
    before: Sequence[Device], devices: Sequence[Device], clips: Sequence[Clip]
) -> tuple[Device, ...]:
    """Return all devices; one that clips name and nobody described is taken as named."""
    held = {device.id: device for device in devices}
    held |= {device.id: device for device in before}
    for clip in clips:
        if clip.device is not None:
            held.setdefault(clip.device, Device(id=clip.device, source="named"))
    return tuple(held[name] for name in sorted(held))


def stamped(session: Session) -> Session:
    """Return the session with the time and the version of this sync."""
    return dataclasses.replace(
        session,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        engine=version("clapless"),
    )
