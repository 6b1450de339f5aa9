"""The fake at the other end of the agreement, as an entry of Resolve's menu holds it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from clapless_resolve.folders import Machine
from clapless_resolve.menu.entry import Caller
from clapless_resolve.remote import Call, Remote, Result
from clapless_resolve.run_verb import run
from tests.fakes.resolve.world import World


class Wire:
    """Has calls made by the menu's own code, all through JSON; `longest` in bytes, as it came."""

    def __init__(self, world: World, *, most: int = 10**9) -> None:
        self.caller = Caller(world.resolve)
        self.messages, self.longest, self.most = 0, 0, most

    def __call__(self, calls: Sequence[Call]) -> Sequence[Result]:
        self.messages += 1
        results = self.caller.results(json.loads(json.dumps(calls)))
        text = json.dumps(results)
        self.longest = max(self.longest, len(text))
        if len(text) > self.most:
            raise OverflowError("too long")
        found: list[Result] = json.loads(text)
        return found


def remote(world: World, **options: Any) -> Remote:
    """Return the fake's application as the engine sees it."""
    return Remote(Wire(world, **options))


class Pipe(io.TextIOBase):
    """The engine's stdout and stdin in one: lines written are answered by what is read next."""

    def __init__(self, world: World, watch: Callable[[Mapping[str, Any]], object]) -> None:
        self.caller = Caller(world.resolve)
        self.watch = watch
        self.lines: list[dict[str, Any]] = []
        self.answers = _Blocking()
        self.gone = False

    def write(self, text: str) -> int:
        line = json.loads(text)
        self.lines.append(line)
        self.gone = self.gone or self.watch(line) == "gone"
        if self.gone:
            self.answers.close_from_here()
            raise BrokenPipeError
        if "calls" in line:
            self.say({"id": line["id"], "results": self.caller.results(line["calls"])})
        if "done" in line:
            self.answers.close_from_here()
        return len(text)

    def say(self, line: Mapping[str, Any]) -> None:
        self.answers.put(json.dumps(line) + "\n")

    @property
    def progress(self) -> list[str]:
        return [line["progress"]["text"] for line in self.lines if "progress" in line]


class _Blocking:
    """What is put comes out as lines."""

    def __init__(self) -> None:
        from queue import Queue

        self.queue: Queue[str | None] = Queue()

    def put(self, text: str) -> None:
        self.queue.put(text)

    def close_from_here(self) -> None:
        self.queue.put(None)

    def __iter__(self) -> _Blocking:
        return self

    def __next__(self) -> str:
        found = self.queue.get(timeout=60)
        if found is None:
            raise StopIteration
        return found


def choose(
    world: World,
    entry: Any,
    machine: Machine,
    *,
    watch: Callable[[Mapping[str, Any]], object] = lambda _line: None,
    **options: Any,
) -> tuple[int, dict[str, Any], Pipe]:
    """Choose an entry of the menu: exit code, last words, all lines."""
    pipe = Pipe(world, watch)
    code = run(entry, machine=machine, reading=pipe.answers, writing=pipe, **options)  # type: ignore[arg-type]
    return code, pipe.lines[-1].get("done", {}), pipe


def machine_at(folder: Path) -> Machine:
    """Return a machine whose user keeps everything below a folder."""
    return Machine(system="Linux", home=folder, environment={})
