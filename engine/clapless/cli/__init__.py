"""The command line: the only place that prints and exits.

``main`` is what the command ``clapless`` runs. One file per verb; `app` joins them, and the verbs
of the packages that stand on the engine, which it finds by their entry points.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

__all__ = ["main"]

ONE_THREAD_EACH = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Files are read side by side already. Matrices here are small: where their products are shared out
among threads as well, these do nothing but wait for each other, for twice the CPU time."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        What follows the command's name; those of this process by default.
    """
    for name in ONE_THREAD_EACH:
        os.environ.setdefault(name, "1")
    try:
        # Imported here: asking for clapless.cli shall not load the world.
        from clapless.cli.app import run

        return run(arguments)
    except KeyboardInterrupt:
        # Before a verb began, so that there is nothing to tell.
        return 130
    except Exception as error:
        if _is_interrupt(error):
            return 130
        raise


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether Ctrl-C is behind an error.

    Compiled modules that it meets while they are imported say ``ImportError``.
    """
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__
    return False
