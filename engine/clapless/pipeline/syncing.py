"""Files in, a session out: the order of the steps of a sync."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from clapless.errors import UsageError, printable
from clapless.media import scan
from clapless.media.tracks import TRACK_KEY, read_tracks
from clapless.model import Clip, Device, Match, Refusal, Session, Unplaced
from clapless.pipeline.again import SecondLook
from clapless.pipeline.comparer import Comparer
from clapless.pipeline.extract import Extracted, Reader, extract, read_from_disk
from clapless.pipeline.names import ClipNames
from clapless.pipeline.options import Failure, SyncOptions, SyncResult
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.pipeline.search import Search
from clapless.signals.base import Signal, SignalSettings, configured, needs_pictures
from clapless.solve import Solution, between, shooting_order, solve
from clapless.store import Store

LOOSE_SOURCES = ("folder", "card")
"""What makes a device by its looks alone: two of them may lie in one folder."""


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
    catalog = scan([*paths, *song], devices=rules, hints=options.device_hints)
    failures = tuple(Failure(path=f.path, message=f.reason) for f in catalog.failures)
    playback = None
    if options.playback is not None:
        playback = ClipNames(catalog.clips).by_path(options.playback)
        if playback is None:
            why = next((f.message for f in failures if f.path == options.playback), "")
            name = printable(str(options.playback))
            raise UsageError(f"The song {name} cannot be used. {why}".strip())
    clips, notices = _with_tracks(catalog.clips, options.tracks)
    result = sync_clips(
        clips,
        catalog.devices,
        options=options,
        playback=playback,
        progress=progress,
        store=store,
        signals=signals,
    )
    return dataclasses.replace(
        result,
        failures=(*failures, *result.failures),
        skipped=catalog.skipped,
        warnings=(*notices, *result.warnings),
    )


def _with_tracks(
    clips: Sequence[Clip], tracks: Mapping[str, Path]
) -> tuple[tuple[Clip, ...], list[str]]:
    """Return clips that know their track files, and what is damaged in those."""
    held = {clip.id: clip for clip in clips}
    notices: list[str] = []
    for name, path in tracks.items():
        warning = read_tracks(path).warning
        if warning:
            notices.append(warning)
        clip = held[ClipNames(clips).find(name)]
        metadata = {**clip.metadata, TRACK_KEY: str(path.absolute())}
        held[clip.id] = dataclasses.replace(clip, metadata=metadata)
    return tuple(held.values()), notices


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
    used = [configured(s, job.settings()) for s in choose_signals(signals, options.signals)]
    if not job.clips:
        return SyncResult(session=_stamped(Session()))
    later = () if options.signals is not None else tuple(filter(needs_pictures, used))
    with store if store is not None else Store() as cache:
        look = _Look(job, cache, progress, reader, options.jobs or os.cpu_count() or 1)
        look.at(job.clips, [signal for signal in used if signal not in later])
        solution = look.solution
        watched = worth_watching(solution) if later else ()
        if watched:
            look.at(watched, later)
            solution = look.solution
        job.warnings += [warning for warning in (cache.warning,) if warning]
    taken = look.taken
    job.warnings += taken.warnings
    return SyncResult(
        session=job.session(solution),
        failures=tuple(taken.failures),
        warnings=tuple(dict.fromkeys((*job.warnings, *solution.notes))),
    )


def worth_watching(solution: Solution) -> tuple[Clip, ...]:
    """Return the clips whose pictures are looked at, since one of them has no place without.

    Pictures are dear to decode: where every clip with pictures has its place, none is looked at.
    """
    seeing = tuple(clip for clip in solution.clips if clip.kind == "video")
    homeless = {left.clip for left in solution.unplaced}
    if len(seeing) < 2 or not any(clip.id in homeless for clip in seeing):
        return ()
    return seeing


class _Look:
    """Takes evidence in, some kinds after others, and places the clips by all of it."""

    def __init__(
        self, job: _Job, store: Store, progress: Progress, reader: Reader, jobs: int
    ) -> None:
        self._job, self._store, self._progress = job, store, progress
        self._reader, self._jobs = reader, jobs
        self._comparers: list[Comparer] = []
        self.taken = Extracted()
        self.solution = Solution()

    def at(self, clips: Sequence[Clip], signals: Sequence[Signal]) -> None:
        """Look at clips by some signals; `solution` is by these and all before."""
        taken = extract(
            clips,
            signals,
            store=self._store,
            jobs=self._jobs,
            progress=self._progress,
            reader=self._reader,
        )
        self.taken.features |= taken.features
        self.taken.refusals += taken.refusals
        self.taken.failures += [f for f in taken.failures if f not in self.taken.failures]
        self.taken.warnings += taken.warnings
        fresh = [Comparer(signal, taken.features[signal.name]) for signal in signals]
        for comparer in fresh:
            self._job.search(comparer, self._progress)
        self._comparers += fresh
        self._solve()
        if self._together(fresh):
            self._solve()
        again = SecondLook({clip.id: clip for clip in self.solution.clips}, self.solution)
        found = 0
        for comparer in fresh:
            found += again.run(comparer, self._progress, hub=self._job.playback)
            comparer.close()
        if found:
            self._solve()

    def _together(self, comparers: Sequence[Comparer]) -> bool:
        """Ask signals that judge clips jointly, by what is placed so far; True if they answered."""
        answered = False
        for comparer in comparers:
            match_group = getattr(comparer.signal, "match_group", None)
            if match_group is None or self._job.playback is not None:
                continue
            aligned = [{p.clip: p for p in group.placements} for group in self.solution.groups]
            answers = match_group(comparer.features, aligned=aligned, priors={})
            answered |= self._job.keep(comparer, answers)
        return answered

    def _solve(self) -> None:
        self.solution = self._job.solve(self._comparers, self.taken.refusals)


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
        names = self._names = ClipNames(self.clips)
        self._pins = names.pins((*self._before.pins, *options.pins), self.warnings)
        self._new_pins = tuple(p for p in self._pins if p not in self._before.pins)
        self._markers = names.markers((*self._before.markers, *options.markers))
        self._reference = None if options.reference is None else names.find(options.reference)
        self._options = options
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
            loose=frozenset(d.id for d in self._devices if d.source in LOOSE_SOURCES),
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

    def keep(self, comparer: Comparer, answers: Iterable[Match | Refusal]) -> bool:
        """Keep what a signal says of clips jointly, but of pairs that were placed before."""
        kept = False
        for answer in answers:
            if not (answer.a in self._old and answer.b in self._old):
                comparer.keep(answer)
                kept = kept or isinstance(answer, Match)
        return kept

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
