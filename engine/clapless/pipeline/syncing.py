"""Files in, a session out: the order of the steps of a sync."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from clapless.errors import UsageError, printable
from clapless.media import scan
from clapless.model import Clip, Device, Match, Refusal, Session, Unplaced
from clapless.pipeline.again import SecondLook
from clapless.pipeline.comparer import Comparer
from clapless.pipeline.extract import Reader, extract, read_from_disk
from clapless.pipeline.names import ClipNames
from clapless.pipeline.options import Failure, SyncOptions, SyncResult
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.pipeline.search import Search
from clapless.signals.base import Signal
from clapless.solve import Solution, between, shooting_order, solve
from clapless.store import Store


def sync(
    paths: Iterable[Path | str],
    *,
    options: SyncOptions | None = None,
    progress: Progress = NO_PROGRESS,
    store: Store | None = None,
) -> Session:
    """Put recordings of one event on one clock and return the session alone; see `sync_paths`."""
    return sync_paths(paths, options=options, progress=progress, store=store).session


def sync_paths(
    paths: Iterable[Path | str],
    *,
    options: SyncOptions | None = None,
    progress: Progress = NO_PROGRESS,
    store: Store | None = None,
    signals: Sequence[Signal] | None = None,
) -> SyncResult:
    """Put recordings of one event on one clock.

    Parameters
    ----------
    paths
        Files, and folders that are searched to the bottom.
    options
        What the user asked for.
    progress
        Told how far the work is.
    store
        Cache of features; the user's own by default.
    signals
        Kinds of evidence there are; all by default.

    Raises
    ------
    UsageError
        Something is named that is not there, or pins contradict each other.
    """
    options = options or SyncOptions()
    song = () if options.playback is None else (options.playback,)
    rules = [f"{name}={glob}" for name, glob in options.devices.items()]
    catalog = scan([*paths, *song], devices=rules)
    failures = tuple(Failure(path=f.path, message=f.reason) for f in catalog.failures)
    playback = None
    if options.playback is not None:
        playback = ClipNames(catalog.clips).by_path(options.playback)
        if playback is None:
            why = next((f.message for f in failures if f.path == options.playback), "")
            name = printable(str(options.playback))
            raise UsageError(f"The song {name} cannot be used. {why}".strip())
    result = sync_clips(
        catalog.clips,
        catalog.devices,
        options=options,
        playback=playback,
        progress=progress,
        store=store,
        signals=signals,
    )
    return dataclasses.replace(
        result, failures=(*failures, *result.failures), skipped=catalog.skipped
    )


def sync_clips(
    clips: Sequence[Clip],
    devices: Sequence[Device],
    *,
    options: SyncOptions | None = None,
    playback: str | None = None,
    progress: Progress = NO_PROGRESS,
    store: Store | None = None,
    signals: Sequence[Signal] | None = None,
    reader: Reader = read_from_disk,
) -> SyncResult:
    """Put clips that are known already on one clock; see `sync_paths`.

    Parameters
    ----------
    clips, devices
        What a scan found.
    playback
        Id of the song, where there is one.
    reader
        How a clip is read.
    """
    options = options or SyncOptions()
    job = _Job(clips, devices, options, playback)
    used = choose_signals(signals, options.signals)
    if not job.clips:
        return SyncResult(session=_stamped(Session()))
    with store if store is not None else Store() as cache:
        taken = extract(
            job.clips,
            used,
            store=cache,
            jobs=options.jobs or os.cpu_count() or 1,
            progress=progress,
            reader=reader,
        )
        job.warnings += [warning for warning in (cache.warning,) if warning]
    job.warnings += taken.warnings
    comparers = [Comparer(signal, taken.features[signal.name]) for signal in used]
    for comparer in comparers:
        job.search(comparer, progress)
    solution = job.solve(comparers, taken.refusals)
    look = SecondLook({clip.id: clip for clip in solution.clips}, solution)
    found = 0
    for comparer in comparers:
        found += look.run(comparer, progress, hub=job.playback)
        comparer.close()
    if found:
        solution = job.solve(comparers, taken.refusals)
    return SyncResult(
        session=job.session(solution),
        failures=tuple(taken.failures),
        warnings=tuple(dict.fromkeys((*job.warnings, *solution.notes))),
    )


def choose_signals(
    signals: Sequence[Signal] | None, names: Sequence[str] | None
) -> tuple[Signal, ...]:
    """Return the signals a sync uses: those that prove a moment, among the named ones.

    Raises
    ------
    UsageError
        A signal is named that there is not, or that proves no moment.
    """
    if signals is None:
        from clapless.signals import SIGNALS

        signals = SIGNALS
    usable = [signal for signal in signals if signal.proves == "moment"]
    if names is None:
        return tuple(usable)
    known = {signal.name for signal in usable}
    for name in names:
        if name not in known:
            raise UsageError(
                f"There is no signal {printable(name)} to sync by; "
                f"there are {', '.join(sorted(known))}."
            )
    return tuple(signal for signal in usable if signal.name in names)


def hears(signal: Signal) -> bool:
    """Return whether distance delays a signal; it says so by an attribute ``hears``."""
    return bool(getattr(signal, "hears", signal.name == "audio"))


def _stamped(session: Session) -> Session:
    """Return the session with the time and the version of this sync."""
    return dataclasses.replace(
        session,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        engine=version("clapless"),
    )


class _Job:
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
        names = ClipNames(self.clips)
        self._pins = names.pins((*self._before.pins, *options.pins), self.warnings)
        self._new_pins = tuple(p for p in self._pins if p not in self._before.pins)
        self._markers = names.markers((*self._before.markers, *options.markers))
        self._reference = None if options.reference is None else names.find(options.reference)
        self._options = options
        self._late: set[str] = set()

    def search(self, comparer: Comparer, progress: Progress) -> None:
        """Compare pairs by one signal."""
        if hears(comparer.signal):
            self._late.add(comparer.signal.name)
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
            hub=self.playback,
        )
        search.run(progress)

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
        return _stamped(
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
