"""The Typer app: its verbs, those of outer packages, and how errors become sentences."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from clapless.errors import ClaplessError, UsageError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells give it (128 + SIGINT)."""


class _Group(TyperGroup):
    """Turns the errors meant for people into one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ClaplessError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2 if isinstance(error, UsageError) else 1) from error
        except KeyboardInterrupt:
            typer.echo("Stopped; nothing was left half written.", err=True)
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    name="clapless",
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Puts recordings of one event on one clock and hands the result to your editor.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clapless {version('clapless')}")
        raise typer.Exit


@app.callback()
def _clapless(
    _version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; see `clapless.cli.outcome` for the codes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal's encoding cannot hold shall not end the run.
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=arguments, prog_name="clapless")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    return 0
