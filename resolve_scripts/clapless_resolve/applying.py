"""A session placed in the open project: import what is missing, place, mark."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from clapless.model import Session
from clapless_otio.corrected_sound import SoundFolder
from clapless_otio.options import ExportOptions
from clapless_otio.sources import playable_files
from clapless_resolve import bins, multicam_signs, timelines
from clapless_resolve import multicam as multicams
from clapless_resolve.connect import Connection
from clapless_resolve.errors import ResolveError
from clapless_resolve.laying import carried_plans, laid_out, media_paths
from clapless_resolve.marking import ON_CLIPS, mark_clips, remove_ours
from clapless_resolve.placing import BATCH, Placed, check, fill, finish
from clapless_resolve.plan import RATE_NAMES, Plan, path_key
from clapless_resolve.reading import PoolClip, all_clips, read_clips
from clapless_resolve.remote import ask_each
from clapless_resolve.settings import rate_setting
from clapless_resolve.speed_trial import speeds_are_kept

Tell = Callable[[str, int, int], None]
"""Called with what is done now, how much of it, and of how much; 0 where unknown."""

IMPORT_AT_ONCE = 50
"""Files in one call, so that progress can be told."""


def _silent(_text: str, _done: int, _of: int) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What became of a session: timelines, names of multicam clips, and sentences for people."""

    timelines: tuple[Placed, ...]
    multicams: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass
class _Pool:
    """The Media Pool's clips of the files that are wanted, and sentences on those it refuses."""

    connection: Connection
    exists: Callable[[str], bool]
    tell: Tell
    clips: dict[str, PoolClip] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def want(self, paths: Iterable[str]) -> None:
        """Find the clips of files, importing those that are not there."""
        wanted = {key: path for path in paths if (key := path_key(path)) not in self.clips}
        self._read(wanted)
        missing = [p for key, p in wanted.items() if key not in self.clips and self.exists(p)]
        if not missing:
            return
        bins.open_imported(self.connection.pool)
        for first in range(0, len(missing), IMPORT_AT_ONCE):
            self.tell("importing files", first, len(missing))
            self.connection.pool.ImportMedia(missing[first : first + IMPORT_AT_ONCE])
        self._read(wanted)

    def _read(self, wanted: dict[str, str]) -> None:
        items = list(all_clips(self.connection.pool))
        rows = ask_each(items, (("GetClipProperty", "File Path"),))
        keyed = [
            (path_key(str(path or "")), item) for item, (path,) in zip(items, rows, strict=True)
        ]
        found = [(key, item) for key, item in keyed if key in wanted]
        read = read_clips([item for _, item in found], exists=self.exists)
        for (key, _), clip in zip(found, read, strict=True):
            if not isinstance(clip, str):
                self.clips.setdefault(key, clip)
        self.told = [clip for clip in read if isinstance(clip, str)]


