"""The Typer app: its verbs, those of outer packages, and how errors become sentences."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from clapless.cli import outcome
from clapless.cli.align import align
from clapless.cli.cache import cache
from clapless.cli.console import warn
from clapless.cli.demo import demo
from clapless.cli.index import index
from clapless.cli.markers import markers
from clapless.cli.plugins import add_plugins
from clapless.cli.probe import probe
from clapless.cli.sync import sync
from clapless.cli.verify import verify
from clapless.errors import ClaplessError, UsageError, reason_of

VERBS = (sync, align, index, verify, probe, demo)

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk says that takes no more; where a file is written the verbs say so themselves, so that
here it is the output that was redirected into one."""


class _Group(TyperGroup):
    """Turns the errors meant for people into one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ClaplessError as error:
            sentence = str(error)
            warn([sentence if sentence.endswith(".") else f"{sentence}."], "red")
            wrong = isinstance(error, UsageError)
            raise typer.Exit(outcome.WRONG_USAGE if wrong else outcome.NOTHING_USABLE) from error
        except OSError as error:
            if error.errno not in FULL:
                raise
            why = reason_of(error)
            warn([f"The results could not be written: {why}."], "red")
            _let_go_of_stdout()
            raise typer.Exit(outcome.NOTHING_USABLE) from error
        except KeyboardInterrupt:
            warn(["Stopped; nothing was left half written."])
            raise typer.Exit(outcome.INTERRUPTED) from None


def _let_go_of_stdout() -> None:
    """Point stdout at nothing: what it still holds would fail once more when Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build() -> typer.Typer:
    """Return the whole command line; what is wrong with a plug-in goes to stderr."""
    app = typer.Typer(
        name="clapless",
        cls=_Group,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Puts recordings of one event on one clock and hands the result to your editor.",
    )
    app.callback()(_clapless)
    for verb in VERBS:
        app.command()(verb)
    app.add_typer(markers, name="markers")
    app.add_typer(cache, name="cache")
    warn(add_plugins(app))
    return app


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `clapless.cli.outcome` lists them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal's encoding cannot hold shall not end the run.
            stream.reconfigure(errors="backslashreplace")
    try:
        build()(args=arguments, prog_name="clapless")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    return 0


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clapless {version('clapless')}")
        raise typer.Exit


def _clapless(
    _version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    pass
