"""Files in, a session out: the order of the steps of a sync."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from clapless.errors import UsageError, printable
from clapless.media import keeping_sounds, scan
from clapless.media.tracks import TRACK_KEY, read_tracks
from clapless.model import Clip, Device, Session
from clapless.pipeline.again import SecondLook
from clapless.pipeline.choosing import choose_signals
from clapless.pipeline.comparer import Comparer
from clapless.pipeline.extract import Extracted, Reader, extract, read_from_disk
from clapless.pipeline.job import SyncJob, stamped
from clapless.pipeline.names import ClipNames
from clapless.pipeline.options import Failure, SyncOptions, SyncResult
from clapless.pipeline.progress import NO_PROGRESS, Progress
from clapless.pipeline.threads import one_blas_thread
from clapless.pipeline.tracks import attach_tracks, part_tracks
from clapless.pipeline.watching import Watch, worth_watching
from clapless.signals.base import Signal, configured, needs_pictures
from clapless.solve import Solution
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
        Files, and folders that are searched to the bottom. GPX and FIT files among them go with the
        clips that were filmed during them.
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
    media, loose = part_tracks(paths)
    catalog = scan(
        [*media, *song], devices=rules, hints=options.device_hints, progress=_looking(progress)
    )
    progress.done()
    failures = tuple(Failure(path=f.path, message=f.reason) for f in catalog.failures)
    playback = None
    if options.playback is not None:
        playback = ClipNames(catalog.clips).by_path(options.playback)
        if playback is None:
            why = next((f.message for f in failures if f.path == options.playback), "")
            name = printable(str(options.playback))
            raise UsageError(f"The song {name} cannot be used. {why}".strip())
    clips, notices = _with_tracks(catalog.clips, options.tracks)
    attached = attach_tracks(clips, loose, catalog.skipped)
    result = sync_clips(
        attached.clips,
        catalog.devices,
        options=options,
        playback=playback,
        progress=progress,
        store=store,
        signals=signals,
    )
    return dataclasses.replace(
        result,
        failures=(*failures, *attached.failures, *result.failures),
        skipped=tuple(path for path in catalog.skipped if path not in attached.used),
        warnings=(*notices, *attached.notices, *result.warnings),
    )


def _looking(progress: Progress) -> Callable[[int, int], None]:
    """Return what a scan calls after each file it looked at."""

    def looked(number: int, count: int) -> None:
        if number == 1:
            progress.stage("looking at the files", count)
        progress.advance()

    return looked


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


@one_blas_thread
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
    job = SyncJob(clips, devices, options, playback)
    used = [configured(s, job.settings()) for s in choose_signals(signals, options.signals)]
    if not job.clips:
        return SyncResult(session=stamped(Session()))
    later = () if options.signals is not None else tuple(filter(needs_pictures, used))
    with store if store is not None else Store() as cache, keeping_sounds():
        look = _Look(job, cache, progress, reader, options.jobs)
        look.at(job.clips, [signal for signal in used if signal not in later])
        solution = look.solution
        # On a song each take is placed by the song alone, and that has no pictures.
        watch = worth_watching(solution) if later and playback is None else Watch()
        if watch.clips:
            look.at(watch.clips, later, reading=f"looking at the {watch.what}")
            solution = look.solution
            job.warnings.append(watch.notice([one for one in used if one not in later]))
        job.warnings += [warning for warning in (cache.warning,) if warning]
    taken = look.taken
    job.warnings += taken.warnings
    return SyncResult(
        session=job.session(solution),
        failures=tuple(taken.failures),
        warnings=tuple(dict.fromkeys((*job.warnings, *solution.notes))),
    )


class _Look:
    """Takes evidence in, some kinds after others, and places the clips by all of it."""

    def __init__(
        self, job: SyncJob, store: Store, progress: Progress, reader: Reader, jobs: int | None
    ) -> None:
        self._job, self._store, self._progress = job, store, progress
        self._reader, self._jobs = reader, jobs
        self._comparers: list[Comparer] = []
        self.taken = Extracted()
        self.solution = Solution()

    def at(
        self, clips: Sequence[Clip], signals: Sequence[Signal], *, reading: str = "reading"
    ) -> None:
        """Look at clips by some signals; `solution` is by these and all before."""
        taken = extract(
            clips,
            signals,
            store=self._store,
            jobs=self._jobs,
            progress=self._progress,
            stage=reading,
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
            placed = {clip for group in aligned for clip in group}
            answered |= self._job.keep(comparer, answers, placed=placed)
        return answered

    def _solve(self) -> None:
        self.solution = self._job.solve(self._comparers, self.taken.refusals)
