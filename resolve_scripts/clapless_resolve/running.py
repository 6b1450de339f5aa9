"""What the entries of Resolve's menu do, in the engine's own process."""

from __future__ import annotations

import glob
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clapless.errors import ClaplessError
from clapless.model import Session
from clapless.session import read_session, write_session
from clapless_otio.options import ExportOptions
from clapless_resolve.applying import Applied, apply_session
from clapless_resolve.connect import Connection, connect
from clapless_resolve.doctor import running_findings
from clapless_resolve.errors import ResolveError
from clapless_resolve.folders import Machine
from clapless_resolve.identity import who_am_i
from clapless_resolve.mailbox import Entry, data_folder
from clapless_resolve.reading import PoolClip, selected
from clapless_resolve.transferring import transfer
from clapless_resolve.undoing import undo

if TYPE_CHECKING:
    from clapless.pipeline import SyncResult

SESSIONS, LAST = "sessions", "last_session.txt"
MOST_SESSIONS = 100
"""Older ones are deleted, with the sound that was written for them left where it is."""

ALL_WELL, REFUSED, INCOMPLETE = 0, 1, 3

Tell = Callable[[str, int, int], None]


class Sync(Protocol):
    """Syncs files; `clapless.pipeline.sync_paths` with progress and cancelling."""

    def __call__(self, paths: Sequence[Path], *, hints: tuple[str, ...]) -> SyncResult:
        """Return what was found."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The last words of a run.

    Parameters
    ----------
    code
        Exit code: 0 all as asked, 3 not all, 1 refused.
    sentence, details
        For people.
    timelines
        Names of new ones.
    session
        The session document that was written.
    """

    code: int
    sentence: str
    details: tuple[str, ...] = ()
    timelines: tuple[str, ...] = ()
    session: str = ""

    def document(self) -> dict[str, object]:
        """Return what is sent."""
        return {
            "ok": self.code == ALL_WELL,
            "sentence": self.sentence,
            "details": list(self.details),
            "timelines": list(self.timelines),
            "session": self.session,
        }


def run_entry(
    entry: Entry,
    resolve: object,
    *,
    machine: Machine,
    sync: Sync,
    tell: Tell,
    document: Path | None = None,
) -> Outcome:
    """Do what an entry says in the project that is open.

    Parameters
    ----------
    document
        A session document that was synced already: it is placed in place of what is selected.

    Raises
    ------
    ClaplessError
        It cannot be done; the message says what to do.
    """
    tell("looking at the project", 0, 0)
    connection = connect(resolve, who=who_am_i(machine))
    if entry == "selftest":
        return _self_test(connection)
    if entry == "remove":
        tell("taking away what Clapless made", 0, 0)
        undone = undo(connection)
        return Outcome(
            code=INCOMPLETE if undone.notices else ALL_WELL,
            sentence=undone.sentence,
            details=tuple(undone.notices),
        )
    folder = Path(data_folder(machine)) / SESSIONS
    if entry == "markers":
        done = transfer(connection, sessions=_sessions(folder), sync=sync, tell=tell)
        return Outcome(
            code=ALL_WELL if done.whole else INCOMPLETE,
            sentence=done.sentence,
            details=done.details,
        )
    multicam = entry == "multicam"
    if document is not None:
        return _place(connection, read_session(document), document, (), tell, multicam=multicam)
    return _sync(connection, folder, sync, tell, multicam=multicam)


def _self_test(connection: Connection) -> Outcome:
    findings = running_findings(connection)
    bad = [one for one in findings if one.state == "bad"]
    return Outcome(
        code=INCOMPLETE if bad else ALL_WELL,
        sentence=findings[0].sentence,
        details=tuple(f"{one.subject}: {one.sentence}" for one in findings[1:]),
    )


