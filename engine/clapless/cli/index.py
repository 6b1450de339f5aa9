"""``clapless index``: the scenery of a reference run, ahead of time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clapless.cli import outcome
from clapless.cli.console import stdout, warn
from clapless.cli.progress import ConsoleProgress
from clapless.cli.words import count_words
from clapless.errors import printable, printable_name
from clapless.model import Refusal


def index(
    ref: Annotated[Path, typer.Argument(metavar="REF", help="The run that others will follow.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Index the scenery of a reference run, so that `align` need not read it again."""
    from clapless.pipeline.routes.scenery import index_scenery
    from clapless.store import Store

    with Store() as store, ConsoleProgress() as progress:
        found = index_scenery(ref, store=store, progress=progress)
        kept, warning = str(store.path), store.warning
    if isinstance(found, Refusal):
        warn([f"{printable_name(ref)} was not indexed: {found.reason}."], "red")
        raise typer.Exit(outcome.NOTHING_USABLE)
    if as_json:
        import msgspec

        plain = {
            "path": str(ref),
            "pictures": found.pictures,
            "points": found.points,
            "size_bytes": found.size_bytes,
            "cache": kept,
            "warnings": [*found.warnings, *([warning] if warning else [])],
        }
        typer.echo(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode())
        return
    stdout().print(
        f"{printable_name(ref)}: {count_words(found.points, 'point')} of "
        f"{count_words(found.pictures, 'picture')}, {found.size_bytes / 1e6:.1f} MB",
        soft_wrap=True,
    )
    stdout().print(
        f"Kept in {printable(kept)}. Next: clapless align {printable(str(ref))} NEW -o runs.json",
        soft_wrap=True,
    )
    warn([*found.warnings, *([warning] if warning else [])])
