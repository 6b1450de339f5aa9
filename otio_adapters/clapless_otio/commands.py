"""The verbs that this package adds to the command line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated, cast

import typer

from clapless.errors import UsageError
from clapless.session import read_session
from clapless.timing import snap_rate
from clapless_otio.export import export
from clapless_otio.options import (
    DEFAULT_START,
    DRIFTS,
    GROUPS,
    Drift,
    ExportOptions,
    Groups,
)

app = typer.Typer()


@app.callback()
def _verbs() -> None:
    """Into and out of editing programs."""


@app.command("export")
def export_verb(
    session: Annotated[Path, typer.Argument(help="The session document that sync wrote.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    to: Annotated[
        str | None, typer.Option("--to", help="The format, where the suffix does not say.")
    ] = None,
    drift: Annotated[
        str, typer.Option("--drift", help=f"How clock drift is carried: {', '.join(DRIFTS)}.")
    ] = "retime",
    groups: Annotated[
        str, typer.Option("--groups", help="One timeline for all groups, or separate ones.")
    ] = "one",
    fps: Annotated[float | None, typer.Option("--fps", help="Frame rate of the timeline.")] = None,
    start_timecode: Annotated[
        str,
        typer.Option("--start-timecode", help="Where the timeline starts: HH:MM:SS:FF or source."),
    ] = DEFAULT_START,
) -> None:
    """Write a synced session as a timeline that an editing program opens."""
    options = ExportOptions(
        drift=cast("Drift", _one_of("--drift", drift, DRIFTS)),
        groups=cast("Groups", _one_of("--groups", groups, GROUPS)),
        rate=_rate(fps),
        start_timecode=start_timecode,
    )
    for notice in export(read_session(session), output, to=to, options=options):
        typer.echo(notice, err=True)
    typer.echo(f"Wrote {output}")


def _one_of(option: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"{option} {value} is not known. Choose one of {', '.join(known)}.")
    return value


def _rate(fps: float | None) -> Fraction | None:
    if fps is None:
        return None
    if not 1 <= fps <= 240:
        raise UsageError(f"--fps {fps:g} is no frame rate: write a number from 1 to 240.")
    return snap_rate(fps)
