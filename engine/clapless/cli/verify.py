"""``clapless verify``: measure each placement again on parts that sync did not use."""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from pathlib import Path
from typing import Annotated

import typer

from clapless.cli import outcome
from clapless.cli.console import stdout, warn
from clapless.cli.progress import ConsoleProgress
from clapless.cli.tables import verification_table
from clapless.errors import SessionError, printable_name
from clapless.model import Session
from clapless.session import read_session, to_json, write_session


def verify(
    session: Annotated[Path, typer.Argument(metavar="SESSION", help="A session document.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write the answers here instead of into SESSION."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the session document instead of tables.")
    ] = False,
) -> None:
    """Measure each placement again, on other parts of the material.

    A figure with + says that the clip should start later than it is placed.

    Ends with 0 where nothing fails, 3 where something does or a file is
    gone, 1 where there is nothing to measure.
    """
    from clapless.pipeline import verify as measure

    before = read_session(session)
    if not any(len(group.placements) > 1 for group in before.groups):
        raise SessionError("There is nothing to verify: no clip is synced to another.")
    gone = {clip.id: clip for clip in before.clips if not clip.path.exists()}
    there = _without(before, gone)
    if not any(len(group.placements) > 1 for group in there.groups):
        names = ", ".join(printable_name(clip.path) for clip in list(gone.values())[:3])
        raise SessionError(
            f"There is nothing to verify: the recordings of {printable_name(session)} are not "
            f"where it says ({names}); move them back, or sync again."
        )
    with ConsoleProgress() as progress:
        after = _joined(before, measure(there, progress=progress))
    warn(f"{printable_name(clip.path)} is not where the session says." for clip in gone.values())
    target = output or session
    try:
        write_session(after, target)
    except SessionError as error:
        if output is not None:
            raise
        warn([f"The answers were not kept: {error}"])
    if as_json:
        typer.echo(to_json(after, base=target.parent), nl=False)
    else:
        _show(after)
    raise typer.Exit(outcome.INCOMPLETE if gone else _exit_code(after))


def _without(session: Session, gone: Container[str]) -> Session:
    """Return the session without the placements of clips whose files are gone."""
    groups = (
        dataclasses.replace(
            group, placements=tuple(p for p in group.placements if p.clip not in gone)
        )
        for group in session.groups
        if group.reference not in gone
    )
    return dataclasses.replace(session, groups=tuple(groups))


def _joined(before: Session, after: Session) -> Session:
    """Return the session with the answers, and with the placements that could not be measured."""
    measured = {p.clip: p for group in after.groups for p in group.placements}
    groups = (
        dataclasses.replace(
            group, placements=tuple(measured.get(p.clip, p) for p in group.placements)
        )
        for group in before.groups
    )
    return dataclasses.replace(after, groups=tuple(groups))


def _show(session: Session) -> None:
    console = stdout()
    for group in session.groups:
        if len(group.placements) > 1:
            console.print(verification_table(session, group, width=console.width))
    answers = [
        placement.verification.verdict
        for group in session.groups
        for placement in group.placements
        if placement.clip != group.reference and placement.verification is not None
    ]
    console.print(
        f"{answers.count('pass')} pass, {answers.count('fail')} fail, "
        f"{answers.count('not_verifiable')} not verifiable"
    )


def _exit_code(session: Session) -> int:
    failed = any(
        placement.verification is not None and placement.verification.verdict == "fail"
        for group in session.groups
        for placement in group.placements
    )
    return outcome.INCOMPLETE if failed else outcome.ALL_WELL
