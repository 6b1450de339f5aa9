"""What ``clapless resolve apply`` does, and what it prints of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import typer

from clapless.errors import UsageError
from clapless.session import read_session
from clapless.timing import snap_rate
from clapless_otio.options import DRIFTS, GROUPS, Drift, ExportOptions, Groups
from clapless_resolve import connect
from clapless_resolve.applying import apply_session
from clapless_resolve.folders import Machine, scripting_modules
from clapless_resolve.identity import who_am_i
from clapless_resolve.undoing import undo


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a verb prints, for machines and for people; `whole` says that nothing went amiss."""

    document: Mapping[str, object]
    lines: tuple[str, ...]
    whole: bool


def apply_document(
    path: Path, *, name: str, groups: str, drift: str, fps: float | None, multicam: bool
) -> Shown:
    """Place a session document in the project that is open.

    Raises
    ------
    ClaplessError
        The document cannot be read, an option cannot be meant, or Resolve refuses.
    """
    options = ExportOptions(
        drift=cast("Drift", _one_of("--drift", drift, DRIFTS)),
        groups=cast("Groups", _one_of("--groups", groups, GROUPS)),
        rate=None if fps is None else snap_rate(fps),
        sound_folder=path.parent / f"{path.stem} sound",
    )
    session = read_session(path)
    connection = _connect()
    applied = apply_session(
        connection, session, name=name, options=options, tell=_tell, multicam=multicam
    )
    lines = []
    for one in applied.timelines:
        total = one.placed + len(one.differences)
        lines.append(f"{one.timeline}: {one.placed} of {total} items stand as planned.")
        lines += [f"  {d.sentence}" for d in one.differences]
        lines += [f"  {sentence}" for sentence in one.notices]
    lines += [f"{clip}: a multicam clip." for clip in applied.multicams]
    document = {
        "timelines": [
            {
                "timeline": one.timeline,
                "placed": one.placed,
                "differences": [difference.sentence for difference in one.differences],
                "notices": list(one.notices),
            }
            for one in applied.timelines
        ],
        "multicams": list(applied.multicams),
        "notices": list(applied.notices),
    }
    return Shown(
        document=document,
        lines=(*lines, *applied.notices),
        whole=not any(one.differences or one.lost for one in applied.timelines),
    )


def remove_all() -> Shown:
    """Take away what Clapless made in the project that is open.

    Raises
    ------
    ResolveError
        Resolve cannot be reached or refuses.
    """
    undone = undo(_connect())
    return Shown(
        document={
            "timelines": list(undone.timelines),
            "markers": undone.markers,
            "clips": list(undone.clips),
            "bins": list(undone.bins),
            "notices": list(undone.notices),
        },
        lines=(undone.sentence, *undone.notices),
        whole=not undone.notices,
    )


def _connect() -> connect.Connection:
    machine = Machine.this()
    scriptapp = connect.load_scriptapp(Path(scripting_modules(machine)))
    return connect.connect_from_outside(scriptapp, who=who_am_i(machine))


def _tell(text: str, done: int, of: int) -> None:
    typer.echo(f"{text}: {done} of {of}" if of else f"{text} ...", err=True)


def _one_of(option: str, said: str, known: tuple[str, ...]) -> str:
    if said not in known:
        raise UsageError(f"{option}: there is no {said!r}; there are {', '.join(known)}.")
    return said
