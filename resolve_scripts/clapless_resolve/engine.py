"""The engine as a process of its own, seen from whoever started it.

The entries in Resolve's menu do the same with what little they have; here it is for `serve`.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue

from clapless_resolve.errors import ResolveError
from clapless_resolve.mailbox import engine_environment

KILLED = (
    "Clapless was ended before it was done. Nothing of yours was changed: choose the entry again."
)
END_S = 20.0
"""How long an engine that was told to stop may take before it is ended."""


class Engine:
    """A running engine.

    Parameters
    ----------
    command
        As `clapless_resolve.mailbox.engine_command` gives it.
    log
        Where its stderr goes.
    environment
        Of the parent; what would bend its Python is taken out.

    Raises
    ------
    ResolveError
        It cannot be started.
    """

    def __init__(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str] = os.environ
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with log.open("wb") as errors:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=engine_environment(environment),
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
        except OSError as error:
            raise ResolveError(
                f"Clapless cannot be started from {command[0]} "
                f"({(error.strerror or str(error)).lower()}): install it again."
            ) from error
        self._lines: Queue[Mapping[str, object] | None] = Queue()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def line(self, timeout_s: float) -> Mapping[str, object] | None:
        """Return its next line, None where there is none in time, or where it ended."""
        if self._ended:
            return None
        try:
            found = self._lines.get(timeout=timeout_s)
        except Empty:
            return None
        self._ended = found is None
        return found

    @property
    def ended(self) -> bool:
        """Whether its last line was read."""
        return self._ended

    def say(self, line: Mapping[str, object]) -> None:
        """Send it a line; where it is gone, its own lines say so."""
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(line).encode("ascii") + b"\n")
            stdin.flush()
        except (OSError, ValueError):
            return  # it ended: `line` says so

    def cancel(self) -> None:
        """Ask it to stop; it takes away what it made."""
        self.say({"cancel": True})

    def close(self) -> int:
        """Wait for its end, for a while, and return its exit code."""
        try:
            return self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        continue  # what it did not read any more
            self._reader.join(END_S)

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            for text in stdout:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue  # a library's own words
                if isinstance(line, dict):
                    self._lines.put(line)
        except ValueError:
            pass  # closed while it was read
        self._lines.put(None)