def _sync(
    connection: Connection, folder: Path, sync: Sync, tell: Tell, *, multicam: bool
) -> Outcome:
    selection = selected(connection)
    if len(selection.clips) < 2:
        raise ResolveError(
            f"Only {selection.clips[0].name} is selected ({selection.origin}): select two or more "
            "clips of one event, or none to take the whole bin."
            + "".join(f" {one}" for one in selection.skipped)
        )
    clips = selection.clips
    result = sync(list(dict.fromkeys(Path(clip.path) for clip in clips)), hints=_hints(clips))
    session = result.session
    told = [*selection.skipped, *(f.message for f in result.failures), *result.warnings]
    if not session.groups:
        reasons = {one.clip: one.reason for one in session.unplaced}
        told += [f"{clip.name}: {reasons.get(clip.id, 'no answer')}" for clip in session.clips]
        return Outcome(
            code=INCOMPLETE,
            sentence=f"None of the {len(clips)} clips could be synced, so nothing was placed.",
            details=tuple(told),
        )
    document = _keep(session, folder, connection)
    return _place(connection, session, document, told, tell, multicam=multicam)


def _place(
    connection: Connection,
    session: Session,
    document: Path,
    told: Sequence[str],
    tell: Tell,
    *,
    multicam: bool,
) -> Outcome:
    options = ExportOptions(
        groups="separate" if multicam else "one",
        sound_folder=document.parent / f"{document.stem} sound",
    )
    applied = apply_session(connection, session, options=options, tell=tell, multicam=multicam)
    differences = [d.sentence for one in applied.timelines for d in one.differences]
    notices = [n for one in applied.timelines for n in one.notices]
    lost = any(one.lost for one in applied.timelines) or (multicam and not applied.multicams)
    whole = _is_whole(session) and not (differences or told or lost)
    return Outcome(
        code=ALL_WELL if whole else INCOMPLETE,
        sentence=_sentence(session, applied),
        details=tuple(dict.fromkeys([*differences, *notices, *applied.notices, *told])),
        timelines=tuple(one.timeline for one in applied.timelines),
        session=str(document),
    )


def _hints(clips: Sequence[PoolClip]) -> tuple[str, ...]:
    """Return what Resolve's camera numbers say of devices, where they tell clips apart."""
    cameras = {clip.camera for clip in clips if clip.camera}
    if len(cameras) < 2:
        return ()
    return tuple(
        f"{clip.camera}={glob.escape(clip.path)}"
        for clip in clips
        if clip.camera and "=" not in clip.camera
    )


def _is_whole(session: Session) -> bool:
    placements = [p for group in session.groups for p in group.placements]
    return not session.unplaced and all(p.status != "check" for p in placements)


def _sentence(session: Session, applied: Applied) -> str:
    placements = [p for group in session.groups for p in group.placements]
    check = sum(p.status == "check" for p in placements)
    names = ", ".join(f"“{one.timeline}”" for one in applied.timelines)
    parts = [f"{len(placements) - check} of {len(session.clips)} clips are synced"]
    if check:
        parts.append(f"{check} should be checked (yellow)")
    if session.unplaced:
        parts.append(f"{len(session.unplaced)} could not be synced (orange, at the end)")
    more = ""
    if applied.multicams:
        more = f" Multicam: {', '.join(applied.multicams)}."
    return f"{'; '.join(parts)}. Timeline: {names}.{more}"


def _keep(session: Session, folder: Path, connection: Connection) -> Path:
    """Write the session among those of earlier runs, and where the last one is."""
    project = re.sub(r"[^\w-]+", "-", connection.project.GetName() or "")[:40] or "project"
    name = f"{time.strftime('%Y-%m-%d %H.%M.%S')} {project}"
    path = folder / f"{name}.json"
    number = 2
    while path.exists():
        path = folder / f"{name} {number}.json"
        number += 1
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_session(session, path)
        (folder.parent / LAST).write_text(str(path), encoding="utf-8")
        for old in _sessions(folder)[MOST_SESSIONS:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ClaplessError(f"{folder} cannot be written ({reason}): allow writing there.") from (
            error
        )
    return path


def _sessions(folder: Path) -> list[Path]:
    """Return the sessions of earlier runs, the newest first."""
    return sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
