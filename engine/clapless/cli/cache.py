"""``clapless cache``: what is kept between runs."""

from __future__ import annotations

from typing import Annotated

import typer

from clapless.cli import outcome
from clapless.cli.console import stdout, warn
from clapless.cli.words import count_words
from clapless.errors import printable

cache = typer.Typer(no_args_is_help=True, help="Show or clear what is kept between runs.")


@cache.command()
def info(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say where the cache is, what it holds and how large it is."""
    from clapless.store import Store

    with Store() as store:
        held = store.info()
        warning = store.warning
    if as_json:
        import msgspec

        plain = {
            "path": str(held.path),
            "entries": held.entries,
            "size_bytes": held.size_bytes,
            "file_bytes": held.file_bytes,
            "limit_bytes": held.limit_bytes,
            "extractors": dict(held.extractors),
            "warning": warning,
        }
        typer.echo(msgspec.json.format(msgspec.json.encode(plain), indent=2).decode())
    else:
        console = stdout()
        console.print(f"The cache is {printable(str(held.path))}", soft_wrap=True)
        kinds = ", ".join(f"{name} {number}" for name, number in held.extractors.items())
        console.print(
            f"It holds {count_words(held.entries, 'feature')}{f' ({kinds})' if kinds else ''} in "
            f"{_megabytes(held.file_bytes)} of at most {_megabytes(held.limit_bytes)}."
        )
        warn([warning] if warning else [])


@cache.command()
def clear() -> None:
    """Throw away what is kept; the next sync reads the files again."""
    from clapless.store import Store

    with Store() as store:
        number = store.clear()
        warning = store.warning
    if warning:
        warn([warning], "red")
        raise typer.Exit(outcome.NOTHING_USABLE)
    stdout().print(f"Cleared {count_words(number, 'feature')}.")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
