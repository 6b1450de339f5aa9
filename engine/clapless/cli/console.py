"""Where words go: results to stdout, everything else to stderr."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from clapless.errors import printable

PLAIN_WIDTH = 200
"""Columns of a table that no terminal shows: nothing in a log or a pipe is cut short."""


def stdout() -> Console:
    """Return the console for results."""
    return _console(stderr=False)


def stderr() -> Console:
    """Return the console for progress, warnings and errors."""
    return _console(stderr=True)


def safe(text: str, style: str = "") -> Text:
    """Return foreign text (a name, a reason) as it is: no markup, no line breaks, no control."""
    return Text(printable(text), style=style, overflow="fold")


def warn(sentences: Iterable[str], style: str = "yellow") -> None:
    """Print sentences on stderr, one per line."""
    console = stderr()
    for sentence in sentences:
        console.print(safe(sentence, style), soft_wrap=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console = Console(
            stderr=stderr, markup=False, emoji=False, highlight=False, width=PLAIN_WIDTH
        )
    return console
