"""The command line: the only place that prints and exits.

``main`` is what the command ``clapless`` runs. One file per verb; `app` joins them, and the verbs
of the packages that stand on the engine, which it finds by their entry points.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        What follows the command's name; those of this process by default.
    """
    try:
        # Imported here: asking for clapless.cli shall not load the world.
        from clapless.cli.app import run

        return run(arguments)
    except KeyboardInterrupt:
        # Before a verb began, so that there is nothing to tell.
        return 130
