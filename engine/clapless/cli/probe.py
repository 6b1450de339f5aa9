"""``clapless probe``: what files hold and which signals they can give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clapless.cli import outcome
from clapless.cli.console import stdout, warn
from clapless.cli.tables import clip_card
from clapless.cli.words import count_words
from clapless.model import Session
from clapless.session import to_json


def probe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files and folders.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print clips, devices and signals as JSON.")
    ] = False,
) -> None:
    """Say what files hold and which signals they can give."""
    from clapless.media import scan
    from clapless.signals import SIGNALS

    catalog = scan(files)
    signals = {
        clip.id: tuple(signal.name for signal in SIGNALS if signal.applies_to(clip))
        for clip in catalog.clips
    }
    if as_json:
        beside: dict[str, object] = {
            "signals": signals,
            "failures": [{"path": f.path, "message": f.reason} for f in catalog.failures],
            "skipped": catalog.skipped,
        }
        found = Session(clips=catalog.clips, devices=catalog.devices, extra=beside)
        typer.echo(to_json(found, base=Path.cwd()), nl=False)
    elif catalog.clips:
        console = stdout()
        for clip in catalog.clips:
            console.print(clip_card(clip, signals[clip.id]))
        if catalog.skipped:
            console.print(f"{count_words(len(catalog.skipped), 'other file')} left aside.")
    warn((failure.reason for failure in catalog.failures), "red")
    if not catalog.clips:
        warn(["There is no media to look at."], "red")
        raise typer.Exit(outcome.NOTHING_USABLE)
    raise typer.Exit(outcome.INCOMPLETE if catalog.failures else outcome.ALL_WELL)
