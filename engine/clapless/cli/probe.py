"""``clapless probe``: what files hold and which signals they can give."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from clapless.cli import outcome
from clapless.cli.console import safe, stderr, stdout, warn
from clapless.cli.tables import clip_card
from clapless.cli.words import count_words
from clapless.errors import ClaplessError, MediaError, printable
from clapless.model import Clip, Session
from clapless.session import to_json


def probe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files and folders.")],
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Draw the curves of sensors into this folder."),
    ] = None,
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
            _print_telemetry(clip)
        if catalog.skipped:
            console.print(f"{count_words(len(catalog.skipped), 'other file')} left aside.")
    if plot is not None:
        _draw(catalog.clips, plot)
    warn((failure.reason for failure in catalog.failures), "red")
    if not catalog.clips:
        warn(["There is no media to look at."], "red")
        raise typer.Exit(outcome.NOTHING_USABLE)
    raise typer.Exit(outcome.INCOMPLETE if catalog.failures else outcome.ALL_WELL)


def _print_telemetry(clip: Clip) -> None:
    """Print a line per stream of the camera's telemetry, and what is damaged in it."""
    from clapless.media.gpmf import describe_telemetry, has_telemetry, read_gpmf

    if not has_telemetry(clip):
        return
    try:
        telemetry = read_gpmf(clip)
    except MediaError as error:
        warn([f"{error}."])
        return
    console = stdout()
    console.print("  Telemetry", style="bold")
    for line in describe_telemetry(telemetry):
        console.print(safe(f"    {line}"))


def _draw(clips: Iterable[Clip], folder: Path) -> None:
    """Draw the telemetry of each clip into a PNG of the folder.

    Raises
    ------
    ClaplessError
        The folder cannot be written.
    """
    from clapless.media.gpmf import has_telemetry, read_gpmf, save_plot

    drawn = 0
    for clip in clips:
        if not has_telemetry(clip):
            continue
        path = folder / f"{clip.id}-{re.sub(r'[^A-Za-z0-9_-]', '_', clip.name)}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if save_plot(read_gpmf(clip), path, title=clip.name):
                drawn += 1
                stderr().print(f"Drawn: {printable(str(path))}", soft_wrap=True)
        except MediaError as error:
            warn([f"{error}."])
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise ClaplessError(
                f"The pictures cannot be written to {printable(str(folder))}: {why}."
            ) from error
    if not drawn:
        warn(["There are no sensors whose curves could be drawn."])
