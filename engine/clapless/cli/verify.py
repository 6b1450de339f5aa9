"""``clapless verify``: measure each placement again on parts that sync did not use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clapless.cli import outcome
from clapless.cli.console import stdout, warn
from clapless.cli.progress import ConsoleProgress
from clapless.cli.tables import verification_table
from clapless.errors import SessionError
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
    """Measure each placement again, on other parts of the material."""
    from clapless.pipeline import verify as measure

    before = read_session(session)
    if not any(len(group.placements) > 1 for group in before.groups):
        raise SessionError("There is nothing to verify: no clip is synced to another.")
    with ConsoleProgress() as progress:
        after = measure(before, progress=progress)
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
    raise typer.Exit(_exit_code(after))


def _show(session: Session) -> None:
    console = stdout()
    for group in session.groups:
        if len(group.placements) > 1:
            console.print(verification_table(session, group))
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