def apply_session(
    connection: Connection,
    session: Session,
    *,
    name: str = "Sync",
    options: ExportOptions | None = None,
    exists: Callable[[str], bool] = lambda path: Path(path).exists(),
    tell: Tell = _silent,
    batch: int = BATCH,
    multicam: bool = False,
) -> Applied:
    """Place a session on new timelines of the open project, and its markers on the clips.

    Files that are not in the Media Pool are imported into Clapless's bin. Drift becomes a speed
    where Resolve keeps one finely enough; else new sound files in ``options.sound_folder``, and
    frame slips. What a killed run left is removed first; where a step is refused, all timelines of
    this run are taken away again.

    Raises
    ------
    ResolveError
        Resolve refuses a step; the message says what to do.
    ExportError
        A new sound file cannot be written.
    """
    options = options or ExportOptions()
    if options.rate is None and not any(clip.frame_rate for clip in session.clips):
        # Sound alone asks for no rate: the project's is the one its pictures will have.
        rate = rate_setting(connection.project)
        options = replace(options, rate=rate if rate in RATE_NAMES else None)
    notices = timelines.remove_unfinished(connection)
    notices += multicam_signs.remove_unfinished(connection)
    pool = _Pool(connection, exists, tell)
    run = secrets.token_hex(4)
    with bins.kept_open(connection.pool) as late:
        pool.want(str(f.path) for clip in session.clips for _, f in playable_files(clip))
        with _all_or_nothing(connection, run) as marked:
            made = multicams.Made()
            if multicam:
                bins.open_bin(connection.pool)
                made = multicams.make_multicams(
                    connection, session, pool.clips, name=name, run=run, options=options
                )
            plans, told = _plans(connection, session, pool, name, options)
            check(connection, plans)
            bins.open_bin(connection.pool)
            filled = _fill_all(connection, plans, run, tell, batch)
            placed = tuple(finish(one, plan) for one, plan in zip(filled, plans, strict=True))
            notices += [*pool.told, *told, *made.notices, *multicam_signs.finish(connection, run)]
            marked += [item.clip for plan in plans for item in plan.items]
            notices += mark_clips(item for plan in plans for item in plan.items)
    return Applied(
        timelines=placed,
        multicams=tuple(made.clips),
        notices=tuple(dict.fromkeys([*notices, *late])),
    )


def _fill_all(
    connection: Connection, plans: Sequence[Plan], run: str, tell: Tell, batch: int
) -> list[Placed]:
    """Fill all timelines; each stays marked as unfinished."""
    filled: list[Placed] = []
    total = sum(len(plan.items) for plan in plans)
    for plan in plans:
        before = sum(len(one.items) for one in plans[: len(filled)])

        def placing(done: int, _of: int, before: int = before) -> None:
            tell("placing clips", before + done, total)

        filled.append(fill(connection, plan, run=run, progress=placing, batch=batch))
    return filled


@contextmanager
def _all_or_nothing(connection: Connection, run: str) -> Iterator[list[PoolClip]]:
    """Take away what a run made where it is refused or cancelled; a killed one, the next run does.

    Yields
    ------
    A list for the clips that get markers.
    """
    marked: list[PoolClip] = []
    try:
        yield marked
    except BaseException as error:
        left = [one.timeline for one in timelines.ours(connection) if one.run == run]
        more = timelines.delete_sentence(connection, left) if left else ""
        more += "".join(f" {one}" for one in multicam_signs.remove_run(connection, run))
        for clip in marked:
            remove_ours(clip.item, beginning=ON_CLIPS)
        if more and isinstance(error, ResolveError):
            raise ResolveError(f"{error}{more}") from error
        raise


def _plans(
    connection: Connection, session: Session, pool: _Pool, name: str, options: ExportOptions
) -> tuple[tuple[Plan, ...], list[str]]:
    """Return what to place, with drift carried as this Resolve can, and what to tell of that."""
    if options.drift in ("auto", "retime"):
        as_meant = laid_out(session, name=name, options=replace(options, drift="retime"))
        plans = carried_plans(session, as_meant, pool.clips.values(), retime=True)
        speeds = [(i.speed, i.length) for plan in plans for i in plan.items if i.speed != 1]
        if not speeds:
            return plans, []
        if any(plan.items for plan in plans) and connection.capabilities.placement:
            bins.open_bin(connection.pool)
            if speeds_are_kept(connection, next(p for p in plans if p.items), speeds):
                return plans, []
    told = []
    if options.drift == "retime":
        told = [
            f"Resolve {connection.capabilities.version} does not keep speeds as finely as drift "
            "needs: sound was written anew, and pictures slip a frame now and then."
        ]
    how = "wav" if options.drift == "retime" else options.drift
    folder = options.sound_folder
    corrector = None
    if folder is not None:

        def writing(file: str, share: float) -> None:
            pool.tell(f"writing {file} at its true speed", round(share * 100), 100)

        corrector = SoundFolder(folder, writing)
    carried = laid_out(session, name=name, options=replace(options, drift=how), corrector=corrector)
    pool.want(media_paths(carried).values())
    return carried_plans(session, carried, pool.clips.values()), told
