"""The engine's end of the pipe to the entry that started it; `clapless_resolve.mailbox` agrees."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from typing import TextIO

from clapless_resolve.errors import ResolveError
from clapless_resolve.remote import Call, Result

ANSWER_S = 600.0
"""Resolve imports hundreds of files within a single call."""

LOOK_S = 0.5
"""How often the cancel file is looked for."""


class CancelledError(Exception):
    """The user cancelled; a run leaves nothing half done behind."""


class Link:
    """Has calls made by the entry, and tells it how far the work is.

    Parameters
    ----------
    reading, writing
        The pipe.
    cancel_file
        Cancels as soon as it exists.
    cancelled
        Called once, from another thread, when the user cancels.
    answer_s
        How long an answer may take.
    """

    def __init__(
        self,
        reading: TextIO,
        writing: TextIO,
        *,
        cancel_file: Path | None = None,
        cancelled: Callable[[], None] = lambda: None,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._reading, self._writing = reading, writing
        self._answers: Queue[Mapping[str, object] | None] = Queue()
        self._cancelled = cancelled
        self._answer_s = answer_s
        self._id = 0
        self._over = threading.Event()
        self._asked = threading.Event()
        self._said = False
        self._one_line = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()
        if cancel_file is not None:
            threading.Thread(target=self._look, args=(cancel_file,), daemon=True).start()

    @property
    def is_cancelled(self) -> bool:
        """Whether the user cancelled."""
        return self._asked.is_set()

    def check(self) -> None:
        """Raise `CancelledError` where the user cancelled, once."""
        if self.is_cancelled and not self._said:
            self._said = True
            raise CancelledError

    def __call__(self, calls: Sequence[Call]) -> Sequence[Result]:
        """Return the results of calls.

        Raises
        ------
        ResolveError
            The entry is gone, or does not answer in time.
        CancelledError
            The user cancelled; said once, so that what was made can be taken away.
        """
        self.check()
        self._id += 1
        self._say({"id": self._id, "calls": list(calls)})
        while True:
            try:
                answer = self._answers.get(timeout=self._answer_s)
            except Empty:
                raise ResolveError(
                    "Resolve has not answered for ten minutes: close any dialog that is open in "
                    "it, and try again."
                ) from None
            if answer is None:
                raise ResolveError("The entry in Resolve's menu ended before the work was done.")
            if answer.get("id") != self._id:
                continue
            if answer.get("long"):
                raise OverflowError("the answer is too long")
            results = answer.get("results")
            if isinstance(results, list):
                if len(results) != len(calls):
                    raise ResolveError(f"{len(results)} of {len(calls)} calls were answered.")
                return results

    def progress(self, text: str, done: int = 0, of: int = 0) -> None:
        """Say how far the work is; `of` is 0 where unknown."""
        self._say({"progress": {"text": text, "done": done, "of": of}})

    def done(self, outcome: Mapping[str, object]) -> None:
        """Say the last word."""
        self._over.set()
        self._say({"done": outcome})

    def _say(self, line: Mapping[str, object]) -> None:
        try:
            with self._one_line:
                self._writing.write(json.dumps(line, ensure_ascii=True) + "\n")
                self._writing.flush()
        except (OSError, ValueError) as error:
            raise ResolveError("The entry in Resolve's menu is gone.") from error

    def _read(self) -> None:
        for text in self._reading:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if not isinstance(line, dict):
                continue
            if line.get("cancel"):
                self._cancel()
            else:
                self._answers.put(line)
        self._answers.put(None)
        if not self._over.is_set():
            # Nobody is there any more for whom the work would be.
            self._cancel()

    def _look(self, cancel_file: Path) -> None:
        while not self._over.wait(LOOK_S):
            if cancel_file.exists():
                self._cancel()
                return

    def _cancel(self) -> None:
        if not self._asked.is_set():
            self._asked.set()
            self._cancelled()
