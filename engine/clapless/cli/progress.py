"""Progress on stderr, for whatever takes over two seconds."""

from __future__ import annotations

import threading
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from clapless.cli.console import stderr
from clapless.errors import printable

QUIET_S = 2.0
"""Work that is over sooner shows nothing."""

FIRST_STAGE = "looking at the files"
"""What goes on before the first stage is told."""


class ConsoleProgress:
    """A bar with the time left on a terminal, one line per stage elsewhere.

    It is a `clapless.pipeline.Progress`, and a context manager that takes the bar away at the end.

    Parameters
    ----------
    console
        Where to show it; stderr by default.
    quiet_s
        How long nothing is shown, in seconds.
    """

    def __init__(self, console: Console | None = None, *, quiet_s: float = QUIET_S) -> None:
        self._console = console or stderr()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}", style="dim", markup=False),
            console=self._console,
            transient=True,
        )
        self._lock = threading.Lock()
        self._timer = threading.Timer(quiet_s, self._show)
        self._timer.daemon = True
        self._visible = False
        self._closed = False
        self._stage: tuple[str, int] | None = (FIRST_STAGE, 0)
        self._task = self._bar.add_task(FIRST_STAGE, total=None, detail="")

    def __enter__(self) -> ConsoleProgress:
        self._timer.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._visible and self._console.is_terminal:
                self._bar.stop()

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of at most `total` steps; 0 where unknown."""
        with self._lock:
            self._stage = (name, total)
            self._bar.remove_task(self._task)
            self._task = self._bar.add_task(printable(name), total=total or None, detail="")
            if self._visible:
                self._say_plainly()

    def advance(self, steps: int = 1, *, detail: str = "") -> None:
        """Say that `steps` more are done."""
        self._bar.update(self._task, advance=steps, detail=printable(detail)[:40])

    def done(self) -> None:
        """Say that the last stage is over."""
        with self._lock:
            self._stage = None

    def _show(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._visible = True
            if self._console.is_terminal:
                self._bar.start()
            else:
                self._say_plainly()

    def _say_plainly(self) -> None:
        if self._stage is None or self._console.is_terminal:
            return
        name, total = self._stage
        of = f" ({total} steps)" if total else ""
        self._console.print(f"clapless: {printable(name)}{of} ...")
