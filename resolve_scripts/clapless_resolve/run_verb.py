"""``clapless resolve run``: the engine's own process, which an entry of Resolve's menu started.

Its stdout belongs to the entry: whatever else would print goes to stderr.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from clapless.aside import write_aside
from clapless.errors import ClaplessError
from clapless_resolve.folders import Machine
from clapless_resolve.link import CancelledError, Link
from clapless_resolve.locking import only_one
from clapless_resolve.mailbox import Entry, data_folder
from clapless_resolve.remote import Remote
from clapless_resolve.running import REFUSED, Outcome, run_entry

if TYPE_CHECKING:
    from clapless.pipeline import SyncResult

CANCELLED = 130
TELL_S = 0.2
"""Progress is told no more often."""

STOP_S = 15.0
"""How long a sync may take to stop before the process ends; nothing of Resolve is touched then."""

AGAIN_S = 0.5

LOCK = "engine.lock"
BUSY = (
    "Clapless is already at work for an entry of Resolve's menu: wait until it is done, or cancel "
    "that one."
)
STOPPED = Outcome(code=CANCELLED, sentence="Cancelled. Nothing of yours was changed.")


class _Progress:
    """A `clapless.pipeline.Progress` that tells a link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._name, self._total, self._done, self._told_s = "", 0, 0, 0.0

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of at most `total` steps."""
        self._name, self._total, self._done, self._told_s = name, total, 0, 0.0
        self._tell("")

    def advance(self, steps: int = 1, *, detail: str = "") -> None:
        """Say that `steps` more are done."""
        self._done += steps
        self._tell(detail)

    def done(self) -> None:
        """Say that the last stage is over."""

    def _tell(self, detail: str) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s >= TELL_S:
            self._told_s = now_s
            text = f"{self._name}: {detail}" if detail else self._name
            self._link.progress(text, min(self._done, self._total or self._done), self._total)


class _Stopper:
    """Stops a sync when the user cancels; at other times calls of Resolve are where it stops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._syncing = False
        self.link: Link | None = None

    def cancel(self) -> None:
        """Stop what is going on."""
        threading.Thread(target=self._stop, daemon=True).start()

    def sync(self, paths: Sequence[Path], *, hints: tuple[str, ...]) -> SyncResult:
        """Sync files, stopping where the user cancels."""
        from clapless.pipeline import SyncOptions, sync_paths

        assert self.link is not None
        self.link.check()
        with self._lock:
            self._syncing = True
        try:
            return sync_paths(
                paths, options=SyncOptions(device_hints=hints), progress=_Progress(self.link)
            )
        finally:
            with self._lock:
                self._syncing = False

    def _stop(self) -> None:
        """Interrupt a sync until it ends; end the process where it does not."""
        until_s = time.monotonic() + STOP_S
        while time.monotonic() < until_s:
            with self._lock:
                if not self._syncing:
                    return
                _interrupt()
            # An interrupt that comes just before the main thread begins to wait is lost.
            time.sleep(AGAIN_S)
        with self._lock:
            if not self._syncing:
                return
            assert self.link is not None
            self.link.done(STOPPED.document())
            os._exit(CANCELLED)


def run(
    entry: Entry,
    *,
    machine: Machine,
    reading: TextIO,
    writing: TextIO,
    result: Path | None = None,
    cancel: Path | None = None,
    session: Path | None = None,
) -> int:
    """Do what an entry says over a pipe to it; return the exit code.

    Parameters
    ----------
    reading, writing
        The pipe.
    result
        Where the outcome is written too.
    cancel
        Cancels as soon as it exists.
    session
        A session document that is placed, in place of syncing what is selected.

    Raises
    ------
    ResolveError
        The last words cannot be told: the entry is gone.
    """
    # A process started in the background may have been told to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stopper = _Stopper()
    link = Link(reading, writing, cancel_file=cancel, cancelled=stopper.cancel)
    stopper.link = link
    try:
        with only_one(Path(data_folder(machine)) / LOCK, BUSY):
            outcome = run_entry(
                entry,
                Remote(link),
                machine=machine,
                sync=stopper.sync,
                tell=link.progress,
                document=session,
            )
    except (CancelledError, KeyboardInterrupt):
        outcome = STOPPED
    except ClaplessError as error:
        outcome = Outcome(code=REFUSED, sentence=str(error))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        outcome = Outcome(
            code=REFUSED,
            sentence=f"Clapless failed ({type(error).__name__}: {error}). Nothing of yours was "
            "changed. Please report it, with the log.",
        )
    if result is not None:
        write_aside(result, json.dumps(outcome.document(), indent=2).encode("ascii"))
    link.done(outcome.document())
    return outcome.code


def _interrupt() -> None:
    """Raise KeyboardInterrupt in the main thread, also where it waits for others."""
    if hasattr(signal, "pthread_kill"):
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()


def own_stdout() -> TextIO:
    """Return stdout for the entry alone; what is printed from now on goes to stderr."""
    sys.stdout.flush()
    kept = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    return kept
